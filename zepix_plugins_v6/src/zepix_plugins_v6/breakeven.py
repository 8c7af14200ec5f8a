"""After leg B reached its target, the stop of leg A of the same pair moves to A's entry and a little more."""

from decimal import Decimal

import attrs

from zepix_core import Step, rounded
from zepix_plugins_v6.decision import Action, Move, V6Decision
from zepix_plugins_v6.exits import own
from zepix_plugins_v6.facts import Facts, OwnPosition
from zepix_plugins_v6.rules import Rules

_TARGETS = frozenset({"TP", "TP1", "TP2", "TP3"})


@attrs.frozen(kw_only=True)
class LegClosed:
    """A leg that was closed whole.

    Attributes:
        pair: What both legs of the pair have in common, as in `facts.OwnPosition`.
        reason: The host's word; ``TP1`` to ``TP3`` (or ``TP``) mean its target.
    """

    symbol: str
    pair: str
    leg: str
    reason: str

    @property
    def at_target(self) -> bool:
        """Whether it closed at its target, not by stop, signal or hand."""
        return self.reason.upper() in _TARGETS


def decide_breakeven(closed: LegClosed, facts: Facts, rules: Rules) -> V6Decision:
    """Whether A's stop moves, and where to. Only ever tighter, so a repeat of the update changes nothing.

    Args:
        facts: ``symbol`` and ``positions`` are used.
    """
    buffer = rules.breakeven_pips
    if buffer is None:
        return _nothing("breakeven_off")
    if closed.leg != "B" or not closed.pair or not closed.at_target:
        return _nothing("not_the_target_of_b")
    leg, stop = leg_a(closed, facts, rules), stop_of(closed, facts, rules)
    if leg is None:
        return _nothing("no_open_leg_a")
    if facts.symbol is None or stop is None:
        return _nothing("no_symbol_info")
    sign = leg.side.sign
    steps = (
        Step(
            "breakeven",
            f"{leg.price_open} {'+' if sign > 0 else '-'} {buffer} x {facts.symbol.pip_size}",
            str(stop),
        ),
    )
    if leg.sl is not None and (stop - leg.sl) * sign <= 0:
        return attrs.evolve(_nothing("stop_is_as_tight"), steps=steps)
    return V6Decision(action=Action.MODIFY, side=leg.side, move=Move(ticket=leg.ticket, sl=stop), steps=steps)


def leg_a(closed: LegClosed, facts: Facts, rules: Rules) -> OwnPosition | None:
    """The open leg A of the same pair."""
    mine = own(facts.positions, rules, closed.symbol)
    return next((p for p in mine if p.leg == "A" and p.pair == closed.pair), None)


def stop_of(closed: LegClosed, facts: Facts, rules: Rules) -> Decimal | None:
    """Where A's stop belongs, ``None`` when that cannot be told."""
    leg, buffer = leg_a(closed, facts, rules), rules.breakeven_pips
    if leg is None or buffer is None or facts.symbol is None or leg.price_open <= 0:
        return None
    exact_stop = leg.price_open + leg.side.sign * buffer * facts.symbol.pip_size
    return rounded(exact_stop, facts.symbol.digits)


def _nothing(reason: str) -> V6Decision:
    return V6Decision(action=Action.NONE, reason=reason)
