"""The one append-only chain of the journal: what happened, why, and what came of it.

Each row holds ``sha256(hash of the row before ‖ this row)``, so a changed, removed or inserted row shows.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from zepix_core.clock import Clock
from zepix_core.errors import StorageError

PAYLOAD_LIMIT = 4096
_ROOT = bytes(32)
_LAST = "SELECT seq, hash FROM journal_events ORDER BY seq DESC LIMIT 1"
_INSERT = (
    "INSERT INTO journal_events (seq, at_ns, mono_ns, kind, alert_id, plugin, intent_id, payload, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ROWS = (
    "SELECT seq, at_ns, mono_ns, kind, alert_id, plugin, intent_id, payload, hash"
    " FROM journal_events WHERE seq > ? ORDER BY seq LIMIT ?"
)
_TAIL = (
    "SELECT seq, at_ns, mono_ns, kind, alert_id, plugin, intent_id, payload, hash"
    " FROM journal_events ORDER BY seq DESC LIMIT ?"
)
NEWEST = 1000
PAGE = 5000
BEFORE_ALL = -(2**63)
BROKEN = "Someone changed journal.db outside Zepix; compare it with the newest backup."
_encoder = msgspec.json.Encoder()


def payload_text(payload: Mapping[str, Any]) -> str:
    """The payload as JSON of at most 4 KiB; a longer one is kept as its beginning and its size."""
    data = _encoder.encode(payload)
    if len(data) <= PAYLOAD_LIMIT:
        return data.decode()
    start = data[: PAYLOAD_LIMIT // 4].decode(errors="ignore")
    return _encoder.encode({"cut": len(data), "start": start}).decode()


def append(
    connection: sqlite3.Connection,
    clock: Clock,
    kind: str,
    payload: Mapping[str, Any],
    *,
    alert_id: int | None = None,
    plugin: str | None = None,
    intent_id: str | None = None,
) -> int:
    """Add a row inside the caller's write transaction and return its sequence number."""
    last = connection.execute(_LAST).fetchone()
    seq, before = (1, _ROOT) if last is None else (last[0] + 1, last[1])
    row = (
        seq, clock.now_ns(), round(clock.monotonic() * 1e9), kind, alert_id, plugin, intent_id,
        payload_text(payload),
    )  # fmt: skip
    connection.execute(_INSERT, (*row, _link(before, row)))
    return seq


def verify(connection: sqlite3.Connection) -> int:
    """Recompute the chain and return the number of rows.

    It is read in pages: outside of a transaction no read of it is long, and the log of the writer can shrink.

    Raises:
        StorageError: A row was changed, removed or inserted; the message names the first such row.
    """
    before, expected, last = _ROOT, 1, BEFORE_ALL
    while rows := connection.execute(_ROWS, (last, PAGE)).fetchall():
        for *row, found in rows:
            if row[0] != expected or found != _link(before, tuple(row)):
                raise StorageError(f"The journal's chain is broken at event {expected}.", BROKEN)
            before, expected = found, expected + 1
        last = rows[-1][0]
    return expected - 1


def verify_newest(connection: sqlite3.Connection, count: int = NEWEST) -> None:
    """Recompute the newest ``count`` links only, which takes no longer as the journal grows.

    Raises:
        StorageError: One of those rows was changed, removed or inserted.
    """
    rows = connection.execute(_TAIL, (count + 1,)).fetchall()[::-1]
    if not rows:
        return
    before, expected = _ROOT, rows[0][0]
    if expected != 1:
        before, expected, rows = rows[0][-1], expected + 1, rows[1:]
    for *row, found in rows:
        if row[0] != expected or found != _link(before, tuple(row)):
            raise StorageError(f"The journal's chain is broken at event {expected}.", BROKEN)
        before, expected = found, expected + 1


def _link(before: bytes, row: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(before + _encoder.encode(row)).digest()
