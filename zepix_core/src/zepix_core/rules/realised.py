"""What closing came to: results of parts, of days, and what they cost."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from zepix_core.model.order import TradeUpdate
from zepix_core.rules.decimals import exact

Costs = Mapping[str, tuple[float, float]]
"""Commission and swap by the deal that caused them."""


@attrs.frozen(kw_only=True)
class Realised:
    """What closing some volume came to.

    Attributes:
        volume: Lots closed.
        pips: Of each lot, on average.
        money: Without commission and swap.
    """

    volume: float
    pips: float
    money: float

    @classmethod
    def of(cls, update: TradeUpdate) -> "Realised":
        """What one change closed."""
        return cls(volume=update.closed_volume, pips=update.profit_pips, money=update.profit)

    @classmethod
    def total(cls, parts: Sequence["Realised"]) -> "Realised":
        """All parts together: pips are weighted by lots and rounded to two decimals."""
        volume = sum((exact(part.volume) for part in parts), Decimal(0))
        weighed = sum((exact(part.volume) * exact(part.pips) for part in parts), Decimal(0))
        pips = float(round(weighed / volume, 2)) if volume else (parts[-1].pips if parts else 0.0)
        return cls(volume=float(volume), pips=pips, money=exact_sum(part.money for part in parts))


def exact_sum(numbers: Iterable[float | Decimal | None]) -> float:
    """A sum in decimals; what is not known counts nothing."""
    return float(sum((exact(number) for number in numbers if number is not None), Decimal(0)))


def with_costs(costs: Costs, update: TradeUpdate) -> Costs:
    """The costs with those of a change: once for each deal, however often it is told."""
    if not (update.commission or update.swap):
        return costs
    return {**costs, update.deal_key: (update.commission, update.swap)}


def win_rate(results: Sequence[float | Decimal]) -> float:
    """Winners in percent of the trades that ended; 0.0 without any."""
    winners = sum(result > 0 for result in results)
    return round(100 * winners / len(results), 2) if results else 0.0
