"""Requests as ``order_send`` wants them: Python's own numbers, and nothing left empty. Pure."""

from typing import Any

import attrs

from zepix_core.broker.mt5.numbers import Filling, OrderType, TradeAction
from zepix_core.model.market import Side

DEVIATION_POINTS = 20
COMMENT_LENGTH = 31

Request = dict[str, Any]


@attrs.frozen(kw_only=True)
class Held:
    """A position, as a request names it: ``ticket`` is the one of today, which a server may change."""

    ticket: int
    symbol: str
    side: Side
    volume: float
    sl: float
    tp: float


def entry(
    symbol: str, side: Side, lots: float, price: float, sl: float, tp: float, magic: int, comment: str
) -> Request:
    """A market order that opens a position with its stops; ``symbol`` is the broker's name."""
    return {
        "action": int(TradeAction.DEAL),
        "symbol": str(symbol),
        "volume": float(lots),
        "type": int(OrderType.BUY if side is Side.BUY else OrderType.SELL),
        "price": float(price),
        **({"sl": float(sl)} if sl else {}),
        **({"tp": float(tp)} if tp else {}),
        **_signed(magic, comment),
    }


def leaving(held: Held, lots: float, price: float, magic: int, comment: str) -> Request:
    """A market order that closes a position or a part of it; without its ticket it would open another."""
    return {
        "action": int(TradeAction.DEAL),
        "symbol": str(held.symbol),
        "volume": float(lots),
        "type": int(OrderType.SELL if held.side is Side.BUY else OrderType.BUY),
        "price": float(price),
        "position": int(held.ticket),
        **_signed(magic, comment),
    }


def stops(held: Held, sl: float, tp: float) -> Request:
    """Both stops of a position, whole: what is left out would be taken away."""
    return {
        "action": int(TradeAction.SLTP),
        "symbol": str(held.symbol),
        "position": int(held.ticket),
        "sl": float(sl),
        "tp": float(tp),
    }


def filled_by(request: Request, policy: Filling) -> Request:
    """The same order under another filling policy."""
    return {**request, "type_filling": int(policy)}


def comment_fault(comment: str) -> str:
    """Why a comment cannot stand on an order, ``""`` when it can."""
    if len(comment) > COMMENT_LENGTH:
        return f"the comment is longer than {COMMENT_LENGTH} characters"
    return "" if comment.isascii() else "the comment is not plain ASCII"


def _signed(magic: int, comment: str) -> Request:
    return {"deviation": DEVIATION_POINTS, "magic": int(magic), "comment": str(comment)}
