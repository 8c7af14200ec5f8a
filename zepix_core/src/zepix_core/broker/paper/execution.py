"""How the paper broker answers a request: MT5's checks in MT5's codes, then a change to the book. Pure."""

import math
from collections.abc import Mapping

import attrs

from zepix_core.broker.paper.book import (
    Change,
    PaperBook,
    Quotes,
    change_stops,
    close_position,
    open_position,
    weigh,
)
from zepix_core.broker.retcodes import Retcode
from zepix_core.clock import moment
from zepix_core.model.market import Side, SymbolInfo, Tick, TradeMode
from zepix_core.model.order import Action, Book, DealReason, OrderReply, OrderRequest, Position
from zepix_core.rules.hours import session_open
from zepix_core.rules.matching import StopFill, exit_of
from zepix_core.rules.valuation import margin

TOLERANCE = 1e-6
COMMENT_LENGTH = 31


@attrs.frozen(kw_only=True)
class Facts:
    """What the broker knows at the moment of a request."""

    infos: Mapping[str, SymbolInfo]
    quotes: Quotes
    now_ns: int
    leverage: int
    stop_fill: StopFill = StopFill.QUOTE


@attrs.frozen(kw_only=True)
class Execution:
    """The answer, and what it does to the book (``None``: nothing)."""

    reply: OrderReply
    change: Change | None = None


class _Refused(Exception):
    def __init__(self, code: Retcode, why: str) -> None:
        super().__init__(why)
        self.code = code


def execute(book: PaperBook, request: OrderRequest, facts: Facts) -> Execution:
    """Answer one request. Nothing is altered here; a refusal changes nothing at all.

    A close always acts against its position, whatever ``request.side`` says.
    """
    acts = {Action.OPEN: _open, Action.CLOSE: _close, Action.MODIFY: _modify}
    try:
        return acts[request.action](book, request, facts)
    except _Refused as refusal:
        quote = facts.quotes(request.symbol)
        return Execution(
            reply=OrderReply(
                retcode=refusal.code,
                position=request.position,
                bid=quote.bid if quote else 0.0,
                ask=quote.ask if quote else 0.0,
                comment=str(refusal),
            )
        )


def triggered(book: PaperBook, quote: Tick, facts: Facts) -> tuple[PaperBook, tuple[Change, ...]]:
    """Close what ``quote`` brings to its stop or target; nothing while the market is shut."""
    changes: list[Change] = []
    if not is_open(quote.symbol, facts):
        return book, ()
    for position in list(book.positions.values()):
        if position.symbol != quote.symbol:
            continue
        found = exit_of(position.side, position.sl, position.tp, quote, facts.stop_fill)
        if found is None:
            continue
        info = facts.infos[position.symbol]
        change = close_position(
            book, position, position.volume, found.price, info, facts.now_ns, reason=found.reason
        )
        book = book.apply(change)
        changes.append(change)
    return book, tuple(changes)


def stopped_out(book: PaperBook, facts: Facts, percent: float) -> tuple[PaperBook, tuple[Change, ...]]:
    """Close positions, the largest loss first, until the margin level is back at ``percent``."""
    changes: list[Change] = []
    while book.positions:
        level = weigh(book, facts.infos, facts.quotes, facts.leverage).level
        if level is None or level >= percent:
            break
        change = _worst(book, facts)
        if change is None:
            break
        book = book.apply(change)
        changes.append(change)
    return book, tuple(changes)


def _worst(book: PaperBook, facts: Facts) -> Change | None:
    closings = [
        close_position(
            book,
            position,
            position.volume,
            quote.closing(position.side),
            facts.infos[position.symbol],
            facts.now_ns,
            reason=DealReason.SO,
        )
        for position in book.positions.values()
        if (quote := facts.quotes(position.symbol)) is not None and is_open(position.symbol, facts)
    ]
    return min(closings, key=lambda change: change.balance, default=None)


def is_open(symbol: str, facts: Facts) -> bool:
    """True while the session of the symbol is open."""
    info = facts.infos.get(symbol)
    return info is not None and session_open(symbol, moment(facts.now_ns), info.always_open)


def _open(book: PaperBook, request: OrderRequest, facts: Facts) -> Execution:
    info = _info(request.symbol, request, facts)
    _check_volume(request.lots, info)
    _check_mode(info, request.side)
    quote = _quote(info, facts)
    _check_stops(request, request.side, quote, info)
    price = quote.opening(request.side)
    if book.kind is Book.LIVE:
        free = weigh(book, facts.infos, facts.quotes, facts.leverage).free
        needed = margin(info, request.lots, price, facts.leverage)
        if needed > free:
            raise _Refused(Retcode.NO_MONEY, f"margin {needed} needed, {free} free")
    change = open_position(book, request, request.lots, price, facts.now_ns)
    return Execution(reply=_done(change, request.lots, price, quote), change=change)


def _close(book: PaperBook, request: OrderRequest, facts: Facts) -> Execution:
    position = _position(book, request)
    info = _info(position.symbol, request, facts)
    whole = math.isclose(request.lots, position.volume, rel_tol=0, abs_tol=TOLERANCE)
    if not whole:
        if request.lots > position.volume:
            raise _Refused(Retcode.INVALID_CLOSE_VOLUME, f"the position holds {position.volume:g}")
        _check_volume(request.lots, info)
    quote = _quote(info, facts)
    price = quote.closing(position.side)
    lots = position.volume if whole else request.lots
    change = close_position(book, position, lots, price, info, facts.now_ns, request)
    return Execution(reply=_done(change, lots, price, quote), change=change)


def _modify(book: PaperBook, request: OrderRequest, facts: Facts) -> Execution:
    position = _position(book, request)
    info = _info(position.symbol, request, facts)
    if _same(request.sl, position.sl, info) and _same(request.tp, position.tp, info):
        raise _Refused(Retcode.NO_CHANGES, "stops are as asked")
    quote = _quote(info, facts)
    _check_stops(request, position.side, quote, info)
    change = change_stops(book, position, request, facts.now_ns)
    reply = OrderReply(
        retcode=Retcode.DONE,
        order=change.orders[0].ticket,
        position=position.ticket,
        volume=position.volume,
        bid=quote.bid,
        ask=quote.ask,
        comment="Request executed",
    )
    return Execution(reply=reply, change=change)


def _done(change: Change, lots: float, price: float, quote: Tick) -> OrderReply:
    (deal,) = change.deals
    return OrderReply(
        retcode=Retcode.DONE,
        order=deal.order,
        deal=deal.ticket,
        position=deal.position,
        volume=lots,
        price=price,
        bid=quote.bid,
        ask=quote.ask,
        comment="Request executed",
    )


def _info(symbol: str, request: OrderRequest, facts: Facts) -> SymbolInfo:
    info = facts.infos.get(symbol)
    if info is None:
        raise _Refused(Retcode.INVALID, f"unknown symbol {symbol}")
    numbers = (request.lots, request.sl, request.tp)
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise _Refused(Retcode.INVALID, "a number is negative or not finite")
    if len(request.comment) > COMMENT_LENGTH:
        raise _Refused(Retcode.INVALID, f"comment is longer than {COMMENT_LENGTH} characters")
    return info


def _position(book: PaperBook, request: OrderRequest) -> Position:
    position = book.positions.get(request.position)
    if position is None:
        raise _Refused(Retcode.POSITION_CLOSED, f"no position {request.position}")
    if request.symbol != position.symbol:
        raise _Refused(Retcode.INVALID, f"position {position.ticket} is in {position.symbol}")
    return position


def _quote(info: SymbolInfo, facts: Facts) -> Tick:
    if not is_open(info.name, facts):
        raise _Refused(Retcode.MARKET_CLOSED, "market closed")
    quote = facts.quotes(info.name)
    if quote is None:
        raise _Refused(Retcode.PRICE_OFF, "no price")
    return quote


def _check_volume(lots: float, info: SymbolInfo) -> None:
    steps = lots / info.volume_step
    if abs(steps - round(steps)) > TOLERANCE:
        raise _Refused(Retcode.INVALID_VOLUME, f"volume {lots:g} is off the step {info.volume_step:g}")
    if not info.volume_min - TOLERANCE <= lots <= info.volume_max + TOLERANCE:
        raise _Refused(
            Retcode.INVALID_VOLUME,
            f"volume {lots:g} is outside {info.volume_min:g} to {info.volume_max:g}",
        )


def _check_mode(info: SymbolInfo, side: Side) -> None:
    mode = info.trade_mode
    if mode is TradeMode.DISABLED:
        raise _Refused(Retcode.TRADE_DISABLED, "trading is disabled")
    if mode is TradeMode.CLOSEONLY:
        raise _Refused(Retcode.CLOSE_ONLY, "closing only")
    if mode is TradeMode.LONGONLY and side is Side.SELL:
        raise _Refused(Retcode.LONG_ONLY, "buying only")
    if mode is TradeMode.SHORTONLY and side is Side.BUY:
        raise _Refused(Retcode.SHORT_ONLY, "selling only")


def _check_stops(request: OrderRequest, side: Side, quote: Tick, info: SymbolInfo) -> None:
    """MT5's rule: distances are measured from the price at which the position would close."""
    price = quote.closing(side)
    for name, level, away in (("SL", request.sl, -side.sign), ("TP", request.tp, side.sign)):
        if level == 0:
            continue
        if not _same(level, round(level, info.digits), info):
            raise _Refused(Retcode.INVALID_STOPS, f"{name} {level!r} has more than {info.digits} digits")
        points = round((level - price) * away / info.point, 3)
        if points <= 0 or points < info.stops_level:
            raise _Refused(
                Retcode.INVALID_STOPS,
                f"{name} {level:.{info.digits}f} is {points:g} points from {price:.{info.digits}f}, "
                f"least is {max(info.stops_level, 1)}",
            )


def _same(one: float, other: float, info: SymbolInfo) -> bool:
    return abs(one - other) < info.point * 0.01
