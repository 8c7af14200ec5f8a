"""``api.old``: names of earlier versions, doing what their successors do and nothing else."""

import attrs

from zepix_core.errors import BadArgument
from zepix_core.model.order import PluginOrder
from zepix_core.rules.decimals import exact, half_up
from zepix_core.rules.stops import least_distance
from zepix_core.services import arguments
from zepix_core.services.worker_market import Market
from zepix_core.services.worker_orders import Orders
from zepix_core.services.worker_risk import Risk

RISK_PERCENT = 1.0
STOP_PIPS = 50.0


@attrs.frozen(kw_only=True)
class LotSize:
    """``calculate_lot_size``: lots, and the balance they were counted from (0.0: it is not known)."""

    lot_size: float
    balance: float


class Old:
    """Names kept for plugins written for earlier versions. They pass through the same checks.

    They were plain calls; here they are awaited, because their answer comes through the loop that runs the
    hook: a plain call would wait for a loop that waits for it.
    """

    def __init__(self, orders: Orders, market: Market, risk: Risk) -> None:
        self._orders = orders
        self._market = market
        self._risk = risk

    async def get_price(self, symbol: str) -> float:
        """The bid; 0.0 when it is missing or too old. See `get_current_price_data`."""
        quote = await self._market.get_current_price_data(symbol)
        return 0.0 if quote is None else quote.bid

    async def get_balance(self) -> float:
        """Balance of the account; 0.0 when it is not known. See `risk.state`."""
        return (await self._risk.state()).balance or 0.0

    async def get_equity(self) -> float:
        """Equity of the account; 0.0 when it is not known. See `risk.state`."""
        return (await self._risk.state()).equity or 0.0

    async def modify_order(
        self, ticket: int, sl: float = 0.0, tp: float = 0.0, *, key: str | None = None
    ) -> bool:
        """Change stops of an own position, 0.0 leaves one as it is; whether it worked. See `modify`.

        Raises:
            BadArgument: Neither is given, a price is not one, or no ``key`` outside ``on_alert``.
        """
        return await self._orders.modify_order_async(ticket, sl or None, tp or None, key=key)

    async def get_open_trades(self) -> tuple[PluginOrder, ...]:
        """Open positions of this plugin, those of all for ``core``. See `get_plugin_orders`."""
        return await self._orders.get_plugin_orders()

    async def close_trade(self, ticket: int, *, key: str | None = None) -> bool:
        """Close an own position; whether it is closed. See `close_position`.

        Raises:
            BadArgument: ``ticket`` is none, or no ``key`` outside ``on_alert``.
        """
        return (await self._orders.close_position(ticket, key=key)).success

    async def calculate_lot_size(
        self,
        symbol: str | None = None,
        stop_loss_pips: float = 0.0,
        account_balance: float | None = None,
    ) -> LotSize:
        """Lots that lose 1.0 % of the balance at the stop; without a stop the tier's fixed lots. See
        `calculate_lot_size_async` and `get_fixed_lot_size`.

        Raises:
            BadArgument: A stop without a symbol, or a number that is not finite.
        """
        distance = arguments.number("stop_loss_pips", stop_loss_pips, least=0.0)
        if distance and symbol is None:
            raise BadArgument("A lot size for a stop needs its symbol.", "Pass symbol=.")
        balance = (await self._risk.state()).balance if account_balance is None else account_balance
        if balance is None:
            return LotSize(lot_size=0.0, balance=0.0)
        if not distance or symbol is None:
            return LotSize(lot_size=await self._risk.get_fixed_lot_size(balance), balance=balance)
        lots = await self._risk.calculate_lot_size_async(symbol, RISK_PERCENT, distance, balance)
        return LotSize(lot_size=lots, balance=balance)

    async def calculate_sl_price(self, price: float, direction: str, lot_size: float, symbol: str) -> float:
        """A stop 50 pips from ``price``, or as far as the symbol's least distance when that is farther. See
        `fixed_money_sl` and `calculate_atr_sl` for better ones.

        Raises:
            BadArgument: A number is not above 0, or the symbol is not known.
        """
        side, entry = arguments.side(direction), arguments.number("price", price, above=0.0)
        arguments.number("lot_size", lot_size, above=0.0)
        info = await self._market.get_symbol_info(symbol)
        if info is None:
            raise BadArgument(f"The symbol {symbol} is not configured.", "Add it under symbol_config.")
        least = exact(least_distance(info.stops_level, info.point, info.min_sl_distance))
        distance = max(exact(STOP_PIPS) * exact(info.pip_size), least)
        return half_up(exact(entry) - side.sign * distance, info.digits)
