"""Numbers for people."""

from decimal import Decimal


def plain(value: Decimal, places: int = 6) -> str:
    """A decimal without exponent and needless zeros, cut to some places for display."""
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
