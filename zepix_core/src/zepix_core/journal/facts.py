"""Gathers what the gates look at: one read of the journal, one question about the price."""

import sqlite3

import attrs

from zepix_core.errors import BrokerOffline
from zepix_core.journal import host_state
from zepix_core.journal.control import HUMAN
from zepix_core.journal.ledger import (
    closed_unbooked,
    closing_of,
    last_close,
    stops_since,
    trades_of,
    trades_since,
)
from zepix_core.journal.line import OrderLine
from zepix_core.journal.risk import Standing
from zepix_core.model.market import Tick
from zepix_core.model.order import Book
from zepix_core.rules.volatility import ATR_MINUTES, ATR_PERIOD, average_true_range
from zepix_core.services.brakes import MINUTE
from zepix_core.services.context import CallContext
from zepix_core.services.gate_facts import GateFacts, OpenTrade, RiskFacts
from zepix_core.services.rates import RateWindow


@attrs.frozen(kw_only=True)
class _Books:
    standing: Standing
    closing: frozenset[int]
    trades: tuple[OpenTrade, ...]
    today: int
    last_close: int
    stops: tuple[int, ...]
    human: str


class FactsReader:
    """Facts for the gates, fresh at each call."""

    def __init__(self, line: OrderLine, rates: RateWindow) -> None:
        self._line = line
        self._rates = rates

    async def gather(
        self, ctx: CallContext, symbol: str, closing: tuple[int, ...] = (), asked: bool = True
    ) -> GateFacts:
        """All facts about an entry on ``symbol``.

        Args:
            closing: Positions that the plugin closes first. Only its own count as gone.
            asked: It only asks; when it places, only those count as gone whose close went through.
        """
        line, plugin = self._line, ctx.plugin
        await line.risk.prepare()
        tick, link = await self._price(symbol)
        books = await line.executor.read(lambda c: self._read(c, ctx, symbol, closing, asked))
        risk = await line.risk.facts_from(plugin, books.standing, books.closing)
        wait = self._rates.wait(line.clock.monotonic(), plugin.id, symbol, line.settings.rates)
        return GateFacts(
            settings=line.settings,
            plugin=plugin,
            now_ns=line.clock.now_ns(),
            info=line.quotes.symbol(symbol),
            tick=tick,
            risk=risk,
            paused=line.why(plugin.id) or line.control.arrived_before(ctx.alert) or books.human,
            # An account that could not be read is a broker that went away a moment ago.
            link=link and line.link and risk.balance is not None,
            max_tick_age_seconds=self._tick_age(),
            hedging=line.hedging,
            synthetic_prices=line.synthetic_prices,
            atr=await self._atr(symbol),
            rate_wait=wait,
            open_trades=books.trades,
            trades_today=books.today,
            last_close_ns=books.last_close,
            stops_ns=books.stops,
            closing=books.closing,
        )

    async def market(self, ctx: CallContext, symbol: str) -> GateFacts:
        """Facts about the market alone, for a leg that was judged a moment ago."""
        line = self._line
        tick, link = await self._price(symbol)
        return GateFacts(
            settings=line.settings,
            plugin=ctx.plugin,
            now_ns=line.clock.now_ns(),
            info=line.quotes.symbol(symbol),
            tick=tick,
            risk=RiskFacts(),
            paused=line.why(ctx.plugin.id),
            link=link and line.link,
            max_tick_age_seconds=self._tick_age(),
            hedging=line.hedging,
            synthetic_prices=line.synthetic_prices,
            atr=await self._atr(symbol),
        )

    async def _price(self, symbol: str) -> tuple[Tick | None, bool]:
        if self._line.quotes.symbol(symbol) is None:
            return None, True
        try:
            return await self._line.quotes.ask(symbol), True
        except BrokerOffline:
            return None, False

    async def _atr(self, symbol: str) -> float | None:
        """For the price band; ``None`` when it is not needed, not known, or 0 (a market that stood still)."""
        line = self._line
        if line.synthetic_prices or line.quotes.symbol(symbol) is None:
            return None
        try:
            bars = await line.bars.ask(symbol, ATR_MINUTES, ATR_PERIOD + 1)
        except BrokerOffline:
            return None
        return average_true_range(bars, ATR_PERIOD) or None

    def _tick_age(self) -> float | None:
        age = self._line.settings.market_data.max_tick_age_seconds
        return None if self._line.any_tick_age or age <= 0 else age

    def _read(
        self, connection: sqlite3.Connection, ctx: CallContext, symbol: str, tickets: tuple[int, ...],
        asked: bool,
    ) -> _Books:  # fmt: skip
        line, plugin = self._line, ctx.plugin
        book = Book.SHADOW if plugin.shadow else Book.LIVE
        now, rules = line.clock.now_ns(), line.settings.protections
        standing = line.risk.read(connection)
        entries = standing.entries
        closing = closing_of(entries, plugin.id, tickets) if tickets else frozenset[int]()
        if closing and not asked:
            closing = closed_unbooked(connection, line.account, entries, closing)
        cooldown, guard = rules.cooldown_minutes, rules.stop_guard
        human = host_state.read(connection, f"{HUMAN}{plugin.id}:{symbol}")
        return _Books(
            standing=standing,
            closing=closing,
            trades=trades_of(entries, plugin.id, book),
            today=0
            if line.settings.lifted
            else trades_since(connection, plugin.id, book, line.risk.today().start_ns),
            # A reversal's own closes start no cooldown for it: it was judged before them, too.
            last_close=last_close(connection, symbol, book, now - cooldown * MINUTE, plugin.id, tickets)
            if cooldown
            else 0,
            stops=stops_since(
                connection, plugin.id, book, now - (guard.window_minutes + guard.pause_minutes) * MINUTE
            )
            if guard.max_stops
            else (),
            human="" if human is None else _person(plugin.id, symbol, human),
        )


def _person(plugin: str, symbol: str, why: str) -> str:
    """Why entries of a plugin wait on a symbol, and what ends it."""
    cure = "`zepix reconcile` shows it, `zepix resume` ends it"
    return f"{plugin} on {symbol}: a person must look: {why}; {cure}"
