"""Distances count from the price at which the position closes, in points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.broker.mt5.stops import Room, frozen, too_near
from zepix_core.model.market import Side

ROOM = Room(bid=1.08500, ask=1.08510, point=0.00001, digits=5, stops_level=50, freeze_level=20)


@pytest.mark.parametrize(
    ("side", "sl", "tp", "fine"),
    [
        (Side.BUY, 1.08450, 1.08550, True),
        (Side.BUY, 1.08451, 0.0, False),
        (Side.BUY, 0.0, 1.08549, False),
        (Side.SELL, 1.08560, 1.08460, True),
        (Side.SELL, 1.08559, 0.0, False),
        (Side.SELL, 0.0, 1.08461, False),
        (Side.BUY, 1.08600, 0.0, False),
        (Side.SELL, 1.08400, 0.0, False),
        (Side.BUY, 0.0, 0.0, True),
    ],
)
def test_the_stops_level(side: Side, sl: float, tp: float, fine: bool) -> None:
    assert (too_near(side, sl, tp, ROOM) == "") is fine


def test_without_a_level_one_spread_is_kept() -> None:
    room = Room(bid=1.08500, ask=1.08512, point=0.00001, digits=5)
    assert too_near(Side.BUY, 1.08488, 0.0, room) == ""
    assert "SL 1.08489 is 11 points from 1.08500, least is 12" in too_near(Side.BUY, 1.08489, 0.0, room)


def test_a_spread_of_nothing_still_asks_for_a_point() -> None:
    room = Room(bid=1.085, ask=1.085, point=0.00001, digits=5)
    assert too_near(Side.BUY, 1.085, 0.0, room)
    assert not too_near(Side.BUY, 1.08499, 0.0, room)


@pytest.mark.parametrize(
    ("side", "sl", "tp", "held"),
    [
        (Side.BUY, 1.08480, 0.0, True),
        (Side.BUY, 1.08479, 0.0, False),
        (Side.BUY, 0.0, 1.08520, True),
        (Side.SELL, 1.08530, 0.0, True),
        (Side.SELL, 1.08531, 1.08489, False),
        (Side.BUY, 0.0, 0.0, False),
    ],
)
def test_within_the_freeze_level_nothing_can_be_changed(side: Side, sl: float, tp: float, held: bool) -> None:
    assert frozen(side, sl, tp, ROOM) is held


def test_a_broker_without_a_freeze_level_freezes_nothing() -> None:
    assert not frozen(Side.BUY, 1.08500, 0.0, Room(bid=1.085, ask=1.0851, point=0.00001, digits=5))


@given(st.sampled_from(Side), st.integers(1, 500), st.integers(1, 500))
def test_what_stands_beyond_the_level_on_its_side_is_fine(side: Side, below: int, above: int) -> None:
    price = ROOM.closing(side)
    sl = round(price - side.sign * below * ROOM.point, 5)
    tp = round(price + side.sign * above * ROOM.point, 5)
    assert (too_near(side, sl, tp, ROOM) == "") is (below >= 50 and above >= 50)
