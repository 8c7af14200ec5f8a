"""How ``journal.db`` is opened: checked first, never replaced."""

import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zepix_core.clock import Clock
from zepix_core.errors import SettingsError, StorageError
from zepix_core.journal import events
from zepix_core.journal.upgrade import upgrade
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import Executor, SameThread, WriterThread

log = logging.getLogger(__name__)
HINT = "Put the newest backup from the folder backups in its place."
LAST_WAL_DEFECT = (3, 51, 2)
FIXED_IN = ((3, 50, 7), (3, 44, 6))


def open_journal(path: Path, same_thread: bool = False) -> Executor:
    """Open the file, or make it.

    Raises:
        SettingsError: It cannot be opened, or is not a database.
    """
    try:
        return (SameThread if same_thread else WriterThread)(path, Durability.FULL)
    except StorageError as error:
        raise SettingsError(error.message, error.hint) from error


async def prepare_journal(journal: Executor, clock: Clock, facts: Mapping[str, Any]) -> None:
    """Check the file, make its tables and note the start with ``facts``.

    Raises:
        SettingsError: The file is damaged; it is left as it is.
    """

    def work(connection: sqlite3.Connection) -> None:
        prepare_tables(connection, journal.path)
        try:
            events.verify_newest(connection)
        except StorageError as error:
            log.error("%s", error)
        events.append(connection, clock, "start", facts)

    try:
        await journal.run(work)
    except StorageError as error:
        raise SettingsError(error.message, error.hint) from error


def prepare_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Check the file and bring its tables up to date, inside the caller's write transaction.

    Raises:
        SettingsError: The file is damaged, or a newer program made it; it is left as it is.
    """
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise SettingsError(f"{path} is damaged: {found}.", HINT)
        upgrade(connection)
    except sqlite3.DatabaseError as error:
        raise SettingsError(f"{path} is damaged: {error}.", HINT) from error


def has_wal_defect() -> bool:
    """True for an SQLite whose WAL can be damaged by two writers (3.7.0 to 3.51.2 but for two repairs)."""
    version = tuple(int(part) for part in sqlite3.sqlite_version.split(".")[:3])
    repaired = any(version[:2] == fixed[:2] and version >= fixed for fixed in FIXED_IN)
    return version <= LAST_WAL_DEFECT and not repaired
