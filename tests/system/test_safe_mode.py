"""A damaged journal: the host stays, opens nothing, lets people close; a backup brings everything back."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.campaigns import count
from tests.system.homes import always_open
from tests.system.killing import bracket
from zepix_core.testing.process import RunningHost


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RunningHost]:
    with RunningHost(always_open(tmp_path / "home")) as host:
        yield host


def traded(host: RunningHost, *numbers: int) -> None:
    for number in numbers:
        assert host.post(bracket(number, random.Random(number))).status == 200
    host.settled()


def safe(host: RunningHost) -> dict[str, object]:
    """Start and wait until it says how it stands."""
    host.start(ready=False)
    until = time.monotonic() + 20
    while (asked := host.cli("status", "--format", "json")).returncode == 3:
        assert time.monotonic() < until, host.output()
        time.sleep(0.1)
    told: dict[str, object] = json.loads(asked.stdout)
    while not told["broker_connected"]:
        time.sleep(0.1)
        told = json.loads(host.cli("status", "--format", "json").stdout)
    return told


def test_a_journal_that_is_no_database_starts_safe_mode(tmp_path: Path) -> None:
    with RunningHost(always_open(tmp_path / "home")) as host:
        journal = host.home / "data" / "journal.db"
        journal.parent.mkdir(exist_ok=True)
        journal.write_bytes(b"not a database at all" * 1000)
        before = journal.read_bytes()
        told = safe(host)
        assert (told["ready"], told["reason"]) == (False, "safe mode")
        assert "no backup" in host.output()
        assert host.post(bracket(9, random.Random(9))).status == 503
        assert host.stop() == 0
        assert journal.read_bytes() == before


@pytest.mark.skipif(not count("ZEPIX_ROUNDS", 0), reason="a slow proof: tox -e disk")
def test_a_damaged_journal_is_kept_positions_can_be_closed_and_a_backup_brings_it_back(
    host: RunningHost,
) -> None:
    host.start()
    traded(host, 1, 2)
    (made,) = json.loads(host.cli("db", "backup", "--format", "json", check=True).stdout)
    assert made["state"] == "ok"
    traded(host, 3, 4)
    assert host.stop() == 0
    journal = host.home / "data" / "journal.db"
    damaged = bytearray(journal.read_bytes())
    damaged[3 * 4096 : 4 * 4096] = b"\xff" * 4096
    journal.write_bytes(damaged)

    told = safe(host)
    assert (told["ready"], told["reason"]) == (False, "safe mode")
    assert made["backup"] in host.cli("status").stdout.replace("\n", "")
    assert host.post(bracket(9, random.Random(9))).status == 503
    first, *rest = [row["ticket"] for row in host.rows("positions", "list")]
    assert len(rest) == 3
    assert host.cli("positions", "close", str(first)).returncode == 0
    assert host.cli("db", "restore", made["backup"], "--yes").returncode == 4, "the host runs"
    assert host.stop() == 0
    assert journal.read_bytes() == damaged

    restored = host.cli("db", "restore", made["backup"], "--yes", "--format", "json", check=True)
    kept = Path(json.loads(restored.stdout)["kept"])
    assert (kept / "journal.db").read_bytes() == damaged
    host.start()
    assert [row["ticket"] for row in host.rows("positions", "list")] == rest
    assert json.loads(host.cli("status", "--format", "json").stdout)["paused"]
    closed = {row["ticket"]: row["status"] for row in host.rows("trades", "list")}
    assert closed[first] == "closed", "a deal after the backup is taken in"
