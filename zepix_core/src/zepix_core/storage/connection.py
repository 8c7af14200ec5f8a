"""How a database file is opened: pragmas, one writer, read-only readers."""

import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from zepix_core.errors import DatabaseDamaged, StorageError
from zepix_core.storage.faults import DAMAGE, RESTORE, code_of, storage_error
from zepix_core.storage.script import run_script


class Durability(StrEnum):
    """``FULL``: an fsync at each commit (journal, paper book); ``NORMAL``: can be rebuilt."""

    FULL = "FULL"
    NORMAL = "NORMAL"


_PATIENCE = {
    Durability.FULL: "PRAGMA busy_timeout = 5000",
    Durability.NORMAL: "PRAGMA busy_timeout = 30000",
}
_SYNCHRONOUS = {
    Durability.FULL: "PRAGMA synchronous = FULL",
    Durability.NORMAL: "PRAGMA synchronous = NORMAL",
}


class Connection(sqlite3.Connection):
    """A connection whose transactions belong to its executor; what works on it ends none by accident."""

    def commit(self) -> NoReturn:
        """Refused: the executor commits."""
        raise StorageError(
            "work on a database does not commit.", "Return from the work; its executor commits it."
        )

    def rollback(self) -> NoReturn:
        """Refused: the executor rolls back."""
        raise StorageError(
            "work on a database does not roll back.", "Raise an exception; its executor undoes it."
        )

    def __enter__(self) -> NoReturn:
        raise StorageError(
            "'with connection' would commit.", "Work runs in a transaction already; leave it out."
        )

    def executescript(self, script: str) -> sqlite3.Cursor:
        """Run several statements inside the transaction that is open."""
        run_script(self, script)
        return self.cursor()


def open_writer(path: Path, durability: Durability, factory: type[Connection] = Connection) -> Connection:
    """Open the one writing connection of a file; autocommit, transactions are begun by hand.

    Raises:
        StorageError: The file cannot be opened, or lies where WAL does not work.
        DatabaseDamaged: It is not a database.
    """
    return _writer(str(path), path, durability, factory, uri=False)


def reopen_writer(path: Path, durability: Durability, factory: type[Connection] = Connection) -> Connection:
    """Open the writing connection of a file anew after an error that was final for the one before.

    A file that is gone is not made again. What the failed commit left in the write-ahead log goes to the file
    with an fsync of its own: one that failed once reports nothing the second time.

    Raises:
        StorageError: The file cannot be opened.
        DatabaseDamaged: What can be read is not sound.
    """
    name = path.absolute().as_uri() + "?mode=rw"
    connection = _writer(name, path, durability, factory, uri=True)
    try:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise DatabaseDamaged(f"{path.name} is damaged: {verdict}.", RESTORE)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except (sqlite3.Error, StorageError) as error:
        connection.close()
        if code_of(error) in DAMAGE:
            raise DatabaseDamaged(f"{path.name} is damaged: {error}.", RESTORE) from error
        raise storage_error(path, "checked", error) from error
    return connection


def _writer(
    name: str, path: Path, durability: Durability, factory: type[Connection], *, uri: bool
) -> Connection:
    connection = None
    try:
        connection = sqlite3.connect(
            name, uri=uri, isolation_level=None, check_same_thread=False, factory=factory
        )
        connection.execute(_PATIENCE[durability])
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        connection.execute(_SYNCHRONOUS[durability])
        _guard(connection)
        connection.execute("PRAGMA wal_autocheckpoint = 1000")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if code_of(error) in DAMAGE:
            raise DatabaseDamaged(f"{path} is damaged: {error}.", RESTORE) from error
        raise StorageError(
            f"{path} cannot be opened: {error}.",
            "Check the folder's permissions, or restore the newest backup.",
        ) from error
    if mode != "wal":
        connection.close()
        raise StorageError(f"{path} cannot use a write-ahead log.", "Put the data folder on a local disk.")
    return connection


def open_reader(path: Path) -> Connection:
    """Open a read-only connection.

    Raises:
        StorageError: The file does not exist or cannot be read.
    """
    connection = None
    try:
        uri = path.absolute().as_uri() + "?mode=ro"
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, factory=Connection
        )
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA query_only = ON")
        _guard(connection)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise StorageError(f"{path} cannot be read: {error}.") from error
    return connection


def _guard(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")
    # A worker has five connections and 40 MB; the system caches the file itself.
    connection.execute("PRAGMA cache_size = -512")
