"""Two ways to run work on one database file: a writer thread, and the caller's own thread.

Both give the same promise: work submitted with `run` is committed when its future resolves, works in its
own savepoint so that one bad piece fails alone, and there is one writing connection per file.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from zepix_core.errors import StorageError
from zepix_core.storage.connection import Durability, open_reader, open_writer

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
BATCH = 256
READERS = 4
READER_PATIENCE = 30.0
# What a lock or the disk can cause at any statement and may pass; all else is raised as it is.
FAULTS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)

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

    async def close(self) -> None:
        """Finish what was submitted, checkpoint and close."""


class Piece:
    """One piece of work and what became of it."""

    __slots__ = ("error", "result", "work")

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None


Then = Callable[[Piece], None]


class _Submitted(Piece):
    __slots__ = ("loop", "then")

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop, then: Then) -> None:
        super().__init__(work)
        self.loop = loop
        self.then = then


def _settle(pieces: list[_Submitted]) -> None:
    for piece in pieces:
        try:
            piece.then(piece)
        except Exception:
            log.exception("what follows a commit failed")


def _tell(loop: asyncio.AbstractEventLoop, pieces: list[_Submitted]) -> None:
    try:
        loop.call_soon_threadsafe(_settle, pieces)
    except RuntimeError:
        log.debug("nobody waits any more for %d pieces of work", len(pieces))


def _resolve(waiter: "asyncio.Future[Any]", piece: Piece) -> None:
    if waiter.done():
        return
    if piece.error is not None:
        waiter.set_exception(piece.error)
    else:
        waiter.set_result(piece.result)


def commit_batch(connection: sqlite3.Connection, pieces: Sequence[Piece]) -> None:
    """Run all pieces in one transaction; each fails alone, the commit fails for all.

    Raises:
        sqlite3.Error, StorageError: Nothing was committed.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        alone = len(pieces) == 1
        for piece in pieces:
            if not alone:
                connection.execute("SAVEPOINT piece")
            try:
                piece.result = piece.work(connection)
            except BaseException as error:
                if not connection.in_transaction:
                    raise
                piece.error = _raisable(error)
                if alone:
                    connection.execute("ROLLBACK")
                    return
                connection.execute("ROLLBACK TO piece")
            if not connection.in_transaction:
                raise StorageError("work on a database ended its transaction.", "Leave BEGIN and COMMIT out.")
            if not alone:
                connection.execute("RELEASE piece")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _raisable(error: BaseException) -> BaseException:
    """A future cannot carry StopIteration, and must not carry what would end the process."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    failure = RuntimeError(f"work on a database raised {type(error).__name__}")
    failure.__cause__ = error
    return failure


def _read(path: Path, connection: sqlite3.Connection, work: Work[T]) -> T:
    try:
        connection.execute("BEGIN")
        return work(connection)
    except sqlite3.Error as error:
        if not _is_fault(error) or error.sqlite_errorcode == sqlite3.SQLITE_READONLY:
            raise
        raise StorageError(f"{path.name} could not be read: {error}.") from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _is_fault(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None
    return code is not None and code & 0xFF in FAULTS


def _not_written(path: Path, error: BaseException | None) -> StorageError:
    if isinstance(error, StorageError):
        failure = StorageError(error.message, error.hint)
    else:
        failure = StorageError(
            f"{path.name} could not be written: {error}.", "Check free disk space and the data folder."
        )
    failure.__cause__ = error
    return failure


class WriterThread:
    """One writer connection in one thread; what waits at the same time shares one commit.

    Up to 4 readers work beside it in threads of the loop's pool.
    """

    def __init__(self, path: Path, durability: Durability) -> None:
        self.path = path
        self._durability = durability
        self._queue: queue.SimpleQueue[_Submitted | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection = open_writer(path, durability)
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
            return _read(self.path, connection, work)
        finally:
            self._readers.append(connection)

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
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.warning("%s could not be checkpointed: %s", self.path.name, error)
        self._connection.close()

    def _commit(self, pieces: list[_Submitted]) -> None:
        try:
            commit_batch(self._connection, pieces)
        except BaseException as error:
            for piece in pieces:
                piece.error = _not_written(self.path, error)
            self._reopen()
        for piece in pieces:
            if _is_fault(piece.error):
                piece.error = _not_written(self.path, piece.error)
        for loop in {piece.loop for piece in pieces}:
            _tell(loop, [piece for piece in pieces if piece.loop is loop])

    def _reopen(self) -> None:
        """An error at commit is final for a connection: start with a new one."""
        self._connection.close()
        try:
            self._connection = open_writer(self.path, self._durability)
        except StorageError as error:
            # The closed connection refuses the next piece, which tries again.
            log.error("%s", error)


class SameThread:
    """The same promises on the caller's thread, for replay, the simulator and tests."""

    def __init__(self, path: Path, durability: Durability) -> None:
        self.path = path
        self._connection = open_writer(path, durability)
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
        try:
            commit_batch(self._connection, [piece])
        except (sqlite3.Error, StorageError) as error:
            piece.error = _not_written(self.path, error)
        if _is_fault(piece.error):
            piece.error = _not_written(self.path, piece.error)
        return piece

    async def read(self, work: Work[T]) -> T:
        try:
            self._connection.execute("PRAGMA query_only = ON")
        except sqlite3.ProgrammingError:
            raise StorageError(f"{self.path.name} is closed.") from None
        try:
            return _read(self.path, self._connection, work)
        finally:
            self._connection.execute("PRAGMA query_only = OFF")

    async def close(self) -> None:
        self._closed = True
        self._connection.close()
