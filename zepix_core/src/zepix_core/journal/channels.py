"""What became of notices in each channel to people: ``outbox_channels`` and ``outbox_deliveries``.

A notice without a row there waits, unless the channel's cursor is past it or it is of too little weight.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from zepix_core.clock import NS, Clock
from zepix_core.model.notice import Priority

KEPT_NS = 7 * 86_400 * NS
PRUNED_AT_ONCE = 500
_NEWEST = "SELECT coalesce(max(id), 0) FROM outbox"
_CURSOR = "SELECT cursor FROM outbox_channels WHERE channel = ?"
_JOIN = "INSERT INTO outbox_channels (channel, cursor, since_ns) VALUES (?, ?, ?)"
_OTHERS = "SELECT 1 FROM outbox_channels WHERE channel NOT IN (SELECT value FROM json_each(?)) LIMIT 1"
_LEAVE = "DELETE FROM outbox_channels WHERE channel NOT IN (SELECT value FROM json_each(?))"
_MOVE = "UPDATE outbox_channels SET cursor = ? WHERE channel = ? AND cursor < ?"
_WAITING = (
    "SELECT o.id, o.created_ns, o.priority, o.type, coalesce(d.tries, 0)"
    " FROM outbox o LEFT JOIN outbox_deliveries d ON d.channel = ?1 AND d.notice_id = o.id"
    " WHERE o.id > ?2 AND o.priority >= ?3 AND coalesce(d.state, 'waiting') = 'waiting'"
    " ORDER BY o.id LIMIT ?4"
)
_NOTICES = (
    "SELECT id, created_ns, priority, type, text, data, plugin, symbol, alert_id FROM outbox"
    " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
)
_MARK = (
    "INSERT INTO outbox_deliveries (channel, notice_id, state, tries, status, reason, at_ns)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM outbox WHERE id = ?2)"
    " ON CONFLICT (channel, notice_id) DO UPDATE SET state = excluded.state,"
    " tries = outbox_deliveries.tries + excluded.tries, status = excluded.status,"
    " reason = excluded.reason, at_ns = excluded.at_ns"
)
_COUNTS = "SELECT state, count(*), max(at_ns) FROM outbox_deliveries WHERE channel = ? GROUP BY state"
_LAST_FAILURE = (
    "SELECT reason FROM outbox_deliveries WHERE channel = ? AND state = 'failed' ORDER BY at_ns DESC LIMIT 1"
)
_LAST_TRY = (
    "SELECT reason FROM outbox_deliveries WHERE channel = ? AND state = 'waiting' ORDER BY at_ns DESC LIMIT 1"
)
_BEHIND = (
    "SELECT count(*), min(o.created_ns)"
    " FROM outbox o LEFT JOIN outbox_deliveries d ON d.channel = ?1 AND d.notice_id = o.id"
    " WHERE o.id > ?2 AND o.priority >= ?3 AND coalesce(d.state, 'waiting') = 'waiting'"
)
# The newest row stays: with none left the ids would begin again, below the cursors.
_OLD = (
    "SELECT id FROM outbox WHERE created_ns < ?1 AND id < (SELECT max(id) FROM outbox)"
    " AND (priority < ?2 OR (?3 AND id NOT IN (SELECT value FROM json_each(?4)))) ORDER BY id LIMIT ?5"
)
_REMOVE = "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))"
_encoder = msgspec.json.Encoder()


@attrs.frozen(kw_only=True)
class WaitingNotice:
    """A notice that a channel has not told. ``tries``: how often it was tried in vain."""

    id: int
    created_ns: int
    priority: Priority
    type: str
    tries: int = 0


@attrs.frozen(kw_only=True)
class StoredNotice:
    """A row of ``outbox``."""

    id: int
    created_ns: int
    priority: Priority
    type: str
    text: str
    data: dict[str, Any]
    plugin: str | None
    symbol: str | None
    alert_id: int | None


@attrs.frozen(kw_only=True)
class Mark:
    """What became of a notice in a channel; ``tries`` are added to those before."""

    id: int
    state: str
    tries: int = 0
    status: int = 0
    reason: str = ""


@attrs.frozen(kw_only=True)
class Counts:
    """How often what became of notices that are still kept."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0
    last_sent_ns: int = 0
    last_failure: str = ""
    last_error: str = ""


def newest(connection: sqlite3.Connection) -> int:
    """The id of the newest notice, 0 when there never was one."""
    return int(connection.execute(_NEWEST).fetchone()[0])


def join(connection: sqlite3.Connection, clock: Clock, channel: str) -> int:
    """Where a channel stands: everything up to this id is settled. A new one begins with what comes now."""
    row = connection.execute(_CURSOR, (channel,)).fetchone()
    if row is not None:
        return int(row[0])
    now = newest(connection)
    connection.execute(_JOIN, (channel, now, clock.now_ns()))
    return now


def others(connection: sqlite3.Connection, channels: Iterable[str]) -> bool:
    """Whether there are channels besides these."""
    return connection.execute(_OTHERS, (_ids(channels),)).fetchone() is not None


def leave_others(connection: sqlite3.Connection, channels: Iterable[str]) -> None:
    """Forget where channels stand that are not set any more: set again, they begin with what comes then."""
    connection.execute(_LEAVE, (_ids(channels),))


def waiting(
    connection: sqlite3.Connection, channel: str, after: int, least: Priority, limit: int
) -> tuple[WaitingNotice, ...]:
    """Notices behind the id ``after`` that the channel has not told, in order."""
    return tuple(
        WaitingNotice(id=number, created_ns=created, priority=Priority(priority), type=kind, tries=tries)
        for number, created, priority, kind, tries in connection.execute(
            _WAITING, (channel, after, int(least), limit)
        )
    )


def notices(connection: sqlite3.Connection, ids: Iterable[int]) -> tuple[StoredNotice, ...]:
    """The rows with these ids, those that are gone left out."""
    return tuple(
        StoredNotice(
            id=number, created_ns=created, priority=Priority(priority), type=kind, text=text,
            data=msgspec.json.decode(data), plugin=plugin, symbol=symbol, alert_id=alert_id,
        )
        for number, created, priority, kind, text, data, plugin, symbol, alert_id in connection.execute(
            _NOTICES, (_ids(ids),)
        )
    )  # fmt: skip


def write(connection: sqlite3.Connection, clock: Clock, channel: str, marks: Iterable[Mark]) -> None:
    """Keep what became of notices, inside the caller's write transaction; of those that are gone nothing."""
    now = clock.now_ns()
    connection.executemany(
        _MARK, [(channel, one.id, one.state, one.tries, one.status, one.reason, now) for one in marks]
    )


def move(connection: sqlite3.Connection, channel: str, cursor: int) -> None:
    """Everything up to this id is settled."""
    connection.execute(_MOVE, (cursor, channel, cursor))


def counts(connection: sqlite3.Connection, channel: str) -> Counts:
    """How often what became of a channel's notices."""
    found: Mapping[str, tuple[int, int]] = {
        state: (number, at_ns) for state, number, at_ns in connection.execute(_COUNTS, (channel,))
    }
    failure = connection.execute(_LAST_FAILURE, (channel,)).fetchone()
    error = connection.execute(_LAST_TRY, (channel,)).fetchone()
    sent, last_sent = found.get("sent", (0, 0))
    return Counts(
        sent=sent + found.get("merged", (0, 0))[0],
        failed=found.get("failed", (0, 0))[0],
        dropped=found.get("dropped", (0, 0))[0],
        last_sent_ns=last_sent,
        last_failure=failure[0] if failure else "",
        last_error=error[0] if error else "",
    )


def behind(connection: sqlite3.Connection, channel: str, least: Priority) -> tuple[int, int]:
    """How many notices a channel has not told, and when the first of them was put (0: none waits)."""
    row = connection.execute(_CURSOR, (channel,)).fetchone()
    if row is None:
        return 0, 0
    number, oldest = connection.execute(_BEHIND, (channel, row[0], int(least))).fetchone()
    return number, oldest or 0


def old(connection: sqlite3.Connection, now_ns: int, keep: Iterable[int] | None) -> tuple[int, ...]:
    """Ids of some notices past their 7 days, oldest first.

    Args:
        keep: High and critical ones that a channel has not told; ``None``: nobody knows, so all of them stay.
    """
    rows = connection.execute(
        _OLD, (now_ns - KEPT_NS, int(Priority.HIGH), keep is not None, _ids(keep or ()), PRUNED_AT_ONCE)
    )
    return tuple(number for (number,) in rows)


def remove(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Remove notices, and what became of them."""
    connection.execute(_REMOVE, (_ids(ids),))


def _ids(values: Iterable[Any]) -> str:
    return _encoder.encode(list(values)).decode()
