"""The module's functions that trade, and those that tell what is open."""

from typing import Any, TypeVar

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.core import Core, call, number, reject_unnamed, text, whole
from zepix_core.testing.fake_mt5.groups import in_group
from zepix_core.testing.fake_mt5.money import figures, floating, margin_of, profit_of
from zepix_core.testing.fake_mt5.orders import Outcome, Terms, answer
from zepix_core.testing.fake_mt5.records import OrderRecord, PositionRecord
from zepix_core.testing.fake_mt5.refusals import TEXTS, CallFailed, Refused
from zepix_core.testing.fake_mt5.requests import parse
from zepix_core.testing.fake_mt5.structures import (
    OrderCheckResult,
    OrderSendResult,
    TradeOrder,
    TradePosition,
    TradeRequest,
)

T = TypeVar("T", PositionRecord, OrderRecord)


class TradeCalls(Core):
    """Orders and positions."""

    @call()
    def positions_total(self) -> int | None:
        """How many positions are open."""
        return len(self.ledger.positions)

    @call()
    def positions_get(
        self, *unnamed: Any, symbol: str | None = None, group: str | None = None, ticket: int | None = None
    ) -> tuple[TradePosition, ...] | None:
        """Open positions: all, of a symbol, of a group, or the one with that ticket."""
        reject_unnamed(unnamed)
        held = _chosen(self.ledger.positions, symbol, group, ticket)
        return tuple(self._position(position) for position in held)

    @call()
    def orders_total(self) -> int | None:
        """How many orders wait."""
        return len(self.ledger.orders)

    @call()
    def orders_get(
        self, *unnamed: Any, symbol: str | None = None, group: str | None = None, ticket: int | None = None
    ) -> tuple[TradeOrder, ...] | None:
        """Waiting orders: all, of a symbol, of a group, or the one with that ticket."""
        reject_unnamed(unnamed)
        return tuple(
            order.snapshot(self.market.quotes[order.symbol].opening(order.type))
            for order in _chosen(self.ledger.orders, symbol, group, ticket)
        )

    @call()
    def order_calc_margin(self, action: int, symbol: str, volume: float, price: float) -> float | None:
        """Money that a position would bind."""
        name = self._tradable(action, symbol)
        return margin_of(self.market, self.ledger, name, number(volume), number(price))

    @call()
    def order_calc_profit(
        self, action: int, symbol: str, volume: float, price_open: float, price_close: float
    ) -> float | None:
        """Money that a position would make between two prices."""
        name = self._tradable(action, symbol)
        prices = number(price_open), number(price_close)
        return profit_of(self.market, self.ledger, name, action, number(volume), *prices)

    def _tradable(self, action: Any, symbol: Any) -> str:
        if whole(action) not in (MT5.ORDER_TYPE_BUY, MT5.ORDER_TYPE_SELL):
            raise CallFailed(MT5.RES_E_INVALID_PARAMS)
        name = text(symbol, "Invalid arguments")
        if name not in self.market.symbols:
            raise CallFailed(MT5.RES_E_NOT_FOUND)
        return name

    @call()
    def order_check(self, request: Any) -> OrderCheckResult | None:
        """What a request would do; ``retcode`` 0 means that it would be taken."""
        asked = self._parsed(request)
        code, comment = 0, "Done"
        try:
            self._admit()
            answer(self.broker, self.ledger, asked, Terms(), dry=True)
        except Refused as refusal:
            code, comment = refusal.code, str(refusal)
        now, margin = figures(self.market, self.ledger), 0.0
        if code == 0 and asked.action == MT5.TRADE_ACTION_DEAL and not asked.position:
            price = self.market.quotes[asked.symbol].opening(asked.type)
            margin = margin_of(self.market, self.ledger, asked.symbol, asked.volume, price)
        bound = round(now.margin + margin, self.ledger.account.currency_digits)
        return OrderCheckResult.of(
            retcode=code,
            balance=self.ledger.balance,
            equity=now.equity,
            profit=now.profit,
            margin=bound,
            margin_free=round(now.equity - bound, self.ledger.account.currency_digits),
            margin_level=round(now.equity / bound * 100, 2) if bound else 0.0,
            comment=comment,
            request=asked,
        )

    @call()
    def order_send(self, request: Any) -> OrderSendResult | None:
        """Ask the trade server; its ``retcode`` tells what came of it. ``None`` with a code other than -2
        says nothing about the outcome."""
        asked = self._parsed(request)
        if (lost := self.faults.take("lose_request", asked.action)) is not None:
            return self._lost(asked, lost)
        late = self.faults.take("late", asked.action)
        if late is not None:
            seconds, lost = late
            self._late.append((self.clock.monotonic() + seconds, self.terminal.login, asked))
            return self._lost(asked, lost)
        result = self._submit(asked)
        if (lost := self.faults.take("lose_reply", asked.action)) is not None:
            return self._lost(asked, lost)
        return result

    def _parsed(self, request: Any) -> TradeRequest:
        asked = parse(request, truncate=self._truncate)
        if self.terminal.api_disabled:
            raise CallFailed(MT5.RES_E_AUTO_TRADING_DISABLED)
        return asked

    def _lost(self, asked: TradeRequest, code: int) -> OrderSendResult:
        """A negative code fails the call; a positive one is a return code without any details."""
        if code < 0:
            raise CallFailed(code)
        return self._result(asked, Outcome(retcode=code), TEXTS[code])

    def _admit(self) -> None:
        """The checks that come before the trade server sees anything of the request."""
        account = self.ledger.account
        if not self.terminal.connected:
            raise Refused(MT5.TRADE_RETCODE_CONNECTION)
        if not self.terminal.autotrading:
            raise Refused(MT5.TRADE_RETCODE_CLIENT_DISABLES_AT)
        if not account.trade_allowed:
            raise Refused(MT5.TRADE_RETCODE_TRADE_DISABLED)
        if not account.trade_expert:
            raise Refused(MT5.TRADE_RETCODE_SERVER_DISABLES_AT)

    def _submit(self, asked: TradeRequest) -> OrderSendResult:
        try:
            self._admit()
            if (code := self.faults.take("fail", asked.action)) is not None:
                raise Refused(code)
            if (points := self.faults.take("requote", asked.action)) is not None:
                self._move_away(asked, points)
                raise Refused(MT5.TRADE_RETCODE_REQUOTE)
            outcome = answer(self.broker, self.ledger, asked, self._terms(asked))
        except Refused as refusal:
            return self._result(asked, Outcome(retcode=refusal.code), str(refusal))
        if self.faults.take("sparse", asked.action):
            outcome = Outcome(retcode=outcome.retcode, order=outcome.order, volume=outcome.volume)
        return self._result(asked, outcome, TEXTS[outcome.retcode])

    def _terms(self, asked: TradeRequest) -> Terms:
        if asked.action != MT5.TRADE_ACTION_DEAL:
            return Terms()
        return Terms(
            fraction=self.faults.take("partial") or 1.0,
            parts=self.faults.take("split") or 1,
            place_first=bool(self.faults.take("place")),
        )

    def _move_away(self, asked: TradeRequest, points: int) -> None:
        symbol, quote = self.market.symbols.get(asked.symbol), self.market.quotes.get(asked.symbol)
        if symbol is None or quote is None:
            return
        by = points * symbol.point * (1 if asked.type % 2 == 0 else -1)
        self.push_quote(symbol.name, quote.bid + by, quote.ask + by)

    def _result(self, asked: TradeRequest, outcome: Outcome, comment: str) -> OrderSendResult:
        self._request_id += 1
        quote = self.market.quotes.get(asked.symbol)
        return OrderSendResult.of(
            retcode=outcome.retcode,
            deal=outcome.deal,
            order=outcome.order,
            volume=outcome.volume,
            price=outcome.price,
            bid=quote.bid if quote else 0.0,
            ask=quote.ask if quote else 0.0,
            comment=comment,
            request_id=self._request_id,
            request=asked,
        )

    def _position(self, position: PositionRecord) -> TradePosition:
        price = self.market.quotes[position.symbol].closing(position.type)
        return position.snapshot(price, floating(self.market, self.ledger, position))


def _chosen(held: dict[int, T], symbol: str | None, group: str | None, ticket: int | None) -> list[T]:
    if ticket is not None:
        one = held.get(whole(ticket, 'Invalid "ticket" argument'))
        return [] if one is None else [one]
    if symbol is not None:
        name = text(symbol, 'Invalid "symbol" argument')
        return [one for one in held.values() if one.symbol == name]
    if group is not None:
        mask = text(group, 'Invalid "group" argument')
        return [one for one in held.values() if in_group(one.symbol, mask)]
    return list(held.values())
