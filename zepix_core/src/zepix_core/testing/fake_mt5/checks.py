"""What the double's trade server refuses, with MT5's codes."""

from zepix_core.testing.fake_mt5.accounts import Ledger
from zepix_core.testing.fake_mt5.constants import MT5, Masks
from zepix_core.testing.fake_mt5.matching import (
    LIMITS,
    PENDING,
    STOP_LIMITS,
    STOPS,
    filling_allowed,
    pending_gap,
    stops_fit,
)
from zepix_core.testing.fake_mt5.money import figures, margin_of
from zepix_core.testing.fake_mt5.quotes import DAY_MSC, Market, Quote
from zepix_core.testing.fake_mt5.records import PositionRecord, sign, volumes
from zepix_core.testing.fake_mt5.refusals import Refused
from zepix_core.testing.fake_mt5.structures import TradeRequest
from zepix_core.testing.fake_mt5.symbols import FakeSymbol

TOLERANCE = 1e-6


def check_symbol(market: Market, name: str) -> tuple[FakeSymbol, Quote]:
    """The symbol and its price, when the one can be traded at the other."""
    symbol = market.symbols.get(name)
    if symbol is None:
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    if not market.is_open(name):
        raise Refused(MT5.TRADE_RETCODE_MARKET_CLOSED)
    quote = market.seen(name)
    if name not in market.selected or not quote.bid:
        raise Refused(MT5.TRADE_RETCODE_PRICE_OFF)
    if symbol.trade_mode == MT5.SYMBOL_TRADE_MODE_DISABLED:
        raise Refused(MT5.TRADE_RETCODE_TRADE_DISABLED)
    return symbol, quote


def check_volume(symbol: FakeSymbol, volume: float) -> None:
    """Between the least and the most, and on the step."""
    steps = volume / symbol.volume_step
    if not symbol.volume_min - TOLERANCE <= volume <= symbol.volume_max + TOLERANCE:
        raise Refused(MT5.TRADE_RETCODE_INVALID_VOLUME)
    if abs(steps - round(steps)) > TOLERANCE:
        raise Refused(MT5.TRADE_RETCODE_INVALID_VOLUME)


def check_entry(ledger: Ledger, symbol: FakeSymbol, kind: int, volume: float) -> None:
    """Whether this side may be entered: the symbol's trade mode and the account's limits."""
    mode = symbol.trade_mode
    if mode == MT5.SYMBOL_TRADE_MODE_CLOSEONLY:
        raise Refused(MT5.TRADE_RETCODE_CLOSE_ONLY)
    if mode == MT5.SYMBOL_TRADE_MODE_LONGONLY and sign(kind) < 0:
        raise Refused(MT5.TRADE_RETCODE_LONG_ONLY)
    if mode == MT5.SYMBOL_TRADE_MODE_SHORTONLY and sign(kind) > 0:
        raise Refused(MT5.TRADE_RETCODE_SHORT_ONLY)
    account, held = ledger.account, ledger.of_symbol(symbol.name)
    if account.hedge_prohibited and any(sign(position.type) != sign(kind) for position in held):
        raise Refused(Masks.RETCODE_HEDGE_PROHIBITED)
    if account.limit_positions and len(ledger.positions) >= account.limit_positions:
        raise Refused(MT5.TRADE_RETCODE_LIMIT_POSITIONS)
    if symbol.volume_limit:
        waiting = [order for order in ledger.orders.values() if order.symbol == symbol.name]
        same = [position.volume for position in held if sign(position.type) == sign(kind)]
        same += [order.left for order in waiting if sign(order.type) == sign(kind)]
        if volumes(sum(same) + volume) > symbol.volume_limit + TOLERANCE:
            raise Refused(MT5.TRADE_RETCODE_LIMIT_VOLUME)


def check_close(ledger: Ledger, symbol: FakeSymbol, position: PositionRecord, volume: float) -> None:
    """Whether that much of a position may be closed."""
    if volume > position.volume + TOLERANCE:
        raise Refused(MT5.TRADE_RETCODE_INVALID_CLOSE_VOLUME)
    if abs(volume - position.volume) > TOLERANCE:
        check_volume(symbol, volume)
    older = ledger.of_symbol(symbol.name)
    if ledger.account.fifo_close and older[0] is not position:
        raise Refused(MT5.TRADE_RETCODE_FIFO_CLOSE)
    if any(order.closes == position.ticket for order in ledger.orders.values()):
        raise Refused(MT5.TRADE_RETCODE_CLOSE_ORDER_EXIST)


def check_filling(symbol: FakeSymbol, kind: int, filling: int) -> None:
    """Whether the symbol takes this filling policy."""
    if not filling_allowed(symbol, kind, filling):
        raise Refused(MT5.TRADE_RETCODE_INVALID_FILL)


def check_digits(symbol: FakeSymbol, code: int, *prices: float) -> None:
    """Every price stands on the symbol's least step."""
    for price in prices:
        steps = price / symbol.step
        if price < 0 or abs(steps - round(steps)) > 1e-4:
            raise Refused(code)


def check_stops(symbol: FakeSymbol, kind: int, basis: float, sl: float, tp: float) -> None:
    """Sides, distances, digits, and whether the symbol knows stops at all."""
    missing = (sl and not symbol.order_mode & Masks.ORDER_SL) or (
        tp and not symbol.order_mode & Masks.ORDER_TP
    )
    if missing or not stops_fit(symbol, kind, basis, sl, tp):
        raise Refused(MT5.TRADE_RETCODE_INVALID_STOPS)
    check_digits(symbol, MT5.TRADE_RETCODE_INVALID_STOPS, sl, tp)


def check_dealt_price(symbol: FakeSymbol, request: TradeRequest, price: float) -> None:
    """Under request and instant execution the named price has to be within the deviation of the quote."""
    if symbol.exemode not in (MT5.SYMBOL_TRADE_EXECUTION_REQUEST, MT5.SYMBOL_TRADE_EXECUTION_INSTANT):
        return
    if request.price <= 0:
        raise Refused(MT5.TRADE_RETCODE_INVALID_PRICE)
    check_digits(symbol, MT5.TRADE_RETCODE_INVALID_PRICE, request.price)
    if abs(symbol.points(request.price - price)) > request.deviation:
        raise Refused(MT5.TRADE_RETCODE_REQUOTE)


def check_money(market: Market, ledger: Ledger, symbol: FakeSymbol, kind: int, volume: float) -> None:
    """Free margin for what is added. On a netting account what reduces needs none."""
    if not ledger.account.hedging:
        opposite = [held.volume for held in ledger.of_symbol(symbol.name) if sign(held.type) != sign(kind)]
        volume = volumes(volume - 2 * sum(opposite))
    if volume <= 0:
        return
    price = market.quotes[symbol.name].opening(kind)
    if margin_of(market, ledger, symbol.name, volume, price) > figures(market, ledger).free:
        raise Refused(MT5.TRADE_RETCODE_NO_MONEY)


def check_order_type(symbol: FakeSymbol, kind: int) -> None:
    """Whether the symbol takes orders of this type."""
    bits = (LIMITS, Masks.ORDER_LIMIT), (STOPS, Masks.ORDER_STOP), (STOP_LIMITS, Masks.ORDER_STOP_LIMIT)
    bit = next((bit for kinds, bit in bits if kind in kinds), Masks.ORDER_MARKET)
    if not symbol.order_mode & bit:
        raise Refused(MT5.TRADE_RETCODE_INVALID_ORDER)


def check_pending(symbol: FakeSymbol, kind: int, request: TradeRequest, quote: Quote) -> None:
    """A pending order's own prices and its stops."""
    if kind not in PENDING:
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    price, basis = request.price, request.stoplimit if kind in STOP_LIMITS else request.price
    check_digits(symbol, MT5.TRADE_RETCODE_INVALID_PRICE, price, request.stoplimit)
    gap = pending_gap(symbol, kind, price, quote)
    if price <= 0 or gap <= 0 or gap < symbol.stops_level:
        raise Refused(MT5.TRADE_RETCODE_INVALID_PRICE)
    if kind in STOP_LIMITS and (basis <= 0 or (price - basis) * sign(kind) < 0):
        raise Refused(MT5.TRADE_RETCODE_INVALID_PRICE)
    check_stops(symbol, kind, basis, request.sl, request.tp)


def check_expiration(symbol: FakeSymbol, request: TradeRequest, now_msc: int) -> None:
    """Whether the symbol knows this lifetime, and whether its end lies ahead."""
    if not 0 <= request.type_time <= 3 or not symbol.expiration_mode & (1 << request.type_time):
        raise Refused(MT5.TRADE_RETCODE_INVALID_EXPIRATION)
    if request.type_time in (MT5.ORDER_TIME_SPECIFIED, MT5.ORDER_TIME_SPECIFIED_DAY):
        if expires_msc(request.type_time, request.expiration, now_msc) <= now_msc:
            raise Refused(MT5.TRADE_RETCODE_INVALID_EXPIRATION)
    elif request.expiration:
        raise Refused(MT5.TRADE_RETCODE_INVALID_EXPIRATION)


def expires_msc(type_time: int, expiration: int, placed_msc: int) -> int:
    """Server time in ms at which an order expires, 0 for never."""
    if type_time == MT5.ORDER_TIME_DAY:
        return (placed_msc // DAY_MSC + 1) * DAY_MSC
    if type_time == MT5.ORDER_TIME_SPECIFIED:
        return expiration * 1000
    if type_time == MT5.ORDER_TIME_SPECIFIED_DAY:
        return (expiration * 1000 // DAY_MSC + 1) * DAY_MSC - 1000
    return 0
