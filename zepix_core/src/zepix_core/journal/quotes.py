"""The newest quote of each symbol, and the symbols' facts, as the broker told them."""

from collections.abc import Iterable, Mapping

from zepix_core.broker.port import Broker
from zepix_core.model.market import SymbolInfo, Tick


class Quotes:
    """Remembers ticks as they come; asks the broker when it must be sure."""

    def __init__(self, broker: Broker, symbols: Iterable[SymbolInfo] = ()) -> None:
        self._broker = broker
        self._ticks: dict[str, Tick] = {}
        self.symbols: Mapping[str, SymbolInfo] = {info.name: info for info in symbols}
        self._known: dict[str, SymbolInfo] = dict(self.symbols)
        broker.on_ticks(self._take)

    def configure(self, symbols: Iterable[SymbolInfo]) -> None:
        """Take the symbols of a gateway's hello."""
        self.symbols = {info.name: info for info in symbols}
        self._known.update(self.symbols)

    def symbol(self, name: str) -> SymbolInfo | None:
        """Facts of a symbol, ``None`` when it is not configured."""
        return self.symbols.get(name)

    def last_known(self, name: str) -> SymbolInfo | None:
        """Facts of a symbol as they were told last in this run, configured or not: what is open in it is
        still to be valued."""
        return self._known.get(name)

    def newest(self, name: str) -> Tick | None:
        """The newest tick seen, however old."""
        return self._ticks.get(name)

    async def ask(self, name: str) -> Tick | None:
        """The broker's own newest tick.

        Raises:
            BrokerOffline: The broker is away.
        """
        tick = await self._broker.quote(name)
        if tick is not None:
            self._keep(tick)
        return self._ticks.get(name)

    def _take(self, ticks: tuple[Tick, ...]) -> None:
        for tick in ticks:
            self._keep(tick)

    def _keep(self, tick: Tick) -> None:
        known = self._ticks.get(tick.symbol)
        if known is None or tick.time_ns >= known.time_ns:
            self._ticks[tick.symbol] = tick
