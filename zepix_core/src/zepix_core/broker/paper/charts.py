"""The bars of every symbol of the paper broker."""

from collections.abc import Iterable, Mapping

from zepix_core.broker.paper.chart import HOURS, MINUTES, Chart, Page
from zepix_core.broker.paper.history import History, Origin
from zepix_core.broker.paper.symbols import PaperSymbol
from zepix_core.model.market import Bar, Tick

SAVE_NS = 10_000_000_000


class Charts:
    """Made of the same quotes that orders fill at.

    Args:
        seed: For what synthetic prices did before the account began; ``None``: nothing is known of that.
    """

    def __init__(self, symbols: Iterable[PaperSymbol], seed: int | None) -> None:
        self._symbols = {symbol.info.name: symbol for symbol in symbols}
        self._seed = seed
        self._charts: dict[str, Chart] = {}
        self._saved_ns = 0

    def start(self, saved: Mapping[str, Chart], first: Iterable[Tick]) -> None:
        """Begin with what was kept, and with the first quotes of the symbols that have no chart yet."""
        self._charts = dict(saved)
        for tick in first:
            self._of(tick)

    def take(self, ticks: Iterable[Tick]) -> None:
        """Add quotes, in order."""
        for tick in ticks:
            self._of(tick).take(tick.bid, tick.time_ns)

    def bars(self, symbol: str, minutes: int, count: int, now_ns: int) -> tuple[Bar, ...]:
        """The newest ``count`` bars that are over, oldest first; none for an unknown symbol."""
        chart = self._charts.get(symbol)
        if chart is None or symbol not in self._symbols:
            return ()
        if not chart.joined:
            chart.join(self._history(chart))
        return chart.bars(minutes, count, now_ns)

    def unsaved(self) -> tuple[Page, ...]:
        """What to write down."""
        return tuple(chart.unsaved() for chart in self._charts.values())

    def due(self, now_ns: int) -> bool:
        """It is time to write down again."""
        return not 0 <= now_ns - self._saved_ns < SAVE_NS

    def saved(self, pages: Iterable[Page], now_ns: int) -> None:
        """Those pages are on disk."""
        for page in pages:
            self._charts[page.symbol].saved(page)
            self._saved_ns = now_ns

    def _of(self, tick: Tick) -> Chart:
        if tick.symbol not in self._charts:
            self._charts[tick.symbol] = Chart(tick.symbol, Origin(bid=tick.bid, time_ns=tick.time_ns))
        return self._charts[tick.symbol]

    def _history(self, chart: Chart) -> History | None:
        if self._seed is None:
            return None
        return History(self._symbols[chart.symbol], self._seed, chart.origin, MINUTES, HOURS)
