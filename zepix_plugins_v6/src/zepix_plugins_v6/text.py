"""Values as a decision's report shows them: plain, short, and always encodable."""

from decimal import Decimal

_LONGEST = 200


def shown(value: object) -> str | int | float | bool | None:
    """A value for people: a number that a float holds without loss, else a text, cut and cleaned."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else str(value)
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else plain(value)
    return str(value)[:_LONGEST].encode("utf-8", "replace").decode("utf-8")


def plain(value: Decimal, places: int = 6) -> str:
    """A decimal without exponent and needless zeros, cut to some places for display."""
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
