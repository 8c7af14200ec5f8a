"""Whatever somebody does to the chain is told; what cannot be seen from within is seen by notes of it."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.clock import SystemClock
from zepix_core.config.home import Home
from zepix_core.journal import anchors, chain
from zepix_core.journal.anchors import MOST, Anchor, Anchors
from zepix_core.journal.events import append, link
from zepix_core.journal.upgrade import upgrade
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock

ROWS = 12
ALL = "seq, at_ns, mono_ns, kind, alert_id, plugin, intent_id, payload, hash"


def filled(rows: int = ROWS) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    clock = VirtualClock()
    for number in range(1, rows + 1):
        clock.advance(1.0)
        append(connection, clock, "gate", {"number": number}, plugin="p", alert_id=number)
    return connection


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(filled()) as made:
        yield made


def relink(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Give rows the hashes that fit, as somebody does who knows how."""
    before = connection.execute("SELECT hash FROM journal_events WHERE seq = ?", (first - 1,)).fetchone()[0]
    query = f"SELECT {ALL} FROM journal_events WHERE seq BETWEEN ? AND ? ORDER BY seq"
    for *row, _ in connection.execute(query, (first, last)).fetchall():
        before = link(before, tuple(row))
        connection.execute("UPDATE journal_events SET hash = ? WHERE seq = ?", (before, row[0]))


def change(connection: sqlite3.Connection) -> None:
    connection.execute("""UPDATE journal_events SET payload = '{"number":99}' WHERE seq = 5""")


def change_and_relink_one(connection: sqlite3.Connection) -> None:
    change(connection)
    relink(connection, 5, 5)


def delete(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal_events WHERE seq BETWEEN 5 AND 7")


def delete_the_first(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal_events WHERE seq = 1")


def delete_and_close_the_gap(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal_events WHERE seq = 5")
    for seq in range(6, ROWS + 1):
        connection.execute("UPDATE journal_events SET seq = ? WHERE seq = ?", (seq - 1, seq))


def insert(connection: sqlite3.Connection) -> None:
    for seq in range(ROWS, 4, -1):
        connection.execute("UPDATE journal_events SET seq = ? WHERE seq = ?", (seq + 1, seq))
    copy = f"INSERT INTO journal_events ({ALL}) SELECT 5, {ALL[5:]} FROM journal_events WHERE seq = 2"
    connection.execute(copy)


def insert_below(connection: sqlite3.Connection) -> None:
    copy = f"INSERT INTO journal_events ({ALL}) SELECT -3, {ALL[5:]} FROM journal_events WHERE seq = 2"
    connection.execute(copy)


def swap(connection: sqlite3.Connection) -> None:
    for new, old in ((-1, 5), (5, 6), (6, -1)):
        connection.execute("UPDATE journal_events SET seq = ? WHERE seq = ?", (new, old))


def another_hash(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE journal_events SET hash = x'00' WHERE seq = 5")


def bytes_that_are_no_text(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE journal_events SET payload = CAST(x'ff00' AS TEXT) WHERE seq = 5")


def kind(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE journal_events SET kind = 'reply' WHERE seq = 5")


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (change, [("unfit", 5, 1)]),
        (change_and_relink_one, [("unfit", 6, 1)]),
        (kind, [("unfit", 5, 1)]),
        (another_hash, [("unfit", 5, 2)]),
        (bytes_that_are_no_text, [("unfit", 5, 1)]),
        (delete, [("missing", 5, 3)]),
        (delete_the_first, [("missing", 1, 1)]),
        (delete_and_close_the_gap, [("unfit", 5, ROWS - 5)]),
        (insert, [("unfit", 5, ROWS - 3)]),
        (insert_below, [("unfit", -3, 1)]),
        (swap, [("unfit", 5, 3)]),
    ],
)
def test_what_was_changed_is_named_and_how_far_it_goes(
    connection: sqlite3.Connection,
    tamper: Callable[[sqlite3.Connection], None],
    found: list[tuple[str, int, int]],
) -> None:
    tamper(connection)
    report = chain.examine(connection)
    assert [(one.what, one.seq, one.rows) for one in report.breaks] == found
    assert not report.sound


def test_an_untouched_chain_is_sound_and_names_its_newest(connection: sqlite3.Connection) -> None:
    report = chain.examine(connection)
    assert (report.sound, report.rows, report.newest, report.compared) == (True, ROWS, ROWS, 0)
    assert report.at == "2026-01-12T12:05:12.000Z"
    assert chain.examine(connection, [Anchor(seq=ROWS, hash=report.hash[:8])]).sound


def test_the_meaning_says_which_event_and_what_it_was(connection: sqlite3.Connection) -> None:
    change(connection)
    (found,) = chain.examine(connection).breaks
    assert found.meaning.startswith(
        "Event 5 (gate, 2026-01-12T12:05:05.000Z) does not follow from the one before"
    )
    delete(connection)
    (found,) = chain.examine(connection).breaks
    assert found.meaning.startswith("Events 5 to 7 are missing: somebody removed")


@given(st.integers(1, ROWS), st.sampled_from(["at_ns", "mono_ns", "alert_id"]), st.integers(-5, 5))
def test_any_number_that_is_changed_is_found(seq: int, column: str, by: int) -> None:
    with closing(filled()) as connection:
        connection.execute(f"UPDATE journal_events SET {column} = {column} + ? WHERE seq = ?", (by, seq))
        assert chain.examine(connection).sound == (by == 0)


def test_a_cut_off_end_and_a_chain_written_anew_are_seen_by_notes_alone(
    connection: sqlite3.Connection,
) -> None:
    whole = chain.examine(connection)
    middle = connection.execute("SELECT hash FROM journal_events WHERE seq = 6").fetchone()[0].hex()
    notes = [Anchor(seq=6, hash=middle, where="a"), Anchor(seq=ROWS, hash=whole.hash, at="then", where="b")]
    connection.execute("DELETE FROM journal_events WHERE seq > 9")
    assert chain.examine(connection).sound
    (found,) = chain.examine(connection, notes).breaks
    assert (found.what, found.seq) == ("end_missing", 10)
    assert found.meaning.startswith("The chain ends with event 9, but event 12 was noted (b, then)")
    change(connection)
    relink(connection, 5, 9)
    assert chain.examine(connection).sound
    breaks = chain.examine(connection, notes).breaks
    assert [(one.what, one.seq) for one in breaks] == [("replaced", 6), ("end_missing", 10)]
    assert "Event 6 is not the one that was noted (a)" in breaks[0].meaning


def test_a_journal_that_is_gone_is_missed_by_its_notes() -> None:
    assert chain.of_none(()).sound
    (found,) = chain.of_none([Anchor(seq=3, hash="00" * 32, where="a")]).breaks
    assert (found.what, found.seq) == ("end_missing", 1)


async def test_a_start_tells_what_was_cut_off_and_notes_of_that_part_count_no_more(tmp_path: Path) -> None:
    home, clock = Home(tmp_path), VirtualClock()
    home.create()
    journal = SameThread(home.journal_db, Durability.FULL)
    await journal.run(upgrade)

    async def live(rows: int) -> None:
        keeper = Anchors(home, journal, clock)
        await keeper.start()
        for _ in range(rows):
            clock.advance(1.0)
            await journal.run(lambda c: append(c, clock, "note", {}))
        await keeper.note()

    def report() -> chain.ChainReport:
        with closing(sqlite3.connect(home.journal_db, isolation_level=None)) as connection:
            return chain.examine(connection, anchors.read(home.anchors_file))

    await live(5)
    await live(5)
    assert (report().sound, report().compared, report().cuts) == (True, 2, ())
    await journal.run(lambda c: c.execute("DELETE FROM journal_events WHERE seq > 7") and None)
    assert [one.what for one in report().breaks] == ["end_missing"]
    await live(4)
    (cut,) = report().cuts
    assert (cut.common, cut.noted) == (5, 10)
    assert report().sound
    (told,) = await journal.read(lambda c: c.execute("SELECT priority, text FROM outbox").fetchall())
    assert told[0] == 5
    assert "events 6 to 10 were noted and are gone" in told[1]
    await live(1)
    assert len(report().cuts) == 1
    await journal.close()


async def test_the_file_of_notes_stays_small_and_bad_lines_in_it_do_no_harm(tmp_path: Path) -> None:
    home, clock = Home(tmp_path), VirtualClock()
    home.create()
    line = json.dumps({"at": "2026-01-01T00:00:00.000Z", "seq": 0, "hash": "00" * 32}) + "\n"
    home.anchors_file.write_text(line * MOST + 'rubbish\n{"seq": "x"}\n', encoding="utf-8")
    journal = SameThread(home.journal_db, Durability.FULL)
    await journal.run(upgrade)
    await Anchors(home, journal, clock).note()
    assert len(anchors.read(home.anchors_file)) == MOST // 2 + 1
    await journal.close()
    await Anchors(home, journal, clock).note()


def test_more_than_a_page_is_read() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(TABLES)
        clock = SystemClock()
        connection.execute("BEGIN")
        for number in range(3 * chain.PAGE // 2):
            append(connection, clock, "note", {"number": number})
        connection.execute("COMMIT")
        report = chain.examine(connection)
        assert (report.sound, report.rows) == (True, 3 * chain.PAGE // 2)
