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

PAYLOAD_LIMIT = 3584
TEXT_LIMIT = 160
ROOT = bytes(32)
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
    """The payload as one line of JSON, so short that a record of it has 4 KiB at most.

    Signs that could steer a terminal or break a line are escaped. Of a payload that is too long the long
    texts are cut first; if that is not enough, its beginning and its size are kept.
    """
    text = one_line(payload)
    if len(text.encode()) <= PAYLOAD_LIMIT:
        return text
    shorter = one_line(_shortened(payload))
    if len(shorter.encode()) <= PAYLOAD_LIMIT:
        return shorter
    return one_line({"cut": len(text.encode()), "start": text[: PAYLOAD_LIMIT // 8]})


def one_line(payload: Any) -> str:
    """JSON without signs that could steer a terminal or break a line: they are escaped."""
    text = _encoder.encode(payload).decode()
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    """As JSON writes it: in UTF-16 units. Between texts JSON has no such signs."""
    units = sign.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= TEXT_LIMIT else value[:TEXT_LIMIT] + "…"
    if isinstance(value, Mapping):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(item) for item in value]
    return value


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
    seq, before = (1, ROOT) if last is None else (last[0] + 1, last[1])
    row = (
        seq, clock.now_ns(), round(clock.monotonic() * 1e9), kind, alert_id, plugin, intent_id,
        payload_text(payload),
    )  # fmt: skip
    connection.execute(_INSERT, (*row, link(before, row)))
    return seq


def verify(connection: sqlite3.Connection) -> int:
    """Recompute the chain and return the number of rows.

    It is read in pages: outside of a transaction no read of it is long, and the log of the writer can shrink.

    Raises:
        StorageError: A row was changed, removed or inserted; the message names the first such row.
    """
    before, expected, last = ROOT, 1, BEFORE_ALL
    while rows := connection.execute(_ROWS, (last, PAGE)).fetchall():
        for *row, found in rows:
            if row[0] != expected or found != link(before, tuple(row)):
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
    before, expected = ROOT, rows[0][0]
    if expected != 1:
        before, expected, rows = rows[0][-1], expected + 1, rows[1:]
    for *row, found in rows:
        if row[0] != expected or found != link(before, tuple(row)):
            raise StorageError(f"The journal's chain is broken at event {expected}.", BROKEN)
        before, expected = found, expected + 1


def link(before: bytes, row: tuple[Any, ...]) -> bytes:
    """The hash of a row (all columns but the hash) behind one with the hash ``before``."""
    return hashlib.sha256(before + _encoder.encode(row)).digest()
