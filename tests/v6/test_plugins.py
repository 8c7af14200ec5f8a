"""The four plugins at work in a whole host, live and in shadow."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from zepix_core import AlertClass, Book, Capability, Change, Side
from zepix_core.testing.clock import VirtualClock
from zepix_plugins_v6 import gather, store, trade_store
from zepix_plugins_v6.alert import MESSAGE_TYPES
from zepix_plugins_v6.feed import PriceActionFeed
from zepix_plugins_v6.plugin import PriceAction1h, PriceAction1m, PriceAction5m, PriceAction15m
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, PROFILES, SCALPING, SWING, Profile

from .desk import PRICE, Desk, deliver_again, entry, host
from .messages import AT

KINDS = (PriceAction1m, PriceAction5m, PriceAction15m, PriceAction1h)
EACH = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
SIDES = pytest.mark.parametrize("side", list(Side))


@pytest.fixture(params=[Book.LIVE, Book.SHADOW], ids=lambda book: book.value)
async def desk(
    request: pytest.FixtureRequest, tmp_path: Path, virtual_clock: VirtualClock
) -> AsyncIterator[Desk]:
    """A host in one of the two modes; prices stand where they begin."""
    book: Book = request.param
    async with host(tmp_path / "home", virtual_clock, shadow=book is Book.SHADOW) as paper:
        yield Desk(paper, book)


@pytest.fixture
async def live(tmp_path: Path, virtual_clock: VirtualClock) -> AsyncIterator[Desk]:
    async with host(tmp_path / "home", virtual_clock, shadow=False) as paper:
        yield Desk(paper, Book.LIVE)


def outcome(row: Any) -> tuple[str, str | None]:
    return row.state, row.reason


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
async def test_an_exit_closes_the_side_it_is_about_and_no_other(desk: Desk, profile: Profile) -> None:
    await desk.trending()
    await desk.enter(profile)
    before = await desk.positions()
    assert outcome(await desk.leave(profile, Side.SELL)) == ("done", "no_open_position")
    assert await desk.positions() == before
    assert outcome(await desk.leave(profile)) == ("done", None)
    left = await desk.positions()
    assert [p.volume for p in left] == ([before[0].volume / 2] if profile is SWING else [])


@EACH
async def test_an_exit_leaves_the_positions_of_the_other_plugins_alone(desk: Desk, profile: Profile) -> None:
    await desk.trending()
    for other in PROFILES:
        await desk.enter(other)
    before = {p.ticket: p for p in await desk.positions()}
    await desk.leave(profile)
    after = {p.ticket: p.volume for p in await desk.positions()}
    tag = f"pa-{profile.id.rpartition('_')[2]}:"
    for ticket, position in before.items():
        if not position.comment.startswith(tag):
            assert after[ticket] == position.volume
        elif profile is not SWING:
            assert ticket not in after


async def test_the_5m_exit_closes_four_fifths_of_winners_and_all_of_the_rest(desk: Desk) -> None:
    await desk.trending()
    await desk.enter(MOMENTUM)
    a, b = await desk.positions()
    assert (a.volume, b.volume) == (0.10, 0.10)
    await desk.leave(MOMENTUM, price=2038.0)
    assert [p.volume for p in await desk.positions()] == [0.02, 0.02]
    await desk.leave(MOMENTUM, price=2030.0)
    assert await desk.positions() == ()
    if desk.book is Book.LIVE:
        (trade,) = desk.table(MOMENTUM)
        money = trade["order_a_profit_dollars"] + trade["order_b_profit_dollars"]
        assert trade["status"] == "CLOSED"
        assert trade["total_profit_dollars"] == pytest.approx(money)
        deals = await desk.paper.deals()
        assert money == pytest.approx(sum(deal.profit for deal in deals))


async def test_half_of_the_1h_position_runs_until_the_pulse_turns(desk: Desk) -> None:
    await desk.trending()
    await desk.enter(SWING)
    (whole,) = await desk.positions()
    await desk.leave(SWING)
    (runner,) = await desk.positions()
    assert (runner.ticket, runner.sl, runner.tp) == (whole.ticket, whole.sl, whole.tp)
    assert runner.volume == pytest.approx(whole.volume / 2, abs=0.006)
    desk.paper.clock.advance(61)
    assert outcome(await desk.leave(SWING)) == ("done", "no_open_position")
    await desk.pulse("5", 1, 5)  # 11 bullish against 7: it runs on
    await desk.pulse("60", 0, 4)  # a tie: it runs on
    assert await desk.positions() == (runner,)
    turned = await desk.send("STATE_CHANGE|XAUUSD|1|TRENDING_BEARISH|NEUTRAL|0/6")
    assert outcome(turned) == ("done", None)
    assert await desk.positions() == ()


async def test_the_runner_is_marked_in_its_row_and_its_money_adds_up(live: Desk) -> None:
    await live.trending()
    await live.enter(SWING)
    await live.leave(SWING, price=2040.0)
    (open_row,) = live.table(SWING)
    assert (open_row["status"], '"runner": true' in open_row["notes"]) == ("OPEN", True)
    await live.pulse("15", 0, 6)
    await live.pulse("240", 0, 6)
    (row,) = live.table(SWING)
    assert (row["status"], row["close_reason"]) == ("CLOSED", "Reversal")
    deals = await live.paper.deals()
    assert row["profit_dollars"] == pytest.approx(sum(deal.profit for deal in deals))


@SIDES
async def test_after_bs_target_the_stop_of_a_is_two_pips_beyond_its_entry(desk: Desk, side: Side) -> None:
    await desk.trending(side)
    await desk.enter(MOMENTUM, side)
    a, _ = await desk.positions()
    await desk.price(PRICE + side.sign * 9.0)
    (left,) = await desk.positions()
    assert (left.ticket, left.sl) == (a.ticket, round(a.price_open + side.sign * 0.20, 2))
    if desk.book is Book.LIVE:
        (trade,) = desk.table(MOMENTUM)
        assert (trade["status"], trade["breakeven_moved"]) == ("PARTIAL", 1)
        assert (trade["order_b_status"], trade["order_a_sl_price"]) == ("CLOSED", left.sl)


async def test_b_closed_by_hand_or_signal_moves_nothing(live: Desk) -> None:
    await live.trending()
    await live.enter(MOMENTUM)
    a, b = await live.positions()
    await live.paper.host.front.close_position(b.ticket, "tester")
    await live.paper.settled()
    (left,) = await live.positions()
    assert (left.ticket, left.sl) == (a.ticket, a.sl)


async def test_breakeven_can_be_switched_off(tmp_path: Path, virtual_clock: VirtualClock) -> None:
    off = {MOMENTUM.id: {"settings": {"exit_rules": {"move_to_breakeven_after_tp1": False}}}}
    async with host(tmp_path / "home", virtual_clock, shadow=False, plugins=off) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        await desk.enter(MOMENTUM)
        a, _ = await desk.positions()
        await desk.price(PRICE + 9.0)
        (left,) = await desk.positions()
        assert left.sl == a.sl


@pytest.mark.parametrize("book", [Book.LIVE, Book.SHADOW])
async def test_a_restart_goes_on_with_pair_runner_trends_and_momentum(
    tmp_path: Path, virtual_clock: VirtualClock, book: Book
) -> None:
    home, shadow = tmp_path / "home", book is Book.SHADOW
    wanted = {MOMENTUM.id: {"settings": {"entry_conditions": {"require_momentum_increasing": True}}}}
    async with host(home, virtual_clock, shadow=shadow, plugins=wanted) as paper:
        desk = Desk(paper, book)
        await desk.trending()
        await desk.send("MOMENTUM_CHANGE|XAUUSD|5|25|STRONG|20|MODERATE|INCREASING")
        await desk.enter(SWING)
        await desk.leave(SWING)
    async with host(home, virtual_clock, shadow=shadow, plugins=wanted) as paper:
        desk = Desk(paper, book)
        assert outcome(await desk.enter(MOMENTUM))[0] == "done"
        assert outcome(await desk.leave(SWING, price=2035.1)) == ("done", "no_open_position")
    async with host(home, virtual_clock, shadow=shadow, plugins=wanted) as paper:
        desk = Desk(paper, book)
        await desk.price(PRICE + 9.0)
        swing, a = await desk.positions()
        assert a.sl == round(a.price_open + 0.20, 2)
        await desk.pulse("15", 0, 6)
        await desk.pulse("240", 0, 6)
        assert await desk.positions() == (a,)
        assert swing.ticket != a.ticket


@pytest.mark.parametrize("crashed", [False, True], ids=["noted", "not-noted"])
@EACH
async def test_a_delivery_that_comes_again_trades_once(
    tmp_path: Path, virtual_clock: VirtualClock, profile: Profile, crashed: bool
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        first = await desk.enter(profile)
        before = await desk.positions(), desk.table(profile)
    deliver_again(home, first, crashed=crashed)
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await paper.settled()
        assert outcome((await paper.alerts())[first.id - 1]) == ("done", None)
        assert (await desk.positions(), desk.table(profile)) == before
        leaving = await desk.leave(profile, price=2036.0)
        left = await desk.positions()
    deliver_again(home, leaving, crashed=crashed)
    async with host(home, virtual_clock, shadow=False) as paper:
        await paper.settled()
        assert await paper.positions() == left


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


@pytest.mark.parametrize("timeframe", ["3", "30", "240", "1D", "D", "1W", "1M", "30S"])
async def test_a_chart_without_a_plugin_trades_nothing_and_1m_is_a_month(live: Desk, timeframe: str) -> None:
    await live.trending()
    body = entry(SCALPING).replace("|XAUUSD|1|", f"|XAUUSD|{timeframe}|")
    row = await live.send(body)
    assert outcome(row) == ("refused", "no_plugin")
    assert (live.logged(row)["timeframe"], live.logged(row)["skip_reason"]) == (timeframe, "no_plugin")
    assert await live.positions() == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"adx": "NA"}, "adx"),
        ({"adx": "NaN"}, "adx"),
        ({"adx": ""}, "adx"),
        ({"score": "NA"}, "confidence"),
        ({"tail": "NaN|NaN|NaN|NaN|5/1|TL_OK|"}, "levels"),
        ({"tail": "NaN|2043.4|2051.8|2060.2|5/1|TL_OK|"}, "levels"),
        ({"tail": "2026.6||||5/1|TL_OK|"}, "levels"),
        ({"tail": "5/1|TL_OK|"}, "levels"),
        ({"tail": ""}, "levels"),
    ],
)
@EACH
async def test_what_is_missing_never_trades(
    tmp_path: Path, virtual_clock: VirtualClock, profile: Profile, changes: dict[str, Any], reason: str
) -> None:
    strict = {"entry_conditions": {"adx_threshold": 20.0}}
    settings = {profile.id: {"settings": strict}}
    async with host(tmp_path / "home", virtual_clock, shadow=False, plugins=settings) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        row = await desk.enter(profile, **changes)
        assert outcome(row) == ("refused", reason)
        assert desk.logged(row)["skip_reason"] == reason
        assert await desk.positions() == ()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("BULLISH_ENTRY|XAUUSD|5m|2035|BUY|HIGH|90|30|STRONG|", "bad_field:timeframe"),
        ("BULLISH_ENTRY|XAUUSD|5|NaN|BUY|HIGH|90|30|STRONG|", "bad_field:price"),
        ("BULLISH_ENTRY|XAUUSD|5|2035|SELL|HIGH|90|30|STRONG|", "direction_mismatch"),
        ("BULLISH_ENTRY|XAUUSD|5|2035|BUY|HIGH|90|30|STRONG|2020|", "bad_tail"),
        ("EXIT_BULLISH|XAUUSD|5|n/a|15", "bad_field:price"),
        ("TREND_PULSE|XAUUSD|15|7|1||", "bad_field:bull_count"),
        ("TREND_PULSE|XAUUSD|15|5|1", "field_count"),
        ("MOMENTUM_CHANGE|XAUUSD|5|25|STRONG|20|MODERATE|RISING", "bad_field:momentum"),
    ],
)
async def test_a_malformed_message_is_logged_with_its_code_and_changes_nothing(
    live: Desk, body: str, code: str
) -> None:
    row = await live.send(body)
    assert outcome(row) == ("refused", code)
    logged = live.logged(row)
    assert (logged["skip_reason"], logged["processed"], logged["signal_json"]) == (code, 1, body)
    assert live.rows("SELECT * FROM market_trends") == []
    assert await live.positions() == ()


@pytest.mark.parametrize(
    ("profile", "chart"), [(MOMENTUM, "15 chart"), (SWING, "240 chart"), (INTRADAY, "any chart")]
)
async def test_a_missing_trend_refuses_and_names_the_alert_to_switch_on(
    live: Desk, profile: Profile, chart: str
) -> None:
    row = await live.enter(profile)
    assert outcome(row) == ("refused", "market_state" if profile is INTRADAY else "tf_alignment")
    gate = (await live.paper.story(row.id)).decisions[profile.id].gates[-1]
    assert not gate.passed
    assert (chart in gate.note, "in TradingView" in gate.note) == (True, True)


async def test_a_pulse_is_taken_in_once_also_when_four_plugins_get_it(live: Desk) -> None:
    await live.pulse("15", 5, 1)
    await live.pulse("1D", 4, 2)
    await live.send("STATE_CHANGE|XAUUSD|15|MIXED_BULLISH|TRENDING_BULLISH|4/2")
    rows = {row["timeframe"]: row for row in live.rows("SELECT * FROM market_trends")}
    assert (rows["15"]["bull_count"], rows["15"]["market_state"]) == (4, "MIXED_BULLISH")
    assert rows["15"]["changes"] == "15:SIDE→BULL"
    assert rows["1440"]["market_state"] == "MIXED_BULLISH"
    assert live.day()["trend_pulse_updates"] == 2


async def test_a_message_for_information_is_logged_on_any_chart(live: Desk) -> None:
    row = await live.send("BREAKOUT|XAUUSD|1M|2040.5|2|22729|22752")
    assert outcome(row) == ("done", "info_only")
    assert live.logged(row)["skip_reason"] == "info_only"


async def test_json_with_a_v6_type_is_not_v6(live: Desk) -> None:
    row = await live.send('{"type": "TREND_PULSE", "symbol": "XAUUSD"}')
    assert outcome(row) == ("done", "not_v6")
    assert live.rows("SELECT * FROM v6_signals_log") == []


async def test_the_same_text_is_a_duplicate_for_sixty_seconds_from_the_first(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        assert (await desk.enter(SCALPING)).reason is None
        virtual_clock.advance(50)
        assert (await desk.send(entry(SCALPING) + "\n")).reason == "duplicate"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        virtual_clock.advance(9)
        assert (await desk.send(entry(SCALPING) + " ")).reason == "duplicate"
        virtual_clock.advance(5)
        assert (await desk.send(" " + entry(SCALPING))).reason is None


async def test_a_host_in_shadow_still_closes_what_was_opened_for_real(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        await desk.enter(MOMENTUM)
        await desk.enter(SCALPING)
    async with host(home, virtual_clock, shadow=True) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.leave(SCALPING)
        await desk.price(PRICE + 9.0)
        (a,) = await desk.positions()
        assert a.sl == round(a.price_open + 0.20, 2)
        assert await paper.positions(Book.SHADOW) == ()


async def test_an_exit_that_closes_a_real_position_is_an_exit_also_in_shadow(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        await Desk(paper, Book.LIVE).enter(SCALPING)
    async with host(home, virtual_clock, shadow=True) as paper:
        desk = Desk(paper, Book.SHADOW)
        real = await desk.leave(SCALPING)
        await desk.enter(SCALPING, score=91)
        shadow = await desk.leave(SCALPING, price=2036.0)
        actions = [(await paper.story(row.id)).decisions[SCALPING.id].action for row in (real, shadow)]
        assert actions == ["exit", "shadow_exit"]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
async def test_a_level_that_is_zero_at_the_symbols_digits_is_none(live: Desk, profile: Profile) -> None:
    await live.trending(Side.BUY)
    row = await live.enter(profile, tail="0.001|2043.4|2051.8|2060.2|")
    gate = (await live.paper.story(row.id)).decisions[profile.id].gates[-1]
    assert (outcome(row), gate.note) == (("refused", "levels"), "invalid_sl")
    await live.trending(Side.SELL)
    row = await live.enter(profile, Side.SELL, tail="2043.4|0.001|0.001|0.001|")
    gate = (await live.paper.story(row.id)).decisions[profile.id].gates[-1]
    assert (outcome(row), gate.note) == (("refused", "levels"), "invalid_tp")


async def test_an_entry_its_plugin_failed_at_has_no_reason_in_the_log(
    live: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(gather, "symbol_facts", fail)
    row = await live.enter(SCALPING)
    assert row.reason == "plugin_error"
    assert (live.logged(row)["processed"], live.logged(row)["skip_reason"]) == (0, None)


async def test_a_state_nobody_knows_is_stored_as_unknown(live: Desk) -> None:
    await live.send("TREND_PULSE|XAUUSD|15|5|1||WEAK_BULLISH")
    (row,) = live.rows("SELECT * FROM market_trends")
    assert (row["market_state"], row["bull_count"]) == ("UNKNOWN", 5)


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


async def test_the_counters_tell_what_was_seen_and_done(live: Desk) -> None:
    await live.enter(SCALPING)
    await live.enter(SCALPING, score=20)
    await live.enter(SCALPING, adx=3)
    await live.leave(SCALPING)
    with closing(sqlite3.connect(live.paper.home.data / "zepix_price_action.db")) as connection:
        ended = trade_store.closed_trades(connection, SCALPING)
        counters = store.count(connection, SCALPING.id, ended)
    assert (counters.received, counters.placed, counters.closed) == (4, 1, 1)
    assert counters.filtered == {"confidence": 1, "adx": 1}
