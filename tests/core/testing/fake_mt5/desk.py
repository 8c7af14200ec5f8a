"""Short ways to trade at a double."""

from typing import Any

from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import MT5, FakeMT5
from zepix_core.testing.fake_mt5.structures import OrderSendResult, TradePosition


class Desk:
    """One double and its clock; its requests are whole, each test names what it is about.

    Attributes:
        fake: The double, attached; EURUSD stands at 1.08500 / 1.08510.
    """

    def __init__(self, **options: Any) -> None:
        self.clock = VirtualClock()
        self.fake = FakeMT5(clock=self.clock, **options)
        assert self.fake.initialize()

    def send(self, **fields: Any) -> OrderSendResult:
        result = self.fake.order_send(fields)
        assert result is not None, self.fake.last_error()
        return result

    def deal(self, side: int = MT5.ORDER_TYPE_BUY, volume: float = 0.10, **fields: Any) -> OrderSendResult:
        request = {
            "action": MT5.TRADE_ACTION_DEAL,
            "symbol": "EURUSD",
            "volume": volume,
            "type": side,
            "magic": 1_001_001,
            "comment": "t:1:A",
        }
        return self.send(**request | fields)

    def opened(self, side: int = MT5.ORDER_TYPE_BUY, volume: float = 0.10, **fields: Any) -> TradePosition:
        result = self.deal(side, volume, **fields)
        assert result.retcode == MT5.TRADE_RETCODE_DONE, result
        return self.position(result.order)

    def closed(self, position: TradePosition, volume: float | None = None, **fields: Any) -> OrderSendResult:
        return self.deal(
            1 - position.type,
            position.volume if volume is None else volume,
            position=position.ticket,
            symbol=position.symbol,
            **fields,
        )

    def stops(self, position: TradePosition, **levels: float) -> OrderSendResult:
        return self.send(
            action=MT5.TRADE_ACTION_SLTP, symbol=position.symbol, position=position.ticket, **levels
        )

    def pending(self, kind: int, price: float, **fields: Any) -> OrderSendResult:
        request = {
            "action": MT5.TRADE_ACTION_PENDING,
            "symbol": "EURUSD",
            "volume": 0.10,
            "type": kind,
            "price": price,
            "type_filling": MT5.ORDER_FILLING_RETURN,
        }
        return self.send(**request | fields)

    def position(self, ticket: int) -> TradePosition:
        (found,) = self.positions(ticket=ticket)
        return found

    def positions(self, **chosen: Any) -> tuple[TradePosition, ...]:
        found = self.fake.positions_get(**chosen)
        assert found is not None
        return found

    def deals(self, position: int) -> list[Any]:
        found = self.fake.history_deals_get(position=position)
        assert found is not None
        return list(found)

    def quote(self, bid: float, ask: float = 0.0, symbol: str = "EURUSD") -> None:
        assert self.fake.push_quote(symbol, bid, ask)
