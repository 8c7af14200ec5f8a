"""Rounding half up in decimal arithmetic: what is printed is what is rounded."""

from decimal import ROUND_HALF_UP, Context, Decimal

_WIDE = Context(prec=60)


def exact(value: float | Decimal) -> Decimal:
    """A number as the decimal it prints as: 0.1 is one tenth."""
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(repr(float(value)))


def rounded(value: Decimal, digits: int) -> Decimal:
    """A price half up (away from zero) at the symbol's digits."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE)


def half_up(value: float | Decimal, digits: int) -> float:
    """Round half up (away from zero) to ``digits`` decimals."""
    return float(rounded(exact(value), digits))


def decimals_of(step: float) -> int:
    """Decimals that a step such as 0.01 has."""
    exponent = exact(step).normalize().as_tuple().exponent
    return max(0, -int(exponent))
