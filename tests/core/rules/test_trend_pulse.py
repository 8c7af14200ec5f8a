"""What rows of the pulse say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.model.market import Side
from zepix_core.model.trend_pulse import MarketState, TrendPulseData
from zepix_core.rules.trend_pulse import (
    HIGHER,
    fresh_rows,
    higher_trend,
    market_state,
    pulse_aligned,
    pulse_sums,
    pulse_timeframe,
    state_matches,
    state_of_counts,
    state_received,
)

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)
counts = st.integers(0, 6).flatmap(lambda bull: st.tuples(st.just(bull), st.integers(0, 6 - bull)))


def row(bull: int, bear: int, timeframe: str = "15", minutes: float = 0.0) -> TrendPulseData:
    return TrendPulseData(
        symbol="EURUSD",
        timeframe=timeframe,
        bull_count=bull,
        bear_count=bear,
        market_state=state_of_counts(bull, bear),
        changes="",
        last_updated=NOON + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(
    ("bull", "bear", "state"),
    [
        (5, 1, "TRENDING_BULLISH"), (4, 2, "MIXED_BULLISH"), (3, 3, "NEUTRAL"), (1, 5, "TRENDING_BEARISH"),
        (2, 4, "MIXED_BEARISH"), (0, 0, "NEUTRAL"), (6, 0, "TRENDING_BULLISH"),
    ],
)  # fmt: skip
def test_counts_have_a_word(bull: int, bear: int, state: str) -> None:
    assert state_of_counts(bull, bear).value == state


def test_the_word_received_wins_over_the_counts_unless_nobody_knows_it() -> None:
    assert state_received("CHOPPY", 6, 0) is MarketState.CHOPPY
    assert state_received("", 6, 0) is MarketState.TRENDING_BULLISH
    assert state_received("WEAK_BULLISH", 6, 0) is MarketState.UNKNOWN


@pytest.mark.parametrize(("bull", "bear", "strength"), [(5, 1, 0.666667), (2, 3, 0.2), (0, 0, 0.0)])
def test_strength_is_the_lead_over_all_that_lean(bull: int, bear: int, strength: float) -> None:
    assert row(bull, bear).strength == pytest.approx(strength, abs=1e-6)


@given(counts)
def test_swapping_the_counts_turns_direction_and_word(pair: tuple[int, int]) -> None:
    there, back = row(*pair), row(pair[1], pair[0])
    assert there.net_direction == -back.net_direction
    assert there.strength == back.strength
    assert state_matches(there.market_state, Side.BUY) == state_matches(back.market_state, Side.SELL)


def test_the_newest_row_tells_the_state_and_none_is_unknown() -> None:
    assert market_state([row(5, 1, "5", 1.0), row(1, 5, "240", 0.0)]) is MarketState.TRENDING_BULLISH
    assert market_state([]) is MarketState.UNKNOWN


def test_sums_over_all_rows_decide_and_a_tie_decides_nothing() -> None:
    rows = [row(4, 2, "5"), row(5, 1, "15"), row(0, 5, "60")]
    assert pulse_sums(rows) == (9, 8)
    assert pulse_aligned(rows, Side.BUY)
    assert pulse_aligned(rows[1:], Side.SELL)
    assert not any(pulse_aligned([row(3, 3)], side) for side in Side)
    assert not any(pulse_aligned([], side) for side in Side)


def test_old_rows_count_as_absent_where_an_age_is_set() -> None:
    rows = (row(5, 1, "5", -61.0), row(5, 1, "15", -60.0))
    assert fresh_rows(rows, NOON, 0) == rows
    assert fresh_rows(rows, NOON, 60) == rows[1:]


def test_a_day_has_one_name() -> None:
    assert [pulse_timeframe(one) for one in ("1D", "D", "1440", "15", "1M")] == ["1440"] * 3 + ["15", "1M"]


def test_the_row_of_the_timeframe_above_decides_by_its_counts_alone() -> None:
    rows = (row(6, 0, "15"), row(3, 3, "60"), row(0, 1, "240"))
    asked = {timeframe: higher_trend(rows, timeframe, Side.SELL) for timeframe in HIGHER}
    assert {name: answer.aligned for name, answer in asked.items()} == {
        "1": False,
        "5": False,
        "15": False,
        "60": True,
        "240": True,
    }
