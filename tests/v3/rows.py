"""A database with the plugin's tables, and trade updates to feed it."""

import sqlite3
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from zepix_core import Side, TradeUpdate, UpdateKind
from zepix_core.clock import nanoseconds

START = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)


def database() -> sqlite3.Connection:
    """An empty database with the tables of the plugin's migrations."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    for script in sorted(files("zepix_plugins_v3.migrations").iterdir(), key=lambda path: path.name):
        if script.name.endswith(".sql"):
            connection.executescript(script.read_text(encoding="utf-8"))
    return connection


def update(kind: UpdateKind, leg: str = "A", *, minutes: float = 0, **changes: Any) -> TradeUpdate:
    """A change of an order of the pair that alert ``key-1`` led to; A has ticket 11, B 12."""
    values: dict[str, Any] = {
        "sequence": 1,
        "kind": kind,
        "plugin": "combined_v3",
        "intent_id": f"intent{leg}",
        "alert_key": "key-1",
        "alert_id": 1,
        "ticket": {"A": 11, "B": 12}[leg],
        "symbol": "EURUSD",
        "side": Side.BUY,
        "leg": leg,
        "label": "",
        "volume": 0.02 if kind in (UpdateKind.OPENED, UpdateKind.MODIFIED) else 0.0,
        "price": 1.16482,
        "time_ns": nanoseconds(START + timedelta(minutes=minutes)),
        "sl": 1.1633,
        "tp": 1.16938,
    }
    return TradeUpdate(**(values | changes))


def closing(leg: str, profit: float, pips: float, *, minutes: float = 5, **changes: Any) -> TradeUpdate:
    """The end of an order."""
    values = {"profit": profit, "profit_pips": pips, "closed_volume": 0.02, "reason": "TP2", "deal": 900}
    return update(UpdateKind.CLOSED, leg, minutes=minutes, **(values | changes))


def table(connection: sqlite3.Connection, name: str) -> list[dict[str, Any]]:
    """All rows of one of the plugin's tables."""
    assert name in ("combined_v3_trades", "v3_profit_bookings", "v3_signals_log", "v3_daily_stats")
    cursor = connection.execute(f"SELECT * FROM {name}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
