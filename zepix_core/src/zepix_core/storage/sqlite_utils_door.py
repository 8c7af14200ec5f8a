"""The one door to sqlite-utils: it looks for numpy and pandas when it loads, and must not find them.

A worker that loaded them would triple in size for nothing.
"""

import sqlite3
import sys
from types import ModuleType

_HIDDEN = ("numpy", "pandas")


def _load() -> ModuleType:
    found = {name: sys.modules[name] for name in _HIDDEN if name in sys.modules}
    for name in _HIDDEN:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import sqlite_utils
    finally:
        for name in _HIDDEN:
            del sys.modules[name]
        sys.modules.update(found)
    return sqlite_utils


_load()

from sqlite_utils import Database, Migrations  # noqa: E402


def database(connection: sqlite3.Connection) -> Database:
    """sqlite-utils' view of an open connection; tables it creates are STRICT, its own plugins stay out."""
    return Database(connection, execute_plugins=False, strict=True)


__all__ = ["Database", "Migrations", "database"]
