"""Stops and targets of the two orders, in price, rounded half up to the symbol's digits at the end."""

from decimal import Decimal

import attrs

from zepix_core import Side, Step, rounded
from zepix_plugins_v3.alert import Stops
from zepix_plugins_v3.rules import Rules
from zepix_plugins_v3.tables import STOP_FACTORS

_TEN = Decimal(10)


@attrs.frozen(kw_only=True)
class SymbolFacts:
    """What a decision needs of a symbol.

    Attributes:
        pip_size: One pip in price; ``pip_value``: its money on 1.00 lot, account currency.
        digits: Decimals of a price.
    """

    pip_size: Decimal
    pip_value: Decimal
    digits: int


@attrs.frozen(kw_only=True)
class Leg:
    """One finished order; ``*_source`` says where the level comes from."""

    side: Side
    lots: Decimal
    sl: Decimal
    tp: Decimal
    sl_source: str
    tp_source: str
    steps: tuple[Step, ...] = ()


def stop_on_side(level: Decimal, price: Decimal, side: Side) -> bool:
    """Whether a stop is where the loss is."""
    return level < price if side is Side.BUY else level > price


def target_on_side(level: Decimal, price: Decimal, side: Side) -> bool:
    """Whether a target is where the profit is."""
    return stop_on_side(level, price, side.opposite)


def sane(stops: Stops, price: Decimal, side: Side) -> str | None:
    """The first given level that cannot be, as sent; ``None`` when all are fine."""
    if stops.faulty:
        return stops.faulty[0]
    if stops.sl is not None and not stop_on_side(stops.sl, price, side):
        return "sl_price"
    for name, level in (("tp1_price", stops.tp1), ("tp2_price", stops.tp2)):
        if level is not None and not target_on_side(level, price, side):
            return name
    return None


def order_a(
    *,
    stops: Stops,
    price: Decimal,
    side: Side,
    lots: Decimal,
    table_distance: Decimal | None,
    logic: str,
    facts: SymbolFacts,
    rules: Rules,
) -> Leg | None:
    """Order A: the alert's stop and TP2. Without a stop the table's distance times the logic's factor
    takes its place; ``None`` when the table has no row either."""
    steps: list[Step] = []
    if stops.sl is not None:
        sl, sl_source = stops.sl, "alert"
    elif table_distance is not None:
        distance = table_distance * Decimal(STOP_FACTORS[logic])
        sl, sl_source = price - side.sign * distance, "table"
        steps.append(
            Step(
                "stop of A", f"{price} {_sign(-side.sign)} {table_distance} x {STOP_FACTORS[logic]}", f"{sl}"
            )
        )
    else:
        return None
    if stops.tp2 is not None:
        tp, tp_source = stops.tp2, "alert"
    else:
        ratio, risk = rules.host.rr_ratio, abs(price - sl)
        tp, tp_source = price + side.sign * ratio * risk, f"rr_{float(ratio)}"
        steps.append(Step("target of A", f"{price} {_sign(side.sign)} {ratio} x {risk}", f"{tp}"))
    return Leg(
        side=side,
        lots=lots,
        sl=rounded(sl, facts.digits),
        tp=rounded(tp, facts.digits),
        sl_source=sl_source,
        tp_source=tp_source,
        steps=tuple(steps),
    )


def order_b(
    *, stops: Stops, price: Decimal, side: Side, lots: Decimal, facts: SymbolFacts, rules: Rules
) -> Leg:
    """Order B: a stop of fixed money at its finished lots, never the alert's; target TP1, or the same
    distance as the stop."""
    dollars = rules.order_b_dollars
    pips = dollars / (lots * facts.pip_value)
    distance = pips * facts.pip_size
    sl = price - side.sign * distance
    tp = stops.tp1 if stops.tp1 is not None else price + side.sign * distance
    steps = (
        Step("pips of B", f"{dollars} / ({lots} x {facts.pip_value})", f"{pips:.6f}"),
        Step("stop of B", f"{price} {_sign(-side.sign)} {pips:.6f} x {facts.pip_size}", f"{sl:.8f}"),
    )
    return Leg(
        side=side,
        lots=lots,
        sl=rounded(sl, facts.digits),
        tp=rounded(tp, facts.digits),
        sl_source="fixed_10_usd" if dollars == _TEN else "fixed_usd",
        tp_source="alert" if stops.tp1 is not None else "rr_1.0",
        steps=steps,
    )


def finished(leg: Leg, price: Decimal) -> bool:
    """Whether both levels are above 0 and, after rounding, still on their side of the price."""
    return (
        min(leg.sl, leg.tp) > 0
        and stop_on_side(leg.sl, price, leg.side)
        and target_on_side(leg.tp, price, leg.side)
    )


def _sign(sign: int) -> str:
    return "+" if sign > 0 else "-"
