"""How a database file is opened (reliability.md 5): pragmas, one writer, read-only readers."""

import sqlite3
from enum import StrEnum
from pathlib import Path

from zepix_core.errors import StorageError


class Durability(StrEnum):
    """``FULL``: an fsync at each commit (journal, paper book); ``NORMAL``: can be rebuilt."""

    FULL = "FULL"
    NORMAL = "NORMAL"


def open_writer(path: Path, durability: Durability) -> sqlite3.Connection:
    """Open the one writing connection of a file; autocommit, transactions are begun by hand.

    Raises:
        StorageError: The file cannot be opened or is not a database.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {5000 if durability is Durability.FULL else 30000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {durability.value}")
        _guard(connection)
        connection.execute("PRAGMA wal_autocheckpoint = 1000")
    except sqlite3.Error as error:
        raise StorageError(
            f"{path} cannot be opened: {error}.",
            "Check the folder's permissions, or restore the newest backup.",
        ) from error
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a read-only connection.

    Raises:
        StorageError: The file does not exist or cannot be read.
    """
    try:
        uri = path.absolute().as_uri() + "?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA query_only = ON")
        _guard(connection)
    except sqlite3.Error as error:
        raise StorageError(f"{path} cannot be read: {error}.") from error
    return connection


def _guard(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")
