"""The doctor names orders whose outcome is not certain."""

import sqlite3
from contextlib import closing

from zepix_core.cli.unfinished import unfinished_findings
from zepix_core.config.home import Home


def put(home: Home, *states: str) -> None:
    with closing(sqlite3.connect(home.journal_db)) as journal, journal:
        rows = journal.execute("SELECT intent_id FROM intents ORDER BY sequence").fetchall()
        for (intent,), state in zip(rows, states, strict=False):
            journal.execute("UPDATE intents SET state = ? WHERE intent_id = ?", (state, intent))


def test_what_waits_for_the_broker_and_what_for_a_person(traded_home: Home) -> None:
    assert list(unfinished_findings(traded_home)) == []
    put(traded_home, "unknown", "needs_human")
    broker, person = unfinished_findings(traded_home)
    assert (broker.result, broker.detail) == ("warning", "1 unknown")
    assert (person.detail, person.next) == ("1 wait", "zepix reconcile")


def test_a_home_that_has_not_run_has_none(traded_home: Home) -> None:
    traded_home.journal_db.unlink()
    assert list(unfinished_findings(traded_home)) == []
