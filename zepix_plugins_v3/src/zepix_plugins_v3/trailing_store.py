"""Trailing stops in the plugin's database. Every function takes the connection of its transaction."""

import sqlite3

from zepix_core import Side
from zepix_plugins_v3.trailing import Trail

_BY_TICKET = (
    "SELECT ticket, trade_id, leg, symbol, direction, entry_price, distance, sl_price, tp_price, steps,"
    " state, watch, tries FROM v3_trailing_stops WHERE ticket = ?"
)
_SAVE = (
    "INSERT INTO v3_trailing_stops (ticket, trade_id, leg, symbol, direction, entry_price, distance,"
    " sl_price, tp_price, steps, state, watch, tries, updated_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (ticket) DO UPDATE SET entry_price = excluded.entry_price, sl_price = excluded.sl_price,"
    " tp_price = excluded.tp_price, steps = excluded.steps, state = excluded.state, watch = excluded.watch,"
    " tries = excluded.tries, updated_at = excluded.updated_at"
)


def load(connection: sqlite3.Connection, ticket: int) -> Trail | None:
    """The trail of an order."""
    row = connection.execute(_BY_TICKET, (ticket,)).fetchone()
    if row is None:
        return None
    return Trail(
        ticket=row[0],
        trade_id=row[1],
        leg=row[2],
        symbol=row[3],
        side=Side(row[4]),
        entry=row[5],
        distance=row[6],
        sl=row[7],
        tp=row[8],
        steps=row[9],
        over=row[10] == "CLOSED",
        watch=row[11],
        tries=row[12],
    )


def save(connection: sqlite3.Connection, trail: Trail, now: str) -> Trail:
    """Store a trail; one that is stored already so is not touched."""
    if load(connection, trail.ticket) != trail:
        connection.execute(
            _SAVE,
            (
                trail.ticket,
                trail.trade_id,
                trail.leg,
                trail.symbol,
                trail.side.value,
                trail.entry,
                trail.distance,
                trail.sl,
                trail.tp,
                trail.steps,
                "CLOSED" if trail.over else "OPEN",
                trail.watch,
                trail.tries,
                now,
            ),
        )
    return trail
