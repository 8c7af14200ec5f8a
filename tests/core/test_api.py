from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from zepix_core.api import ServiceAPI
from zepix_core.clock import SystemClock
from zepix_core.errors import BadArgument, StorageError
from zepix_core.model.market import Quote, Side, SymbolInfo
from zepix_core.model.notice import Priority
from zepix_core.model.order import CloseResult, OrderResult, PluginOrder
from zepix_core.plugin import PluginConfig, RiskSettings
from zepix_core.services.calls import CALLS, PlaceReply, RiskState
from zepix_core.services.host_view import view_of
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import open_plugin_database
from zepix_core.storage.pulse import PulseStore
from zepix_core.storage.trends import TrendStore
from zepix_core.wire.codec import through

GOLD = SymbolInfo(name="XAUUSD", digits=2, point=0.01, pip_size=0.10, pip_value=10.0, contract_size=100.0)


class Capped(PluginConfig):
    def risk_settings(self) -> RiskSettings:
        return RiskSettings(max_lot_size=0.10)


class Host:
    """Answers as a host would; every value crosses the codec."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.in_alert = True
        self.alert_key = "alert-1"
        self.alert_received: datetime | None = None
        self.balance: float | None = 10_000.0
        self.quote: Quote | None = None
        self.orders: tuple[PluginOrder, ...] = ()

    async def call(self, name: str, payload: Any) -> Any:
        kind, reply = CALLS[name]
        self.asked.append((name, through(payload, kind)))
        return through(self.answer(name, payload), reply)

    def answer(self, name: str, payload: Any) -> Any:
        if name in ("orders.place", "orders.check"):
            return PlaceReply(
                results=tuple(OrderResult(ok=True, ticket=i + 1) for i in range(len(payload.legs)))
            )
        return {
            "orders.modify": OrderResult(ok=True, ticket=7),
            "orders.close": CloseResult(success=True, order_id=getattr(payload, "ticket", 0)),
            "orders.list": self.orders,
            "risk.state": RiskState(
                balance=self.balance, equity=None, margin_free=None, daily_loss=0.0, lifetime_loss=0.0,
                plugin_daily_loss=0.0, tier=None,
            ),
            "market.quote": self.quote,
            "market.symbol": GOLD if getattr(payload, "symbol", "") == "XAUUSD" else None,
            "market.hours": None,
            "notice.send": {},
        }[name]  # fmt: skip


@pytest.fixture
def host() -> Host:
    return Host()


Make = Callable[..., ServiceAPI]


@pytest.fixture
async def make(host: Host, tmp_path: Path) -> AsyncIterator[Make]:
    db = open_plugin_database(tmp_path / "zepix_mine.db", "mine", executor=SameThread)
    trends = TrendStore(db)
    await trends.load()
    pulse = PulseStore(db)
    await pulse.load()

    def make(config: PluginConfig, **plain: Any) -> ServiceAPI:
        view = view_of(plain)
        return ServiceAPI("mine", host, SystemClock(), lambda: config, lambda: view, db, trends, pulse)

    yield make
    await db.close()


@pytest.fixture
def api(make: Make) -> ServiceAPI:
    return make(PluginConfig(plugin_id="mine"), rr_ratio=2.0, **{"a.b": {"list": [1, 2]}})


V3 = ("XAUUSD", "buy", 0.10, 2020.0, 2040.0, 2025.0, 2035.0, "LOGIC1")


async def test_a_v3_pair_goes_out_with_both_legs_and_unpacks_as_two_tickets(
    api: ServiceAPI, host: Host
) -> None:
    a, b = await api.place_dual_orders_v3(
        *V3, lots=(0.03, 0.03), labels=("x", "y"), price=2030.0, closing=(4,)
    )
    assert (a, b) == (1, 2)
    _, request = host.asked[0]
    assert request.method == "place_dual_orders_v3"
    assert request.side is Side.BUY
    assert request.total is None
    assert [(leg.name, leg.sl, leg.tp, leg.lots, leg.label) for leg in request.legs] == [
        ("A", 2020.0, 2040.0, 0.03, "x"),
        ("B", 2025.0, 2035.0, 0.03, "y"),
    ]
    assert (request.logic, request.price, request.closing) == ("LOGIC1", 2030.0, (4,))


async def test_a_v6_pair_has_one_stop_and_leg_a_aims_at_the_second_target(
    api: ServiceAPI, host: Host
) -> None:
    await api.orders.place_dual_orders_v6("XAUUSD", "SELL", 0.10, 2040.0, 2025.0, 2020.0)
    _, request = host.asked[0]
    assert request.total == 0.10
    assert [(leg.sl, leg.tp, leg.lots) for leg in request.legs] == [
        (2040.0, 2020.0, None),
        (2040.0, 2025.0, None),
    ]


async def test_a_check_needs_no_key_and_sends_nothing(api: ServiceAPI, host: Host) -> None:
    host.in_alert = False
    assert (await api.check_dual_orders_v3(*V3)).ok
    assert host.asked[0][0] == "orders.check"


async def test_a_single_order_may_have_no_target(api: ServiceAPI, host: Host) -> None:
    result = await api.place_single_order_a("XAUUSD", "BUY", 0.10, 2020.0, None, "label")
    assert result.ticket == 1
    leg = host.asked[0][1].legs[0]
    assert (leg.name, leg.tp, leg.lots, leg.label) == ("A", 0.0, 0.10, "label")


async def test_an_order_outside_an_alert_needs_a_key(api: ServiceAPI, host: Host) -> None:
    host.in_alert = False
    for call in (
        api.place_single_order_b("XAUUSD", "BUY", 0.1, 1.0, 2.0),
        api.place_order("XAUUSD", "BUY", 0.1, 1.0),
        api.modify_order_async(5, 1.0),
        api.close_position(5),
        api.close_positions(),
        api.close_each({5: 50.0}),
        api.get_order_results(),
    ):
        with pytest.raises(BadArgument, match="key"):
            await call
    assert host.asked == []
    assert (await api.place_order("XAUUSD", "BUY", 0.1, 1.0, key="tick:1")).ok


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({1: "UP"}, "direction"),
        ({1: None}, "direction"),
        ({0: ""}, "symbol"),
        ({2: float("nan")}, "lot_size_total"),
        ({2: 0}, "lot_size_total"),
        ({2: "0.1"}, "lot_size_total"),
        ({3: float("inf")}, "order_a_sl"),
        ({5: -1.0}, "order_b_sl"),
        ({7: "LOGIC4"}, "logic_route"),
    ],
)
async def test_a_wrong_argument_raises_and_names_itself(
    api: ServiceAPI, host: Host, changed: dict[int, Any], word: str
) -> None:
    arguments = [changed.get(i, value) for i, value in enumerate(V3)]
    with pytest.raises(BadArgument, match=word):
        await api.place_dual_orders_v3(*arguments)
    assert host.asked == []


async def test_a_change_of_stops_needs_something_to_change(api: ServiceAPI) -> None:
    with pytest.raises(BadArgument):
        await api.modify(5)
    assert await api.modify_order_async(5, new_tp=0.0)


@pytest.mark.parametrize("percentage", [0, -1, 100.5, float("nan")])
async def test_a_part_to_close_is_above_0_and_at_most_100(api: ServiceAPI, percentage: float) -> None:
    with pytest.raises(BadArgument):
        await api.close_position_partial(5, percentage)


async def test_a_group_is_closed_one_by_one_with_keys_of_their_own(api: ServiceAPI, host: Host) -> None:
    host.in_alert = False
    common: dict[str, Any]
    common = {"volume": 0.1, "price_open": 1.0, "sl": 0.9, "tp": 0.0, "profit": 0.0, "comment": "",
              "intent_id": "i", "leg": "A", "label": "", "symbol": "XAUUSD"}  # fmt: skip
    host.orders = tuple(
        PluginOrder(ticket=t, type=s, **common) for t, s in ((3, Side.BUY), (4, Side.SELL), (-5, Side.BUY))
    )
    result = await api.close_positions_by_direction("XAUUSD", "buy", key="k")
    assert (result.success, result.closed_count) == (True, 2)
    assert [p.key for name, p in host.asked if name == "orders.close"] == ["k:3", "k:-5"]


async def test_shares_of_several_are_closed_though_one_cannot_be(
    api: ServiceAPI, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = host.answer

    def one_fails(name: str, payload: Any) -> Any:
        if payload.ticket == 3:
            raise StorageError("the journal cannot be read")
        return answer(name, payload)

    monkeypatch.setattr(host, "answer", one_fails)
    result = await api.close_each({3: 100.0, -5: 50.0}, "Exit_Signal")
    assert (result.success, result.closed, result.failed[0].code) == (False, (-5,), "UNRESOLVED")
    assert "journal" in result.failed[0].message
    asked = [(p.ticket, p.percentage, p.reason, p.key) for _, p in host.asked]
    assert asked == [(3, 100.0, "Exit_Signal", None), (-5, 50.0, "Exit_Signal", None)]


async def test_a_wrong_share_is_the_authors_mistake(api: ServiceAPI) -> None:
    with pytest.raises(BadArgument):
        await api.close_each({3: 0.0})


async def test_an_unknown_spread_is_wide_and_an_unknown_market_closed(api: ServiceAPI, host: Host) -> None:
    assert await api.get_current_spread("XAUUSD") == 999.9
    assert not await api.check_spread_acceptable("XAUUSD", 500.0)
    assert not await api.is_market_open("XAUUSD")
    assert await api.get_pip_size("NOPE") is None


async def test_symbol_facts_are_asked_for_once_a_minute(api: ServiceAPI, host: Host) -> None:
    assert await api.get_pip_size("XAUUSD") == 0.10
    assert await api.calculate_pip_value("XAUUSD", 0.5) == 5.0
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("balance", "percent", "pips", "lots"),
    [
        (10_000.0, 1.5, 50.0, 0.30),
        (10_000.0, 1.0, 35.0, 0.28),
        (500.0, 1.0, 80.0, 0.01),
        (10_000.0, 1.5, 0.0, 0.05),
    ],
)
async def test_lots_from_risk_round_down_and_without_a_stop_are_the_fixed_ones(
    api: ServiceAPI, balance: float, percent: float, pips: float, lots: float
) -> None:
    assert await api.calculate_lot_size_async("XAUUSD", percent, pips, balance) == lots


async def test_lots_keep_to_the_plugins_own_cap(make: Make) -> None:
    assert await make(Capped()).calculate_lot_size_async("XAUUSD", 0.5, 15.0) == 0.10


async def test_without_a_balance_there_are_no_lots(api: ServiceAPI, host: Host) -> None:
    host.balance = None
    assert await api.calculate_lot_size_async("XAUUSD", 1.0, 10.0) == 0.0
    assert await api.get_fixed_lot_size() == 0.0


@pytest.mark.parametrize(
    ("balance", "lots"), [(3_000.0, 0.01), (9_999.99, 0.01), (10_000.0, 0.05), (250_000.0, 0.5)]
)
async def test_fixed_lots_follow_the_tier(api: ServiceAPI, balance: float, lots: float) -> None:
    assert await api.get_fixed_lot_size(balance) == lots


async def test_an_override_of_the_operator_wins(make: Make) -> None:
    api = make(PluginConfig(), manual_lot_overrides={"10000": 0.04})
    assert await api.get_fixed_lot_size(10_000.0) == 0.04


async def test_stops_by_money_and_by_atr(api: ServiceAPI) -> None:
    assert await api.fixed_money_sl("XAUUSD", "BUY", 2030.50, 0.05) == 2028.50
    assert await api.calculate_atr_sl("XAUUSD", "BUY", 2030.50, 4.20) == 2024.20
    assert await api.calculate_atr_tp("XAUUSD", "SELL", 2030.50, 4.20) == 2022.10
    assert await api.calculate_sl_pips("XAUUSD", 2030.50, 2028.50) == 20.0
    with pytest.raises(BadArgument, match="not configured"):
        await api.calculate_sl_pips("NOPE", 1.0, 2.0)


async def test_a_plugin_is_never_more_urgent_than_high(api: ServiceAPI, host: Host) -> None:
    await api.notify("order_failed", Priority.CRITICAL, "no", {"a": 1}, symbol="XAUUSD", key="k")
    await api.send_notification("hello", "critical")
    await api.send_notification("hello", "low")
    notices = [payload for _, payload in host.asked]
    assert [n.priority for n in notices] == [Priority.HIGH, Priority.HIGH, Priority.LOW]
    assert notices[0].plugin == "mine"
    with pytest.raises(BadArgument):
        await api.send_notification("hello", "panic")


def test_settings_are_read_by_dotted_keys(api: ServiceAPI) -> None:
    assert api.get_config("rr_ratio") == 2.0
    assert api.get_config(r"a\.b.list.1") == 2
    assert api.get_config("nothing.here", 5) == 5
    assert api.get_plugin_config("notifications.notify_on_entry") is True
    assert api.get_plugin_config("plugin_id") == "mine"
    assert api.get_plugin_config("symbols_allowed.x", "none") == "none"
    copy = api.get_config(r"a\.b")
    copy["list"].append(3)
    assert api.get_config(r"a\.b.list") == [1, 2]


def test_trading_days_are_the_hosts(api: ServiceAPI) -> None:
    first, _ = api.trading_days.bounds(date(2026, 1, 13))
    assert first == datetime(2026, 1, 12, 22, 5, tzinfo=UTC)


def test_a_line_of_the_log_has_a_level_that_exists(api: ServiceAPI, caplog: pytest.LogCaptureFixture) -> None:
    api.log("seen", "warning", symbol="XAUUSD")
    assert caplog.records[0].name == "zepix.plugin.mine"
    with pytest.raises(BadArgument):
        api.log("seen", "loud")


def test_every_public_method_is_documented(api: ServiceAPI) -> None:
    for holder in (api, api.orders, api.market, api.risk, api.trend):
        for name in dir(holder):
            if not name.startswith("_") and callable(getattr(holder, name)):
                assert getattr(holder, name).__doc__, name


async def test_trends_are_set_once_per_alert_and_answered_from_the_own_group(
    api: ServiceAPI, host: Host
) -> None:
    assert await api.update_trend("XAUUSD", "1h", "bullish")
    assert not await api.update_trend("XAUUSD", "1h", "bearish")
    host.alert_key = "alert-2"
    assert await api.update_trend("XAUUSD", "15m", "bull")
    assert api.get_mtf_trends("XAUUSD") == {"15m": 1, "1h": 1, "4h": 0, "1d": 0}
    assert api.check_logic_alignment("XAUUSD", "LOGIC1", "buy").aligned
    assert not api.validate_v3_trend_alignment("XAUUSD", "BUY")
    assert host.asked == []
