"""Database files on a disk that fails on command: the real writer and SQLite, a commit a step of the loop."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from zepix_core.errors import StorageError, ZepixError
from zepix_core.journal.intents import IllegalMove
from zepix_core.storage.commit import Piece, T, Work
from zepix_core.storage.connection import Connection, Durability, open_reader
from zepix_core.storage.executor import BATCH, Then, Watch
from zepix_core.storage.faults import code_of, is_fault, is_final, storage_error
from zepix_core.storage.writer import Writer
from zepix_core.testing.simulator.faults import Fault, Kind, Unit
from zepix_core.testing.simulator.processes import Died, Process
from zepix_core.testing.simulator.trace import Trace

log = logging.getLogger(__name__)
BUSY_SECONDS = 5.0
SLOW_SECONDS = 12.0
FULL_SECONDS = 40.0
SHORT = 0.3
FAILED_SECONDS = 60.0
RETRY_SECONDS = 6.0
COMMIT_SECONDS = 0.003
READ_SECONDS = 0.001
CODES = {
    Kind.BUSY: (sqlite3.SQLITE_BUSY, "SQLITE_BUSY", "database is locked"),
    Kind.FULL: (sqlite3.SQLITE_FULL, "SQLITE_FULL", "database or disk is full"),
    Kind.IO_ERROR: (sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC", "disk I/O error"),
    Kind.READ_ERROR: (sqlite3.SQLITE_IOERR_READ, "SQLITE_IOERR_READ", "disk I/O error"),
}
PLAIN = {
    Kind.PLUGIN_BUSY: Kind.BUSY,
    Kind.PLUGIN_FULL: Kind.FULL,
    Kind.BOOK_FULL: Kind.FULL,
    Kind.IO_ERROR_STORED: Kind.IO_ERROR,
}
BEFORE = (Kind.CRASH_BEFORE_COMMIT, Kind.WORKER_CRASH_BEFORE_COMMIT)
AFTER = (Kind.CRASH_AFTER_COMMIT, Kind.WORKER_CRASH_AFTER_COMMIT)
Strike = Callable[[Unit], Fault | None]


def sqlite_error(kind: Kind) -> sqlite3.Error:
    """The exception that SQLite raises."""
    code, name, text = CODES[PLAIN.get(kind, kind)]
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


class StruckConnection(Connection):
    """Asks before and after a commit whether something happens to it."""

    file: "SimulatedFile | None" = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if self.file is None or sql not in ("COMMIT", "BEGIN IMMEDIATE"):
            return super().execute(sql, parameters)
        commit = partial(super().execute, sql)
        return self.file.commit(commit) if sql == "COMMIT" else self.file.begin(commit)


class Disk:
    """All files of a simulation.

    Attributes:
        commits: How many commits there were.
        well: Nothing fails any more.
        surprises: Errors of work that no fault explains.
        committed: Called with the file after each commit.
    """

    def __init__(self, strike: Strike, chance: Random, trace: Trace) -> None:
        self.strike, self.chance, self.trace = strike, chance, trace
        self.commits = 0
        self.well = False
        self.surprises: list[str] = []
        self.committed: Callable[[Path], None] = lambda _: None
        self._failed = -FAILED_SECONDS
        self._disturbed_until = 0.0

    def disturb(self, until: float) -> None:
        """Something is wrong until then."""
        self._disturbed_until = max(self._disturbed_until, until + RETRY_SECONDS)

    def disturbed(self, time: float) -> bool:
        """Whether something is wrong with a file, or its owner has not yet tried again."""
        return time < self._disturbed_until

    def note_failure(self, time: float) -> None:
        """A commit of the journal has failed."""
        self._failed = time

    def failing(self, time: float) -> bool:
        """Whether the journal could not be written lately."""
        return time - self._failed < FAILED_SECONDS

    def surprise(self, where: str, error: BaseException) -> None:
        """Remember an error that is a mistake of the program's."""
        if isinstance(error, IllegalMove) or not isinstance(error, ZepixError | sqlite3.Error):
            self.surprises.append(f"work on {where} raised {type(error).__name__}: {error}")

    def open(self, path: Path, durability: Durability, process: Process, unit: Unit) -> "SimulatedFile":
        """Open a file for writing in that process.

        Raises:
            StorageError: It cannot be opened.
        """
        return SimulatedFile(self, path, durability, process, unit)

    def recover(self) -> None:
        """From now on nothing fails."""
        self.well = True


class SimulatedFile:
    """Implements `zepix_core.storage.executor.Executor`: what waits at the same time shares one commit.

    Commits and reads take some time and happen in steps of their own; each may fail or end the process.
    """

    def __init__(self, disk: Disk, path: Path, durability: Durability, process: Process, unit: Unit) -> None:
        self.path = path
        self._disk, self._process, self._unit = disk, process, unit
        self._loop = process.loop
        self._writer = Writer(path, durability, StruckConnection)
        self._reader: Connection | None = None
        self._queue: list[tuple[Piece, Then]] = []
        self._busy = False
        self._closed = False
        self._ill = False
        self._listeners: list[Watch] = []
        self._fault: Fault | None = None
        self._refused: Kind | None = None
        self._failing_until = -1.0
        self._idle = asyncio.Event()
        self._idle.set()
        process.at_end(self._drop)

    @property
    def connections(self) -> int:
        return 1 + (self._reader is not None)

    @property
    def alive(self) -> bool:
        return True

    def watch(self, listener: Watch) -> None:
        self._listeners.append(listener)

    async def run(self, work: Work[T]) -> T:
        waiter: asyncio.Future[T] = self._loop.create_future()
        self.submit(work, partial(_resolve, waiter))
        return await waiter

    def submit(self, work: Work[T], then: Then) -> None:
        if self._closed or not self._process.alive:
            raise StorageError(f"{self.path.name} is closed.")
        self._queue.append((Piece(work), then))
        self._idle.clear()
        if not self._busy:
            self._busy = True
            self._after(COMMIT_SECONDS * self._disk.chance.random(), self._begin)

    async def read(self, work: Work[T]) -> T:
        if self._closed:
            raise StorageError(f"{self.path.name} is closed.")
        # A read is carried out whatever becomes of its caller, as in a thread.
        waiter: asyncio.Future[T] = self._loop.create_future()
        self._after(READ_SECONDS * self._disk.chance.random(), self._read, work, waiter)
        return await waiter

    async def close(self) -> None:
        self._closed = True
        await self._idle.wait()
        self._drop()

    # Steps of the disk.

    def _after(self, seconds: float, work: Callable[..., object], *arguments: Any) -> None:
        self._process.later(seconds, work, *arguments)

    def _begin(self) -> None:
        """The time of a commit has come: something may have happened to it."""
        fault = self._fault = self._disk.strike(self._unit)
        if fault is None:
            self._flush()
            return
        self._disk.trace.add("disk", f"{self.path.stem} {fault}")
        kind = PLAIN.get(fault.kind, fault.kind)
        now = self._loop.time()
        self._disk.disturb(now)
        if kind in (Kind.BUSY, Kind.SLOW_COMMIT):
            seconds = BUSY_SECONDS if kind is Kind.BUSY else SLOW_SECONDS * fault.size
            self._disk.disturb(now + seconds)
            self._after(seconds, self._flush)
        else:
            once = fault.kind is Kind.IO_ERROR_STORED or fault.size <= SHORT
            if kind in (Kind.FULL, Kind.IO_ERROR) and not once:
                self._failing_until = now + FULL_SECONDS * (fault.size - SHORT)
                self._disk.disturb(self._failing_until)
                self._refused = fault.kind
            self._flush()

    def _flush(self) -> None:
        batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
        pieces = [piece for piece, _ in batch]
        if self._writer.connection is not None:
            self._attach()
        told = self._writer.carry_out(pieces)
        self._fault = None
        if not self._process.alive:
            return
        if told is not None and self._unit is Unit.COMMIT:
            self._disk.note_failure(self._loop.time())
        for piece in pieces:
            if piece.error is not None:
                self._disk.surprise(self.path.name, piece.error)
        self._disk.trace.add("commit", f"{self.path.stem} {len(pieces)}{' failed' if told else ''}")
        self._disk.committed(self.path)
        self._loop.call_soon(self._settle, batch, told, any(p.error is None for p in pieces))

    def _attach(self) -> None:
        connection = self._writer.connection
        if isinstance(connection, StruckConnection):
            connection.file = self

    def _settle(self, batch: list[tuple[Piece, Then]], told: StorageError | None, stored: bool) -> None:
        if (told is not None) != self._ill and (told is not None or stored):
            self._ill = told is not None
            for listener in self._listeners:
                listener(told)
        if self._queue:
            self._after(COMMIT_SECONDS * self._disk.chance.random(), self._begin)
        else:
            self._busy = False
            self._idle.set()
        for piece, then in batch:
            then(piece)

    def _read(self, work: Work[T], waiter: "asyncio.Future[T]") -> None:
        try:
            result = self._look(work)
        except Exception as error:
            self._disk.surprise(self.path.name, error)
            if not waiter.done():
                waiter.set_exception(error)
        else:
            if not waiter.done():
                waiter.set_result(result)

    def _look(self, work: Work[T]) -> T:
        fault = self._disk.strike(Unit.READ) if self._unit is Unit.COMMIT else None
        if fault is not None:
            self._disk.trace.add("disk", f"{self.path.stem} {fault}")
            self._disk.disturb(self._loop.time())
            raise storage_error(self.path, "read", sqlite_error(Kind.READ_ERROR))
        if self._reader is None:
            self._reader = open_reader(self.path)
        reader = self._reader
        try:
            reader.execute("BEGIN")
            return work(reader)
        except sqlite3.Error as error:
            if not is_fault(error) or code_of(error) == sqlite3.SQLITE_READONLY:
                raise
            if is_final(error):
                self._reader = None
                reader.close()
            raise storage_error(self.path, "read", error) from error
        finally:
            if self._reader is not None and reader.in_transaction:
                reader.execute("ROLLBACK")

    # What the connection asks.

    def begin(self, begin: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        """The write lock may be somebody else's."""
        fault = self._fault
        if fault is not None and PLAIN.get(fault.kind, fault.kind) is Kind.BUSY:
            raise sqlite_error(Kind.BUSY)
        return begin()

    def commit(self, commit: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        """What happens at a commit: it fails, ends the process before or after, or is said to have failed."""
        kind = None if self._fault is None else self._fault.kind
        if kind in BEFORE:
            self._process.kill()
            raise Died
        if kind is None and not self._disk.well and self._loop.time() < self._failing_until:
            kind = self._refused
        plain = None if kind is None else PLAIN.get(kind, kind)
        if kind is not None and kind is not Kind.IO_ERROR_STORED and plain in (Kind.FULL, Kind.IO_ERROR):
            raise sqlite_error(kind)
        cursor = commit()
        self._disk.commits += 1
        if kind is Kind.IO_ERROR_STORED:
            raise sqlite_error(kind)
        if kind in AFTER:
            self._process.kill()
            raise Died
        return cursor

    def _drop(self) -> None:
        """The operating system closes the files of a process that has ended."""
        self._closed = True
        for connection in (self._reader, self._writer.connection):
            if connection is not None:
                connection.close()
        self._reader = None


def _resolve(waiter: "asyncio.Future[Any]", piece: Piece) -> None:
    if waiter.done():
        return
    if piece.error is not None:
        waiter.set_exception(piece.error)
    else:
        waiter.set_result(piece.result)
