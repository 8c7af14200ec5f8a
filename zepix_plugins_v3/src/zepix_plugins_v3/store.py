"""What the plugin remembers of alerts, and how alerts and trade updates reach the trade rows.

Every function takes the connection of its transaction; every write is keyed, so a repeat changes nothing.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from zepix_core import (
    OrderResult,
    OrderRow,
    TradeUpdate,
    UpdateKind,
    read_stamp,
    reason_of,
    stamp,
    with_costs,
)
from zepix_plugins_v3 import trade as trades
from zepix_plugins_v3 import trade_store
from zepix_plugins_v3.trade import Trade

UNRESOLVED = "unresolved"

_LOG = (
    "INSERT INTO v3_signals_log (received_time, signal_type, symbol, direction, timeframe, consensus_score,"
    " mtf_raw_string, signal_json, processed, trade_placed, skip_reason, alert_key)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (alert_key) DO NOTHING"
)
_HANDLED = (
    "UPDATE v3_signals_log SET processed = 1, trade_placed = max(trade_placed, ?),"
    " trade_id = coalesce(?, trade_id), skip_reason = ? WHERE alert_key = ?"
)
_LINK = (
    "UPDATE v3_signals_log SET trade_id = coalesce(trade_id, ?), trade_placed = 1, skip_reason = NULL"
    " WHERE alert_key = ? AND (trade_id IS NULL OR skip_reason IS NOT NULL)"
)
_NEVER_PLACED = (
    "UPDATE v3_signals_log SET skip_reason = ? WHERE alert_key = ? AND trade_id IS NULL AND skip_reason = ?"
)
_SELECT = (
    "SELECT received_time, signal_type, signal_json, processed, trade_placed, trade_id, skip_reason,"
    " alert_key FROM v3_signals_log"
)
_BY_KEY = _SELECT + " WHERE alert_key = ?"
_SINCE = _SELECT + " WHERE received_time >= ? AND alert_key IS NOT NULL ORDER BY received_time, id"


@attrs.frozen(kw_only=True)
class SignalRow:
    """A row of the signals log. Texts are as written in the message, the time is aware UTC."""

    received_at: datetime
    signal_type: str
    symbol: str
    alert_key: str
    direction: str | None = None
    timeframe: str | None = None
    score: int | None = None
    trends: str | None = None
    body: str = ""
    processed: bool = False
    trade_placed: bool = False
    trade_id: int | None = None
    skip_reason: str | None = None


def log(connection: sqlite3.Connection, row: SignalRow) -> SignalRow | None:
    """Note an alert; returns the row of an earlier delivery of it, which then stays as it is."""
    earlier = logged(connection, row.alert_key)
    values = (
        stamp(row.received_at),
        row.signal_type,
        row.symbol,
        row.direction,
        row.timeframe,
        row.score,
        row.trends,
        row.body,
        int(row.processed),
        row.skip_reason,
        row.alert_key,
    )
    connection.execute(_LOG, values)
    return earlier


def handled(
    connection: sqlite3.Connection, alert_key: str, skip_reason: str | None, trade_id: int | None = None
) -> None:
    """Note what became of an alert; a trade that was placed has its row."""
    connection.execute(_HANDLED, (int(trade_id is not None), trade_id, skip_reason, alert_key))


def logged(connection: sqlite3.Connection, alert_key: str) -> SignalRow | None:
    """The row of an alert."""
    row = connection.execute(_BY_KEY, (alert_key,)).fetchone()
    return None if row is None else _signal(row)


def since(connection: sqlite3.Connection, at: datetime) -> tuple[SignalRow, ...]:
    """Alerts that arrived from ``at`` on, oldest first."""
    return tuple(map(_signal, connection.execute(_SINCE, (stamp(at),))))


def _signal(row: tuple[Any, ...]) -> SignalRow:
    return SignalRow(
        received_at=read_stamp(row[0]),
        signal_type=row[1],
        symbol="",
        body=row[2] or "",
        processed=bool(row[3]),
        trade_placed=bool(row[4]),
        trade_id=row[5],
        skip_reason=row[6],
        alert_key=row[7],
    )


def placed(
    connection: sqlite3.Connection,
    alert_key: str,
    trade: Trade,
    results: tuple[OrderResult, OrderResult],
    now: str,
) -> Trade | None:
    """Note the pair an alert led to. An order that was filled is noted unless an update told of it
    before; one that the broker took and has not filled yet comes with its update. ``None`` when neither
    was filled."""
    filled = {leg: r for leg, r in zip("AB", results, strict=True) if r.ok and r.ticket and r.volume > 0}
    if not filled:
        return None
    first = next(iter(filled.values()))
    known = trade_store.find(connection, first.ticket, alert_key)
    if known is None:
        known = attrs.evolve(trade, entry_price=first.price or trade.entry_price)
    for leg, result in filled.items():
        if known.leg(leg).ticket is None and result.ticket is not None:
            order = OrderRow.filled(result.ticket, result.volume, result.sl, result.tp)
            known = known.with_leg(leg, order)
    known = trade_store.save(connection, known, now)
    connection.execute(_LINK, (known.id, alert_key))
    return known


def apply(
    connection: sqlite3.Connection,
    update: TradeUpdate,
    describe: Callable[[SignalRow], Trade | None],
    now: str,
    parent: Callable[[sqlite3.Connection, TradeUpdate], Trade | None] | None = None,
) -> Trade | None:
    """Bring the trade of an update up to date and return it; ``None`` when it concerns none.

    Args:
        describe: Tells from an alert's row what pair it led to, for an order known from its update alone.
        parent: Tells the new row of an order that follows a pair.
    """
    if update.kind is UpdateKind.REJECTED:
        connection.execute(_NEVER_PLACED, (reason_of(update.reason), update.alert_key, UNRESOLVED))
    if update.kind in (UpdateKind.REJECTED, UpdateKind.UNRESOLVED):
        return None
    trade = trade_store.find(connection, update.ticket, update.alert_key)
    leg = trades.leg_of(trade, update)
    if leg is None:
        return None
    if trade is None:
        row = logged(connection, update.alert_key) if update.alert_key else None
        trade = None if row is None else describe(row)
        if trade is None and parent is not None:
            trade = parent(connection, update)
        trade = trade or trades.of_update(update)
    trade = attrs.evolve(trades.opened(trade, leg, update), costs=with_costs(trade.costs, update))
    trade = _advanced(connection, trade, leg, update, now)
    connection.execute(_LINK, (trade.id, update.alert_key))
    return trade


def _advanced(connection: sqlite3.Connection, trade: Trade, leg: str, update: TradeUpdate, now: str) -> Trade:
    if update.kind is UpdateKind.MODIFIED:
        return trade_store.save(connection, trades.moved(trade, leg, update), now)
    if update.kind is UpdateKind.PARTLY_CLOSED:
        trade = trade_store.save(connection, trade, now)
        if trade.id is not None:
            trade_store.book(connection, trade.id, trades.booking_of(update, leg))
    elif update.kind is UpdateKind.CLOSED:
        booked = trade_store.bookings(connection, trade.id)
        trade = trades.closed(trade, leg, update, booked)
    return trade_store.save(connection, trade, now)
