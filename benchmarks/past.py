"""A long past for a home: the life of one real trade, written again and again as the host writes it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from zepix_core.clock import SystemClock
from zepix_core.journal import events, recount
from zepix_core.rules.trading_day import TradingDays
from zepix_core.storage.connection import Durability, open_writer

Row = dict[str, Any]
STEP = 100
"""Numbers of tickets and alerts that one life may use."""


def lengthen(data: Path, rows: int, days: TradingDays) -> int:
    """Repeat the trades that a stopped host's journal holds until ``journal_events`` has ``rows`` rows.

    Ids, tickets and intents are new ones, the chain goes on, totals are counted; the paper broker's own
    numbers go on above them. Returns how often the life was repeated.
    """
    clock = SystemClock()
    with closing(open_writer(data / "journal.db", Durability.NORMAL)) as journal:
        life = {
            name: _rows(journal, f"SELECT * FROM {name} ORDER BY 1")  # noqa: S608 (a constant of ours)
            for name in ("inbox", "deliveries", "intents", "deals")
        }
        told = [row for row in _rows(journal, "SELECT * FROM journal_events ORDER BY seq") if row["alert_id"]]
        (present,) = journal.execute("SELECT count(*) FROM journal_events").fetchone()
        number = 0
        journal.execute("BEGIN IMMEDIATE")
        while present < rows:
            number += 1
            for name, kept in life.items():
                for row in kept:
                    _insert(journal, name, _moved(row, number))
            for row in told:
                new = _moved(row, number)
                keys = {key: new[key] for key in ("alert_id", "plugin", "intent_id")}
                payload = msgspec.json.decode(new["payload"])
                events.append(journal, clock, new["kind"], payload, **keys)
            present += len(told)
        # The plugins have been told of all that.
        journal.execute("UPDATE event_cursors SET seq = (SELECT max(seq) FROM journal_events)")
        recount.rebuild(journal, clock, days)
        journal.execute("COMMIT")
    with closing(sqlite3.connect(data / "paper.db", isolation_level=None)) as paper:
        paper.execute("UPDATE account SET last_number = last_number + ?", ((number + 1) * STEP,))
    return number


def _rows(connection: sqlite3.Connection, query: str) -> list[Row]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _insert(connection: sqlite3.Connection, table: str, row: Row) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608


def _moved(row: Row, number: int) -> Row:
    """The same row of a later trade."""
    new = dict(row)
    for name in ("id", "alert_id", "ticket", "position_id", "order_ticket", "deal_ticket"):
        if new.get(name):
            new[name] += number * STEP
    for name in ("key", "alert_key", "trade_group", "external_id"):
        if new.get(name):
            new[name] = f"{new[name]}~{number}"
    if new.get("intent_id"):
        new["intent_id"] = f"{new['intent_id'][:4]}{number:06d}"
    return new
