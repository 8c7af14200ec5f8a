"""The paper broker's own book as people list it, read from ``paper.db``."""

import sqlite3
from typing import Any

import attrs

from zepix_core.broker.paper.store import read_orders, read_positions
from zepix_core.clock import iso
from zepix_core.model.order import Book

_BALANCE = "SELECT balance FROM account WHERE book = ?"


def paper_orders(connection: sqlite3.Connection, limit: int | None = None) -> tuple[dict[str, Any], ...]:
    """The newest ``limit`` orders (all when ``None``), oldest first; ``time`` is ISO 8601 UTC."""
    orders = read_orders(connection, -1 if limit is None else limit)
    return tuple(_row(order) for order in reversed(orders))


def paper_positions(connection: sqlite3.Connection) -> tuple[dict[str, Any], ...]:
    """Open positions of both books, oldest first, as stored: without current price and profit."""
    left_out = ("price_current", "profit", "swap")
    rows = (_row(position) for position in read_positions(connection))
    return tuple({key: value for key, value in row.items() if key not in left_out} for row in rows)


def paper_balance(connection: sqlite3.Connection, book: Book = Book.LIVE) -> float | None:
    """Balance of a book, ``None`` when the account was never opened."""
    row = connection.execute(_BALANCE, (book.value,)).fetchone()
    return None if row is None else float(row[0])


def _row(value: Any) -> dict[str, Any]:
    row = attrs.asdict(value)
    row["time"] = iso(row["time_ns"])
    return row
