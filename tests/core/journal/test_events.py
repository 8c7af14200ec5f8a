"""The chain: what was written cannot be changed, removed or slipped in unnoticed."""

import sqlite3
from contextlib import closing

import pytest

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
    text = payload_text({"text": "x" * 10_000})
    assert len(text.encode()) <= PAYLOAD_LIMIT
    assert '"cut":10011' in text


def test_control_characters_stay_on_one_line() -> None:
    assert "\n" not in payload_text({"text": "a\nb\x00c"})


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
