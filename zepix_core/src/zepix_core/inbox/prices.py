"""The prices that alerts name: passed on once an alert is acted on, never before."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import attrs

from zepix_core.model.alert import Alert

log = logging.getLogger(__name__)
OBSERVE_SECONDS = 1.0
ALERTS_REMEMBERED = 1000
SYMBOLS_REMEMBERED = 1000

Observe = Callable[[str, float], Awaitable[None]]


@attrs.define
class _Named:
    symbol: str
    price: float
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)


class AlertPrices:
    """A refused alert's price must move nothing, so a price waits here until a plugin takes its alert.

    Args:
        observe: Passes a symbol and its price on to the market; may fail, which is logged.
    """

    def __init__(self, observe: Observe) -> None:
        self._observe = observe
        self._named: dict[int, _Named] = {}
        self._newest: dict[str, int] = {}

    def remember(self, alert: Alert, price: float | None) -> None:
        """A plugin is about to be asked about the alert. Cheap; again for the same alert changes nothing."""
        symbol = market_symbol(alert.symbol or "")
        if price is None or not symbol or alert.id in self._named:
            return
        if len(self._named) >= ALERTS_REMEMBERED:
            del self._named[next(iter(self._named))]
        self._named[alert.id] = _Named(symbol, price)

    async def take(self, alert: Alert, symbol: str | None = None) -> None:
        """A plugin acts on the alert: its price is the newest known, once per alert and never after a newer
        alert's. Returns when the market has it.

        Args:
            symbol: What the plugin asks about; ``None`` when it is about the alert as such.
        """
        named = self._named.get(alert.id)
        if named is None or (symbol is not None and market_symbol(symbol) != named.symbol):
            return
        async with named.turn:
            if self._newest.get(named.symbol, 0) >= alert.id:
                return
            if len(self._newest) >= SYMBOLS_REMEMBERED:
                self._newest.clear()
            self._newest[named.symbol] = alert.id
            await self._tell(named)

    async def _tell(self, named: _Named) -> None:
        try:
            async with asyncio.timeout(OBSERVE_SECONDS):
                await self._observe(named.symbol, named.price)
        except TimeoutError:
            log.warning("the price of the alert was not taken within %g s", OBSERVE_SECONDS)
        except Exception:
            log.exception("the price of the alert could not be passed on")


def market_symbol(name: str) -> str:
    """A chart's name of a symbol (``OANDA:eurusd``) as the market has it (``EURUSD``)."""
    return name.rpartition(":")[2].strip().upper()
