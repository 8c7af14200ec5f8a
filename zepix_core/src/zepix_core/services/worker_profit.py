"""``api.profit``: taking a part of a profit, and keeping what is reached."""

from zepix_core.model.order import CloseResult
from zepix_core.rules.breakeven import breakeven_move
from zepix_core.services import arguments
from zepix_core.services.host_calls import HostCalls
from zepix_core.services.order_requests import event_key
from zepix_core.services.worker_market import Market
from zepix_core.services.worker_orders import Orders


class Profit:
    """Profit of own positions. Closing and moving pass through the same checks as `api.orders`."""

    def __init__(self, calls: HostCalls, orders: Orders, market: Market) -> None:
        self._calls = calls
        self._orders = orders
        self._market = market

    async def book_profit(
        self, order_id: int, percentage: float, reason: str = "TP1", *, key: str | None = None
    ) -> CloseResult:
        """Close ``percentage`` percent of an own position, rounded down to the volume step.

        Nothing is closed below the smallest volume (``VOLUME_TOO_SMALL``); if too little would remain, all
        is. The trade update that follows is ``partly_closed``, or ``closed``.

        Args:
            percentage: Above 0 and at most 100, of what is open.
            reason: One of the close reasons, such as ``TP1``.
            key: Outside ``on_alert``: the same text for the same booking.

        Returns:
            ``closed_volume``, ``remaining_volume``, ``profit_pips`` and ``profit_dollars`` of this booking.

        Raises:
            BadArgument: The percentage is out of range, or no ``key`` outside ``on_alert``.
        """
        return await self._orders.close_position_partial(order_id, percentage, reason, key=key)

    async def move_to_breakeven(
        self, order_id: int, buffer_pips: float = 2.0, *, key: str | None = None
    ) -> bool:
        """Move the stop of an own position to its entry plus ``buffer_pips`` of profit.

        Only when that improves the stop and the market is far enough beyond it; otherwise nothing is sent.

        Args:
            buffer_pips: Profit that the new stop keeps, pips; 0.0 or more.
            key: Outside ``on_alert``: the same text for the same move.

        Returns:
            True when the stop was moved. False when it stays: it is as good already, the market is too near,
            there is no price, or the position is not there.

        Raises:
            BadArgument: ``buffer_pips`` is below 0, or no ``key`` outside ``on_alert``.
        """
        ticket = arguments.ticket(order_id)
        buffer = arguments.number("buffer_pips", buffer_pips, least=0.0)
        event_key(self._calls, key)
        own = await self._orders.get_plugin_orders()
        order = next((one for one in own if one.ticket == ticket), None)
        if order is None:
            return False
        info = await self._market.get_symbol_info(order.symbol)
        quote = await self._market.get_current_price_data(order.symbol)
        if info is None or quote is None:
            return False
        new_sl = breakeven_move(order.type, order.price_open, order.sl, (quote.bid, quote.ask), info, buffer)
        return new_sl is not None and await self._orders.modify_order_async(ticket, new_sl, key=key)
