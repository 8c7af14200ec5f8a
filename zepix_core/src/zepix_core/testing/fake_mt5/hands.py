"""A person at the terminal, or the broker's own staff: nothing of it passes the gateway."""

from typing import Any

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.core import Core
from zepix_core.testing.fake_mt5.orders import Outcome, Terms, answer
from zepix_core.testing.fake_mt5.records import PositionRecord
from zepix_core.testing.fake_mt5.structures import TradeRequest

BY_HAND = Terms(reason=MT5.ORDER_REASON_CLIENT)


class Hands(Core):
    """Trades by hand: magic 0, reason ``CLIENT``; no fault meets them.

    Raises (all of them):
        Refused: The trade server does not take it.
    """

    def by_hand_open(
        self, symbol: str, side: int, lots: float, *, sl: float = 0.0, tp: float = 0.0, comment: str = ""
    ) -> int:
        """Open at the market; ``side`` is ``ORDER_TYPE_BUY`` or ``ORDER_TYPE_SELL``. Returns the ticket."""
        done = self._by_hand(
            action=MT5.TRADE_ACTION_DEAL, symbol=symbol, type=side, volume=lots, sl=sl, tp=tp, comment=comment
        )
        return done.order

    def by_hand_close(self, ticket: int, lots: float | None = None) -> int:
        """Close a position or a part of it. Returns the deal's ticket."""
        position = self.ledger.positions[ticket]
        done = self._by_hand(
            action=MT5.TRADE_ACTION_DEAL,
            symbol=position.symbol,
            type=1 - position.type,
            volume=position.volume if lots is None else lots,
            position=ticket,
        )
        return done.deal

    def by_hand_stops(self, ticket: int, sl: float, tp: float) -> None:
        """Write both stops of a position, 0.0 for none."""
        self._by_hand(action=MT5.TRADE_ACTION_SLTP, position=ticket, sl=sl, tp=tp)

    def by_hand_place(self, symbol: str, kind: int, lots: float, price: float, **more: Any) -> int:
        """Place a pending order (``ORDER_TYPE_BUY_LIMIT`` and so on); ``more`` are fields of the request."""
        more.setdefault("type_filling", MT5.ORDER_FILLING_RETURN)
        done = self._by_hand(
            action=MT5.TRADE_ACTION_PENDING, symbol=symbol, type=kind, volume=lots, price=price, **more
        )
        return done.order

    def by_hand_remove(self, order: int) -> None:
        """Delete a waiting order."""
        self._by_hand(action=MT5.TRADE_ACTION_REMOVE, order=order)

    def cancel_stops(self, ticket: int, *, sl: bool = True, tp: bool = True) -> None:
        """A stop, a target or both vanish: no rule is asked, no request was made."""
        with self._lock:
            position = self.position_by_ticket(ticket)
            position.sl = 0.0 if sl else position.sl
            position.tp = 0.0 if tp else position.tp
            position.time_update_msc = self.market.now_msc()

    def forget_position(self, ticket: int) -> None:
        """A position is gone without any deal, as after a broker's correction of its books."""
        with self._lock:
            del self.ledger.positions[self.position_by_ticket(ticket).ticket]

    def position_by_ticket(self, ticket: int) -> PositionRecord:
        """The broker's own record of an open position."""
        return self.ledger.positions[ticket]

    def _by_hand(self, **fields: Any) -> Outcome:
        if fields["action"] == MT5.TRADE_ACTION_DEAL:
            fields["type_filling"] = self._usual_filling(fields["symbol"])
            quote = self.market.quotes[fields["symbol"]]
            fields["price"] = quote.opening(fields["type"])
        with self._lock:
            self.settle()
            return answer(self.broker, self.ledger, TradeRequest.of(**fields), BY_HAND)

    def _usual_filling(self, symbol: str) -> int:
        facts = self.market.symbols[symbol]
        if facts.exemode in (MT5.SYMBOL_TRADE_EXECUTION_REQUEST, MT5.SYMBOL_TRADE_EXECUTION_INSTANT):
            return MT5.ORDER_FILLING_FOK
        if facts.filling_mode & 3:
            return MT5.ORDER_FILLING_FOK if facts.filling_mode & 1 else MT5.ORDER_FILLING_IOC
        return MT5.ORDER_FILLING_RETURN
