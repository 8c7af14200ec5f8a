"""Backups that the host makes on its own: when they are due, beside the writers, checked; old ones go."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import attrs

from zepix_core.clock import NS, Clock
from zepix_core.errors import DatabaseDamaged, StorageError
from zepix_core.journal import events, host_state, outbox
from zepix_core.journal.checking import check_journal
from zepix_core.journal.storage_guard import MEGABYTE, WARN_BELOW, StorageGuard, free_bytes
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.storage import news_of
from zepix_core.rules.retention import kept
from zepix_core.storage.backup import Backup, back_up, backups_of
from zepix_core.storage.connection import open_reader
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
SECONDS = {"hourly": HOUR, "daily": DAY, "weekly": WEEK}
LOOK_SECONDS = 60.0
NEWEST, DAYS = 24, 7
CHECKED = "checked"


@attrs.frozen(kw_only=True)
class BackupPlan:
    """A file and how often it is backed up, seconds; ``plugins``: whose it is, none for the host's."""

    path: Path
    every: float
    plugins: tuple[str, ...] = ()


def is_due(plan: BackupPlan, known: Iterable[Backup], now_ns: int) -> bool:
    """No backup of the host's own was made within the last period.

    One with a later time was made before the clock was set back and proves nothing.
    """
    since = now_ns - round(plan.every * NS)
    return not any(since < one.at_ns <= now_ns for one in known if one.by_itself)


class Backups:
    """Looks every minute; one backup at a time, in a thread of its own.

    Args:
        executor: Of the journal: what was done is written there.
        folder: Where backups are put.
        plans: What is to be backed up, asked at each look.
        free: Room left for a folder, bytes.
    """

    def __init__(
        self,
        executor: Executor,
        clock: Clock,
        guard: StorageGuard,
        folder: Path,
        plans: Callable[[], Iterable[BackupPlan]],
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._executor, self._clock, self._guard = executor, clock, guard
        self._folder, self._plans, self._free = folder, plans, free
        self._enough = threading.Event()
        self._made: dict[Path, float] = {}
        self._refused: set[Path] = set()

    async def run(self) -> None:
        """Look for ever; a backup that fails is told and tried again an hour later."""
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="backup")
        try:
            while True:
                await self._clock.sleep(LOOK_SECONDS)
                await self.look(pool)
        finally:
            self._enough.set()
            pool.shutdown(wait=False, cancel_futures=True)

    async def look(self, pool: ThreadPoolExecutor | None = None) -> tuple[Path, ...]:
        """Make the backups that are due now; returns them."""
        made = []
        for plan in tuple(self._plans()):
            if not self._may(plan) or not is_due(plan, self._known(plan.path), self._clock.now_ns()):
                continue
            self._made[plan.path] = self._clock.monotonic()
            try:
                made.append(await self._make(plan.path, pool))
            except StorageError as error:
                await self._failed(plan, error)
        return tuple(made)

    def _may(self, plan: BackupPlan) -> bool:
        """Once an hour at most, whatever the wall clock does meanwhile."""
        last = self._made.get(plan.path)
        return plan.path.exists() and (last is None or self._clock.monotonic() - last >= HOUR - LOOK_SECONDS)

    def _known(self, path: Path) -> tuple[Backup, ...]:
        return backups_of(path, self._folder)

    async def _make(self, path: Path, pool: ThreadPoolExecutor | None) -> Path:
        self._require_room(path)
        began = self._clock.monotonic()
        work = partial(back_up, path, self._folder, self._clock, by_itself=True, enough=self._enough.is_set)
        copy = await asyncio.get_running_loop().run_in_executor(pool, work)
        facts = {
            "file": path.name,
            "backup": copy.name,
            "bytes": copy.stat().st_size,
            "seconds": round(self._clock.monotonic() - began, 3),
        }
        log.info("%s is backed up: %s", path.name, copy.name)
        await self._executor.run(lambda c: events.append(c, self._clock, "backup", facts) and None)
        self._refused.discard(path)
        self._prune(path)
        if path == self._executor.path:
            await self._check_weekly(copy, pool)
        return copy

    def _require_room(self, path: Path) -> None:
        """A backup must not be what fills the disk."""
        size = path.stat().st_size
        if self._free(self._folder) < size + WARN_BELOW:
            raise StorageError(
                f"{path.name} was not backed up: its copy of {size // MEGABYTE} MB would leave less than "
                f"{WARN_BELOW // MEGABYTE} MB on the disk of {self._folder}.",
                "Make room there.",
            )

    def _prune(self, path: Path) -> None:
        """Remove the host's own backups that are old; those that people or migrations made stay."""
        own = [one for one in self._known(path) if one.by_itself]
        stay = kept([one.at_ns for one in own], NEWEST, DAYS)
        for one in own:
            if one.at_ns not in stay:
                try:
                    one.path.unlink(missing_ok=True)
                except OSError as error:
                    log.warning("%s could not be removed: %s", one.path, error)

    async def _check_weekly(self, copy: Path, pool: ThreadPoolExecutor | None) -> None:
        """Once a week recompute the journal's chain and totals, on the fresh copy: no reader holds the
        journal's log for that long."""
        now = self._clock.now_ns()
        last = await self._executor.read(lambda c: host_state.read(c, CHECKED))
        if last is not None and abs(now - last) < WEEK * NS:
            return
        found = await asyncio.get_running_loop().run_in_executor(pool, _checked, copy)
        await self._executor.run(partial(self._write_check, found=found, now=now))

    def _write_check(self, connection: sqlite3.Connection, found: str, now: int) -> None:
        host_state.write(connection, self._clock, CHECKED, now)
        events.append(connection, self._clock, "journal_checked", {"found": found or "sound"})
        if found:
            log.critical("the weekly check of the journal: %s", found)
            text = f"The weekly check of journal.db found: {found}"
            outbox.put(
                connection, self._clock,
                Notice(type="journal_check", priority=Priority.CRITICAL, text=text, data={"found": found}),
            )  # fmt: skip

    async def _failed(self, plan: BackupPlan, error: StorageError) -> None:
        """Say so, once until it goes well; a copy that is not sound is a look at the file itself."""
        log.error("%s", error)
        path = plan.path
        if isinstance(error, DatabaseDamaged):
            damage = await asyncio.to_thread(_damage_of, path)
            self._guard.note(news_of(path.name, damage, plan.plugins))
        if path in self._refused or self._enough.is_set():
            return
        self._refused.add(path)
        facts = {"file": path.name, "text": str(error)}
        notice = Notice(type="backup_failed", priority=Priority.HIGH, text=str(error), data=facts)

        def work(connection: sqlite3.Connection) -> None:
            events.append(connection, self._clock, "backup_failed", facts)
            outbox.put(connection, self._clock, notice)

        try:
            await self._executor.run(work)
        except StorageError as unwritten:
            log.error("that could not be written down: %s", unwritten)


def _checked(copy: Path) -> str:
    connection = open_reader(copy)
    try:
        return check_journal(connection).fault
    finally:
        connection.close()


def _damage_of(path: Path) -> DatabaseDamaged | None:
    """Whether the file itself is damaged, or only the copy was."""
    try:
        connection = open_reader(path)
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        finally:
            connection.close()
    except (sqlite3.DatabaseError, StorageError) as error:
        found = str(error)
    hint = "Stop the host and put the newest backup back with `zepix db restore`."
    return None if found == "ok" else DatabaseDamaged(f"{path.name} is damaged: {found}.", hint)
