"""Lots: money at risk over the stop's distance, capped, in whole steps, split."""

from typing import Any

import attrs
import pytest

from zepix_core import Side
from zepix_plugins_v6.decide import decide
from zepix_plugins_v6.decision import V6Decision
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, SCALPING, SWING, Profile

from .messages import BUY, EURO, GOLD, SELL, SYMBOLS, D, decided, entry, entry_body, facts, rules


def orders(decision: V6Decision) -> list[tuple[str, str, str, str]]:
    return [(order.leg, f"{order.lots}", order.tp_level, f"{order.tp}") for order in decision.orders]


WORKED: list[tuple[Profile, bool, str, Side, str, str, list[tuple[str, str, str, str]]]] = [
    (SCALPING, False, "5000", BUY, GOLD, "6.2", [("B", "0.04", "TP1", "2656.70")]),
    (SCALPING, False, "10000", BUY, EURO, "0.001", [("B", "0.10", "TP1", "1.08620")]),
    (
        MOMENTUM,
        False,
        "5000",
        BUY,
        GOLD,
        "4.474",
        [("A", "0.08", "TP2", "2659.45"), ("B", "0.08", "TP1", "2654.97")],
    ),
    (
        MOMENTUM,
        False,
        "1060",
        SELL,
        EURO,
        "0.00144",
        [("A", "0.06", "TP2", "1.08232"), ("B", "0.05", "TP1", "1.08376")],
    ),
    (INTRADAY, True, "5000", BUY, GOLD, "8.4", [("A", "0.11", "TP2", "2667.30")]),
    (SWING, False, "8000", BUY, GOLD, "16.826", [("A", "0.05", "TP3", "2700.98")]),
    (SWING, True, "8000", BUY, GOLD, "16.826", [("A", "0.14", "TP3", "2700.98")]),
]


@pytest.mark.parametrize(("profile", "shipped", "balance", "side", "symbol", "stop", "wanted"), WORKED)
def test_the_worked_sizes(
    profile: Profile, shipped: bool, balance: str, side: Side, symbol: str, stop: str, wanted: list[Any]
) -> None:
    known = facts(side, symbol, balance=D(balance))
    decision = decide(entry(profile, side, symbol=symbol, stop=stop), known, rules(profile, shipped))
    assert orders(decision) == wanted
    assert not decision.raised_to_min


def test_both_legs_of_a_pair_have_the_stop_of_the_alert_rounded_half_up() -> None:
    decision = decided(entry_body(MOMENTUM, stop="4.474"), MOMENTUM, facts())
    assert [str(order.sl) for order in decision.orders] == ["2646.03", "2646.03"]
    assert decision.total_lots == D("0.16")


def test_a_lot_below_the_least_is_raised_and_flagged() -> None:
    decision = decided(entry_body(SCALPING), SCALPING, facts(balance=D(100)))
    assert orders(decision) == [("B", "0.01", "TP1", "2658.90")]
    assert decision.raised_to_min


def test_a_least_lot_off_the_steps_is_raised_to_the_next_step() -> None:
    odd = attrs.evolve(SYMBOLS[GOLD], min_lot=D("0.05"), step=D("0.02"))
    decision = decided(entry_body(SCALPING), SCALPING, facts(balance=D(100), symbol=odd))
    assert [order.lots for order in decision.orders] == [D("0.06")]


def test_a_pair_of_one_step_becomes_two_least_lots() -> None:
    decision = decided(entry_body(MOMENTUM, stop="4.4"), MOMENTUM, facts(balance=D(330)))
    assert [(order.lots, order.raised_to_min) for order in decision.orders] == [
        (D("0.01"), False),
        (D("0.01"), True),
    ]


def test_the_brokers_most_lots_count_as_well() -> None:
    small = attrs.evolve(SYMBOLS[GOLD], max_lot=D("0.03"))
    decision = decided(entry_body(SCALPING), SCALPING, facts(balance=D(50000), symbol=small))
    assert [order.lots for order in decision.orders] == [D("0.03")]
