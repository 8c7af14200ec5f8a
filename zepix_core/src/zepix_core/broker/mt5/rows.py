"""The module's records as values of the house. Pure; whatever number comes in, Python's own goes out."""

from collections.abc import Iterable, Mapping
from typing import Any

from zepix_core.broker.mt5.names import Names
from zepix_core.broker.mt5.numbers import (
    ACCOUNT_MODES,
    BUYING_ORDERS,
    HEDGING,
    DealType,
    Entry,
    OrderType,
    Reason,
)
from zepix_core.broker.mt5.requests import Held
from zepix_core.broker.mt5.server_time import Offsets
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Side, Tick
from zepix_core.model.order import Deal, DealEntry, DealReason, Position, WorkingOrder

_BOOKED = frozenset({Reason.ROLLOVER, Reason.VMARGIN, Reason.SPLIT})
_REASONS: Mapping[int, DealReason] = {
    Reason.CLIENT: DealReason.CLIENT,
    Reason.MOBILE: DealReason.CLIENT,
    Reason.WEB: DealReason.CLIENT,
    Reason.EXPERT: DealReason.EXPERT,
    Reason.SL: DealReason.SL,
    Reason.TP: DealReason.TP,
    Reason.SO: DealReason.SO,
}


def account_of(row: Any) -> AccountInfo:
    """The account; its margin level is ``None`` where nothing is bound."""
    margin, mode = float(row.margin), int(row.trade_mode)
    return AccountInfo(
        login=int(row.login),
        server=str(row.server),
        name=str(row.name),
        currency=str(row.currency),
        balance=float(row.balance),
        equity=float(row.equity),
        margin=margin,
        margin_free=float(row.margin_free),
        margin_level=round(float(row.margin_level), 2) if margin > 0 else None,
        profit=float(row.profit),
        leverage=int(row.leverage),
        trade_mode=ACCOUNT_MODES[mode] if mode in range(len(ACCOUNT_MODES)) else "real",
        margin_mode="hedging" if int(row.margin_mode) == HEDGING else "netting",
    )


def tick_of(row: Any, symbol: str, offsets: Offsets) -> Tick | None:
    """A quote, ``None`` while one of its sides is missing, as in the first moments after a selection."""
    bid, ask = float(row.bid), float(row.ask)
    if bid <= 0 or ask <= 0:
        return None
    return Tick(symbol=symbol, bid=bid, ask=ask, time_ns=offsets.utc_ns(int(row.time_msc)))


def position_of(row: Any, names: Names, offsets: Offsets) -> Position:
    """A position under its identifier, which stays when the server gives it another ticket."""
    return Position(
        ticket=int(row.identifier),
        symbol=names.ours(str(row.symbol)),
        side=_side(int(row.type)),
        volume=float(row.volume),
        price_open=float(row.price_open),
        time_ns=offsets.utc_ns(int(row.time_msc)),
        sl=float(row.sl),
        tp=float(row.tp),
        price_current=float(row.price_current),
        profit=float(row.profit),
        swap=float(row.swap),
        magic=int(row.magic),
        comment=str(row.comment),
    )


def held_of(row: Any) -> Held:
    """A position as requests name it."""
    return Held(
        ticket=int(row.ticket),
        symbol=str(row.symbol),
        side=_side(int(row.type)),
        volume=float(row.volume),
        sl=float(row.sl),
        tp=float(row.tp),
    )


def order_of(row: Any, names: Names, offsets: Offsets) -> WorkingOrder:
    """An order that waits."""
    return WorkingOrder(
        ticket=int(row.ticket),
        symbol=names.ours(str(row.symbol)),
        side=Side.BUY if int(row.type) in BUYING_ORDERS else Side.SELL,
        volume=float(row.volume_current),
        magic=int(row.magic),
        comment=str(row.comment),
        time_ns=offsets.utc_ns(int(row.time_setup_msc)),
    )


def deals_of(rows: Iterable[Any], names: Names, offsets: Offsets) -> tuple[Deal, ...]:
    """The executions among the records, in their order.

    Left out are deals that move money without trading, and those with which a server books a position anew
    at the turn of a day: the position they belong to goes on.
    """
    traded = [row for row in rows if int(row.type) in set(DealType) and int(row.reason) not in _BOOKED]
    return tuple(_deal(row, names, offsets) for row in traded)


def _deal(row: Any, names: Names, offsets: Offsets) -> Deal:
    return Deal(
        ticket=int(row.ticket),
        order=int(row.order),
        position=int(row.position_id),
        symbol=names.ours(str(row.symbol)),
        side=_side(int(row.type)),
        entry=DealEntry.IN if int(row.entry) == Entry.IN else DealEntry.OUT,
        volume=float(row.volume),
        price=float(row.price),
        time_ns=offsets.utc_ns(int(row.time_msc)),
        profit=float(row.profit),
        commission=float(row.commission) + float(row.fee),
        swap=float(row.swap),
        reason=_REASONS.get(int(row.reason), DealReason.CLIENT),
        magic=int(row.magic),
        comment=str(row.comment),
    )


def _side(kind: int) -> Side:
    return Side.BUY if kind == OrderType.BUY else Side.SELL
