"""A copy of a database through SQLite's own backup, which has what still stands in the WAL."""

import sqlite3
from contextlib import closing
from datetime import UTC
from glob import escape
from pathlib import Path

from zepix_core.clock import Clock, moment
from zepix_core.errors import StorageError

PRIVATE = 0o700
STAMP = "[0-9]" * 8 + "_" + "[0-9]" * 6


def newest_backup(path: Path, folder: Path) -> Path | None:
    """The newest backup of a database by the time in its name, ``None`` when there is none."""
    return max(backups_of(path, folder), key=lambda file: file.name.split(".")[1], default=None)


def backups_of(path: Path, folder: Path) -> tuple[Path, ...]:
    """Every finished backup of a database in a folder, in no order."""
    return tuple(folder.glob(f"{escape(path.stem)}.{STAMP}*.backup"))


def back_up(path: Path, folder: Path, clock: Clock) -> Path:
    """Copy a database to ``<name>.<YYYYmmdd_HHMMSS>.backup`` in ``folder``, and check the copy. Blocks.

    A copy of that name that is there already stays; the new one gets a number behind its time. What backups
    of this file that were killed left half done is removed first: at one time only one is made of a file.

    Raises:
        StorageError: It cannot be copied, or the copy is not sound; there is none then.
    """
    at = moment(clock.now_ns()).astimezone(UTC).strftime("%Y%m%d_%H%M%S")
    target = folder / f"{path.stem}.{at}.backup"
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}.{at}_{number}.backup"
    half = target.with_name(target.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        for left in folder.glob(f"{escape(path.stem)}.{STAMP}*.backup.part*"):
            left.unlink()
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(half)) as copy:
            source.backup(copy)
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            copy.execute("PRAGMA journal_mode = DELETE")
        if verdict != "ok":
            raise StorageError(f"the backup of {path.name} is not sound: {verdict}.")
        half.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(
            f"{path.name} cannot be backed up to {folder}: {error}.",
            "Nothing was changed. Make room or rights there, then start again.",
        ) from error
    finally:
        half.unlink(missing_ok=True)
    return target
