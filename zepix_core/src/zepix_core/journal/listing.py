"""Rows of the journal as people and programs list them; read from a read-only connection."""

import json
import sqlite3
from typing import Any

import attrs

from zepix_core.clock import iso
from zepix_core.journal.deals import close_reason
from zepix_core.model.order import Book

KEY_LEAST = 8
_ALERTS = (
    "SELECT id, key, external_id, received_ns, kind, symbol, timeframe, state, reason, body, tries,"
    " duplicates, finished_ns FROM inbox"
)
_DELIVERIES = (
    "SELECT alert_id, plugin, state, reason, tries, started_ns, finished_ns FROM deliveries"
    " WHERE alert_id IN (SELECT value FROM json_each(?)) ORDER BY id"
)
_ORDERS = (
    "SELECT i.intent_id, i.alert_id, a.external_id, i.plugin, i.leg, i.action, i.symbol, i.side, i.lots,"
    " i.price, i.sl, i.tp, i.state, i.comment, i.reason, i.retcode, i.fill_price, i.fill_lots, i.label,"
    " i.trade_group, i.book, i.account, i.magic, i.attempt, i.order_ticket, i.deal_ticket, i.position_id,"
    " i.alert_key, i.created_ns, i.updated_ns"
    " FROM intents i LEFT JOIN inbox a ON a.id = i.alert_id"
)
_ORDER_FIELDS = (
    "intent_id", "alert_id", "external_id", "plugin", "leg", "action", "symbol", "side", "lots",
    "price", "sl", "tp", "state", "comment", "reason", "retcode", "fill_price", "fill_lots", "label",
    "group", "book", "account", "magic", "attempt", "order_ticket", "deal_ticket", "position_id",
    "alert_key", "created_ns", "updated_ns",
)  # fmt: skip
_OPENED = (
    " WHERE i.action = 'open' AND i.position_id != 0"
    " AND i.state IN ('placed', 'partly_filled', 'filled', 'closed', 'adopted')"
)
_HELD = (
    # What may be open has an index of its own; the plus keeps that of the positions out of it.
    " WHERE i.state IN ('planned', 'sending', 'placed', 'partly_filled', 'filled', 'unknown', 'adopted')"
    " AND i.state IN ('placed', 'partly_filled', 'filled', 'adopted')"
    " AND i.action = 'open' AND +i.position_id != 0 ORDER BY i.rowid"
)
_DEALS = (
    "SELECT account, position_id, entry, volume, price, time_ns, profit, commission, swap, reason FROM deals"
    " WHERE position_id IN (SELECT value FROM json_each(?)) ORDER BY time_ns, abs(ticket)"
)


_CLOSERS = (
    "SELECT account, position_id, label FROM intents WHERE action = 'close' AND label != ''"
    " AND state IN ('filled', 'closed', 'partly_filled')"
    " AND position_id != 0 AND position_id IN (SELECT value FROM json_each(?)) ORDER BY rowid"
)
_FOLLOWERS = (
    # No alert: those alone are read. A follower's label ends with the id of the order it grows from.
    " WHERE i.alert_id IS NULL AND (i.trade_group IN (SELECT value FROM json_each(?1)) OR"
    " (instr(i.label, '@') > 0 AND substr(i.label, -10) IN (SELECT value FROM json_each(?2))))"
    " ORDER BY i.rowid"
)


@attrs.frozen(kw_only=True)
class DeliveryRow:
    """What one plugin made of an alert. Times are ISO 8601 UTC."""

    plugin: str
    state: str
    reason: str | None
    tries: int
    started_at: str | None
    finished_at: str | None


@attrs.frozen(kw_only=True)
class AlertRow:
    """One alert with its end; ``body`` is the text as it was sent."""

    id: int
    key: str
    external_id: str | None
    received_at: str
    kind: str
    symbol: str | None
    timeframe: str | None
    state: str
    reason: str | None
    body: str
    tries: int = 0
    duplicates: int = 0
    finished_at: str | None = None
    deliveries: tuple[DeliveryRow, ...] = ()


@attrs.frozen(kw_only=True)
class OrderRow:
    """One intent: what was asked of the broker. Prices are prices, lots volume.

    Attributes:
        price: The price the decision was made at; ``fill_price``: what the broker gave.
        ticket: The position's ticket, else the order's, ``None`` before there is one.
    """

    intent_id: str
    alert_id: int | None
    external_id: str | None
    plugin: str
    leg: str
    action: str
    symbol: str
    side: str
    lots: float
    price: float
    sl: float
    tp: float
    state: str
    ticket: int | None
    comment: str
    reason: str = ""
    retcode: int = 0
    fill_price: float = 0.0
    fill_lots: float = 0.0
    label: str = ""
    group: str = ""
    book: str = "live"
    account: str = ""
    magic: int = 0
    attempt: int = 1
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    alert_key: str = ""
    created_at: str = ""
    updated_at: str = ""


@attrs.frozen(kw_only=True)
class TradeRow:
    """One position from its entry to its end; money in account currency.

    Attributes:
        status: ``open``, ``partly_closed`` or ``closed``.
        price_close: Mean price of what was closed, ``None`` before.
        reason: Of the last close, one of the published close reasons.
    """

    ticket: int
    plugin: str
    alert_id: int | None
    external_id: str | None
    symbol: str
    side: str
    leg: str
    label: str
    lots: float
    price_open: float
    sl: float
    tp: float
    status: str
    closed_lots: float
    price_close: float | None
    profit: float
    commission: float
    swap: float
    reason: str
    opened_at: str
    closed_at: str | None
    intent_id: str
    comment: str
    book: str
    group: str = ""


def list_alerts(connection: sqlite3.Connection, limit: int | None = None) -> tuple[AlertRow, ...]:
    """The newest ``limit`` alerts (all when ``None``), oldest first, with their deliveries."""
    rows = connection.execute(_ALERTS + " ORDER BY id DESC LIMIT ?", (_limit(limit),))
    return _alerts(connection, rows.fetchall()[::-1])


def find_alerts(connection: sqlite3.Connection, name: str) -> tuple[AlertRow, ...]:
    """Alerts whose id, own id or key is ``name``, oldest first; a key may be given by its beginning."""
    number = int(name) if name.isascii() and name.isdecimal() and len(name) < 19 else None
    where = " WHERE id = ? OR external_id = ? OR key = ? ORDER BY id"
    rows = connection.execute(_ALERTS + where, (number, name, name)).fetchall()
    if not rows and len(name) >= KEY_LEAST:
        where = " WHERE substr(key, 1, ?) = ? ORDER BY id"
        rows = connection.execute(_ALERTS + where, (len(name), name)).fetchall()
    return _alerts(connection, rows)


def list_orders(connection: sqlite3.Connection, limit: int | None = None) -> tuple[OrderRow, ...]:
    """The newest ``limit`` intents (all when ``None``), oldest first."""
    rows = connection.execute(_ORDERS + " ORDER BY i.rowid DESC LIMIT ?", (_limit(limit),))
    return tuple(_order(row) for row in rows.fetchall()[::-1])


def orders_of_alert(connection: sqlite3.Connection, alert_id: int) -> tuple[OrderRow, ...]:
    """Intents of one alert, oldest first."""
    rows = connection.execute(_ORDERS + " WHERE i.alert_id = ? ORDER BY i.rowid", (alert_id,))
    return tuple(_order(row) for row in rows)


def list_trades(connection: sqlite3.Connection, limit: int | None = None) -> tuple[TradeRow, ...]:
    """The newest ``limit`` positions of ours (all when ``None``), oldest first, open ones included."""
    rows = connection.execute(_ORDERS + _OPENED + " ORDER BY i.rowid DESC LIMIT ?", (_limit(limit),))
    return _trades(connection, rows.fetchall()[::-1])


def open_trades(connection: sqlite3.Connection) -> tuple[TradeRow, ...]:
    """Positions that are still open as far as the journal knows, oldest first."""
    rows = connection.execute(_ORDERS + _HELD)
    return tuple(trade for trade in _trades(connection, rows.fetchall()) if trade.status != "closed")


def open_by_book(connection: sqlite3.Connection, plugin: str) -> tuple[int, int]:
    """How many positions a plugin has open: in the live book, in the shadow book."""
    books = [trade.book for trade in open_trades(connection) if trade.plugin == plugin]
    return books.count(Book.LIVE.value), books.count(Book.SHADOW.value)


def find_order(connection: sqlite3.Connection, intent_id: str) -> OrderRow | None:
    """The intent of that id."""
    row = connection.execute(_ORDERS + " WHERE i.intent_id = ?", (intent_id,)).fetchone()
    return None if row is None else _order(row)


def followers_of(connection: sqlite3.Connection, orders: tuple[OrderRow, ...]) -> tuple[OrderRow, ...]:
    """Intents without an alert that grew from these: a chain's levels, re-entries, and their closes."""
    own = {order.intent_id for order in orders}
    found: dict[str, OrderRow] = {}
    known: set[str] = set()
    while (names := own | set(found)) != known:
        known = names
        groups = sorted({order.group for order in (*orders, *found.values()) if order.group})
        asked = (json.dumps(groups), json.dumps(sorted(names)))
        rows = connection.execute(_ORDERS + _FOLLOWERS, asked)
        found = {order.intent_id: order for order in map(_order, rows) if order.intent_id not in own}
    return tuple(found.values())


def trades_of(connection: sqlite3.Connection, orders: tuple[OrderRow, ...]) -> tuple[TradeRow, ...]:
    """Positions that these intents opened, oldest first."""
    where = " AND i.intent_id IN (SELECT value FROM json_each(?)) ORDER BY i.rowid"
    ids = json.dumps([order.intent_id for order in orders])
    return _trades(connection, connection.execute(_ORDERS + _OPENED + where, (ids,)).fetchall())


def trades_of_alert(connection: sqlite3.Connection, alert_id: int) -> tuple[TradeRow, ...]:
    """Positions that an alert opened, oldest first."""
    rows = connection.execute(_ORDERS + _OPENED + " AND i.alert_id = ? ORDER BY i.rowid", (alert_id,))
    return _trades(connection, rows.fetchall())


def _limit(limit: int | None) -> int:
    return -1 if limit is None else limit


def _alerts(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> tuple[AlertRow, ...]:
    found: dict[int, list[DeliveryRow]] = {}
    ids = json.dumps([row[0] for row in rows])
    for alert_id, plugin, state, reason, tries, started, finished in connection.execute(_DELIVERIES, (ids,)):
        row = DeliveryRow(
            plugin=plugin,
            state=state,
            reason=reason,
            tries=tries,
            started_at=_moment(started),
            finished_at=_moment(finished),
        )
        found.setdefault(alert_id, []).append(row)
    return tuple(_alert(row, tuple(found.get(row[0], ()))) for row in rows)


def _alert(row: tuple[Any, ...], deliveries: tuple[DeliveryRow, ...]) -> AlertRow:
    (
        alert_id,
        key,
        external_id,
        received,
        kind,
        symbol,
        timeframe,
        state,
        reason,
        body,
        tries,
        again,
        end,
    ) = row
    return AlertRow(
        id=alert_id,
        key=key,
        external_id=external_id,
        received_at=iso(received),
        kind=kind,
        symbol=symbol,
        timeframe=timeframe,
        state=state,
        reason=reason,
        body=body,
        tries=tries,
        duplicates=again,
        finished_at=_moment(end),
        deliveries=deliveries,
    )


def _order(row: tuple[Any, ...]) -> OrderRow:
    facts = dict(zip(_ORDER_FIELDS, row, strict=True))
    created, updated = facts.pop("created_ns"), facts.pop("updated_ns")
    return OrderRow(
        **facts,
        ticket=facts["position_id"] or facts["order_ticket"] or None,
        created_at=iso(created),
        updated_at=iso(updated),
    )


def _trades(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> tuple[TradeRow, ...]:
    orders = [_order(row) for row in rows]
    deals: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
    tickets = json.dumps(sorted({order.position_id for order in orders}))
    for account, position, *deal in connection.execute(_DEALS, (tickets,)):
        deals.setdefault((account, position), []).append(tuple(deal))
    reasons = {
        (account, position): label for account, position, label in connection.execute(_CLOSERS, (tickets,))
    }
    return tuple(
        _trade(order, deals.get(key, []), reasons.get(key, ""))
        for order in orders
        for key in ((order.account, order.position_id),)
    )


def _trade(order: OrderRow, deals: list[tuple[Any, ...]], asked: str) -> TradeRow:
    entries = [deal for deal in deals if deal[0] == "in"]
    exits = [deal for deal in deals if deal[0] == "out"]
    lots = round(sum(deal[1] for deal in entries), 8) or order.fill_lots or order.lots
    closed = round(sum(deal[1] for deal in exits), 8)
    if closed >= lots - 1e-9 or (order.state == "closed" and not exits):
        status = "closed"
    else:
        status = "partly_closed" if closed > 0 else "open"
    return TradeRow(
        ticket=order.position_id,
        plugin=order.plugin,
        alert_id=order.alert_id,
        external_id=order.external_id,
        symbol=order.symbol,
        side=order.side,
        leg=order.leg,
        label=order.label,
        lots=lots,
        price_open=entries[0][2] if entries else order.fill_price,
        sl=order.sl,
        tp=order.tp,
        status=status,
        closed_lots=closed,
        price_close=round(sum(deal[1] * deal[2] for deal in exits) / closed, 8) if closed else None,
        profit=round(sum(deal[4] for deal in deals), 2),
        commission=round(sum(deal[5] for deal in deals), 2),
        swap=round(sum(deal[6] for deal in deals), 2),
        reason=close_reason(exits[-1][7], asked, order.label, order.leg) if exits else "",
        opened_at=iso(entries[0][3]) if entries else order.created_at,
        closed_at=iso(exits[-1][3]) if exits and status == "closed" else None,
        intent_id=order.intent_id,
        comment=order.comment,
        book=order.book,
        group=order.group,
    )


def _moment(ns: int | None) -> str | None:
    return None if ns is None else iso(ns)
