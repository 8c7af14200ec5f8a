"""The four plugins in a whole host on paper: what is sent to them, and every book afterwards."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from zepix_core import Book, Side
from zepix_core.journal.listing import AlertRow
from zepix_core.model.order import Position
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost
from zepix_plugins_v6.profiles import PROFILES, Profile

from .messages import entry_body

PRICE = 2035.0
EACH = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
SIDES = pytest.mark.parametrize("side", list(Side))
MONEY = {"paper": {"balance": 60_000.0}}


def host(
    home: Path, clock: VirtualClock, *, shadow: bool, plugins: Mapping[str, Mapping[str, Any]] | None = None,
    **options: Any,
) -> PaperHost:  # fmt: skip
    """A host with the V6 plugins alone, rich enough for every size."""
    settings = {
        profile.id: {"shadow_mode": shadow, **(plugins or {}).get(profile.id, {})} for profile in PROFILES
    }
    return PaperHost(
        home,
        only=("zepix-plugins-v6",),
        plugin_settings=settings,
        settings=MONEY,
        clock=clock,
        **options,
    )


@attrs.define
class Desk:
    """A running host and the book its entries go to."""

    paper: PaperHost
    book: Book

    async def send(self, body: str) -> AlertRow:
        """Post a message; the alert as it ended."""
        answer = await self.paper.post(body)
        assert answer.status == 200, answer
        await self.paper.settled()
        return next(row for row in await self.paper.alerts() if row.id == answer.body["id"])

    async def enter(self, profile: Profile, side: Side = Side.BUY, **changes: Any) -> AlertRow:
        """An entry at the market's price, whose targets are 8.40 apart; its row."""
        return await self.send(entry(profile, side, **changes))

    async def leave(self, profile: Profile, side: Side = Side.BUY, price: float = PRICE) -> AlertRow:
        """The exit of a side at a price."""
        name = "EXIT_BULLISH" if side is Side.BUY else "EXIT_BEARISH"
        return await self.send(f"{name}|XAUUSD|{profile.timeframe}|{price:g}|15")

    async def pulse(self, timeframe: str, bull: int, bear: int, symbol: str = "XAUUSD") -> AlertRow:
        """A trend pulse of a chart."""
        return await self.send(f"TREND_PULSE|{symbol}|{timeframe}|{bull}|{bear}|15:SIDE→BULL|")

    async def trending(self, side: Side = Side.BUY) -> None:
        """Every chart that a plugin looks at leans one way."""
        bull, bear = (5, 1) if side is Side.BUY else (1, 5)
        for timeframe in ("15", "240"):
            await self.pulse(timeframe, bull, bear)

    async def price(self, bid: float) -> None:
        """The market goes there, and all that follows from it has happened."""
        await self.paper.host.broker.observe("XAUUSD", bid)
        await self.paper.settled()

    async def positions(self) -> tuple[Position, ...]:
        """What is open in the book."""
        return await self.paper.positions(self.book)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of the group's file."""
        return rows_of(self.paper.home.data / "zepix_price_action.db", query)

    def table(self, profile: Profile) -> list[dict[str, Any]]:
        """A plugin's trades."""
        return self.rows(f"SELECT * FROM {profile.table} ORDER BY id")

    def logged(self, alert: AlertRow) -> dict[str, Any]:
        """The log's row of a message."""
        (row,) = self.rows(f"SELECT * FROM v6_signals_log WHERE alert_key = '{alert.key}'")
        return row

    def day(self) -> dict[str, Any]:
        """The only day's figures."""
        (row,) = self.rows("SELECT * FROM v6_daily_stats")
        return row


def entry(profile: Profile, side: Side = Side.BUY, **changes: Any) -> str:
    """An entry at the market's price."""
    return entry_body(profile, side, price=changes.pop("price", Decimal("2035.0")), **changes)


def rows_of(path: Path, query: str) -> list[dict[str, Any]]:
    """Rows of a database."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def deliver_again(home: Path, alert: AlertRow, *, crashed: bool) -> None:
    """As after a crash: the alert and its deliveries wait again.

    Args:
        crashed: Before the plugin could note that it had handled the message.
    """
    with closing(sqlite3.connect(home / "data" / "journal.db")) as journal:
        reset = "state = 'new', reason = NULL, finished_ns = NULL, boot = NULL"
        journal.execute(f"UPDATE inbox SET {reset} WHERE id = ?", (alert.id,))
        journal.execute(f"UPDATE deliveries SET {reset}, decision = NULL WHERE alert_id = ?", (alert.id,))
        journal.commit()
    if crashed:
        with closing(sqlite3.connect(home / "data" / "zepix_price_action.db")) as group:
            query = "UPDATE v6_signals_log SET processed = 0, skip_reason = NULL WHERE alert_key = ?"
            group.execute(query, (alert.key,))
            group.commit()


def outcome(row: AlertRow) -> tuple[str, str | None]:
    """How an alert ended, and why."""
    return row.state, row.reason
