"""Volumes stand on steps, never above what was asked, and split without a rest."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.rules.lots import (
    close_part,
    floor_lots,
    lots_for_risk,
    normalise,
    split,
    to_lots,
    whole_steps,
)

steps = st.sampled_from([0.01, 0.1, 0.001, 1.0])
volumes = st.floats(min_value=0.0, max_value=500.0)


def on_step(lots: float, step: float) -> bool:
    return Decimal(repr(lots)) % Decimal(repr(step)) == 0


@pytest.mark.parametrize(
    ("balance", "percent", "pips", "pip_value", "lots"),
    [(10_000, 1.5, 50, 10.0, 0.30), (10_000, 1.0, 35, 10.0, 0.28), (10_000, 0.5, 15, 10.0, 0.33)],
    ids=["lot", "lot, down", "lot before its cap"],
)
def test_lots_from_risk_round_down(
    balance: float, percent: float, pips: float, pip_value: float, lots: float
) -> None:
    assert floor_lots(lots_for_risk(balance, percent, pips, pip_value), 0.01) == lots


def test_a_cap_cuts_a_volume_down() -> None:
    volume = normalise(0.3333, 0.01, 0.01, 50.0, 0.10, 10.0)
    assert (volume.lots, volume.cut, volume.raised) == (0.10, True, False)


def test_a_volume_below_the_minimum_is_raised_and_flagged() -> None:
    volume = normalise(lots_for_risk(500, 1.0, 80, 10.0), 0.01, 0.01, 50.0)
    assert (volume.lots, volume.raised) == (0.01, True)


@pytest.mark.parametrize(
    ("total", "first", "second"), [(0.10, 0.05, 0.05), (0.05, 0.03, 0.02), (0.01, 0.01, 0.0)]
)
def test_an_odd_step_goes_to_the_first_leg(total: float, first: float, second: float) -> None:
    a, b = split(whole_steps(total, 0.01))
    assert (to_lots(a, 0.01), to_lots(b, 0.01)) == (first, second)


@pytest.mark.parametrize(
    ("volume", "percentage", "closed", "remaining"),
    [(0.10, 25.0, 0.02, 0.08), (0.10, 100.0, 0.10, 0.0), (0.02, 50.0, 0.01, 0.01), (0.30, 10.0, 0.03, 0.27)],
)
def test_a_part_is_rounded_down_to_steps(
    volume: float, percentage: float, closed: float, remaining: float
) -> None:
    part = close_part(volume, percentage, 0.01, 0.01)
    assert part is not None
    assert (part.closed, part.remaining) == (closed, remaining)


def test_a_part_below_the_minimum_is_refused() -> None:
    assert close_part(0.01, 50.0, 0.01, 0.01) is None


def test_a_rest_below_the_minimum_is_closed_with_it() -> None:
    part = close_part(0.15, 90.0, 0.10, 0.01)
    assert part is not None
    assert (part.closed, part.remaining) == (0.15, 0.0)


@pytest.mark.parametrize("percent", [0.0, -1.0, 100.1])
def test_a_percentage_out_of_range_is_a_mistake(percent: float) -> None:
    with pytest.raises(ValueError, match="risk_percentage"):
        lots_for_risk(10_000, percent, 50, 10.0)


@given(volumes, steps)
def test_floor_stands_on_a_step_and_is_not_above(volume: float, step: float) -> None:
    lots = floor_lots(volume, step)
    assert on_step(lots, step)
    assert lots <= volume + step * 1e-6


@given(volumes, steps, st.floats(min_value=0.001, max_value=0.999))
def test_split_keeps_every_step(volume: float, step: float, ratio: float) -> None:
    n = whole_steps(volume, step)
    first, second = split(n, ratio)
    assert first + second == n
    assert min(first, second) >= 0


@given(volumes, steps, st.lists(st.floats(min_value=1.0, max_value=100.0), max_size=3))
def test_a_normalised_volume_is_on_a_step_and_within_every_cap(
    volume: float, step: float, caps: list[float]
) -> None:
    result = normalise(volume, step, step, *caps)
    assert on_step(result.lots, step)
    assert all(result.lots <= cap + 1e-9 for cap in caps)


@given(st.integers(1, 5000), st.floats(min_value=0.1, max_value=100.0))
def test_a_close_takes_no_more_than_there_is_and_loses_nothing(n: int, percentage: float) -> None:
    volume = to_lots(n, 0.01)
    part = close_part(volume, percentage, 0.01, 0.01)
    if part is not None:
        assert 0 < part.closed <= volume
        assert round(part.closed + part.remaining, 2) == volume
