"""One alert's story holds everything from its arrival to the deals."""

from zepix_core.config.home import Home
from zepix_core.journal.story import tell
from zepix_core.storage.connection import open_reader


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
    import sqlite3

    with sqlite3.connect(traded_home.journal_db) as connection:
        connection.execute("UPDATE inbox SET external_id = 'x-1' WHERE id = 3")
    story = tell(open_reader(traded_home.journal_db), "x-1")
    assert story is not None
    assert (story.alert.id, story.others) == (3, (1,))
