"""``zepix audit`` and ``zepix why --audit``: the chain checked, written out, and told for one alert."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from zepix_core.cli.main import run
from zepix_core.clock import SystemClock
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.journal.events import append
from zepix_core.storage.backup import back_up

Out = pytest.CaptureFixture[str]


def asked(home: Home, out: Out, *arguments: str) -> tuple[int, str]:
    code = run([*arguments, "--home", str(home.path)])
    return code, out.readouterr().out


def change(home: Home, statement: str) -> None:
    with closing(sqlite3.connect(home.journal_db)) as connection:
        connection.execute(statement)
        connection.commit()


def test_an_untouched_chain_is_sound_and_a_changed_one_is_not(traded_home: Home, capsys: Out) -> None:
    code, told = asked(traded_home, capsys, "audit", "verify")
    assert code == 0
    assert "chain     sound" in told
    change(traded_home, "UPDATE journal_events SET payload = '{}' WHERE seq = 2")
    code, told = asked(traded_home, capsys, "audit", "verify")
    assert code == 1
    assert "chain     broken" in told
    assert "Event 2 (gate, " in told
    code, told = asked(traded_home, capsys, "audit", "verify", "--format", "json")
    report = json.loads(told)
    assert (code, report["chain"], [one["seq"] for one in report["breaks"]]) == (1, "broken", [2])


def test_what_was_noted_elsewhere_is_compared(traded_home: Home, capsys: Out) -> None:
    _, told = asked(traded_home, capsys, "audit", "verify", "--format", "json")
    newest = json.loads(told)["newest"]
    change(traded_home, "DELETE FROM journal_events WHERE seq = (SELECT max(seq) FROM journal_events)")
    assert asked(traded_home, capsys, "audit", "verify")[0] == 0
    code, told = asked(traded_home, capsys, "audit", "verify", "--expect", newest)
    assert code == 1
    assert f"event {newest.partition(':')[0]} was noted (--expect): its end was cut off" in told


@pytest.mark.parametrize("noted", ["", "5", "x:00000000", "5:abc", "5:zzzzzzzz"])
def test_a_note_that_names_no_event_is_refused(tmp_path: Path, capsys: Out, noted: str) -> None:
    assert asked(Home(tmp_path), capsys, "audit", "verify", "--expect", noted)[0] == 2


def test_a_cut_off_end_shows_by_the_backups(traded_home: Home, capsys: Out) -> None:
    backup = back_up(traded_home.journal_db, traded_home.backups, SystemClock())
    change(traded_home, "DELETE FROM journal_events WHERE seq > 1")
    code, told = asked(traded_home, capsys, "audit", "verify")
    assert code == 1
    assert f"was noted ({backup.name}, " in told
    assert [path.name for path in traded_home.backups.iterdir()] == [backup.name]
    traded_home.journal_db.unlink()
    assert asked(traded_home, capsys, "audit", "verify")[0] == 1


def test_a_home_without_a_journal_has_nothing_to_verify_or_export(tmp_path: Path, capsys: Out) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    assert asked(home, capsys, "audit", "verify")[0] == 0
    assert asked(home, capsys, "audit", "export") == (0, "")
    assert asked(Home(tmp_path / "none"), capsys, "audit", "verify")[0] == 4


def test_records_are_written_as_lines_of_a_span_of_time(
    traded_home: Home, capsys: Out, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(traded_home.journal_db, isolation_level=None)) as connection:
        append(connection, SystemClock(), "note", {"text": "\x1b[31m\u2028"})
        count = connection.execute("SELECT count(*) FROM journal_events").fetchone()[0]
    _, everything = asked(traded_home, capsys, "audit", "export")
    lines = everything.splitlines()
    assert len(lines) == count
    assert lines[-1].isprintable()
    records = [json.loads(line) for line in lines]
    assert [one["seq"] for one in records] == list(range(1, count + 1))
    assert records[-1]["payload"] == {"text": "\x1b[31m\u2028"}
    assert set(records[0]) == {"seq", "at", "kind", "alert_id", "plugin", "intent_id", "payload", "hash"}
    day = records[0]["at"][:10]
    assert asked(traded_home, capsys, "audit", "export", "--to", day)[1].splitlines() == lines[:-1]
    later = asked(traded_home, capsys, "audit", "export", "--from", "2026-02-01T00:00:00+05:30")[1]
    assert later.splitlines() == lines[-1:]
    assert asked(traded_home, capsys, "audit", "export", "--to", records[0]["at"])[1] == ""
    assert asked(traded_home, capsys, "audit", "export", "--from", "soon")[0] == 2
    target = tmp_path / "out.jsonl"
    code, told = asked(traded_home, capsys, "audit", "export", "--output", str(target))
    assert (code, told) == (0, f"{count} records in {target}\n")
    assert target.read_text("utf-8") == everything
    assert asked(traded_home, capsys, "audit", "export", "--output", str(tmp_path / "no" / "x"))[0] == 2


def test_an_alerts_records_and_deals_are_told_by_whatever_names_it(traded_home: Home, capsys: Out) -> None:
    names = ("1", "x-1", "aaaa1111key", "intent000a")
    answers = {asked(traded_home, capsys, "why", name, "--audit") for name in names}
    ((code, told),) = answers
    assert code == 0
    head, _, deals = told.partition("Deals\n")
    assert head.startswith("Alert 1: entry_v3 done\n  key aaaa1111key\nRecords\n")
    assert [line.split()[3] for line in head.splitlines()[3:]] == ["alert_taken:", "gate", "reply"]
    assert [line.split()[2] for line in deals.splitlines()] == ["1:", "2:", "3:"]
    assert "out SELL 0.05 XAUUSD at 2050, position 11, profit 99.00 (tp)" in deals
    _, told = asked(traded_home, capsys, "why", "1", "--audit", "--format", "json")
    story = json.loads(told)
    assert [one["kind"] for one in story["records"]] == ["alert_taken", "gate", "reply"]
    assert [one["ticket"] for one in story["deals"]] == [1, 2, 3]


def test_whatever_touched_a_position_of_the_alert_belongs_to_its_story(
    traded_home: Home, capsys: Out
) -> None:
    change(
        traded_home,
        "INSERT INTO intents (intent_id, alert_key, alert_id, plugin, leg, account, book, action, symbol,"
        " side, lots, magic, comment, state, position_id, created_ns, updated_ns, sequence) VALUES"
        " ('close0000x', 'close:cli:me:12:1', NULL, 'combined_v3', 'B', '1@Paper', 'live', 'close', 'XAUUSD',"
        " 'SELL', 0.05, 1, 'c', 'closed', 12, 1, 1, 99),"
        " ('close0000y', 'k', NULL, 'combined_v3', 'B', '2@Paper', 'live', 'close', 'XAUUSD', 'SELL', 0.05,"
        " 1, 'c', 'closed', 12, 1, 1, 99)",
    )
    with closing(sqlite3.connect(traded_home.journal_db, isolation_level=None)) as connection:
        for intent in ("close0000x", "close0000y"):
            append(connection, SystemClock(), "intent", {"to": "closed"}, intent_id=intent)
    story = json.loads(asked(traded_home, capsys, "why", "1", "--audit", "--format", "json")[1])
    assert story["intents"] == ["intent000a", "intent000b", "close0000x"]
    assert story["records"][-1]["intent_id"] == "close0000x"
    assert asked(traded_home, capsys, "why", "nothing", "--audit")[0] == 1


def test_the_view_reads_as_the_export_does(traded_home: Home, capsys: Out) -> None:
    first = json.loads(asked(traded_home, capsys, "audit", "export")[1].splitlines()[0])
    with closing(sqlite3.connect(traded_home.journal_db)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        row = connection.execute("SELECT seq, at, kind, hash FROM audit ORDER BY seq").fetchone()
    assert row == (first["seq"], first["at"], first["kind"], first["hash"])
