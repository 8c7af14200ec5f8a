"""After the target of B: whether and where the stop of A moves."""

from typing import Any

import attrs
import pytest

from zepix_core import Side
from zepix_plugins_v6.breakeven import LegClosed, decide_breakeven
from zepix_plugins_v6.decision import Action, V6Decision
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, SCALPING, SWING

from .messages import BUY, GOLD, SELL, D, facts, position, rules


def leg(side: Side = BUY, **more: Any) -> Any:
    more = {"leg": "A", "pair": "p1", "price_open": D("2650.62"), "sl": D("2646.03"), **more}
    return position(MOMENTUM, 801, "0.10", side, **more)


def moved(held: Any, reason: str = "TP1", leg: str = "B", pair: str = "p1", **settings: Any) -> V6Decision:
    event = LegClosed(symbol=GOLD, pair=pair, leg=leg, reason=reason)
    return decide_breakeven(event, facts(positions=(held,)), rules(MOMENTUM, **settings))


def test_the_stop_of_a_moves_to_its_entry_and_two_pips() -> None:
    move = moved(leg()).move
    assert move is not None
    assert (move.ticket, move.sl) == (801, D("2650.82"))
    short = moved(leg(SELL, sl=D("2655.00"))).move
    assert short is not None
    assert short.sl == D("2650.42")
    unprotected = moved(leg(sl=None)).move
    assert unprotected is not None


@pytest.mark.parametrize(
    "case",
    [
        {"reason": "SL"},
        {"reason": "Exit_Signal"},
        {"reason": "manual"},
        {"leg": "A"},
        {"pair": "p2"},
        {"pair": ""},
        {"exit_rules": {"move_to_breakeven_after_tp1": False}},
    ],
)
def test_nothing_else_moves_the_stop(case: dict[str, Any]) -> None:
    assert (moved(leg(), **case).action, moved(leg(), **case).move) == (Action.NONE, None)


def test_the_stop_is_never_loosened_and_a_repeat_changes_nothing() -> None:
    for stop in ("2650.82", "2651.5"):
        assert moved(leg(sl=D(stop))).move is None
    for stop in ("2650.42", "2649"):
        assert moved(leg(SELL, sl=D(stop))).move is None


def test_without_facts_of_the_symbol_no_stop_is_computed() -> None:
    event = LegClosed(symbol=GOLD, pair="p1", leg="B", reason="TP1")
    decision = decide_breakeven(event, facts(positions=(leg(),), symbol=None), rules(MOMENTUM))
    assert (decision.move, decision.reason) == (None, "no_symbol_info")


def test_only_5_minutes_moves_stops() -> None:
    for profile in (SCALPING, INTRADAY, SWING):
        event = LegClosed(symbol=GOLD, pair="p1", leg="B", reason="TP1")
        held = attrs.evolve(leg(), plugin=profile.id)
        assert decide_breakeven(event, facts(positions=(held,)), rules(profile)).move is None
