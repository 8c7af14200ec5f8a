"""Scripts are applied once, in order, whole or not at all."""

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zepix_core.errors import StorageError
from zepix_core.storage.connection import Durability, open_writer
from zepix_core.storage.migrations import (
    Step,
    core_steps,
    current,
    history,
    migrate,
    pending,
    read_steps,
    roll_back,
)
from zepix_core.testing.clock import VirtualClock

ONE = Step(
    version="001", description="one", script="CREATE TABLE one (n INTEGER); INSERT INTO one VALUES (1);"
)
TWO = Step(version="002", description="two", script="CREATE TABLE two (n INTEGER);", down="DROP TABLE two;")
BAD = Step(
    version="002", description="bad", script="CREATE TABLE two (n INTEGER); INSERT INTO nowhere VALUES (1);"
)
CORE_TABLES = {
    "plugin_info", "trades", "daily_stats", "signals_log", "migration_log", "schema_migrations",
    "trend_pillars",
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_writer(tmp_path / "some.db", Durability.NORMAL)
    yield connection
    connection.close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_pending_steps_are_applied_once_in_order(file: sqlite3.Connection, clock: VirtualClock) -> None:
    assert [step.version for step in pending(file, [ONE, TWO])] == ["001", "002"]
    assert [row.version for row in migrate(file, [ONE, TWO], clock)] == ["001", "002"]
    assert migrate(file, [ONE, TWO], clock) == ()
    assert file.execute("SELECT n FROM one").fetchall() == [(1,)]
    assert current(file) == "002"


def test_a_row_names_the_scripts_checksum_and_time(file: sqlite3.Connection, clock: VirtualClock) -> None:
    migrate(file, [ONE], clock)
    row = history(file)[0]
    assert row.checksum == hashlib.sha256(ONE.script.encode()).hexdigest()
    assert (row.description, row.applied_at, row.execution_time_ms) == ("one", "2026-01-12 12:05:00", 0)


def test_a_step_that_fails_is_undone_and_those_before_it_stay(
    file: sqlite3.Connection, clock: VirtualClock
) -> None:
    with pytest.raises(StorageError, match="002 bad failed"):
        migrate(
            file,
            [ONE, BAD, Step(version="003", description="three", script="CREATE TABLE three (n);")],
            clock,
        )
    assert {"one"} == tables(file) & {"one", "two", "three"}
    assert current(file) == "001"
    assert not file.in_transaction
    migrate(file, [ONE, TWO], clock)
    assert current(file) == "002"


def test_a_changed_script_that_was_applied_is_an_error(file: sqlite3.Connection, clock: VirtualClock) -> None:
    migrate(file, [ONE], clock)
    changed = Step(version="001", description="one", script="CREATE TABLE other (n);")
    for ask in (lambda: pending(file, [changed]), lambda: migrate(file, [changed, TWO], clock)):
        with pytest.raises(StorageError, match="was changed"):
            ask()
    assert current(file) == "001"


def test_line_ends_do_not_change_a_checksum() -> None:
    unix = Step(version="001", description="x", script="SELECT 1;\nSELECT 2;")
    windows = Step(version="001", description="x", script="SELECT 1;\r\nSELECT 2;")
    assert unix.checksum == windows.checksum


def test_a_script_put_before_an_applied_one_is_an_error(
    file: sqlite3.Connection, clock: VirtualClock
) -> None:
    migrate(file, [TWO], clock)
    with pytest.raises(StorageError, match="stands before"):
        migrate(file, [ONE, TWO], clock)


def test_a_file_newer_than_the_program_is_left_alone(file: sqlite3.Connection, clock: VirtualClock) -> None:
    migrate(file, [ONE, TWO], clock)
    assert migrate(file, [ONE], clock) == ()
    assert current(file) == "002"


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "BEGIN", "ATTACH 'other.db' AS other", "VACUUM"])
def test_a_script_can_neither_end_its_transaction_nor_reach_another_file(
    file: sqlite3.Connection, clock: VirtualClock, statement: str
) -> None:
    step = Step(version="001", description="x", script=f"CREATE TABLE x (n); {statement};")
    with pytest.raises(StorageError, match="failed"):
        migrate(file, [step], clock)
    assert "x" not in tables(file)
    assert migrate(file, [ONE], clock)


def test_the_last_step_can_be_taken_back_with_its_own_script(
    file: sqlite3.Connection, clock: VirtualClock
) -> None:
    migrate(file, [ONE, TWO], clock)
    assert roll_back(file, [ONE, TWO]) == "002"
    assert "two" not in tables(file)
    assert current(file) == "001"
    with pytest.raises(StorageError, match="cannot be taken back"):
        roll_back(file, [ONE, TWO])
    migrate(file, [ONE, TWO], clock)
    assert "two" in tables(file)


def test_a_rollback_that_fails_changes_nothing(file: sqlite3.Connection, clock: VirtualClock) -> None:
    step = Step(
        version="001", description="x", script="CREATE TABLE x (n);", down="DROP TABLE x; DROP TABLE y;"
    )
    migrate(file, [step], clock)
    with pytest.raises(StorageError, match="could not be taken back"):
        roll_back(file, [step])
    assert "x" in tables(file)
    assert current(file) == "001"


def test_asking_an_empty_file_writes_nothing(file: sqlite3.Connection) -> None:
    assert (history(file), current(file), len(pending(file, [ONE]))) == ((), None, 1)
    assert tables(file) == set()


def test_the_core_tables_and_a_plugins_own_count_apart(file: sqlite3.Connection, clock: VirtualClock) -> None:
    migrate(file, core_steps(), clock)
    migrate(file, [ONE], clock)
    assert (current(file, "core-"), current(file)) == (core_steps()[-1].version, "001")
    assert tables(file) >= CORE_TABLES | {"one"}


def test_all_core_tables_are_strict(file: sqlite3.Connection, clock: VirtualClock) -> None:
    migrate(file, core_steps(), clock)
    strict = dict(file.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").fetchall())
    assert all(strict[name] for name in CORE_TABLES)


def test_steps_are_read_from_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "some_migrations"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "002_second_thing.sql").write_text("SELECT 2;")
    (folder / "002_second_thing.down.sql").write_text("SELECT -2;")
    (folder / "001_first.sql").write_text("SELECT 1;")
    monkeypatch.syspath_prepend(tmp_path)
    steps = read_steps("some_migrations", "x-")
    assert [(s.version, s.description, s.script, s.down) for s in steps] == [
        ("x-001", "first", "SELECT 1;", ""),
        ("x-002", "second_thing", "SELECT 2;", "SELECT -2;"),
    ]
    (folder / "002_again.sql").write_text("")
    with pytest.raises(StorageError, match="number 002"):
        read_steps("some_migrations")


@pytest.mark.parametrize("name", ["3_bad.sql", "001-first.sql", "001_First.sql", "009_lost.down.sql"])
def test_a_script_with_a_name_that_says_nothing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "named_migrations"
    folder.mkdir()
    (folder / name).write_text("SELECT 1;")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(StorageError, match=name):
        read_steps("named_migrations")


def test_a_package_that_is_not_there_is_an_error() -> None:
    with pytest.raises(StorageError, match="no_such_package"):
        read_steps("no_such_package")


def test_sqlite_utils_loads_without_numpy_and_pandas_and_only_when_needed(tmp_path: Path) -> None:
    program = f"""
import sys, types
sys.modules["numpy"] = numpy = types.ModuleType("numpy")
from pathlib import Path
from zepix_core.storage.connection import Durability, open_writer
from zepix_core.storage.migrations import core_steps, migrate
from zepix_core.clock import SystemClock
connection = open_writer(Path({str(tmp_path / "some.db")!r}), Durability.NORMAL)
assert "sqlite_utils" not in sys.modules
migrate(connection, core_steps(), SystemClock())
assert sys.modules["sqlite_utils.db"].np is None
assert sys.modules["numpy"] is numpy and "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
