"""What people see of plugins and do to them while the host runs: shadow mode, reports."""

import json
from pathlib import Path

from zepix_core.testing.process import RunningHost

BODY = '{"id": "%s", "symbol": "EURUSD", "action": "buy", "lots": 0.01, "sl": 0.9, "tp": 1.9}'


def test_shadow_mode_is_switched_while_the_host_runs_and_reported(tmp_path: Path) -> None:
    with RunningHost(tmp_path / "home", profile="bench") as host:
        host.start()
        told = json.loads(
            host.cli("plugins", "shadow", "bracket", "on", "--format", "json", check=True).stdout
        )
        assert (told["shadow_mode"], told["live_positions"]) == (True, 0)
        assert {row["id"]: row["shadow_mode"] for row in host.rows("plugins", "list")}["bracket"] is True
        assert host.post(BODY % "in-shadow").status == 200
        host.settled()
        (row,) = (
            row
            for row in host.rows("plugins", "shadow", "bracket", "--report")
            if row["open"] and row["symbol"]
        )
        assert (row["book"], row["symbol"], row["trades"]) == ("shadow", "EURUSD", 0)
        assert row["floating"] is not None
        table = host.cli("plugins", "shadow", "--report", check=True).stdout
        assert "drawdown" in table
        off = host.cli("plugins", "shadow", "bracket", "off", "--yes", check=True).stdout
        assert off.startswith(
            "New entries of bracket are sent to the broker from now on. The shadow position stays"
        )
        assert host.cli("plugins", "shadow", "bracket").returncode == 2
        assert host.cli("plugins", "shadow", "nobody", "on").returncode == 1


def test_what_a_plugin_reports_is_shown(tmp_path: Path) -> None:
    with RunningHost(tmp_path / "home", profile="bench") as host:
        host.start()
        body = {"type": "squeeze_v3", "signal_type": "Volatility_Squeeze", "symbol": "EURUSD", "tf": "15"}
        assert host.post(json.dumps({**body, "price": 1.17, "consensus_score": 5})).status == 200
        host.settled()
        assert "combined_v3: squeeze EURUSD: a big move is expected" in host.cli("status").stdout
        assert "squeeze EURUSD" in host.cli("plugins", "list").stdout
