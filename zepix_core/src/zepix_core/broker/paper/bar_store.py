"""Bars in ``paper.db``, so that a restart forgets none; `store.create` creates their tables."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

import attrs

from zepix_core.broker.paper.chart import Chart, Page
from zepix_core.broker.paper.columns import Row
from zepix_core.broker.paper.history import Origin

TABLES = """
CREATE TABLE IF NOT EXISTS origins (
    symbol TEXT PRIMARY KEY,
    bid REAL NOT NULL,
    time_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS bars (
    symbol TEXT NOT NULL,
    minutes INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    ticks INTEGER NOT NULL,
    PRIMARY KEY (symbol, minutes, start_ns)
) STRICT, WITHOUT ROWID;
"""
WIDTHS = (1, 60)
BARS = """
SELECT start_ns, open, high, low, close, ticks FROM bars WHERE symbol = ? AND minutes = ? ORDER BY start_ns
"""
SAVE_ORIGIN = "INSERT OR IGNORE INTO origins (symbol, bid, time_ns) VALUES (?, ?, ?)"
SAVE_BAR = """
INSERT OR REPLACE INTO bars (symbol, minutes, start_ns, open, high, low, close, ticks)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
DROP_BARS = "DELETE FROM bars WHERE symbol = ? AND minutes = ? AND start_ns < ?"


def load_charts(connection: sqlite3.Connection, source: str) -> Mapping[str, Chart]:
    """The charts kept of that source of prices, by symbol; those of another source are forgotten."""
    if connection.execute("SELECT 1 FROM prices WHERE source = ?", (source,)).fetchone() is None:
        connection.execute("DELETE FROM bars")
        connection.execute("DELETE FROM origins")
    charts: dict[str, Chart] = {}
    for symbol, bid, time_ns in connection.execute("SELECT symbol, bid, time_ns FROM origins").fetchall():
        charts[symbol] = Chart(symbol, Origin(bid=bid, time_ns=time_ns))
        for minutes in WIDTHS:
            charts[symbol].load(minutes, _rows(connection, symbol, minutes))
    return charts


def save_pages(connection: sqlite3.Connection, pages: Iterable[Page]) -> None:
    """Write what the charts made since the last time, and drop what they no longer keep."""
    for page in pages:
        connection.execute(SAVE_ORIGIN, (page.symbol, page.origin.bid, page.origin.time_ns))
        connection.executemany(
            SAVE_BAR,
            [(page.symbol, bar.minutes, *attrs.astuple(bar.row)) for bar in (*page.ended, *page.going)],
        )
        if any(bar.minutes == WIDTHS[-1] for bar in page.ended):
            connection.executemany(DROP_BARS, [(page.symbol, *oldest) for oldest in page.oldest.items()])


def _rows(connection: sqlite3.Connection, symbol: str, minutes: int) -> Iterator[Row]:
    return (Row(*found) for found in connection.execute(BARS, (symbol, minutes)))
