"""``zepix plugins enable`` and ``disable`` against a real host."""

import json
from pathlib import Path

from zepix_core.testing.process import RunningHost


def test_a_plugin_is_switched_off_and_on_while_the_host_runs(tmp_path: Path) -> None:
    with RunningHost(tmp_path / "home") as host:
        host.start()
        off = json.loads(host.cli("plugins", "disable", "combined_v3", "--format", "json", check=True).stdout)
        assert [(row["id"], row["state"]) for row in off] == [("combined_v3", "disabled")]
        answer = host.post('{"type": "squeeze_v3", "symbol": "EURUSD", "tf": "15"}')
        assert answer.status == 200
        (alert,) = host.settled()
        assert (alert["state"], alert["reason"]) == ("refused", "no_plugin")
        on = json.loads(
            host.cli("plugins", "enable", "zepix-plugins-v3", "--format", "json", check=True).stdout
        )
        assert [(row["id"], row["state"]) for row in on] == [("combined_v3", "active")]
        host.stop()
        waits = json.loads(
            host.cli("plugins", "disable", "combined_v3", "--format", "json", check=True).stdout
        )
        assert [(row["id"], row["state"]) for row in waits] == [("combined_v3", "disabled")]
        host.start()
        states = {row["id"]: row["state"] for row in host.rows("plugins", "list")}
        assert states["combined_v3"] == "disabled"


def test_an_unknown_plugin_is_said_to_be_unknown(tmp_path: Path) -> None:
    with RunningHost(tmp_path / "home") as host:
        host.start()
        result = host.cli("plugins", "disable", "nobody")
        assert result.returncode == 1
        assert "nobody" in result.stderr
