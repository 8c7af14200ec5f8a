"""Small state of the host that outlives a restart: one JSON value a key."""

import sqlite3
from typing import Any

import msgspec

from zepix_core.clock import Clock

_encoder = msgspec.json.Encoder()


def read(connection: sqlite3.Connection, key: str) -> Any:
    """The value of a key, ``None`` when there is none."""
    row = connection.execute("SELECT value FROM host_state WHERE key = ?", (key,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0])


def write(connection: sqlite3.Connection, clock: Clock, key: str, value: Any) -> None:
    """Set a key inside the caller's write transaction."""
    connection.execute(
        "INSERT INTO host_state (key, value, updated_ns) VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_ns = excluded.updated_ns",
        (key, _encoder.encode(value).decode(), clock.now_ns()),
    )


def remove(connection: sqlite3.Connection, key: str) -> None:
    """Remove one key, if it is there."""
    connection.execute("DELETE FROM host_state WHERE key = ?", (key,))


def erase(connection: sqlite3.Connection, prefix: str) -> None:
    """Remove all keys that start with ``prefix``."""
    connection.execute("DELETE FROM host_state WHERE substr(key, 1, ?) = ?", (len(prefix), prefix))


def keys(connection: sqlite3.Connection, prefix: str) -> tuple[str, ...]:
    """All keys that start with ``prefix``, sorted."""
    query = "SELECT key FROM host_state WHERE substr(key, 1, ?) = ? ORDER BY key"
    return tuple(row[0] for row in connection.execute(query, (len(prefix), prefix)))
