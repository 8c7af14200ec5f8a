"""Stop prices: where they may be, and how they are computed."""

from decimal import Decimal

import attrs

from zepix_core.model.market import Side
from zepix_core.rules.decimals import exact, half_up

DEFAULT_STOP_POINTS = 10


@attrs.frozen(kw_only=True)
class StopCheck:
    """How stops stand against the market; distances and ``least`` are in price.

    Attributes:
        fault: ``""`` when fine, else what is wrong in a few words.
        sl_distance, tp_distance: ``None`` where there is no such stop.
    """

    fault: str
    least: float
    sl_distance: float | None = None
    tp_distance: float | None = None


def least_distance(stops_level: int, point: float, min_sl_distance: float = 0.0) -> float:
    """Least distance of a stop from the quote, in price; the broker's 0 points mean our 10."""
    points = stops_level if stops_level > 0 else DEFAULT_STOP_POINTS
    return max(float(exact(point) * points), min_sl_distance)


def check_stops(
    side: Side, bid: float, ask: float, sl: float, tp: float, least: float, tp_least: float | None = None
) -> StopCheck:
    """Judge stops of a market order or a position against the quote; 0.0 is no stop.

    A BUY closes at bid, so its stops are measured from bid; a SELL from ask.
    """
    quote = exact(bid if side is Side.BUY else ask)
    sl_distance = None if sl == 0 else float(side.sign * (quote - exact(sl)))
    tp_distance = None if tp == 0 else float(side.sign * (exact(tp) - quote))
    tp_needs = least if tp_least is None else tp_least
    fault = ""
    if sl_distance is not None and sl_distance <= 0:
        fault = "stop loss on the wrong side"
    elif tp_distance is not None and tp_distance <= 0:
        fault = "take profit on the wrong side"
    elif sl_distance is not None and sl_distance < least - 1e-12:
        fault = "stop loss too near"
    elif tp_distance is not None and tp_distance < tp_needs - 1e-12:
        fault = "take profit too near"
    return StopCheck(fault=fault, least=least, sl_distance=sl_distance, tp_distance=tp_distance)


def fixed_money_sl(
    side: Side, entry: float, lots: float, pip_size: float, pip_value: float, digits: int, money: float = 10.0
) -> float:
    """The stop at which ``lots`` lose ``money``; ``pip_value`` is of 1.00 lot.

    Raises:
        ValueError: A number that must be positive is not.
    """
    if min(lots, pip_size, pip_value, money) <= 0:
        raise ValueError("a fixed money stop needs lots, pip size, pip value and money above 0")
    pips = exact(money) / (exact(lots) * exact(pip_value))
    return half_up(exact(entry) - side.sign * pips * exact(pip_size), digits)


def atr_price(side: Side, entry: float, atr: float, multiplier: float, digits: int, toward: int) -> float:
    """``entry`` plus ``toward`` (+1 profit, -1 loss) times ATR times multiplier, in price.

    Raises:
        ValueError: ATR or multiplier is not positive.
    """
    if atr <= 0 or multiplier <= 0:
        raise ValueError("an ATR price needs an ATR and a multiplier above 0")
    return half_up(exact(entry) + toward * side.sign * exact(atr) * exact(multiplier), digits)


def breakeven_sl(side: Side, entry: float, buffer_pips: float, pip_size: float, digits: int) -> float:
    """The stop that locks ``buffer_pips`` of profit."""
    buffer: Decimal = exact(buffer_pips) * exact(pip_size)
    return half_up(exact(entry) + side.sign * buffer, digits)


def improves(side: Side, old: float, new: float) -> bool:
    """Whether a new stop loss risks less than the old one; any stop improves on none."""
    return old == 0 or side.sign * (new - old) > 0
