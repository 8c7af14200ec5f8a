"""One alert's story holds everything from its arrival to the deals."""

import sqlite3

from zepix_core.cli.story_text import order_story_lines, story_lines
from zepix_core.config.home import Home
from zepix_core.journal.events import append
from zepix_core.journal.story import OrderStory, Story, tell, tell_any
from zepix_core.storage.connection import open_reader
from zepix_core.testing.clock import VirtualClock


def test_the_story_has_decision_orders_trades_and_events(traded_home: Home) -> None:
    story = tell(open_reader(traded_home.journal_db), "x-1")
    assert story is not None
    assert story.alert.id == 1
    decision = story.decisions["combined_v3"]
    assert [gate.name for gate in decision.gates] == ["consensus", "trend"]
    assert decision.steps[1].result == "0.045"
    assert [order.leg for order in story.orders] == ["A", "B"]
    assert [trade.status for trade in story.trades] == ["closed", "open"]
    assert [event.kind for event in story.events] == ["alert_taken", "gate", "reply"]
    assert story.events[0].after_ms is None
    assert story.events[2].payload["latency_ms"] == 1.25


def test_an_alert_nobody_handled_has_a_short_story(traded_home: Home) -> None:
    story = tell(open_reader(traded_home.journal_db), "3")
    assert story is not None
    assert (story.decisions, story.orders, story.trades, story.events) == ({}, (), (), ())


def test_there_is_no_story_of_an_unknown_alert(traded_home: Home) -> None:
    assert tell(open_reader(traded_home.journal_db), "no-such") is None


def test_the_newest_of_several_with_one_name_is_told_and_the_others_named(traded_home: Home) -> None:
    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("UPDATE inbox SET external_id = 'x-1' WHERE id = 3")
    story = tell(open_reader(traded_home.journal_db), "x-1")
    assert story is not None
    assert (story.alert.id, story.others) == (3, (1,))


def follower(connection: sqlite3.Connection, one: str, label: str, state: str, group: str) -> None:
    """An order that no alert asked for, grown from order B of alert 1."""
    connection.execute(
        "INSERT INTO intents (intent_id, alert_key, plugin, leg, account, book, action, symbol, side, lots,"
        " price, sl, tp, magic, comment, state, reason, label, trade_group, created_ns, updated_ns, sequence)"
        " VALUES (?1, ?1, 'combined_v3', 'B', '1@Paper', 'live', 'open', 'XAUUSD', 'BUY', 0.05, 2030.0,"
        " 2020.0, 2040.0, 1001002, 'c', ?2, ?3, ?4, ?5, 1, 1, 1)",
        (one, state, "INVALID_STOPS" if state == "denied" else "", label, group),
    )


def grown(home: Home) -> None:
    with sqlite3.connect(home.journal_db) as connection:
        follower(connection, "chain00001", "Chain_1_1@XAUUSD_intent000b", "filled", "chain00001")
        follower(connection, "chain00002", "Chain_1_2@XAUUSD_intent000b", "denied", "chain00002")
        follower(connection, "closes0001", "TP1", "closed", "chain00001")
        follower(connection, "other00001", "Chain_1_1@XAUUSD_intent000z", "filled", "other00001")
        gate = {"name": "stop_distance_B", "passed": False, "value": 5.0, "rule": ">=", "threshold": 30}
        append(
            connection, VirtualClock(), "gate", {"code": "INVALID_STOPS", "gates": [gate]},
            plugin="combined_v3", intent_id="chain00002",
        )  # fmt: skip


def test_what_grew_from_an_alerts_orders_belongs_to_its_story(traded_home: Home) -> None:
    grown(traded_home)
    story = tell(open_reader(traded_home.journal_db), "x-1")
    assert story is not None
    assert [one.intent_id for one in story.followers] == ["chain00001", "chain00002", "closes0001"]
    assert story.events[-1].intent_id == "chain00002"
    lines = [line.text for line in story_lines(story)]
    assert any("chain00002 leg B Chain_1_2@XAUUSD_intent000b" in line for line in lines)


def test_an_order_without_an_alert_has_a_story_of_its_own(traded_home: Home) -> None:
    grown(traded_home)
    reader = open_reader(traded_home.journal_db)
    told = tell_any(reader, "chain00002")
    assert isinstance(told, OrderStory)
    assert told.origin is not None
    assert (told.origin.intent_id, told.origin.alert_id) == ("intent000b", 1)
    lines = [line.text for line in order_story_lines(told)]
    assert lines[0] == (
        "Order chain00002 of combined_v3 (open BUY 0.05 XAUUSD): denied, INVALID_STOPS:"
        " stop_distance_B: 5 is not >= 30."
    )
    assert "  follows   order intent000b of alert 1" in lines
    ours = tell_any(reader, "intent000b")
    assert isinstance(ours, Story)
    assert ours.alert.id == 1
