"""How the double's trade server answers a request: checks first, then the books."""

import attrs

from zepix_core.testing.fake_mt5 import checks
from zepix_core.testing.fake_mt5.accounts import Ledger
from zepix_core.testing.fake_mt5.constants import MT5, Masks
from zepix_core.testing.fake_mt5.matching import PENDING, STOP_LIMITS, order_frozen, position_frozen
from zepix_core.testing.fake_mt5.positions import close_by, complete, execute
from zepix_core.testing.fake_mt5.quotes import Quote
from zepix_core.testing.fake_mt5.records import OrderRecord, PositionRecord, sign, volumes
from zepix_core.testing.fake_mt5.refusals import Refused
from zepix_core.testing.fake_mt5.server import TradeServer
from zepix_core.testing.fake_mt5.structures import TradeRequest
from zepix_core.testing.fake_mt5.symbols import FakeSymbol


@attrs.frozen(kw_only=True)
class Terms:
    """How the server carries out what it accepts.

    Attributes:
        reason: Who asks, ``ORDER_REASON_*``.
        fraction: Part of the volume that finds a counterpart.
        parts: Deals that one execution comes in, each a point worse than the one before.
        place_first: Accept with 10008 and execute at the symbol's next quote.
    """

    reason: int = MT5.ORDER_REASON_EXPERT
    fraction: float = 1.0
    parts: int = 1
    place_first: bool = False


@attrs.frozen(kw_only=True)
class Outcome:
    """What the server says of a request that it took."""

    retcode: int = MT5.TRADE_RETCODE_DONE
    deal: int = 0
    order: int = 0
    volume: float = 0.0
    price: float = 0.0


def answer(
    server: TradeServer, ledger: Ledger, request: TradeRequest, terms: Terms, *, dry: bool = False
) -> Outcome:
    """Carry out one request; with ``dry`` only check it.

    Raises:
        Refused: Nothing was changed.
    """
    acts = {
        MT5.TRADE_ACTION_DEAL: _deal,
        MT5.TRADE_ACTION_PENDING: _pending,
        MT5.TRADE_ACTION_SLTP: _stops,
        MT5.TRADE_ACTION_MODIFY: _modify,
        MT5.TRADE_ACTION_REMOVE: _remove,
        MT5.TRADE_ACTION_CLOSE_BY: _close_by,
    }
    act = acts.get(request.action)
    if act is None:
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    return act(server, ledger, request, terms, dry)


def _deal(server: TradeServer, ledger: Ledger, request: TradeRequest, terms: Terms, dry: bool) -> Outcome:
    symbol, quote = checks.check_symbol(server.market, request.symbol)
    if request.type not in (MT5.ORDER_TYPE_BUY, MT5.ORDER_TYPE_SELL):
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    checks.check_order_type(symbol, request.type)
    closed = _closed_by(ledger, request)
    checks.check_filling(symbol, request.type, request.type_filling)
    price = quote.opening(request.type)
    checks.check_dealt_price(symbol, request, price)
    if closed is not None:
        checks.check_close(ledger, symbol, closed, request.volume)
        if position_frozen(symbol, closed, quote):
            raise Refused(MT5.TRADE_RETCODE_FROZEN)
    else:
        _check_opening(server, ledger, request, symbol, quote)
    volume = _dealt_volume(symbol, request, terms)
    if dry:
        return Outcome(volume=request.volume, price=price)
    order = server.new_order(
        symbol.name,
        request.type,
        request.volume,
        closes=closed.ticket if closed is not None and ledger.account.hedging else 0,
        **_carried(request, terms),
    )
    if closed is not None:
        order.position_id = closed.identifier
        order.sl = order.tp = 0.0 if ledger.account.hedging else order.sl
    if terms.place_first:
        order.state = MT5.ORDER_STATE_PLACED
        ledger.orders[order.ticket] = order
        return Outcome(retcode=MT5.TRADE_RETCODE_PLACED, order=order.ticket, volume=request.volume)
    return deal(server, ledger, order, volume, price, terms.parts)


def deal(
    server: TradeServer, ledger: Ledger, order: OrderRecord, volume: float, price: float, parts: int = 1
) -> Outcome:
    """Execute an order. What is left rests with RETURN, and is given up otherwise."""
    symbol = server.market.symbols[order.symbol]
    made = execute(server, ledger, order, _slices(symbol, order.type, volume, price, parts))
    if order.left > 0 and order.type_filling == MT5.ORDER_FILLING_RETURN:
        order.state = MT5.ORDER_STATE_PARTIAL
        ledger.orders[order.ticket] = order
    else:
        complete(server, ledger, order)
    done = sum(one.volume for one in made)
    return Outcome(
        retcode=MT5.TRADE_RETCODE_DONE_PARTIAL if order.left > 0 else MT5.TRADE_RETCODE_DONE,
        deal=made[-1].ticket,
        order=order.ticket,
        volume=volumes(done),
        price=symbol.price(sum(one.volume * one.price for one in made) / done),
    )


def _closed_by(ledger: Ledger, request: TradeRequest) -> PositionRecord | None:
    """The position that a deal closes or reduces, ``None`` when it opens, adds or reverses."""
    if ledger.account.hedging:
        if not request.position:
            return None
        held = _position(ledger, request.position)
        if held.symbol != request.symbol or sign(held.type) == sign(request.type):
            raise Refused(MT5.TRADE_RETCODE_INVALID)
        return held
    if request.position and _position(ledger, request.position).symbol != request.symbol:
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    for held in ledger.of_symbol(request.symbol):
        if sign(held.type) != sign(request.type) and request.volume <= held.volume + checks.TOLERANCE:
            return held
    return None


def _position(ledger: Ledger, ticket: int) -> PositionRecord:
    held = ledger.positions.get(ticket)
    if held is None:
        raise Refused(MT5.TRADE_RETCODE_POSITION_CLOSED)
    return held


def _check_opening(
    server: TradeServer, ledger: Ledger, request: TradeRequest, symbol: FakeSymbol, quote: Quote
) -> None:
    checks.check_volume(symbol, request.volume)
    checks.check_entry(ledger, symbol, request.type, request.volume)
    if (request.sl or request.tp) and not symbol.stops_on_open:
        raise Refused(MT5.TRADE_RETCODE_INVALID_STOPS)
    checks.check_stops(symbol, request.type, quote.closing(request.type), request.sl, request.tp)
    checks.check_money(server.market, ledger, symbol, request.type, request.volume)


def _dealt_volume(symbol: FakeSymbol, request: TradeRequest, terms: Terms) -> float:
    if terms.fraction >= 1.0:
        return request.volume
    steps = int(request.volume * terms.fraction / symbol.volume_step + 1e-9)
    volume = volumes(steps * symbol.volume_step)
    if volume <= 0 or request.type_filling == MT5.ORDER_FILLING_FOK:
        raise Refused(MT5.TRADE_RETCODE_REJECT)
    return volume


def _slices(
    symbol: FakeSymbol, kind: int, volume: float, price: float, parts: int
) -> list[tuple[float, float]]:
    steps = round(volume / symbol.volume_step)
    if parts < 2 or steps < parts:
        return [(volume, price)]
    share = volumes(steps // parts * symbol.volume_step)
    first = volumes(volume - share * (parts - 1))
    worse = symbol.point * sign(kind)
    return [
        (first if number == 0 else share, symbol.price(price + number * worse)) for number in range(parts)
    ]


def _carried(request: TradeRequest, terms: Terms) -> dict[str, object]:
    return {
        "sl": request.sl,
        "tp": request.tp,
        "price": request.price,
        "magic": request.magic,
        "comment": request.comment,
        "type_filling": request.type_filling,
        "reason": terms.reason,
    }


def _pending(server: TradeServer, ledger: Ledger, request: TradeRequest, terms: Terms, dry: bool) -> Outcome:
    symbol, quote = checks.check_symbol(server.market, request.symbol)
    if request.type not in PENDING:
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    checks.check_order_type(symbol, request.type)
    checks.check_volume(symbol, request.volume)
    checks.check_entry(ledger, symbol, request.type, request.volume)
    checks.check_filling(symbol, request.type, request.type_filling)
    checks.check_pending(symbol, request.type, request, quote)
    now = server.market.now_msc()
    checks.check_expiration(symbol, request, now)
    if ledger.account.limit_orders and len(ledger.orders) >= ledger.account.limit_orders:
        raise Refused(MT5.TRADE_RETCODE_LIMIT_ORDERS)
    if dry:
        return Outcome(volume=request.volume)
    order = server.new_order(
        symbol.name,
        request.type,
        request.volume,
        state=MT5.ORDER_STATE_PLACED,
        stoplimit=request.stoplimit if request.type in STOP_LIMITS else 0.0,
        type_time=request.type_time,
        expiration=request.expiration,
        **_carried(request, terms),
    )
    ledger.orders[order.ticket] = order
    return Outcome(order=order.ticket, volume=request.volume, price=request.price)


def _stops(server: TradeServer, ledger: Ledger, request: TradeRequest, terms: Terms, dry: bool) -> Outcome:
    if request.position:
        held = _position(ledger, request.position)
    elif not ledger.account.hedging and ledger.of_symbol(request.symbol):
        held = ledger.of_symbol(request.symbol)[0]
    else:
        raise Refused(
            MT5.TRADE_RETCODE_INVALID if ledger.account.hedging else MT5.TRADE_RETCODE_POSITION_CLOSED
        )
    if request.symbol and request.symbol != held.symbol:
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    symbol, quote = checks.check_symbol(server.market, held.symbol)
    if symbol.points(request.sl - held.sl) == 0 and symbol.points(request.tp - held.tp) == 0:
        raise Refused(MT5.TRADE_RETCODE_NO_CHANGES)
    checks.check_stops(symbol, held.type, quote.closing(held.type), request.sl, request.tp)
    if position_frozen(symbol, held, quote):
        raise Refused(MT5.TRADE_RETCODE_FROZEN)
    if not dry:
        held.sl, held.tp = symbol.price(request.sl), symbol.price(request.tp)
        held.time_update_msc = server.market.now_msc()
    return Outcome()


def _modify(server: TradeServer, ledger: Ledger, request: TradeRequest, terms: Terms, dry: bool) -> Outcome:
    order = _order(ledger, request)
    symbol, quote = checks.check_symbol(server.market, order.symbol)
    stoplimit = request.stoplimit if order.type in STOP_LIMITS else 0.0
    wanted = (request.price, request.sl, request.tp, request.type_time, request.expiration, stoplimit)
    present = (order.price, order.sl, order.tp, order.type_time, order.expiration, order.stoplimit)
    if wanted == present:
        raise Refused(MT5.TRADE_RETCODE_NO_CHANGES)
    checks.check_pending(symbol, order.type, request, quote)
    checks.check_expiration(symbol, request, server.market.now_msc())
    if order_frozen(symbol, order, quote):
        raise Refused(MT5.TRADE_RETCODE_FROZEN)
    if not dry:
        order.price, order.sl, order.tp = request.price, request.sl, request.tp
        order.type_time, order.expiration = request.type_time, request.expiration
        order.stoplimit = stoplimit
    return Outcome(order=order.ticket, price=request.price)


def _remove(server: TradeServer, ledger: Ledger, request: TradeRequest, terms: Terms, dry: bool) -> Outcome:
    order = _order(ledger, request)
    symbol, quote = checks.check_symbol(server.market, order.symbol)
    if order.type in PENDING and order_frozen(symbol, order, quote):
        raise Refused(MT5.TRADE_RETCODE_FROZEN)
    if not dry:
        ledger.archive(order, MT5.ORDER_STATE_CANCELED, server.market.now_msc())
    return Outcome(order=order.ticket)


def _order(ledger: Ledger, request: TradeRequest) -> OrderRecord:
    order = ledger.orders.get(request.order)
    if order is None:
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    return order


def _close_by(server: TradeServer, ledger: Ledger, request: TradeRequest, terms: Terms, dry: bool) -> Outcome:
    position, other = _position(ledger, request.position), _position(ledger, request.position_by)
    symbol, quote = checks.check_symbol(server.market, position.symbol)
    if other.symbol != position.symbol or sign(other.type) == sign(position.type):
        raise Refused(MT5.TRADE_RETCODE_INVALID)
    if not ledger.account.hedging or not symbol.order_mode & Masks.ORDER_CLOSEBY:
        raise Refused(MT5.TRADE_RETCODE_INVALID_ORDER)
    if position_frozen(symbol, position, quote) or position_frozen(symbol, other, quote):
        raise Refused(MT5.TRADE_RETCODE_FROZEN)
    volume = min(position.volume, other.volume)
    if dry:
        return Outcome(volume=volume, price=other.price_open)
    order = server.new_order(symbol.name, MT5.ORDER_TYPE_CLOSE_BY, volume, **_carried(request, terms))
    made = close_by(server, ledger, position, other, order)
    complete(server, ledger, order)
    return Outcome(deal=made[-1].ticket, order=order.ticket, volume=volume, price=made[0].price)
