"""How many lots: tier, conviction, logic, cap and split, in decimals and rounded once, at the end."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

import attrs

from zepix_core import Side, Step
from zepix_plugins_v3 import tables
from zepix_plugins_v3.rules import Rules

_CONSENSUS = tuple(map(Decimal, tables.CONSENSUS))
AGGRESSIVE_FROM = 7
MOST_VOTES = 9


@attrs.frozen(kw_only=True)
class Size:
    """Lots of a pair and how they came about.

    Attributes:
        total: Lots after the cap, before the split; not rounded.
        lots_a, lots_b: Finished lots of the two orders.
    """

    tier: str
    base_lot: Decimal
    consensus_multiplier: Decimal
    logic_multiplier: Decimal
    total: Decimal
    lots_a: Decimal
    lots_b: Decimal
    steps: tuple[Step, ...] = ()


def conviction(score: int, side: Side, score_mode: str) -> int:
    """How many of nine votes speak for the direction; ``literal`` takes the score for both sides."""
    return MOST_VOTES - score if side is Side.SELL and score_mode == "directional" else score


def tier_of(balance: Decimal, rules: Rules) -> str:
    """The account tier of a balance in account currency, unless one is forced."""
    if rules.host.default_risk_tier is not None:
        return rules.host.default_risk_tier
    reached = [tier for tier in rules.host.tiers if balance >= int(tier)]
    return reached[-1] if reached else rules.host.tiers[0]


def base_lot(tier: str, rules: Rules) -> Decimal | None:
    """The tier's lots; ``None`` for a tier that nobody gave lots."""
    return rules.host.manual_lot_overrides.get(tier, rules.host.base_lots.get(tier))


def consensus_multiplier(votes: int, rules: Rules) -> Decimal:
    """The factor of a conviction 0..9."""
    low, high = rules.multiplier_range
    return min(max(_CONSENSUS[votes], low), high)


def leg_lots(total: Decimal, share: Decimal, rules: Rules) -> Decimal:
    """One order's lots: its share, rounded half up to the lot step, not below the least lot."""
    step = rules.lot_step
    lots = (total * share / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
    least = (rules.min_lot / step).quantize(Decimal(1), rounding=ROUND_CEILING) * step
    return max(lots, least)


def _leg_step(leg: str, total: Decimal, share: Decimal, rules: Rules, lots: Decimal) -> Step:
    raised = f", raised to the least lot {rules.min_lot}" if total * share < lots - rules.lot_step / 2 else ""
    formula = f"{total} x {share} = {total * share}, half up to {rules.lot_step}{raised}"
    return Step(f"lots of {leg}", formula, f"{lots}")


def size(tier: str, base: Decimal, votes: int, logic: str, rules: Rules) -> Size:
    """Lots of the pair: base x consensus x logic, capped, then split."""
    consensus = consensus_multiplier(votes, rules)
    factor = rules.logic_multipliers[logic]
    product = base * consensus * factor
    total = min(product, rules.max_lot)
    share_b = 1 - rules.split_ratio
    lots_a, lots_b = leg_lots(total, rules.split_ratio, rules), leg_lots(total, share_b, rules)
    steps = (
        Step(
            "total lots",
            f"{base} (tier {tier}) x {consensus} (conviction {votes}) x {factor} ({logic})",
            f"{product}",
        ),
        Step("capped lots", f"min({product}, {rules.max_lot})", f"{total}"),
        _leg_step("A", total, rules.split_ratio, rules, lots_a),
        _leg_step("B", total, share_b, rules, lots_b),
    )
    return Size(
        tier=tier,
        base_lot=base,
        consensus_multiplier=consensus,
        logic_multiplier=factor,
        total=total,
        lots_a=lots_a,
        lots_b=lots_b,
        steps=steps,
    )
