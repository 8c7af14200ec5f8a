"""What the deals of a period made, summed inside SQLite: the memory is the same after a million of them."""

import json
import sqlite3
from collections.abc import Collection

import attrs

from zepix_core.clock import NS
from zepix_core.model.comparison import ALL_SYMBOLS

# The broker's clock may be ahead of the journal's.
DAY_NS = 86_400 * NS
_OURS = (
    "plugin IS NOT NULL AND time_ns >= ?1 AND time_ns < ?2"
    " AND (?3 IS NULL OR plugin IN (SELECT value FROM json_each(?3)))"
)
_MONEY = "CAST(round((profit + commission + swap) * 1000000) AS INTEGER)"
_SUMS = (
    "SELECT plugin, name, book, sum(money), sum(fee), sum(rollover), max(max(0, peak) - running) FROM"  # noqa: S608 (constants)
    " (SELECT *, max(running) OVER"
    "  (PARTITION BY plugin, name, book ORDER BY time_ns, number ROWS UNBOUNDED PRECEDING) AS peak FROM"
    "  (SELECT *, sum(money) OVER"
    "   (PARTITION BY plugin, name, book ORDER BY time_ns, number ROWS UNBOUNDED PRECEDING) AS running FROM"
    "   (SELECT plugin, CASE ?4 WHEN 1 THEN symbol ELSE '' END AS name, book, time_ns, abs(ticket) AS number,"
    f"    {_MONEY} AS money, CAST(round(commission * 1000000) AS INTEGER) AS fee,"
    "    CAST(round(swap * 1000000) AS INTEGER) AS rollover"
    f"    FROM deals WHERE {_OURS})))"
    " GROUP BY plugin, name, book"
)
# Each position that was closed whole in the period, with all its deals: those before the period too.
_TRADES = (
    "WITH touched AS MATERIALIZED"  # noqa: S608 (constants)
    f" (SELECT DISTINCT account, position_id FROM deals WHERE entry = 'out' AND {_OURS}),"
    " pips AS MATERIALIZED"
    " (SELECT plugin, CAST(json_extract(payload, '$.deal') AS INTEGER) AS deal,"
    "  max(json_extract(payload, '$.profit_pips')) AS pips FROM journal_events"
    "  WHERE kind IN ('trade_update', 'wake') AND kind = 'trade_update'"
    "  AND (?3 IS NULL OR plugin IN (SELECT value FROM json_each(?3)))"
    "  AND at_ns >= CASE ?1 WHEN 0 THEN 0 ELSE coalesce((SELECT min(d.time_ns) - ?4 FROM touched t"
    "   CROSS JOIN deals d ON d.position_id = t.position_id AND d.account = t.account), 0) END"
    "  AND json_extract(payload, '$.kind') IN ('closed', 'partly_closed') GROUP BY 1, 2),"
    " trades AS"
    # Beside max() SQLite takes the other columns from the row it found: the last deal's.
    " (SELECT max(d.time_ns), d.plugin AS plugin, d.symbol AS symbol, d.book AS book,"
    f"  sum({_MONEY}) AS result, sum(volume * (entry = 'in')) AS entered,"
    "  sum(volume * (entry = 'out')) AS gone, sum(coalesce(p.pips, 0) * volume * (entry = 'out')) AS parts"
    "  FROM touched t CROSS JOIN deals d ON d.position_id = t.position_id AND d.account = t.account"
    "  LEFT JOIN pips p ON p.deal = d.ticket AND +p.plugin = d.plugin"
    "  WHERE d.plugin IS NOT NULL AND d.time_ns < ?2 GROUP BY t.account, t.position_id)"
    " SELECT plugin, symbol, book, count(*), sum(result > 0), sum(result < 0), sum(max(result, 0)),"
    " sum(max(-result, 0)), sum(parts / entered) FROM trades"
    " WHERE entered > 1e-7 AND gone >= entered - 1e-7 GROUP BY plugin, symbol, book"
)
Key = tuple[str, str, str]


@attrs.define
class Account:
    """The sums of one plugin, symbol and book; money in millionths, costs included."""

    money: int = 0
    commission: int = 0
    swap: int = 0
    drawdown: int = 0
    trades: int = 0
    wins: int = 0
    losses: int = 0
    won: int = 0
    lost: int = 0
    pips: float = 0.0

    def add(self, trades: int, wins: int, losses: int, won: int, lost: int, pips: float) -> None:
        """Positions that were closed whole."""
        self.trades += trades
        self.wins += wins
        self.losses += losses
        self.won += won
        self.lost += lost
        self.pips += pips


def keys(plugin: str, symbol: str, book: str) -> tuple[Key, ...]:
    """Where something of a symbol counts: there, and in the sum of all symbols."""
    return tuple(dict.fromkeys(((plugin, symbol, book), (plugin, ALL_SYMBOLS, book))))


def results(
    connection: sqlite3.Connection, since_ns: int, until_ns: int, plugins: Collection[str] | None
) -> dict[Key, Account]:
    """Sums by plugin, symbol and book of the deals from ``since_ns`` to before ``until_ns``, and of all
    symbols together under ``ALL_SYMBOLS``; only of ``plugins``, or of all for ``None``."""
    named = None if plugins is None else json.dumps(list(plugins))
    accounts: dict[Key, Account] = {}
    for by_symbol in (0, 1):
        for plugin, symbol, book, *sums in connection.execute(_SUMS, (since_ns, until_ns, named, by_symbol)):
            accounts[plugin, symbol, book] = Account(*sums)
    for plugin, symbol, book, *sums in connection.execute(_TRADES, (since_ns, until_ns, named, DAY_NS)):
        for key in keys(plugin, symbol, book):
            accounts[key].add(*sums)
    return accounts
