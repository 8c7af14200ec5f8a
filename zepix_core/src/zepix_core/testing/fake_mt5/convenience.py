"""`Buy`, `Sell` and `Close`, which the real module brings written in Python. No gateway should use them."""

from typing import Any, Literal

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.market_calls import MarketCalls
from zepix_core.testing.fake_mt5.structures import OrderSendResult
from zepix_core.testing.fake_mt5.trade_calls import TradeCalls

ATTEMPTS = 10
DEVIATION = 10


class Convenience(MarketCalls, TradeCalls):
    """Market orders without a magic number and without a filling policy, so FOK."""

    def Buy(  # noqa: N802 - the real name
        self,
        symbol: str,
        volume: float,
        price: float | None = None,
        *,
        comment: str | None = None,
        ticket: int | None = None,
    ) -> OrderSendResult | None:
        """Buy at the market: deviation 10, no magic, FOK; without a price up to 10 attempts at the ask."""
        return self._attempt(MT5.ORDER_TYPE_BUY, symbol, volume, price, comment, ticket)

    def Sell(  # noqa: N802 - the real name
        self,
        symbol: str,
        volume: float,
        price: float | None = None,
        *,
        comment: str | None = None,
        ticket: int | None = None,
    ) -> OrderSendResult | None:
        """Sell at the market; see `Buy`."""
        return self._attempt(MT5.ORDER_TYPE_SELL, symbol, volume, price, comment, ticket)

    def Close(  # noqa: N802 - the real name
        self, symbol: str, *, comment: str | None = None, ticket: int | None = None
    ) -> bool | Literal["Partially"] | None:
        """Close every matching position: ``True``, ``"Partially"``, ``False`` for none, ``None``.

        As the real one it breaks with a `TypeError` when the positions cannot be read.
        """
        chosen = {"symbol": symbol} if ticket is None else {"ticket": ticket}
        held = self.positions_get(**chosen)
        done = 0
        for position in held:  # type: ignore[union-attr]
            side = MT5.ORDER_TYPE_SELL if position.type == MT5.POSITION_TYPE_BUY else MT5.ORDER_TYPE_BUY
            result = self._attempt(side, symbol, position.volume, None, comment, position.ticket)
            if result is None:
                return None
            done += result.retcode == MT5.TRADE_RETCODE_DONE
        if not done:
            return False
        return True if done == len(held or ()) else "Partially"

    def _attempt(
        self,
        side: int,
        symbol: str,
        volume: float,
        price: float | None,
        comment: str | None,
        ticket: int | None,
    ) -> OrderSendResult | None:
        result = None
        for _ in range(ATTEMPTS if price is None else 1):
            at = price
            if at is None:
                tick = self.symbol_info_tick(symbol)
                if tick is None:
                    return None
                at = tick.ask if side == MT5.ORDER_TYPE_BUY else tick.bid
            request: dict[str, Any] = {
                "action": MT5.TRADE_ACTION_DEAL,
                "symbol": symbol,
                "volume": volume,
                "type": side,
                "price": at,
                "deviation": DEVIATION,
            }
            if comment is not None:
                request["comment"] = comment
            if ticket is not None:
                request["position"] = ticket
            result = self.order_send(request)
            if result is None:
                return None
            if result.retcode not in (MT5.TRADE_RETCODE_REQUOTE, MT5.TRADE_RETCODE_PRICE_OFF):
                break
        return result
