"""The one writing connection of a file: what it commits, and how it comes back after an error."""

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from zepix_core.errors import StorageError
from zepix_core.storage.commit import Piece, commit_batch
from zepix_core.storage.connection import Connection, Durability, open_writer, reopen_writer
from zepix_core.storage.faults import is_fault, is_final, storage_error

log = logging.getLogger(__name__)


class Writer:
    """Belongs to one thread at a time.

    Attributes:
        connection: ``None`` while the file cannot be opened again; the next piece tries.
    """

    def __init__(self, path: Path, durability: Durability, factory: type[Connection] = Connection) -> None:
        self._path, self._durability, self._factory = path, durability, factory
        self.connection: sqlite3.Connection | None = open_writer(path, durability, factory)

    def carry_out(self, pieces: Sequence[Piece]) -> StorageError | None:
        """Commit the pieces together, each with its result or its error; returns the fault of the lock, the
        disk or the file that kept one of them from being stored."""
        try:
            if self.connection is None:
                self.connection = reopen_writer(self._path, self._durability, self._factory)
            commit_batch(self.connection, pieces)
        except BaseException as error:
            fault = is_fault(error) or self.connection is None
            failure = self._after(error)
            for piece in pieces:
                piece.error = failure
            return failure if fault or self.connection is None else None
        ill = [piece for piece in pieces if is_fault(piece.error)]
        for piece in ill:
            piece.error = self._after(piece.error)
        return None if not ill else storage_error(self._path, "written", ill[0].error)

    def close(self) -> None:
        """Close; what stands in the log goes to the file."""
        if self.connection is None:
            return
        try:
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.warning("%s could not be checkpointed: %s", self._path.name, error)
        self.connection.close()

    def _after(self, error: BaseException | None) -> StorageError:
        """What callers are told, with a new connection in place of one that met a final error.

        Whether the file is damaged is for the new connection to say: the old one may have met its own ghosts.
        """
        failure = storage_error(self._path, "written", error)
        if self.connection is None or not is_final(error):
            return failure
        self.connection.close()
        self.connection = None
        try:
            self.connection = reopen_writer(self._path, self._durability, self._factory)
        except StorageError as again:
            log.error("%s", again)
            return again
        return failure
