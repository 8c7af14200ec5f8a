"""A stop that follows the price, and what happens to order A after order B's profit."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import Side
from zepix_plugins_v3 import trailing
from zepix_plugins_v3.profit_config import TrailingSettings
from zepix_plugins_v3.trailing import Move, Trail, TrailingRules, WatchStep

from .messages import entry
from .street import Desk, Held, desk

RULES = TrailingRules.of(TrailingSettings())
FAR = {"sl_price": 1.155, "tp1_price": 1.25, "tp2_price": 1.30}


def trail(side: Side = Side.BUY, **changes: Any) -> Trail:
    sl = 1.1600 if side is Side.BUY else 1.1800
    made = trailing.begun(
        ticket=1, trade_id=1, leg="A", symbol="EURUSD", side=side, entry=1.1700, sl=sl, tp=None
    )
    assert made is not None
    return attrs.evolve(made, **changes)


@pytest.mark.parametrize(
    ("price", "steps", "stop"),
    [
        (1.17499, 0, None),
        (1.17500, 1, 1.17),
        (1.17749, 1, 1.17),
        (1.17750, 2, 1.1725),
        (1.18000, 3, 1.175),
        (1.18250, 4, 1.1775),
    ],
)
def test_half_the_distance_brings_the_entry_and_each_quarter_a_quarter(
    price: float, steps: int, stop: float | None
) -> None:
    reached = trailing.reached(trail(), price, RULES)
    assert (reached.steps, trailing.stop(reached, 5, RULES)) == (steps, stop)


def test_a_sell_follows_downwards() -> None:
    reached = trailing.reached(trail(Side.SELL), 1.1625, RULES)
    assert trailing.stop(reached, 5, RULES) == 1.1675
    assert trailing.work(reached, 5, RULES) == (Move(sl=1.1675), WatchStep(price=1.16, tries=1))


def test_a_stop_that_is_better_already_is_left_alone() -> None:
    reached = trailing.reached(trail(sl=1.1740), 1.1775, RULES)
    assert trailing.work(reached, 5, RULES) == (WatchStep(price=1.18, tries=1),)


def test_nothing_is_waited_for_at_or_beyond_the_target() -> None:
    assert trailing.work(trail(tp=1.1750), 5, RULES) == ()


def test_an_order_without_a_stop_on_its_side_is_not_trailed() -> None:
    for sl in (0.0, 1.17, 1.18):
        assert (
            trailing.begun(
                ticket=1, trade_id=1, leg="A", symbol="EURUSD", side=Side.BUY, entry=1.17, sl=sl, tp=None
            )
            is None
        )


@given(st.lists(st.integers(115_000, 125_000), max_size=30))
def test_a_stop_never_goes_back_and_stays_behind_the_best_price(prices: list[int]) -> None:
    state, best = trail(), 1.17
    for points in prices:
        price = points / 100_000
        best = max(best, price)
        state = trailing.reached(state, price, RULES)
        for one in trailing.work(state, 5, RULES):
            if isinstance(one, Move):
                assert one.sl > state.sl
                assert one.sl <= best - 0.5 * state.distance + 1e-5
                state = attrs.evolve(state, sl=one.sl)


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Desk]:
    made = await desk(tmp_path)
    yield made
    await made.bench.database.close()


def change(made: Desk, section: str, **changes: Any) -> None:
    settings = made.bench.config.settings
    part = attrs.evolve(getattr(settings, section), **changes)
    made.bench.config = attrs.evolve(made.bench.config, settings=attrs.evolve(settings, **{section: part}))


def order_a(made: Desk) -> Held:
    return next(one for one in made.street.held.values() if one.label == "OrderA_TP_Trail")


async def test_order_a_is_trailed_through_a_restart_and_ends_at_its_moved_stop(street: Desk) -> None:
    await street.enter(entry(**FAR))
    a = order_a(street)
    await street.go(116_500 + 500)
    assert a.sl == 116_500  # the first distance is 1000 points
    await street.bench.restart()
    await street.go(116_500 + 760)
    assert a.sl == 116_750
    await street.repeat(0)
    await street.go(116_750)
    assert (a.open, a.profit) == (False, 5.0)
    assert not any(key.startswith("trail") for *_, key in street.street.levels.values())
    (row,) = await street.bench.rows("SELECT * FROM v3_trailing_stops")
    assert (row["state"], row["steps"], row["watch"]) == ("CLOSED", 2, None)


async def test_order_b_is_trailed_when_asked_for(street: Desk) -> None:
    pair = street.bench.config.settings.dual_order_system
    b = attrs.evolve(pair.order_b_settings, trailing_enabled=True)
    change(street, "dual_order_system", order_b_settings=b)
    await street.enter(entry(**FAR))
    await street.go(116_500 + 259)
    (order,) = [one for one in street.street.held.values() if one.label == "OrderB_Profit_Trail"]
    assert order.sl == 116_500  # its first stop was 518 points away


async def test_no_stop_moves_when_trailing_is_off(street: Desk) -> None:
    pair = street.bench.config.settings.dual_order_system
    a = attrs.evolve(pair.order_a_settings, trailing_enabled=False)
    change(street, "dual_order_system", order_a_settings=a)
    await street.enter(entry(**FAR))
    await street.go(117_500)
    assert order_a(street).sl == 115_500


async def test_after_order_b_a_part_of_order_a_is_booked_and_its_stop_moved(street: Desk) -> None:
    change(street, "after_order_b", book_percent_of_order_a=50.0, move_order_a_to_breakeven=True)
    await street.enter(entry(**FAR))
    await street.go(116_850)
    closes = [payload for name, payload in street.street.asked if name == "orders.close"]
    assert [(one.percentage, one.reason) for one in closes][-1] == (50.0, "TP1")
    assert order_a(street).sl == 116_520


async def test_by_default_order_a_is_left_alone_after_order_b(street: Desk) -> None:
    await street.enter(entry(**FAR))
    await street.go(116_850)
    assert order_a(street).sl == 115_500
