"""What a synthetic market did before anybody watched: bars that end where its first price begins."""

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random

import attrs

from zepix_core.broker.paper.columns import Row
from zepix_core.broker.paper.symbols import PaperSymbol
from zepix_core.clock import NS, moment
from zepix_core.rules.hours import session_open

MINUTE_NS, HOUR_NS = 60 * NS, 3600 * NS


@attrs.frozen(kw_only=True)
class Origin:
    """The first price of a symbol: ``bid`` is a price, ``time_ns`` UTC nanoseconds."""

    bid: float
    time_ns: int


class History:
    """The same seed and origin always give the same bars. An hour is exactly its minutes; no bar had ticks.

    Args:
        minutes, hours: How many bars of each width to make up; the minutes are of whole hours.
    """

    def __init__(self, symbol: PaperSymbol, seed: int, origin: Origin, minutes: int, hours: int) -> None:
        self._symbol = symbol
        self._random = Random(f"{seed}:{symbol.info.name}:history")  # noqa: S311 - prices
        self._close = origin.bid
        self.minutes = tuple(self._row(start, 1) for start in self._minutes(origin, minutes // 60))
        told = _hours_of(self.minutes)
        oldest = told[-1].start_ns if told else _floor(origin.time_ns, HOUR_NS)
        more = islice(self._hours(oldest), max(0, hours - len(told)))
        self.hours = (*told, *(self._row(start, 60) for start in more))

    def _row(self, start_ns: int, minutes: int) -> Row:
        """The bar before the ones made so far: it closes where they open."""
        info, close = self._symbol.info, self._close
        reach = self._symbol.step_points * info.point * math.sqrt(60 * minutes)
        move, above, below = (self._random.gauss(0.0, 1.0) for _ in range(3))
        least = self._symbol.spread_points * info.point
        opened = close - move * reach
        if opened < least:
            opened = close + abs(move) * reach
        high = max(opened, close) + abs(above) * reach / 2
        low = max(min(opened, close) - abs(below) * reach / 2, min(opened, close, least))
        opened, high, low = (round(price, info.digits) for price in (opened, high, low))
        self._close = opened
        return Row(start_ns, opened, high, low, close, 0)

    def _minutes(self, origin: Origin, hours: int) -> Iterator[int]:
        """Those of the hour before the origin, and of whole open hours before that, newest first."""
        hour = _floor(origin.time_ns, HOUR_NS)
        if self._is_open(hour):
            yield from range(_floor(origin.time_ns, MINUTE_NS) - MINUTE_NS, hour - 1, -MINUTE_NS)
        for start in islice(self._hours(hour), hours):
            yield from range(start + HOUR_NS - MINUTE_NS, start - 1, -MINUTE_NS)

    def _hours(self, before_ns: int) -> Iterator[int]:
        start = before_ns
        while start >= HOUR_NS:
            start -= HOUR_NS
            if self._is_open(start):
                yield start

    def _is_open(self, start_ns: int) -> bool:
        info = self._symbol.info
        return session_open(info.name, moment(start_ns), info.always_open)


def _floor(time_ns: int, width_ns: int) -> int:
    return time_ns - time_ns % width_ns


def _hours_of(minutes: Iterable[Row]) -> list[Row]:
    """Hours of minutes, both newest first."""
    hours: list[Row] = []
    for minute in minutes:
        if hours and hours[-1].start_ns // HOUR_NS == minute.start_ns // HOUR_NS:
            hours[-1] = hours[-1].after(minute)
        else:
            hours.append(minute)
    return hours
