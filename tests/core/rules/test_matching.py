"""Which quote closes a position, and where it fills."""

from hypothesis import given
from hypothesis import strategies as st

from zepix_core.model.market import Side, Tick
from zepix_core.model.order import DealReason
from zepix_core.rules.matching import Exit, StopFill, exit_of

SIDES = st.sampled_from(Side)
POINTS = st.integers(1, 10_000)


def quote(bid: float, ask: float) -> Tick:
    return Tick(symbol="EURUSD", bid=bid, ask=ask, time_ns=0)


def test_a_long_is_stopped_by_the_bid_at_the_quote_that_gapped_through() -> None:
    assert exit_of(Side.BUY, 1.0850, 1.0900, quote(1.0840, 1.0842)) == Exit(
        reason=DealReason.SL, price=1.0840
    )


def test_a_long_is_not_stopped_by_the_ask() -> None:
    assert exit_of(Side.BUY, 1.0850, 0.0, quote(1.0851, 1.0852)) is None
    assert exit_of(Side.SELL, 1.0850, 0.0, quote(1.0848, 1.0849)) is None


def test_a_short_is_stopped_by_the_ask_although_the_bid_is_still_below() -> None:
    assert exit_of(Side.SELL, 1.0850, 0.0, quote(1.0849, 1.0851)) == Exit(reason=DealReason.SL, price=1.0851)


def test_a_take_profit_fills_at_its_level_even_when_the_quote_is_better() -> None:
    assert exit_of(Side.BUY, 0.0, 1.0900, quote(1.0950, 1.0952)) == Exit(reason=DealReason.TP, price=1.0900)
    assert exit_of(Side.SELL, 0.0, 1.0900, quote(1.0848, 1.0850)) == Exit(reason=DealReason.TP, price=1.0900)


def test_a_level_touched_exactly_is_reached() -> None:
    reached = exit_of(Side.BUY, 1.0850, 0.0, quote(1.0850, 1.0852))
    assert reached is not None and reached.reason is DealReason.SL


def test_the_stop_goes_first_when_one_quote_reaches_both() -> None:
    both = exit_of(Side.SELL, 1.0850, 1.0860, quote(1.0853, 1.0855))
    assert both is not None and both.reason is DealReason.SL


def test_stops_can_be_filled_at_their_level() -> None:
    reached = exit_of(Side.BUY, 1.0850, 0.0, quote(1.0800, 1.0801), StopFill.LEVEL)
    assert reached == Exit(reason=DealReason.SL, price=1.0850)


@given(SIDES, POINTS, POINTS)
def test_without_levels_nothing_closes(side: Side, bid: int, spread: int) -> None:
    assert exit_of(side, 0.0, 0.0, quote(bid, bid + spread)) is None


@given(SIDES, POINTS, POINTS, POINTS, POINTS)
def test_a_stop_never_fills_better_than_its_level_and_a_target_never_worse(
    side: Side, bid: int, spread: int, sl: int, tp: int
) -> None:
    reached = exit_of(side, sl, tp, quote(bid, bid + spread))
    if reached is None:
        price = quote(bid, bid + spread).closing(side)
        assert (price - sl) * side.sign > 0 > (price - tp) * side.sign
    elif reached.reason is DealReason.SL:
        assert (reached.price - sl) * side.sign <= 0
    else:
        assert reached.price == tp


@given(POINTS, POINTS, POINTS, POINTS)
def test_a_short_is_the_mirror_of_a_long(bid: int, spread: int, sl: int, tp: int) -> None:
    top = 50_000
    long = exit_of(Side.BUY, sl, tp, quote(bid, bid + spread))
    short = exit_of(Side.SELL, top - sl, top - tp, quote(top - bid - spread, top - bid))
    assert (long is None) == (short is None)
    if long is not None and short is not None:
        assert (long.reason, long.price) == (short.reason, top - short.price)
