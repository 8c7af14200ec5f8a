"""Rounding half up in decimal arithmetic: what is printed is what is rounded."""

from decimal import ROUND_HALF_UP, Decimal


def exact(value: float) -> Decimal:
    """A float as the decimal number it prints as: 0.1 is one tenth."""
    return Decimal(repr(float(value)))


def half_up(value: float | Decimal, digits: int) -> float:
    """Round half up (away from zero) to ``digits`` decimals."""
    number = value if isinstance(value, Decimal) else exact(value)
    return float(number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def decimals_of(step: float) -> int:
    """Decimals that a step such as 0.01 has."""
    exponent = exact(step).normalize().as_tuple().exponent
    return max(0, -int(exponent))
