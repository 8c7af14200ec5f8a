"""A backup that is put back: checked, of the right account, what was there kept, nothing done twice."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from zepix_core.cli.db.restore import require_account
from zepix_core.cli.main import run
from zepix_core.config.home import Home
from zepix_core.errors import DatabaseDamaged, SettingsError, StorageError
from zepix_core.journal import host_state
from zepix_core.journal.checking import check_journal
from zepix_core.journal.control import KEY
from zepix_core.journal.opening import cure, require_journal
from zepix_core.journal.restoring import look, put_back
from zepix_core.storage.backup import back_up, newest_backup
from zepix_core.storage.connection import Durability, open_reader, open_writer
from zepix_core.testing.clock import VirtualClock

CLOCK = VirtualClock()
MINE = "1@Zepix-Paper"


@pytest.fixture
def backup(traded_home: Home) -> Path:
    """Of a journal with an alert that waits; afterwards the journal goes on."""
    with closing(open_writer(traded_home.journal_db, Durability.FULL)) as journal:
        host_state.write(journal, CLOCK, "account", MINE)
        made = back_up(traded_home.journal_db, traded_home.backups, CLOCK)
        journal.execute("INSERT INTO plugin_numbers VALUES ('later', 77, 'later')")
    return made


def rows(home: Home, query: str) -> list[tuple[object, ...]]:
    with closing(open_reader(home.journal_db)) as journal:
        return journal.execute(query).fetchall()


def test_what_was_there_is_kept_and_the_copy_stands_in_its_place(traded_home: Home, backup: Path) -> None:
    before = traded_home.journal_db.read_bytes()
    aside = put_back(look(backup, traded_home.data), traded_home.backups, CLOCK, "test")
    assert aside is not None and (aside / "journal.db").read_bytes() == before
    with closing(open_reader(traded_home.journal_db)) as journal:
        checked = check_journal(journal)
    assert checked.fault == "" and checked.events > 0
    assert newest_backup(traded_home.journal_db, traded_home.backups) == backup


def test_alerts_that_waited_are_ended_and_entries_are_paused(traded_home: Home, backup: Path) -> None:
    waiting = rows(traded_home, "SELECT id FROM inbox WHERE state IN ('new', 'claimed')")
    assert waiting
    put_back(look(backup, traded_home.data), traded_home.backups, CLOCK, "test")
    assert rows(traded_home, "SELECT id FROM inbox WHERE state IN ('new', 'claimed')") == []
    assert rows(traded_home, "SELECT id FROM inbox WHERE reason = 'restored'") == waiting
    with closing(open_reader(traded_home.journal_db)) as journal:
        assert host_state.read(journal, KEY)["paused"]


def test_numbers_given_since_are_not_given_again(traded_home: Home, backup: Path) -> None:
    put_back(look(backup, traded_home.data), traded_home.backups, CLOCK, "test")
    assert ("later", 77) in rows(traded_home, "SELECT plugin, number FROM plugin_numbers")


def test_a_journal_that_cannot_be_read_is_replaced_all_the_same(traded_home: Home, backup: Path) -> None:
    traded_home.journal_db.write_bytes(b"no database")
    aside = put_back(look(backup, traded_home.data), traded_home.backups, CLOCK, "test")
    assert aside is not None and (aside / "journal.db").read_bytes() == b"no database"
    assert rows(traded_home, "SELECT count(*) FROM inbox") == [(3,)]


def test_a_copy_that_is_not_sound_changes_nothing(traded_home: Home, backup: Path) -> None:
    pages = bytearray(backup.read_bytes())
    pages[2 * 4096 : 3 * 4096] = b"\xff" * 4096
    backup.write_bytes(pages)
    before = traded_home.journal_db.read_bytes()
    with pytest.raises(SettingsError):
        look(backup, traded_home.data)
    assert traded_home.journal_db.read_bytes() == before


def test_a_copy_of_another_account_is_refused(
    traded_home: Home, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(backup) as other:
        other.execute("UPDATE host_state SET value = '\"7@Elsewhere\"' WHERE key = 'account'")
    other.close()
    assert run(["db", "restore", str(backup), "--yes", "--home", str(traded_home.path)]) == 4
    assert "7@Elsewhere" in capsys.readouterr().err


def test_without_a_journal_the_settings_say_whose_account_it_is(traded_home: Home) -> None:
    traded_home.journal_db.unlink()
    require_account(traded_home, MINE)
    with pytest.raises(SettingsError):
        require_account(traded_home, "7@Elsewhere")


def test_a_plugins_file_comes_back_by_the_same_command(
    traded_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = traded_home.data / "zepix_one.db"
    with sqlite3.connect(plugin) as connection:
        connection.execute("CREATE TABLE mine (n INTEGER) STRICT")
    connection.close()
    made = back_up(plugin, traded_home.backups, CLOCK)
    plugin.unlink()
    assert run(["db", "restore", str(made), "--yes", "--home", str(traded_home.path)]) == 0
    assert plugin.exists()
    assert run(["db", "backup", "--all", "--home", str(traded_home.path)]) == 0
    assert "zepix_one" in capsys.readouterr().out


def test_nobody_is_asked_where_nobody_can_answer(traded_home: Home, backup: Path) -> None:
    assert run(["db", "restore", str(backup), "--home", str(traded_home.path)]) == 2


def test_a_file_with_another_name_is_no_backup(traded_home: Home, backup: Path) -> None:
    other = shutil.copy(backup, backup.parent / "copy.db")
    with pytest.raises(SettingsError, match="name of a backup"):
        look(Path(other), traded_home.data)


def test_a_copy_that_cannot_be_written_leaves_what_is_there(traded_home: Home, backup: Path) -> None:
    before = traded_home.journal_db.read_bytes()
    copy = look(backup, traded_home.data)
    (traded_home.data / "journal.db.restored").mkdir()
    with pytest.raises((StorageError, OSError)):
        put_back(copy, traded_home.backups, CLOCK, "test")
    assert traded_home.journal_db.read_bytes() == before


def test_a_journal_that_is_gone_is_not_begun_anew_while_there_are_backups(
    traded_home: Home, backup: Path
) -> None:
    require_journal(traded_home.journal_db, traded_home.backups)
    traded_home.journal_db.unlink()
    with pytest.raises(DatabaseDamaged, match="is gone") as raised:
        require_journal(traded_home.journal_db, traded_home.backups)
    assert str(backup) in raised.value.hint


def test_a_new_home_may_begin_a_journal(tmp_path: Path) -> None:
    require_journal(tmp_path / "journal.db", tmp_path / "backups")
    assert "no backup" in cure(tmp_path / "journal.db", tmp_path / "backups")
