"""Orders, deals and positions as the double's broker keeps them, and the snapshots handed out of them."""

import attrs

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.structures import TradeDeal, TradeOrder, TradePosition

VOLUME_DIGITS = 8


def volumes(value: float) -> float:
    """A volume without the noise of floating point."""
    return round(value, VOLUME_DIGITS)


def sign(kind: int) -> int:
    """+1 for what buys, -1 for what sells; every type of the module has its sides in turns."""
    return 1 if kind % 2 == 0 else -1


@attrs.define(kw_only=True)
class PositionRecord:
    """An open position. ``type`` is ``POSITION_TYPE_*``; times are the server's, in ms."""

    ticket: int
    identifier: int
    symbol: str
    type: int
    volume: float
    price_open: float
    time_msc: int
    time_update_msc: int
    sl: float = 0.0
    tp: float = 0.0
    magic: int = 0
    reason: int = MT5.POSITION_REASON_EXPERT
    swap: float = 0.0
    comment: str = ""

    def snapshot(self, price: float, profit: float) -> TradePosition:
        """The position as the module hands it out."""
        return TradePosition.of(
            ticket=self.ticket,
            time=self.time_msc // 1000,
            time_msc=self.time_msc,
            time_update=self.time_update_msc // 1000,
            time_update_msc=self.time_update_msc,
            type=self.type,
            magic=self.magic,
            identifier=self.identifier,
            reason=self.reason,
            volume=self.volume,
            price_open=self.price_open,
            sl=self.sl,
            tp=self.tp,
            price_current=price,
            swap=self.swap,
            profit=profit,
            symbol=self.symbol,
            comment=self.comment,
        )


@attrs.define(kw_only=True)
class OrderRecord:
    """An instruction. ``position_id`` names the position it opened, changed or closed, by identifier."""

    ticket: int
    symbol: str
    type: int
    volume: float
    time_msc: int
    left: float = 0.0
    price: float = 0.0
    stoplimit: float = 0.0
    sl: float = 0.0
    tp: float = 0.0
    time_done_msc: int = 0
    expiration: int = 0
    type_time: int = MT5.ORDER_TIME_GTC
    type_filling: int = MT5.ORDER_FILLING_FOK
    state: int = MT5.ORDER_STATE_STARTED
    magic: int = 0
    reason: int = MT5.ORDER_REASON_EXPERT
    comment: str = ""
    position_id: int = 0
    position_by_id: int = 0
    closes: int = 0

    def snapshot(self, price: float) -> TradeOrder:
        """The order as the module hands it out."""
        return TradeOrder.of(
            ticket=self.ticket,
            time_setup=self.time_msc // 1000,
            time_setup_msc=self.time_msc,
            time_done=self.time_done_msc // 1000,
            time_done_msc=self.time_done_msc,
            time_expiration=self.expiration,
            type=self.type,
            type_time=self.type_time,
            type_filling=self.type_filling,
            state=self.state,
            magic=self.magic,
            position_id=self.position_id,
            position_by_id=self.position_by_id,
            reason=self.reason,
            volume_initial=self.volume,
            volume_current=self.left,
            price_open=self.price,
            sl=self.sl,
            tp=self.tp,
            price_current=price,
            price_stoplimit=self.stoplimit,
            symbol=self.symbol,
            comment=self.comment,
        )


@attrs.define(kw_only=True)
class DealRecord:
    """An execution, or with ``DEAL_TYPE_BALANCE`` money paid in or out."""

    ticket: int
    order: int
    time_msc: int
    type: int
    entry: int = MT5.DEAL_ENTRY_IN
    magic: int = 0
    position_id: int = 0
    reason: int = MT5.DEAL_REASON_EXPERT
    volume: float = 0.0
    price: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    profit: float = 0.0
    symbol: str = ""
    comment: str = ""

    def snapshot(self) -> TradeDeal:
        """The deal as the module hands it out."""
        return TradeDeal.of(
            ticket=self.ticket,
            order=self.order,
            time=self.time_msc // 1000,
            time_msc=self.time_msc,
            type=self.type,
            entry=self.entry,
            magic=self.magic,
            position_id=self.position_id,
            reason=self.reason,
            volume=self.volume,
            price=self.price,
            commission=self.commission,
            swap=self.swap,
            profit=self.profit,
            symbol=self.symbol,
            comment=self.comment,
        )
