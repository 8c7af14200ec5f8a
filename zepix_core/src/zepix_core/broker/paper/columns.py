"""Bars of one symbol and one width, in arrays: thousands of them in little memory."""

from array import array
from collections.abc import Iterable, Iterator

import attrs


@attrs.frozen
class Row:
    """One bar; ``start_ns`` is its first moment."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float
    ticks: int

    def after(self, earlier: "Row") -> "Row":
        """One bar of two: ``earlier`` is an earlier part of the same bar."""
        return Row(
            earlier.start_ns,
            earlier.open,
            max(earlier.high, self.high),
            min(earlier.low, self.low),
            self.close,
            earlier.ticks + self.ticks,
        )


class Going:
    """A bar that is being made; a quote costs no new object."""

    __slots__ = ("close", "end_ns", "high", "low", "open", "start_ns", "ticks")

    def __init__(self, row: Row, width_ns: int) -> None:
        self.start_ns, self.end_ns = row.start_ns, row.start_ns + width_ns
        self.open, self.high, self.low, self.close = row.open, row.high, row.low, row.close
        self.ticks = row.ticks

    def take(self, bid: float) -> None:
        """Add a quote."""
        if bid > self.high:
            self.high = bid
        elif bid < self.low:
            self.low = bid
        self.close = bid
        self.ticks += 1

    def row(self) -> Row:
        """The bar so far."""
        return Row(self.start_ns, self.open, self.high, self.low, self.close, self.ticks)


class Columns:
    """Rows in order of time; the oldest go when there are a quarter more than ``kept``."""

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self._starts: array[int] = array("q")
        self._prices: tuple[array[float], ...] = tuple(array("d") for _ in range(4))
        self._ticks: array[int] = array("q")

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> Row:
        opened, high, low, close = (column[index] for column in self._prices)
        return Row(self._starts[index], opened, high, low, close, self._ticks[index])

    def backwards(self) -> Iterator[Row]:
        """From the newest to the oldest."""
        return (self[index] for index in range(len(self) - 1, -1, -1))

    @property
    def first_ns(self) -> int:
        """Start of the oldest row, 0 without any."""
        return self._starts[0] if self._starts else 0

    @property
    def last_ns(self) -> int:
        """Start of the newest row, 0 without any."""
        return self._starts[-1] if self._starts else 0

    def append(self, row: Row) -> None:
        """Add a row behind the newest."""
        self._starts.append(row.start_ns)
        for column, value in zip(self._prices, (row.open, row.high, row.low, row.close), strict=True):
            column.append(value)
        self._ticks.append(row.ticks)
        if len(self) > self.kept + self.kept // 4:
            self._cut(slice(0, len(self) - self.kept))

    def pop(self) -> Row:
        """Take the newest row away.

        Raises:
            IndexError: There is none.
        """
        row = self[-1]
        self._cut(slice(len(self) - 1, len(self)))
        return row

    def replace_first(self, row: Row) -> None:
        """Put another row in the place of the oldest."""
        self._starts[0], self._ticks[0] = row.start_ns, row.ticks
        for column, value in zip(self._prices, (row.open, row.high, row.low, row.close), strict=True):
            column[0] = value

    def prepend(self, newest_first: Iterable[Row]) -> None:
        """Put older rows before the oldest, as many as fit."""
        older = Columns(self.kept)
        for row, _ in zip(newest_first, range(max(0, self.kept - len(self))), strict=False):
            older.append(row)
        for mine, others in zip(self._all(), older._all(), strict=True):
            mine[:0] = others[::-1]  # type: ignore[assignment]

    def _cut(self, part: slice) -> None:
        for column in self._all():
            del column[part]

    def _all(self) -> tuple["array[int] | array[float]", ...]:
        return (self._starts, *self._prices, self._ticks)
