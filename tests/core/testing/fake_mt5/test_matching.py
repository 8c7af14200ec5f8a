"""Properties of what a quote does."""

from hypothesis import given
from hypothesis import strategies as st

from zepix_core.testing.fake_mt5 import MT5, forex
from zepix_core.testing.fake_mt5.matching import (
    LIMITS,
    PENDING,
    STOPS,
    exit_of,
    fill_of,
    pending_gap,
    stops_fit,
)
from zepix_core.testing.fake_mt5.quotes import Quote
from zepix_core.testing.fake_mt5.records import OrderRecord, PositionRecord, sign

EURO = forex("EURUSD", 1.085)
points = st.integers(90_000, 130_000)
spreads = st.integers(0, 300)
sides = st.sampled_from([0, 1])


def at(price: int) -> float:
    return round(price * 1e-5, 5)


def quote(bid: int, spread: int) -> Quote:
    return Quote(at(bid), at(bid + spread), 0)


def position(side: int, sl: int, tp: int) -> PositionRecord:
    return PositionRecord(
        ticket=1, identifier=1, symbol="EURUSD", type=side, volume=0.1, price_open=1.085,
        time_msc=0, time_update_msc=0, sl=at(sl), tp=at(tp),
    )  # fmt: skip


@given(side=sides, sl=points, tp=points, bid=points, spread=spreads)
def test_an_exit_never_fills_better_than_its_level(
    side: int, sl: int, tp: int, bid: int, spread: int
) -> None:
    seen = quote(bid, spread)
    found = exit_of(position(side, sl, tp), seen, 5)
    closing = seen.closing(side)
    if found is None:
        assert (closing - at(sl)) * sign(side) > 0 > (closing - at(tp)) * sign(side)
    elif found.reason == MT5.DEAL_REASON_SL:
        assert found.price == closing and (found.price - at(sl)) * sign(side) <= 0
    else:
        assert found.price == at(tp) and (closing - at(sl)) * sign(side) > 0


@given(kind=st.sampled_from(LIMITS + STOPS), price=points, bid=points, spread=spreads)
def test_an_order_fills_exactly_when_the_quote_has_come_to_it(
    kind: int, price: int, bid: int, spread: int
) -> None:
    seen = quote(bid, spread)
    order = OrderRecord(ticket=1, symbol="EURUSD", type=kind, volume=0.1, time_msc=0, price=at(price))
    filled = fill_of(order, seen)
    assert (filled is None) == (pending_gap(EURO, kind, at(price), seen) > 0)
    if filled is not None:
        assert filled == (at(price) if kind in LIMITS else seen.opening(kind))


@given(kind=sides, basis=points, sl=st.integers(-400, 400), tp=st.integers(-400, 400), level=spreads)
def test_stops_fit_when_both_are_far_enough_on_their_sides(
    kind: int, basis: int, sl: int, tp: int, level: int
) -> None:
    facts = forex("EURUSD", 1.085, stops_level=level)
    fits = stops_fit(facts, kind, at(basis), at(basis - sign(kind) * sl), at(basis + sign(kind) * tp))
    assert fits == (min(sl, tp) >= max(level, 1))


def test_every_pending_type_is_one_of_three_kinds() -> None:
    assert sorted(PENDING) == list(range(2, 8))
