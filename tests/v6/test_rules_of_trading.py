"""Sizes, levels, filters, exits, breakeven, trends and duplicates, cell by cell."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from zepix_core import MarketState, Side, SymbolInfo
from zepix_plugins_v6 import classes, exits
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.breakeven import LegClosed, decide_breakeven
from zepix_plugins_v6.decide import decide, decide_shared, taken
from zepix_plugins_v6.decision import Action, V6Decision
from zepix_plugins_v6.duplicates import Memory, is_duplicate
from zepix_plugins_v6.facts import Facts, SymbolFacts
from zepix_plugins_v6.filters import judge, rounded_spread
from zepix_plugins_v6.messages import StateChange, TrendPulse
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, PROFILES, SCALPING, SWING, Profile
from zepix_plugins_v6.pulse import row_after, rows_after

from .messages import AT, SYMBOLS, decided, entry, entry_body, facts, position, row, rows, rules

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def orders(decision: V6Decision) -> list[tuple[str, str, str, str]]:
    return [(order.leg, f"{order.lots}", order.tp_level, f"{order.tp}") for order in decision.orders]


GOLD, EURO = "XAUUSD", "EURUSD"
WORKED: list[tuple[Profile, bool, str, Side, str, str, list[tuple[str, str, str, str]]]] = [
    (SCALPING, False, "5000", BUY, GOLD, "6.2", [("B", "0.04", "TP1", "2656.70")]),
    (SCALPING, False, "10000", BUY, EURO, "0.001", [("B", "0.10", "TP1", "1.08620")]),
    (
        MOMENTUM,
        False,
        "5000",
        BUY,
        GOLD,
        "4.474",
        [("A", "0.08", "TP2", "2659.45"), ("B", "0.08", "TP1", "2654.97")],
    ),
    (
        MOMENTUM,
        False,
        "1060",
        SELL,
        EURO,
        "0.00144",
        [("A", "0.06", "TP2", "1.08232"), ("B", "0.05", "TP1", "1.08376")],
    ),
    (INTRADAY, True, "5000", BUY, GOLD, "8.4", [("A", "0.11", "TP2", "2667.30")]),
    (SWING, False, "8000", BUY, GOLD, "16.826", [("A", "0.05", "TP3", "2700.98")]),
    (SWING, True, "8000", BUY, GOLD, "16.826", [("A", "0.14", "TP3", "2700.98")]),
]


@pytest.mark.parametrize(("profile", "shipped", "balance", "side", "symbol", "stop", "wanted"), WORKED)
def test_the_worked_sizes(
    profile: Profile, shipped: bool, balance: str, side: Side, symbol: str, stop: str, wanted: list[Any]
) -> None:
    known = facts(side, symbol, balance=D(balance))
    decision = decide(entry(profile, side, symbol=symbol, stop=stop), known, rules(profile, shipped))
    assert orders(decision) == wanted
    assert not decision.raised_to_min


def test_both_legs_of_a_pair_have_the_stop_of_the_alert_rounded_half_up() -> None:
    decision = decided(entry_body(MOMENTUM, stop="4.474"), MOMENTUM, facts())
    assert [str(order.sl) for order in decision.orders] == ["2646.03", "2646.03"]
    assert decision.total_lots == D("0.16")


def test_a_lot_below_the_least_is_raised_and_flagged() -> None:
    decision = decided(entry_body(SCALPING), SCALPING, facts(balance=D(100)))
    assert orders(decision) == [("B", "0.01", "TP1", "2658.90")]
    assert decision.raised_to_min


def test_a_least_lot_off_the_steps_is_raised_to_the_next_step() -> None:
    odd = attrs.evolve(SYMBOLS[GOLD], min_lot=D("0.05"), step=D("0.02"))
    decision = decided(entry_body(SCALPING), SCALPING, facts(balance=D(100), symbol=odd))
    assert [order.lots for order in decision.orders] == [D("0.06")]


def test_a_pair_of_one_step_becomes_two_least_lots() -> None:
    decision = decided(entry_body(MOMENTUM, stop="4.4"), MOMENTUM, facts(balance=D(330)))
    assert [(order.lots, order.raised_to_min) for order in decision.orders] == [
        (D("0.01"), False),
        (D("0.01"), True),
    ]


def test_the_brokers_most_lots_count_as_well() -> None:
    small = attrs.evolve(SYMBOLS[GOLD], max_lot=D("0.03"))
    decision = decided(entry_body(SCALPING), SCALPING, facts(balance=D(50000), symbol=small))
    assert [order.lots for order in decision.orders] == [D("0.03")]


@pytest.mark.parametrize(
    ("profile", "tail", "detail"),
    [
        (SCALPING, "", "missing_sl"),
        (SCALPING, "NaN|2660|2670|2680|", "missing_sl"),
        (SCALPING, "2650.5|NaN|2670|2680|", "invalid_sl"),
        (SCALPING, "2660|2640|2670|2680|", "invalid_sl"),
        (SCALPING, "2640|NaN|2670|2680|", "missing_tp"),
        (SCALPING, "2640|2650.5|2670|2680|", "invalid_tp"),
        (SCALPING, "2640|2660|1|1|", None),
        (MOMENTUM, "2640|NaN|2600|2680|", "missing_tp"),
        (MOMENTUM, "2640|2600|2670|2680|", "invalid_tp"),
        (MOMENTUM, "2640|2660|2600|2680|", "invalid_tp"),
        (INTRADAY, "2640|NaN|2670|NaN|", None),
        (SWING, "2640|NaN|2670|NaN|", None),
        (SWING, "2640|NaN|2670|2600|", "invalid_tp"),
        (SWING, "2640|NaN|NaN|2680|", None),
        (SWING, "2640|2660|NaN|NaN|", "missing_tp"),
    ],
)
def test_levels_are_judged_as_sent_and_only_those_in_use(
    profile: Profile, tail: str, detail: str | None
) -> None:
    decision = decided(entry_body(profile, tail=tail, score=0 if detail else 90), profile, facts())
    assert (decision.reason, decision.detail) == ("levels" if detail else None, detail)


@pytest.mark.parametrize(
    ("profile", "adx", "passes"),
    [
        (SCALPING, "20", False),
        (SCALPING, "20.1", True),
        (SCALPING, "NaN", False),
        (MOMENTUM, "24.9", False),
        (MOMENTUM, "25", True),
        (MOMENTUM, "NA", False),
        (INTRADAY, "NA", True),
        (SWING, "0", True),
    ],
)
def test_the_adx_threshold(profile: Profile, adx: str, passes: bool) -> None:
    assert (decided(entry_body(profile, adx=adx), profile, facts()).reason is None) is passes


@pytest.mark.parametrize(("profile", "least"), [(SCALPING, 80), (MOMENTUM, 70), (INTRADAY, 60), (SWING, 60)])
def test_the_confidence_threshold(profile: Profile, least: int) -> None:
    for score, reason in ((least - 1, "confidence"), (least, None)):
        assert decided(entry_body(profile, score=score), profile, facts()).reason == reason


@pytest.mark.parametrize(
    ("pips", "passes"), [("1.94", True), ("1.95", False), ("2", False), ("999.9", False), (None, False)]
)
def test_the_spread_is_rounded_and_must_stay_below(pips: str | None, passes: bool) -> None:
    known = facts(spread_pips=None if pips is None else D(pips))
    assert (decided(entry_body(SCALPING), SCALPING, known).reason is None) is passes


def test_a_spread_nobody_knows_is_too_wide_for_every_limit() -> None:
    limits = {"max_spread_pips": 999.0}
    assert decided(
        entry_body(SCALPING), SCALPING, facts(spread_pips=D("999.9")), entry_conditions=limits
    ).reason
    assert rounded_spread(D("999.9")) is None


def test_a_filter_that_is_switched_off_lets_anything_pass() -> None:
    off = {"adx_threshold": "off", "confidence_threshold": "off", "max_spread_pips": "off"}
    weak = entry_body(SCALPING, adx="NA", score=0)
    assert decided(weak, SCALPING, facts(spread_pips=None), entry_conditions=off).reason is None
    unasked = {"require_market_state_match": False, "require_pulse_alignment": False}
    assert aligned(INTRADAY, facts(SELL), **unasked) is None


FILTERS = {
    "price_action_1m": ["adx", "confidence", "spread"],
    "price_action_5m": ["adx", "confidence", "tf_alignment", "momentum"],
    "price_action_15m": ["adx", "market_state", "pulse", "confidence"],
    "price_action_1h": ["adx", "tf_alignment", "tf_alignment_1d", "confidence"],
}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_filters_are_judged_in_their_order(profile: Profile) -> None:
    gates = judge(entry(profile), facts(), rules(profile))
    assert [gate.name for gate in gates] == FILTERS[profile.id]


def aligned(profile: Profile, known: Facts, **conditions: Any) -> str | None:
    return decided(entry_body(profile), profile, known, entry_conditions=conditions).reason


def test_a_trend_row_that_is_missing_refuses_and_names_the_alert_to_switch_on() -> None:
    for profile, timeframe in ((MOMENTUM, "15"), (SWING, "240")):
        known = facts(rows=tuple(r for r in rows(BUY) if r.timeframe != timeframe))
        decision = decided(entry_body(profile), profile, known)
        assert decision.reason == "tf_alignment"
        assert f"XAUUSD from the {timeframe} chart" in decision.gates[-1].note
        assert "TradingView" in decision.gates[-1].note
        assert aligned(profile, known, missing_trend_policy="allow") is None


def test_equal_or_contrary_rows_refuse_whatever_the_policy() -> None:
    for bull, bear in ((3, 3), (0, 0), (2, 3)):
        known = facts(rows=(row("15", bull, bear, "NEUTRAL"), row("240", bull, bear, "NEUTRAL")))
        for profile in (MOMENTUM, SWING):
            assert aligned(profile, known, missing_trend_policy="allow") == "tf_alignment"


def test_the_daily_row_is_asked_after_the_four_hour_row_when_switched_on() -> None:
    known = facts(rows=(row("240", 5, 1), row("1440", 1, 5)))
    assert aligned(SWING, known) is None
    assert aligned(SWING, known, require_1d_alignment=True) == "tf_alignment_1d"
    without = facts(rows=(row("240", 5, 1),))
    decision = decided(entry_body(SWING), SWING, without, entry_conditions={"require_1d_alignment": True})
    assert "from the 1D chart" in decision.gates[-1].note


def test_the_newest_row_gives_the_state_and_all_rows_the_pulse() -> None:
    early = AT - timedelta(hours=1)
    known = facts(rows=(row("15", 6, 0), row("5", 3, 2, "NEUTRAL", at=AT + timedelta(seconds=1))))
    assert aligned(INTRADAY, known) == "market_state"
    known = facts(rows=(row("15", 5, 1), row("60", 1, 5, at=early)))
    assert aligned(INTRADAY, known) == "pulse"
    assert aligned(INTRADAY, known, require_pulse_alignment=False) is None


def test_a_state_nobody_knows_passes_only_under_allow() -> None:
    known = facts(rows=(row("15", 5, 1, "UNKNOWN"),))
    assert aligned(INTRADAY, known) == "market_state"
    assert aligned(INTRADAY, known, missing_trend_policy="allow") is None
    assert aligned(INTRADAY, facts(rows=()), missing_trend_policy="allow") is None


def test_momentum_is_asked_last_and_only_when_switched_on() -> None:
    for word, reason in (("INCREASING", None), ("DECREASING", "momentum"), (None, "momentum")):
        known = facts(momentum=word)
        assert aligned(MOMENTUM, known) is None
        assert aligned(MOMENTUM, known, require_momentum_increasing=True) == reason
    conditions = {"require_momentum_increasing": True, "missing_trend_policy": "allow"}
    assert aligned(MOMENTUM, facts(momentum=None), **conditions) is None


# exits


def closed(profile: Profile, *held: Any, side: Side = BUY, symbol: SymbolFacts | None = None) -> V6Decision:
    name = "EXIT_BULLISH" if side is BUY else "EXIT_BEARISH"
    known = facts(positions=held, symbol=symbol or SYMBOLS[GOLD])
    return decided(f"{name}|XAUUSD|{profile.timeframe}|2655.1|15", profile, known)


@pytest.mark.parametrize(
    ("profile", "volume", "profit", "wanted", "full"),
    [
        (MOMENTUM, "0.10", "25", "0.08", False),
        (MOMENTUM, "0.07", "0.01", "0.05", False),
        (MOMENTUM, "0.01", "9", "0.01", True),
        (MOMENTUM, "0.10", "0", "0.10", True),
        (MOMENTUM, "0.10", "-1", "0.10", True),
        (SWING, "0.09", "60", "0.04", False),
        (SWING, "0.09", "-60", "0.04", False),
        (SWING, "0.01", "5", "0.01", True),
        (SCALPING, "0.07", "5", "0.07", True),
        (INTRADAY, "0.25", "5", "0.25", True),
    ],
)
def test_the_share_an_exit_closes(
    profile: Profile, volume: str, profit: str, wanted: str, full: bool
) -> None:
    (close,) = closed(profile, position(profile, 1, volume, profit=D(profit))).closes
    assert (close.volume, close.full) == (D(wanted), full)
    assert close.runner is (profile is SWING and not full)


def test_an_exit_ends_its_own_side_of_its_own_positions() -> None:
    held = (
        position(SCALPING, 1, "0.05"),
        position(SCALPING, 2, "0.05", SELL),
        position(SCALPING, 3, "0.05", symbol="EURUSD"),
        position(SCALPING, 4, "0.05", plugin="combined_v3"),
        position(SCALPING, -5, "0.05"),
    )
    bullish = closed(SCALPING, *held)
    assert ([close.ticket for close in bullish.closes], bullish.close_reason) == ([1, -5], "Exit_Signal")
    assert [close.ticket for close in closed(SCALPING, *held, side=SELL).closes] == [2]


def test_an_exit_is_not_filtered_and_without_positions_is_still_an_exit() -> None:
    known = Facts(received_at=AT)
    for shadow, action in ((True, Action.SHADOW_EXIT), (False, Action.EXIT)):
        strict = attrs.evolve(
            rules(SCALPING), shadow=shadow, symbols=frozenset({"GBPUSD"}), max_open_trades=0
        )
        decision = decide(parse("EXIT_BULLISH|XAUUSD|1|2655.1|15"), known, strict)
        assert (decision.action, decision.closes, decision.close_reason) == (action, (), "")


def test_a_second_exit_leaves_the_runner() -> None:
    runner = position(SWING, 1, "0.05", runner=True)
    assert closed(SWING, runner).closes == ()
    assert [close.ticket for close in closed(SWING, runner, position(SWING, 2, "0.05")).closes] == [2]


def test_what_a_winner_keeps_on_5_minutes_is_ordinary() -> None:
    (close,) = closed(MOMENTUM, position(MOMENTUM, 1, "0.02", profit=D(1))).closes
    assert (close.volume, close.full, close.runner) == (D("0.01"), False, False)


def test_a_part_that_would_leave_less_than_the_least_lot_closes_all() -> None:
    coarse = attrs.evolve(SYMBOLS[GOLD], min_lot=D("0.10"))
    (close,) = closed(MOMENTUM, position(MOMENTUM, 1, "0.15", profit=D(1)), symbol=coarse).closes
    assert close.full


def test_without_lot_steps_an_exit_closes_whole_positions() -> None:
    held = (position(SWING, 1, "0.09"),)
    closes, _ = exits.signal_closes(held, BUY, None, rules(SWING))
    assert [close.full for close in closes] == [True]


# breakeven


def leg(side: Side = BUY, **more: Any) -> Any:
    more = {"leg": "A", "pair": "p1", "price_open": D("2650.62"), "sl": D("2646.03"), **more}
    return position(MOMENTUM, 801, "0.10", side, **more)


def moved(held: Any, reason: str = "TP1", leg: str = "B", pair: str = "p1", **settings: Any) -> V6Decision:
    event = LegClosed(symbol=GOLD, pair=pair, leg=leg, reason=reason)
    return decide_breakeven(event, facts(positions=(held,)), rules(MOMENTUM, **settings))


def test_the_stop_of_a_moves_to_its_entry_and_two_pips() -> None:
    move = moved(leg()).move
    assert move is not None
    assert (move.ticket, move.sl) == (801, D("2650.82"))
    short = moved(leg(SELL, sl=D("2655.00"))).move
    assert short is not None
    assert short.sl == D("2650.42")
    unprotected = moved(leg(sl=None)).move
    assert unprotected is not None


@pytest.mark.parametrize(
    "case",
    [
        {"reason": "SL"},
        {"reason": "Exit_Signal"},
        {"reason": "manual"},
        {"leg": "A"},
        {"pair": "p2"},
        {"pair": ""},
        {"exit_rules": {"move_to_breakeven_after_tp1": False}},
    ],
)
def test_nothing_else_moves_the_stop(case: dict[str, Any]) -> None:
    assert (moved(leg(), **case).action, moved(leg(), **case).move) == (Action.NONE, None)


def test_the_stop_is_never_loosened_and_a_repeat_changes_nothing() -> None:
    for stop in ("2650.82", "2651.5"):
        assert moved(leg(sl=D(stop))).move is None
    for stop in ("2650.42", "2649"):
        assert moved(leg(SELL, sl=D(stop))).move is None


def test_without_facts_of_the_symbol_no_stop_is_computed() -> None:
    event = LegClosed(symbol=GOLD, pair="p1", leg="B", reason="TP1")
    decision = decide_breakeven(event, facts(positions=(leg(),), symbol=None), rules(MOMENTUM))
    assert (decision.move, decision.reason) == (None, "no_symbol_info")


def test_only_5_minutes_moves_stops() -> None:
    for profile in (SCALPING, INTRADAY, SWING):
        event = LegClosed(symbol=GOLD, pair="p1", leg="B", reason="TP1")
        held = attrs.evolve(leg(), plugin=profile.id)
        assert decide_breakeven(event, facts(positions=(held,)), rules(profile)).move is None


# trends


def told(body: str) -> Any:
    message = parse(body)
    assert isinstance(message, TrendPulse | StateChange)
    return message


def test_a_pulse_replaces_counts_and_a_state_change_keeps_the_changes() -> None:
    pulse = row_after(told("TREND_PULSE|XAUUSD|15|5|1|15:SIDE→BULL|TRENDING_BULLISH"), (), AT)
    assert (pulse.bull_count, pulse.bear_count, pulse.changes) == (5, 1, "15:SIDE→BULL")
    later = row_after(
        told("STATE_CHANGE|XAUUSD|15|NEUTRAL|TRENDING_BULLISH|3/2"), (pulse,), AT + timedelta(seconds=1)
    )
    assert (later.bull_count, later.bear_count, later.changes) == (3, 2, "15:SIDE→BULL")
    assert later.market_state is MarketState.NEUTRAL
    assert rows_after((pulse, row("5", 1, 1)), later) == (row("5", 1, 1), later)
    fresh = row_after(told("STATE_CHANGE|XAUUSD|1D|RANGING|NEUTRAL|3/2"), (pulse,), AT)
    assert (fresh.timeframe, fresh.changes, fresh.market_state) == ("1440", "", MarketState.UNKNOWN)


def test_a_runner_ends_when_the_pulse_favours_the_other_side() -> None:
    held = (position(SWING, 1, "0.05", runner=True), position(SWING, 2, "0.05"))
    for body, tickets in (
        ("TREND_PULSE|XAUUSD|60|2|4||MIXED_BEARISH", [1]),
        ("STATE_CHANGE|XAUUSD|5|MIXED_BEARISH|NEUTRAL|2/4", [1]),
        ("TREND_PULSE|XAUUSD|60|3|3||NEUTRAL", []),
        ("TREND_PULSE|XAUUSD|60|4|2||MIXED_BULLISH", []),
        ("TREND_PULSE|EURUSD|60|0|6||TRENDING_BEARISH", []),
    ):
        known = facts(positions=held, rows=())
        assert [close.ticket for close in decided(body, SWING, known).closes] == tickets
    decision = decided("TREND_PULSE|XAUUSD|60|0|6||TRENDING_BEARISH", SWING, facts(positions=held, rows=()))
    assert (decision.close_reason, decision.closes[0].full) == ("Reversal", True)


def test_all_rows_of_the_symbol_decide_about_a_runner() -> None:
    held = (position(SWING, 1, "0.05", runner=True),)
    known = facts(positions=held, rows=(row("240", 5, 0), row("60", 0, 6)))
    assert decided("TREND_PULSE|XAUUSD|60|1|5||TRENDING_BEARISH", SWING, known).closes == ()


def test_only_the_plugin_that_leaves_runners_closes_them() -> None:
    for profile in (SCALPING, MOMENTUM, INTRADAY):
        held = (position(profile, 1, "0.05", runner=True),)
        body = "TREND_PULSE|XAUUSD|60|0|6||TRENDING_BEARISH"
        assert decided(body, profile, facts(positions=held)).closes == ()


def test_the_shared_store_takes_trends_and_leaves_entries_to_their_plugins() -> None:
    known = Facts(received_at=AT)

    def shared(body: str) -> tuple[str, str | None]:
        decision = decide_shared(parse(body), known)
        return decision.action.value, decision.reason

    assert shared("TREND_PULSE|XAUUSD|7|0|6||") == ("trend_update", None)
    assert shared("MOMENTUM_CHANGE|XAUUSD|7|26|STRONG|20|WEAK|INCREASING") == ("momentum_update", None)
    assert shared(entry_body(SCALPING)) == ("none", None)
    assert shared("EXIT_BULLISH|XAUUSD|240|2655.1|15") == ("ignored", "no_plugin")
    assert shared("BREAKOUT|XAUUSD|1M|2655.1|1|2|3") == ("ignored", "info_only")
    assert shared("{}") == ("ignored", "not_v6")
    assert shared("BREAKOUT|XAUUSD") == ("malformed", "field_count")


# duplicates


def test_the_same_body_is_a_repeat_for_less_than_the_window_and_does_not_renew_it() -> None:
    memory, body = Memory(), entry_body(SCALPING)

    def come(key: str, seconds: float, text: str = body) -> str | None:
        at = AT + timedelta(seconds=seconds)
        known = Facts(received_at=at, same_age=memory.age(key, at, text))
        decision = decide(parse(text), known, rules(INTRADAY))
        if taken(decision):
            memory.take(key, at, text)
        return decision.reason

    assert come("a", 0) == "wrong_timeframe"
    assert come("b", 59.999, f" {body}\r\n") == "duplicate"
    assert come("a", 59.999) == "wrong_timeframe"
    assert come("c", 60) == "wrong_timeframe"
    assert come("d", 61) == "duplicate"
    assert come("e", 61, body.replace("|90|", "|91|")) == "wrong_timeframe"
    assert come("f", 61, "TREND_PULSE|") == "field_count"
    assert come("g", 61, "TREND_PULSE|") == "field_count"


def test_an_age_is_the_least_it_can_be() -> None:
    memory = Memory()
    memory.take("a", AT, "x", vague=timedelta(seconds=1))
    assert memory.age("b", AT + timedelta(seconds=60), "x") == 59.0
    assert memory.age("b", AT + timedelta(seconds=0.5), "x") == 0.0
    assert memory.age("b", AT - timedelta(seconds=1), "x") is None


def test_a_window_of_nothing_finds_no_duplicates() -> None:
    assert [is_duplicate(age, 0) for age in (None, 0.0, 1.0)] == [False, False, False]


# classes and facts


def test_the_classes_for_display() -> None:
    assert [classes.adx_strength(D(n)) for n in ("25", "24.9", "20", "19.9", "0")] == [
        "STRONG",
        "MODERATE",
        "MODERATE",
        "WEAK",
        "WEAK",
    ]
    assert classes.adx_strength(None) == "NONE"
    assert [classes.confidence_level(n) for n in (80, 79, 50, 49)] == ["HIGH", "MODERATE", "MODERATE", "LOW"]


def info(**changes: Any) -> SymbolInfo:
    return attrs.evolve(
        SymbolInfo(name=GOLD, digits=2, point=0.01, pip_size=0.1, pip_value=10.0, contract_size=100.0),
        **changes,
    )


def test_symbol_facts_need_a_pip_size_a_pip_value_and_a_step() -> None:
    assert SymbolFacts.of(info()) == SYMBOLS[GOLD]
    assert SymbolFacts.of(info(volume_min=0.0)) == SYMBOLS[GOLD]
    assert SymbolFacts.of(None) is None
    for change in ({"pip_size": 0.0}, {"pip_value": float("nan")}, {"volume_step": 0.0}, {"digits": -1}):
        assert SymbolFacts.of(info(**change)) is None
