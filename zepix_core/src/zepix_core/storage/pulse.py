"""The trend pulse of one database group: a row per symbol and chart, kept in ``market_trends``.

Loaded once, answered from memory, written through. A group that has no such table gets it with its first row.
"""

import asyncio
import sqlite3
from collections import deque
from datetime import datetime

from zepix_core.errors import BadArgument
from zepix_core.model.trend_pulse import MarketState, TrendPulseData
from zepix_core.rules.trend_pulse import TIMEFRAMES, fresh_rows, pulse_timeframe, state_received
from zepix_core.storage.plugin_database import PluginDatabase
from zepix_core.storage.stamps import read_stamp, stamp

REMEMBERED = 64
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS market_trends (
        symbol TEXT NOT NULL,
        timeframe TEXT NOT NULL,
        bull_count INTEGER NOT NULL DEFAULT 0,
        bear_count INTEGER NOT NULL DEFAULT 0,
        market_state TEXT,
        changes TEXT,
        last_updated TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
        PRIMARY KEY (symbol, timeframe)
    ) STRICT
    """,
    "CREATE INDEX IF NOT EXISTS market_trends_symbol ON market_trends (symbol)",
)

_STATES = {state.value: state for state in MarketState}


class PulseStore:
    """The rows of one database group. Call `load` first."""

    def __init__(self, database: PluginDatabase) -> None:
        self._database = database
        # In order of receipt: what was received last stands last.
        self._rows: dict[tuple[str, str], TrendPulseData] = {}
        self._seen: dict[tuple[str, str], deque[str]] = {}
        self._has_table = False
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Read what the file holds; a group without the table has no rows."""
        self._has_table = await self._database.read(_has_table)
        rows = await self._database.read(_all_rows) if self._has_table else []
        self._rows = {(row.symbol, row.timeframe): row for row in rows}

    async def update(
        self,
        symbol: str,
        timeframe: str,
        bull_count: int,
        bear_count: int,
        market_state: str = "",
        changes: str | None = None,
        *,
        key: str = "",
        received_at: datetime | None = None,
    ) -> TrendPulseData:
        """Replace one row and return it as it stands; see `Trend.update_trend_pulse`.

        Args:
            changes: ``None`` keeps the text that is there.
            key: Key of the alert it came with: a repeat of it changes nothing.
            received_at: When it was received, aware; now when not given.

        Raises:
            BadArgument: Counts that cannot be.
        """
        _check(bull_count, bear_count)
        place = (symbol, pulse_timeframe(timeframe))
        async with self._turn:
            before = self._rows.get(place)
            seen = self._seen.setdefault(place, deque(maxlen=REMEMBERED))
            if before is not None and key and key in seen:
                return before
            old_text = "" if before is None else before.changes
            row = TrendPulseData(
                symbol=symbol,
                timeframe=place[1],
                bull_count=bull_count,
                bear_count=bear_count,
                market_state=state_received(market_state, bull_count, bear_count),
                changes=old_text if changes is None else changes,
                last_updated=read_stamp(self._database.now() if received_at is None else stamp(received_at)),
            )
            await self._put(row)
            self._rows.pop(place, None)
            self._rows[place] = row
            if key:
                seen.append(key)
        return row

    def rows(self, symbol: str, max_age_minutes: float = 0.0) -> tuple[TrendPulseData, ...]:
        """A symbol's rows that still count, received first first; an age of 0 is no limit."""
        own = [row for row in self._rows.values() if row.symbol == symbol]
        return fresh_rows(own, read_stamp(self._database.now()), max_age_minutes)

    async def _put(self, row: TrendPulseData) -> None:
        values = (
            row.symbol, row.timeframe, row.bull_count, row.bear_count, row.market_state.value,
            row.changes, stamp(row.last_updated),
        )  # fmt: skip
        make = not self._has_table

        def write(connection: sqlite3.Connection) -> None:
            if make:
                for statement in SCHEMA:
                    connection.execute(statement)
            # REPLACE gives the row a new rowid: they stay in order of receipt, also within one second.
            connection.execute(
                """
                INSERT OR REPLACE INTO market_trends
                    (symbol, timeframe, bull_count, bear_count, market_state, changes, last_updated)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                values,
            )

        await self._database.run(write)
        self._has_table = True


def _has_table(connection: sqlite3.Connection) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'market_trends'"
    return connection.execute(query).fetchone() is not None


def _all_rows(connection: sqlite3.Connection) -> list[TrendPulseData]:
    rows = connection.execute(
        "SELECT symbol, timeframe, bull_count, bear_count, market_state, changes, last_updated"
        " FROM market_trends ORDER BY rowid"
    )
    return [
        TrendPulseData(
            symbol=symbol,
            timeframe=timeframe,
            bull_count=bull,
            bear_count=bear,
            market_state=_STATES.get(state, MarketState.UNKNOWN),
            changes=changes or "",
            last_updated=read_stamp(updated),
        )
        for symbol, timeframe, bull, bear, state, changes, updated in rows
    ]


def _check(bull_count: int, bear_count: int) -> None:
    for name, count in (("bull_count", bull_count), ("bear_count", bear_count)):
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= TIMEFRAMES:
            raise BadArgument(f"{name} must be a whole number from 0 to {TIMEFRAMES}, not {count!r}.")
    if bull_count + bear_count > TIMEFRAMES:
        raise BadArgument(
            f"{bull_count} bullish and {bear_count} bearish timeframes are more than {TIMEFRAMES}.",
            "One timeframe leans one way or none.",
        )
