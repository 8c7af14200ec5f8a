"""The breaker of the storage: while a file cannot be written no entry goes out; exits do, and people hear."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import attrs

from zepix_core.clock import Clock
from zepix_core.errors import StorageError
from zepix_core.journal import events, host_state, outbox
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.storage import StorageFault, StorageNews, news_of
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)

PROBE_SECONDS = 5.0
MEGABYTE = 1_000_000
WARN_BELOW = 200 * MEGABYTE
STOP_BELOW = 50 * MEGABYTE
# What was made free must be more than a few alerts fill again.
BACK_ABOVE = 1.1
DISK = "disk"


def free_bytes(folder: Path) -> int:
    """Room that is left on the disk of a folder."""
    return shutil.disk_usage(folder).free


class StorageGuard:
    """Knows every fault of a database file, and what they stop.

    Args:
        free: Room left for the data folder, bytes.

    Attributes:
        on_unwritten: Told of each notice that cannot be put into the outbox now; must not block.
    """

    def __init__(self, executor: Executor, clock: Clock, free: Callable[[Path], int] = free_bytes) -> None:
        self.on_unwritten: Callable[[Notice], None] = lambda _: None
        self._executor, self._clock, self._free = executor, clock, free
        self._file = executor.path.name
        self._faults: dict[str, StorageFault] = {}
        self._unwritten: list[tuple[dict[str, object], Notice]] = []
        self._low = False
        self._next_look = clock.monotonic()
        executor.watch(self._heard)

    @property
    def faults(self) -> tuple[StorageFault, ...]:
        """Every fault there is now, the oldest first."""
        return tuple(self._faults.values())

    @property
    def journal(self) -> StorageFault | None:
        """What keeps the journal from being written."""
        return self._faults.get(self._file)

    def why(self, plugin: str = "") -> str:
        """Why no entry of that plugin goes out, ``""`` when one may."""
        for fault in self._faults.values():
            if not fault.plugins or plugin in fault.plugins:
                return f"storage: {fault.text}"
        return ""

    def note(self, news: StorageNews) -> None:
        """Take up what is known of a file; what is told again changes nothing."""
        known = self._faults.get(news.file)
        if not news.fault:
            if known is not None and not known.lasting:
                del self._faults[news.file]
                self._tell(known, mended=True)
            return
        if known is None:
            fault = StorageFault(
                file=news.file,
                text=news.fault,
                hint=news.hint,
                since_ns=self._clock.now_ns(),
                plugins=news.plugins,
                lasting=news.damaged,
            )
            self._faults[news.file] = fault
            self._tell(fault, mended=False)
        elif news.damaged and not known.lasting:
            self._faults[news.file] = attrs.evolve(known, text=news.fault, hint=news.hint, lasting=True)
            self._tell(self._faults[news.file], mended=False)

    def note_journal(self, error: BaseException | None) -> None:
        """Take up what became of a write to the journal."""
        self.note(news_of(self._file, error))

    def forget(self, plugin: str) -> None:
        """A plugin's worker begins anew and will tell itself how its file stands."""
        for fault in self.faults:
            if plugin in fault.plugins:
                self.note(StorageNews(file=fault.file))

    async def look(self) -> None:
        """Look at the disk, try what failed again, write down what could not be; at most every 5 s.

        Raises:
            StorageError: The journal still cannot be written.
        """
        now = self._clock.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + PROBE_SECONDS
        self._look_at_disk()
        if self.journal is not None:
            await self.probe()
        if self._unwritten:
            await self._write_down()

    async def probe(self) -> None:
        """Find out whether the journal can be written.

        Raises:
            StorageError: It cannot.
        """
        try:
            await self._executor.run(
                lambda connection: host_state.write(connection, self._clock, "probe", self._clock.now_ns())
            )
        except StorageError as error:
            self.note_journal(error)
            raise
        self.note_journal(None)

    def _heard(self, error: StorageError | None) -> None:
        self.note_journal(error)

    def _look_at_disk(self) -> None:
        folder = self._executor.path.parent
        try:
            free = self._free(folder)
        except OSError as error:
            log.warning("how much room is left for %s cannot be told: %s", folder, error)
            return
        if free < STOP_BELOW:
            text = f"the disk of {folder} has {free // MEGABYTE} MB left, too few to go on trading."
            self.note(StorageNews(file=DISK, fault=text))
        elif free >= STOP_BELOW * BACK_ABOVE:
            self.note(StorageNews(file=DISK))
        if free < WARN_BELOW and not self._low:
            text = f"the disk of {folder} has {free // MEGABYTE} MB left; below 50 MB entries stop"
            self._put(
                {"what": "low", "free": free}, Notice(type="disk_low", priority=Priority.HIGH, text=text)
            )
            log.warning("%s", text)
        self._low = free < WARN_BELOW or (self._low and free < WARN_BELOW * BACK_ABOVE)

    def _tell(self, fault: StorageFault, *, mended: bool) -> None:
        whose = f" of {', '.join(fault.plugins)}" if fault.plugins else ""
        facts: dict[str, object] = {
            "what": "mended" if mended else "failed",
            "file": fault.file,
            "text": fault.text,
            "since_ns": fault.since_ns,
            "plugins": list(fault.plugins),
        }
        if mended:
            seconds = (self._clock.now_ns() - fault.since_ns) / 1e9
            text = f"{fault.file} can be written again after {seconds:.0f} s; entries{whose} go on"
            log.warning("%s", text)
            notice = Notice(type="storage_mended", priority=Priority.HIGH, text=text, data=facts)
        else:
            text = f"{fault.text.rstrip('.')}. Entries{whose} stop; exits go on."
            log.critical("%s", text)
            notice = Notice(type="storage_failed", priority=Priority.CRITICAL, text=text, data=facts)
        self._put(facts, notice)

    def _put(self, facts: dict[str, object], notice: Notice) -> None:
        self._unwritten.append((facts, notice))
        self._next_look = min(self._next_look, self._clock.monotonic())
        if self.journal is not None:
            self.on_unwritten(notice)

    async def _write_down(self) -> None:
        waiting = tuple(self._unwritten)

        def work(connection: sqlite3.Connection) -> None:
            for facts, notice in waiting:
                events.append(connection, self._clock, "storage", facts)
                outbox.put(connection, self._clock, notice)

        await self._executor.run(work)
        del self._unwritten[: len(waiting)]
