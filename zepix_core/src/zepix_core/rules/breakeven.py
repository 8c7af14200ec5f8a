"""Whether a stop can be moved to the entry, and where to."""

from zepix_core.model.market import Side, SymbolInfo
from zepix_core.rules.stops import breakeven_sl, check_stops, improves, least_distance

NONE = 0.0


def breakeven_move(
    side: Side, entry: float, sl: float, quote: tuple[float, float], info: SymbolInfo, buffer_pips: float
) -> float | None:
    """The stop that keeps ``buffer_pips`` of profit, or ``None`` when the present one stays.

    It stays when the new one would not improve it, or when the market is not at least the symbol's least
    stop distance beyond the new one.

    Args:
        sl: The present stop, 0.0 for none.
        quote: Bid and ask.
    """
    bid, ask = quote
    new = breakeven_sl(side, entry, buffer_pips, info.pip_size, info.digits)
    if new <= 0 or not improves(side, sl, new):
        return None
    least = least_distance(info.stops_level, info.point, info.min_sl_distance)
    return None if check_stops(side, bid, ask, new, NONE, least).fault else new
