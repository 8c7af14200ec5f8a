"""The bars of one symbol: minutes and hours as they are made, and any wider ones read out of them."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from zepix_core.broker.paper.columns import Columns, Going, Row
from zepix_core.broker.paper.history import History, Origin
from zepix_core.clock import NS
from zepix_core.model.market import Bar

MINUTES, HOURS = 3600, 3000
"""Bars kept of each width: 120 of half an hour, 125 days of trading."""


@attrs.frozen
class BarRow:
    """A minute (``minutes`` 1) or an hour (60)."""

    minutes: int
    row: Row


@attrs.frozen(kw_only=True)
class Page:
    """What is new on a chart since it was written down.

    Attributes:
        ended: Bars that ended; ``going``: those being made.
        oldest: By width in minutes: start of the oldest bar still kept, UTC nanoseconds.
    """

    symbol: str
    origin: Origin
    ended: tuple[BarRow, ...]
    going: tuple[BarRow, ...]
    oldest: Mapping[int, int]


class _Width:
    """Bars of one width: the closed ones and the one being made."""

    def __init__(self, minutes: int, kept: int) -> None:
        self.minutes = minutes
        self.ns = minutes * 60 * NS
        self.closed = Columns(kept)
        self._going: Going | None = None

    @property
    def open(self) -> Row | None:
        """The bar that is being made."""
        return None if self._going is None else self._going.row()

    @open.setter
    def open(self, row: Row) -> None:
        self._going = Going(row, self.ns)

    def take(self, bid: float, time_ns: int) -> Row | None:
        """Add a quote; the bar it closed, if any."""
        going = self._going
        if going is not None and time_ns < going.end_ns:
            going.take(bid)
            return None
        start = time_ns - time_ns % self.ns
        ended = self.roll(start)
        if len(self.closed) and self.closed.last_ns >= start:
            # The clock was set back into a bar that had ended.
            self._going = Going(self.closed.pop(), self.ns)
            self._going.take(bid)
        else:
            self._going = Going(Row(start, bid, bid, bid, bid, 1), self.ns)
        return ended

    def roll(self, now_ns: int) -> Row | None:
        """End the bar whose time is over."""
        going = self._going
        if going is None or going.end_ns > now_ns:
            return None
        row = going.row()
        self.closed.append(row)
        self._going = None
        return row


class Chart:
    """Fed with every quote of its symbol, in order.

    Attributes:
        origin: The first price of the symbol.
        joined: What was before the origin has been put in front.
    """

    def __init__(self, symbol: str, origin: Origin) -> None:
        self.symbol = symbol
        self.origin = origin
        self._minutes, self._hours = _Width(1, MINUTES), _Width(60, HOURS)
        self._unsaved: list[BarRow] = []
        self.joined = False

    def load(self, minutes: int, rows: Iterable[Row]) -> None:
        """Take up what was kept of one width, oldest first; the newest bar may go on."""
        width = self._width(minutes)
        for row in rows:
            width.closed.append(row)
        if len(width.closed):
            width.open = width.closed.pop()

    def take(self, bid: float, time_ns: int) -> None:
        """Add a quote."""
        for width in (self._minutes, self._hours):
            row = width.take(bid, time_ns)
            if row is not None:
                self._unsaved.append(BarRow(width.minutes, row))

    def roll(self, now_ns: int) -> None:
        """End the bars whose time is over."""
        for width in (self._minutes, self._hours):
            row = width.roll(now_ns)
            if row is not None:
                self._unsaved.append(BarRow(width.minutes, row))

    def unsaved(self) -> Page:
        """What to write down."""
        widths = (self._minutes, self._hours)
        return Page(
            symbol=self.symbol,
            origin=self.origin,
            ended=tuple(self._unsaved),
            going=tuple(BarRow(width.minutes, row) for width in widths if (row := width.open)),
            oldest={width.minutes: width.closed.first_ns for width in widths},
        )

    def saved(self, page: Page) -> None:
        """That page is on disk; bars may have ended meanwhile."""
        del self._unsaved[: len(page.ended)]

    def join(self, history: History | None) -> None:
        """Put the bars before the origin in front, unless so many came since that there is no room."""
        self.joined = True
        if history is not None:
            _join(self._minutes, history.minutes)
            _join(self._hours, history.hours)

    def bars(self, minutes: int, count: int, now_ns: int) -> tuple[Bar, ...]:
        """The newest ``count`` bars of ``minutes`` that are over, oldest first."""
        self.roll(now_ns)
        base = self._width(60 if minutes % 60 == 0 else 1)
        width_ns = minutes * 60 * NS
        found: list[Row] = []
        for row in _wider(base.closed.backwards(), width_ns):
            if row.start_ns - row.start_ns % width_ns + width_ns <= now_ns:
                found.append(row)
            if len(found) > count:
                break
        if len(found) > count or (found and found[-1].start_ns % width_ns):
            found.pop()  # one too many, or a bar whose beginning nobody saw
        return tuple(
            Bar(
                symbol=self.symbol,
                timeframe=str(minutes),
                time_ns=row.start_ns - row.start_ns % width_ns + width_ns,
                open=row.open,
                high=row.high,
                low=row.low,
                close=row.close,
                ticks=row.ticks,
            )
            for row in reversed(found)
        )

    def _width(self, minutes: int) -> _Width:
        return self._minutes if minutes == 1 else self._hours


def _join(width: _Width, newest_first: tuple[Row, ...]) -> None:
    if not newest_first or len(width.closed) >= width.closed.kept:
        return
    newest, rest = newest_first[0], newest_first
    first = width.closed[0] if len(width.closed) else width.open
    if first is not None and first.start_ns == newest.start_ns:
        # The bar in which the first price came: what was before it belongs in.
        rest = newest_first[1:]
        if len(width.closed):
            width.closed.replace_first(first.after(newest))
        else:
            width.open = first.after(newest)
    width.closed.prepend(rest)


def _wider(newest_first: Iterable[Row], width_ns: int) -> Iterator[Row]:
    """Bars of ``width_ns`` made of narrower ones, newest first; ``start_ns`` is that of their first part."""
    whole: Row | None = None
    for row in newest_first:
        if whole is not None and whole.start_ns // width_ns == row.start_ns // width_ns:
            whole = whole.after(row)
            continue
        if whole is not None:
            yield whole
        whole = row
    if whole is not None:
        yield whole
