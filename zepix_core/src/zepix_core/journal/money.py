"""Sums and counts over the journal."""

import sqlite3
from collections.abc import Mapping

import attrs

from zepix_core.journal import totals
from zepix_core.journal.totals import MILLION, Sums, Totals
from zepix_core.model.order import Book

_OPEN = (
    # The plus keeps the positions' own index out of it: all that ever traded have one.
    "SELECT book, plugin, count(*), count(DISTINCT trade_group) FROM intents"
    " WHERE state IN ('planned', 'sending', 'placed', 'partly_filled', 'filled', 'unknown', 'adopted')"
    " AND state IN ('partly_filled', 'filled', 'adopted') AND action = 'open' AND +position_id != 0"
    " AND account = ? GROUP BY book, plugin"
)


@attrs.frozen(kw_only=True)
class PluginFigures:
    """What a plugin has open and has made; money in account currency, costs included.

    Attributes:
        open_trades: A pair is one trade; ``open_positions`` counts its legs.
        closes, closes_today: Closing deals in all and in this trading day.
    """

    open_trades: int = 0
    open_positions: int = 0
    today_pnl: float = 0.0
    total_pnl: float = 0.0
    closes_today: int = 0
    closes: int = 0


@attrs.frozen(kw_only=True)
class Figures:
    """The figures of ``zepix status``: of the live book, and per plugin; how many positions the shadow book
    has."""

    open_trades: int = 0
    open_positions: int = 0
    today_pnl: float = 0.0
    total_pnl: float = 0.0
    shadow_positions: int = 0
    plugins: Mapping[str, PluginFigures] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Counts:
    """How many rows there are, by state."""

    alerts: dict[str, float]
    orders: dict[str, float]
    deals: int


def figures(connection: sqlite3.Connection, day_ns: int) -> Figures:
    """Of the account in use, from the running totals and what is open, so that it costs the same after a
    million trades.

    Args:
        day_ns: Start of the trading day, UTC nanoseconds.
    """
    account = totals.account_in_use(connection)
    sums = totals.read(connection, account, Book.LIVE, day_ns)
    positions: dict[str, tuple[int, int]] = {}
    shadow = 0
    for book, plugin, count, trades in connection.execute(_OPEN, (account,)):
        if book == Book.LIVE.value:
            positions[plugin] = (count, trades)
        else:
            shadow += count
    ours = sorted({*positions, *sums.all} - {""})
    plugins = {plugin: _of_plugin(plugin, sums, positions.get(plugin, (0, 0))) for plugin in ours}
    return Figures(
        open_trades=sum(one.open_trades for one in plugins.values()),
        open_positions=sum(one.open_positions for one in plugins.values()),
        today_pnl=_money(sum(sums.today[plugin].result for plugin in ours if plugin in sums.today)),
        total_pnl=_money(sum(sums.all[plugin].result for plugin in ours if plugin in sums.all)),
        shadow_positions=shadow,
        plugins=plugins,
    )


def _of_plugin(plugin: str, sums: Totals, held: tuple[int, int]) -> PluginFigures:
    everything, today = sums.all.get(plugin, Sums()), sums.today.get(plugin, Sums())
    return PluginFigures(
        open_positions=held[0],
        open_trades=held[1],
        today_pnl=_money(today.result),
        total_pnl=_money(everything.result),
        closes_today=today.closes,
        closes=everything.closes,
    )


def _money(millionths: int) -> float:
    return round(millionths / MILLION, 2)


def counts(connection: sqlite3.Connection) -> Counts:
    """Rows of inbox and intents by state, and deals."""
    alerts = dict(connection.execute("SELECT state, count(*) FROM inbox GROUP BY state"))
    orders = dict(connection.execute("SELECT state, count(*) FROM intents GROUP BY state"))
    deals = connection.execute("SELECT count(*) FROM deals").fetchone()[0]
    return Counts(alerts=alerts, orders=orders, deals=deals)
