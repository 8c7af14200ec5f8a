"""Notices that wait to be told: rows committed together with what they tell."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from zepix_core.clock import NS, Clock
from zepix_core.journal import host_state
from zepix_core.model.notice import SWITCHES, Notice, Priority

SAME_NOTICE_NS = 300 * NS
MUTED = "muted:"
_KNOWN = "SELECT id FROM outbox WHERE type = ? AND key = ? AND created_ns > ? LIMIT 1"
_INSERT = (
    "INSERT INTO outbox (created_ns, type, priority, plugin, symbol, alert_id, key, text, data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_encoder = msgspec.json.Encoder()


def put(connection: sqlite3.Connection, clock: Clock, notice: Notice) -> int | None:
    """Add a notice inside the caller's write transaction and return its row.

    ``None`` when a notice of equal type and key was put within the last 5 minutes, or when its plugin's
    settings do not want it; what is critical is always told.
    """
    if _is_muted(connection, notice):
        return None
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


def remember_switches(
    connection: sqlite3.Connection, clock: Clock, plugin: str, notifications: Mapping[str, Any]
) -> None:
    """Keep which notices a plugin's settings switch off, ``notifications`` being that part of them."""
    off = sorted({name for name in SWITCHES.values() if notifications.get(name) is False})
    if off != (host_state.read(connection, MUTED + plugin) or []):
        host_state.write(connection, clock, MUTED + plugin, off)


def _is_muted(connection: sqlite3.Connection, notice: Notice) -> bool:
    switch = SWITCHES.get(notice.type)
    if switch is None or notice.plugin is None or notice.priority is Priority.CRITICAL:
        return False
    return switch in (host_state.read(connection, MUTED + notice.plugin) or ())
