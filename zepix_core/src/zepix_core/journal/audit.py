"""The chain as an audit: its records, as lines of JSON, and all that belong to one alert."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import attrs
import msgspec

from zepix_core.clock import iso
from zepix_core.journal.events import one_line
from zepix_core.journal.listing import (
    AlertRow,
    OrderRow,
    find_alerts,
    find_order,
    followers_of,
    orders_of_alert,
)

PAGE = 2000
_COLUMNS = "SELECT seq, at_ns, kind, alert_id, plugin, intent_id, payload, hash FROM journal_events"
_FROM = _COLUMNS + " WHERE seq > ? AND at_ns >= ? AND at_ns < ? ORDER BY seq LIMIT ?"
_OF = (
    "SELECT seq, at_ns, kind, alert_id, plugin, intent_id, payload, hash FROM journal_events"
    " WHERE alert_id = ?1 OR intent_id IN (SELECT value FROM json_each(?2)) ORDER BY seq"
)
_POSITIONS = (
    "SELECT DISTINCT position_id, account FROM intents"
    " WHERE position_id != 0 AND intent_id IN (SELECT value FROM json_each(?))"
)
_TOUCHING = (
    "SELECT intent_id FROM intents WHERE position_id != 0"
    " AND position_id IN (SELECT value FROM json_each(?1)) AND account IN (SELECT value FROM json_each(?2))"
    " ORDER BY rowid"
)
_DEALS = (
    "SELECT ticket, position_id, intent_id, plugin, symbol, side, entry, volume, price, time_ns, profit,"
    " commission, swap, reason, book FROM deals WHERE position_id IN (SELECT value FROM json_each(?1))"
    " AND account IN (SELECT value FROM json_each(?2)) ORDER BY time_ns, abs(ticket)"
)
_LATEST_NS = 2**63 - 1


@attrs.frozen(kw_only=True)
class AuditRecord:
    """One event of the chain. ``at`` is ISO 8601 UTC, ``hash`` hexadecimal."""

    seq: int
    at: str
    kind: str
    alert_id: int | None
    plugin: str | None
    intent_id: str | None
    payload: dict[str, Any]
    hash: str


@attrs.frozen(kw_only=True)
class DealRecord:
    """One execution at the broker; money in account currency."""

    ticket: int
    position: int
    intent_id: str | None
    plugin: str | None
    symbol: str
    side: str
    entry: str
    volume: float
    price: float
    at: str
    profit: float
    commission: float
    swap: float
    reason: str
    book: str


@attrs.frozen(kw_only=True)
class AuditStory:
    """Every record that belongs to an alert or an order, and the deals it came to.

    Attributes:
        alert: ``None`` for an order that no alert asked for.
        intents: Of the alert, what grew from them, and whatever touched their positions.
    """

    alert: AlertRow | None
    intents: tuple[str, ...]
    records: tuple[AuditRecord, ...]
    deals: tuple[DealRecord, ...]


def records(
    connection: sqlite3.Connection, since_ns: int = 0, until_ns: int = _LATEST_NS
) -> Iterator[AuditRecord]:
    """The records of a span of time, the end not included, in the order they were written; read in pages."""
    last = 0
    while rows := connection.execute(_FROM, (last, since_ns, until_ns, PAGE)).fetchall():
        for row in rows:
            yield _record(row)
        last = rows[-1][0]


def line(record: AuditRecord) -> str:
    """A record as one line of JSON, 4 KiB at most."""
    return one_line(attrs.asdict(record))


def audit_story(connection: sqlite3.Connection, name: str) -> AuditStory | None:
    """All of the alert with that id, own id or key (the newest when several share it), or of an order.

    ``None``: there is neither.
    """
    alerts = find_alerts(connection, name)
    exact = [alert for alert in alerts if str(alert.id) == name]
    alert = exact[0] if exact else alerts[-1] if alerts else None
    orders: tuple[OrderRow, ...]
    if alert is None:
        order = find_order(connection, name)
        if order is None:
            return None
        if order.alert_id is not None:
            return audit_story(connection, str(order.alert_id))
        orders = (order,)
    else:
        orders = orders_of_alert(connection, alert.id)
    own = [order.intent_id for order in (*orders, *(followers_of(connection, orders) if orders else ()))]
    held = connection.execute(_POSITIONS, (json.dumps(own),)).fetchall()
    where = json.dumps([position for position, _ in held]), json.dumps([account for _, account in held])
    touching = (intent for (intent,) in connection.execute(_TOUCHING, where))
    intents = tuple(dict.fromkeys((*own, *touching)))
    rows = connection.execute(_OF, (None if alert is None else alert.id, json.dumps(intents)))
    deals = connection.execute(_DEALS, where)
    return AuditStory(
        alert=alert,
        intents=intents,
        records=tuple(_record(row) for row in rows),
        deals=tuple(_deal(row) for row in deals),
    )


def _record(row: tuple[Any, ...]) -> AuditRecord:
    seq, at_ns, kind, alert_id, plugin, intent_id, payload, digest = row
    try:
        facts = msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError):
        facts = {"unreadable": payload[:200]}  # somebody changed it: `audit verify` says where
    return AuditRecord(
        seq=seq, at=iso(at_ns), kind=kind, alert_id=alert_id, plugin=plugin, intent_id=intent_id,
        payload=facts, hash=digest.hex(),
    )  # fmt: skip


def _deal(row: tuple[Any, ...]) -> DealRecord:
    ticket, position, intent, plugin, symbol, side, entry, volume, price, time_ns, *rest = row
    profit, commission, swap, reason, book = rest
    return DealRecord(
        ticket=ticket, position=position, intent_id=intent, plugin=plugin, symbol=symbol, side=side,
        entry=entry, volume=volume, price=price, at=iso(time_ns), profit=profit, commission=commission,
        swap=swap, reason=reason, book=book,
    )  # fmt: skip
