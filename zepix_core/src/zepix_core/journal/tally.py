"""Losses, counted once as their deals come into the journal."""

import sqlite3
import threading
from collections import deque

import attrs

from zepix_core.clock import NS
from zepix_core.model.order import Book

KEPT_NS = 3 * 86_400 * NS
_NEW = (
    "SELECT rowid, book, plugin, time_ns, profit + commission + swap FROM deals"
    " WHERE rowid > ? AND entry = 'out' ORDER BY rowid"
)


@attrs.frozen
class Loss:
    """One losing deal; ``money`` is positive."""

    book: Book
    plugin: str
    time_ns: int
    money: float


class LossTally:
    """Sums of losing closes; profits are not netted. Foreign deals count too.

    Readers of the journal run in threads, so each method holds a lock.
    """

    def __init__(self) -> None:
        self._last = 0
        self._recent: deque[Loss] = deque()
        self._total: dict[Book, float] = {Book.LIVE: 0.0, Book.SHADOW: 0.0}
        self._reset_ns = 0
        self._lock = threading.Lock()

    def read(self, connection: sqlite3.Connection, now_ns: int, reset_ns: int) -> None:
        """Take what came since the last time; lifetime losses count from ``reset_ns`` on."""
        with self._lock:
            if reset_ns != self._reset_ns:
                self._forget(reset_ns)
            for row, book, plugin, time_ns, money in connection.execute(_NEW, (self._last,)):
                self._last = row
                if money < 0:
                    self._add(Loss(Book(book), plugin or "", time_ns, -money), now_ns)
            while self._recent and self._recent[0].time_ns < now_ns - KEPT_NS:
                self._recent.popleft()

    def since(self, book: Book, since_ns: int, plugin: str | None = None) -> float:
        """Losses since then, at most three days back; of one plugin or of the account."""
        with self._lock:
            return sum(
                loss.money
                for loss in self._recent
                if loss.book is book and loss.time_ns >= since_ns and plugin in (None, loss.plugin)
            )

    def lifetime(self, book: Book) -> float:
        """Losses since the last reset."""
        with self._lock:
            return self._total[book]

    def _forget(self, reset_ns: int) -> None:
        """Begin again from the first deal."""
        self._reset_ns = reset_ns
        self._last = 0
        self._recent.clear()
        self._total = dict.fromkeys(self._total, 0.0)

    def _add(self, loss: Loss, now_ns: int) -> None:
        if loss.time_ns >= self._reset_ns:
            self._total[loss.book] += loss.money
        if loss.time_ns >= now_ns - KEPT_NS:
            self._recent.append(loss)
