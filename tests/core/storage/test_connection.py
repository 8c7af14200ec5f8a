"""A database file is opened with the house's settings, or not at all."""

import sqlite3
from pathlib import Path

import pytest

from zepix_core.errors import StorageError
from zepix_core.storage.connection import Durability, open_reader, open_writer


def setting(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.mark.parametrize(
    ("durability", "synchronous", "patience"), [(Durability.FULL, 2, 5000), (Durability.NORMAL, 1, 30000)]
)
def test_a_writer_has_the_settings_of_its_durability(
    tmp_path: Path, durability: Durability, synchronous: int, patience: int
) -> None:
    connection = open_writer(tmp_path / "some.db", durability)
    assert setting(connection, "journal_mode") == "wal"
    assert setting(connection, "synchronous") == synchronous
    assert setting(connection, "busy_timeout") == patience
    guards = {"foreign_keys": 1, "trusted_schema": 0, "cell_size_check": 1, "mmap_size": 0}
    assert {name: setting(connection, name) for name in guards} == guards
    connection.close()


def test_a_reader_sees_what_was_committed_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "with space % and #.db"
    writer = open_writer(path, Durability.NORMAL)
    writer.execute("CREATE TABLE t (n)")
    reader = open_reader(path)
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (0,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO t VALUES (1)")
    reader.close()
    writer.close()


def test_a_file_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        open_reader(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_folder_that_is_not_there_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="backup"):
        open_writer(tmp_path / "none" / "some.db", Durability.FULL)


@pytest.mark.parametrize(
    "open_it", [lambda p: open_writer(p, Durability.FULL), open_reader], ids=["write", "read"]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, open_it: object) -> None:
    path = tmp_path / "some.db"
    path.write_bytes(b"not a database, but long enough to be looked at" * 20)
    before = path.read_bytes()
    assert callable(open_it)
    with pytest.raises(StorageError):
        open_it(path)
    assert path.read_bytes() == before
