"""The module's functions about bars and past ticks."""

import random
from typing import Any

from zepix_core.testing.fake_mt5.arrays import RATES, TICKS, structured
from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.core import Core, call, text, whole
from zepix_core.testing.fake_mt5.history_calls import seconds
from zepix_core.testing.fake_mt5.quotes import Quote
from zepix_core.testing.fake_mt5.refusals import CallFailed

MINUTE = 60
DAY = 86_400
# The epoch was a Thursday; weeks of the charts begin on Sunday.
WEEK_SHIFT = 4 * DAY
LENGTHS = {
    MT5.TIMEFRAME_MN1: 30 * DAY,
    MT5.TIMEFRAME_W1: 7 * DAY,
    MT5.TIMEFRAME_D1: DAY,
    **{getattr(MT5, f"TIMEFRAME_H{hours}"): hours * 60 * MINUTE for hours in (1, 2, 3, 4, 6, 8, 12)},
    **{
        getattr(MT5, f"TIMEFRAME_M{minutes}"): minutes * MINUTE
        for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
    },
}
WALK_POINTS = 40.0

Bar = tuple[int, float, float, float, float, int, int, int]


class RateCalls(Core):
    """Bars are made of the quotes; before the first quote stands a walk of the seeded generator."""

    arrays_light: bool | None = None

    @call()
    def copy_rates_from(self, symbol: str, timeframe: int, date_from: Any, count: int) -> Any:
        """The last ``count`` bars that opened at or before a moment in server time."""
        limit = seconds(date_from)
        bars = [bar for bar in self._bars(symbol, timeframe) if bar[0] <= limit]
        return self._array(bars[-_positive(count) :])

    @call()
    def copy_rates_from_pos(self, symbol: str, timeframe: int, start_pos: int, count: int) -> Any:
        """``count`` bars up to the one at ``start_pos``; 0 is the bar that is being formed."""
        start = whole(start_pos)
        if start < 0:
            raise CallFailed(MT5.RES_E_INVALID_PARAMS)
        bars = self._bars(symbol, timeframe)
        end = len(bars) - start
        return self._array(bars[max(0, end - _positive(count)) : max(0, end)])

    @call()
    def copy_rates_range(self, symbol: str, timeframe: int, date_from: Any, date_to: Any) -> Any:
        """The bars that opened within a window of server time."""
        begin, end = seconds(date_from), seconds(date_to)
        return self._array([bar for bar in self._bars(symbol, timeframe) if begin <= bar[0] <= end])

    @call()
    def copy_ticks_from(self, symbol: str, date_from: Any, count: int, flags: int) -> Any:
        """The first ``count`` ticks from a moment in server time on."""
        ticks = [tick for tick in self._ticks(symbol, flags) if tick.time_msc >= seconds(date_from) * 1000]
        return _tick_array(ticks[: _positive(count)], self.arrays_light)

    @call()
    def copy_ticks_range(self, symbol: str, date_from: Any, date_to: Any, flags: int) -> Any:
        """The ticks within a window of server time."""
        begin, end = seconds(date_from) * 1000, seconds(date_to) * 1000
        ticks = [tick for tick in self._ticks(symbol, flags) if begin <= tick.time_msc <= end]
        return _tick_array(ticks, self.arrays_light)

    def _ticks(self, symbol: Any, flags: Any) -> list[Quote]:
        name = text(symbol)
        if name not in self.market.symbols:
            raise CallFailed(MT5.RES_E_NOT_FOUND)
        if whole(flags) not in (MT5.COPY_TICKS_ALL, MT5.COPY_TICKS_INFO, MT5.COPY_TICKS_TRADE):
            raise CallFailed(MT5.RES_E_INVALID_PARAMS)
        return [] if flags == MT5.COPY_TICKS_TRADE else self.market.ticks.get(name, [])

    def _bars(self, symbol: Any, timeframe: Any) -> list[Bar]:
        name = text(symbol)
        length = LENGTHS.get(whole(timeframe))
        if length is None:
            raise CallFailed(MT5.RES_E_INVALID_PARAMS)
        if name not in self.market.symbols or not self.market.ticks.get(name):
            raise CallFailed(MT5.RES_E_NOT_FOUND)
        facts, ticks = self.market.symbols[name], self.market.ticks[name]
        bars: list[Bar] = []
        for tick in ticks:
            opened = opening(tick.time_msc // 1000, length)
            spread = round(facts.points(tick.ask - tick.bid))
            if bars and bars[-1][0] == opened:
                _, first, high, low, _, count, least, _ = bars[-1]
                bars[-1] = (
                    opened, first, max(high, tick.bid), min(low, tick.bid), tick.bid, count + 1,
                    min(least, spread), 0,
                )  # fmt: skip
            else:
                bars.append((opened, tick.bid, tick.bid, tick.bid, tick.bid, 1, spread, 0))
        return self._walk(name, length, bars[0]) + bars

    def _walk(self, name: str, length: int, first: Bar) -> list[Bar]:
        """Bars before the first quote, walked backwards from its price."""
        facts = self.market.symbols[name]
        chance = random.Random(f"{self.seed} {name} {length}")  # noqa: S311 - prices of a test
        made: list[Bar] = []
        opened, close = first[0], first[1]
        for _ in range(self.history_bars):
            opened = opening(opened - 1, length)
            step = chance.gauss(0.0, WALK_POINTS) * facts.point
            start = facts.price(max(close - step, close * 0.5))
            wick = abs(chance.gauss(0.0, WALK_POINTS / 2)) * facts.point
            high, low = (
                facts.price(max(start, close) + wick),
                facts.price(max(min(start, close) - wick, facts.point)),
            )
            made.append((opened, start, high, low, close, chance.randint(20, 200), facts.spread, 0))
            close = start
        return made[::-1]

    def _array(self, bars: list[Bar]) -> Any:
        return structured(bars, RATES, light=self.arrays_light)


def opening(second: int, length: int) -> int:
    """When the bar around a moment opens, in seconds of server time."""
    if length == LENGTHS[MT5.TIMEFRAME_W1]:
        return (second + WEEK_SHIFT) // length * length - WEEK_SHIFT
    return second // length * length


def _positive(count: Any) -> int:
    if whole(count) <= 0:
        raise CallFailed(MT5.RES_E_INVALID_PARAMS)
    return int(count)


def _tick_array(ticks: list[Quote], light: bool | None) -> Any:
    rows = [
        (tick.time_msc // 1000, tick.bid, tick.ask, 0.0, 0, tick.time_msc, tick.flags, 0.0) for tick in ticks
    ]
    return structured(rows, TICKS, light=light)
