"""A stop that follows the price: what it is, where it moves, and what is to be done. Pure values.

With 50, 25 and 50 percent of the first stop distance: half the distance in profit moves the stop to the
entry, and each further quarter of it in profit moves the stop a quarter on.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

import attrs

from zepix_core import Side, exact
from zepix_plugins_v3.profit_config import TrailingSettings


@attrs.frozen(kw_only=True)
class TrailingRules:
    """The settings as shares of the first stop distance."""

    start: Decimal
    step: Decimal
    behind: Decimal

    @classmethod
    def of(cls, settings: TrailingSettings) -> "TrailingRules":
        """The rules that the settings ask for."""
        percents = (settings.start_percent, settings.step_percent, settings.distance_percent)
        start, step, behind = (exact(percent) / 100 for percent in percents)
        return cls(start=start, step=step, behind=behind)


@attrs.frozen(kw_only=True)
class Trail:
    """One order whose stop follows.

    Attributes:
        distance: From the entry to the first stop, in price.
        sl, tp: As they stand now; no target is ``None``.
        steps: How many levels of profit were reached.
        tries: Counts the waits, so that each has a key of its own.
        watch: Handle of the price that is waited for.
    """

    ticket: int
    trade_id: int
    leg: str
    symbol: str
    side: Side
    entry: float
    distance: float
    sl: float
    tp: float | None = None
    steps: int = 0
    tries: int = 0
    over: bool = False
    watch: str | None = None


@attrs.frozen(kw_only=True)
class Move:
    """Set an order's stop."""

    sl: float


@attrs.frozen(kw_only=True)
class WatchStep:
    """Be woken at the next level of profit."""

    price: float
    tries: int


@attrs.frozen(kw_only=True)
class Unwatch:
    """Wait no longer: the order is over."""

    handle: str


Work = Move | WatchStep | Unwatch


def begun(
    *,
    ticket: int,
    trade_id: int,
    leg: str,
    symbol: str,
    side: Side,
    entry: float,
    sl: float,
    tp: float | None,
) -> Trail | None:
    """The trail of an order that was filled; ``None`` without a stop on the losing side to measure by."""
    distance = side.sign * (exact(entry) - exact(sl))
    if sl <= 0 or distance <= 0:
        return None
    return Trail(
        ticket=ticket,
        trade_id=trade_id,
        leg=leg,
        symbol=symbol,
        side=side,
        entry=entry,
        distance=float(distance),
        sl=sl,
        tp=tp or None,
    )


def moved(trail: Trail, *, entry: float, sl: float, tp: float | None) -> Trail:
    """Stops as they stand now; a further fill moves the entry while nothing was reached."""
    return attrs.evolve(
        trail, entry=entry if entry > 0 and not trail.steps else trail.entry, sl=sl, tp=tp or None
    )


def reached(trail: Trail, price: float, rules: TrailingRules) -> Trail:
    """The closing quote came to a price: all levels of profit up to it are reached; none is ever lost."""
    if trail.over:
        return trail
    trail = attrs.evolve(trail, watch=None, tries=trail.tries + 1)
    share = trail.side.sign * (exact(price) - exact(trail.entry)) / exact(trail.distance)
    if share < rules.start:
        return trail
    steps = int(((share - rules.start) / rules.step).to_integral_value(rounding=ROUND_FLOOR)) + 1
    return attrs.evolve(trail, steps=max(trail.steps, steps))


def ended(trail: Trail) -> Trail:
    """The order is closed."""
    return attrs.evolve(trail, over=True)


def level(trail: Trail, steps: int, rules: TrailingRules) -> Decimal:
    """The price at which ``steps`` levels of profit are reached."""
    share = rules.start + (steps - 1) * rules.step
    return exact(trail.entry) + trail.side.sign * share * exact(trail.distance)


def stop(trail: Trail, digits: int, rules: TrailingRules) -> float | None:
    """Where the stop belongs after what was reached; ``None`` while nothing was."""
    if not trail.steps:
        return None
    price = level(trail, trail.steps, rules) - trail.side.sign * rules.behind * exact(trail.distance)
    return _rounded(price, digits, ROUND_HALF_UP)


def work(trail: Trail, digits: int, rules: TrailingRules) -> tuple[Work, ...]:
    """What is to be done now; a stop only ever moves towards the profit."""
    if trail.over:
        return () if trail.watch is None else (Unwatch(handle=trail.watch),)
    found: list[Work] = []
    wanted = stop(trail, digits, rules)
    if wanted is not None and trail.side.sign * (wanted - trail.sl) > 0:
        found.append(Move(sl=wanted))
    if trail.watch is None:
        # Away from the entry: a price that is waited for must be one at which the level is reached.
        away = ROUND_CEILING if trail.side is Side.BUY else ROUND_FLOOR
        price = _rounded(level(trail, trail.steps + 1, rules), digits, away)
        if trail.tp is None or trail.side.sign * (trail.tp - price) > 0:
            found.append(WatchStep(price=price, tries=trail.tries))
    return tuple(found)


def _rounded(price: Decimal, digits: int, rounding: str) -> float:
    return float(price.quantize(Decimal(1).scaleb(-digits), rounding=rounding))
