"""Price levels that are waited for, kept so that a tick which reaches none costs a look at four numbers."""

from bisect import bisect_left, bisect_right, insort
from math import inf

import attrs

from zepix_core.model.market import Tick


@attrs.frozen(kw_only=True)
class Level:
    """A price of one symbol; reached when the quote is there or beyond.

    Attributes:
        quote: Which price is watched, ``bid`` or ``ask``.
        above: True: reached at ``price`` or higher; False: at ``price`` or lower.
    """

    symbol: str
    quote: str
    above: bool
    price: float

    def reached_by(self, tick: Tick) -> bool:
        """Whether that tick is at the level or beyond it."""
        quote = tick.bid if self.quote == "bid" else tick.ask
        return quote >= self.price if self.above else quote <= self.price


class Shelf:
    """Numbered things in the order of a value; what has the same value stands by its number."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def first(self) -> float | None:
        """The least value, ``None`` when there is nothing."""
        return self._rows[0][0] if self._rows else None

    def add(self, value: float, number: int) -> None:
        """Put it in its place."""
        insort(self._rows, (value, number))

    def remove(self, value: float, number: int) -> None:
        """Take one out; what is not there is left alone."""
        place = bisect_left(self._rows, (value, number))
        if self._rows[place : place + 1] == [(value, number)]:
            del self._rows[place]

    def take(self, limit: float) -> list[int]:
        """Take out all up to and including ``limit``, the least first."""
        if not self._rows or self._rows[0][0] > limit:
            return []
        end = bisect_right(self._rows, (limit, inf))
        taken, self._rows[:end] = self._rows[:end], []
        return [number for _, number in taken]


class LevelBook:
    """All levels that are waited for, by number."""

    def __init__(self) -> None:
        self._levels: dict[int, Level] = {}
        self._symbols: dict[str, dict[tuple[str, bool], Shelf]] = {}

    def __len__(self) -> int:
        return len(self._levels)

    def add(self, number: int, level: Level) -> None:
        """Wait for a level under a number of its own."""
        self._levels[number] = level
        shelves = self._symbols.setdefault(level.symbol, {})
        shelves.setdefault((level.quote, level.above), Shelf()).add(_rank(level), number)

    def remove(self, number: int) -> None:
        """Wait for it no longer; an unknown number changes nothing."""
        level = self._levels.pop(number, None)
        if level is not None:
            self._symbols[level.symbol][level.quote, level.above].remove(_rank(level), number)
            self._tidy(level.symbol)

    def take(self, tick: Tick) -> list[tuple[int, float]]:
        """Take out what the tick reaches: numbers with the quote that reached them, in the order in which
        the price came to them."""
        shelves = self._symbols.get(tick.symbol)
        if shelves is None:
            return []
        reached = []
        for (quote, above), shelf in shelves.items():
            price = tick.bid if quote == "bid" else tick.ask
            reached += [(number, price) for number in shelf.take(price if above else -price)]
        for number, _ in reached:
            del self._levels[number]
        if reached:
            self._tidy(tick.symbol)
        return reached

    def _tidy(self, symbol: str) -> None:
        if not any(self._symbols[symbol].values()):
            del self._symbols[symbol]


def _rank(level: Level) -> float:
    """Levels below are kept by their negative, so that the nearest stands first on every shelf."""
    return level.price if level.above else -level.price
