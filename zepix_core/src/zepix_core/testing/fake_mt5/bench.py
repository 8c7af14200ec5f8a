"""What the conformance checks trade with: one small account, a few orders, everything put away afterwards."""

from typing import Any

from zepix_core.testing.fake_mt5.constants import MT5, Masks

MAGIC = 99_999_001
ORDER_CAP = 60


class OrderCap(AssertionError):
    """The checks have sent as many requests as they may."""


class NotADemo(AssertionError):
    """The account is not a demo account: nothing is checked there."""


class Bench:
    """The module under check and a careful way to trade with it.

    Args:
        mt5: ``MetaTrader5``, or a double's module; attached and logged in to a demo account.
        symbol: Traded by the checks; ``lots`` at a time.
        cap: Most requests that all checks together may send.

    Raises:
        NotADemo: The account is another one.
        AssertionError: The symbol is not there, or somebody's position would be netted.
    """

    def __init__(self, mt5: Any, symbol: str = "EURUSD", lots: float = 0.01, cap: int = ORDER_CAP) -> None:
        self.mt5 = mt5
        self.symbol = symbol
        self.lots = lots
        self.left = cap
        account = mt5.account_info()
        if account is None or account.trade_mode != MT5.ACCOUNT_TRADE_MODE_DEMO:
            raise NotADemo(
                "conformance is checked on a demo account, logged in and connected, and nowhere else"
            )
        self.hedging = account.margin_mode == MT5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING
        assert mt5.symbol_select(symbol, True), f"{symbol} cannot be selected"  # noqa: S101
        self.info = mt5.symbol_info(symbol)
        if not self.hedging and mt5.positions_get(symbol=symbol) != ():
            raise AssertionError(
                f"a netting account has to be flat in {symbol}: the checks would change what is held"
            )

    def send(self, **fields: Any) -> Any:
        """One request; the module's own reply.

        Raises:
            OrderCap: There were too many.
        """
        if self.left <= 0:
            raise OrderCap("no request is left")
        self.left -= 1
        return self.mt5.order_send(fields)

    def opening(self, side: int = MT5.ORDER_TYPE_BUY, **changes: Any) -> dict[str, Any]:
        """A market order's fields."""
        tick = self.mt5.symbol_info_tick(self.symbol)
        fields = {
            "action": MT5.TRADE_ACTION_DEAL,
            "symbol": self.symbol,
            "volume": self.lots,
            "type": side,
            "price": tick.ask if side == MT5.ORDER_TYPE_BUY else tick.bid,
            "deviation": 50,
            "type_filling": self.filling(),
            "magic": MAGIC,
            "comment": "zepix check",
        }
        return fields | changes

    def filling(self) -> int:
        """A filling policy that the symbol takes for market orders."""
        if self.info.trade_exemode in (
            MT5.SYMBOL_TRADE_EXECUTION_REQUEST,
            MT5.SYMBOL_TRADE_EXECUTION_INSTANT,
        ):
            return MT5.ORDER_FILLING_FOK
        if self.info.filling_mode & Masks.FILLING_FOK:
            return MT5.ORDER_FILLING_FOK
        return (
            MT5.ORDER_FILLING_IOC if self.info.filling_mode & Masks.FILLING_IOC else MT5.ORDER_FILLING_RETURN
        )

    def opened(self, side: int = MT5.ORDER_TYPE_BUY, **changes: Any) -> Any:
        """Open a position and read it back."""
        result = self.send(**self.opening(side, **changes))
        self.expect(result, MT5.TRADE_RETCODE_DONE)
        held = [one for one in self.mt5.positions_get(symbol=self.symbol) if one.identifier == result.order]
        if not held:
            raise AssertionError(f"no position bears the identifier {result.order}")
        return held[0]

    def closing(self, position: Any, **changes: Any) -> dict[str, Any]:
        """Fields of the order that closes a position."""
        side = MT5.ORDER_TYPE_SELL if position.type == MT5.POSITION_TYPE_BUY else MT5.ORDER_TYPE_BUY
        return self.opening(side, volume=position.volume, position=position.ticket, **changes)

    def far(self, side: int, points: int = 2000) -> float:
        """A price that no quote crosses meanwhile, below for ``side`` +1 and above for -1."""
        tick = self.mt5.symbol_info_tick(self.symbol)
        distance = max(points, 2 * self.info.trade_stops_level) * self.info.point
        return float(round(tick.bid - side * distance, self.info.digits))

    def expect(self, result: Any, *codes: int) -> Any:
        """The result, which has one of these return codes.

        Raises:
            AssertionError: It has another one, or there is none.
        """
        if result is None:
            raise AssertionError(f"order_send gave None, {self.mt5.last_error()}")
        if result.retcode not in codes:
            raise AssertionError(f"retcode {result.retcode} ({result.comment}) instead of {codes}")
        return result

    def tidy(self) -> None:
        """Close and delete what the checks left behind; never anything of somebody else."""
        for order in self.mt5.orders_get(symbol=self.symbol) or ():
            if order.magic == MAGIC:
                self.mt5.order_send({"action": MT5.TRADE_ACTION_REMOVE, "order": order.ticket})
        for position in self.mt5.positions_get(symbol=self.symbol) or ():
            if position.magic == MAGIC:
                self.mt5.order_send(self.closing(position))
