"""The bracket plugin against the real ServiceAPI; only the host behind its port is a small one."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

import attrs
import pytest

from zepix_bracket.config import BracketConfig
from zepix_bracket.plugin import Bracket
from zepix_core import (
    Alert,
    Decision,
    OrderResult,
    PluginOrder,
    Quote,
    RiskState,
    ServiceAPI,
    Side,
    SymbolInfo,
    Verdict,
)
from zepix_core.clock import SystemClock, moment
from zepix_core.model.order import CloseResult
from zepix_core.services.calls import CALLS, CloseRequest, PlaceReply, PlaceRequest
from zepix_core.services.host_view import view_of
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import PluginDatabase, open_plugin_database
from zepix_core.storage.pulse import PulseStore
from zepix_core.storage.trends import TrendStore
from zepix_core.wire.codec import through

Ask = Callable[..., Awaitable[Decision]]

EURUSD = SymbolInfo(
    name="EURUSD", digits=5, point=1e-5, pip_size=1e-4, pip_value=10.0, contract_size=100_000.0
)
QUOTE = Quote(symbol="EURUSD", bid=1.08490, ask=1.08500, spread_pips=1.0, time_ns=0)
RICH = RiskState(
    balance=10_000.0,
    equity=10_000.0,
    margin_free=10_000.0,
    daily_loss=0.0,
    lifetime_loss=0.0,
    plugin_daily_loss=0.0,
    tier="10000",
)


@attrs.define
class SmallHost:
    """The host's side of the port: facts, a book, and what was asked of it; values pass the codec."""

    quote: Quote | None = QUOTE
    info: SymbolInfo | None = EURUSD
    risk: RiskState = RICH
    refusal: str = ""
    book: list[PluginOrder] = attrs.field(factory=list)
    placed: list[PlaceRequest] = attrs.field(factory=list)
    in_alert: bool = True
    alert_key: str = "k1"
    alert_received: datetime | None = None

    async def call(self, name: str, payload: Any) -> Any:
        request_kind, reply_kind = CALLS[name]
        return through(self._answer(name, through(payload, request_kind)), reply_kind)

    def _answer(self, name: str, payload: Any) -> Any:
        match name:
            case "market.quote":
                return self.quote
            case "market.symbol":
                return self.info
            case "risk.state":
                return self.risk
            case "orders.list":
                return tuple(order for order in self.book if order.symbol == payload.symbol)
            case "orders.close":
                return self._close(payload)
            case "orders.place":
                return self._place(payload)
        raise AssertionError(f"the plugin asked for {name}")

    def _place(self, request: PlaceRequest) -> PlaceReply:
        self.placed.append(request)
        if self.refusal:
            return PlaceReply(results=(OrderResult(ok=False, code=self.refusal, message="no"),))
        (leg,) = request.legs
        return PlaceReply(results=(OrderResult(ok=True, ticket=1001, volume=leg.lots or 0.0, price=1.085),))

    def _close(self, request: CloseRequest) -> CloseResult:
        done = not self.refusal
        return CloseResult(success=done, order_id=request.ticket, code=self.refusal, reason=request.reason)


def position(ticket: int, side: Side) -> PluginOrder:
    return PluginOrder(
        ticket=ticket,
        symbol="EURUSD",
        type=side,
        volume=0.1,
        price_open=1.08,
        sl=1.07,
        tp=1.09,
        profit=0.0,
        comment="",
        intent_id=f"intent{ticket}",
        leg="A",
        label="BRACKET",
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> PluginDatabase:
    path = tmp_path_factory.mktemp("bracket") / "zepix_bracket.db"
    return open_plugin_database(path, "bracket", executor=SameThread)


@pytest.fixture
def ask(database: PluginDatabase) -> Ask:
    """Hand the plugin one alert."""
    return partial(_ask, database)


async def _ask(database: PluginDatabase, host: SmallHost, **fields: Any) -> Decision:
    trends = TrendStore(database)
    pulse = PulseStore(database)
    api = ServiceAPI(
        "bracket", host, SystemClock(), BracketConfig, lambda: view_of({}), database, trends, pulse
    )
    body = json.dumps({"id": "S1", "symbol": "EURUSD", **fields})
    alert = Alert(id=1, key="k1", kind=str(fields.get("action")), body=body, received_at=moment(0))
    decision: Decision = await Bracket().on_alert(alert, api)
    assert through(decision, Decision) == decision, "a decision must cross the process border unchanged"
    return decision


BUY = {"action": "buy", "lots": 0.1, "sl": 1.083, "tp": 1.089}


async def test_a_buy_becomes_one_order_with_both_stops(ask: Ask) -> None:
    host = SmallHost()
    decision = await ask(host, **BUY)
    (request,) = host.placed
    (leg,) = request.legs
    assert (request.symbol, request.side, request.price) == ("EURUSD", Side.BUY, 1.085)
    assert (leg.lots, leg.sl, leg.tp, leg.label) == (0.1, 1.083, 1.089, "BRACKET")
    assert (decision.verdict, decision.reason, decision.tickets) == (Verdict.ACTED, None, (1001,))


async def test_a_sell_is_judged_at_the_bid(ask: Ask) -> None:
    host = SmallHost()
    await ask(host, action="sell", lots=0.1, sl=1.0870, tp=1.0800)
    assert host.placed[0].price == 1.0849


async def test_a_risk_in_percent_becomes_lots_rounded_down(ask: Ask) -> None:
    host = SmallHost()
    decision = await ask(host, action="buy", risk_percent=1, sl=1.08155, tp=1.09)
    assert host.placed[0].legs[0].lots == 0.28
    assert [step.name for step in decision.steps] == ["stop distance", "lots"]


async def test_without_a_balance_a_risk_opens_nothing(ask: Ask) -> None:
    host = SmallHost(risk=attrs.evolve(RICH, balance=None))
    decision = await ask(host, action="buy", risk_percent=1, sl=1.083)
    assert (decision.reason, host.placed) == ("no_balance", [])


@pytest.mark.parametrize(
    ("host", "reason"),
    [(SmallHost(quote=None), "no_price"), (SmallHost(refusal="MARKET_CLOSED"), "market_closed")],
)
async def test_a_refusal_names_its_reason_and_counts_as_rejected(
    ask: Ask, host: SmallHost, reason: str
) -> None:
    decision = await ask(host, **BUY)
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, reason)


async def test_an_order_that_may_be_at_the_broker_counts_as_acted_on(ask: Ask) -> None:
    decision = await ask(SmallHost(refusal="UNRESOLVED"), **BUY)
    assert (decision.verdict, decision.reason) == (Verdict.ACTED, "unresolved")


async def test_an_unreadable_alert_is_rejected_before_anything_is_asked(ask: Ask) -> None:
    host = SmallHost()
    decision = await ask(host, action="buy", lots="0.1", sl=1.083)
    assert (decision.verdict, decision.reason, host.placed) == (Verdict.REJECTED, "invalid_lots", [])


async def test_a_close_ends_every_own_position_on_the_symbol(ask: Ask) -> None:
    host = SmallHost(book=[position(1, Side.BUY), position(2, Side.SELL)])
    decision = await ask(host, action="close")
    assert (decision.verdict, decision.tickets) == (Verdict.ACTED, (1, 2))


async def test_a_close_without_positions_has_nothing_to_do(ask: Ask) -> None:
    decision = await ask(SmallHost(), action="close")
    assert (decision.verdict, decision.reason) == (Verdict.NOTHING, "no_open_position")


async def test_a_close_of_a_symbol_that_nobody_knows_is_refused(ask: Ask) -> None:
    decision = await ask(SmallHost(info=None), action="close", symbol="eur/usd")
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, "unknown_symbol")


async def test_a_close_the_broker_refuses_is_rejected_with_its_code(ask: Ask) -> None:
    decision = await ask(SmallHost(refusal="BROKER_OFFLINE", book=[position(1, Side.BUY)]), action="close")
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, "broker_offline")


async def test_unknown_keys_are_shown_and_change_nothing(ask: Ask) -> None:
    decision = await ask(SmallHost(), **BUY, note="x" * 500, big=10**40)
    assert decision.verdict is Verdict.ACTED
    assert decision.fields["id"] == "S1" and len(decision.fields["note"]) == 100
