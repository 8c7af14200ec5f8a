"""Two ways to run work on one database file: a writer thread, and the caller's own thread.

Both give the same promise: work submitted with `run` is committed when its future resolves, works in its
own savepoint so that one bad piece fails alone, and there is one writing connection per file.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from zepix_core.errors import StorageError
from zepix_core.storage.connection import Durability, open_reader, open_writer

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
BATCH = 256


class Executor(Protocol):
    """Runs work on one database file."""

    path: Path

    async def run(self, work: Work[T]) -> T:
        """Run ``work`` inside a write transaction; returns after COMMIT. Errors of ``work`` are raised
        here and undo that piece alone.

        Raises:
            StorageError: The commit itself failed; nothing of this piece was stored.
        """

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on a read-only connection, inside one read transaction."""

    async def close(self) -> None:
        """Finish what was submitted, checkpoint and close."""


class _Piece:
    __slots__ = ("error", "loop", "result", "waiter", "work")

    def __init__(
        self, work: Work[Any], loop: asyncio.AbstractEventLoop, waiter: "asyncio.Future[Any]"
    ) -> None:
        self.work, self.loop, self.waiter = work, loop, waiter
        self.result: Any = None
        self.error: BaseException | None = None


def _settle(pieces: list[_Piece]) -> None:
    for piece in pieces:
        if piece.waiter.done():
            continue
        if piece.error is not None:
            piece.waiter.set_exception(piece.error)
        else:
            piece.waiter.set_result(piece.result)


def commit_batch(connection: sqlite3.Connection, pieces: "list[_Piece]") -> None:
    """Run all pieces in one transaction; each fails alone, the commit fails for all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        alone = len(pieces) == 1
        for piece in pieces:
            if not alone:
                connection.execute("SAVEPOINT piece")
            try:
                piece.result = piece.work(connection)
            except Exception as error:
                if not connection.in_transaction:
                    raise
                if alone:
                    piece.error = error
                    connection.execute("ROLLBACK")
                    return
                connection.execute("ROLLBACK TO piece")
                piece.error = error
            if not alone:
                connection.execute("RELEASE piece")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class WriterThread:
    """One writer connection in one thread; what waits at the same time shares one commit."""

    def __init__(self, path: Path, durability: Durability) -> None:
        self.path = path
        self._durability = durability
        self._queue: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._connection = open_writer(path, durability)
        self._readers = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._thread = threading.Thread(target=self._work, name=f"writer-{path.stem}", daemon=True)
        self._thread.start()
        self._closed = False

    async def run(self, work: Work[T]) -> T:
        if self._closed:
            raise StorageError(f"{self.path.name} is closed.")
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Piece(work, loop, waiter))
        return await waiter

    async def read(self, work: Work[T]) -> T:
        return await asyncio.to_thread(self._read, work)

    def _read(self, work: Work[T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = open_reader(self.path)
            self._open_readers.append(connection)
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            connection.execute("ROLLBACK")

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        for connection in self._open_readers:
            connection.close()

    def _work(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                break
            pieces, stop = [first], False
            while len(pieces) < BATCH:
                try:
                    piece = self._queue.get_nowait()
                except queue.Empty:
                    break
                if piece is None:
                    stop = True
                    break
                pieces.append(piece)
            self._commit(pieces)
            if stop:
                break
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def _commit(self, pieces: list[_Piece]) -> None:
        try:
            commit_batch(self._connection, pieces)
        except Exception as error:
            failure = StorageError(
                f"{self.path.name} could not be written: {error}.",
                "Check free disk space and the data folder.",
            )
            failure.__cause__ = error
            for piece in pieces:
                piece.error = failure
            self._reopen()
        try:
            pieces[0].loop.call_soon_threadsafe(_settle, pieces)
        except RuntimeError:
            return  # the loop is gone: nobody waits any more

    def _reopen(self) -> None:
        """An error at commit is final for a connection (reliability.md 5): start with a new one."""
        try:
            self._connection.close()
            self._connection = open_writer(self.path, self._durability)
        except sqlite3.Error:
            self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._connection.close()


class SameThread:
    """The same promises on the caller's thread, for replay, the simulator and tests."""

    def __init__(self, path: Path, durability: Durability) -> None:
        self.path = path
        self._connection = open_writer(path, durability)

    async def run(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        piece = _Piece(work, loop, loop.create_future())
        try:
            commit_batch(self._connection, [piece])
        except sqlite3.Error as error:
            raise StorageError(f"{self.path.name} could not be written: {error}.") from error
        finally:
            piece.waiter.cancel()
        if piece.error is not None:
            raise piece.error
        result: T = piece.result
        return result

    async def read(self, work: Work[T]) -> T:
        return work(self._connection)

    async def close(self) -> None:
        self._connection.close()
