"""``api.market``: prices, symbols and hours, and being woken by a price."""

from collections.abc import Callable

from zepix_core.errors import BadArgument
from zepix_core.model.market import Quote, SymbolInfo, TradingHours
from zepix_core.rules.pips import UNKNOWN_SPREAD, pip_value_of
from zepix_core.services import arguments
from zepix_core.services.calls import HandleRequest, LevelRequest, SymbolRequest
from zepix_core.services.host_calls import HostCalls

QUOTES = ("bid", "ask")
INFO_SECONDS = 60.0


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
        """Whether the symbol may be traded now; an unknown symbol may not."""
        hours = await self.get_trading_hours(symbol)
        return hours is not None and hours.is_open

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
