"""A notice becomes a row of the outbox."""

import sqlite3

from zepix_core.journal.outbox import put
from zepix_core.model.notice import Notice, Priority
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock


def journal() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    return connection


def test_a_notice_is_kept_with_its_data() -> None:
    connection, clock = journal(), VirtualClock()
    notice = Notice(type="alert_error", priority=Priority.CRITICAL, text="It is dead.", data={"error": "x"})
    row_id = put(connection, clock, notice)
    row = connection.execute("SELECT id, created_ns, priority, text, data, state FROM outbox").fetchone()
    assert row == (row_id, clock.now_ns(), 5, "It is dead.", '{"error":"x"}', "waiting")


def test_equal_type_and_key_within_five_minutes_are_one() -> None:
    connection, clock = journal(), VirtualClock()
    notice = Notice(type="plugin_health", priority=Priority.HIGH, key="v3:DEAD")
    assert put(connection, clock, notice) == 1
    clock.advance(299)
    assert put(connection, clock, notice) is None
    clock.advance(1)
    assert put(connection, clock, notice) == 2


def test_notices_without_a_key_are_never_merged() -> None:
    connection, clock = journal(), VirtualClock()
    notice = Notice(type="alert_error", priority=Priority.HIGH)
    assert [put(connection, clock, notice) for _ in range(2)] == [1, 2]
