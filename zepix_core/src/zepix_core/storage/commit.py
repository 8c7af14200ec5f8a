"""Pieces of work in one transaction: each fails alone, the commit fails for all."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from zepix_core.errors import StorageError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Piece:
    """One piece of work and what became of it."""

    __slots__ = ("error", "result", "work")

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None


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
