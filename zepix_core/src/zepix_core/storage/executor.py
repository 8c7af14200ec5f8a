"""Two ways to run work on one database file: a writer thread, and the caller's own thread.

Both give the same promise: work submitted with `run` is committed when its future resolves, works in its
own savepoint so that one bad piece fails alone, and there is one writing connection per file.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from zepix_core.errors import StorageError
from zepix_core.storage.commit import Piece, T, Work
from zepix_core.storage.connection import Durability, open_reader
from zepix_core.storage.faults import code_of, is_fault, is_final, storage_error
from zepix_core.storage.writer import Writer

BATCH = 256
READERS = 4
READER_PATIENCE = 30.0

log = logging.getLogger(__name__)


class Executor(Protocol):
    """Runs work on one database file."""

    path: Path

    @property
    def connections(self) -> int:
        """Open connections: the writer and the readers opened so far."""

    @property
    def alive(self) -> bool:
        """False once nothing can be written any more, though nobody closed it."""

    async def run(self, work: Work[T]) -> T:
        """Run ``work`` inside a write transaction; returns after COMMIT. Errors of ``work`` are raised
        here and undo that piece alone. Work once submitted is carried out even when its caller is
        cancelled.

        Raises:
            StorageError: The file or the disk failed; nothing of this piece was stored.
        """

    def submit(self, work: Work[T], then: "Then") -> None:
        """As `run`, for who cannot wait: ``then`` is called in the caller's loop after COMMIT, in the very
        turn that learns of it.

        Raises:
            StorageError: The file is closed.
        """

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on a read-only connection, inside one read transaction.

        Raises:
            StorageError: The file or the disk failed.
        """

    def watch(self, listener: "Watch") -> None:
        """Call ``listener`` when a fault of the lock, the disk or the file keeps a write from being stored,
        and with ``None`` when the next one is; in the loop of who wrote, before he is told."""

    async def close(self) -> None:
        """Finish what was submitted, checkpoint and close."""


Then = Callable[[Piece], None]
Watch = Callable[[StorageError | None], None]


class _Submitted(Piece):
    __slots__ = ("loop", "then")

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop, then: Then) -> None:
        super().__init__(work)
        self.loop = loop
        self.then = then


class _Health:
    """What was told last of a file's health; one thread writes it."""

    def __init__(self) -> None:
        self.listeners: list[Watch] = []
        self._ill = False

    def news(self, fault: StorageError | None, stored: bool) -> Callable[[], None]:
        """What to do in the caller's loop after a commit."""
        if fault is None and (not self._ill or not stored):
            return _nothing
        if fault is not None and self._ill:
            return _nothing
        self._ill = fault is not None
        return partial(self._tell, fault)

    def _tell(self, fault: StorageError | None) -> None:
        for listener in self.listeners:
            try:
                listener(fault)
            except Exception:
                log.exception("what follows a fault of the storage failed")


def _nothing() -> None:
    """There is no news."""


def _settle(pieces: list[_Submitted], news: Callable[[], None]) -> None:
    news()
    for piece in pieces:
        try:
            piece.then(piece)
        except Exception:
            log.exception("what follows a commit failed")


def _tell(
    loop: asyncio.AbstractEventLoop, pieces: list[_Submitted], news: Callable[[], None] = _nothing
) -> None:
    try:
        loop.call_soon_threadsafe(_settle, pieces, news)
    except RuntimeError:
        log.debug("nobody waits any more for %d pieces of work", len(pieces))


def _resolve(waiter: "asyncio.Future[Any]", piece: Piece) -> None:
    if waiter.done():
        return
    if piece.error is not None:
        waiter.set_exception(piece.error)
    else:
        waiter.set_result(piece.result)


def read_once(path: Path, connection: sqlite3.Connection, work: Work[T]) -> T:
    """Run ``work`` in one read transaction.

    Raises:
        StorageError: The file or the disk failed.
    """
    try:
        connection.execute("BEGIN")
        return work(connection)
    except sqlite3.Error as error:
        if not is_fault(error) or code_of(error) == sqlite3.SQLITE_READONLY:
            raise
        raise storage_error(path, "read", error) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


class WriterThread:
    """One writer connection in one thread; what waits at the same time shares one commit.

    Up to 4 readers work beside it in threads of the loop's pool.
    """

    def __init__(self, path: Path, durability: Durability) -> None:
        self.path = path
        self._queue: queue.SimpleQueue[_Submitted | None] = queue.SimpleQueue()
        self._writer = Writer(path, durability)
        self._health = _Health()
        self._opened = 0
        self._readers: list[sqlite3.Connection] = []
        self._reading = asyncio.Semaphore(READERS)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"writer-{path.stem}", daemon=True)
        self._thread.start()

    @property
    def connections(self) -> int:
        return 1 + self._opened

    @property
    def alive(self) -> bool:
        return self._closed or self._thread.is_alive()

    def watch(self, listener: Watch) -> None:
        self._health.listeners.append(listener)

    async def run(self, work: Work[T]) -> T:
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.submit(work, partial(_resolve, waiter))
        return await waiter

    def submit(self, work: Work[T], then: Then) -> None:
        if self._closed or not self._thread.is_alive():
            raise StorageError(f"{self.path.name} is closed.")
        self._queue.put(_Submitted(work, asyncio.get_running_loop(), then))

    async def read(self, work: Work[T]) -> T:
        if self._closed:
            raise StorageError(f"{self.path.name} is closed.")
        try:
            async with asyncio.timeout(READER_PATIENCE):
                await self._reading.acquire()
        except TimeoutError:
            raise StorageError(
                f"{self.path.name}: the pool of readers is exhausted.", "Something reads for too long."
            ) from None
        # A reader whose caller was cancelled stays busy until its thread is done.
        reading = asyncio.get_running_loop().run_in_executor(None, self._read, work)
        reading.add_done_callback(self._release)
        return await asyncio.shield(reading)

    def _release(self, reading: "asyncio.Future[Any]") -> None:
        self._reading.release()
        if not reading.cancelled():
            reading.exception()

    def _read(self, work: Work[T]) -> T:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = open_reader(self.path)
            self._opened += 1
        try:
            result = read_once(self.path, connection, work)
        except BaseException as error:
            if isinstance(error, StorageError) and is_final(error.__cause__):
                connection.close()
                self._opened -= 1
            else:
                self._readers.append(connection)
            raise
        self._readers.append(connection)
        return result

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        for _ in range(READERS):
            await self._reading.acquire()
        while self._readers:
            self._readers.pop().close()
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        try:
            self._commit_all()
        except BaseException:
            log.critical("the writer of %s failed", self.path.name, exc_info=True)
        self._refuse_rest()

    def _refuse_rest(self) -> None:
        """Nobody waits for a writer that has ended."""
        while not self._queue.empty():
            if (piece := self._queue.get()) is not None:
                piece.error = StorageError(f"{self.path.name} is closed.")
                _tell(piece.loop, [piece])

    def _commit_all(self) -> None:
        stop = False
        while not stop:
            pieces: list[_Submitted] = []
            piece = self._queue.get()
            while piece is not None:
                pieces.append(piece)
                if len(pieces) == BATCH:
                    break
                try:
                    piece = self._queue.get_nowait()
                except queue.Empty:
                    break
            stop = piece is None
            if pieces:
                self._commit(pieces)
        self._writer.close()

    def _commit(self, pieces: list[_Submitted]) -> None:
        fault = self._writer.carry_out(pieces)
        news = self._health.news(fault, stored=any(piece.error is None for piece in pieces))
        for number, loop in enumerate({piece.loop for piece in pieces}):
            mine = [piece for piece in pieces if piece.loop is loop]
            _tell(loop, mine, _nothing if number else news)


class SameThread:
    """The same promises on the caller's thread, for replay, the simulator and tests."""

    def __init__(self, path: Path, durability: Durability) -> None:
        self.path = path
        self._writer = Writer(path, durability)
        self._health = _Health()
        self._closed = False

    @property
    def connections(self) -> int:
        return 1

    @property
    def alive(self) -> bool:
        return True

    async def run(self, work: Work[T]) -> T:
        piece = self._carry_out(work)
        if piece.error is not None:
            raise piece.error
        result: T = piece.result
        return result

    def submit(self, work: Work[T], then: Then) -> None:
        asyncio.get_running_loop().call_soon(then, self._carry_out(work))

    def _carry_out(self, work: Work[Any]) -> Piece:
        if self._closed:
            raise StorageError(f"{self.path.name} is closed.")
        piece = Piece(work)
        fault = self._writer.carry_out([piece])
        self._health.news(fault, stored=piece.error is None)()
        return piece

    def watch(self, listener: Watch) -> None:
        self._health.listeners.append(listener)

    async def read(self, work: Work[T]) -> T:
        connection = self._writer.connection
        if self._closed or connection is None:
            raise StorageError(f"{self.path.name} is closed.")
        connection.execute("PRAGMA query_only = ON")
        try:
            return read_once(self.path, connection, work)
        finally:
            connection.execute("PRAGMA query_only = OFF")

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._writer.close()
