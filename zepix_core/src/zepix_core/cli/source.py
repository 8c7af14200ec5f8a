"""Rows from the running host, or from the files of a stopped one."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from zepix_core.cli.client import find_host
from zepix_core.cli.options import NEWEST, existing
from zepix_core.config.home import Home
from zepix_core.errors import SettingsError, StorageError
from zepix_core.storage.connection import open_reader

HINT = "See `zepix db check`; put the newest backup from the folder backups in its place."
Work = Callable[[sqlite3.Connection, "int | None"], Any]


def listing(home: Home, path: str, file: Path, offline: Work, everything: bool) -> list[dict[str, Any]]:
    """Rows of ``GET /api/<path>``, or of ``offline(connection, limit)`` on ``file`` when no host runs.

    A file that is not there yet has no rows.

    Raises:
        SettingsError: There is no home.
    """
    client = find_host(existing(home))
    if client is not None:
        rows: list[dict[str, Any]] = client.get(f"{path}?limit={0 if everything else NEWEST}")
        return rows
    return from_file(file, lambda connection: offline(connection, None if everything else NEWEST)) or []


def damaged(file: Path, error: sqlite3.Error) -> SettingsError:
    """A database that cannot be read any more; the program ends with exit code 4."""
    return SettingsError(f"{file} cannot be read: {error}.", HINT)


def from_file(file: Path, work: Callable[[sqlite3.Connection], Any]) -> Any:
    """What ``work`` reads from a database as plain values, ``None`` when the file is not there.

    Raises:
        SettingsError: The file is damaged, or cannot be opened.
    """
    if not file.exists():
        return None
    try:
        connection = open_reader(file)
    except StorageError as error:
        raise SettingsError(error.message, HINT) from error
    try:
        return msgspec.to_builtins(work(connection))
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise damaged(file, error) from error
    except sqlite3.DatabaseError as error:
        raise damaged(file, error) from error
    finally:
        connection.close()
