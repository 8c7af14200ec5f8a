"""Ranges, average true ranges and the word for how a market moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.model.market import Bar
from zepix_core.model.volatility import PriceRange, Volatility, VolatilityState
from zepix_core.rules.volatility import average_true_range, price_range, volatility_state


def bar(high: float, low: float, close: float | None = None) -> Bar:
    end = low if close is None else close
    return Bar(symbol="XAUUSD", timeframe="15", time_ns=0, open=low, high=high, low=low, close=end)


def ranges(current: float, average: float) -> list[Bar]:
    """100 bars in pips of 0.10: the last 20 with one mean, all with another."""
    old = (average * 100 - current * 20) / 80
    return [bar(round(2000 + pips / 10, 4), 2000.0) for pips in [old] * 80 + [current] * 20]


@pytest.mark.parametrize(
    ("current", "average", "state"),
    [(6.3, 4.0, "HIGH"), (6.0, 4.0, "MODERATE"), (3.2, 4.0, "LOW"), (3.3, 4.0, "MODERATE")],
)
def test_the_word_is_judged_on_numbers_that_are_not_rounded(
    current: float, average: float, state: str
) -> None:
    told = volatility_state(ranges(current, average), 0.1)
    assert told.state == state
    assert told.atr_current == pytest.approx(current)
    assert told.atr_average == pytest.approx(average, abs=0.001)
    assert told.volatility_ratio == pytest.approx(current / average, abs=0.001)


def test_exactly_one_and_a_half_is_moderate_and_exactly_four_fifths_is_low() -> None:
    assert volatility_state(ranges(6.0, 4.0), 0.1).volatility_ratio == 1.5
    assert volatility_state(ranges(3.2, 4.0), 0.1).volatility_ratio == 0.8


def test_a_hair_more_counts() -> None:
    bars = ranges(6.0, 4.0)
    assert volatility_state([*bars[:-1], bar(2000.6001, 2000.0)], 0.1).state is Volatility.HIGH


@pytest.mark.parametrize("count", [0, 1, 20])
def test_fewer_than_21_bars_say_nothing(count: int) -> None:
    assert volatility_state([bar(2, 1)] * count, 0.1) == VolatilityState(state=Volatility.UNKNOWN)


def test_21_bars_are_enough() -> None:
    assert volatility_state([bar(2, 1)] * 21, 0.1).state is Volatility.MODERATE


def test_a_market_that_never_moved_is_unknown() -> None:
    assert volatility_state([bar(2, 2)] * 100, 0.1).state is Volatility.UNKNOWN


def test_only_the_last_hundred_bars_count() -> None:
    assert volatility_state([bar(999, 1)] * 50 + ranges(6.3, 4.0), 0.1) == volatility_state(
        ranges(6.3, 4.0), 0.1
    )


def test_a_range_is_told_in_prices_and_pips() -> None:
    told = price_range([bar(2031.0, 2030.0), bar(2033.25, 2031.5), bar(2032.0, 2029.4)], 0.1)
    assert told == PriceRange(high=2033.25, low=2029.4, range_pips=38.5, atr_estimate=17.8, bars_analyzed=3)


def test_no_bars_have_no_range() -> None:
    assert price_range([], 0.1) is None


def test_a_true_range_reaches_to_the_close_before() -> None:
    bars = [bar(10, 9, 10), bar(13, 12, 12), bar(12, 11, 11)]  # 3 from the close at 10, then 1
    assert average_true_range(bars, 2) == 2.0


@pytest.mark.parametrize(("count", "known"), [(0, False), (14, False), (15, True), (99, True)])
def test_an_average_needs_one_bar_more_than_its_period(count: int, known: bool) -> None:
    assert (average_true_range([bar(2, 1)] * count, 14) is not None) is known


def test_prices_are_counted_as_they_are_printed() -> None:
    assert average_true_range([bar(1.1003, 1.1, 1.1)] * 15, 14) == 0.0003


@given(st.lists(st.tuples(st.integers(1, 9999), st.integers(0, 99), st.integers(0, 99)), min_size=22))
def test_an_average_lies_between_the_least_and_the_most(drawn: list[tuple[int, int, int]]) -> None:
    bars = [bar((low + up) / 100, low / 100, (low + min(up, end)) / 100) for low, up, end in drawn]
    told, state = average_true_range(bars, 21), volatility_state(bars, 0.01)
    assert told is not None and told >= 0
    if state.atr_current is not None and state.atr_average is not None:
        spans = [b.high - b.low for b in bars]
        assert min(spans) - 1e-9 <= state.atr_average / 100 <= max(spans) + 1e-9
