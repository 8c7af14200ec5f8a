"""What pulses and state changes do to the group's rows, and to runners."""

from datetime import timedelta
from typing import Any

from zepix_core import MarketState
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.decide import decide_shared
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.messages import StateChange, TrendPulse
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, SCALPING, SWING
from zepix_plugins_v6.pulse import row_after, rows_after

from .messages import AT, decided, entry_body, facts, position, row


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
