"""What bars say about how far a market moves. Bars are closed ones, oldest first."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from zepix_core.model.market import Bar
from zepix_core.model.volatility import PriceRange, Volatility, VolatilityState
from zepix_core.rules.decimals import exact, half_up

ATR_PERIOD, ATR_MINUTES = 14, 60
SHORT_BARS, LONG_BARS = 20, 100
LEAST_BARS = SHORT_BARS + 1
HIGH_ABOVE, MODERATE_ABOVE = Decimal("1.5"), Decimal("0.8")


def average_true_range(bars: Sequence[Bar], period: int) -> float | None:
    """Mean of the last ``period`` true ranges, in price; ``None`` without enough bars.

    A true range reaches to the close before, so ``period`` + 1 bars are needed.
    """
    if period < 1 or len(bars) <= period:
        return None
    last = bars[-period - 1 :]
    ranges = [_true_range(before, bar) for before, bar in pairwise(last)]
    return float(sum(ranges, Decimal(0)) / period)


def price_range(bars: Sequence[Bar], pip_size: float) -> PriceRange | None:
    """How far the bars reached; ``None`` without any."""
    if not bars:
        return None
    high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
    pip = exact(pip_size)
    return PriceRange(
        high=high,
        low=low,
        range_pips=half_up((exact(high) - exact(low)) / pip, 1),
        atr_estimate=half_up(_mean_range(bars) / pip, 1),
        bars_analyzed=len(bars),
    )


def volatility_state(bars: Sequence[Bar], pip_size: float) -> VolatilityState:
    """The mean range (high - low) of the last 20 bars against that of the last 100.

    Fewer than 100 will do, fewer than 21 are UNKNOWN, and so are bars that never moved. Above 1.5 is HIGH,
    above 0.8 MODERATE, else LOW, judged before anything is rounded.
    """
    if len(bars) < LEAST_BARS:
        return VolatilityState(state=Volatility.UNKNOWN)
    current, average = _mean_range(bars[-SHORT_BARS:]), _mean_range(bars[-LONG_BARS:])
    if average <= 0:
        return VolatilityState(state=Volatility.UNKNOWN)
    pip = exact(pip_size)
    return VolatilityState(
        state=_state(current, average),
        atr_current=float(current / pip),
        atr_average=float(average / pip),
        volatility_ratio=float(current / average),
    )


def _state(current: Decimal, average: Decimal) -> Volatility:
    if current > HIGH_ABOVE * average:
        return Volatility.HIGH
    return Volatility.MODERATE if current > MODERATE_ABOVE * average else Volatility.LOW


def _true_range(before: Bar, bar: Bar) -> Decimal:
    high, low, close = exact(bar.high), exact(bar.low), exact(before.close)
    return max(high, close) - min(low, close)


def _mean_range(bars: Sequence[Bar]) -> Decimal:
    return sum((exact(bar.high) - exact(bar.low) for bar in bars), Decimal(0)) / len(bars)
