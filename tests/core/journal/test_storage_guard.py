"""The breaker of the storage: what it stops, whom it tells, how it ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.core.storage.breaking import locked

from zepix_core.errors import DatabaseDamaged, StorageError
from zepix_core.journal.storage_guard import MEGABYTE, StorageGuard
from zepix_core.model.notice import Notice
from zepix_core.model.storage import StorageNews
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.script import run_script
from zepix_core.testing.clock import VirtualClock


class Disk:
    """A journal whose disk has as much room as a test says."""

    def __init__(self, folder: Path) -> None:
        self.megabytes = 1000
        self.clock = VirtualClock()
        self.journal = SameThread(folder / "journal.db", Durability.FULL)
        self.unwritten: list[Notice] = []
        self.guard = StorageGuard(self.journal, self.clock, self.free)
        self.guard.on_unwritten = self.unwritten.append

    def free(self, _: Path) -> int:
        return self.megabytes * MEGABYTE

    async def look(self) -> None:
        self.clock.advance(5.0)
        await self.guard.look()

    async def notices(self) -> list[str]:
        rows = await self.journal.read(lambda c: c.execute("SELECT type FROM outbox ORDER BY id").fetchall())
        return [row[0] for row in rows]


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Disk]:
    disk = Disk(tmp_path)
    await disk.journal.run(lambda c: run_script(c, TABLES))
    await disk.journal.run(lambda c: c.execute("PRAGMA busy_timeout = 1").fetchone())
    yield disk
    await disk.journal.close()


async def test_a_lock_on_the_journal_stops_entries_and_is_told_when_it_can_be(disk: Disk) -> None:
    with locked(disk.journal.path):
        for _ in range(3):
            with pytest.raises(StorageError):
                await disk.journal.run(lambda c: None)
        assert "locked" in disk.guard.why()
        assert [notice.type for notice in disk.unwritten] == ["storage_failed"]
        with pytest.raises(StorageError):
            await disk.look()
    assert disk.guard.why(), "only a write that went through ends it"
    await disk.look()
    assert disk.guard.why() == ""
    assert await disk.notices() == ["storage_failed", "storage_mended"]


async def test_the_journal_is_tried_every_five_seconds(disk: Disk) -> None:
    tries = 0
    with locked(disk.journal.path):
        with pytest.raises(StorageError):
            await disk.journal.run(lambda c: None)
        for _ in range(20):
            disk.clock.advance(1.0)
            try:
                await disk.guard.look()
            except StorageError:
                tries += 1
    assert tries == 4


async def test_a_plugins_file_stops_its_plugins_alone(disk: Disk) -> None:
    disk.guard.note(StorageNews(file="zepix_one.db", fault="zepix_one.db is full.", plugins=("one", "too")))
    disk.guard.note(StorageNews(file="zepix_one.db", fault="zepix_one.db is full.", plugins=("one", "too")))
    assert [bool(disk.guard.why(name)) for name in ("one", "too", "other", "")] == [True, True, False, False]
    disk.guard.note(StorageNews(file="zepix_one.db"))
    assert disk.guard.faults == ()
    await disk.look()
    assert await disk.notices() == ["storage_failed", "storage_mended"]


async def test_a_plugin_that_starts_anew_tells_anew(disk: Disk) -> None:
    disk.guard.note(StorageNews(file="zepix_one.db", fault="full.", plugins=("one",)))
    disk.guard.forget("other")
    assert disk.guard.why("one")
    disk.guard.forget("one")
    assert not disk.guard.why("one")


async def test_damage_lasts_until_a_person_ends_it(disk: Disk) -> None:
    disk.guard.note_journal(StorageError("could not be written."))
    disk.guard.note_journal(DatabaseDamaged("journal.db is damaged."))
    disk.guard.note_journal(None)
    assert "damaged" in disk.guard.why()
    assert len(disk.unwritten) == 2


@pytest.mark.parametrize(("megabytes", "stops", "warns"), [(201, False, 0), (199, False, 1), (49, True, 1)])
async def test_a_disk_that_fills_up_warns_then_stops_entries(
    disk: Disk, megabytes: int, stops: bool, warns: int
) -> None:
    disk.megabytes = megabytes
    for _ in range(3):
        await disk.look()
    assert bool(disk.guard.why()) is stops
    assert (await disk.notices()).count("disk_low") == warns
    assert (await disk.notices()).count("storage_failed") == stops


async def test_room_that_comes_and_goes_at_the_edge_is_not_told_each_time(disk: Disk) -> None:
    for megabytes in (49, 51, 49, 52, 49, 190, 210, 190, 300):
        disk.megabytes = megabytes
        await disk.look()
    assert not disk.guard.why()
    assert await disk.notices() == ["storage_failed", "disk_low", "storage_mended"]


async def test_the_journal_tells_the_whole_of_it(disk: Disk) -> None:
    disk.guard.note(StorageNews(file="paper.db", fault="full."))
    await disk.look()
    rows = await disk.journal.read(lambda c: c.execute("SELECT kind, payload FROM journal_events").fetchall())
    assert [kind for kind, _ in rows] == ["storage"]
    assert '"file":"paper.db"' in rows[0][1]
