"""Balance tiers and the limits that hang on them."""

from collections.abc import Iterable, Mapping

import attrs

from zepix_core.rules.lots import floor_lots


@attrs.frozen(kw_only=True)
class Limit:
    """A loss limit as it stands; money. ``loss`` and ``limit`` are positive."""

    scope: str
    loss: float
    limit: float

    @property
    def remaining(self) -> float:
        return max(0.0, self.limit - self.loss)

    @property
    def open(self) -> bool:
        """True while the loss is below the limit; equal stops."""
        return self.loss < self.limit


def tier_for(balance: float, names: Iterable[str], default: str | None = None) -> str | None:
    """The tier with the highest threshold at or below the balance; below the lowest, the lowest."""
    if default is not None:
        return default
    thresholds = sorted((int(name), name) for name in names)
    if not thresholds:
        return None
    fitting = [name for threshold, name in thresholds if threshold <= balance]
    return fitting[-1] if fitting else thresholds[0][1]


def fixed_lot(tier: str, fixed: Mapping[str, float], overrides: Mapping[str, float]) -> float | None:
    """The tier's lot: an override wins; ``None`` when neither map has it."""
    return overrides.get(tier, fixed.get(tier))


def tightest(limits: Iterable[Limit]) -> Limit:
    """The limit with the least left; the first of equals. ``limits`` must not be empty."""
    return min(limits, key=lambda limit: limit.remaining)


def losses(results: Iterable[float]) -> float:
    """Sum of the losing results as a positive number; profits are not netted."""
    return -sum(result for result in results if result < 0)


def smart_lot(room: float, loss_per_lot: float, minimum: float, step: float, buffer: float = 0.95) -> float:
    """The largest volume whose loss fits in ``room``, less a buffer for slippage; 0 below the minimum."""
    if room <= 0 or loss_per_lot <= 0:
        return 0.0
    lots = floor_lots(buffer * room / loss_per_lot, step)
    return lots if lots >= minimum else 0.0


def open_risk(
    side_sign: int, entry: float, sl: float, lots: float, pip_size: float, pip_value: float
) -> float:
    """What a position loses from its entry to its stop; 0 for a stop at or beyond the entry."""
    distance = side_sign * (entry - sl)
    return max(0.0, distance / pip_size * pip_value * lots)
