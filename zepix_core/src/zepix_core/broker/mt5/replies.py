"""The server's answer to a request, and the fill behind it. Pure."""

from collections.abc import Iterable
from typing import Any

import attrs

from zepix_core.broker.mt5.numbers import DealType
from zepix_core.broker.retcodes import Retcode
from zepix_core.model.order import OrderReply

EXECUTED = frozenset({Retcode.PLACED, Retcode.DONE, Retcode.DONE_PARTIAL})


@attrs.frozen(kw_only=True)
class Fill:
    """What the deals of one order came to: lots, their average price, the newest deal."""

    volume: float
    price: float
    deal: int
    position: int


def fill_of(rows: Iterable[Any], order: int) -> Fill | None:
    """The fill of an order, ``None`` while the history shows none of its deals."""
    deals = [row for row in rows if int(row.order) == order and int(row.type) in set(DealType)]
    volume = sum(float(row.volume) for row in deals)
    if volume <= 0:
        return None
    newest = max(deals, key=lambda row: int(row.ticket))
    prices = {float(row.price) for row in deals}
    weighted = sum(float(row.price) * float(row.volume) for row in deals) / volume
    return Fill(
        volume=round(volume, 8),
        price=prices.pop() if len(prices) == 1 else round(weighted, 10),
        deal=int(newest.ticket),
        position=int(newest.position_id),
    )


def refusal(code: Retcode, why: str, position: int = 0) -> OrderReply:
    """The gateway's own answer to what is not sent."""
    return OrderReply(retcode=int(code), position=position, comment=why)


def answer(result: Any, position: int) -> OrderReply:
    """The server's answer as it came; ``position`` is known for what concerns an open one."""
    return OrderReply(
        retcode=int(result.retcode),
        order=int(result.order),
        deal=int(result.deal),
        position=position,
        volume=float(result.volume),
        price=float(result.price),
        bid=float(result.bid),
        ask=float(result.ask),
        comment=str(result.comment),
    )


def told_whole(reply: OrderReply) -> bool:
    """True when an executed deal needs no look at the history."""
    return reply.price > 0 and reply.deal > 0 and reply.volume > 0


def with_fill(reply: OrderReply, fill: Fill | None) -> OrderReply:
    """The answer completed by the history; what it cannot show yet is only placed, and to be confirmed."""
    if fill is None:
        if told_whole(reply):
            return reply
        return attrs.evolve(reply, retcode=int(Retcode.PLACED), position=reply.position or reply.order)
    return attrs.evolve(
        reply,
        deal=fill.deal,
        price=fill.price,
        volume=fill.volume,
        position=reply.position or fill.position or reply.order,
    )
