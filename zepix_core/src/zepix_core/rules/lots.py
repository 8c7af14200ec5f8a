"""Volumes in whole steps."""

import math

import attrs

from zepix_core.rules.decimals import decimals_of


@attrs.frozen(kw_only=True)
class Volume:
    """A volume brought to what a symbol takes; ``raised`` to the minimum, ``cut`` to a cap."""

    lots: float
    raised: bool = False
    cut: bool = False


@attrs.frozen(kw_only=True)
class ClosePart:
    """What a partial close takes and what it leaves, in lots."""

    closed: float
    remaining: float


def whole_steps(volume: float, step: float) -> int:
    """Whole steps in a volume, rounded down."""
    return math.floor(volume / step + 1e-9)


def to_lots(steps: int, step: float) -> float:
    """Steps as lots."""
    return round(steps * step, decimals_of(step))


def floor_lots(volume: float, step: float) -> float:
    """Round down to a whole step."""
    return to_lots(whole_steps(volume, step), step)


def normalise(volume: float, minimum: float, step: float, *caps: float | None) -> Volume:
    """Down to a step, then down to the least cap, then up to the minimum. A cap that lies below the
    minimum wins: the result is then smaller than the minimum, which the caller refuses."""
    lots = floor_lots(volume, step)
    cap = min((floor_lots(cap, step) for cap in caps if cap is not None), default=math.inf)
    raised = lots < minimum
    if raised:
        lots = minimum
    if lots > cap:
        return Volume(lots=cap, raised=False, cut=True)
    return Volume(lots=lots, raised=raised)


def split(steps: int, ratio: float = 0.5) -> tuple[int, int]:
    """Steps of leg A (rounded up) and of leg B (the rest)."""
    first = min(steps, math.ceil(steps * ratio - 1e-9))
    return first, steps - first


def lots_for_risk(balance: float, percent: float, stop_pips: float, pip_value: float) -> float:
    """The unrounded volume that loses ``percent`` of the balance at the stop.

    Raises:
        ValueError: The percentage, the stop or the pip value is not positive, or percent is beyond 100.
    """
    if not 0 < percent <= 100:
        raise ValueError(f"risk_percentage must be above 0 and at most 100, not {percent}")
    if stop_pips <= 0 or pip_value <= 0:
        raise ValueError("a volume needs a stop distance and a pip value above 0")
    return balance * percent / 100 / (stop_pips * pip_value)


def close_part(volume: float, percentage: float, minimum: float, step: float) -> ClosePart | None:
    """What closing ``percentage`` of a position means; ``None`` when it is below the minimum.

    A rest below the minimum is closed too. 100 closes everything.
    """
    if percentage >= 100:
        return ClosePart(closed=volume, remaining=0.0)
    return close_lots(volume, volume * percentage / 100, minimum, step)


def close_lots(volume: float, lots: float, minimum: float, step: float) -> ClosePart | None:
    """What closing ``lots`` of a position means, rounded down; otherwise as `close_part`."""
    closed = floor_lots(min(lots, volume), step)
    if closed < minimum - step * 1e-6 or closed <= 0:
        return None
    remaining = round(volume - closed, decimals_of(step))
    if remaining < minimum - step * 1e-6:
        return ClosePart(closed=volume, remaining=0.0)
    return ClosePart(closed=closed, remaining=remaining)
