"""Backups of the host's own: when they are due, that they are sound, which stay, and what people are told."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.clock import NS, moment
from zepix_core.journal import events
from zepix_core.journal.backups import DAY, HOUR, BackupPlan, Backups, is_due
from zepix_core.journal.storage_guard import MEGABYTE, StorageGuard
from zepix_core.storage.backup import FORM, Backup, back_up, backups_of
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import WriterThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.script import run_script
from zepix_core.testing.clock import START_NS, VirtualClock


class Shelf:
    """A journal with one event, a plugin's file, and a folder for their backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.megabytes = 1000
        self.clock = VirtualClock()
        self.journal = WriterThread(folder / "journal.db", Durability.FULL)
        self.plugin = folder / "zepix_one.db"
        with sqlite3.connect(self.plugin) as connection:
            connection.execute("CREATE TABLE mine (n INTEGER) STRICT")
        connection.close()
        self.guard = StorageGuard(self.journal, self.clock)
        self.backups = Backups(
            self.journal,
            self.clock,
            self.guard,
            folder / "backups",
            lambda: (
                BackupPlan(path=self.journal.path, every=HOUR),
                BackupPlan(path=self.plugin, every=DAY, plugins=("one",)),
                BackupPlan(path=folder / "not_there.db", every=HOUR),
            ),
            lambda _: self.megabytes * MEGABYTE,
        )

    async def after(self, seconds: float) -> list[str]:
        self.clock.advance(seconds)
        return sorted(path.name.split(".")[0] for path in await self.backups.look())

    def own(self, path: Path) -> list[Backup]:
        return [one for one in backups_of(path, self.folder / "backups") if one.by_itself]

    async def told(self) -> list[str]:
        return await self.journal.read(
            lambda c: [row[0] for row in c.execute("SELECT type FROM outbox ORDER BY id")]
        )


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.journal.run(lambda c: run_script(c, TABLES))
    await shelf.journal.run(lambda c: events.append(c, shelf.clock, "start", {}))
    yield shelf
    await shelf.journal.close()


async def test_the_journal_is_backed_up_every_hour_and_a_plugins_file_every_day(shelf: Shelf) -> None:
    made = [await shelf.after(HOUR) for _ in range(25)]
    assert made[0] == ["journal", "zepix_one"]
    assert made[1:24] == [["journal"]] * 23
    assert made[24] == ["journal", "zepix_one"]


async def test_a_backup_is_sound_and_stands_in_the_journal(shelf: Shelf) -> None:
    await shelf.after(0.0)
    (copy,) = shelf.own(shelf.journal.path)
    with sqlite3.connect(copy.path) as connection:
        assert events.verify(connection) >= 1
    kinds = await shelf.journal.read(
        lambda c: [row[0] for row in c.execute("SELECT kind FROM journal_events ORDER BY seq")]
    )
    assert kinds == ["start", "backup", "journal_checked", "backup"]
    connection.close()


async def test_a_restart_makes_no_backup_before_its_time(shelf: Shelf) -> None:
    await shelf.after(0.0)
    again = Backups(
        shelf.journal, shelf.clock, shelf.guard, shelf.folder / "backups",
        lambda: (BackupPlan(path=shelf.journal.path, every=HOUR),),
    )  # fmt: skip
    shelf.clock.advance(HOUR - 60.0)
    assert await again.look() == ()
    shelf.clock.advance(61.0)
    assert len(await again.look()) == 1


async def test_a_day_of_hours_and_a_week_of_days_stay_and_what_people_made_stays_for_ever(
    shelf: Shelf,
) -> None:
    mine = back_up(shelf.journal.path, shelf.folder / "backups", shelf.clock)
    for _ in range(24 * 9):
        shelf.clock.advance(HOUR)
        at = moment(shelf.clock.now_ns()).strftime(FORM)
        (mine.parent / f"journal.{at}.auto.backup").write_bytes(b"an earlier one")
    await shelf.after(HOUR)
    left = shelf.own(shelf.journal.path)
    assert len({one.at_ns // (round(DAY) * NS) for one in left}) == 7
    assert 24 <= len(left) <= 31
    assert mine.exists()


@pytest.mark.parametrize("jump", [-7200.0, -3.0 * DAY, 7200.0, 3.0 * DAY])
async def test_a_clock_that_jumps_neither_stops_backups_nor_makes_many(shelf: Shelf, jump: float) -> None:
    await shelf.after(0.0)
    shelf.clock.jump(jump)
    made = [name for _ in range(6 * 60) for name in await shelf.after(60.0)]
    assert made.count("journal") in (5, 6, 7)


@given(st.lists(st.integers(-10_000, 10_000), max_size=8), st.integers(0, 10_000))
def test_one_is_due_exactly_when_none_was_made_within_the_period(ages: list[int], every: int) -> None:
    now = START_NS
    known = [
        Backup(at_ns=now - age * NS, number=1, stem="journal", by_itself=True, path=Path("x")) for age in ages
    ]
    due = is_due(BackupPlan(path=Path("journal.db"), every=float(every)), known, now)
    assert due is not any(0 <= age < every for age in ages)


async def test_a_disk_without_room_gets_no_backup_and_people_hear_of_it_once(shelf: Shelf) -> None:
    shelf.megabytes = 150
    for _ in range(3):
        assert await shelf.after(HOUR) == []
    assert await shelf.told() == ["backup_failed", "backup_failed"], "one for each file"
    shelf.megabytes = 1000
    assert await shelf.after(HOUR) == ["journal", "zepix_one"]


async def test_a_copy_that_is_not_sound_means_the_file_is_damaged_and_entries_stop(shelf: Shelf) -> None:
    with sqlite3.connect(shelf.plugin) as connection:
        connection.executemany("INSERT INTO mine VALUES (?)", ((n,) for n in range(20_000)))
    connection.close()
    pages = bytearray(shelf.plugin.read_bytes())
    pages[4 * 4096 : 5 * 4096] = b"\xff" * 4096
    shelf.plugin.write_bytes(pages)
    assert await shelf.after(0.0) == ["journal"]
    assert "zepix_one.db is damaged" in shelf.guard.why("one")
    assert shelf.guard.why("other") == ""
    assert shelf.own(shelf.plugin) == []
    shelf.clock.advance(5.0)
    await shelf.guard.look()
    assert sorted(await shelf.told()) == ["backup_failed", "storage_failed"]


async def test_the_weekly_check_finds_a_chain_that_was_changed(shelf: Shelf) -> None:
    await shelf.journal.run(lambda c: c.execute("UPDATE journal_events SET kind = 'other'") and None)
    await shelf.after(0.0)
    assert "journal_check" in await shelf.told()


async def test_an_end_gives_the_backup_up(shelf: Shelf) -> None:
    running = asyncio.create_task(shelf.backups.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with pytest.raises(Exception, match="given up"):
        back_up(shelf.journal.path, shelf.folder / "backups", shelf.clock, enough=lambda: True)
    assert shelf.own(shelf.journal.path) == []
