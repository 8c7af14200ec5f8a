"""A notice becomes a row of the outbox."""

import sqlite3

import pytest

from zepix_core.journal.outbox import put, remember_switches
from zepix_core.journal.upgrade import upgrade
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
    row = connection.execute("SELECT id, created_ns, priority, text, data FROM outbox").fetchone()
    assert row == (row_id, clock.now_ns(), 5, "It is dead.", '{"error":"x"}')


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


@pytest.mark.parametrize(
    ("switch", "kinds"),
    [
        ("notify_on_entry", ("entry",)),
        ("notify_on_exit", ("exit", "sl_hit", "tp_hit", "profit_booking")),
        ("notify_on_error", ("error", "order_failed", "plugin_error", "alert_error")),
    ],
)
def test_a_plugin_with_a_switch_off_puts_no_such_notice_and_all_others(
    switch: str, kinds: tuple[str, ...]
) -> None:
    connection, clock = journal(), VirtualClock()
    remember_switches(connection, clock, "quiet", {switch: False})
    for kind in ("entry", "exit", "sl_hit", "order_failed", "alert_error", "order_unresolved", *kinds):
        silent = put(connection, clock, Notice(type=kind, priority=Priority.HIGH, plugin="quiet")) is None
        assert silent == (kind in kinds)
        assert put(connection, clock, Notice(type=kind, priority=Priority.HIGH, plugin="other")) is not None
        assert put(connection, clock, Notice(type=kind, priority=Priority.HIGH)) is not None


def test_what_is_critical_is_told_whatever_the_switches_say() -> None:
    connection, clock = journal(), VirtualClock()
    remember_switches(connection, clock, "quiet", {"notify_on_error": False})
    dead = Notice(type="alert_error", priority=Priority.CRITICAL, plugin="quiet")
    assert put(connection, clock, dead) is not None


def test_a_switch_that_is_on_again_lets_notices_through() -> None:
    connection, clock = journal(), VirtualClock()
    entry = Notice(type="entry", priority=Priority.HIGH, plugin="p")
    for wanted in (False, True):
        remember_switches(connection, clock, "p", {"notify_on_entry": wanted})
        assert (put(connection, clock, entry) is not None) == wanted


def test_notices_of_an_earlier_version_stay_and_lose_the_state_they_never_used() -> None:
    rows = journal()
    rows.executescript(
        "DROP TABLE outbox_deliveries; DROP TABLE outbox_channels; DROP VIEW audit; DROP TABLE outbox;"
        "CREATE TABLE outbox (id INTEGER PRIMARY KEY, created_ns INTEGER NOT NULL, type TEXT NOT NULL,"
        " priority INTEGER NOT NULL, plugin TEXT, symbol TEXT, alert_id INTEGER, key TEXT,"
        " text TEXT NOT NULL, data TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting') STRICT;"
        "CREATE INDEX outbox_waiting ON outbox (state, priority, id);"
        "INSERT INTO outbox (created_ns, type, priority, text, data) VALUES (7, 'entry', 4, 'bought', '{}');"
        "PRAGMA user_version = 2"
    )
    for _ in range(2):
        upgrade(rows)
        columns = [row[1] for row in rows.execute("PRAGMA table_info(outbox)")]
        assert "state" not in columns
        assert rows.execute("SELECT id, text FROM outbox").fetchall() == [(1, "bought")]
        assert rows.execute("SELECT count(*) FROM outbox_deliveries").fetchone() == (0,)
