"""How many lots: money at risk over the stop's distance, capped, down to whole steps, then split."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import attrs

from zepix_core import Step
from zepix_plugins_v6.facts import SymbolFacts
from zepix_plugins_v6.rules import Rules
from zepix_plugins_v6.text import plain

_HAIR = Decimal("1e-9")


@attrs.frozen(kw_only=True)
class LegLots:
    """Finished lots of one leg; ``raised``: lifted to the symbol's least lot."""

    lots: Decimal
    raised: bool


@attrs.frozen(kw_only=True)
class Size:
    """Lots of every leg, in the order of the plan, and how they came about."""

    legs: tuple[LegLots, ...]
    steps: tuple[Step, ...] = ()


def whole_steps(lots: Decimal, step: Decimal) -> int:
    """Whole lot steps in a volume, always down."""
    return int((lots / step + _HAIR).to_integral_value(rounding=ROUND_FLOOR))


def least_steps(symbol: SymbolFacts) -> int:
    """Steps of the least lot that lies on a step."""
    return max(1, int((symbol.min_lot / symbol.step).to_integral_value(rounding=ROUND_CEILING)))


def size(price: Decimal, sl: Decimal, balance: Decimal, symbol: SymbolFacts, rules: Rules) -> Size:
    """Lots of an entry.

    Args:
        price, sl: As on the wire; they must differ.
        balance: Account currency, above 0.
    """
    stop_pips = abs(price - sl) / symbol.pip_size
    percent = rules.risk_percent
    money = balance * percent / 100
    raw = money / (stop_pips * symbol.pip_value)
    capped = min(raw, rules.max_lots, symbol.max_lot)
    steps = whole_steps(capped, symbol.step)
    legs = _split(steps, symbol, rules)
    return Size(
        legs=legs,
        steps=(
            Step("stop", f"|{price} - {sl}| / {symbol.pip_size}", f"{plain(stop_pips)} pips"),
            Step("risk", f"{rules.base_risk} % x {rules.multiplier} of {balance}", plain(money)),
            Step("lots", f"{plain(money)} / ({plain(stop_pips)} x {symbol.pip_value})", plain(raw)),
            Step(
                "capped lots",
                f"min({plain(raw)}, {rules.max_lots}, {plain(symbol.max_lot)}), down to {symbol.step}",
                plain(steps * symbol.step),
            ),
            *(
                Step(f"lots of {plan.leg}", _how(rules, steps, leg, symbol), plain(leg.lots))
                for plan, leg in zip(rules.legs, legs, strict=True)
            ),
        ),
    )


def _split(steps: int, symbol: SymbolFacts, rules: Rules) -> tuple[LegLots, ...]:
    if len(rules.legs) == 1:
        return (_leg(steps, symbol),)
    of_a = int((steps * rules.share_of_a).to_integral_value(rounding=ROUND_CEILING))
    return _leg(of_a, symbol), _leg(steps - of_a, symbol)


def _leg(steps: int, symbol: SymbolFacts) -> LegLots:
    least = least_steps(symbol)
    return LegLots(lots=max(steps, least) * symbol.step, raised=steps < least)


def _how(rules: Rules, steps: int, leg: LegLots, symbol: SymbolFacts) -> str:
    share = f"{steps} steps" if len(rules.legs) == 1 else f"{steps} steps, A {rules.share_of_a} of them, up"
    return f"{share}{f', raised to the least lot {symbol.min_lot}' if leg.raised else ''}"
