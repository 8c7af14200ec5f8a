"""Thresholds, trends and momentum: what passes, what refuses, in which order."""

from datetime import timedelta
from typing import Any

import pytest

from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.filters import judge, rounded_spread
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, PROFILES, SCALPING, SWING, Profile

from .messages import AT, BUY, SELL, D, decided, entry, entry_body, facts, row, rows, rules


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
