"""Real processes: a plugin's wishes outlive a host that is killed, and are fulfilled once."""

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.homes import always_open
from zepix_core.testing.process import RunningHost

PROJECT = Path(__file__).parents[1] / "waker"


def wakes(host: RunningHost) -> int:
    """How many wakes the journal holds."""
    with closing(sqlite3.connect(f"file:{host.home / 'data' / 'journal.db'}?mode=ro", uri=True)) as journal:
        query = "SELECT count(*) FROM journal_events WHERE kind = 'wake'"
        return int(journal.execute(query).fetchone()[0])


def tell(host: RunningHost, kind: str, number: int, **fields: object) -> None:
    alert = {"type": kind, "id": f"W{number}", "symbol": "EURUSD", **fields}
    assert host.post(json.dumps(alert)).status == 200
    (row,) = [row for row in host.settled() if row["external_id"] == f"W{number}"]
    assert row["state"] == "done", host.output()


def wait_for_wakes(host: RunningHost, count: int) -> None:
    until = time.monotonic() + 30
    while wakes(host) < count:
        assert time.monotonic() < until, host.output()
        time.sleep(0.001)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_what_is_waited_for_comes_after_a_kill_and_is_traded_once(tmp_path: Path) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        host.start("--plugin-dev", str(PROJECT))
        tell(host, "watch", 1, above=1.175, key="level")
        tell(host, "alarm", 2, seconds=3600, key="far")
        host.kill()
        host.start("--plugin-dev", str(PROJECT))
        assert host.rows("positions", "list") == []
        tell(host, "look", 3, price=1.176)
        wait_for_wakes(host, 1)
        # The hook may run at this moment: it runs again, and its order is the same.
        host.kill()
        host.start("--plugin-dev", str(PROJECT))
        tell(host, "alarm", 4, seconds=0.2, key="near")
        wait_for_wakes(host, 2)
        until = time.monotonic() + 30
        while len(host.rows("positions", "list")) < 2:
            assert time.monotonic() < until, host.output()
        time.sleep(1.0)
        assert len(host.rows("paper", "orders")) == 2
        assert wakes(host) == 2
