"""How ``journal.db`` is opened: checked first, never replaced."""

import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zepix_core.clock import Clock
from zepix_core.errors import DatabaseDamaged, SettingsError, StorageError
from zepix_core.journal import events
from zepix_core.journal.upgrade import upgrade
from zepix_core.storage.backup import newest_backup
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import Executor, SameThread, WriterThread
from zepix_core.storage.faults import DAMAGE, FAULTS, RESTORE, code_of, one_line

log = logging.getLogger(__name__)


def require_journal(path: Path, backups: Path) -> None:
    """A journal that is gone is not begun anew: what it knew of orders and positions would be forgotten.

    Raises:
        DatabaseDamaged: There is none, though there are backups of it.
    """
    if not path.exists() and newest_backup(path, backups) is not None:
        raise DatabaseDamaged(f"{path} is gone.", cure(path, backups))


def cure(path: Path, backups: Path) -> str:
    """What to do about a journal that is damaged or gone, with the name of the newest backup."""
    newest = newest_backup(path, backups)
    if newest is None:
        return (
            f"There is no backup of it in {backups}. Keep the file; with the host stopped, move it away to "
            "begin a new journal: the positions at the broker then have to be looked after by hand."
        )
    return f"Stop the host, run `zepix db restore {newest}`, and start it again."


def open_journal(path: Path, same_thread: bool = False) -> Executor:
    """Open the file, or make it.

    Raises:
        DatabaseDamaged: It is not a database.
        SettingsError: It cannot be opened.
    """
    try:
        return (SameThread if same_thread else WriterThread)(path, Durability.FULL)
    except DatabaseDamaged:
        raise
    except StorageError as error:
        raise SettingsError(error.message, error.hint) from error


async def prepare_journal(journal: Executor, clock: Clock, facts: Mapping[str, Any]) -> None:
    """Check the file, make its tables and note the start with ``facts``.

    Raises:
        DatabaseDamaged: The file is damaged; it is left as it is.
        SettingsError: It cannot be written, or a newer program made it.
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
    except DatabaseDamaged:
        raise
    except StorageError as error:
        raise SettingsError(error.message, error.hint) from error


def prepare_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Check the file and bring its tables up to date, inside the caller's write transaction.

    Raises:
        DatabaseDamaged: The file is damaged; it is left as it is.
        SettingsError: A newer program made it; it is left as it is.
    """
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise DatabaseDamaged(f"{path} is damaged: {one_line(found)}.", RESTORE)
        upgrade(connection)
    except sqlite3.DatabaseError as error:
        if code_of(error) in FAULTS - DAMAGE:
            raise
        raise DatabaseDamaged(f"{path} is damaged: {error}.", RESTORE) from error
