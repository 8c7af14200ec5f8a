"""Profit chains in the plugin's database. Every function takes the connection of its transaction."""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from zepix_core import Side, stamp
from zepix_plugins_v3.chain import Chain, ChainOrder, ChainState, Slot

_CHAINS = (
    "SELECT chain_id, trade_id, symbol, direction, logic_route, level, state, reason FROM v3_profit_chains"
)
_BY_ID = _CHAINS + " WHERE chain_id = ?"
_BY_TICKET = _CHAINS + " WHERE chain_id = (SELECT chain_id FROM v3_chain_orders WHERE ticket = ?)"  # noqa: S608
_ACTIVE = _CHAINS + " WHERE state = 'ACTIVE' AND symbol = ? AND direction = ? ORDER BY chain_id"
_ORDERS = (
    "SELECT level, slot, state, lots, ticket, entry_price, tp_price, tries, deals, reason, watch, trade_id,"
    " waits, closed_at FROM v3_chain_orders WHERE chain_id = ? ORDER BY level, slot"
)
_SAVE = (
    "INSERT INTO v3_profit_chains"
    " (chain_id, trade_id, symbol, direction, logic_route, level, state, reason, started_at, updated_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) ON CONFLICT (chain_id) DO UPDATE SET"
    " level = excluded.level, state = excluded.state, reason = excluded.reason,"
    " updated_at = excluded.updated_at"
)
_SAVE_ORDER = (
    "INSERT INTO v3_chain_orders (chain_id, level, slot, state, lots, ticket, entry_price, tp_price, tries,"
    " deals, reason, watch, trade_id, waits, closed_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (chain_id, level, slot) DO UPDATE SET"
    " state = excluded.state, lots = excluded.lots, ticket = excluded.ticket,"
    " entry_price = excluded.entry_price, tp_price = excluded.tp_price, tries = excluded.tries,"
    " deals = excluded.deals, reason = excluded.reason, watch = excluded.watch, trade_id = excluded.trade_id,"
    " waits = excluded.waits, closed_at = excluded.closed_at"
)


def load(connection: sqlite3.Connection, chain_id: str) -> Chain | None:
    """The chain of that id."""
    return _chain(connection, connection.execute(_BY_ID, (chain_id,)).fetchone())


def by_ticket(connection: sqlite3.Connection, ticket: int) -> Chain | None:
    """The chain that holds an order."""
    return _chain(connection, connection.execute(_BY_TICKET, (ticket,)).fetchone())


def active(connection: sqlite3.Connection, symbol: str, side: Side) -> tuple[Chain, ...]:
    """The chains of a symbol and side that may open more."""
    rows = connection.execute(_ACTIVE, (symbol, side.value)).fetchall()
    return tuple(chain for row in rows if (chain := _chain(connection, row)) is not None)


def save(connection: sqlite3.Connection, chain: Chain, now: str) -> Chain:
    """Store a chain with its orders; one that is stored already so is not touched."""
    before = load(connection, chain.id)
    if before == chain:
        return chain
    connection.execute(
        _SAVE,
        (
            chain.id,
            chain.trade_id,
            chain.symbol,
            chain.side.value,
            chain.logic,
            chain.level,
            chain.state.value,
            chain.reason,
            now,
        ),
    )
    known = set() if before is None else set(map(_row, before.orders))
    for row in map(_row, chain.orders):
        if row not in known:
            connection.execute(_SAVE_ORDER, (chain.id, *row))
    return chain


def _row(order: ChainOrder) -> tuple[Any, ...]:
    return (
        order.level,
        order.slot,
        order.state.value,
        order.lots,
        order.ticket,
        order.entry,
        order.tp,
        order.tries,
        json.dumps(dict(order.deals)) if order.deals else None,
        order.reason,
        order.watch,
        order.trade_id,
        order.waits,
        None if order.closed_at is None else stamp(order.closed_at),
    )


def _chain(connection: sqlite3.Connection, row: tuple[Any, ...] | None) -> Chain | None:
    if row is None:
        return None
    return Chain(
        id=row[0],
        trade_id=row[1],
        symbol=row[2],
        side=Side(row[3]),
        logic=row[4],
        level=row[5],
        state=ChainState(row[6]),
        reason=row[7],
        orders=tuple(map(_order, connection.execute(_ORDERS, (row[0],)))),
    )


def _order(row: tuple[Any, ...]) -> ChainOrder:
    return ChainOrder(
        level=row[0],
        slot=row[1],
        state=Slot(row[2]),
        lots=row[3],
        ticket=row[4],
        entry=row[5],
        tp=row[6],
        tries=row[7],
        deals=json.loads(row[8]) if row[8] else {},
        reason=row[9],
        watch=row[10],
        trade_id=row[11],
        waits=row[12],
        closed_at=None if row[13] is None else datetime.fromisoformat(row[13]).replace(tzinfo=UTC),
    )
