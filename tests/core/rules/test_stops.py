"""Stops: on the right side, far enough, rounded half up once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.model.market import Side
from zepix_core.rules.decimals import exact, half_up
from zepix_core.rules.stops import (
    atr_price,
    breakeven_sl,
    check_stops,
    fixed_money_sl,
    improves,
    least_distance,
)

sides = st.sampled_from([Side.BUY, Side.SELL])
prices = st.integers(100_000, 200_000).map(lambda n: n / 100_000)


@pytest.mark.parametrize(
    ("side", "entry", "lots", "pip", "digits", "stop"),
    [
        (Side.BUY, 2030.50, 0.05, 0.1, 2, 2028.50),
        (Side.BUY, 2030.50, 0.03, 0.1, 2, 2027.17),
        (Side.SELL, 1.08500, 0.10, 0.0001, 5, 1.08600),
    ],
)
def test_a_fixed_money_stop_is_a_distance_in_pips(
    side: Side, entry: float, lots: float, pip: float, digits: int, stop: float
) -> None:
    assert fixed_money_sl(side, entry, lots, pip, 10.0, digits) == stop


@pytest.mark.parametrize(("atr", "multiplier"), [(0.0, 1.5), (4.2, 0.0), (-1.0, 1.0)])
def test_an_atr_price_without_an_atr_is_a_mistake(atr: float, multiplier: float) -> None:
    with pytest.raises(ValueError, match="ATR"):
        atr_price(Side.BUY, 2030.5, atr, multiplier, 2, -1)


def test_breakeven_locks_the_buffer() -> None:
    assert breakeven_sl(Side.BUY, 2030.50, 2.0, 0.1, 2) == 2030.70
    assert breakeven_sl(Side.SELL, 2030.50, 2.0, 0.1, 2) == 2030.30


def test_the_house_minimum_counts_where_the_broker_has_none() -> None:
    assert least_distance(0, 0.00001) == 0.0001
    assert least_distance(50, 0.00001) == 0.0005
    assert least_distance(0, 0.00001, 0.0005) == 0.0005


@pytest.mark.parametrize(
    ("sl", "tp", "fault"),
    [
        (1.0980, 1.1060, ""),
        (1.0980, 0.0, ""),
        (1.1010, 1.1060, "stop loss on the wrong side"),
        (1.0980, 1.0990, "take profit on the wrong side"),
        (1.09999, 1.1060, "stop loss too near"),
        (1.0980, 1.10001, "take profit too near"),
    ],
)
def test_stops_of_a_buy_are_measured_from_bid(sl: float, tp: float, fault: str) -> None:
    assert check_stops(Side.BUY, 1.1000, 1.1001, sl, tp, 0.0001).fault == fault


@given(sides, prices, st.integers(1, 100), st.floats(min_value=0.5, max_value=50.0))
def test_a_fixed_money_stop_loses_its_money_within_half_a_point(
    side: Side, entry: float, n: int, money: float
) -> None:
    lots = n / 100
    stop = fixed_money_sl(side, entry, lots, 0.0001, 10.0, 5, money)
    lost = abs(exact(entry) - exact(stop)) / exact(0.0001) * exact(10.0) * exact(lots)
    assert abs(float(lost) - money) <= 0.05 * lots * 10 + 1e-9
    assert (entry - stop) * side.sign >= 0


@given(sides, prices, st.integers(10, 5000), st.integers(10, 5000))
def test_stops_far_enough_on_their_sides_are_fine(side: Side, bid: float, sl: int, tp: int) -> None:
    ask = half_up(bid + 0.0001, 5)
    quote = bid if side is Side.BUY else ask
    sl_price = half_up(exact(quote) - side.sign * exact(sl / 100_000), 5)
    tp_price = half_up(exact(quote) + side.sign * exact(tp / 100_000), 5)
    assert check_stops(side, bid, ask, sl_price, tp_price, 0.0001).fault == ""
    assert check_stops(side, bid, ask, tp_price, sl_price, 0.0001).fault != ""


@given(sides, prices, prices)
def test_a_stop_cannot_improve_both_ways(side: Side, old: float, new: float) -> None:
    assert not (improves(side, old, new) and improves(side, new, old))
