"""A backup holds what was committed, also what is only in the WAL; without one nothing goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from zepix_core.errors import StorageError
from zepix_core.storage.backup import back_up
from zepix_core.storage.connection import Durability, open_writer
from zepix_core.testing.clock import VirtualClock

CLOCK = VirtualClock()


def filled(path: Path) -> sqlite3.Connection:
    connection = open_writer(path, Durability.NORMAL)
    connection.execute("CREATE TABLE mine (n INTEGER) STRICT")
    connection.execute("INSERT INTO mine VALUES (7)")
    return connection


def test_it_is_a_sound_file_with_what_was_committed(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "zepix_mine.db")):
        copy = back_up(tmp_path / "zepix_mine.db", tmp_path / "backups", CLOCK)
    assert copy.name == "zepix_mine.20260112_120500.backup"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT n FROM mine").fetchall() == [(7,)]
    assert [file.name for file in copy.parent.iterdir()] == [copy.name]


def test_a_second_one_in_the_same_second_keeps_the_first(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "zepix_mine.db")) as connection:
        first = back_up(tmp_path / "zepix_mine.db", tmp_path, CLOCK)
        connection.execute("INSERT INTO mine VALUES (8)")
        second = back_up(tmp_path / "zepix_mine.db", tmp_path, CLOCK)
    assert first != second and first.exists() and second.exists()


def test_one_that_cannot_be_made_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "zepix_mine.db").write_text("this is no database, but long enough to be read as one" * 20)
    with pytest.raises(StorageError, match="cannot be backed up"):
        back_up(tmp_path / "zepix_mine.db", tmp_path / "backups", CLOCK)
    assert list((tmp_path / "backups").iterdir()) == []


def test_what_a_killed_backup_left_is_removed_and_other_files_are_not(tmp_path: Path) -> None:
    for name in (
        "zepix_mine.20250101_000000.backup.part",
        "zepix_mine.20250101_000000_2.backup.part-journal",
    ):
        (tmp_path / name).write_text("half")
    other = tmp_path / "zepix_mine.other.20250101_000000.backup.part"
    other.write_text("another file's")
    with closing(filled(tmp_path / "zepix_mine.db")):
        copy = back_up(tmp_path / "zepix_mine.db", tmp_path, CLOCK)
    assert sorted(tmp_path.glob("*.part*")) == [other]
    assert copy.exists()
