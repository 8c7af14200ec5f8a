"""The core tables every plugin file has, as plain functions on an open connection.

They are used inside a write transaction by `PluginDatabase`, and may be used so by a plugin's own work.
Rows are plain mappings of column to value; times are UTC text, money is account currency.
"""

import difflib
import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from zepix_core.errors import BadArgument

Row = dict[str, Any]

TRADE_REQUIRED = ("symbol", "direction", "lot_size", "entry_price")
TRADE_CHANGEABLE = (
    "exit_time", "exit_price", "profit_pips", "profit_dollars", "commission", "swap", "status",
    "close_reason", "sl_price", "tp_price",
)  # fmt: skip
TRADE_COLUMNS = (
    "mt5_ticket", "symbol", "direction", "lot_size", "entry_price", "entry_time", "signal_type",
    "signal_data", "logic_type", "order_type", *TRADE_CHANGEABLE,
)  # fmt: skip
SIGNAL_REQUIRED = ("signal_type", "symbol")
SIGNAL_COLUMNS = (
    "signal_type", "symbol", "direction", "timeframe", "raw_payload", "processed", "result", "received_at",
    "alert_key",
)  # fmt: skip
STATS_COLUMNS = (
    "total_trades", "winning_trades", "losing_trades", "total_profit_pips", "total_profit_dollars",
    "max_drawdown",
)  # fmt: skip


def save_trade(connection: sqlite3.Connection, plugin: str, trade: Mapping[str, Any], now: str) -> int:
    """Insert a trade and return its id. A ticket that is stored already keeps its row; its id is returned."""
    _check(trade, TRADE_COLUMNS, "trades", TRADE_REQUIRED)
    ticket = trade.get("mt5_ticket")
    known = (
        ticket is not None
        and connection.execute("SELECT id FROM trades WHERE mt5_ticket = ?", (ticket,)).fetchone()
    )
    if known:
        return int(known[0])
    empty = dict.fromkeys(TRADE_COLUMNS)
    values = empty | {"entry_time": now, "status": "OPEN", "commission": 0.0, "swap": 0.0} | dict(trade)
    cursor = _execute(
        connection,
        """
        INSERT INTO trades (plugin_id, mt5_ticket, symbol, direction, lot_size, entry_price, sl_price,
            tp_price, entry_time, exit_time, exit_price, profit_pips, profit_dollars, commission, swap,
            status, close_reason, signal_type, signal_data, logic_type, order_type, created_at, updated_at)
        VALUES (:plugin_id, :mt5_ticket, :symbol, :direction, :lot_size, :entry_price, :sl_price, :tp_price,
            :entry_time, :exit_time, :exit_price, :profit_pips, :profit_dollars, :commission, :swap, :status,
            :close_reason, :signal_type, :signal_data, :logic_type, :order_type, :now, :now)
        """,
        values | {"plugin_id": plugin, "signal_data": _as_json(values["signal_data"]), "now": now},
    )
    return int(cursor.lastrowid or 0)


def update_trade(connection: sqlite3.Connection, trade_id: int, changes: Mapping[str, Any], now: str) -> bool:
    """Change some of `TRADE_CHANGEABLE`; False when there is no such trade."""
    _check(changes, TRADE_CHANGEABLE, "the changeable part of trades")
    trade = get_trade(connection, trade_id)
    if trade is None:
        return False
    _execute(
        connection,
        """
        UPDATE trades SET exit_time = :exit_time, exit_price = :exit_price, profit_pips = :profit_pips,
            profit_dollars = :profit_dollars, commission = :commission, swap = :swap, status = :status,
            close_reason = :close_reason, sl_price = :sl_price, tp_price = :tp_price, updated_at = :now
        WHERE id = :id
        """,
        {name: trade[name] for name in TRADE_CHANGEABLE} | dict(changes) | {"id": trade_id, "now": now},
    )
    return True


def close_trade(
    connection: sqlite3.Connection,
    trade_id: int,
    exit_price: float,
    profit_dollars: float,
    close_reason: str,
    now: str,
) -> bool:
    """Mark a trade closed; False when it is closed already, or not there."""
    trade = get_trade(connection, trade_id)
    if trade is None or trade["status"] == "CLOSED":
        return False
    changes = {
        "status": "CLOSED",
        "exit_time": now,
        "exit_price": exit_price,
        "profit_dollars": profit_dollars,
        "close_reason": close_reason,
    }
    return update_trade(connection, trade_id, changes, now)


def get_trade(connection: sqlite3.Connection, trade_id: int) -> Row | None:
    """The trade with that id."""
    return one_row(connection.execute("SELECT * FROM trades WHERE id = ?", (trade_id,)))


def get_trade_by_ticket(connection: sqlite3.Connection, ticket: int) -> Row | None:
    """The trade with that MT5 ticket."""
    return one_row(connection.execute("SELECT * FROM trades WHERE mt5_ticket = ?", (ticket,)))


def get_open_trades(connection: sqlite3.Connection, plugin: str) -> list[Row]:
    """A plugin's trades that still have lots open (OPEN and PARTIAL), oldest first."""
    return _all(
        connection.execute(
            "SELECT * FROM trades WHERE plugin_id = ? AND status IN ('OPEN', 'PARTIAL') ORDER BY id",
            (plugin,),
        )
    )


def get_trades_by_date(connection: sqlite3.Connection, plugin: str, day: date | str) -> list[Row]:
    """A plugin's trades entered on that UTC day, oldest first."""
    first = _day(day)
    return _all(
        connection.execute(
            "SELECT * FROM trades WHERE plugin_id = ? AND entry_time >= ? AND entry_time < ? ORDER BY id",
            (plugin, first.isoformat(), (first + timedelta(days=1)).isoformat()),
        )
    )


def log_signal(connection: sqlite3.Connection, plugin: str, signal: Mapping[str, Any], now: str) -> int:
    """Note a signal and return its row's id; the same alert key again updates its row."""
    _check(signal, SIGNAL_COLUMNS, "signals_log", SIGNAL_REQUIRED)
    values = dict.fromkeys(SIGNAL_COLUMNS) | {"processed": 0, "received_at": now} | dict(signal)
    row = _execute(
        connection,
        """
        INSERT INTO signals_log (plugin_id, alert_key, signal_type, symbol, direction, timeframe, raw_payload,
            processed, result, received_at)
        VALUES (:plugin_id, :alert_key, :signal_type, :symbol, :direction, :timeframe, :raw_payload,
            :processed, :result, :received_at)
        ON CONFLICT (alert_key, plugin_id) DO UPDATE SET signal_type = excluded.signal_type,
            symbol = excluded.symbol, direction = excluded.direction, timeframe = excluded.timeframe,
            raw_payload = excluded.raw_payload, processed = excluded.processed, result = excluded.result
        RETURNING id
        """,
        values
        | {
            "plugin_id": plugin,
            "raw_payload": _as_json(values["raw_payload"]),
            "processed": int(bool(values["processed"])),
        },
    ).fetchone()
    return int(row[0])


def update_daily_stats(
    connection: sqlite3.Connection, plugin: str, day: date | str, stats: Mapping[str, Any], now: str
) -> None:
    """Set a plugin's figures of a day; figures not named stay as they are."""
    _check(stats, STATS_COLUMNS, "daily_stats")
    before = get_daily_stats(connection, plugin, day) or dict.fromkeys(STATS_COLUMNS, 0)
    _execute(
        connection,
        """
        INSERT INTO daily_stats (date, plugin_id, total_trades, winning_trades, losing_trades,
            total_profit_pips, total_profit_dollars, max_drawdown, created_at, updated_at)
        VALUES (:date, :plugin_id, :total_trades, :winning_trades, :losing_trades, :total_profit_pips,
            :total_profit_dollars, :max_drawdown, :now, :now)
        ON CONFLICT (date, plugin_id) DO UPDATE SET total_trades = excluded.total_trades,
            winning_trades = excluded.winning_trades, losing_trades = excluded.losing_trades,
            total_profit_pips = excluded.total_profit_pips,
            total_profit_dollars = excluded.total_profit_dollars,
            max_drawdown = excluded.max_drawdown, updated_at = excluded.updated_at
        """,
        {name: before[name] for name in STATS_COLUMNS}
        | dict(stats)
        | {"date": _day(day).isoformat(), "plugin_id": plugin, "now": now},
    )


def get_daily_stats(connection: sqlite3.Connection, plugin: str, day: date | str) -> Row | None:
    """A plugin's figures of a day, ``None`` when there are none."""
    return one_row(
        connection.execute(
            "SELECT * FROM daily_stats WHERE date = ? AND plugin_id = ?", (_day(day).isoformat(), plugin)
        )
    )


def note_start(connection: sqlite3.Connection, plugin: str, version: str, now: str) -> None:
    """Write down that a plugin starts, in ``plugin_info``."""
    connection.execute(
        """
        INSERT INTO plugin_info (plugin_id, version, created_at, last_started)
        VALUES (:id, :version, :now, :now)
        ON CONFLICT (plugin_id) DO UPDATE
            SET version = excluded.version, last_started = excluded.last_started
        """,
        {"id": plugin, "version": version, "now": now},
    )


def note_stop(connection: sqlite3.Connection, plugin: str, hours: float) -> None:
    """Add the hours a plugin ran to ``plugin_info``."""
    connection.execute(
        "UPDATE plugin_info SET total_runtime_hours = total_runtime_hours + ? WHERE plugin_id = ?",
        (hours, plugin),
    )


def _check(
    given: Mapping[str, Any], columns: tuple[str, ...], table: str, required: Iterable[str] = ()
) -> None:
    for name, value in given.items():
        if name not in columns:
            near = difflib.get_close_matches(name, columns, 3)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"It has {', '.join(columns)}."
            raise BadArgument(f"{name} is no column of {table}.", hint)
        if isinstance(value, float) and not math.isfinite(value):
            raise BadArgument(f"{name} is {value}, which is no number.", "Give a finite number or None.")
    missing = [name for name in required if given.get(name) is None]
    if missing:
        raise BadArgument(f"{', '.join(missing)} is missing for {table}.")


def _execute(connection: sqlite3.Connection, sql: str, values: Row) -> sqlite3.Cursor:
    try:
        return connection.execute(sql, values)
    except sqlite3.Error as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise BadArgument(f"the row cannot be stored: {error}.", "Check its values.") from error
        raise


def _as_json(value: Any) -> str | None:
    return (
        value
        if value is None or isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, default=str)
    )


def _day(day: date | str) -> date:
    try:
        return date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise BadArgument(f"{day} is no date.", "Write it as 2026-01-31.") from None


def one_row(cursor: sqlite3.Cursor) -> Row | None:
    """The next row of a query by its columns' names, ``None`` when there is none."""
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def _all(cursor: sqlite3.Cursor) -> list[Row]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
