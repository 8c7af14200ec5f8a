"""Re-entries in the plugin's database. Every function takes the connection of its transaction."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from zepix_core import Side, stamp
from zepix_plugins_v3.reentry import Counts, Mode, Recovery, ReState

_COLUMNS = (
    "chain_id", "trade_id", "symbol", "direction", "logic_route", "mode", "level", "recoveries", "state",
    "reason", "distance", "stop_distance", "lots", "price", "not_before", "deadline", "ticket", "sl_price",
    "tries", "watch", "timer", "started_at",
)  # fmt: skip
_SELECT = "SELECT " + ", ".join(_COLUMNS) + " FROM v3_reentry_chains"  # noqa: S608 - constants above
_BY_ID = _SELECT + " WHERE chain_id = ?"
_BY_TICKET = _SELECT + " WHERE chain_id = (SELECT chain_id FROM v3_reentry_orders WHERE ticket = ?)"  # noqa: S608
_SAVE = (
    "INSERT INTO v3_reentry_chains ("  # noqa: S608 - constants above
    + ", ".join(_COLUMNS)
    + ", updated_at) VALUES ("
    + ", ".join("?" for _ in (*_COLUMNS, "updated_at"))
    + ") ON CONFLICT (chain_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in (*_COLUMNS[5:], "updated_at"))
)
_ADD = (
    "INSERT INTO v3_reentry_orders (chain_id, level, mode, trade_id, ticket, placed_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " trade_id = coalesce(excluded.trade_id, trade_id), ticket = coalesce(excluded.ticket, ticket)"
)
_END = "UPDATE v3_reentry_orders SET closed_at = ?, profit = ? WHERE ticket = ? AND profit IS NULL"
_LOST_SIGHT = "UPDATE v3_reentry_orders SET closed_at = ? WHERE ticket = ? AND closed_at IS NULL"
_KNOWN = "SELECT 1 FROM v3_reentry_orders WHERE ticket = ?"
_PLACED = "SELECT placed_at FROM v3_reentry_orders WHERE placed_at >= ?"
_LOST = "SELECT closed_at FROM v3_reentry_orders WHERE closed_at >= ? AND profit < 0"
_TICKETS = "SELECT ticket FROM v3_reentry_orders WHERE ticket IS NOT NULL AND closed_at IS NULL"
_OPEN = (
    "SELECT (SELECT count(*) FROM v3_reentry_orders WHERE ticket IS NOT NULL AND closed_at IS NULL)"
    " + (SELECT count(*) FROM v3_reentry_chains WHERE state = 'PLANNED')"
)
_PLANNED = _SELECT + " WHERE state = 'PLANNED'"
_WANTED = _SELECT + " WHERE state IN ('WATCHING', 'PLANNED') AND symbol = ? AND direction = ?"
_IDLE = (
    "SELECT chain_id FROM v3_reentry_chains WHERE state = 'ENDED' AND symbol = ? AND direction = ?"
    " AND (watch IS NOT NULL OR timer IS NOT NULL)"
)


def load(connection: sqlite3.Connection, chain_id: str) -> Recovery | None:
    """The chain of re-entries of that id."""
    return _read(connection.execute(_BY_ID, (chain_id,)).fetchone())


def by_ticket(connection: sqlite3.Connection, ticket: int) -> Recovery | None:
    """The chain that placed an order."""
    return _read(connection.execute(_BY_TICKET, (ticket,)).fetchone())


def save(connection: sqlite3.Connection, recovery: Recovery, now: str) -> Recovery:
    """Store a chain of re-entries; one that is stored already so is not touched."""
    if load(connection, recovery.id) != recovery:
        connection.execute(_SAVE, (*_row(recovery), now))
    return recovery


def add(
    connection: sqlite3.Connection, recovery: Recovery, ticket: int, trade_id: int | None, at: str
) -> None:
    """Note a re-entry that is in."""
    values = (recovery.id, recovery.level, recovery.mode.value, trade_id, ticket, at)
    connection.execute(_ADD, values)


def end(connection: sqlite3.Connection, ticket: int, profit: float, at: str) -> None:
    """Note how a re-entry ended; a second time changes nothing."""
    connection.execute(_END, (at, profit, ticket))


def known(connection: sqlite3.Connection, ticket: int) -> bool:
    """Whether a re-entry was noted."""
    return connection.execute(_KNOWN, (ticket,)).fetchone() is not None


def lost_sight(connection: sqlite3.Connection, ticket: int, at: str) -> None:
    """Note that a re-entry is not open; how it ended may still be told."""
    connection.execute(_LOST_SIGHT, (at, ticket))


def wanted(connection: sqlite3.Connection, symbol: str, side: Side) -> tuple[Recovery, ...]:
    """Re-entries of a symbol and side that may still be placed."""
    return _all(connection, _WANTED, (symbol, side.value))


def idle(connection: sqlite3.Connection, symbol: str, side: Side) -> tuple[str, ...]:
    """Chains of re-entries that have ended and have not told the host so."""
    return tuple(row[0] for row in connection.execute(_IDLE, (symbol, side.value)))


def open_now(connection: sqlite3.Connection) -> tuple[tuple[int, ...], tuple[Recovery, ...]]:
    """What counts as open: tickets of re-entries, and chains whose re-entry is to be placed."""
    tickets = tuple(row[0] for row in connection.execute(_TICKETS))
    return tickets, _all(connection, _PLANNED, ())


def _all(connection: sqlite3.Connection, query: str, values: tuple[str, ...]) -> tuple[Recovery, ...]:
    rows = connection.execute(query, values).fetchall()
    return tuple(recovery for row in rows if (recovery := _read(row)) is not None)


def counts(connection: sqlite3.Connection, since: datetime) -> Counts:
    """What the limits are judged by."""
    start = (stamp(since),)
    return Counts(
        placed=tuple(_moment(row[0]) for row in connection.execute(_PLACED, start)),
        lost=tuple(_moment(row[0]) for row in connection.execute(_LOST, start)),
        open=connection.execute(_OPEN).fetchone()[0],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _row(recovery: Recovery) -> tuple[Any, ...]:
    return (
        recovery.id, recovery.trade_id, recovery.symbol, recovery.side.value, recovery.logic,
        recovery.mode.value, recovery.level, recovery.recoveries, recovery.state.value, recovery.reason,
        recovery.distance, recovery.stop_distance, recovery.lots, recovery.price, stamp(recovery.not_before),
        stamp(recovery.deadline), recovery.ticket, recovery.sl, recovery.tries, recovery.watch,
        recovery.timer, stamp(recovery.started_at),
    )  # fmt: skip


def _read(row: tuple[Any, ...] | None) -> Recovery | None:
    if row is None:
        return None
    values = dict(zip(_COLUMNS, row, strict=True))
    return Recovery(
        id=values["chain_id"],
        trade_id=values["trade_id"],
        symbol=values["symbol"],
        side=Side(values["direction"]),
        logic=values["logic_route"],
        mode=Mode(values["mode"]),
        level=values["level"],
        recoveries=values["recoveries"],
        state=ReState(values["state"]),
        reason=values["reason"],
        distance=values["distance"],
        stop_distance=values["stop_distance"],
        lots=values["lots"],
        price=values["price"],
        not_before=_moment(values["not_before"]),
        deadline=_moment(values["deadline"]),
        started_at=_moment(values["started_at"]),
        ticket=values["ticket"],
        sl=values["sl_price"],
        tries=values["tries"],
        watch=values["watch"],
        timer=values["timer"],
    )
