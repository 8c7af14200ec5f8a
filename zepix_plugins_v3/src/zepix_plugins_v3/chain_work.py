"""What a chain's state asks to be done, in order. Each thing may be done twice: the requests are keyed."""

import attrs

from zepix_plugins_v3.chain import Chain, ChainOrder, ChainRules, ChainState, Slot, booking_price
from zepix_plugins_v3.stops import SymbolFacts

MOST_TRIES = 20
"""Booking that was refused so often is left to the order's own stop and target."""


@attrs.frozen(kw_only=True)
class Place:
    """Place an order of the newest level."""

    level: int
    slot: int
    lots: float


@attrs.frozen(kw_only=True)
class Watch:
    """Be woken when the closing quote is at ``price`` or beyond it, in the direction of a profit."""

    ticket: int
    price: float
    waits: int


@attrs.frozen(kw_only=True)
class Retarget:
    """Move an order's target to the price where it is booked."""

    ticket: int
    tp: float


@attrs.frozen(kw_only=True)
class Book:
    """Close an order that has reached its profit."""

    ticket: int
    tries: int


@attrs.frozen(kw_only=True)
class Unwatch:
    """Wait no longer for an order that is over."""

    level: int
    slot: int
    handle: str


Work = Place | Watch | Retarget | Book | Unwatch


def work(chain: Chain, facts: SymbolFacts | None, rules: ChainRules) -> tuple[Work, ...]:
    """All that is to be done now; without the symbol's facts no price can be told and nothing is watched."""
    found: list[Work] = []
    for order in chain.orders:
        one = _of(chain, order, facts, rules)
        if one is not None:
            found.append(one)
    return tuple(found)


def _of(chain: Chain, order: ChainOrder, facts: SymbolFacts | None, rules: ChainRules) -> Work | None:
    if order.state.over:
        gone = order.watch
        return None if gone is None else Unwatch(level=order.level, slot=order.slot, handle=gone)
    if order.state is Slot.PLANNED:
        if order.level == 0 or chain.state is not ChainState.ACTIVE:
            return None
        return Place(level=order.level, slot=order.slot, lots=order.lots)
    if order.ticket is None:
        return None
    if order.state is Slot.BOOKING:
        return Book(ticket=order.ticket, tries=order.tries)
    price = None if facts is None else booking_price(order, chain.side, facts, rules)
    if price is None or facts is None:
        return None
    if order.level > 0 and order.tp is not None:
        same = abs(order.tp - float(price)) < 10.0**-facts.digits / 2
        return None if same else Retarget(ticket=order.ticket, tp=float(price))
    nearer = order.tp is None or chain.side.sign * (order.tp - float(price)) > 0
    if order.watch is not None or not nearer or order.tries >= MOST_TRIES:
        return None
    return Watch(ticket=order.ticket, price=float(price), waits=order.waits)
