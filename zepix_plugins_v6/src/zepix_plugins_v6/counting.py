"""What a plugin has seen and done on a trading day: a line of ``zepix status`` and ``zepix plugins list``."""

import sqlite3
from collections.abc import Mapping

import attrs

from zepix_core import ServiceAPI, stamp
from zepix_plugins_v6 import store, trade_store
from zepix_plugins_v6.profiles import Profile

NAME = "today"
MOST_REASONS = 6


@attrs.frozen(kw_only=True)
class Counters:
    """Entries and exits of one trading day.

    Attributes:
        received: Those handled.
        reasons: Why no real trade came of an entry and nothing was closed by an exit: how many by code.
        placed, closed: Real trades opened by them, and real trades that ended that day.
    """

    received: int = 0
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    placed: int = 0
    closed: int = 0

    @property
    def line(self) -> str:
        """For people; "" when there is nothing to tell."""
        if not (self.received or self.closed):
            return ""
        signals, trades = _counted(self.received, "signal"), _counted(self.placed, "trade")
        told = f"{signals}, {trades} placed, {self.closed} closed"
        often = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        shown = [f"{code} {count}" for code, count in often[:MOST_REASONS]]
        if others := sum(count for _, count in often[MOST_REASONS:]):
            shown.append(f"others {others}")
        return f"{told}; no trade: {', '.join(shown)}" if shown else told


def count(connection: sqlite3.Connection, profile: Profile, day: tuple[str, str]) -> Counters:
    """The counters of a plugin between two times, as `stamp` writes them."""
    rows = store.outcomes(connection, profile.id, day)
    return Counters(
        received=sum(row.count for row in rows),
        reasons={row.reason: row.count for row in rows if row.reason is not None},
        placed=sum(row.placed for row in rows),
        closed=trade_store.closed_trades(connection, profile, day),
    )


async def show(profile: Profile, api: ServiceAPI) -> None:
    """Report the counters of today. They end with the day."""
    days = api.trading_days
    begin, end = days.bounds(days.day_of(api.now()))
    bounds = (stamp(begin), stamp(end))
    counters = await api.db.read(lambda connection: count(connection, profile, bounds))
    await api.report(NAME, counters.line, until=end)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
