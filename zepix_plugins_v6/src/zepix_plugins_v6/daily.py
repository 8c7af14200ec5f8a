"""A trading day's figures: a cache, recomputed from the trades and the log whenever one of them changes."""

import sqlite3
from datetime import date

from zepix_core import TradingDays, exact, exact_sum, stamp, win_rate

_ENTRIES = (
    "SELECT (SELECT count(*) FROM price_action_1m_trades WHERE entry_time >= ?1 AND entry_time < ?2),"
    " (SELECT count(*) FROM price_action_5m_trades WHERE entry_time >= ?1 AND entry_time < ?2),"
    " (SELECT count(*) FROM price_action_15m_trades WHERE entry_time >= ?1 AND entry_time < ?2),"
    " (SELECT count(*) FROM price_action_1h_trades WHERE entry_time >= ?1 AND entry_time < ?2)"
)
_RESULTS = (
    "SELECT profit_dollars, exit_time FROM price_action_1m_trades WHERE status = 'CLOSED'"
    " UNION ALL SELECT total_profit_dollars,"
    " max(coalesce(order_a_exit_time, ''), coalesce(order_b_exit_time, ''))"
    " FROM price_action_5m_trades WHERE status = 'CLOSED'"
    " UNION ALL SELECT profit_dollars, exit_time FROM price_action_15m_trades WHERE status = 'CLOSED'"
    " UNION ALL SELECT profit_dollars, exit_time FROM price_action_1h_trades WHERE status = 'CLOSED'"
)
_ENDED = f"SELECT profit_dollars FROM ({_RESULTS}) WHERE exit_time >= ? AND exit_time < ?"  # noqa: S608
_PULSES = (
    "SELECT count(*) FROM v6_signals_log WHERE signal_type = 'TREND_PULSE' AND processed = 1"
    " AND skip_reason IS NULL AND received_time >= ? AND received_time < ?"
)
_STORE = (
    "INSERT INTO v6_daily_stats (date, plugin_1m_trades, plugin_5m_trades, plugin_15m_trades,"
    " plugin_1h_trades, total_profit_dollars, trend_pulse_updates, win_rate)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (date) DO UPDATE SET"
    " plugin_1m_trades = excluded.plugin_1m_trades, plugin_5m_trades = excluded.plugin_5m_trades,"
    " plugin_15m_trades = excluded.plugin_15m_trades, plugin_1h_trades = excluded.plugin_1h_trades,"
    " total_profit_dollars = excluded.total_profit_dollars,"
    " trend_pulse_updates = excluded.trend_pulse_updates, win_rate = excluded.win_rate"
)

_STORE_PULSES = (
    "INSERT INTO v6_daily_stats (date, trend_pulse_updates) VALUES (?, ?)"
    " ON CONFLICT (date) DO UPDATE SET trend_pulse_updates = excluded.trend_pulse_updates"
)


def count_pulses(connection: sqlite3.Connection, days: TradingDays, day: date) -> None:
    """Write how many trend pulses a trading day had; all else stays."""
    bounds = tuple(stamp(at) for at in days.bounds(day))
    connection.execute(_STORE_PULSES, (day.isoformat(), connection.execute(_PULSES, bounds).fetchone()[0]))


def recompute(connection: sqlite3.Connection, days: TradingDays, day: date) -> None:
    """Write the figures of one trading day."""
    bounds = tuple(stamp(at) for at in days.bounds(day))
    entries = connection.execute(_ENTRIES, bounds).fetchone()
    results = [exact(row[0]) for row in connection.execute(_ENDED, bounds) if row[0] is not None]
    pulses = connection.execute(_PULSES, bounds).fetchone()[0]
    money = exact_sum(results)
    connection.execute(_STORE, (day.isoformat(), *entries, money, pulses, win_rate(results)))
