"""``api.market``: prices, symbols and hours, and being woken by a price."""

from collections.abc import Callable

from zepix_core.errors import BadArgument
from zepix_core.model.market import Bar, Quote, SymbolInfo, TradingHours
from zepix_core.model.volatility import PriceRange, Volatility, VolatilityState
from zepix_core.rules import volatility
from zepix_core.rules.hours import TRADABLE
from zepix_core.rules.pips import UNKNOWN_SPREAD, pip_value_of
from zepix_core.rules.timeframes import MINUTES, timeframe_minutes
from zepix_core.services import arguments
from zepix_core.services.calls import BarsRequest, HandleRequest, LevelRequest, SymbolRequest
from zepix_core.services.host_calls import HostCalls

QUOTES = ("bid", "ask")
INFO_SECONDS = 60.0
MOST_BARS = 1000


class Market:
    """Market facts under TradingView names. What is not known is ``None`` or says no; it never trades.

    Args:
        monotonic: Seconds that never step back; symbol facts are asked for again after 60 of them.
    """

    def __init__(self, calls: HostCalls, monotonic: Callable[[], float]) -> None:
        self._calls = calls
        self._monotonic = monotonic
        self._infos: dict[str, tuple[float, SymbolInfo]] = {}

    async def get_current_price_data(self, symbol: str) -> Quote | None:
        """Bid, ask, spread in pips and time of the newest quote; ``None`` when missing or too old."""
        quote: Quote | None = await self._calls.call("market.quote", _ask(symbol))
        return quote

    async def get_current_spread(self, symbol: str) -> float:
        """Spread in pips, one decimal; 999.9 when it is not known."""
        quote = await self.get_current_price_data(symbol)
        return UNKNOWN_SPREAD if quote is None else quote.spread_pips

    async def check_spread_acceptable(self, symbol: str, max_spread_pips: float) -> bool:
        """Whether the spread is at most ``max_spread_pips``; an unknown spread is not."""
        limit = arguments.number("max_spread_pips", max_spread_pips, above=0.0)
        return await self.get_current_spread(symbol) <= limit

    async def get_symbol_info(self, symbol: str) -> SymbolInfo | None:
        """Digits, point, pip size and value, volumes, stops level; ``None`` for an unknown symbol."""
        known = self._infos.get(symbol)
        now = self._monotonic()
        if known is not None and now - known[0] < INFO_SECONDS:
            return known[1]
        info: SymbolInfo | None = await self._calls.call("market.symbol", _ask(symbol))
        if info is not None:
            self._infos[symbol] = (now, info)
        return info

    async def get_pip_size(self, symbol: str) -> float | None:
        """One pip in price (gold 0.10); ``None`` for an unknown symbol."""
        info = await self.get_symbol_info(symbol)
        return None if info is None else info.pip_size

    async def calculate_pip_value(self, symbol: str, lot: float) -> float | None:
        """Money of one pip on ``lot`` lots, account currency; ``None`` for an unknown symbol."""
        volume = arguments.number("lot", lot, above=0.0)
        info = await self.get_symbol_info(symbol)
        return None if info is None else pip_value_of(volume, info.pip_value)

    async def get_trading_hours(self, symbol: str) -> TradingHours | None:
        """Whether the session is open, its times and the next one's, aware UTC; ``None`` if unknown."""
        hours: TradingHours | None = await self._calls.call("market.hours", _ask(symbol))
        return hours

    async def is_market_open(self, symbol: str) -> bool:
        """Whether the session is open and the broker takes entries, in some direction at least; an unknown
        symbol is shut."""
        hours, info = await self.get_trading_hours(symbol), await self.get_symbol_info(symbol)
        return hours is not None and hours.is_open and info is not None and info.trade_mode in TRADABLE

    async def get_bars(self, symbol: str, timeframe: str, count: int = 100) -> tuple[Bar, ...]:
        """The newest bars that are over, oldest first: bids, fewer when fewer exist, none for an unknown
        symbol or while the broker is away.

        Args:
            timeframe: ``1m 5m 15m 30m 1h 4h 1d``, or minutes as text such as ``60``.
            count: 1 to 1,000.

        Raises:
            BadArgument: No such timeframe, or another count.
        """
        minutes = timeframe_minutes(arguments.text("timeframe", timeframe))
        if minutes is None:
            raise BadArgument(
                f"timeframe must be one that bars have, not {timeframe!r}.",
                f"15m, 1h, 1d, or minutes: {', '.join(map(str, MINUTES))}.",
            )
        wanted = arguments.whole("count", count, least=1, most=MOST_BARS)
        request = BarsRequest(symbol=arguments.text("symbol", symbol), minutes=minutes, count=wanted)
        bars: tuple[Bar, ...] = await self._calls.call("market.bars", request)
        return bars

    async def get_price_range(self, symbol: str, timeframe: str, bars_back: int = 20) -> PriceRange | None:
        """Highest and lowest price of the last ``bars_back`` closed bars, and their mean range in pips.

        ``None`` when there are no bars. Timeframes, numbers of bars and errors as in `get_bars`.
        """
        bars = await self.get_bars(symbol, timeframe, bars_back)
        pip_size = await self.get_pip_size(symbol)
        return None if pip_size is None else volatility.price_range(bars, pip_size)

    async def get_volatility_state(self, symbol: str, timeframe: str = "15m") -> VolatilityState:
        """HIGH, MODERATE or LOW: how far the last 20 closed bars reached against the last 100 (at least 21).

        More than 1.5 times as far is HIGH, more than 0.8 times MODERATE; UNKNOWN without enough bars.
        Timeframes and errors as in `get_bars`.
        """
        bars = await self.get_bars(symbol, timeframe, volatility.LONG_BARS)
        pip_size = await self.get_pip_size(symbol)
        if pip_size is None:
            return VolatilityState(state=Volatility.UNKNOWN)
        return volatility.volatility_state(bars, pip_size)

    async def get_atr(self, symbol: str, period: int = 14, timeframe: str = "1h") -> float | None:
        """Average true range in price: the mean of the last ``period`` true ranges of closed bars.

        ``None`` with fewer than ``period`` + 1 bars; ``period`` is 1 to 999. Timeframes and errors as in
        `get_bars`.
        """
        ranges = arguments.whole("period", period, least=1, most=MOST_BARS - 1)
        return volatility.average_true_range(await self.get_bars(symbol, timeframe, ranges + 1), ranges)

    async def when(
        self,
        symbol: str,
        *,
        above: float | None = None,
        below: float | None = None,
        key: str,
        quote: str = "bid",
    ) -> str:
        """Call this plugin's ``on_wake`` once, at the first tick that is at the level or beyond it.

        A level that is reached already comes with the next tick, and so does one that was passed while the
        host was down, if the price is still beyond it. Without ticks (market closed, broker away) nothing
        comes.

        Args:
            above, below: The level, a price; exactly one of them. ``above`` comes at that price or higher.
            key: Names the wake. A key that is waited for, or came in the last 30 days, gives its first
                handle again and changes nothing, so a repeated hook asks once. To ask anew put something
                unique into the key, such as the trade's ticket or a counter; a cancelled key is free.
            quote: Which price is watched, ``bid`` or ``ask``.

        Returns:
            A handle for `cancel`.

        Raises:
            BadArgument: The symbol is not configured, not exactly one level is given, or 500 levels and
                times are waited for already.
        """
        if (above is None) == (below is None):
            raise BadArgument("when needs exactly one of above= and below=.")
        name, level = ("below", below) if above is None else ("above", above)
        request = LevelRequest(
            symbol=arguments.text("symbol", symbol),
            price=arguments.number(name, level, above=0.0),
            above=above is not None,
            quote=arguments.one_of("quote", quote, QUOTES),
            key=arguments.text("key", key),
        )
        handle: str = await self._calls.call("market.when", request)
        return handle

    async def cancel(self, handle: str) -> bool:
        """Do not wake this plugin for ``handle``; its key is free again.

        Returns:
            True when it does not come, also if it was cancelled before. False when it has come, is on its
            way, or was never this plugin's.
        """
        request = HandleRequest(handle=arguments.text("handle", handle))
        cancelled: bool = await self._calls.call("market.cancel", request)
        return cancelled


def _ask(symbol: str) -> SymbolRequest:
    return SymbolRequest(symbol=arguments.text("symbol", symbol))
