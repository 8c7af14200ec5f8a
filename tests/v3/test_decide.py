"""The decision as a whole."""

from decimal import Decimal
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import Side
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v3.decide import decide
from zepix_plugins_v3.decision import Accepted, Action, OpenPosition, V3Decision
from zepix_plugins_v3.duplicates import meaning
from zepix_plugins_v3.rules import HostRules, Rules, from_short_names
from zepix_plugins_v3.signals import BY_NAME, Category

from .messages import BUY, FACTS, SELL, entry, leave, pulse, read, squeeze, state

D = Decimal
RULES = from_short_names({})
STEP = D("0.01")


def decided(message: dict[str, Any], rules: Rules = RULES, **known: Any) -> V3Decision:
    return decide(read(message), state(**known), rules, FACTS)


def position(ticket: int, side: Side, symbol: str = "EURUSD", plugin: str = "combined_v3") -> OpenPosition:
    return OpenPosition(ticket=ticket, symbol=symbol, side=side, plugin=plugin)


PRICES = {
    "EURUSD": "1.16482",
    "USDJPY": "158.214",
    "USDCAD": "1.38836",
    "XAUUSD": "4601.325",
    "GBPJPY": "212.538",
}


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """Entries as Pine could send them, with or without stops."""
    symbol = draw(st.sampled_from(sorted(PRICES)))
    price = D(PRICES[symbol])
    up = draw(st.booleans())
    distance = price * draw(st.decimals("0.0005", "0.05", places=8))
    sign = 1 if up else -1
    given_levels = {
        "sl_price": price - sign * distance,
        "tp1_price": price + sign * distance * D("1.5"),
        "tp2_price": price + sign * distance * 3,
    }
    absent = draw(st.sets(st.sampled_from(sorted(given_levels))))
    levels: dict[str, Any] = {key: None if key in absent else level for key, level in given_levels.items()}
    names = [n for n, s in BY_NAME.items() if s.category is Category.ENTRY and s.side is None]
    return entry(
        signal_type=draw(st.sampled_from(names)),
        symbol=symbol,
        price=price,
        direction="buy" if up else "sell",
        consensus_score=draw(st.integers(5, 9)) if up else draw(st.integers(0, 4)),
        tf=draw(st.sampled_from(["1", "5", "15", "30", "60", "240", "1D"])),
        mtf_trends=draw(st.sampled_from([..., "1,1,1,1,-1", "1,1,-1,-1,0,1"])),
        **levels,
    )


BALANCES = st.decimals("1", "400000", places=2)


@given(entries(), BALANCES)
def test_lots_lie_on_a_step_and_never_above_the_cap(message: dict[str, Any], balance: Decimal) -> None:
    decision = decided(message, balance=str(balance))
    if decision.entry is None:
        assert decision.reason in ("low_consensus_score", "invalid_stops")
        return
    size = decision.entry.size
    for leg in (decision.entry.order_a, decision.entry.order_b):
        assert leg.lots % STEP == 0
        assert RULES.min_lot <= leg.lots <= RULES.max_lot
    assert size.total <= RULES.max_lot
    assert abs(decision.entry.order_a.lots + decision.entry.order_b.lots - size.total) <= 2 * STEP


@given(entries(), BALANCES)
def test_stops_and_targets_stand_on_their_sides(message: dict[str, Any], balance: Decimal) -> None:
    decision = decided(message, balance=str(balance))
    if decision.entry is None:
        return
    price = message["price"]
    for leg in (decision.entry.order_a, decision.entry.order_b):
        assert leg.sl > 0
        assert (leg.tp - price) * leg.side.sign > 0 > (leg.sl - price) * leg.side.sign


@given(entries(), BALANCES)
def test_order_b_risks_ten_dollars_within_a_price_step(message: dict[str, Any], balance: Decimal) -> None:
    decision = decided(message, balance=str(balance))
    if decision.entry is None:
        return
    facts, leg = FACTS[message["symbol"]], decision.entry.order_b
    risk = abs(message["price"] - leg.sl) / facts.pip_size * facts.pip_value * leg.lots
    rounding = D(1).scaleb(-facts.digits) / 2 / facts.pip_size * facts.pip_value * leg.lots
    assert abs(risk - 10) <= rounding


@given(entries(), BALANCES)
def test_the_same_facts_lead_to_the_same_decision(message: dict[str, Any], balance: Decimal) -> None:
    assert decided(message, balance=str(balance)) == decided(message, balance=str(balance))


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 9))
def test_no_balance_and_no_price_make_it_raise(balance: Decimal, score: int) -> None:
    for price in (D("1e-999999999"), D("999999999.99999"), D("1.1234567890123456789012345678901234567")):
        message = entry(price=price, sl_price=None, tp1_price=None, tp2_price=None, consensus_score=score)
        decision = decide(read(message), attrs.evolve(state(), balance=balance), RULES, FACTS)
        assert decision.action in (Action.ENTER, Action.REJECT)


def test_what_is_missing_never_opens_a_trade() -> None:
    missing = [
        state(None),
        state("0"),
        state("-5"),
        state(daily_loss=None),
        state(lifetime_loss=None),
    ]
    assert {decide(read(entry()), known, RULES, FACTS).reason for known in missing} == {"no_balance"}
    assert decide(read(entry()), state(), RULES, {}).reason == "no_symbol_info"


def test_a_forced_tier_does_not_make_up_for_a_missing_balance() -> None:
    assert (
        decided(entry(), from_short_names({"default_risk_tier": "10000"}), balance=None).reason
        == "no_balance"
    )


def test_a_stop_that_rounding_pushes_onto_the_entry_is_refused() -> None:
    gold = entry(symbol="XAUUSD", price=D("4601.32"), sl_price=D("4601.319"), tp1_price=None, tp2_price=None)
    assert decided(gold).reason == "invalid_stops"


def test_gates_are_asked_in_order_score_stops_trend_balance() -> None:
    rules = from_short_names({"bypass_for_entry_v3": False})
    wrong = entry(consensus_score=4, sl_price=D(2), mtf_trends="-1,-1,-1,-1,-1")
    assert decided(wrong, rules, balance=None).reason == "low_consensus_score"
    wrong["consensus_score"] = 8
    assert decided(wrong, rules, balance=None).reason == "invalid_stops"
    wrong["sl_price"] = None
    assert decided(wrong, rules, balance=None).reason == "trend_not_aligned"
    wrong["mtf_trends"] = "1,1,1,1,1"
    assert decided(wrong, rules, balance=None).reason == "no_balance"


def test_a_rejected_entry_tells_which_gate_said_no_and_closes_nothing() -> None:
    decision = decided(entry(consensus_score=4), positions=(position(1, SELL),))
    gate = decision.gates[-1]
    assert (gate.name, gate.passed, gate.value, gate.rule, gate.threshold) == (
        "conviction",
        False,
        4,
        ">=",
        5,
    )
    assert decision.close_tickets == ()


def test_an_accepted_entry_carries_its_arithmetic() -> None:
    decision = decided(entry())
    assert all(gate.passed for gate in decision.gates)
    assert [step.name for step in decision.steps][:3] == ["conviction", "total lots", "capped lots"]


def test_an_aggressive_entry_closes_only_own_opposite_positions_of_its_symbol() -> None:
    positions = (
        position(1, SELL),
        position(2, BUY),
        position(3, SELL, "GBPUSD"),
        position(4, SELL, plugin="other"),
        position(-5, SELL),
    )
    decision = decided(entry(), positions=positions)
    assert (decision.action, decision.close_tickets) == (Action.REVERSE, (1, -5))


def test_a_duplicate_exit_acts_while_something_is_open_and_is_refused_when_nothing_is() -> None:
    before = (Accepted(age=5.0, meaning=meaning(read(leave()))),)
    acts = decided(leave(), accepted=before, positions=(position(1, BUY),))
    refused = decided(leave(), accepted=before)
    assert (acts.action, acts.close_tickets) == (Action.CLOSE, (1,))
    assert (refused.action, refused.reason) == (Action.REJECT, "duplicate")


def test_a_pulse_with_other_trends_is_no_duplicate() -> None:
    before = (Accepted(age=5.0, meaning=meaning(read(pulse()))),)
    assert decided(pulse(), accepted=before).reason == "duplicate"
    assert decided(pulse(current_trends="1,1,1,1,1,1"), accepted=before).action is Action.TREND_UPDATE


def test_a_window_of_nought_knows_no_duplicates() -> None:
    before = (Accepted(age=0.0, meaning=meaning(read(squeeze()))),)
    rules = from_short_names({"duplicate_window_seconds": 0})
    assert decided(squeeze(), rules, accepted=before).action is Action.NOTIFY


def test_trends_come_from_the_alert_as_a_whole_before_the_store() -> None:
    rules = from_short_names({"bypass_for_entry_v3": False})
    bullish = {"EURUSD": {"15m": 1, "1h": 1, "4h": 1, "1d": 1}}
    assert decided(entry(mtf_trends=...), rules, trends=bullish).action is Action.ENTER
    assert decided(entry(mtf_trends="0,0,0,1,1"), rules, trends=bullish).reason == "trend_not_aligned"
    partly = {"EURUSD": {"15m": 1, "1h": 1}}
    assert decided(entry(mtf_trends=...), rules, trends=partly).reason == "trend_not_aligned"


def test_a_literal_launchpad_sell_needs_only_the_general_score() -> None:
    rules = from_short_names({"score_mode": "literal"})
    sell = {"direction": "sell", "sl_price": None, "tp1_price": None, "tp2_price": None}
    launchpad = entry(signal_type="Institutional_Launchpad", consensus_score=5, **sell)
    assert decided(launchpad, rules).action is Action.ENTER
    assert decided(launchpad | {"direction": "buy"}, rules).reason == "low_consensus_score"


def changed(section: str, **values: Any) -> Rules:
    settings = V3Config().settings
    part = attrs.evolve(getattr(settings, section), **values)
    return Rules.of(V3Config(settings=attrs.evolve(settings, **{section: part})))


def test_what_an_operator_switched_off_is_refused_with_that_reason() -> None:
    sideways = entry(signal_type="Sideways_Breakout")
    assert decided(sideways, changed("signal_handling", signal_12_enabled=False)).reason == "signal_disabled"
    only = changed("signal_handling", entry_signals=("Golden_Pocket",))
    assert decided(entry(), only).reason == "signal_disabled"
    assert decided(entry(signal_type="Golden_Pocket_Flip"), only).action is Action.ENTER
    assert decided(entry(), changed("dual_order_system", enabled=False)).reason == "dual_orders_disabled"
    stopped = Rules.of(V3Config(), HostRules(stopped_logics=frozenset({"LOGIC2"})))
    assert decided(entry(), stopped).reason == "logic_disabled"
    settings = attrs.evolve(V3Config().settings, supported_timeframes=("5",))
    assert decided(entry(), Rules.of(V3Config(settings=settings))).reason == "timeframe_disabled"
    assert decided(leave(), Rules.of(V3Config(settings=settings))).action is Action.NO_ACTION


def test_a_symbol_without_a_row_in_the_stop_table_needs_a_stop_of_its_own() -> None:
    rules = attrs.evolve(RULES, stop_distances={})
    assert decided(entry(sl_price=None), rules).reason == "no_stop_table"
    assert decided(entry(), rules).action is Action.ENTER


def test_a_tier_without_lots_is_refused() -> None:
    assert decided(entry(), from_short_names({"default_risk_tier": "777"})).reason == "no_base_lot"
