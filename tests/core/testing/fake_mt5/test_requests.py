"""What a request dictionary may hold."""

from typing import Any

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5
from zepix_core.testing.fake_mt5.refusals import CallFailed
from zepix_core.testing.fake_mt5.requests import parse
from zepix_core.testing.fake_mt5.structures import TradeRequest


@pytest.mark.parametrize("name", TradeRequest.names)
def test_a_field_of_the_wrong_type_fails_the_call_and_is_named(name: str) -> None:
    wrong: Any = 5 if name in ("symbol", "comment") else "5"
    with pytest.raises(CallFailed, match=f'^Invalid "{name}" argument$') as failed:
        parse({name: wrong})
    assert failed.value.code == -2


@pytest.mark.parametrize("name", TradeRequest.names)
def test_none_is_no_value(name: str) -> None:
    with pytest.raises(CallFailed, match=name):
        parse({name: None})


class NumpyInteger:
    """A number that is none of Python's own, as numpy's integers are."""

    def __index__(self) -> int:
        return 5


@pytest.mark.parametrize(
    "request_",
    [{"volume": float("nan")}, {"price": True}, {"magic": -1}, {"type": 1.0}, {"position": NumpyInteger()}],
)
def test_numbers_have_to_be_pythons_own_and_in_range(request_: dict[str, Any]) -> None:
    with pytest.raises(CallFailed):
        parse(request_)


def test_an_integer_is_a_price_too() -> None:
    assert parse({"price": 1}).price == 1.0


@pytest.mark.parametrize("given", [{"colour": 1}, None, [1], "EURUSD"])
def test_what_is_no_request_fails_the_call(desk: Desk, given: Any) -> None:
    assert desk.fake.order_send(given) is None
    assert desk.fake.last_error() == (-2, "Invalid arguments")


def test_a_request_that_was_read_can_be_sent_again(desk: Desk) -> None:
    first = desk.deal()
    again = desk.fake.order_send(first.request)
    assert again is not None and again.retcode == MT5.TRADE_RETCODE_DONE


def test_what_was_left_out_stands_as_nothing(desk: Desk) -> None:
    asked = desk.deal().request
    assert (asked.sl, asked.position, asked.deviation) == (0.0, 0, 0)


def test_a_comment_beyond_31_characters_fails_the_call(desk: Desk) -> None:
    assert desk.opened(comment="c" * 31).comment == "c" * 31
    assert desk.fake.order_send({"action": 1, "symbol": "EURUSD", "comment": "c" * 32}) is None
    assert desk.fake.last_error() == (-2, 'Invalid "comment" argument')


def test_or_it_is_cut_where_the_broker_does_that() -> None:
    assert Desk(comments="truncate").opened(comment="c" * 40).comment == "c" * 31
