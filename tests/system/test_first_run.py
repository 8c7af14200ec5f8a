"""The first minutes of a user: an empty home, the demo, a restart, Ctrl-C."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.system.bad_alerts import BRACKET, changed
from tests.system.homes import ALWAYS_OPEN, always_open
from zepix_core.testing.process import RunningHost

PATIENCE = 90.0


class FreshHost(RunningHost):
    """A host whose home nobody has prepared."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        (home / "zepix.toml").touch()
        super().__init__(home)
        (home / "zepix.toml").unlink()


def wait_for(host: RunningHost, text: str) -> str:
    until = time.monotonic() + PATIENCE
    while text not in (shown := (host.home / "run.log").read_text(errors="replace")):
        assert host.alive, shown
        assert time.monotonic() < until, shown
        time.sleep(0.1)
    return shown


def test_run_in_an_empty_home_just_works_and_prints_its_address(tmp_path: Path) -> None:
    with FreshHost(tmp_path / "home") as host:
        host.start()
        shown = wait_for(host, "/webhook/")
        (port, token) = re.findall(r"http://127\.0\.0\.1:(\d+)/webhook/([\w.~-]+)", shown)[0]
        assert int(port) == host.ports()["webhook"]
        assert token == host.token()
        assert len(token) >= 32
        assert {"zepix.toml", ".env", "zepix.lock", "data", "logs"} <= {p.name for p in host.home.iterdir()}
        (account,) = [host.cli("account", check=True).stdout]
        assert "10000" in account.replace(",", "")
        assert host.stop() == 0
        assert not (host.home / "data" / "ports.json").exists()


def test_secrets_are_in_no_log(tmp_path: Path) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        host.start()
        assert host.post(changed(BRACKET, id="1")).status == 200
        host.post("{}", token=host.token() + "x")
        host.settled()
        log = (host.home / "logs" / "zepix.log").read_text()
    assert host.token() not in log


def test_the_log_names_alert_and_plugin_on_the_lines_of_an_alert(tmp_path: Path) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        host.start()
        assert host.post(changed(BRACKET, id="1")).status == 200
        host.settled()
        lines = [json.loads(line) for line in (host.home / "logs" / "zepix.log").read_text().splitlines()]
    of_alert = [line for line in lines if line.get("alert_id") == 1]
    assert [line["event"].split()[0] for line in of_alert] == ["alert", "open", "answered:"]
    assert {line.get("plugin") for line in of_alert[1:]} == {"bracket"}


def test_the_demo_plays_shows_every_story_and_goes_on_listening(tmp_path: Path) -> None:
    with FreshHost(tmp_path / "home") as host:
        (host.home / "zepix.toml").write_text(ALWAYS_OPEN)
        host.start("--demo")
        shown = wait_for(host, "That was the demo")
        assert host.token() not in shown.partition(" 1/13 ")[2]
        assert "What became of the alerts" in shown
        assert host.post(changed(BRACKET, id="after the demo", lots=0.01)).status == 200
        alerts = host.settled()
        assert len(alerts) >= 10
        assert {alert["state"] for alert in alerts} == {"done", "refused"}
        assert host.rows("orders", "list")
        assert host.stop() == 0


def test_positions_alerts_and_orders_are_there_after_a_restart(tmp_path: Path) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        host.start()
        assert host.post(changed(BRACKET, id="kept")).status == 200
        host.settled()
        before = books(host)
        assert before["positions"]
        assert host.stop() == 0
        stopped = {name: host.rows(*command) for name, command in BOOKS.items() if name != "positions"}
        host.start()
        assert books(host) == before
        assert {name: len(rows) for name, rows in stopped.items()} == {
            name: len(rows) for name, rows in before.items() if name != "positions"
        }
        assert host.post(changed(BRACKET, id="kept")).body["status"] == "duplicate"
        assert host.cli("db", "check").returncode == 0


BOOKS = {
    "alerts": ("alerts", "list"),
    "orders": ("orders", "list"),
    "positions": ("paper", "positions"),
    "executed": ("paper", "orders"),
}


def books(host: RunningHost) -> dict[str, list[dict[str, object]]]:
    """Every book, without what the market changes."""
    return {name: host.rows(*command) for name, command in BOOKS.items()}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_host_in_order_and_leaves_no_process(tmp_path: Path, number: int) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        host.start()
        children = [pid for pids in host.children().values() for pid in pids]
        assert len(children) >= 3
        assert host.post(changed(BRACKET, id="last")).status == 200
        os.kill(host.pid, number)
        assert host.stop() == 0
        assert not [pid for pid in children if _lives(pid)]
        assert "Traceback" not in host.output()
        states = {row["state"] for row in host.rows("alerts", "list")}
        assert states <= {"done", "new"}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")
def test_ctrl_c_at_the_terminal_reaches_the_host_alone(tmp_path: Path) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        host.start()
        group = os.getpgid(host.pid)
        for pids in host.children().values():
            assert pids
            assert all(os.getpgid(pid) != group and os.getsid(pid) != os.getsid(host.pid) for pid in pids)
        os.killpg(group, signal.SIGINT)
        assert host.stop() == 0


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
