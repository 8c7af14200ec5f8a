"""What a quote does to stops and waiting orders, and how near is too near. Pure."""

import attrs

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.quotes import Quote
from zepix_core.testing.fake_mt5.records import OrderRecord, PositionRecord, sign
from zepix_core.testing.fake_mt5.symbols import FakeSymbol

LIMITS = (MT5.ORDER_TYPE_BUY_LIMIT, MT5.ORDER_TYPE_SELL_LIMIT)
STOPS = (MT5.ORDER_TYPE_BUY_STOP, MT5.ORDER_TYPE_SELL_STOP)
STOP_LIMITS = (MT5.ORDER_TYPE_BUY_STOP_LIMIT, MT5.ORDER_TYPE_SELL_STOP_LIMIT)
PENDING = LIMITS + STOPS + STOP_LIMITS


@attrs.frozen
class Exit:
    """The end of a position: ``reason`` is ``DEAL_REASON_SL`` or ``DEAL_REASON_TP``."""

    reason: int
    price: float
    comment: str


def exit_of(position: PositionRecord, quote: Quote, digits: int) -> Exit | None:
    """The exit that a quote causes; the stop goes before the target.

    A buy is closed by the bid and a sell by the ask. A stop fills at the quote that reached it, which
    after a gap is worse than its level; a target fills at its level.
    """
    price, side = quote.closing(position.type), sign(position.type)
    if position.sl and (price - position.sl) * side <= 0:
        return Exit(MT5.DEAL_REASON_SL, price, f"[sl {position.sl:.{digits}f}]")
    if position.tp and (price - position.tp) * side >= 0:
        return Exit(MT5.DEAL_REASON_TP, position.tp, f"[tp {position.tp:.{digits}f}]")
    return None


def fill_of(order: OrderRecord, quote: Quote) -> float | None:
    """Where a quote fills a limit or stop order, ``None`` when it does not: limits at their own price,
    stops at the quote."""
    price, side = quote.opening(order.type), sign(order.type)
    if order.type in LIMITS and (price - order.price) * side <= 0:
        return order.price
    if order.type in STOPS and (price - order.price) * side >= 0:
        return price
    return None


def becomes_limit(order: OrderRecord, quote: Quote) -> bool:
    """Whether a quote has reached the stop price of a stop-limit order."""
    if order.type not in STOP_LIMITS:
        return False
    return (quote.opening(order.type) - order.price) * sign(order.type) >= 0


def stops_fit(symbol: FakeSymbol, kind: int, basis: float, sl: float, tp: float) -> bool:
    """Whether both stops are on their sides of ``basis`` and as far away as the stops level asks.

    Args:
        kind: A position's or an order's type; even ones buy.
        basis: The price at which the position would close, or the pending order's own price.
    """
    side = sign(kind)
    for level, away in ((sl, -side), (tp, side)):
        if not level:
            continue
        points = symbol.points((level - basis) * away)
        if points <= 0 or points < symbol.stops_level:
            return False
    return True


def pending_gap(symbol: FakeSymbol, kind: int, price: float, quote: Quote) -> float:
    """Points between the quote and a pending order on the side where it waits; negative on the other."""
    waits_below = (kind in LIMITS) == (sign(kind) > 0)
    side = -1 if waits_below else 1
    return symbol.points((price - quote.opening(kind)) * side)


def position_frozen(symbol: FakeSymbol, position: PositionRecord, quote: Quote) -> bool:
    """Whether a stop of the position is within the freeze level of its closing price."""
    if not symbol.freeze_level:
        return False
    price = quote.closing(position.type)
    levels = [level for level in (position.sl, position.tp) if level]
    return any(abs(symbol.points(level - price)) <= symbol.freeze_level for level in levels)


def order_frozen(symbol: FakeSymbol, order: OrderRecord, quote: Quote) -> bool:
    """Whether a pending order is within the freeze level of the quote that would fill it."""
    if not symbol.freeze_level:
        return False
    return abs(symbol.points(order.price - quote.opening(order.type))) <= symbol.freeze_level


def filling_allowed(symbol: FakeSymbol, kind: int, filling: int) -> bool:
    """Whether the symbol's execution and mask take this filling for this order type.

    Request and instant execution know FOK alone; market execution the bits of its mask; exchange
    execution those and RETURN. A pending order may always RETURN; BOC is for resting limits.
    """
    bits = {MT5.ORDER_FILLING_FOK: 1, MT5.ORDER_FILLING_IOC: 2}
    if filling == MT5.ORDER_FILLING_RETURN:
        return kind in PENDING or symbol.exemode == MT5.SYMBOL_TRADE_EXECUTION_EXCHANGE
    if filling == MT5.ORDER_FILLING_BOC:
        return kind in LIMITS + STOP_LIMITS and bool(symbol.filling_mode & 4)
    if filling not in bits:
        return False
    if symbol.exemode in (MT5.SYMBOL_TRADE_EXECUTION_REQUEST, MT5.SYMBOL_TRADE_EXECUTION_INSTANT):
        return filling == MT5.ORDER_FILLING_FOK
    return bool(symbol.filling_mode & bits[filling])
