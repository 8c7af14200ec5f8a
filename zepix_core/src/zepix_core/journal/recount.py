"""Totals counted again from the rows: after an upgrade, another day boundary, or damage."""

import sqlite3

from zepix_core.clock import Clock, moment
from zepix_core.journal import events, host_state
from zepix_core.journal.totals import ALL_DAYS
from zepix_core.rules.trading_day import TradingDays
from zepix_core.storage.journal_schema import has_old_totals

MARK = "totals:days"
_SPAN = "SELECT min(time_ns), max(time_ns) FROM deals"
_DAY = (
    "SELECT account, book, ?1, coalesce(plugin, ''), count(*), sum(entry = 'out'),"
    " sum(CAST(round((profit + commission + swap) * 1000000) AS INTEGER)),"
    " sum(max(0, -CAST(round((profit + commission + swap) * 1000000) AS INTEGER)))"
    " FROM deals WHERE time_ns >= ?1 AND time_ns < ?2 GROUP BY account, book, coalesce(plugin, '')"
)
_INSERT = (
    "INSERT INTO totals (account, book, day_ns, plugin, deals, closes, result, lost)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SUM_UP = (
    "INSERT INTO totals (account, book, day_ns, plugin, deals, closes, result, lost)"
    " SELECT account, book, 0, plugin, sum(deals), sum(closes), sum(result), sum(lost) FROM totals"
    " WHERE day_ns != 0 GROUP BY account, book, plugin"
)
_COUNTED = (
    "SELECT (SELECT count(*) FROM deals), (SELECT coalesce(sum(deals), 0) FROM totals WHERE day_ns = 0)"
)
_NEXT = "SELECT min(time_ns) FROM deals WHERE time_ns >= ?"
_ROWS = "SELECT account, book, day_ns, plugin, deals, closes, result, lost FROM totals"
Row = tuple[str, str, int, str, int, int, int, int]


def mark_of(days: TradingDays) -> str:
    """Which days the totals are kept by."""
    return f"{days.reset:%H:%M} {days.zone.key}"


def days_of(mark: str) -> TradingDays:
    """The days that a mark names."""
    reset, _, zone = mark.partition(" ")
    return TradingDays.named(reset, zone)


def ensure(connection: sqlite3.Connection, clock: Clock, days: TradingDays) -> bool:
    """Count again when the totals are of other days or do not know every deal; True when it was needed."""
    deals, counted = connection.execute(_COUNTED).fetchone()
    if host_state.read(connection, MARK) == mark_of(days) and deals == counted:
        return False
    rebuild(connection, clock, days)
    return True


def rebuild(connection: sqlite3.Connection, clock: Clock, days: TradingDays) -> None:
    """Replace all totals by sums of the rows, inside the caller's write transaction."""
    connection.execute("DELETE FROM totals")
    for bounds in _days(connection, days):
        connection.executemany(_INSERT, connection.execute(_DAY, bounds).fetchall())
    connection.execute(_SUM_UP)
    host_state.write(connection, clock, MARK, mark_of(days))
    events.append(connection, clock, "totals", {"days": mark_of(days)})


def differences(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Sentences on each total that is not the sum of its rows; only reads. Totals of an older program are
    not looked at: the next start counts them again."""
    mark = host_state.read(connection, MARK)
    if mark is None or has_old_totals(connection):
        return ()
    found = {row[:4]: row[4:] for row in connection.execute(_ROWS)}
    right = {row[:4]: row[4:] for row in _counted(connection, days_of(mark))}
    wrong = sorted(key for key in found.keys() | right.keys() if found.get(key) != right.get(key))
    return tuple(
        f"the totals of {plugin or 'foreign deals'} ({book}, {_day(day)}) are not the sum of the deals"
        for _, book, day, plugin in wrong
    )


def _counted(connection: sqlite3.Connection, days: TradingDays) -> list[Row]:
    rows: list[Row] = [row for bounds in _days(connection, days) for row in connection.execute(_DAY, bounds)]
    sums: dict[tuple[str, str, str], tuple[int, int, int, int]] = {}
    for account, book, _, plugin, *numbers in rows:
        before = sums.get((account, book, plugin), (0, 0, 0, 0))
        deals, closes, result, lost = (old + new for old, new in zip(before, numbers, strict=True))
        sums[account, book, plugin] = (deals, closes, result, lost)
    return rows + [
        (account, book, ALL_DAYS, plugin, *numbers) for (account, book, plugin), numbers in sums.items()
    ]


def _days(connection: sqlite3.Connection, days: TradingDays) -> list[tuple[int, int]]:
    first, last = connection.execute(_SPAN).fetchone()
    bounds: list[tuple[int, int]] = []
    while first is not None and first <= last:
        start, end = days.around(first)
        bounds.append((start, end))
        first = connection.execute(_NEXT, (end,)).fetchone()[0]
    return bounds


def _day(day_ns: int) -> str:
    return "all days" if day_ns == ALL_DAYS else f"day from {moment(day_ns):%Y-%m-%d %H:%M} UTC"
