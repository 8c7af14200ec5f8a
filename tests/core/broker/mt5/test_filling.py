"""The filling policy comes from execution mode and mask; the mask's bits are not the request's numbers."""

import itertools

import pytest

from zepix_core.broker.mt5.filling import chosen, in_turn
from zepix_core.broker.mt5.numbers import Execution, Filling, FillingBit

FOK, IOC, RETURN = Filling


@pytest.mark.parametrize(
    ("execution", "mask", "policy"),
    [
        (Execution.REQUEST, 0, FOK),
        (Execution.INSTANT, FillingBit.IOC, FOK),
        (Execution.MARKET, FillingBit.FOK, FOK),
        (Execution.MARKET, FillingBit.FOK | FillingBit.IOC, FOK),
        (Execution.MARKET, FillingBit.IOC, IOC),
        (Execution.MARKET, 0, None),
        (Execution.MARKET, 4, None),
        (Execution.EXCHANGE, FillingBit.FOK, FOK),
        (Execution.EXCHANGE, FillingBit.IOC, IOC),
        (Execution.EXCHANGE, 0, RETURN),
    ],
)
def test_the_policy_of_a_market_order(execution: int, mask: int, policy: Filling | None) -> None:
    assert chosen(execution, mask) is policy


def test_every_policy_is_tried_once_what_worked_first() -> None:
    for execution, mask, remembered in itertools.product(Execution, range(8), [None, *Filling]):
        turns = in_turn(execution, mask, remembered)
        assert sorted(turns) == list(Filling)
        assert turns[0] is (remembered if remembered is not None else chosen(execution, mask) or FOK)
