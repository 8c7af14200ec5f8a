"""Which errors of SQLite come from a lock, the disk or the file itself, and what becomes of them."""

import sqlite3
from pathlib import Path

from zepix_core.errors import StorageError

# After these the same connection can be used on: nothing but the statement or transaction is lost.
PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# What can come at any statement and is nobody's mistake; all else is raised as it is.
FAULTS = (
    PASSING
    | DAMAGE
    | frozenset(
        {
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_PROTOCOL,
        }
    )
)
RESTORE = "Stop the host, run `zepix db check`, and put a backup back with `zepix db restore`."


def one_line(finding: str) -> str:
    """A finding of ``quick_check`` without its line breaks."""
    return " ".join(finding.split())


def code_of(error: BaseException | None) -> int | None:
    """The primary result code, ``None`` for what is no error of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None
    return None if code is None else code & 0xFF


def is_fault(error: BaseException | None) -> bool:
    """True for an error of the lock, the disk or the file."""
    return code_of(error) in FAULTS


def is_final(error: BaseException | None) -> bool:
    """True when the connection that met it must not be used again: what a failed write or fsync left behind
    is not known to it."""
    return error is not None and code_of(error) not in PASSING


def storage_error(path: Path, what: str, error: BaseException | None) -> StorageError:
    """The error as callers see it; ``what`` is ``read`` or ``written``."""
    if isinstance(error, StorageError):
        failure = type(error)(error.message, error.hint)
    else:
        hint = "Check free disk space and the data folder."
        failure = StorageError(f"{path.name} could not be {what}: {error}.", hint)
    failure.__cause__ = error
    return failure
