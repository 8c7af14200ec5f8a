"""A market whose prices come from outside: a shadow book follows the quotes of another broker."""

from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from zepix_core.broker.paper.broker import PaperBroker
from zepix_core.broker.paper.market import SavedQuote
from zepix_core.broker.paper.opening import DATABASE
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import PaperSymbol
from zepix_core.clock import Clock
from zepix_core.model.market import SymbolInfo, Tick
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import Executor, SameThread, WriterThread

SOURCE = "fed"
WAITING = 100_000


class FedMarket:
    """Quotes as they are fed; `advance` hands out each of them once, so that stops meet them all."""

    synthetic = False

    def __init__(self) -> None:
        self._quotes: dict[str, Tick] = {}
        self._waiting: deque[Tick] = deque(maxlen=WAITING)

    def feed(self, ticks: Iterable[Tick]) -> None:
        """Take quotes of the other broker; one that is older than the last of its symbol is left out."""
        for tick in ticks:
            before = self._quotes.get(tick.symbol)
            if before is None or tick.time_ns >= before.time_ns:
                self._quotes[tick.symbol] = tick
                self._waiting.append(tick)

    def start(self, now_ns: int, saved: Mapping[str, SavedQuote], position: int) -> None:
        """Quotes of an earlier run say nothing about now."""

    def quote(self, symbol: str) -> Tick | None:
        return self._quotes.get(symbol)

    def advance(self, now_ns: int) -> tuple[Tick, ...]:
        ticks = tuple(self._waiting)
        self._waiting.clear()
        return ticks

    def observe(self, symbol: str, price: float, now_ns: int) -> Tick | None:
        return None

    def snapshot(self) -> tuple[dict[str, SavedQuote], int]:
        return {name: SavedQuote(tick=tick) for name, tick in self._quotes.items()}, 0


def open_fed(
    data: Path,
    settings: PaperSettings,
    infos: Iterable[SymbolInfo],
    clock: Clock,
    *,
    same_thread: bool = False,
) -> tuple[PaperBroker, FedMarket]:
    """A paper broker on another broker's symbols, and the market to feed it through; start it before use.

    Raises:
        StorageError: ``paper.db`` cannot be opened.
    """
    data.mkdir(parents=True, exist_ok=True)
    executor: Executor
    executor = (SameThread if same_thread else WriterThread)(data / DATABASE, Durability.FULL)
    symbols = [PaperSymbol(info=info, start_bid=0.0, spread_points=1, step_points=0.0) for info in infos]
    market = FedMarket()
    return PaperBroker(executor, clock, attrs.evolve(settings, prices=SOURCE), symbols, market), market
