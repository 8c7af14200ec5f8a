"""Booking a part and moving to breakeven, as a plugin asks for them."""

from typing import Any

import attrs
import pytest

from zepix_core.errors import BadArgument
from zepix_core.model.market import Quote, Side, SymbolInfo
from zepix_core.model.order import CloseResult, OrderResult, PluginOrder
from zepix_core.rules.lots import close_part
from zepix_core.services.calls import CALLS, CloseRequest
from zepix_core.services.worker_market import Market
from zepix_core.services.worker_orders import Orders
from zepix_core.services.worker_profit import Profit
from zepix_core.wire.codec import through

GOLD = SymbolInfo(name="XAUUSD", digits=2, point=0.01, pip_size=0.1, pip_value=10.0, contract_size=100.0)
POSITION = PluginOrder(
    ticket=7, symbol="XAUUSD", type=Side.BUY, volume=0.10, price_open=2030.50, sl=2024.0, tp=2040.0,
    profit=0.0, comment="", intent_id="i7", leg="A", label="",
)  # fmt: skip


class Host:
    """One position of gold; a close is booked at the bid, a stop is moved as asked."""

    alert_key, alert_received = "a", None

    def __init__(self) -> None:
        self.in_alert = True
        self.position: PluginOrder | None = POSITION
        self.quote: Quote | None = Quote(
            symbol="XAUUSD", bid=2033.60, ask=2033.80, spread_pips=2.0, time_ns=1
        )
        self.info: SymbolInfo | None = GOLD
        self.code = ""
        self.sent: list[Any] = []

    async def call(self, name: str, payload: Any) -> Any:
        kind, reply = CALLS[name]
        return through(self.answer(name, through(payload, kind)), reply)

    def answer(self, name: str, payload: Any) -> Any:
        if name == "orders.list":
            return () if self.position is None else (self.position,)
        if name == "market.quote":
            return self.quote
        if name == "market.symbol":
            return self.info
        self.sent.append(payload)
        if name == "orders.modify":
            if not self.code and self.position is not None:
                self.position = attrs.evolve(self.position, sl=payload.sl)
            return OrderResult(ok=not self.code, ticket=7, code=self.code)
        return self.close(payload)

    def close(self, request: CloseRequest) -> CloseResult:
        assert self.position is not None and self.quote is not None
        part = close_part(self.position.volume, request.percentage, 0.01, 0.01)
        if part is None:
            return CloseResult(success=False, order_id=7, code="VOLUME_TOO_SMALL")
        pips = round((self.quote.bid - self.position.price_open) / 0.1, 1)
        return CloseResult(
            success=True,
            order_id=7,
            closed_volume=part.closed,
            remaining_volume=part.remaining,
            profit_pips=pips,
            profit_dollars=round(pips * 10.0 * part.closed, 2),
            reason=request.reason,
        )


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def profit(host: Host) -> Profit:
    return Profit(host, Orders(host), Market(host, lambda: 0.0))


async def test_a_quarter_of_a_tenth_is_two_hundredths(profit: Profit, host: Host) -> None:
    booked = await profit.book_profit(7, 25.0)
    assert (booked.closed_volume, booked.remaining_volume) == (0.02, 0.08)
    assert (booked.profit_pips, booked.profit_dollars, booked.reason) == (31.0, 6.20, "TP1")
    assert host.sent[0].percentage == 25.0


async def test_half_of_the_least_volume_closes_nothing(profit: Profit, host: Host) -> None:
    host.position = attrs.evolve(POSITION, volume=0.01)
    booked = await profit.book_profit(7, 50.0)
    assert (booked.success, booked.code) == (False, "VOLUME_TOO_SMALL")


@pytest.mark.parametrize("percentage", [0.0, -1.0, 100.1, float("nan"), True])
async def test_a_share_that_is_none_raises(profit: Profit, host: Host, percentage: float) -> None:
    with pytest.raises(BadArgument):
        await profit.book_profit(7, percentage)
    assert host.sent == []


async def test_breakeven_keeps_two_pips_and_is_sent_once(profit: Profit, host: Host) -> None:
    assert await profit.move_to_breakeven(7)
    assert [(one.ticket, one.sl, one.tp) for one in host.sent] == [(7, 2030.70, None)]
    assert not await profit.move_to_breakeven(7)
    assert len(host.sent) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"position": None},
        {"quote": None},
        {"info": None},
        {"position": attrs.evolve(POSITION, sl=2031.0)},
        {"quote": Quote(symbol="XAUUSD", bid=2030.75, ask=2030.95, spread_pips=2.0, time_ns=1)},
    ],
)
async def test_nothing_is_sent_when_the_stop_stays(
    profit: Profit, host: Host, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(host, name, value)
    assert not await profit.move_to_breakeven(7)
    assert host.sent == []


async def test_a_refused_move_is_no_move(profit: Profit, host: Host) -> None:
    host.code = "INVALID_STOPS"
    assert not await profit.move_to_breakeven(7)


async def test_outside_an_alert_both_need_a_key_even_when_nothing_would_be_sent(
    profit: Profit, host: Host
) -> None:
    host.in_alert, host.position = False, None
    with pytest.raises(BadArgument):
        await profit.move_to_breakeven(7)
    with pytest.raises(BadArgument):
        await profit.book_profit(7, 25.0)
    assert not await profit.move_to_breakeven(7, key="x")


@pytest.mark.parametrize(("ticket", "buffer"), [(0, 2.0), (7, -0.1), (7, float("inf"))])
async def test_a_wrong_argument_raises(profit: Profit, ticket: int, buffer: float) -> None:
    with pytest.raises(BadArgument):
        await profit.move_to_breakeven(ticket, buffer)
