"""A message says what its notices say, and a template comes out as JSON whatever they say."""

import json

from hypothesis import given
from hypothesis import strategies as st

from zepix_core.clock import NS
from zepix_core.journal.channels import StoredNotice
from zepix_core.model.notice import Priority
from zepix_core.notify.message import TEXT_LIMIT, fill, message_of

NOON = 1_767_614_400 * NS
TEMPLATE = (
    '{"content": "{text}", "nested": [{"{type}": "{symbol}{key}", "n": 1}], "{}": "{ }", "p": "{priority}"}'
)


def stored(number: int = 1, text: str = "bought", **more: object) -> StoredNotice:
    values = {
        "id": number, "created_ns": NOON, "priority": Priority.HIGH, "type": "entry", "text": text,
        "data": {}, "plugin": None, "symbol": None, "alert_id": None, **more,
    }  # fmt: skip
    return StoredNotice(**values)  # type: ignore[arg-type]


@given(st.text(), st.text())
def test_whatever_a_notice_holds_a_template_is_filled_with_it(text: str, symbol: str) -> None:
    message = message_of((stored(text=text, symbol=symbol),), NOON)
    told = json.loads(fill(TEMPLATE, message))
    assert told["content"] == message.text
    assert told["nested"] == [{"entry": f"{symbol}{message.key}", "n": 1}]
    assert (told["{}"], told["p"]) == ("{ }", "HIGH")
    assert message.text == (text or "entry")[:TEXT_LIMIT] or message.text.endswith("…")
    assert json.loads(message.body)["text"] == message.text


def test_what_comes_late_begins_with_its_time() -> None:
    assert message_of((stored(),), NOON + 60 * NS).text == "bought"
    assert message_of((stored(),), NOON + 61 * NS).text == "[2026-01-05T12:00:00.000Z] bought"


def test_a_text_that_is_too_long_for_a_chat_is_cut() -> None:
    text = message_of((stored(text="x" * 5000),), NOON).text
    assert (len(text), text[-1]) == (TEXT_LIMIT, "…")


@given(st.lists(st.text(max_size=300), min_size=2, max_size=50))
def test_notices_told_together_fit_and_none_is_left_uncounted(texts: list[str]) -> None:
    message = message_of([stored(number, text) for number, text in enumerate(texts, 1)], NOON)
    head, *lines = message.text.split("\n")
    assert len(message.text) <= TEXT_LIMIT
    assert head == f"{len(texts)} notices: entry"
    more = int(lines[-1].split()[1]) if len(lines) < len(texts) or lines[-1].startswith("and ") else 0
    assert len(lines) - (more > 0) + more == len(texts)
    assert message.notices == tuple(range(1, len(texts) + 1))


def test_a_key_says_which_notices_it_names() -> None:
    one, two = stored(1), stored(2)
    keys = {message_of(given, NOON + 90 * NS).key for given in ([one], [two], [one, two])}
    assert len(keys) == 3
    assert message_of([one], NOON).key in keys


def test_what_they_have_in_common_is_told_once() -> None:
    both = message_of([stored(1, symbol="XAUUSD", plugin="p"), stored(2, symbol="XAUUSD")], NOON)
    assert (both.symbol, both.plugin) == ("XAUUSD", "")
