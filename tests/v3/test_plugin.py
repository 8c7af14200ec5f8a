"""The plugin at work on a small host."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from zepix_core import AlertClass, Book, Capability, Change, Decision, Priority, Side, UpdateKind, Verdict
from zepix_core.clock import moment
from zepix_plugins_v3 import handling
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v3.plugin import CombinedV3

from .messages import entry, leave, pulse, squeeze
from .rows import START, closing, update
from .stand import EURUSD, Bench, bench


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    made = await bench(tmp_path)
    yield made
    await made.database.close()


async def sent(desk: Bench, message: dict[str, Any] | str, key: str | None = None) -> Decision:
    decision = await desk.send(message, key)
    assert decision is not None
    return decision


async def log_row(desk: Bench, key: str) -> dict[str, Any]:
    rows = await desk.rows("SELECT * FROM v3_signals_log")
    return next(row for row in rows if row["alert_key"] == key)


def test_the_plugin_declares_what_it_takes_and_may() -> None:
    assert CombinedV3.alerts == {
        "entry_v3": AlertClass.ENTRY,
        "exit_v3": AlertClass.EXIT,
        "squeeze_v3": AlertClass.INFO,
        "trend_pulse_v3": AlertClass.INFO,
    }
    assert CombinedV3.capabilities == {
        Capability.PLACE_DUAL_ORDERS_V3,
        Capability.PLACE_SINGLE_ORDER_A,
        Capability.PLACE_SINGLE_ORDER_B,
    }
    assert (CombinedV3.symbols, CombinedV3.timeframes, CombinedV3.config_model) == ((), (), V3Config)


async def test_an_entry_asks_the_gate_then_places_finished_legs(desk: Bench) -> None:
    decision = await sent(desk, entry())
    assert (decision.verdict, decision.action, decision.tickets) == (Verdict.ACTED, "enter", (101, 102))
    assert desk.stand.names() == ["orders.check", "orders.place"]
    request = next(payload for name, payload in desk.stand.asked if name == "orders.place")
    a, b = request.legs
    assert (request.symbol, request.side, request.price, request.logic) == (
        "EURUSD",
        Side.BUY,
        1.16482,
        "LOGIC2",
    )
    assert (a.lots, a.sl, a.tp, a.label) == (0.02, 1.1633, 1.16938, "OrderA_TP_Trail")
    assert (b.lots, b.sl, b.tp, b.label) == (0.02, 1.15982, 1.1671, "OrderB_Profit_Trail")


async def test_an_entry_leaves_a_trade_row_and_a_processed_log_row(desk: Bench) -> None:
    await sent(desk, entry(), "key-1")
    (trade,) = await desk.rows("SELECT * FROM combined_v3_trades")
    assert (trade["order_a_ticket"], trade["order_b_ticket"], trade["status"]) == (101, 102, "OPEN")
    row = await log_row(desk, "key-1")
    assert (row["processed"], row["trade_placed"], row["trade_id"]) == (1, 1, trade["id"])
    assert (row["signal_type"], row["direction"], row["skip_reason"]) == ("momentum_breakout", "BUY", None)


async def test_an_accepted_entry_refreshes_the_trend_store_and_a_rejected_one_does_not(desk: Bench) -> None:
    await sent(desk, entry(consensus_score=4, mtf_trends="-1,-1,-1,-1,-1"))
    assert desk.trends.get_mtf_trends("EURUSD") == {"15m": 0, "1h": 0, "4h": 0, "1d": 0}
    desk.clock.advance(301)
    await sent(desk, entry())
    assert desk.trends.get_mtf_trends("EURUSD") == {"15m": 1, "1h": 1, "4h": 1, "1d": 1}


async def test_a_reversal_closes_the_other_side_between_gate_and_orders(desk: Bench) -> None:
    short = desk.stand.open("EURUSD", Side.SELL, 0.02)
    decision = await sent(desk, entry())
    assert decision.action == "reverse"
    assert desk.stand.names() == ["orders.check", "orders.close", "orders.place"]
    check, close = (
        desk.stand.asked[i][1]
        for i, (name, _) in enumerate(desk.stand.asked)
        if name in ("orders.check", "orders.close")
    )
    assert (check.closing, close.ticket, close.reason) == ((short,), short, "Reversal")
    assert decision.data["closes"][0]["closed"] is True


async def test_a_close_that_fails_is_reported_and_the_pair_is_still_placed(desk: Bench) -> None:
    short = desk.stand.open("EURUSD", Side.SELL, 0.02)
    desk.stand.stuck[short] = "BROKER_REJECT"
    decision = await sent(desk, entry())
    assert (decision.verdict, len(decision.tickets)) == (Verdict.ACTED, 2)
    assert decision.data["closes"][0]["code"] == "BROKER_REJECT"
    assert desk.stand.notices()[0].priority is Priority.HIGH


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("DAILY_LIMIT", "daily_loss_limit"),
        ("LIFETIME_LIMIT", "lifetime_loss_limit"),
        ("SPREAD_TOO_WIDE", "spread_too_wide"),
    ],
)
async def test_a_gate_that_says_no_closes_and_places_nothing(desk: Bench, code: str, reason: str) -> None:
    desk.stand.open("EURUSD", Side.SELL, 0.02)
    desk.stand.gate = code
    decision = await sent(desk, entry(), "key-1")
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, reason)
    assert desk.stand.names() == ["orders.check"]
    assert (await log_row(desk, "key-1"))["skip_reason"] == reason


async def test_an_order_the_broker_refuses_is_a_rejection_that_tells_what_was_closed(desk: Bench) -> None:
    short = desk.stand.open("EURUSD", Side.SELL, 0.02)
    desk.stand.broker["A"] = "BROKER_REJECT"
    decision = await sent(desk, entry())
    assert (decision.verdict, decision.reason, decision.tickets) == (
        Verdict.REJECTED,
        "broker_reject",
        (short,),
    )
    assert await desk.rows("SELECT * FROM combined_v3_trades") == []


async def test_a_pair_of_which_only_a_went_in_is_a_trade(desk: Bench) -> None:
    desk.stand.broker["B"] = "INVALID_STOPS"
    decision = await sent(desk, entry())
    assert (decision.verdict, decision.tickets) == (Verdict.ACTED, (101,))
    (trade,) = await desk.rows("SELECT * FROM combined_v3_trades")
    assert (trade["order_b_ticket"], trade["order_b_status"]) == (None, "CLOSED")


async def test_an_unresolved_order_counts_as_acted_and_its_row_comes_with_the_update(desk: Bench) -> None:
    desk.stand.broker["A"] = "UNRESOLVED"
    decision = await sent(desk, entry(), "key-1")
    assert (decision.verdict, decision.reason) == (Verdict.ACTED, "unresolved")
    await desk.plugin.on_trade_update(update(UpdateKind.OPENED, "A"), desk.api)
    (trade,) = await desk.rows("SELECT * FROM combined_v3_trades")
    assert (trade["order_a_ticket"], trade["logic_route"]) == (11, "LOGIC2")
    assert (await log_row(desk, "key-1"))["trade_id"] == trade["id"]


async def test_a_shadow_entry_decides_as_live_and_leaves_no_trade_row(desk: Bench) -> None:
    desk.config = attrs.evolve(desk.config, shadow_mode=True)
    desk.stand.shadow = True
    decision = await sent(desk, entry(), "key-1")
    assert (decision.verdict, decision.data["shadow"], decision.tickets) == (
        Verdict.ACTED,
        True,
        (-101, -102),
    )
    assert await desk.rows("SELECT * FROM combined_v3_trades") == []
    row = await log_row(desk, "key-1")
    assert (row["skip_reason"], row["trade_placed"]) == ("shadow", 0)
    await desk.plugin.on_trade_update(update(UpdateKind.OPENED, "A", book=Book.SHADOW), desk.api)
    assert await desk.rows("SELECT * FROM combined_v3_trades") == []


async def test_an_exit_in_shadow_mode_still_closes_what_is_open_live(desk: Bench) -> None:
    long = desk.stand.open("EURUSD", Side.BUY, 0.02)
    desk.config = attrs.evolve(desk.config, shadow_mode=True)
    decision = await sent(desk, leave())
    assert (decision.action, decision.tickets) == ("close", (long,))


async def test_an_exit_closes_the_side_it_is_about(desk: Bench) -> None:
    long, short = desk.stand.open("EURUSD", Side.BUY, 0.02), desk.stand.open("EURUSD", Side.SELL, 0.02)
    decision = await sent(desk, leave())
    assert decision.tickets == (long,)
    assert [order.ticket for order in desk.stand.orders] == [short]
    nothing = await sent(desk, leave(tf="5"))
    assert (nothing.verdict, nothing.action, nothing.reason) == (
        Verdict.NOTHING,
        "no_action",
        "no_open_position",
    )


async def test_a_close_that_never_fills_whole_is_reported_as_failed(desk: Bench) -> None:
    long = desk.stand.open("EURUSD", Side.BUY, 0.04)
    desk.stand.stuck[long] = "PARTLY_CLOSED"
    decision = await sent(desk, leave())
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, "partly_closed")
    assert desk.stand.notices()[0].priority is Priority.HIGH


async def test_an_exit_of_which_nothing_could_be_closed_is_rejected(desk: Bench) -> None:
    desk.stand.stuck[desk.stand.open("EURUSD", Side.BUY, 0.02)] = "BROKER_REJECT"
    decision = await sent(desk, leave())
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, "broker_reject")


async def test_a_squeeze_tells_people_and_marks_its_symbol(desk: Bench) -> None:
    decision = await sent(desk, squeeze())
    assert (decision.verdict, decision.action) == (Verdict.ACTED, "notify")
    (notice,) = desk.stand.notices()
    assert (notice.priority, notice.symbol, notice.data["timeframe"]) == (Priority.MEDIUM, "EURUSD", "15")
    (report,) = (payload for name, payload in desk.stand.asked if name == "status.report")
    assert (report.name, moment(report.until_ns) - desk.now()) == ("squeeze EURUSD", timedelta(seconds=300))


async def test_a_pulse_writes_all_pillars_and_tells_only_of_changed_ones(desk: Bench) -> None:
    await sent(desk, pulse(changed_timeframes="1,5,"))
    assert desk.trends.get_mtf_trends("EURUSD") == {"15m": -1, "1h": 1, "4h": 1, "1d": 0}
    assert desk.stand.notices() == []
    await sent(desk, pulse(current_trends="1,1,1,1,-1,0"))
    (notice,) = desk.stand.notices()
    assert (notice.type, notice.priority) == ("trend_changed", Priority.LOW)
    assert (notice.data["timeframe"], notice.data["new"]) == ("15m, 4h", "15m bullish, 4h bearish")


async def test_the_store_answers_when_the_alert_has_no_trends_and_the_bypass_is_off(desk: Bench) -> None:
    desk.settings("trend_bypass_logic", enabled=False)
    unknown = await sent(desk, entry(mtf_trends=...))
    assert unknown.reason == "no_trend"
    await sent(desk, pulse(current_trends="0,0,0,0,0,0"))
    desk.clock.advance(300)
    neutral = await sent(desk, entry(mtf_trends=...))
    assert neutral.reason == "trend_not_aligned"


async def test_the_same_meaning_within_the_window_is_refused_and_does_not_restart_it(desk: Bench) -> None:
    assert (await sent(desk, entry())).verdict is Verdict.ACTED
    desk.clock.advance(299)
    assert (await sent(desk, entry(price=1.165))).reason == "duplicate"
    desk.clock.advance(1)
    assert (await sent(desk, entry())).verdict is Verdict.ACTED


async def test_what_a_later_gate_refused_still_counts_as_accepted(desk: Bench) -> None:
    assert (await sent(desk, entry(consensus_score=4))).reason == "low_consensus_score"
    assert (await sent(desk, entry())).reason == "duplicate"


async def test_a_restart_remembers_what_was_accepted(desk: Bench) -> None:
    await sent(desk, squeeze())
    await sent(desk, entry())
    await sent(desk, entry(tf="5", symbol="NOPE"))
    desk.clock.advance(100)
    await desk.restart()
    assert (await sent(desk, entry())).reason == "duplicate"
    assert (await sent(desk, entry(tf="5"))).verdict is Verdict.ACTED


async def test_a_restart_between_two_seconds_does_not_let_a_repeat_through(desk: Bench) -> None:
    desk.clock.advance(0.9)
    await sent(desk, entry())
    desk.clock.advance(299.9)
    await desk.restart()
    assert (await sent(desk, entry())).reason == "duplicate"


async def test_a_repeat_within_the_second_of_a_restart_is_still_one(desk: Bench) -> None:
    desk.clock.advance(0.1)
    await sent(desk, entry())
    await desk.restart()
    desk.clock.advance(0.2)
    assert (await sent(desk, entry())).reason == "duplicate"


async def test_a_repeat_that_waited_while_the_plugin_was_away_is_judged_by_its_arrival(desk: Bench) -> None:
    await sent(desk, entry())
    desk.clock.advance(290)
    late = desk.alert(entry(price=1.165), "key-late")
    desk.clock.advance(60)
    await desk.restart()
    decision = await desk.deliver(late)
    assert decision is not None
    assert decision.reason == "duplicate"


async def test_a_longer_window_holds_for_what_was_accepted_before_it_was_set(desk: Bench) -> None:
    await sent(desk, entry())
    desk.clock.advance(400)
    await sent(desk, entry(symbol="GBPUSD"))
    desk.settings("signal_handling", duplicate_window_seconds=600.0)
    assert (await sent(desk, entry())).reason == "duplicate"


async def test_an_empty_list_of_symbols_takes_every_symbol_the_host_knows(desk: Bench) -> None:
    desk.host["symbol_config"] = {"EURGBP": {}}
    assert (await sent(desk, entry(symbol="EURGBP"))).reason == "unknown_symbol"
    desk.config = attrs.evolve(desk.config, settings=attrs.evolve(desk.config.settings, supported_symbols=()))
    assert (await sent(desk, entry(symbol="EURGBP"))).action == "enter"


async def test_a_delivery_repeated_after_a_crash_is_no_duplicate_of_itself(desk: Bench) -> None:
    alert = desk.alert(entry(), "key-1")
    desk.stand.info = None
    stopped = await desk.deliver(alert)
    assert stopped is not None
    assert stopped.reason == "no_symbol_info"
    await desk.database.run(lambda connection: connection.execute("UPDATE v3_signals_log SET processed = 0"))
    desk.stand.info = EURUSD
    await desk.restart()
    again = await desk.deliver(alert)
    assert again is not None
    assert (again.verdict, again.action) == (Verdict.ACTED, "enter")


@pytest.mark.parametrize("code", ["UNRESOLVED", ""])
async def test_an_entry_that_was_asked_for_before_a_crash_answers_from_its_first_result(
    desk: Bench, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    desk.stand.broker = {"A": code} if code else {}
    alert = desk.alert(entry(), "key-1")
    with monkeypatch.context() as patch:
        patch.setattr(handling, "_note_trade", crash)
        with pytest.raises(RuntimeError):
            await desk.deliver(alert)
    desk.stand.balance = None  # by now it would be refused
    again = await desk.deliver(alert)
    assert again is not None
    aside = "unresolved" if code else None
    assert (again.verdict, again.action, again.reason) == (Verdict.ACTED, "enter", aside)
    assert len([name for name in desk.stand.names() if name == "orders.place"]) == 1
    row = await log_row(desk, "key-1")
    assert (row["processed"], row["skip_reason"], row["trade_placed"]) == (1, aside, int(not code))


async def crash(*_: object) -> None:
    raise RuntimeError("here it crashes")


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [(UpdateKind.OPENED, "", (None, 1)), (UpdateKind.REJECTED, "BROKER_OFFLINE", ("broker_offline", 0))],
)
async def test_the_log_learns_what_became_of_an_order_without_an_outcome(
    desk: Bench, kind: UpdateKind, code: str, told: tuple[str | None, int]
) -> None:
    desk.stand.broker = {"A": "UNRESOLVED"}
    await sent(desk, entry(), "key-1")
    await desk.plugin.on_trade_update(update(kind, "A", alert_key="key-1", reason=code), desk.api)
    row = await log_row(desk, "key-1")
    assert (row["skip_reason"], row["trade_placed"]) == told


async def test_an_entry_handled_to_its_end_is_not_traded_again(desk: Bench) -> None:
    alert = desk.alert(entry(), "key-1")
    await desk.deliver(alert)
    asked = len(desk.stand.names())
    await desk.restart()
    again = await desk.deliver(alert)
    assert again is not None
    assert (again.verdict, again.data["repeated"]) == (Verdict.ACTED, True)
    assert len(desk.stand.names()) == asked


async def test_a_pair_that_was_in_before_the_crash_is_found_though_it_fills_the_cap(desk: Bench) -> None:
    alert = desk.alert(entry(), "key-1")
    first = await desk.deliver(alert)
    await desk.database.run(lambda connection: connection.execute("UPDATE v3_signals_log SET processed = 0"))
    desk.stand.gate = "CAP_OPEN_TRADES"
    await desk.restart()
    again = await desk.deliver(alert)
    assert first is not None
    assert again is not None
    assert (again.verdict, again.tickets) == (Verdict.ACTED, first.tickets)
    assert len(await desk.rows("SELECT * FROM combined_v3_trades")) == 1


async def test_a_repeated_delivery_that_the_gate_refuses_closes_nothing(desk: Bench) -> None:
    desk.stand.open("EURUSD", Side.SELL, 0.02)
    alert = desk.alert(entry(), "key-1")
    desk.stand.gate = "CAP_OPEN_TRADES"
    await desk.deliver(alert)
    await desk.database.run(lambda connection: connection.execute("UPDATE v3_signals_log SET processed = 0"))
    again = await desk.deliver(alert)
    assert again is not None
    assert (again.verdict, again.reason) == (Verdict.REJECTED, "cap_open_trades")
    assert "orders.close" not in desk.stand.names()


async def test_a_message_of_another_plugin_is_left_alone_without_a_trace(desk: Bench) -> None:
    assert await desk.send({"type": "BULLISH_ENTRY", "symbol": "EURUSD"}) is None
    assert await desk.rows("SELECT * FROM v3_signals_log") == []


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (entry(signal_type="Moon_Shot"), "unknown_signal"),
        (entry(symbol=["x"]), "unknown_symbol"),
        (entry(price="1"), "invalid_price"),
        (entry(symbol=None), "unknown_symbol"),
    ],
)
async def test_a_refused_message_has_its_row_and_its_reason(
    desk: Bench, message: dict[str, Any], reason: str
) -> None:
    decision = await sent(desk, message, "key-9")
    assert (decision.verdict, decision.reason, decision.gates[0].passed) == (Verdict.REJECTED, reason, False)
    row = await log_row(desk, "key-9")
    assert (row["processed"], row["skip_reason"]) == (1, reason)


@pytest.mark.parametrize("body", ["[1]", "{", '{"price": 1e99999999999999999999999}', "[" * 100_000])
async def test_a_body_that_is_no_json_object_is_refused(desk: Bench, body: str) -> None:
    decision = await sent(desk, body)
    assert (decision.verdict, decision.reason) == (Verdict.REJECTED, "malformed_json")


async def test_odd_numbers_and_texts_in_extra_keys_do_no_harm(desk: Bench) -> None:
    body = (
        '{"type":"squeeze_v3","signal_type":"Volatility_Squeeze","symbol":"EURUSD","tf":"5","price":1.1,'
        '"consensus_score":4,"big":123456789012345678901234567890,"huge":1e999999999,"half":"\\ud800"}'
    )
    decision = await sent(desk, body)
    assert (decision.verdict, decision.fields["huge"]) == (Verdict.ACTED, "1E+999999999")


async def test_trade_updates_fill_the_row_and_the_days_figures(desk: Bench) -> None:
    await sent(desk, entry(), "key-1")
    desk.clock.advance(600)
    for one in (closing("A", 9.12, 45.6, ticket=101), closing("B", 4.5, 22.8, ticket=102)):
        await desk.plugin.on_trade_update(one, desk.api)
        await desk.plugin.on_trade_update(one, desk.api)
    (trade,) = await desk.rows("SELECT * FROM combined_v3_trades")
    assert (trade["status"], trade["total_profit_dollars"]) == ("CLOSED", 13.62)
    (day,) = await desk.rows("SELECT * FROM v3_daily_stats")
    assert (day["date"], day["total_dual_entries"], day["logic2_trades"]) == ("2026-01-12", 1, 1)
    assert (day["total_profit_dollars"], day["win_rate"]) == (13.62, 100.0)


async def test_new_settings_hold_for_the_next_alert(desk: Bench) -> None:
    assert (await sent(desk, entry(consensus_score=6))).verdict is Verdict.ACTED
    desk.settings("signal_handling", min_consensus_score=7)
    change = Change(
        key="plugins.combined_v3.settings.signal_handling.min_consensus_score",
        change_type="modified",
        old_value=5,
        new_value=7,
        at=START,
    )
    desk.plugin.on_config_change((change,), desk.api)
    assert (await sent(desk, entry(consensus_score=6, tf="5"))).reason == "low_consensus_score"


async def test_the_hosts_own_settings_reach_the_decision(desk: Bench) -> None:
    desk.host = {"manual_lot_overrides": {"10000": 0.20}}
    decision = await sent(desk, entry())
    assert decision.data["base_lot"] == 0.2


async def test_without_a_balance_nothing_is_asked_of_the_gate(desk: Bench) -> None:
    desk.stand.balance = None
    assert (await sent(desk, entry())).reason == "no_balance"
    assert desk.stand.names() == []


async def test_people_hear_how_an_entry_was_routed_unless_switched_off(desk: Bench) -> None:
    await sent(desk, entry())
    desk.config = attrs.evolve(
        desk.config, notifications=attrs.evolve(desk.config.notifications, notify_on_routing=False)
    )
    await sent(desk, entry(tf="5"))
    (notice,) = desk.stand.notices()
    assert (notice.type, notice.priority) == ("info", Priority.INFO)
    assert "LOGIC2" in notice.text
