"""``paper.db``: both books, their orders and deals, and the last prices. Times are UTC nanoseconds."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import attrs
import msgspec

from zepix_core.broker.paper import bar_store
from zepix_core.broker.paper.book import Change, PaperBook, PaperOrder
from zepix_core.broker.paper.market import SavedQuote
from zepix_core.errors import StorageError
from zepix_core.model.market import Tick
from zepix_core.model.order import Book, Deal, Position
from zepix_core.rules.decimals import exact

T = TypeVar("T")

SCHEMA_VERSION = 1
PAGE = 5000

TABLES = """
CREATE TABLE IF NOT EXISTS account (
    book TEXT PRIMARY KEY CHECK (book IN ('live', 'shadow')),
    balance REAL NOT NULL,
    last_number INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS positions (
    ticket INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    volume REAL NOT NULL,
    price_open REAL NOT NULL,
    time_ns INTEGER NOT NULL,
    sl REAL NOT NULL,
    tp REAL NOT NULL,
    magic INTEGER NOT NULL,
    comment TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS orders (
    ticket INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    position INTEGER NOT NULL,
    action TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    volume REAL NOT NULL,
    filled REAL NOT NULL,
    price REAL NOT NULL,
    sl REAL NOT NULL,
    tp REAL NOT NULL,
    magic INTEGER NOT NULL,
    comment TEXT NOT NULL,
    reason TEXT NOT NULL,
    intent_id TEXT NOT NULL,
    time_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS deals (
    ticket INTEGER PRIMARY KEY,
    book TEXT NOT NULL,
    "order" INTEGER NOT NULL,
    position INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    entry TEXT NOT NULL,
    volume REAL NOT NULL,
    price REAL NOT NULL,
    time_ns INTEGER NOT NULL,
    profit REAL NOT NULL,
    commission REAL NOT NULL,
    swap REAL NOT NULL,
    reason TEXT NOT NULL,
    magic INTEGER NOT NULL,
    comment TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS deals_position ON deals (position);

CREATE TABLE IF NOT EXISTS quotes (
    symbol TEXT PRIMARY KEY,
    bid REAL NOT NULL,
    ask REAL NOT NULL,
    time_ns INTEGER NOT NULL,
    steps INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS starts (
    number INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE IF NOT EXISTS prices (
    source TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;
"""

SAVE_ACCOUNT = "UPDATE account SET balance = ?, last_number = ? WHERE book = ?"
SAVE_POSITION = """
INSERT INTO positions (ticket, book, symbol, side, volume, price_open, time_ns, sl, tp, magic, comment)
VALUES (:ticket, :book, :symbol, :side, :volume, :price_open, :time_ns, :sl, :tp, :magic, :comment)
ON CONFLICT (ticket) DO UPDATE SET volume = excluded.volume, sl = excluded.sl, tp = excluded.tp
"""
DROP_POSITION = "DELETE FROM positions WHERE ticket = ?"
SAVE_ORDER = """
INSERT INTO orders (ticket, book, position, action, symbol, side, volume, filled, price, sl, tp, magic,
    comment, reason, intent_id, time_ns)
VALUES (:ticket, :book, :position, :action, :symbol, :side, :volume, :filled, :price, :sl, :tp, :magic,
    :comment, :reason, :intent_id, :time_ns)
"""
SAVE_DEAL = """
INSERT INTO deals (ticket, book, "order", position, symbol, side, entry, volume, price, time_ns, profit,
    commission, swap, reason, magic, comment)
VALUES (:ticket, :book, :order, :position, :symbol, :side, :entry, :volume, :price, :time_ns, :profit,
    :commission, :swap, :reason, :magic, :comment)
"""
SAVE_QUOTE = """
INSERT INTO quotes (symbol, bid, ask, time_ns, steps) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (symbol) DO UPDATE SET
    bid = excluded.bid, ask = excluded.ask, time_ns = excluded.time_ns, steps = excluded.steps
"""
SAVE_PRICES = """
INSERT INTO prices (source, position) VALUES (?, ?)
ON CONFLICT (source) DO UPDATE SET position = excluded.position
"""
# Shadow tickets are negative: the newest live deal is the largest number, the newest shadow one the least.
LIVE_DEALS = """
SELECT * FROM deals WHERE book = 'live' AND ticket > ? AND time_ns >= ? ORDER BY ticket LIMIT ?
"""
SHADOW_DEALS = """
SELECT * FROM deals WHERE book = 'shadow' AND ticket < ? AND time_ns >= ? ORDER BY ticket DESC LIMIT ?
"""


@attrs.frozen(kw_only=True)
class Saved:
    """What the file holds of an account: both books, the last prices, how far the tape was played."""

    books: Mapping[Book, PaperBook]
    quotes: Mapping[str, SavedQuote]
    position: int


def create(connection: sqlite3.Connection) -> None:
    """Create what is missing.

    Raises:
        StorageError: The file was written by a newer version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StorageError(
            f"paper.db has version {version}, this program knows {SCHEMA_VERSION}.",
            "Install the zepix-core that wrote it.",
        )
    for statement in (*TABLES.split(";"), *bar_store.TABLES.split(";")):
        if statement.strip():
            connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")


def load(connection: sqlite3.Connection, balance: float, source: str) -> Saved:
    """Read the account; a new one is opened with ``balance``. ``source`` names where prices come from."""
    for book in Book:
        connection.execute("INSERT OR IGNORE INTO account VALUES (?, ?, 0)", (book.value, balance))
    return read(connection, source)


def read(connection: sqlite3.Connection, source: str) -> Saved:
    """Read an account that was opened before."""
    positions = read_positions(connection)
    books = {
        Book(name): PaperBook(
            kind=Book(name),
            balance=exact(money),
            last_number=number,
            positions={p.ticket: p for p in positions if p.book == name},
        )
        for name, money, number in connection.execute("SELECT book, balance, last_number FROM account")
    }
    quotes = {
        symbol: SavedQuote(tick=Tick(symbol=symbol, bid=bid, ask=ask, time_ns=time_ns), steps=steps)
        for symbol, bid, ask, time_ns, steps in connection.execute(
            "SELECT symbol, bid, ask, time_ns, steps FROM quotes"
        )
    }
    row = connection.execute("SELECT position FROM prices WHERE source = ?", (source,)).fetchone()
    return Saved(books=books, quotes=quotes if row else {}, position=row[0] if row else 0)


def count_start(connection: sqlite3.Connection) -> int:
    """Note that the broker starts; how many times it has now."""
    connection.execute("INSERT INTO starts DEFAULT VALUES")
    (number,) = connection.execute("SELECT max(number) FROM starts").fetchone()
    connection.execute("DELETE FROM starts WHERE number < ?", (number,))
    return int(number)


def save(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Write changes in their order."""
    for change in changes:
        connection.execute(SAVE_ACCOUNT, (float(change.balance), change.last_number, change.book.value))
        connection.executemany(DROP_POSITION, [(ticket,) for ticket in change.gone])
        connection.executemany(SAVE_POSITION, [attrs.asdict(position) for position in change.positions])
        connection.executemany(SAVE_ORDER, [attrs.asdict(order) for order in change.orders])
        connection.executemany(SAVE_DEAL, [attrs.asdict(deal) for deal in change.deals])


def save_prices(
    connection: sqlite3.Connection, source: str, quotes: Mapping[str, SavedQuote], position: int
) -> None:
    """Write the prices a restart goes on from; those of another source are forgotten."""
    if connection.execute("DELETE FROM prices WHERE source <> ?", (source,)).rowcount:
        connection.execute("DELETE FROM quotes")
    connection.execute(SAVE_PRICES, (source, position))
    connection.executemany(
        SAVE_QUOTE,
        [(symbol, q.tick.bid, q.tick.ask, q.tick.time_ns, q.steps) for symbol, q in quotes.items()],
    )


def read_deals(
    connection: sqlite3.Connection, book: Book, after_ticket: int = 0, since_ns: int = 0, limit: int = PAGE
) -> tuple[Deal, ...]:
    """At most ``limit`` deals beyond a ticket, oldest first."""
    if book is Book.LIVE:
        return _rows(connection, LIVE_DEALS, (after_ticket, since_ns, limit), Deal)
    return _rows(connection, SHADOW_DEALS, (-abs(after_ticket), since_ns, limit), Deal)


def read_orders(connection: sqlite3.Connection, limit: int = -1) -> tuple[PaperOrder, ...]:
    """Orders of both books, newest first; ``limit`` -1 means all."""
    return _rows(
        connection,
        "SELECT * FROM orders ORDER BY time_ns DESC, abs(ticket) DESC LIMIT ?",
        (limit,),
        PaperOrder,
    )


def read_positions(connection: sqlite3.Connection) -> tuple[Position, ...]:
    """Open positions of both books, as stored: without current price and profit."""
    return _rows(connection, "SELECT * FROM positions ORDER BY time_ns, abs(ticket)", (), Position)


def _rows(connection: sqlite3.Connection, sql: str, values: tuple[Any, ...], kind: type[T]) -> tuple[T, ...]:
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return tuple(msgspec.convert(dict(zip(names, row, strict=True)), kind) for row in cursor)
