"""Sentences say how an alert ended and why, with the numbers, and never the opposite."""

import sqlite3
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.conftest import NOON

from zepix_core.cli.story_text import story_lines
from zepix_core.cli.story_words import decided, duration, later, verdict
from zepix_core.clock import NS
from zepix_core.config.home import Home
from zepix_core.journal.events import append
from zepix_core.journal.story import Story, tell
from zepix_core.model.decision import Decision, Gate, Verdict
from zepix_core.model.gate_words import gate_sentence, gate_text
from zepix_core.testing.clock import VirtualClock


def refused(home: Home, reason: str, **facts: Any) -> Story:
    """The second alert's story, refused by the host with that reason."""
    with sqlite3.connect(home.journal_db) as connection:
        connection.execute("UPDATE inbox SET reason = ?, finished_ns = received_ns + 259760000000", (reason,))
        if facts:
            append(connection, VirtualClock(), "alert_refused", {"reason": reason, **facts}, alert_id=2)
        connection.execute("UPDATE inbox SET state = 'refused' WHERE id = 2")
        story = tell(connection, "2")
    assert story is not None
    return story


@pytest.mark.parametrize(
    ("decision", "text"),
    [
        (Decision(verdict=Verdict.REJECTED, action="enter", reason="trading_paused"),
         "wanted to enter, refused: trading_paused"),
        (Decision(verdict=Verdict.REJECTED, action="reject", reason="missing_stop"), "refused: missing_stop"),
        (Decision(verdict=Verdict.NOTHING, action="close", reason="no_open_position"),
         "nothing to do: no_open_position"),
        (Decision(verdict=Verdict.ACTED, action="enter"), "enter"),
    ],
)  # fmt: skip
def test_a_decision_reads_as_it_was_made(decision: Decision, text: str) -> None:
    assert decided(decision) == text


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (Gate("spread", True, 2, "<=", 3), "spread: 2 <= 3"),
        (Gate("spread", False, 4, "<=", 3), "spread: 4 is not <= 3"),
        (Gate("symbol", False, "BTCUSD", "in the symbol table"), "symbol: BTCUSD is not in the symbol table"),
        (Gate("enabled", False, False, "is", True), "enabled: no (must be yes)"),
        (Gate("side", False, "BUY", "is", "SELL"), "side: BUY is not SELL"),
        (Gate("free", True), "free: -"),
        (Gate("free", False), "free: not met"),
        (Gate("pulse", False, None, "leans", "BUY"), "pulse: not met (wanted: leans BUY)"),
        (Gate("no duplicate", False, 86.5, "seconds since the same, none or >=", 300),
         "no duplicate: 86.5 (wanted: seconds since the same, none or >= 300)"),
        (Gate("host's gate", False, "DAILY_LIMIT", "takes order A"),
         "host's gate: DAILY_LIMIT (wanted: takes order A)"),
        (Gate("balance", False, None, "known", True), "balance: not met (wanted: known)"),
        (Gate("side", False, None, "is", "SELL"), "side: not met (must be SELL)"),
        (Gate("signal", False, "X", "taken by the settings"), "signal: X is not taken by the settings"),
    ],
)  # fmt: skip
def test_a_failed_gate_says_what_did_not_hold(gate: Gate, text: str) -> None:
    assert gate_text(gate) == text


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (Gate("tf_alignment", False, None, "row 15 leans", "BUY", "EURUSD has no row of 15"),
         "tf_alignment: EURUSD has no row of 15"),
        (Gate("host's gate", False, "DAILY_LIMIT", "takes order A", note="the day's loss is 5.00"),
         "host's gate: the day's loss is 5.00"),
        (Gate("cooldown", False, 3, ">=", 15, "minutes since a close"),
         "cooldown: 3 is not >= 15 (minutes since a close)"),
        (Gate("adx", False, None, ">", 20, "the message has no ADX"), "adx: the message has no ADX"),
        (Gate("adx", False, 18, ">", 20), "adx: 18 is not > 20"),
    ],
)  # fmt: skip
def test_a_refusal_says_the_note_where_value_and_rule_say_less(gate: Gate, text: str) -> None:
    assert gate_sentence(gate) == text


@given(
    value=st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    rule=st.sampled_from(
        ["", "is", "<", ">=", "leans", "in the list", "known", "pillars >=", "takes order A"]
    ),
    threshold=st.none() | st.booleans() | st.integers() | st.just("BUY"),
)
def test_no_failed_gate_is_garbled(value: Any, rule: str, threshold: Any) -> None:
    text = gate_text(Gate("x", False, value, rule, threshold))
    assert "None" not in text
    assert not any(f"is not {word}" in text for word in ("leans", "takes", "pillars"))
    assert not text.startswith("x: is")


@pytest.mark.parametrize(
    ("reason", "facts", "part"),
    [
        (
            "stale",
            {"age_seconds": 7320.0, "limit_seconds": 300},
            "2 h 2 min old, and at most 5 min are",
        ),
        ("stale", {"age_seconds": -90.0, "limit_seconds": 300}, "1 min 30 s in the future"),
        ("replayed", {"age_seconds": 90_000.0}, "came 1 d 1 h before"),
        ("rate_limited", {"rate_per_minute": 600, "burst": 200}, "more than 600 a minute came (200 at once"),
        ("expired", {}, "its turn came 4 min 19 s after its arrival"),
        ("strict", {}, "webhook.strict_alerts is on"),
        ("plugin_unavailable", {}, "could not be asked"),
        ("duplicate", {}, "handled shortly before"),
        ("worker_died", {}, "process ended"),
    ],
)
def test_a_reason_of_the_host_is_explained(
    traded_home: Home, reason: str, facts: dict[str, Any], part: str
) -> None:
    text = verdict(refused(traded_home, reason, **facts))
    assert text.startswith(f"Alert 2 (x-2): refused, {reason}: ")
    assert part in text


def test_nobody_to_ask_names_who_takes_what(traded_home: Home) -> None:
    rows = [
        {"id": "bracket", "enabled": True, "alerts": {"sell": "entry", "buy": "entry"}},
        {"id": "v6", "enabled": False, "state": "disabled", "alerts": {"e": "entry"}, "timeframes": ["60"]},
    ]
    text = verdict(refused(traded_home, "no_plugin"), rows)
    assert "no enabled plugin takes entry_v3 of timeframe 60; bracket takes buy, sell;" in text
    assert "v6 (disabled) takes e of timeframes 60." in text


def test_a_disabled_plugin_that_would_take_it_is_named_first(traded_home: Home) -> None:
    rows = [
        {"id": "bracket", "enabled": True, "alerts": {"buy": "entry"}},
        {"id": "v3", "enabled": False, "state": "disabled", "alerts": {"entry_v3": "entry"}},
    ]
    text = verdict(refused(traded_home, "no_plugin"), rows)
    would = "timeframe 60; v3 (disabled) would take it: `zepix plugins enable v3`; bracket takes buy."
    assert would in text


def test_a_plugins_refusal_is_explained_by_its_failed_gate(traded_home: Home) -> None:
    gate = Gate("risk", False, 5.0, "<=", 2.0)
    decision = Decision(verdict=Verdict.REJECTED, action="enter", reason="risk_too_large", gates=(gate,))
    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("UPDATE inbox SET state = 'refused', reason = 'risk_too_large' WHERE id = 2")
        connection.execute(
            "INSERT INTO deliveries (alert_id, plugin, state, reason, decision)"
            " VALUES (2, 'combined_v3', 'rejected', 'risk_too_large', ?)",
            (msgspec.json.encode(decision).decode(),),
        )
        story = tell(connection, "2")
    assert story is not None
    lines = [line.text for line in story_lines(story)]
    assert lines[0] == "Alert 2 (x-2): refused, risk_too_large: risk: 5 is not <= 2."
    assert "  decision: wanted to enter, refused: risk_too_large" in lines


def test_one_that_waits_says_so(traded_home: Home) -> None:
    with sqlite3.connect(traded_home.journal_db) as connection:
        story = tell(connection, "3")
    assert story is not None
    assert verdict(story) == "Alert 3: new: its turn has not come."


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(1.26, "+1.3 ms"), (2500.0, "+2.5 s"), (259_760.0, "+4 min 19 s"), (3_600_000.0, "+1 h")],
)
def test_times_far_later_are_read_in_minutes(milliseconds: float, text: str) -> None:
    assert later(milliseconds) == text


def test_a_duration_has_two_units() -> None:
    assert [duration(s) for s in (0.5, 61, 86_400 + 3600 * 2 + 5, NOON / NS - NOON // NS)] == [
        "0.5 s",
        "1 min 1 s",
        "1 d 2 h",
        "0 s",
    ]
