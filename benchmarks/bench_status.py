"""What the figures of status cost with a million trades stored. usage: bench_status.py [--trades N]"""

import argparse
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from figures import Figure, percentile, report

from zepix_core.clock import NS, SystemClock
from zepix_core.journal import recount
from zepix_core.journal.money import figures
from zepix_core.rules.trading_day import TradingDays
from zepix_core.storage.connection import Durability, open_reader, open_writer
from zepix_core.storage.journal_schema import TABLES

ROUNDS = 2000
OPEN = 8
SECONDS_APART = 120
DAYS = TradingDays.named("03:35", "Asia/Kolkata")

# Every trade stands as its intent and two deals; the last of them are still open.
INTENTS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
    " INSERT INTO intents (intent_id, alert_key, alert_id, plugin, leg, account, book, action, symbol, side,"
    " lots, magic, comment, state, position_id, fill_price, fill_lots, trade_group, created_ns, updated_ns,"
    " sequence) SELECT printf('i%09d', i), 'k' || i, i, CASE i % 5 WHEN 0 THEN 'combined_v3'"
    " ELSE 'price_action_' || (i % 5) END, 'A', '1@Paper', 'live', 'open', 'EURUSD', 'BUY', 0.05, 1001001,"
    " 'c', CASE WHEN i > ?1 - ?4 THEN 'filled' ELSE 'closed' END, i, 1.1, 0.05, 'g' || i, ?2 + i * ?3,"
    " ?2 + i * ?3, i FROM n"
)
DEALS = (
    "INSERT INTO deals (ticket, account, book, intent_id, plugin, position_id, order_ticket, symbol, side,"
    " entry, volume, price, time_ns, profit, commission, swap, reason, magic, comment)"
    " SELECT 2 * position_id + ?1, account, book, intent_id, plugin, position_id, position_id, symbol, side,"
    " CASE ?1 WHEN 0 THEN 'in' ELSE 'out' END, lots, 1.1, created_ns + ?1 * 60000000000,"
    " CASE ?1 WHEN 0 THEN 0.0 ELSE round((position_id * 7919 % 2001 - 1000) / 100.0, 2) END, -0.35 * ?1, 0.0,"
    " 'expert', magic, comment FROM intents WHERE ?1 = 0 OR state = 'closed'"
)


def fill(path: Path, trades: int, now_ns: int) -> float:
    """A journal with so many trades, the newest of them today; seconds that counting its totals took."""
    journal = open_writer(path, Durability.NORMAL)
    journal.executescript(TABLES)
    journal.execute("PRAGMA synchronous = OFF")
    apart = SECONDS_APART * NS
    journal.execute("BEGIN")
    journal.execute(INTENTS, (trades, now_ns - trades * apart, apart, OPEN))
    for side in (0, 1):
        journal.execute(DEALS, (side,))
    journal.execute("COMMIT")
    started = time.perf_counter()
    journal.execute("BEGIN")
    recount.rebuild(journal, SystemClock(), DAYS)
    journal.execute("COMMIT")
    took = time.perf_counter() - started
    journal.close()
    return took


def measure(connection: sqlite3.Connection, day_ns: int) -> list[float]:
    """Milliseconds of each reading."""
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        figures(connection, day_ns)
        took.append((time.perf_counter() - started) * 1000)
    return took


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--trades", type=int, default=1_000_000, help="closed trades to store")
    trades = arguments.parse_args().trades
    with tempfile.TemporaryDirectory() as folder:
        path, now_ns = Path(folder) / "journal.db", SystemClock().now_ns()
        counted = fill(path, trades, now_ns)
        connection = open_reader(path)
        told = figures(connection, DAYS.around(now_ns)[0])
        rows = connection.execute("SELECT sum(profit + commission + swap) FROM deals").fetchone()[0]
        if told.open_trades != OPEN or abs(told.total_pnl - rows) > 0.01:
            raise SystemExit(f"the figures are wrong: {told}, the rows make {rows:.2f}")
        took = measure(connection, DAYS.around(now_ns)[0])
        connection.close()
    return report(
        "Status",
        f"{trades:,} trades stored, {OPEN} open",
        [
            Figure("figures of status p50", percentile(took, 50), "ms"),
            Figure("figures of status p99", percentile(took, 99), "ms", 1.0),
            Figure("totals counted again from the rows", counted, "s"),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
