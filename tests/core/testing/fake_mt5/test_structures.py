"""Struct sequences: tuples with names."""

import pickle

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5.structures import OrderSendResult, Tick, TradeRequest


def test_a_structure_is_a_tuple_with_attributes() -> None:
    tick = Tick((1, 1.1, 1.2, 0.0, 0, 1000, 6, 0.0))
    assert isinstance(tick, tuple) and len(tick) == 8
    assert (tick.bid, tick[1], tick[-1]) == (1.1, 1.1, 0.0)
    assert tick == (1, 1.1, 1.2, 0.0, 0, 1000, 6, 0.0)


def test_it_is_what_it_is_and_no_namedtuple() -> None:
    tick = Tick.of(bid=1.1)
    with pytest.raises(AttributeError):
        tick.bid = 2.0
    assert not hasattr(tick, "_replace") and not hasattr(tick, "_fields")
    assert Tick.n_fields == 8


def test_it_needs_all_of_its_fields() -> None:
    with pytest.raises(TypeError, match="8-sequence"):
        Tick((1, 2))
    with pytest.raises(TypeError, match="bids"):
        Tick.of(bids=1.0)


def test_what_is_not_named_is_the_empty_value_of_its_type() -> None:
    request = TradeRequest.of(symbol="EURUSD", volume=1)
    assert (request.magic, request.price, request.comment) == (0, 0.0, "")
    assert isinstance(request.volume, float)


def test_a_dictionary_of_the_outer_one_leaves_the_inner_one_a_tuple() -> None:
    request = TradeRequest.of(symbol="EURUSD")
    written = OrderSendResult.of(retcode=10009, request=request)._asdict()
    assert next(iter(written)) == "retcode"
    assert isinstance(written["request"], TradeRequest)


def test_it_can_be_printed_and_pickled() -> None:
    tick = Tick.of(bid=1.1)
    assert repr(tick).startswith("Tick(time=0, bid=1.1,")
    assert pickle.loads(pickle.dumps(tick)) == tick


def test_what_was_handed_out_never_changes(desk: Desk) -> None:
    before = desk.opened()
    account = desk.fake.account_info()
    desk.quote(1.09)
    desk.stops(before, sl=1.08, tp=0.0)
    assert before.sl == 0.0 and before.price_current == 1.085
    assert account is not None and account.profit == -1.0
    assert desk.position(before.ticket).sl == 1.08
