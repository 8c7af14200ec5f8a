"""What the files of a stopped host say of both books."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

from zepix_core.broker.paper.store import read_deals, read_positions
from zepix_core.cli.source import from_file
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.journal import books, host_state
from zepix_core.journal.recovery import ACCOUNT
from zepix_core.journal.updates import MARK
from zepix_core.model.books import UNEQUAL, BookRow, BooksReport
from zepix_core.model.order import Book
from zepix_core.storage.connection import open_reader

Side = Callable[[Book, int], books.Shown]


def report_of_files(home: Home) -> Any:
    """Both books as plain values: the journal beside the paper broker's own book, or alone where the broker
    is another one, which nobody can ask while the host is stopped.

    Raises:
        SettingsError: A file is damaged, or the settings cannot be used.
    """
    settings = load_settings(home).settings
    host_id = settings.trading.host_id
    with ExitStack() as held:
        side: Side | None = None
        if settings.broker == "paper":
            paper = (
                held.enter_context(closing(open_reader(home.paper_db))) if home.paper_db.exists() else None
            )
            side = partial(_shown, paper)
        told = from_file(home.journal_db, partial(_report, host_id=host_id, side=side))
    return told or {"equal": True, "rows": [], "held": [], "broker_asked": settings.broker == "paper"}


def _report(connection: sqlite3.Connection, host_id: int, side: Side | None) -> BooksReport:
    account = host_state.read(connection, ACCOUNT) or ""
    rows: tuple[BookRow, ...] = ()
    for book in Book:
        if side is None:
            rows += books.journal_rows(connection, account, book)
        else:
            mark = host_state.read(connection, MARK + book.value) or 0
            rows += books.compare(connection, account, host_id, side(book, mark))
    held = books.held(connection)
    equal = not held and not any(row.kind in UNEQUAL for row in rows)
    return BooksReport(equal=equal, rows=rows, held=held, broker_asked=side is not None)


def _shown(paper: sqlite3.Connection | None, book: Book, mark: int) -> books.Shown:
    if paper is None:
        return books.Shown(book=book)  # an account that was never opened
    positions = tuple(position for position in read_positions(paper) if position.book is book)
    return books.Shown(book=book, positions=positions, deals=read_deals(paper, book, mark))
