"""The decision as a whole: properties that hold for any entry the indicator could send."""

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import Side
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.breakeven import LegClosed, decide_breakeven
from zepix_plugins_v6.decide import decide
from zepix_plugins_v6.decision import Action, V6Decision
from zepix_plugins_v6.facts import Counters, Facts, SymbolFacts
from zepix_plugins_v6.messages import Entry
from zepix_plugins_v6.profiles import MOMENTUM, PROFILES, Profile
from zepix_plugins_v6.rules import Rules

from .messages import PRICES, SYMBOLS, decided, entry, entry_body, facts, position, row, rules

D = Decimal
ENTRIES = (Action.ENTRY, Action.SHADOW_ENTRY)
profiles = st.sampled_from(PROFILES)
sides = st.sampled_from(list(Side))


@st.composite
def symbols(draw: st.DrawFn) -> SymbolFacts:
    """A symbol as some broker might have it."""
    step = draw(st.sampled_from(["0.001", "0.001", "0.01", "0.01", "0.1", "1", "0.03"]))
    known = SYMBOLS[draw(st.sampled_from(sorted(SYMBOLS)))]
    least = D(step) * draw(st.sampled_from([0, 1, 1, 3])) + draw(st.sampled_from([D(0), D("0.005")]))
    return attrs.evolve(known, step=D(step), min_lot=least, max_lot=draw(st.sampled_from([D("0.5"), D(50)])))


@st.composite
def known(draw: st.DrawFn, side: Side) -> Facts:
    """Facts, complete or not."""
    trends = tuple(
        row(timeframe, bull, bear)
        for timeframe in draw(st.sets(st.sampled_from(["5", "15", "60", "240", "1440"])))
        for bull, bear in [draw(st.sampled_from([(5, 1), (1, 5), (3, 3), (4, 2), (2, 4)]))]
    )
    return facts(
        side,
        balance=draw(st.none() | st.decimals("-10", "400000", places=2)),
        symbol=draw(st.none() | symbols()),
        spread_pips=draw(st.none() | st.decimals("0", "5", places=2)),
        rows=draw(st.just(facts(side).rows) | st.just(trends)),
        momentum=draw(st.sampled_from([None, "INCREASING", "DECREASING"])),
        counters=draw(st.none() | st.builds(Counters, open_trades=st.integers(0, 5))),
    )


@st.composite
def entries(draw: st.DrawFn, profile: Profile, side: Side) -> Entry:
    """Entries as the indicator could send them, with or without levels."""
    stop = draw(st.decimals("0.5", "60", places=5))
    adx = draw(st.just("NA") | st.decimals(0, 100, places=1).map(str))
    tail = draw(st.sampled_from([None, None, None, "5/1|", "2640|NaN|2670|2680|", "NaN|2660|2670|2680|"]))
    return entry(profile, side, stop=str(stop), adx=adx, score=draw(st.integers(0, 100)), tail=tail)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Entry, Facts, Rules]:
    """An entry, what is known, and rules."""
    profile, side = draw(profiles), draw(sides)
    conditions = {"missing_trend_policy": draw(st.sampled_from(["reject", "allow"]))}
    found = rules(profile, draw(st.booleans()), entry_conditions=conditions)
    return draw(entries(profile, side)), draw(known(side)), found


@st.composite
def sound_cases(draw: st.DrawFn) -> tuple[Entry, Facts, Rules]:
    """An entry that nothing speaks against."""
    profile, side = draw(profiles), draw(sides)
    message = entry(profile, side, stop=str(draw(st.decimals("0.5", "60", places=5))))
    balance = draw(st.decimals("1", "400000", places=2))
    return message, facts(side, balance=balance, symbol=draw(symbols())), rules(profile)


@given(sound_cases())
def test_lots_lie_on_a_step_and_never_above_the_caps(case: tuple[Entry, Facts, Rules]) -> None:
    message, found, ruled = case
    decision = decide(message, found, ruled)
    symbol = found.symbol
    assert symbol is not None
    assert len(decision.orders) == len(ruled.legs)
    for order in decision.orders:
        assert order.lots > 0
        assert order.lots % symbol.step == 0
        assert order.lots >= symbol.min_lot
    if not decision.raised_to_min:
        assert decision.total_lots <= min(ruled.max_lots, symbol.max_lot)


@given(sound_cases())
def test_a_trade_that_was_not_raised_risks_no_more_than_the_plan_says(
    case: tuple[Entry, Facts, Rules],
) -> None:
    message, found, ruled = case
    decision = decide(message, found, ruled)
    if decision.raised_to_min:
        return
    assert found.symbol is not None
    assert message.sl is not None
    assert found.balance is not None
    pips = abs(message.price - message.sl) / found.symbol.pip_size
    planned = found.balance * ruled.risk_percent / 100
    assert decision.total_lots * pips * found.symbol.pip_value <= planned * D("1.000001")


@given(sound_cases())
def test_stops_lie_on_the_losing_side_and_targets_on_the_winning_side(
    case: tuple[Entry, Facts, Rules],
) -> None:
    message, found, ruled = case
    for order in decide(message, found, ruled).orders:
        assert (message.price - order.sl) * message.side.sign > 0
        assert (order.tp - message.price) * message.side.sign > 0


@given(cases())
def test_the_same_facts_give_the_same_decision(case: tuple[Entry, Facts, Rules]) -> None:
    assert decide(*case) == decide(*case)


@given(cases())
def test_a_refusal_has_a_reason_and_the_gate_that_refused_comes_last(
    case: tuple[Entry, Facts, Rules],
) -> None:
    decision = decide(*case)
    assert all(gate.passed for gate in decision.gates[:-1])
    if decision.action in ENTRIES:
        assert decision.reason is None
        assert decision.orders
        assert all(gate.passed for gate in decision.gates)
    else:
        assert decision.action is Action.REJECT
        assert (decision.orders, decision.reason) == ((), decision.gates[-1].name)
        assert not decision.gates[-1].passed


@given(cases(), st.decimals(0, 100, places=1), st.decimals(0, 100, places=1), st.data())
def test_a_stricter_threshold_never_turns_a_refusal_into_an_entry(
    case: tuple[Entry, Facts, Rules], one: Decimal, other: Decimal, data: st.DataObject
) -> None:
    message, found, ruled = case
    low, high = sorted((one, other))
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"adx": low}, {"adx": high}),
        ({"adx": None}, {"adx": high}),
        ({"confidence": low}, {"confidence": high}),
        ({"max_spread": high}, {"max_spread": low}),
        ({"max_open_trades": 3}, {"max_open_trades": 2}),
        ({"allow_missing": True}, {"allow_missing": False}),
        ({"required": frozenset()}, {"required": ruled.required}),
        ({"symbols": frozenset()}, {"symbols": frozenset({"EURUSD"})}),
    ]
    loose, strict = data.draw(st.sampled_from(pairs))

    def acts(changes: dict[str, Any]) -> bool:
        return decide(message, found, attrs.evolve(ruled, **changes)).action in ENTRIES

    assert not acts(strict) or acts(loose)


NEEDED: dict[str, tuple[str, ...]] = {
    "price_action_1m": ("balance", "symbol", "spread_pips"),
    "price_action_5m": ("balance", "symbol", "rows"),
    "price_action_15m": ("balance", "symbol", "rows"),
    "price_action_1h": ("balance", "symbol", "rows"),
}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
@pytest.mark.parametrize("side", list(Side))
def test_without_a_fact_it_asks_for_no_plugin_trades(profile: Profile, side: Side) -> None:
    assert decided(entry_body(profile, side), profile, facts(side)).action is Action.ENTRY
    for name in NEEDED[profile.id]:
        missing: dict[str, Any] = {name: () if name == "rows" else None}
        gap = attrs.evolve(facts(side), **missing)
        assert decided(entry_body(profile, side), profile, gap).action is Action.REJECT, name


@given(cases())
def test_no_entry_is_placed_on_anything_missing(case: tuple[Entry, Facts, Rules]) -> None:
    message, found, ruled = case
    decision = decide(message, found, ruled)
    if decision.action in ENTRIES:
        assert message.sl is not None
        assert found.balance is not None
        assert found.balance > 0
        assert found.symbol is not None
        assert ruled.adx is None or message.adx is not None
        assert ruled.max_spread is None or found.spread_pips is not None
        assert found.rows or ruled.allow_missing or not ruled.required


@pytest.mark.parametrize("balance", ["0", "-5"])
def test_without_money_there_is_no_size(balance: str) -> None:
    decision = decided(entry_body(MOMENTUM), MOMENTUM, facts(balance=D(balance)))
    assert (decision.action, decision.reason) == (Action.REJECT, "no_balance")


def test_caps_come_after_the_filters_and_before_the_size() -> None:
    full = facts(balance=None, counters=Counters(open_trades=4))
    assert decided(entry_body(MOMENTUM), MOMENTUM, full).reason == "cap_open_trades"
    assert decided(entry_body(MOMENTUM, score=0), MOMENTUM, full).reason == "confidence"


def test_shadow_decides_as_live_and_says_so() -> None:
    live, shadow = rules(MOMENTUM), attrs.evolve(rules(MOMENTUM), shadow=True)
    one, other = (decide(entry(MOMENTUM), facts(), ruled) for ruled in (live, shadow))
    assert (one.action, other.action) == (Action.ENTRY, Action.SHADOW_ENTRY)
    assert (one.orders, one.gates, one.steps) == (other.orders, other.gates, other.steps)
    assert (one.skip_reason, other.skip_reason) == (None, "shadow")


def test_an_open_opposite_position_neither_blocks_nor_is_closed() -> None:
    held = (position(MOMENTUM, 1, "0.1", Side.SELL), position(MOMENTUM, 2, "0.1", plugin="combined_v3"))
    decision = decided(entry_body(MOMENTUM), MOMENTUM, facts(positions=held))
    assert (decision.action, decision.closes) == (Action.ENTRY, ())


def test_the_facts_a_trade_table_keeps_are_observed() -> None:
    seen = decided(entry_body(MOMENTUM, adx="NA", score=55), MOMENTUM, facts()).observed
    assert seen is not None
    assert (seen.adx, seen.adx_strength, seen.conf_score, seen.confidence_level) == (
        None,
        "NONE",
        55,
        "MODERATE",
    )
    assert (seen.trend_15m, seen.trend_4h, seen.trend_1d, seen.momentum_increasing) == (1, 1, 1, True)
    assert (seen.market_state, seen.pulse, seen.pulse_alignment_ok) == ("TRENDING_BULLISH", (25, 5), True)
    assert seen.spread_pips == D("1.2")
    nothing = decided(entry_body(MOMENTUM), MOMENTUM, facts(rows=(), momentum=None)).observed
    assert nothing is not None
    assert (nothing.trend_15m, nothing.momentum_increasing, nothing.market_state) == (None, None, "UNKNOWN")


def test_the_story_of_an_entry_has_its_numbers() -> None:
    decision = decided(entry_body(MOMENTUM, stop="4.474"), MOMENTUM, facts())
    assert [gate.name for gate in decision.gates] == [
        *("symbol", "levels", "adx", "confidence", "tf_alignment", "momentum"),
        *("no_balance", "no_symbol_info"),
    ]
    assert {step.name: step.result for step in decision.steps} == {
        "stop": "44.74 pips",
        "risk": "75",
        "lots": "0.167635",
        "capped lots": "0.16",
        "lots of A": "0.08",
        "lots of B": "0.08",
    }


VOLUMES = st.integers(1, 400).map(lambda steps: steps * D("0.01"))


@given(profiles, VOLUMES, st.decimals(-50, 50, places=2), st.sampled_from(["0.01", "0.05", "0.1"]))
def test_an_exit_leaves_nothing_or_at_least_the_least_lot(
    profile: Profile, volume: Decimal, profit: Decimal, least: str
) -> None:
    symbol = attrs.evolve(SYMBOLS["XAUUSD"], min_lot=D(least))
    held = (position(profile, 1, str(volume), profit=profit),)
    body = f"EXIT_BULLISH|XAUUSD|{profile.timeframe}|{PRICES['XAUUSD']}|15"
    (close,) = decided(body, profile, facts(positions=held, symbol=symbol)).closes
    rest = volume - close.volume
    assert close.volume % symbol.step == 0
    assert close.full is (rest == 0)
    assert close.full or (rest >= symbol.min_lot and close.volume >= symbol.min_lot)


@given(sides, st.decimals(2600, 2700, places=2), st.none() | st.decimals(2590, 2710, places=2))
def test_breakeven_only_tightens_and_a_second_time_does_nothing(
    side: Side, opened: Decimal, stop: Decimal | None
) -> None:
    leg = position(MOMENTUM, 1, "0.1", side, leg="A", pair="p", price_open=opened, sl=stop)
    event = LegClosed(symbol="XAUUSD", pair="p", leg="B", reason="TP1")
    move = decide_breakeven(event, facts(positions=(leg,)), rules(MOMENTUM)).move
    if move is None:
        assert stop is not None
        return
    assert stop is None or (move.sl - stop) * side.sign > 0
    again = facts(positions=(attrs.evolve(leg, sl=move.sl),))
    assert decide_breakeven(event, again, rules(MOMENTUM)).move is None


def test_every_decision_names_its_action_for_the_story() -> None:
    decision: V6Decision = decide(parse("nonsense"), facts(), rules(MOMENTUM))
    assert decision.facts() == {"action": "ignored", "reason": "not_v6"}
