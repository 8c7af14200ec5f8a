"""Whatever text comes in: a declared answer, no exception, and nothing accepted that reads differently."""

import json
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from zepix_plugins_v6.alert import MESSAGE_TYPES, parse
from zepix_plugins_v6.decide import decide
from zepix_plugins_v6.decision import Action
from zepix_plugins_v6.messages import Entry, Malformed, NotV6, V6Message
from zepix_plugins_v6.profiles import PROFILES

from .messages import AT, facts, rules
from .render import render

WEEK = [
    json.loads(line)["body"]
    for line in (Path(__file__).parent / "data" / "v6_alerts.jsonl").read_text("utf-8").splitlines()
]
SOUND = [body for body in WEEK if isinstance(parse(body), V6Message)]
PIECES = (
    *("", "NA", "NaN", "0", "-0", "-1", ".5", "1e5", "+1", "1_0", "2,650.5", "inf", "５", "0.00000", "007"),
    *("BUY", "SELL", "HIGH", "STRONG", "WEAK", "TL_OK", "TL_BREAK", "5/1", "6/1", "3/3", "1M", "1D", "5m"),
    *("XAUUSD", "eurusd", "OANDA:XAUUSD", "15:BEAR→BULL", " ", "\n", "\x00", "\ud800", "a|b", "INCREASING"),
)
FIELD = st.one_of(st.sampled_from(PIECES), st.text(max_size=12), st.decimals(-5000, 5000).map(str))


@st.composite
def made_up(draw: st.DrawFn) -> str:
    """A known type with any fields."""
    kind = draw(st.sampled_from(MESSAGE_TYPES))
    return "|".join([kind, *draw(st.lists(FIELD, max_size=16))])


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A sound message with some fields replaced, dropped, doubled or swapped."""
    parts = draw(st.sampled_from(SOUND)).split("|")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                parts[at] = draw(FIELD)
            case 1 if len(parts) > 1:
                del parts[at]
            case 2:
                parts.insert(at, draw(FIELD))
            case _:
                other = draw(st.integers(0, len(parts) - 1))
                parts[at], parts[other] = parts[other], parts[at]
    blanks = draw(st.sampled_from(["", "\n", " \t\r\n"]))
    return blanks + "|".join(parts) + blanks


BODIES = st.one_of(damaged(), made_up(), st.text(max_size=80))


@given(BODIES)
@example("BULLISH_ENTRY|X|1|1|BUY|HIGH||NaN|NA|NaN|1|NA||")
@example("BULLISH_ENTRY|X|1|1|BUY|HIGH|1|-0|NA|NaN|NaN|NaN|NaN||")
@example("TREND_PULSE|X|D|0|0||")
@example("TREND_PULSE|X|D|0|0|||")
@example("EXIT_BULLISH|X|1|1|-.5|")
def test_a_body_is_a_message_or_a_declared_refusal_and_says_the_same_when_written_again(body: str) -> None:
    message = parse(body)
    if not isinstance(message, V6Message):
        assert isinstance(message, Malformed | NotV6)
        return
    again = render(message)
    assert parse(again) == message
    assert render(message) == again


@given(BODIES)
def test_no_body_makes_a_plugin_fail(body: str) -> None:
    for profile in PROFILES:
        decision = decide(parse(body), facts(), rules(profile))
        assert decision.action not in (Action.MODIFY, Action.NONE)
        assert not decision.orders or isinstance(decision.message, Entry)
        assert decision.row is None or decision.row.last_updated == AT


def test_sound_messages_of_a_week_are_written_again_as_they_came() -> None:
    """All but those whose sender left a score out, printed NaN for an ADX, or put no final separator."""
    different = [body for body in SOUND if render(parse(body)) != body.strip()]  # type: ignore[arg-type]
    assert len(different) <= len(SOUND) // 20, different
