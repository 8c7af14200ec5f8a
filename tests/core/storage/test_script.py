"""A script is cut into its statements, wherever its semicolons stand."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix_core.storage.script import run_script, statements

TRIGGER = "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET n = 1; DELETE FROM t; END;"
PARTS = (
    "CREATE TABLE t (n TEXT);",
    "INSERT INTO t VALUES ('a;b');",
    "-- a comment; with a semicolon\nSELECT 1;",
    "/* a; b */ SELECT 2;",
    TRIGGER,
    'SELECT ";" FROM t;',
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=6), st.sampled_from(["\n", " ", "\n\n"]))
def test_joined_statements_come_apart_again(parts: list[str], between: str) -> None:
    assert list(statements(between.join(parts))) == parts


@pytest.mark.parametrize(
    ("script", "count"), [("", 0), ("  \n", 0), ("SELECT 1", 1), ("SELECT 1;\n-- end", 2)]
)
def test_what_is_left_after_the_last_semicolon_is_a_statement(script: str, count: int) -> None:
    assert len(list(statements(script))) == count


def test_a_script_runs_in_the_open_transaction() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    run_script(connection, "CREATE TABLE t (n TEXT);" + TRIGGER + "\n-- the end")
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
