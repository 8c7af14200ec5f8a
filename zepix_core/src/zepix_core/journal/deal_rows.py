"""Rows of ``deals``: each execution once, with whom it belongs to."""

import sqlite3
from typing import Any

from zepix_core.model.market import Side
from zepix_core.model.order import Book, Deal, DealEntry, DealReason, Intent

_INSERT = (
    "INSERT INTO deals (ticket, account, book, intent_id, plugin, position_id, order_ticket, symbol, side,"
    " entry, volume, price, time_ns, profit, commission, swap, reason, magic, comment)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
SELECT = (
    "SELECT ticket, order_ticket, position_id, symbol, side, entry, volume, price, time_ns, profit,"
    " commission, swap, reason, magic, comment, book FROM deals"
)
_OF_POSITION = SELECT + " WHERE position_id = ? AND account = ? ORDER BY abs(ticket)"
_OF_ORDER = (
    "SELECT coalesce(sum(volume), 0) FROM deals WHERE position_id = ? AND account = ? AND entry = ?"
    " AND (ticket = ? OR (order_ticket = ? AND order_ticket != 0))"
)
_CLAIM = (
    "UPDATE deals SET intent_id = ?, plugin = ? WHERE position_id = ? AND account = ? AND intent_id IS NULL"
)
_OPENED = "SELECT 1 FROM deals WHERE position_id = ? AND account = ? AND entry = 'in' LIMIT 1"
_KNOWN = "SELECT 1 FROM deals WHERE account = ? AND ticket = ?"


def add(connection: sqlite3.Connection, account: str, deal: Deal, owner: Intent | None) -> bool:
    """Insert a deal; False when it was there already."""
    row = (
        deal.ticket, account, deal.book.value, None if owner is None else owner.intent_id,
        None if owner is None else owner.plugin, deal.position, deal.order, deal.symbol, deal.side.value,
        deal.entry.value, deal.volume, deal.price, deal.time_ns, deal.profit, deal.commission, deal.swap,
        deal.reason.value, deal.magic, deal.comment,
    )  # fmt: skip
    return connection.execute(_INSERT, row).rowcount == 1


def claim(connection: sqlite3.Connection, owner: Intent) -> None:
    """Deals of a position that were booked without an owner are those of its entry."""
    connection.execute(_CLAIM, (owner.intent_id, owner.plugin, owner.position_id, owner.account))


def known(connection: sqlite3.Connection, account: str, ticket: int) -> bool:
    """Whether the journal has that deal."""
    return connection.execute(_KNOWN, (account, ticket)).fetchone() is not None


def opened(connection: sqlite3.Connection, account: str, position: int) -> bool:
    """Whether the journal has the deal that opened a position."""
    return connection.execute(_OPENED, (position, account)).fetchone() is not None


def volume_of_order(connection: sqlite3.Connection, account: str, deal: Deal) -> float:
    """Lots of a deal and of all others that the same order has led to."""
    parameters = (deal.position, account, deal.entry.value, deal.ticket, deal.order)
    found: float = connection.execute(_OF_ORDER, parameters).fetchone()[0]
    return round(found, 8)


def of_position(connection: sqlite3.Connection, account: str, position: int) -> tuple[Deal, ...]:
    """All deals of a position, oldest first."""
    return tuple(_deal(row) for row in connection.execute(_OF_POSITION, (position, account)))


def _deal(row: tuple[Any, ...]) -> Deal:
    return Deal(
        ticket=row[0], order=row[1], position=row[2], symbol=row[3], side=Side(row[4]),
        entry=DealEntry(row[5]), volume=row[6], price=row[7], time_ns=row[8], profit=row[9],
        commission=row[10], swap=row[11],
        reason=DealReason(row[12]), magic=row[13], comment=row[14], book=Book(row[15]),
    )  # fmt: skip
