"""The gates refuse in their order, with numbers, and what is missing refuses."""

import math
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.services.gate_cases import EURO, GOLD, NOON, dual, facts, plugin, single, tick

from zepix_core.clock import NS
from zepix_core.config.risk import (
    DualOrderSettings,
    ProtectionSettings,
    RiskTierSettings,
    StopGuard,
    TradingSettings,
)
from zepix_core.errors import BadArgument
from zepix_core.model.market import Side, TradeMode
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import Leg
from zepix_core.services.gate_facts import GateFacts, OpenTrade, RiskFacts
from zepix_core.services.gates import judge, judge_again, with_margin, without_broker

SATURDAY = NOON + 5 * 86_400 * NS
TRADE = OpenTrade(group="g", symbol="EURUSD", lots=0.10, tickets=(7,))


def with_risk(**caps: Any) -> dict[str, Any]:
    return {"plugin": plugin(risk=RiskSettings(**caps))}


def money(**numbers: Any) -> dict[str, Any]:
    return {"risk": RiskFacts(**({"balance": 10_000.0, "margin_free": 10_000.0} | numbers))}


def settings(**changes: Any) -> dict[str, Any]:
    return {"settings": TradingSettings(**changes)}


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("paused", {"paused": "by a person"}, "TRADING_PAUSED"),
    ("disabled", {"plugin": plugin(enabled=False)}, "PLUGIN_DISABLED"),
    ("no capability", {"plugin": plugin(capabilities=frozenset())}, "PERMISSION_DENIED"),
    ("rate", {"rate_wait": 3.5}, "RATE_LIMITED"),
    ("unknown symbol", {"info": None}, "SYMBOL_NOT_ALLOWED"),
    ("symbol of others", {"plugin": plugin(symbols_allowed=("XAUUSD",))}, "SYMBOL_NOT_ALLOWED"),
    ("broker away", {"link": False, "tick": None}, "BROKER_OFFLINE"),
    ("trading disabled", {"info": attrs.evolve(EURO, trade_mode=TradeMode.DISABLED)}, "MARKET_CLOSED"),
    ("closing only", {"info": attrs.evolve(EURO, trade_mode=TradeMode.CLOSEONLY)}, "MARKET_CLOSED"),
    ("selling only", {"info": attrs.evolve(EURO, trade_mode=TradeMode.SHORTONLY)}, "SIDE_NOT_ALLOWED"),
    ("weekend", {"now_ns": SATURDAY, "max_tick_age_seconds": None}, "MARKET_CLOSED"),
    ("no price", {"tick": None}, "NO_PRICE"),
    ("half a price", {"tick": tick(bid=0.0)}, "NO_PRICE"),
    ("old price", {"max_tick_age_seconds": 0.5}, "NO_PRICE"),
    ("wide spread", {"info": attrs.evolve(EURO, max_spread_pips=0.9)}, "SPREAD_TOO_WIDE"),
    ("too many trades", {**with_risk(max_open_trades=1), "open_trades": (TRADE,)}, "CAP_OPEN_TRADES"),
    ("too many today", {**with_risk(max_daily_trades=3), "trades_today": 3}, "CAP_DAILY_TRADES"),
    ("exposure", {**with_risk(max_symbol_exposure=0.15), "open_trades": (TRADE,)}, "CAP_EXPOSURE"),
    ("no balance", money(balance=None), "NO_BALANCE"),
    ("daily limit", money(daily_loss=200.0), "DAILY_LIMIT"),
    ("plugin's limit", {**money(plugin_daily_loss=80.0), **with_risk(daily_loss_limit=80.0)}, "DAILY_LIMIT"),
    ("latched", money(latched=frozenset({"daily"})), "DAILY_LIMIT"),
    ("lifetime limit", money(lifetime_loss=1000.0), "LIFETIME_LIMIT"),
    ("latched lifetime", money(latched=frozenset({"lifetime"})), "LIFETIME_LIMIT"),
    ("too much risk", money(daily_loss=190.0), "RISK_TOO_LARGE"),
    ("open risk counts", money(open_risk=185.0), "RISK_TOO_LARGE"),
]


@pytest.mark.parametrize(("change", "code"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_each_gate_refuses_with_its_code(change: dict[str, Any], code: str) -> None:
    report = judge(single(), facts(**change))
    assert (report.code, report.ok, report.sent) == (code, False, ())
    assert [gate.passed for gate in report.gates][-1] is False
    assert all(gate.passed for gate in report.gates[:-1])
    assert report.message


def test_a_pair_needs_an_account_that_keeps_two_positions_apart() -> None:
    report = judge(dual(), facts(hedging=False))
    assert (report.code, report.sent) == ("NETTING_ACCOUNT", ())
    assert "merges" in report.message
    assert judge(single(), facts(hedging=False)).ok
    assert judge(dual(), facts(hedging=False, plugin=plugin(shadow=True))).ok, "the shadow book hedges"


def test_with_everything_in_order_an_entry_passes_with_its_numbers() -> None:
    report = judge(single(), facts())
    assert report.ok
    names = [gate.name for gate in report.gates]
    assert names[:4] == ["running", "enabled", "capability", "rate"]
    assert names[-1] == "risk"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["sl", "tp", "lots"])
def test_a_number_that_is_not_finite_is_a_mistake(field: str, number: float) -> None:
    change: dict[str, Any] = {field: number}
    leg = attrs.evolve(single().legs[0], **change)
    with pytest.raises(BadArgument):
        judge(single(legs=(leg,)), facts())


def test_a_negative_price_or_no_leg_is_a_mistake() -> None:
    for request in (single(price=-1.0), single(legs=()), dual(legs=(dual().legs[0],) * 2)):
        with pytest.raises(BadArgument):
            judge(request, facts())


@pytest.mark.parametrize(("spread", "fine"), [(3.0, True), (3.1, False)])
def test_the_spread_cap_itself_is_allowed(spread: float, fine: bool) -> None:
    request = single(symbol="XAUUSD", legs=(Leg(name="A", sl=2025.0, tp=2040.0, lots=0.01),))
    quote = tick(2030.00, 2030.00 + spread / 10, "XAUUSD")
    assert judge(request, facts(info=GOLD, tick=quote)).ok is fine


@pytest.mark.parametrize(("price", "fine"), [(1.12, True), (1.13, False), (1.08, True), (1.07, False)])
def test_an_alert_price_far_from_the_market_is_refused(price: float, fine: bool) -> None:
    report = judge(single(price=price), facts())
    assert report.code == ("" if fine else "PRICE_BAND")
    assert judge(single(price=price), facts(synthetic_prices=True)).ok


def test_a_known_atr_narrows_the_band() -> None:
    assert judge(single(price=1.1100), facts(atr=0.0010)).code == "PRICE_BAND"


@pytest.mark.parametrize(
    ("sl", "tp"),
    [(0.0, 1.106), (1.101, 1.106), (1.098, 1.099), (1.09999, 1.106), (1.098, 1.10001)],
    ids=["no stop", "stop above", "target below", "stop near", "target near"],
)
def test_stops_that_cannot_be_are_refused_not_moved(sl: float, tp: float) -> None:
    report = judge(single(legs=(Leg(name="A", sl=sl, tp=tp, lots=0.1),)), facts())
    assert report.code == "INVALID_STOPS"


def test_only_leg_a_may_go_without_a_target() -> None:
    assert judge(single(legs=(Leg(name="A", sl=1.098, tp=0.0, lots=0.1),)), facts()).ok
    request = single(method="place_single_order_b", legs=(Leg(name="B", sl=1.098, tp=0.0, lots=0.1),))
    assert judge(request, facts()).code == "INVALID_STOPS"


@pytest.mark.parametrize(("sl", "tp"), [(1.09995, 1.103), (1.097, 1.10001), (1.101, 1.103), (0.0, 1.103)])
def test_a_second_leg_with_stops_that_cannot_be_is_refused_alone(sl: float, tp: float) -> None:
    first, second = dual().legs
    report = judge(dual(legs=(first, attrs.evolve(second, sl=sl, tp=tp))), facts())
    assert (report.ok, [leg.code for leg in report.legs]) == (True, ["", "INVALID_STOPS"])
    assert [leg.name for leg in report.sent] == ["A"]
    assert [gate.name for gate in report.gates if not gate.passed] == ["stops_b"]


def test_a_pair_whose_first_leg_has_bad_stops_is_refused_whole() -> None:
    first, second = dual().legs
    assert judge(dual(legs=(attrs.evolve(first, sl=1.101), second)), facts()).code == "INVALID_STOPS"


def test_the_operators_stop_distance_counts() -> None:
    info = attrs.evolve(EURO, min_sl_distance=0.0030)
    assert judge(single(), facts(info=info)).code == "INVALID_STOPS"


@pytest.mark.parametrize(
    ("total", "rule", "lots", "code"),
    [
        (0.10, "raise", (0.05, 0.05), ""),
        (0.05, "raise", (0.03, 0.02), ""),
        (0.01, "raise", (0.01, 0.01), ""),
        (0.01, "order_a_only", (0.01,), ""),
        (0.01, "refuse", (), "VOLUME_TOO_SMALL"),
        (0.0, "raise", (), "VOLUME_TOO_SMALL"),
    ],
)
def test_a_total_is_split_by_the_rule(total: float, rule: str, lots: tuple[float, ...], code: str) -> None:
    report = judge(dual(total), facts(**settings(dual_orders=DualOrderSettings(below_min=rule))))
    assert (report.code, tuple(leg.lots for leg in report.sent)) == (code, lots)


def test_finished_legs_are_brought_down_to_a_step_only() -> None:
    legs = tuple(attrs.evolve(leg, lots=0.0399) for leg in dual().legs)
    assert [leg.lots for leg in judge(dual(legs=legs), facts()).sent] == [0.03, 0.03]


def test_the_least_cap_cuts_a_leg() -> None:
    legs = (Leg(name="A", sl=1.0990, tp=1.106, lots=0.33),)
    report = judge(single(legs=legs), facts(**with_risk(max_lot_size=0.10)))
    assert (report.sent[0].lots, report.sent[0].cut) == (0.10, True)


def test_a_cap_below_the_minimum_refuses() -> None:
    assert judge(single(), facts(**with_risk(max_lot_size=0.001))).code == "VOLUME_TOO_LARGE"


def test_trades_that_will_be_closed_first_are_gone_for_the_caps() -> None:
    known = facts(**with_risk(max_open_trades=1), open_trades=(TRADE,))
    assert judge(single(closing=(7,)), known).ok
    half = attrs.evolve(known, open_trades=(attrs.evolve(TRADE, tickets=(7, 8)),))
    assert judge(single(closing=(7,)), half).code == "CAP_OPEN_TRADES"
    coming = attrs.evolve(known, open_trades=(attrs.evolve(TRADE, tickets=()),))
    assert judge(single(closing=(7,)), coming).code == "CAP_OPEN_TRADES"


@pytest.mark.parametrize(("minutes", "code"), [(4, "COOLDOWN"), (5, "")])
def test_a_symbol_cools_down_after_a_close(minutes: int, code: str) -> None:
    closed = NOON - round(timedelta(minutes=minutes).total_seconds()) * NS
    rules = settings(protections=ProtectionSettings(cooldown_minutes=5))
    assert judge(single(), facts(**rules, last_close_ns=closed)).code == code


@pytest.mark.parametrize(
    ("ago", "code"),
    [((50, 20, 10), "STOP_GUARD"), ((130, 125, 61), ""), ((100, 50, 30), "STOP_GUARD"), ((20, 10), "")],
)
def test_a_plugin_pauses_after_too_many_stops(ago: tuple[int, ...], code: str) -> None:
    guard = StopGuard(max_stops=3, window_minutes=75, pause_minutes=60)
    stops = tuple(NOON - minutes * 60 * NS for minutes in ago)
    rules = settings(protections=ProtectionSettings(stop_guard=guard))
    assert judge(single(), facts(**rules, stops_ns=stops)).code == code


def test_one_trade_may_lose_three_percent_unless_its_tier_says_otherwise() -> None:
    wide = single(legs=(Leg(name="A", sl=1.0900, tp=1.1300, lots=0.31),))
    rich = money(balance=10_000.0)
    tiers = {"10000": RiskTierSettings(daily_loss_limit=5000.0, max_total_loss=9000.0)}
    maps: dict[str, Any] = {"fixed_lot_sizes": {}, "risk_by_account_tier": {}}
    assert judge(wide, facts(**rich, **settings(risk_tiers=tiers, **maps))).code == "RISK_TOO_LARGE"
    capped = {"10000": attrs.evolve(tiers["10000"], per_trade_cap=400.0)}
    assert judge(wide, facts(**rich, **settings(risk_tiers=capped, **maps))).ok


def test_the_lifted_profile_has_no_rates_caps_or_limits_but_still_needs_stops() -> None:
    lifted = facts(
        **settings(lifted=True), rate_wait=9.0, trades_today=99, open_trades=(TRADE,) * 9,
        plugin=plugin(risk=RiskSettings(max_open_trades=1, max_daily_trades=1, max_lot_size=0.01)),
        risk=RiskFacts(balance=10_000.0, daily_loss=9e9, lifetime_loss=9e9, open_risk=9e9),
    )  # fmt: skip
    assert judge(single(), lifted).ok
    bad = single(legs=(Leg(name="A", sl=0.0, tp=1.106, lots=0.1),))
    assert judge(bad, lifted).code == "INVALID_STOPS"


@pytest.mark.parametrize(
    ("needed", "free", "code"),
    [(100.0, 100.01, ""), (100.0, 100.0, "NO_MARGIN"), (None, 50.0, "NO_MARGIN"), (1.0, None, "NO_MARGIN")],
)
def test_margin_must_be_left_over(needed: float | None, free: float | None, code: str) -> None:
    assert with_margin(judge(single(), facts()), needed, free).code == code


def test_a_broker_that_leaves_before_the_margin_is_known_is_the_reason() -> None:
    report = without_broker(judge(single(), facts()))
    assert (report.code, report.gates[-1].name) == ("BROKER_OFFLINE", "margin")
    refused = judge(single(), facts(link=False))
    assert without_broker(refused) == refused


def test_a_refusal_for_risk_names_what_would_fit() -> None:
    request = single(legs=(Leg(name="A", sl=1.0941, tp=1.11, lots=0.10),))
    report = judge(request, facts(**money(daily_loss=145.0)))
    assert (report.code, report.smart_lot) == ("RISK_TOO_LARGE", 0.08)


def test_a_leg_judged_again_looks_at_market_and_stops_only() -> None:
    crowded = facts(**with_risk(max_daily_trades=1), trades_today=5)
    assert judge_again(single(), crowded).ok
    assert judge_again(single(), facts(tick=tick(1.0979, 1.0980))).code == "INVALID_STOPS"


prices = st.floats(min_value=0.0, max_value=3.0)
volumes = st.one_of(st.none(), st.floats(min_value=0.0, max_value=100.0))


@given(
    st.sampled_from([Side.BUY, Side.SELL]), prices, prices, volumes, volumes,
    st.floats(min_value=0.0, max_value=1e6), st.floats(min_value=0.0, max_value=300.0),
)  # fmt: skip
def test_what_passes_is_on_steps_within_caps_with_stops_on_their_sides(
    side: Side, sl: float, tp: float, lots: float | None, total: float | None, balance: float, lost: float
) -> None:
    known: GateFacts = facts(
        **with_risk(max_lot_size=0.5), risk=RiskFacts(balance=balance, daily_loss=lost, margin_free=1.0)
    )
    request = single(side=side, legs=(Leg(name="A", sl=sl, tp=tp, lots=lots),), total=total)
    report = judge(request, known)
    assert report == judge(request, known)
    for leg in report.sent:
        assert 0.01 <= leg.lots <= 0.5
        assert round(leg.lots * 100) == pytest.approx(leg.lots * 100)
        assert leg.sl > 0
        assert side.sign * (1.1 - leg.sl) > -0.0002
        assert leg.tp == 0 or side.sign * (leg.tp - 1.1) > -0.0002
        loss = abs(known.known_tick().opening(side) - leg.sl) * 100_000 * leg.lots
        assert loss <= balance * 0.03 + 1e-6
        assert lost < 2000
