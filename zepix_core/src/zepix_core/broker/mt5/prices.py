"""Prices as the server takes them. Pure."""

from zepix_core.rules.decimals import exact, half_up


def on_tick_size(price: float, tick_size: float, point: float, digits: int) -> float:
    """``price`` on the nearest step of the symbol, at its digits; 0.0 (none) stays 0.0."""
    if price == 0:
        return 0.0
    step = exact(tick_size if tick_size > 0 else point)
    return half_up(exact(half_up(exact(price) / step, 0)) * step, digits)
