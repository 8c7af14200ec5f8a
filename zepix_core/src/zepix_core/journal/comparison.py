"""What plugins made in the live and in the shadow book over a period, from the deals and the refusals."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from zepix_core.clock import nanoseconds
from zepix_core.errors import UsageError
from zepix_core.journal.positions import PositionRow
from zepix_core.journal.results import Account, Key, keys, results
from zepix_core.journal.totals import MILLION
from zepix_core.model.alert import AlertClass
from zepix_core.model.comparison import ALL_SYMBOLS, NO_BOOK, BookRow
from zepix_core.model.order import Book
from zepix_core.rules.trading_day import TradingDays

LATEST_NS = 2**63 - 1
_DENIED = (
    "SELECT plugin, symbol, book, reason, count(DISTINCT trade_group) FROM intents"
    " WHERE action = 'open' AND state = 'denied' AND created_ns >= ? AND created_ns < ?"
    " GROUP BY plugin, symbol, book, reason"
)
_REJECTED = (
    "SELECT d.plugin, coalesce(json_extract(d.decision, '$.fields.symbol'), a.symbol, ''), a.kind,"
    " coalesce(d.reason, ''), count(*) FROM deliveries d JOIN inbox a ON a.id = d.alert_id"
    " WHERE d.state = 'rejected' AND a.received_ns >= ? AND a.received_ns < ? AND NOT EXISTS"
    " (SELECT 1 FROM intents i WHERE i.alert_id = d.alert_id AND i.plugin = d.plugin AND i.action = 'open')"
    " GROUP BY 1, 2, 3, 4"
)
_TRADED = "SELECT EXISTS (SELECT 1 FROM intents WHERE plugin = ?)"


def period(days: TradingDays, since: str | None, until: str | None) -> tuple[int, int]:
    """From the start of one trading day to the end of another, UTC nanoseconds; what is not named is open.

    Raises:
        UsageError: A text is no date, or the days are the wrong way round.
    """
    first, last = _day(since), _day(until)
    if first is not None and last is not None and last < first:
        raise UsageError(f"{until} lies before {since}.", "Name the first day, then the last.")
    return (
        0 if first is None else nanoseconds(days.bounds(first)[0]),
        LATEST_NS if last is None else nanoseconds(days.bounds(last)[1]),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(f"{text!r} is no day.", "Write it as 2026-01-05.") from error


def entry_kinds(plugins: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, frozenset[str]]:
    """The alert kinds by plugin that ask for an entry, from what each declares."""
    return {
        plugin: frozenset(kind for kind, about in alerts.items() if about == AlertClass.ENTRY)
        for plugin, alerts in plugins
        if alerts
    }


def compare(
    connection: sqlite3.Connection,
    opened: Iterable[PositionRow],
    *,
    since_ns: int = 0,
    until_ns: int = LATEST_NS,
    plugins: Collection[str] | None = None,
    entries: Mapping[str, Collection[str]] | None = None,
) -> tuple[BookRow, ...]:
    """Rows by plugin, the sum of each book before its symbols; books and symbols without anything are left
    out, save the sums of ``plugins``.

    Args:
        opened: Positions open now, as far as known.
        since_ns, until_ns: The period, UTC nanoseconds, its end not included.
        plugins: Only these; ``None``: all that have anything to show.
        entries: Alert kinds by plugin that ask for an entry; of a plugin that is not named all count once it
            asked for an order. Without any, all refusals count.
    """
    accounts = results(connection, since_ns, until_ns, plugins)
    held = _held(opened)
    refused = _refused(connection, since_ns, until_ns, entries or {})
    found = {*accounts, *held, *refused}
    if plugins is not None:
        found = {key for key in found if key[0] in plugins}
        found |= {(name, ALL_SYMBOLS, book.value) for name in plugins for book in Book}
    return tuple(
        _row(key, accounts.get(key, Account()), held.get(key, []), refused.get(key, {}))
        for key in sorted(
            found, key=lambda key: (key[0], key[1] != ALL_SYMBOLS, key[1], key[2] == NO_BOOK, key[2])
        )
    )


def _held(opened: Iterable[PositionRow]) -> dict[Key, list[float | None]]:
    """What each open position of ours would bring now."""
    found: dict[Key, list[float | None]] = {}
    for row in opened:
        if row.plugin:
            floating = None if row.profit is None else row.profit + row.swap
            for key in keys(row.plugin, row.symbol, row.book):
                found.setdefault(key, []).append(floating)
    return found


def _refused(
    connection: sqlite3.Connection, since_ns: int, until_ns: int, entries: Mapping[str, Collection[str]]
) -> dict[Key, dict[str, int]]:
    found: dict[Key, dict[str, int]] = {}

    def add(plugin: str, symbol: str, book: str, reason: str, count: int) -> None:
        for key in keys(plugin, symbol, book):
            codes = found.setdefault(key, {})
            codes[reason] = codes.get(reason, 0) + count

    for row in connection.execute(_DENIED, (since_ns, until_ns)):
        add(*row)
    rejected = connection.execute(_REJECTED, (since_ns, until_ns)).fetchall()
    others = {row[0] for row in rejected} - entries.keys() if entries else set()
    # Who takes alerts for a whole group is no plugin: it asks for no entry, and refuses none.
    feeds = {name for name in others if not connection.execute(_TRADED, (name,)).fetchone()[0]}
    for plugin, symbol, kind, reason, count in rejected:
        if plugin not in feeds and kind in entries.get(plugin, (kind,)):
            add(plugin, symbol, NO_BOOK, reason, count)
    return found


def _row(key: Key, account: Account, held: list[float | None], refused: dict[str, int]) -> BookRow:
    plugin, symbol, book = key
    known: list[Any] = [floating for floating in held if floating is not None]
    return BookRow(
        plugin=plugin,
        symbol=symbol,
        book=book,
        trades=account.trades,
        wins=account.wins,
        losses=account.losses,
        win_rate=round(100 * account.wins / account.trades, 1) if account.trades else None,
        pips=round(account.pips, 1),
        money=_money(account.money),
        commission=_money(account.commission),
        swap=_money(account.swap),
        profit_factor=round(account.won / account.lost, 2) if account.lost else None,
        max_drawdown=_money(account.drawdown),
        open=len(held),
        floating=round(sum(known), 2) if len(known) == len(held) else None,
        refused=dict(sorted(refused.items(), key=lambda one: (-one[1], one[0]))),
    )


def _money(millionths: int) -> float:
    return round(millionths / MILLION, 2)
