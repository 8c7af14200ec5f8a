"""Prices and times of the double: quotes, Market Watch, sessions, the server's clock, conversion of money."""

from collections.abc import Iterable

import attrs

from zepix_core.clock import Clock
from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.records import sign
from zepix_core.testing.fake_mt5.structures import SymbolInfo, Tick
from zepix_core.testing.fake_mt5.symbols import FakeSymbol

DAY_MSC = 86_400_000
KEPT_TICKS = 100_000


@attrs.frozen
class Quote:
    """Both sides of a price, at the server's time in ms."""

    bid: float
    ask: float
    time_msc: int
    flags: int = MT5.TICK_FLAG_BID | MT5.TICK_FLAG_ASK

    def opening(self, kind: int) -> float:
        """Where a buy (even types) or a sell opens."""
        return self.ask if sign(kind) > 0 else self.bid

    def closing(self, kind: int) -> float:
        """Where a bought or sold position closes."""
        return self.bid if sign(kind) > 0 else self.ask

    def tick(self) -> Tick:
        """The quote as the module hands it out."""
        return Tick.of(
            time=self.time_msc // 1000, bid=self.bid, ask=self.ask, time_msc=self.time_msc, flags=self.flags
        )


@attrs.frozen
class DayRange:
    """Lowest and highest prices of one day of the server, and its first bid."""

    day: int
    first: float
    bidlow: float
    bidhigh: float
    asklow: float
    askhigh: float

    def with_quote(self, quote: Quote) -> "DayRange":
        """The range after one more quote; another day begins anew."""
        day = quote.time_msc // DAY_MSC
        if day != self.day:
            return DayRange(day, quote.bid, quote.bid, quote.bid, quote.ask, quote.ask)
        return DayRange(
            day,
            self.first,
            min(self.bidlow, quote.bid),
            max(self.bidhigh, quote.bid),
            min(self.asklow, quote.ask),
            max(self.askhigh, quote.ask),
        )


NO_RANGE = DayRange(-1, 0.0, 0.0, 0.0, 0.0, 0.0)
NO_PRICE = Quote(0.0, 0.0, 0, 0)


class Market:
    """What the broker shows of its symbols.

    Args:
        server_offset: Seconds between the server's wall clock and UTC.
    """

    def __init__(self, clock: Clock, symbols: Iterable[FakeSymbol], server_offset: float) -> None:
        self._clock = clock
        self._began = clock.now_ns() - round(clock.monotonic() * 1e9)
        self.offset = server_offset
        self.symbols = {symbol.name: symbol for symbol in symbols}
        self.selected = {symbol.name for symbol in self.symbols.values() if symbol.selected}
        self.quotes: dict[str, Quote] = {}
        self.ranges: dict[str, DayRange] = {}
        self.ticks: dict[str, list[Quote]] = {}
        self.closed: set[str] = set()
        self.widened: dict[str, int] = {}
        self.cold: set[str] = set()
        for symbol in self.symbols.values():
            if symbol.bid:
                self.quote(symbol.name, symbol.bid)
            if symbol.cold:
                self.cold.add(symbol.name)

    def now_msc(self) -> int:
        """The trade server's wall clock in ms: it stamps what is traded.

        It runs on the monotonic clock, so a step of the computer's own clock does not move the broker's.
        """
        passed = self._began + round(self._clock.monotonic() * 1e9)
        return passed // 1_000_000 + round(self.offset * 1000)

    def quote(self, symbol: str, bid: float, ask: float = 0.0) -> bool:
        """Take a quote; without an ask the symbol's spread is laid on. False while the session is closed."""
        facts = self.symbols[symbol]
        if symbol in self.closed:
            return False
        wider = self.widened.get(symbol, 0)
        top = ask or bid + facts.spread * facts.point
        old = self.quotes.get(symbol, NO_PRICE)
        low, high = facts.price(bid), facts.price(top + wider * facts.point)
        if not 0 < low <= high:
            raise ValueError(f"{symbol}: bid {low} and ask {high} are no quote")
        flags = (MT5.TICK_FLAG_BID if low != old.bid else 0) | (MT5.TICK_FLAG_ASK if high != old.ask else 0)
        made = Quote(low, high, self.now_msc(), flags or MT5.TICK_FLAG_BID | MT5.TICK_FLAG_ASK)
        self.quotes[symbol] = made
        self.ranges[symbol] = self.ranges.get(symbol, NO_RANGE).with_quote(made)
        kept = self.ticks.setdefault(symbol, [])
        kept.append(made)
        if len(kept) > KEPT_TICKS:
            del kept[: KEPT_TICKS // 2]
        self.cold.discard(symbol)
        return True

    def seen(self, symbol: str) -> Quote:
        """The quote as the terminal shows it: zero prices while there is none."""
        return NO_PRICE if symbol in self.cold else self.quotes.get(symbol, NO_PRICE)

    def is_open(self, symbol: str) -> bool:
        """Whether the session of the symbol is open."""
        return symbol not in self.closed

    def rate(self, source: str, target: str) -> float:
        """Units of ``target`` for one of ``source``, by the quotes; through the dollar where it must.

        Raises:
            LookupError: No symbol of the double connects the two.
        """
        if source == target:
            return 1.0
        found = self._direct(source, target)
        if found:
            return found
        first, second = self._direct(source, "USD"), self._direct("USD", target)
        if first and second:
            return first * second
        raise LookupError(f"no symbol of the double leads from {source} to {target}; add one with a price")

    def _direct(self, source: str, target: str) -> float:
        for symbol in self.symbols.values():
            quote = self.quotes.get(symbol.name)
            if quote is None:
                continue
            if (symbol.currency_base, symbol.currency_profit) == (source, target):
                return quote.bid
            if (symbol.currency_base, symbol.currency_profit) == (target, source):
                return 1 / quote.ask
        return 0.0

    def info(self, name: str, currency: str) -> SymbolInfo:
        """All facts of a symbol, for an account in ``currency``."""
        symbol = self.symbols[name]
        quote = self.seen(name)
        today = self.ranges.get(name, NO_RANGE)
        value = symbol.contract_size * symbol.step * self.rate(symbol.currency_profit, currency)
        return SymbolInfo.of(
            select=name in self.selected,
            visible=name in self.selected,
            time=quote.time_msc // 1000,
            digits=symbol.digits,
            spread=round(symbol.points(quote.ask - quote.bid)),
            spread_float=True,
            trade_calc_mode=symbol.calc_mode,
            trade_mode=symbol.trade_mode,
            trade_stops_level=symbol.stops_level,
            trade_freeze_level=symbol.freeze_level,
            trade_exemode=symbol.exemode,
            swap_mode=MT5.SYMBOL_SWAP_MODE_DISABLED,
            swap_rollover3days=MT5.DAY_OF_WEEK_WEDNESDAY,
            expiration_mode=symbol.expiration_mode,
            filling_mode=symbol.filling_mode,
            order_mode=symbol.order_mode,
            order_gtc_mode=MT5.SYMBOL_ORDERS_GTC,
            bid=quote.bid,
            bidhigh=today.bidhigh,
            bidlow=today.bidlow,
            ask=quote.ask,
            askhigh=today.askhigh,
            asklow=today.asklow,
            point=symbol.point,
            trade_tick_value=value,
            trade_tick_value_profit=value,
            trade_tick_value_loss=value,
            trade_tick_size=symbol.step,
            trade_contract_size=symbol.contract_size,
            volume_min=symbol.volume_min,
            volume_max=symbol.volume_max,
            volume_step=symbol.volume_step,
            volume_limit=symbol.volume_limit,
            session_open=today.first,
            session_close=today.first,
            margin_hedged=symbol.contract_size,
            currency_base=symbol.currency_base,
            currency_profit=symbol.currency_profit,
            currency_margin=symbol.currency_margin,
            description=symbol.description,
            name=name,
            path=symbol.path,
        )
