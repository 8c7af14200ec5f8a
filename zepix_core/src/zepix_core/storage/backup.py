"""A copy of a database through SQLite's own backup, which has what still stands in the WAL."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

import attrs

from zepix_core.clock import NS, Clock, moment
from zepix_core.errors import DatabaseDamaged, StorageError
from zepix_core.storage.connection import open_reader
from zepix_core.storage.faults import one_line

PRIVATE = 0o700
STAMP = "[0-9]" * 8 + "_" + "[0-9]" * 6
FORM = "%Y%m%d_%H%M%S"
ENDING = ".backup"
BY_ITSELF = ".auto"
"""Stands in the names of backups that the host makes on its own and removes when they are old."""
PAGES = 2000
STEPS = 100_000
_NAME = re.compile(r"(?P<stem>.+)\.(?P<at>\d{8}_\d{6})(?:_(?P<number>\d+))?(?P<auto>\.auto)?\.backup")


@attrs.frozen(kw_only=True, order=True)
class Backup:
    """A finished backup, as its name tells; ordered by time.

    Attributes:
        at_ns: When it was made, UTC nanoseconds (whole seconds).
        stem: Name of the database without its ending.
        by_itself: The host made it on its own.
    """

    at_ns: int
    number: int
    stem: str
    by_itself: bool
    path: Path


def backups_of(path: Path, folder: Path) -> tuple[Backup, ...]:
    """Every finished backup of a database in a folder, oldest first."""
    files = folder.glob(f"{escape(path.stem)}.{STAMP}*{ENDING}")
    return tuple(sorted(found for file in files if (found := named(file)) and found.stem == path.stem))


def newest_backup(path: Path, folder: Path) -> Path | None:
    """The newest backup of a database, ``None`` when there is none."""
    found = backups_of(path, folder)
    return found[-1].path if found else None


def named(file: Path) -> Backup | None:
    """What the name of a backup tells, ``None`` for another file."""
    match = _NAME.fullmatch(file.name)
    if match is None:
        return None
    try:
        at = datetime.strptime(match["at"], FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Backup(
        at_ns=round(at.timestamp()) * NS,
        number=int(match["number"] or 1),
        stem=match["stem"],
        by_itself=match["auto"] is not None,
        path=file,
    )


def back_up(
    path: Path,
    folder: Path,
    clock: Clock,
    *,
    by_itself: bool = False,
    enough: Callable[[], bool] = lambda: False,
) -> Path:
    """Copy a database to ``<name>.<YYYYmmdd_HHMMSS>.backup`` in ``folder``, and check the copy. Blocks.

    It reads one moment of the file, and the file's writer goes on meanwhile. A copy of that name that is
    there already stays; the new one gets a number behind its time. What backups of this file that were killed
    left half done is removed first: at one time only one is made of a file.

    Args:
        by_itself: The host makes it on its own, and will remove it.
        enough: Asked now and then; ``True`` gives it up.

    Raises:
        StorageError: It cannot be copied, or was given up.
        DatabaseDamaged: The copy is not sound, and it is a copy of what was there. There is none then.
    """
    at = moment(clock.now_ns()).astimezone(UTC).strftime(FORM)
    ending = f"{BY_ITSELF if by_itself else ''}{ENDING}"
    target = folder / f"{path.stem}.{at}{ending}"
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}.{at}_{number}{ending}"
    half = target.with_name(target.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        for left in folder.glob(f"{escape(path.stem)}.{STAMP}*{ENDING}.part*"):
            left.unlink()
        copy_file(path, half, enough)
        half.replace(target)
    except DatabaseDamaged:
        raise
    except (sqlite3.Error, OSError, StorageError) as error:
        raise StorageError(
            f"{path.name} cannot be backed up to {folder}: {error}.",
            "Nothing was changed. Make room or rights there, then start again.",
        ) from error
    finally:
        half.unlink(missing_ok=True)
    return target


def copy_file(path: Path, target: Path, enough: Callable[[], bool] = lambda: False) -> None:
    """Copy one moment of a database and check the copy. Blocks.

    Raises:
        sqlite3.Error, OSError: It cannot be copied.
        StorageError: It cannot be read, or was given up.
        DatabaseDamaged: The copy is not sound.
    """

    def go_on(_status: int, _left: int, _pages: int) -> None:
        if enough():
            raise StorageError(f"the copy of {path.name} was given up.")

    with closing(open_reader(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(copy, pages=PAGES, progress=go_on, sleep=0.0)
        source.execute("ROLLBACK")
        copy.set_progress_handler(lambda: int(enough()), STEPS)
        require_sound(copy, path.name)
        copy.execute("PRAGMA journal_mode = DELETE")


def require_sound(connection: sqlite3.Connection, name: str) -> None:
    """Look at every page.

    Raises:
        DatabaseDamaged: It is not sound.
        sqlite3.Error: It could not be read to its end.
    """
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise DatabaseDamaged(f"the backup of {name} is not sound: {one_line(verdict)}.")
