"""The chain: what was written cannot be changed, removed or slipped in unnoticed."""

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.errors import StorageError
from zepix_core.journal.events import PAYLOAD_LIMIT, append, payload_text, verify, verify_newest
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.executescript(TABLES)
    for number in range(5):
        append(made, VirtualClock(), "gate", {"number": number}, plugin="p", alert_id=number)
    return made


def test_an_untouched_chain_verifies(connection: sqlite3.Connection) -> None:
    assert verify(connection) == 5


def test_an_empty_chain_verifies() -> None:
    empty = sqlite3.connect(":memory:")
    empty.executescript(TABLES)
    assert verify(empty) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal_events SET payload = '{}' WHERE seq = 3",
        "UPDATE journal_events SET plugin = NULL WHERE seq = 3",
        "UPDATE journal_events SET at_ns = at_ns + 1 WHERE seq = 3",
        "DELETE FROM journal_events WHERE seq = 3",
        "UPDATE journal_events SET seq = 9 WHERE seq = 3",
        "UPDATE journal_events SET hash = x'00' WHERE seq = 3",
    ],
)
def test_a_touched_row_is_named(connection: sqlite3.Connection, change: str) -> None:
    connection.execute(change)
    with pytest.raises(StorageError, match="event 3"):
        verify(connection)


def test_a_payload_that_is_too_long_keeps_its_beginning() -> None:
    text = payload_text({"text": "x" * 10_000, "numbers": list(range(2000))})
    assert len(text.encode()) <= PAYLOAD_LIMIT
    assert '"cut":' in text


def test_what_could_steer_a_terminal_or_break_a_line_is_escaped() -> None:
    nasty = "a\nb\x00c\x7f\x9b31m\u2028\u202e\U000e0001 \\ ü\U0001f600"
    text = payload_text({"text": nasty, nasty: 1})
    assert text.isprintable()
    assert json.loads(text) == {"text": nasty, nasty: 1}


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.lists(st.floats(allow_nan=False)), st.integers())))
def test_any_payload_is_one_short_line_of_json(payload: dict[str, object]) -> None:
    text = payload_text(payload)
    assert text.isprintable()
    assert len(text.encode()) <= PAYLOAD_LIMIT
    assert isinstance(json.loads(text), dict)


def test_long_texts_are_cut_before_numbers_are_lost() -> None:
    gates = [{"name": f"gate {number}", "value": number, "note": "x" * 400} for number in range(12)]
    told = json.loads(payload_text({"gates": gates}))
    assert [gate["value"] for gate in told["gates"]] == list(range(12))


def test_the_newest_links_are_checked_alone() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES)
        for number in range(20):
            append(connection, VirtualClock(), "note", {"number": number})
        verify_newest(connection)
        connection.execute("UPDATE journal_events SET payload = '{}' WHERE seq = 12")
        verify_newest(connection, 5)
        with pytest.raises(StorageError, match="broken at event 12"):
            verify_newest(connection, 9)
        with pytest.raises(StorageError, match="broken at event 12"):
            verify_newest(connection)
