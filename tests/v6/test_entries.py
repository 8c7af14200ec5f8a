"""Entries in a whole host, live and in shadow: orders, rows, settings."""

from pathlib import Path
from typing import Any

import pytest

from zepix_core import AlertClass, Book, Capability, Change, Side
from zepix_core.testing.clock import VirtualClock
from zepix_plugins_v6 import gather
from zepix_plugins_v6.alert import MESSAGE_TYPES
from zepix_plugins_v6.feed import PriceActionFeed
from zepix_plugins_v6.plugin import PriceAction1h, PriceAction1m, PriceAction5m, PriceAction15m
from zepix_plugins_v6.profiles import PROFILES, SCALPING, Profile

from .desk import EACH, PRICE, SIDES, Desk, host, outcome
from .messages import AT

KINDS = (PriceAction1m, PriceAction5m, PriceAction15m, PriceAction1h)


def test_each_plugin_takes_its_charts_entries_and_places_what_it_may() -> None:
    single_b, pair, single_a = (
        Capability.PLACE_SINGLE_ORDER_B,
        Capability.PLACE_DUAL_ORDERS_V6,
        Capability.PLACE_SINGLE_ORDER_A,
    )
    for kind, able in zip(KINDS, (single_b, pair, single_a, single_a), strict=True):
        assert kind.timeframes == (kind.profile.timeframe,)
        assert kind.capabilities == frozenset({able})
        assert (kind.database_group, kind.symbols) == ("price_action", ())
        assert kind.alerts["BULLISH_ENTRY"] is AlertClass.ENTRY
        assert kind.alerts["EXIT_BEARISH"] is AlertClass.EXIT


def test_the_feed_takes_every_message_type_and_holds_none_to_a_time() -> None:
    assert set(PriceActionFeed.alerts) == set(MESSAGE_TYPES)
    assert set(PriceActionFeed.alerts.values()) == {AlertClass.INFO}


@SIDES
@EACH
async def test_an_entry_becomes_its_plugins_orders_with_the_alerts_stop_and_targets(
    desk: Desk, profile: Profile, side: Side
) -> None:
    await desk.trending(side)
    row = await desk.enter(profile, side)
    aside = "shadow" if desk.book is Book.SHADOW else None
    assert outcome(row) == ("done", None)
    assert [(d.plugin, d.reason) for d in row.deliveries] == [("price_action", None), (profile.id, aside)]
    found = {(p.comment[-1], p.side, p.sl, p.tp) for p in await desk.positions()}
    levels = {"TP1": 8.4, "TP2": 16.8, "TP3": 25.2}
    stop = PRICE - side.sign * 8.4
    assert found == {
        (plan.leg, side, round(stop, 2), round(PRICE + side.sign * levels[plan.targets[0]], 2))
        for plan in profile.legs
    }


@EACH
async def test_a_trade_has_one_row_when_it_is_real_and_none_in_shadow(desk: Desk, profile: Profile) -> None:
    await desk.trending()
    row = await desk.enter(profile)
    logged = desk.logged(row)
    assert (logged["plugin_target"], logged["processed"]) == (profile.id, 1)
    if desk.book is Book.SHADOW:
        assert desk.table(profile) == []
        assert (logged["skip_reason"], logged["trade_placed"]) == ("shadow", 0)
        return
    (trade,) = desk.table(profile)
    assert (trade["status"], trade["symbol"], trade["direction"]) == ("OPEN", "XAUUSD", "BUY")
    assert trade["entry_price"] == 2035.18
    assert (logged["trade_id"], logged["trade_placed"], logged["skip_reason"]) == (trade["id"], 1, None)
    assert desk.day()[profile.table.replace("price_action", "plugin")] == 1


async def test_the_rows_keep_the_facts_of_the_decision(live: Desk) -> None:
    await live.trending()
    await live.send("MOMENTUM_CHANGE|XAUUSD|5|25|STRONG|20|MODERATE|INCREASING")
    for profile in PROFILES:
        await live.enter(profile)
    (scalp,), (pair,), (intraday,), (swing,) = (live.table(profile) for profile in PROFILES)
    assert (scalp["adx"], scalp["adx_strength"], scalp["confidence_score"]) == (30.0, "STRONG", 90)
    assert (scalp["confidence_level"], scalp["market_state"]) == ("HIGH", "TRENDING_BULLISH")
    assert (scalp["spread_pips"], scalp["slippage_pips"], scalp["execution_speed_ms"]) == (1.8, 1.8, 0)
    assert (pair["trend_15m_aligned"], pair["momentum_increasing"], pair["breakeven_moved"]) == (1, 1, 0)
    counts = (intraday["pulse_bull_count"], intraday["pulse_bear_count"], intraday["pulse_alignment_ok"])
    assert counts == (10, 2, 1)
    assert (swing["trend_4h"], swing["trend_1d"], swing["higher_tf_aligned"]) == (1, None, 1)


@EACH
async def test_a_plugin_that_is_off_trades_nothing_while_the_trends_go_on(
    live: Desk, profile: Profile
) -> None:
    for each in PROFILES:
        await live.paper.host.front.switch_plugin(each.id, False, "tester")
    await live.trending()
    row = await live.enter(profile)
    assert outcome(row) == ("refused", "no_plugin")
    assert [d.plugin for d in row.deliveries] == ["price_action"]
    logged = live.logged(row)
    assert (logged["processed"], logged["skip_reason"], logged["plugin_target"]) == (0, None, profile.id)
    assert await live.positions() == ()
    assert len(live.rows("SELECT * FROM market_trends")) == 2
    await live.paper.host.front.switch_plugin(profile.id, True, "tester")
    assert outcome(await live.enter(profile, score=91)) == ("done", None)


async def test_an_entry_its_plugin_failed_at_has_no_reason_in_the_log(
    live: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(gather, "symbol_facts", fail)
    row = await live.enter(SCALPING)
    assert row.reason == "plugin_error"
    assert (live.logged(row)["processed"], live.logged(row)["skip_reason"]) == (0, None)


async def test_a_cap_of_the_host_is_told_by_its_name(tmp_path: Path, virtual_clock: VirtualClock) -> None:
    one = {SCALPING.id: {"settings": {"risk_management": {"max_open_trades": 1}}}}
    async with host(tmp_path / "home", virtual_clock, shadow=False, plugins=one) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.enter(SCALPING)
        row = await desk.enter(SCALPING, score=91)
        assert outcome(row) == ("refused", "cap_open_trades")
        assert desk.logged(row)["skip_reason"] == "cap_open_trades"


async def test_new_settings_decide_the_next_alert_and_wrong_ones_nothing(live: Desk) -> None:
    plugins, ready = live.paper.host.plugins, {"shadow_mode": False}

    def with_score(score: float) -> dict[str, Any]:
        return {**ready, "settings": {"entry_conditions": {"confidence_threshold": score}}}

    faults = await plugins.configure(SCALPING.id, with_score(101.0))
    assert faults
    assert (await live.enter(SCALPING)).reason is None
    key = "settings.entry_conditions.confidence_threshold"
    change = Change(key=key, change_type="modified", old_value=80.0, new_value=95.0, at=AT)
    assert await plugins.configure(SCALPING.id, with_score(95.0), (change,)) == ()
    assert (await live.enter(SCALPING, score=91)).reason == "confidence"
