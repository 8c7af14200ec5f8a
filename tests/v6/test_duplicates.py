"""The same body within the window is a repeat."""

from datetime import timedelta

from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.decide import decide, taken
from zepix_plugins_v6.duplicates import Memory, is_duplicate
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.profiles import INTRADAY, SCALPING

from .messages import AT, entry_body, rules


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
