"""A trading day's figures: a cache, recomputed from the trades whenever one of them changes."""

import sqlite3
from datetime import date
from decimal import Decimal

from zepix_core import TradingDays, exact, exact_sum, stamp, win_rate

_ENTRIES = (
    "SELECT logic_route, count(*) FROM combined_v3_trades AS t WHERE entry_time >= ? AND entry_time < ?"
    " AND NOT EXISTS (SELECT 1 FROM v3_chain_orders AS c WHERE c.trade_id = t.id AND c.level > 0)"
    " AND NOT EXISTS (SELECT 1 FROM v3_reentry_orders AS r WHERE r.trade_id = t.id)"
    " GROUP BY logic_route"
)
_A_CLOSED = (
    "SELECT count(*) FROM combined_v3_trades WHERE order_a_status = 'CLOSED'"
    " AND order_a_exit_time >= ? AND order_a_exit_time < ?"
)
_B_CLOSED = (
    "SELECT count(*) FROM combined_v3_trades WHERE order_b_status = 'CLOSED'"
    " AND order_b_exit_time >= ? AND order_b_exit_time < ?"
)
_RESULTS = (
    "SELECT total_profit_dollars FROM combined_v3_trades"
    " WHERE status = 'CLOSED' AND exit_time >= ? AND exit_time < ?"
)
_STORE = (
    "INSERT INTO v3_daily_stats (date, total_dual_entries, total_order_a_closed, total_order_b_closed,"
    " logic1_trades, logic2_trades, logic3_trades, total_profit_dollars, win_rate, profit_factor)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (date) DO UPDATE SET"
    " total_dual_entries = excluded.total_dual_entries,"
    " total_order_a_closed = excluded.total_order_a_closed,"
    " total_order_b_closed = excluded.total_order_b_closed,"
    " logic1_trades = excluded.logic1_trades, logic2_trades = excluded.logic2_trades,"
    " logic3_trades = excluded.logic3_trades, total_profit_dollars = excluded.total_profit_dollars,"
    " win_rate = excluded.win_rate, profit_factor = excluded.profit_factor"
)


def recompute(connection: sqlite3.Connection, days: TradingDays, day: date) -> None:
    """Write the figures of one trading day."""
    bounds = tuple(stamp(at) for at in days.bounds(day))
    entries: dict[str, int] = dict(connection.execute(_ENTRIES, bounds).fetchall())
    a_closed = connection.execute(_A_CLOSED, bounds).fetchone()[0]
    b_closed = connection.execute(_B_CLOSED, bounds).fetchone()[0]
    results = [exact(row[0]) for row in connection.execute(_RESULTS, bounds) if row[0] is not None]
    connection.execute(
        _STORE,
        (
            day.isoformat(),
            sum(entries.values()),
            a_closed,
            b_closed,
            *(entries.get(logic, 0) for logic in ("LOGIC1", "LOGIC2", "LOGIC3")),
            exact_sum(results),
            win_rate(results),
            profit_factor(results),
        ),
    )


def profit_factor(results: list[Decimal]) -> float | None:
    """What was won for each unit lost: 0 when nothing was won or lost, ``None`` when nothing was lost."""
    won = sum((result for result in results if result > 0), Decimal(0))
    lost = -sum((result for result in results if result < 0), Decimal(0))
    if lost:
        return float(won / lost)
    return None if won else 0.0
