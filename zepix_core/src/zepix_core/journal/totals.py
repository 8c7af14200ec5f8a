"""Running totals of deals by account, kept in the transaction that books each of them.

Money is kept in whole millionths of the account currency, so that the order of adding changes nothing and the
totals equal the sum of the rows to the last digit.
"""

import sqlite3
from collections.abc import Mapping

import attrs

from zepix_core.journal import host_state
from zepix_core.model.order import Book

MILLION = 1_000_000
ALL_DAYS = 0
_ADD = (
    "INSERT INTO totals (account, book, day_ns, plugin, deals, closes, result, lost)"
    " SELECT account, book, ?1, coalesce(plugin, ''), 1, entry = 'out',"
    " CAST(round((profit + commission + swap) * 1000000) AS INTEGER),"
    " max(0, -CAST(round((profit + commission + swap) * 1000000) AS INTEGER))"
    " FROM deals WHERE account = ?2 AND ticket = ?3"
    " ON CONFLICT (account, book, day_ns, plugin) DO UPDATE SET deals = deals + excluded.deals,"
    " closes = closes + excluded.closes, result = result + excluded.result, lost = lost + excluded.lost"
)
_ALL = "SELECT plugin, lost, result, closes FROM totals WHERE account = ? AND book = ? AND day_ns = 0"
_SINCE = (
    "SELECT plugin, sum(lost), sum(result), sum(closes) FROM totals"
    " WHERE account = ? AND book = ? AND day_ns >= ? GROUP BY plugin"
)
_NEWEST = "SELECT account FROM deals ORDER BY time_ns DESC LIMIT 1"
ACCOUNT = "account"


@attrs.frozen
class Sums:
    """Sums over deals. ``lost`` (positive, profits not netted) and ``result`` are millionths of money.

    What an entry costs is lost when it is made: nobody knows yet what its position will bring.
    """

    lost: int = 0
    result: int = 0
    closes: int = 0


@attrs.frozen(kw_only=True)
class Totals:
    """Sums of one book by plugin, of all days and of the trading day; ``""`` is what is not ours."""

    all: Mapping[str, Sums]
    today: Mapping[str, Sums]

    def lost(self, plugin: str | None = None) -> int:
        """Losses in all: of a plugin, or of the account with what is not ours."""
        return _lost(self.all, plugin)

    def lost_today(self, plugin: str | None = None) -> int:
        """Losses of the trading day, as `lost`."""
        return _lost(self.today, plugin)


def _lost(sums: Mapping[str, Sums], plugin: str | None) -> int:
    if plugin is not None:
        return sums.get(plugin, Sums()).lost
    return sum(one.lost for one in sums.values())


def add(connection: sqlite3.Connection, account: str, ticket: int, day_ns: int) -> None:
    """Add the deal just inserted, which belongs to the trading day that starts at ``day_ns``."""
    for day in (day_ns, ALL_DAYS):
        connection.execute(_ADD, (day, account, ticket))


def account_in_use(connection: sqlite3.Connection) -> str:
    """The account that was opened last, or that of the newest deal; ``""`` while there is none."""
    known: str | None = host_state.read(connection, ACCOUNT)
    if known is not None:
        return known
    row = connection.execute(_NEWEST).fetchone()
    return "" if row is None else str(row[0])


def read(connection: sqlite3.Connection, account: str, book: Book, day_ns: int) -> Totals:
    """The totals of a book of an account, with those of the trading days from ``day_ns`` on."""
    everything = connection.execute(_ALL, (account, book.value))
    today = connection.execute(_SINCE, (account, book.value, day_ns))
    return Totals(
        all={plugin: Sums(*sums) for plugin, *sums in everything},
        today={plugin: Sums(*sums) for plugin, *sums in today},
    )
