"""A side that an exit or a reversal leaves: nothing grows any more from pairs whose alert came before it.

Updates of orders that ended just before may still be on their way to the plugin; they are judged by the order
of the alerts, which no clock can confuse. Every function takes the connection of its transaction.
"""

import sqlite3

from zepix_core import Side
from zepix_plugins_v3 import chain as chains
from zepix_plugins_v3 import chain_store, reentry, reentry_store
from zepix_plugins_v3.decision import V3Decision
from zepix_plugins_v3.reentry import Recovery, ReState

EXIT = "exit_signal"
REVERSAL = "reversal"

_LEAVE = (
    "INSERT INTO v3_sides_left (symbol, direction, signal_id, reason, updated_at)"
    " SELECT ?, ?, id, ?, ? FROM v3_signals_log WHERE alert_key = ?"
    " ON CONFLICT (symbol, direction) DO UPDATE SET signal_id = excluded.signal_id,"
    " reason = excluded.reason, updated_at = excluded.updated_at WHERE excluded.signal_id > signal_id"
)
_LEFT = (
    "SELECT left_.reason FROM v3_sides_left AS left_ JOIN v3_signals_log AS entry ON entry.trade_id = ?"
    " WHERE left_.symbol = ? AND left_.direction = ? AND entry.id < left_.signal_id"
)


def side_left(decision: V3Decision) -> tuple[Side, str] | None:
    """The side that a decision leaves and why; also when no position of it is open any more."""
    if decision.close_side is not None:
        return decision.close_side, EXIT
    if decision.entry is not None and decision.entry.aggressive:
        return decision.entry.side.opposite, REVERSAL
    return None


def leave(
    connection: sqlite3.Connection, alert_key: str, symbol: str, side: Side, reason: str, now: str
) -> tuple[str, ...]:
    """Stop what would open more on a side; the chains of re-entries that need wait for nothing any more."""
    connection.execute(_LEAVE, (symbol, side.value, reason, now, alert_key))
    for chain in chain_store.active(connection, symbol, side):
        if left(connection, chain.trade_id, symbol, side) is not None:
            chain_store.save(connection, chains.stopped(chain, reason), now)
    for recovery in reentry_store.wanted(connection, symbol, side):
        reentry_store.save(connection, unless_left(connection, recovery), now)
    return reentry_store.idle(connection, symbol, side)


def left(connection: sqlite3.Connection, trade_id: int, symbol: str, side: Side) -> str | None:
    """Why a pair's side was left after its alert; ``None`` when it was not."""
    row = connection.execute(_LEFT, (trade_id, symbol, side.value)).fetchone()
    return None if row is None else str(row[0])


def unless_left(connection: sqlite3.Connection, recovery: Recovery) -> Recovery:
    """The wait for a re-entry, ended when its side was left."""
    if recovery.state not in (ReState.WATCHING, ReState.PLANNED):
        return recovery
    reason = left(connection, recovery.trade_id, recovery.symbol, recovery.side)
    return recovery if reason is None else reentry.over(recovery, reason)
