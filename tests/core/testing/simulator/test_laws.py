"""What the simulator calls a violation: each is seen in a journal that was tampered with."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from zepix_core.model.market import Side
from zepix_core.model.order import Position
from zepix_core.testing.simulator import books, journal_laws, telling
from zepix_core.testing.simulator.cast import own_cast
from zepix_core.testing.simulator.children import Told
from zepix_core.testing.simulator.exhaustive import WALK
from zepix_core.testing.simulator.home import build, temporary
from zepix_core.testing.simulator.run import Scenario, Theatre
from zepix_core.testing.simulator.sender import Taken

ACCOUNT = "1@Zepix-Paper"


@pytest.fixture(scope="module")
def lived(theatre: Theatre, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a run: a pair, its stops drawn nearer, its reversal."""
    kept = tmp_path_factory.mktemp("lived") / "journal.db"

    theatre.run(Scenario(seed=0, acts=WALK[:3], faults=()), keep=kept)
    return kept


@pytest.fixture
def journal(lived: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    copy = tmp_path / "journal.db"
    shutil.copy(lived, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        yield connection


def laws(journal: sqlite3.Connection, *taken: Taken) -> list[str]:
    return list(journal_laws.violations(journal, taken, once=True))


def test_an_untouched_journal_breaks_no_law(journal: sqlite3.Connection) -> None:
    assert laws(journal) == []
    assert not books.unrest(journal, ACCOUNT, frozenset())
    assert not list(books.disputes(journal, ACCOUNT))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE journal_events SET payload = '{}' WHERE seq = 9", "chain is broken at event 9"),
        ("UPDATE totals SET result = result + 1 WHERE day_ns = 0", "are not the sum of the deals"),
        ("UPDATE intents SET state = 'unknown' WHERE action = 'open'", "stands as unknown, its last event"),
        ("UPDATE inbox SET state = 'new' WHERE id = 1", "alert 1 is new, finished at"),
        ("UPDATE inbox SET state = 'dead' WHERE id = 1", "alert 1 is dead without a reason"),
        ("UPDATE inbox SET body = (SELECT body FROM inbox WHERE id = 2) WHERE id = 1", "have one body"),
        ("UPDATE intents SET leg = 'A' WHERE action = 'open'", "opened leg A of simulated 2 times"),
    ],
)
def test_a_law_that_is_broken_is_told(journal: sqlite3.Connection, change: str, sentence: str) -> None:
    journal.execute(change)
    assert any(sentence in found for found in laws(journal)), laws(journal)


def test_a_promise_that_was_not_kept_is_told(journal: sqlite3.Connection) -> None:
    (body,) = journal.execute("SELECT body FROM inbox WHERE id = 1").fetchone()
    assert not laws(journal, Taken(1, body, "accepted", 0.0))
    assert "is missing" in laws(journal, Taken(77, body, "accepted", 0.0))[0]
    assert "another body" in laws(journal, Taken(1, body + " ", "accepted", 0.0))[0]


def test_an_entry_that_is_sent_while_entries_are_stopped_is_told(journal: sqlite3.Connection) -> None:
    (seq, payload) = journal.execute(
        "SELECT seq, payload FROM journal_events WHERE kind = 'request' ORDER BY seq LIMIT 1"
    ).fetchone()
    stop = '{"action": "pause", "paused": true}'
    journal.execute("UPDATE journal_events SET kind = 'control', payload = ? WHERE seq = 1", (stop,))
    assert f"event {seq}" in next(found for found in laws(journal) if "stopped (pause)" in found), payload


def test_where_the_books_differ_is_told(journal: sqlite3.Connection) -> None:
    """The broker shows nothing at all, then a position that is ours and unknown."""
    found = list(books.differences(journal, ACCOUNT, (), ()))
    assert any("is open in the journal" in one for one in found)
    assert any("is booked and unknown to the broker" in one for one in found)
    stray = Position(
        ticket=999, symbol="EURUSD", side=Side.BUY, volume=0.1, price_open=1.0, time_ns=0, magic=1_001_001
    )
    found = list(books.differences(journal, ACCOUNT, (stray,), ()))
    assert any("999" in one and "not in the journal" in one for one in found)
    assert list(books.sums((), (stray,))) == ["lots of position 999 do not add up: -0.1"]


def test_what_a_plugin_never_heard_or_heard_in_another_order_is_told(journal: sqlite3.Connection) -> None:
    query = "SELECT seq FROM journal_events WHERE kind = 'trade_update' ORDER BY seq"
    updates = [row[0] for row in journal.execute(query)]
    heard = [Told(plugin="simulated", hook="on_trade_update", sequence=seq) for seq in updates]
    assert not list(telling.violations(journal, heard, frozenset()))
    assert "never heard" in next(telling.violations(journal, heard[1:], frozenset()))
    assert "after" in next(telling.violations(journal, heard[::-1], frozenset()))
    assert not list(telling.violations(journal, heard[1:], frozenset({"simulated"})))
    alerts = [Told(plugin="simulated", hook="on_alert", alert=number) for number in (2, 1)]
    assert "got alert 1 after 2" in next(telling.violations(journal, [*alerts, *heard], frozenset()))


def test_a_stage_is_built_in_a_folder_of_its_own() -> None:
    with temporary() as folder:
        stage = build(own_cast(), Path(folder) / "stage")
        assert stage.settings.paper.market_always_open
        assert stage.copy(Path(folder) / "copy").settings_file.exists()
