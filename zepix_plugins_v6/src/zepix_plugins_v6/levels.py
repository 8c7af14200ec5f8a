"""The stop and the targets of an entry, judged as they were on the wire."""

from decimal import Decimal

import attrs

from zepix_core import Gate, rounded, shown
from zepix_plugins_v6.messages import Entry
from zepix_plugins_v6.profiles import LegPlan
from zepix_plugins_v6.rules import Rules


@attrs.frozen(kw_only=True)
class Target:
    """Where one leg takes its profit: the level's name and its price."""

    leg: str
    level: str
    price: Decimal


@attrs.frozen(kw_only=True)
class Levels:
    """Stop and targets of an entry, or why there are none.

    Attributes:
        detail: ``missing_sl``, ``invalid_sl``, ``missing_tp`` or ``invalid_tp``; ``None`` when all is well.
    """

    gate: Gate
    detail: str | None = None
    sl: Decimal = Decimal(0)
    targets: tuple[Target, ...] = ()


def read(entry: Entry, rules: Rules, digits: int | None = None) -> Levels:
    """The levels this plugin uses; targets it does not use are not looked at.

    Args:
        digits: Of the symbol: a level that is no price at them is invalid. ``None`` when not known.
    """
    price, sign = entry.price, entry.side.sign
    targets = tuple(_target(plan, entry) for plan in rules.legs)
    found = tuple(target for target in targets if target is not None)
    if entry.sl is None:
        return _refused("missing_sl", None, "sent with the entry", price)
    if (price - entry.sl) * sign <= 0:
        return _refused("invalid_sl", entry.sl, "on the losing side of", price)
    if not _is_price(entry.sl, digits):
        return _refused("invalid_sl", entry.sl, "above 0 when rounded, below", price)
    if len(found) < len(rules.legs):
        return _refused("missing_tp", None, "sent with the entry", price)
    for target in found:
        if (target.price - price) * sign <= 0:
            return _refused("invalid_tp", target.price, f"{target.level} on the winning side of", price)
        if not _is_price(target.price, digits):
            return _refused("invalid_tp", target.price, f"{target.level} above 0 when rounded, below", price)
    said = ", ".join([f"sl {entry.sl}", *(f"{target.level} {target.price}" for target in found)])
    gate = Gate("levels", True, said, "on their sides of", shown(price))
    return Levels(gate=gate, sl=entry.sl, targets=found)


def _is_price(level: Decimal, digits: int | None) -> bool:
    return (level if digits is None else rounded(level, digits)) > 0


def _target(plan: LegPlan, entry: Entry) -> Target | None:
    prices = {"TP1": entry.tp1, "TP2": entry.tp2, "TP3": entry.tp3}
    for level in plan.targets:
        price = prices[level]
        if price is not None:
            return Target(leg=plan.leg, level=level, price=price)
    return None


def _refused(detail: str, value: Decimal | None, rule: str, price: Decimal) -> Levels:
    return Levels(gate=Gate("levels", False, shown(value), rule, shown(price), detail), detail=detail)
