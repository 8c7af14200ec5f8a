"""The loss limits of a host that does not run: what its journal knows, without the account."""

import sqlite3
from collections.abc import Iterator

import attrs

from zepix_core.clock import iso
from zepix_core.config.risk import TradingSettings
from zepix_core.journal import latches, totals
from zepix_core.journal.totals import MILLION
from zepix_core.model.limits import ACCOUNT, DAILY, LIFETIME, lift_command
from zepix_core.model.order import Book
from zepix_core.rules.trading_day import TradingDays


@attrs.frozen(kw_only=True)
class RestingLimit:
    """As `LimitRow`; what only the account or a plugin can tell is ``None``."""

    which: str
    scope: str
    loss: float
    limit: float | None
    open_risk: float | None = None
    remaining: float | None
    reached: bool
    since: str | None = None
    until: str | None = None
    lift: str = ""
    lifted: bool = False


def resting_limits(
    connection: sqlite3.Connection, settings: TradingSettings, now_ns: int
) -> tuple[RestingLimit, ...]:
    """The account's limits, then those of plugins that were reached. ``now_ns`` is UTC."""
    account = totals.account_in_use(connection)
    start = TradingDays.named(settings.daily_reset_time, settings.timezone).around(now_ns)[0]
    sums = totals.read(connection, account, Book.LIVE, start)
    kept = latches.read(connection, account)
    holding = {key: latch for key, latch in kept.latches.items() if latch.holds(now_ns)}
    names = dict.fromkeys([(DAILY, ACCOUNT), (LIFETIME, ACCOUNT), *holding])

    def rows() -> Iterator[RestingLimit]:
        for which, scope in names:
            plugin = None if scope == ACCOUNT else scope
            lost, day = (sums.lost_today(plugin), start) if which == DAILY else (sums.lost(plugin), 0)
            forgiven = kept.forgiven.get((which, scope))
            off = forgiven.lost if forgiven is not None and forgiven.day_ns == day else 0
            latch = None if settings.lifted else holding.get((which, scope))
            until = None if latch is None else latch.until_ns
            yield RestingLimit(
                which=which,
                scope=scope,
                loss=round(max(0, lost - off) / MILLION, 2),
                limit=None if latch is None else latch.limit,
                remaining=None if latch is None else 0.0,
                reached=latch is not None,
                since=None if latch is None else iso(latch.since_ns),
                until=None if until is None else iso(until),
                lift="" if latch is None else lift_command(which, scope),
                lifted=settings.lifted,
            )

    return tuple(rows())
