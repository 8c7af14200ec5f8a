"""The outbox: what people should hear of, committed together with what it tells."""

import sqlite3

import msgspec

from zepix_core.clock import NS, Clock
from zepix_core.model.notice import Notice

MERGE_SECONDS = 300
_SAID = "SELECT 1 FROM outbox WHERE type = ? AND key = ? AND created_ns > ? LIMIT 1"
_INSERT = (
    "INSERT INTO outbox (created_ns, type, priority, plugin, symbol, alert_id, key, text, data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def put(connection: sqlite3.Connection, clock: Clock, notice: Notice) -> int | None:
    """Add a notice inside the caller's write transaction and return its row id.

    Returns ``None`` when a notice of the same type and key was put less than 5 minutes ago.
    """
    now = clock.now_ns()
    if notice.key is not None:
        said = connection.execute(_SAID, (notice.type, notice.key, now - MERGE_SECONDS * NS)).fetchone()
        if said is not None:
            return None
    data = msgspec.json.encode(notice.data).decode()
    row = (
        now, notice.type, int(notice.priority), notice.plugin, notice.symbol, notice.alert_id, notice.key,
        notice.text, data,
    )  # fmt: skip
    return connection.execute(_INSERT, row).lastrowid
