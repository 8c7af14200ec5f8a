"""No question on the path of an alert reads a whole table: the journal grows for years."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from types import ModuleType

import pytest

from zepix_core.inbox import rows, store
from zepix_core.journal import (
    books,
    close_parts,
    deal_rows,
    disputes,
    feed,
    flattening,
    host_state,
    intent_rows,
    latches,
    later,
    ledger,
    matching,
    outbox,
    protection,
    reconcile,
    totals,
    unknown,
    updates,
    wake_rows,
)
from zepix_core.journal import (
    closing as closes,
)
from zepix_core.storage.journal_schema import TABLES

ROOMS: tuple[ModuleType, ...] = (
    rows, store, books, disputes, later, protection, reconcile, updates,
    close_parts, closes, deal_rows, feed, flattening, host_state, intent_rows, latches, ledger,
    matching, outbox, totals, unknown, wake_rows,
)  # fmt: skip
NOT_A_QUERY = ("SELECT", "MAYBE_OPEN")


def _queries() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for name, value in vars(room).items():
            if name in NOT_A_QUERY or not isinstance(value, str):
                continue
            if re.match(r"(SELECT|UPDATE|DELETE) ", value):
                yield f"{room.__name__.rpartition('.')[2]}.{name}", value


@pytest.fixture(scope="module")
def journal() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES)
        yield connection


@pytest.mark.parametrize("query", [pytest.param(text, id=name) for name, text in _queries()])
def test_a_query_uses_an_index(journal: sqlite3.Connection, query: str) -> None:
    numbered = [int(number) for number in re.findall(r"\?(\d+)", query)]
    parameters = (1,) * (max(numbered) if numbered else query.count("?"))
    plan = [row[3] for row in journal.execute("EXPLAIN QUERY PLAN " + query, parameters)]
    assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
    assert not [step for step in plan if "(account=?)" in step], "all rows have the same account"
