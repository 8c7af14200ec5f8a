"""Pips and their money: nothing else in the house multiplies by 10."""

from zepix_core.model.market import Side
from zepix_core.rules.decimals import exact, half_up

UNKNOWN_SPREAD = 999.9


def default_pip_size(digits: int, point: float, metal: bool = False) -> float:
    """Size of one pip in price: 10 points with a fractional pip (forex 3 or 5 digits, metals 2 or 3)."""
    fractional = digits in (2, 3) if metal else digits in (3, 5)
    return half_up(exact(point) * (10 if fractional else 1), digits + 1)


def pips_between(first: float, second: float, pip_size: float) -> float:
    """Absolute distance in pips, one decimal."""
    return half_up(abs(exact(first) - exact(second)) / exact(pip_size), 1)


def profit_pips(side: Side, entry: float, leave: float, pip_size: float) -> float:
    """Signed pips of a trade, one decimal."""
    return half_up(side.sign * (exact(leave) - exact(entry)) / exact(pip_size), 1)


def spread_pips(bid: float, ask: float, pip_size: float) -> float:
    """Spread in pips, one decimal."""
    return half_up((exact(ask) - exact(bid)) / exact(pip_size), 1)


def pip_value_of(lots: float, pip_value: float) -> float:
    """Money of one pip on ``lots``; ``pip_value`` is of 1.00 lot."""
    return float(exact(pip_value) * exact(lots))
