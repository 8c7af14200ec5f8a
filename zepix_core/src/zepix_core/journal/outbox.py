"""Notices that wait to be told: rows committed together with what they tell."""

import sqlite3

import msgspec

from zepix_core.clock import NS, Clock
from zepix_core.model.notice import Notice

SAME_NOTICE_NS = 300 * NS
_KNOWN = "SELECT id FROM outbox WHERE type = ? AND key = ? AND created_ns > ? LIMIT 1"
_INSERT = (
    "INSERT INTO outbox (created_ns, type, priority, plugin, symbol, alert_id, key, text, data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_encoder = msgspec.json.Encoder()


def put(connection: sqlite3.Connection, clock: Clock, notice: Notice) -> int | None:
    """Add a notice inside the caller's write transaction and return its row.

    ``None`` when a notice of equal type and key was put within the last 5 minutes.
    """
    now = clock.now_ns()
    if notice.key is not None:
        known = connection.execute(_KNOWN, (notice.type, notice.key, now - SAME_NOTICE_NS)).fetchone()
        if known is not None:
            return None
    row = connection.execute(
        _INSERT,
        (
            now, notice.type, int(notice.priority), notice.plugin, notice.symbol, notice.alert_id, notice.key,
            notice.text, _encoder.encode(notice.data).decode(),
        ),
    )  # fmt: skip
    return row.lastrowid
