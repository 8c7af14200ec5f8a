"""When a stop may be moved to the entry."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.model.market import Side, SymbolInfo
from zepix_core.rules.breakeven import breakeven_move
from zepix_core.rules.stops import improves

GOLD = SymbolInfo(name="XAUUSD", digits=2, point=0.01, pip_size=0.1, pip_value=10.0, contract_size=100.0)
BUY, SELL = Side.BUY, Side.SELL


def test_a_buy_keeps_two_pips_above_its_entry_and_a_sell_below() -> None:
    assert breakeven_move(BUY, 2030.50, 2024.00, (2033.60, 2033.80), GOLD, 2.0) == 2030.70
    assert breakeven_move(SELL, 2030.50, 2036.00, (2027.00, 2027.20), GOLD, 2.0) == 2030.30


def test_no_stop_is_improved_by_any() -> None:
    assert breakeven_move(BUY, 2030.50, 0.0, (2033.60, 2033.80), GOLD, 0.0) == 2030.50


@pytest.mark.parametrize("present", [2030.70, 2031.00])
def test_a_stop_that_is_as_good_stays(present: float) -> None:
    assert breakeven_move(BUY, 2030.50, present, (2033.60, 2033.80), GOLD, 2.0) is None


def test_the_market_must_be_the_least_stop_distance_beyond() -> None:
    wide = attrs.evolve(GOLD, min_sl_distance=1.0)
    assert breakeven_move(BUY, 2030.50, 2024.0, (2031.69, 2031.89), wide, 2.0) is None
    assert breakeven_move(BUY, 2030.50, 2024.0, (2031.70, 2031.90), wide, 2.0) == 2030.70
    assert breakeven_move(SELL, 2030.50, 2036.0, (2029.20, 2029.31), wide, 2.0) is None
    assert breakeven_move(SELL, 2030.50, 2036.0, (2029.20, 2029.30), wide, 2.0) == 2030.30


@given(
    st.sampled_from([BUY, SELL]),
    st.integers(200_000, 210_000),
    st.integers(0, 210_000),
    st.integers(200_000, 210_000),
    st.integers(0, 500),
)
def test_a_move_always_improves_and_never_meets_the_market(
    side: Side, entry: int, sl: int, bid: int, tenths: int
) -> None:
    present, quote = sl / 100, (bid / 100, bid / 100 + 0.2)
    new = breakeven_move(side, entry / 100, present, quote, GOLD, tenths / 10)
    if new is not None:
        assert improves(side, present, new)
        assert side.sign * (new - entry / 100) >= -1e-9
        closing = quote[0] if side is BUY else quote[1]
        assert side.sign * (closing - new) >= 0.1 - 1e-9
