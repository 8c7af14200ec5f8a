"""A script of several SQL statements, run without ending the transaction it stands in."""

import sqlite3
from collections.abc import Iterator


def statements(script: str) -> Iterator[str]:
    """The statements of a script, in order; semicolons in texts, comments and triggers do not end one."""
    start = end = 0
    while (end := script.find(";", end) + 1) > 0:
        if sqlite3.complete_statement(script[start:end]):
            yield script[start:end].strip()
            start = end
    rest = script[start:].strip()
    if rest:
        yield rest


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run every statement of a script in the transaction that is open (or each by itself when none is)."""
    for statement in statements(script):
        connection.execute(statement)
