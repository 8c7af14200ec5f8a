"""Pairs and bookings in the plugin's database. Every function takes the connection of its transaction."""

import json
import sqlite3
from typing import Any

import attrs

from zepix_core import OrderRow, one_row
from zepix_plugins_v3.trade import Booking, Trade, settled, total_costs
from zepix_plugins_v3.trends import PILLARS

_DIRECT = (
    "symbol",
    "direction",
    "entry_price",
    "entry_time",
    "exit_time",
    "status",
    "signal_type",
    "signal_timeframe",
    "consensus_score",
    "position_multiplier",
    "mtf_raw_string",
    "logic_route",
    "logic_multiplier",
    "routing_reason",
    "total_profit_pips",
    "total_profit_dollars",
    "close_reason",
)
_FLAGS = ("trend_bypass_used", "is_entry_v3_signal")
_ORDER = {
    "ticket": "order_x_ticket",
    "lots": "order_x_lot_size",
    "sl": "order_x_sl_price",
    "tp": "order_x_tp_price",
    "exit_price": "order_x_exit_price",
    "exit_time": "order_x_exit_time",
    "pips": "order_x_profit_pips",
    "dollars": "order_x_profit_dollars",
    "status": "order_x_status",
}
_COLUMNS = (
    *_DIRECT,
    *_FLAGS,
    *(f"mtf_{name}" for name in PILLARS),
    *(column.replace("_x_", leg) for leg in ("_a_", "_b_") for column in _ORDER.values()),
    "mt5_parent_ticket",
    "commission",
    "swap",
    "notes",
    "updated_at",
)
_INSERT = (
    "INSERT INTO combined_v3_trades (" + ", ".join(_COLUMNS) + ")"  # noqa: S608 - constants above
    " VALUES (" + ", ".join(":" + column for column in _COLUMNS) + ") RETURNING id"
)
_UPDATE = (
    "UPDATE combined_v3_trades SET "  # noqa: S608 - constants above
    + ", ".join(column + " = :" + column for column in _COLUMNS)
    + " WHERE id = :id"
)
_BY_ID = "SELECT * FROM combined_v3_trades WHERE id = ?"
_BY_TICKET = "SELECT * FROM combined_v3_trades WHERE order_a_ticket = :ticket OR order_b_ticket = :ticket"
_BY_ALERT = (
    "SELECT t.* FROM combined_v3_trades AS t JOIN v3_signals_log AS s ON s.trade_id = t.id"
    " WHERE s.alert_key = ?"
)
_BOOK = (
    "INSERT INTO v3_profit_bookings (trade_id, order_type, booking_time, closed_percentage, closed_volume,"
    " profit_pips, profit_dollars, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_BOOKINGS = (
    "SELECT order_type, booking_time, closed_percentage, closed_volume, profit_pips, profit_dollars, reason"
    " FROM v3_profit_bookings WHERE trade_id = ? ORDER BY id"
)


def find(connection: sqlite3.Connection, ticket: int | None, alert_key: str) -> Trade | None:
    """The pair that holds a ticket, else the one an alert led to."""
    row = one_row(connection.execute(_BY_TICKET, {"ticket": ticket})) if ticket is not None else None
    if row is None and alert_key:
        row = one_row(connection.execute(_BY_ALERT, (alert_key,)))
    return None if row is None else _trade(row)


def load(connection: sqlite3.Connection, trade_id: int) -> Trade | None:
    """The pair in a row."""
    row = one_row(connection.execute(_BY_ID, (trade_id,)))
    return None if row is None else _trade(row)


def save(connection: sqlite3.Connection, trade: Trade, now: str) -> Trade:
    """Store a pair with its status and totals; a pair that is stored already so is not touched."""
    trade = settled(trade, bool(bookings(connection, trade.id)))
    if trade.id is None:
        values = {**_row(trade), "updated_at": now}
        return attrs.evolve(trade, id=connection.execute(_INSERT, values).fetchone()[0])
    if trade != load(connection, trade.id):
        connection.execute(_UPDATE, {**_row(trade), "updated_at": now, "id": trade.id})
    return trade


def book(connection: sqlite3.Connection, trade_id: int, booking: Booking) -> None:
    """Note that a part of an order was closed; the same booking again changes nothing."""
    connection.execute(
        _BOOK,
        (
            trade_id,
            f"ORDER_{booking.leg}",
            booking.at,
            booking.percentage,
            booking.volume,
            booking.pips,
            booking.dollars,
            booking.reason,
        ),
    )


def bookings(connection: sqlite3.Connection, trade_id: int | None) -> tuple[Booking, ...]:
    """What was booked of a pair, in order."""
    return tuple(
        Booking(
            leg=row[0].removeprefix("ORDER_"),
            at=row[1],
            percentage=row[2],
            volume=row[3],
            pips=row[4],
            dollars=row[5],
            reason=row[6],
        )
        for row in connection.execute(_BOOKINGS, (trade_id,))
    )


def _row(trade: Trade) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(trade, name) for name in _DIRECT}
    row |= {name: int(getattr(trade, name)) for name in _FLAGS}
    row |= {f"mtf_{name}": None if trade.pillars is None else trade.pillars[name] for name in PILLARS}
    for leg, order in (("_a_", trade.a), ("_b_", trade.b)):
        row |= {column.replace("_x_", leg): getattr(order, name) for name, column in _ORDER.items()}
    row["mt5_parent_ticket"] = trade.a.ticket if trade.a.ticket is not None else trade.b.ticket
    row["commission"], row["swap"] = total_costs(trade)
    row["notes"] = json.dumps({"costs": dict(trade.costs)}) if trade.costs else None
    return row


def _trade(row: dict[str, Any]) -> Trade:
    notes = json.loads(row["notes"]) if row["notes"] else {}
    pillars = {name: row[f"mtf_{name}"] for name in PILLARS}
    direct: dict[str, Any] = {name: row[name] for name in _DIRECT}
    direct |= {name: bool(row[name]) for name in _FLAGS}
    return Trade(
        id=row["id"],
        **direct,
        pillars=None if None in pillars.values() else pillars,
        a=_order(row, "_a_"),
        b=_order(row, "_b_"),
        costs={deal: (pair[0], pair[1]) for deal, pair in notes.get("costs", {}).items()},
    )


def _order(row: dict[str, Any], leg: str) -> OrderRow:
    return OrderRow(**{name: row[column.replace("_x_", leg)] for name, column in _ORDER.items()})
