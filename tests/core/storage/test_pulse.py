"""The trend pulse of a group: replaced by each report, kept in order of receipt, read over a restart."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zepix_core.clock import moment
from zepix_core.errors import BadArgument
from zepix_core.model.trend_pulse import MarketState
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import PluginDatabase, open_plugin_database
from zepix_core.storage.pulse import REMEMBERED, SCHEMA, PulseStore
from zepix_core.testing.clock import VirtualClock

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def db(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[PluginDatabase]:
    opened = open_plugin_database(tmp_path / "x.db", "x", executor=SameThread, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def pulse(db: PluginDatabase) -> PulseStore:
    return await loaded(db)


async def loaded(db: PluginDatabase) -> PulseStore:
    store = PulseStore(db)
    await store.load()
    return store


async def stored(db: PluginDatabase) -> list[tuple[object, ...]]:
    query = (
        "SELECT symbol, timeframe, bull_count, bear_count, market_state, changes, last_updated"
        " FROM market_trends ORDER BY rowid"
    )
    return await db.read(lambda connection: connection.execute(query).fetchall())


def has_table(connection: sqlite3.Connection) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE name = 'market_trends'"
    return connection.execute(query).fetchone() is not None


async def test_a_group_gets_its_table_with_its_first_row(db: PluginDatabase, pulse: PulseStore) -> None:
    assert pulse.rows("XAUUSD") == ()
    assert not await db.read(has_table)
    await pulse.update("XAUUSD", "15", 5, 1, "TRENDING_BULLISH", "15:BEAR→BULL", received_at=NOON)
    assert await stored(db) == [
        ("XAUUSD", "15", 5, 1, "TRENDING_BULLISH", "15:BEAR→BULL", "2026-01-19 12:00:00")
    ]


async def test_a_table_that_a_migration_made_is_used_as_it_is(db: PluginDatabase) -> None:
    await db.run(lambda connection: [connection.execute(statement) for statement in SCHEMA])
    await (await loaded(db)).update("XAUUSD", "15", 5, 1)
    assert len(await stored(db)) == 1


async def test_a_report_replaces_the_counts_of_its_chart_and_adds_nothing(pulse: PulseStore) -> None:
    await pulse.update("XAUUSD", "15", 4, 2)
    row = await pulse.update("XAUUSD", "15", 1, 1, "CHOPPY")
    assert (row.bull_count, row.bear_count, row.market_state) == (1, 1, MarketState.CHOPPY)
    assert pulse.rows("XAUUSD") == (row,)
    assert pulse.rows("EURUSD") == ()


async def test_the_text_of_changes_stays_unless_a_new_one_comes(pulse: PulseStore) -> None:
    assert (await pulse.update("XAUUSD", "15", 4, 2)).changes == ""
    await pulse.update("XAUUSD", "15", 4, 2, changes="5m,15m")
    assert (await pulse.update("XAUUSD", "15", 4, 2)).changes == "5m,15m"
    assert (await pulse.update("XAUUSD", "15", 4, 2, changes="")).changes == ""


async def test_a_daily_chart_has_one_name(pulse: PulseStore) -> None:
    await pulse.update("XAUUSD", "1D", 4, 2)
    await pulse.update("XAUUSD", "D", 0, 2)
    assert [(row.timeframe, row.bull_count) for row in pulse.rows("XAUUSD")] == [("1440", 0)]


async def test_a_word_nobody_knows_is_unknown_here_and_in_the_file(
    db: PluginDatabase, pulse: PulseStore
) -> None:
    row = await pulse.update("XAUUSD", "15", 6, 0, "WEAK_BULLISH")
    assert row.market_state is MarketState.UNKNOWN
    assert (await stored(db))[0][4] == "UNKNOWN"
    assert (await loaded(db)).rows("XAUUSD") == (row,)


async def test_an_empty_word_is_the_one_of_the_counts(db: PluginDatabase, pulse: PulseStore) -> None:
    await pulse.update("XAUUSD", "15", 6, 0, "")
    assert (await stored(db))[0][4] == "TRENDING_BULLISH"


async def test_a_repeat_of_an_alert_changes_nothing_even_after_another_came(pulse: PulseStore) -> None:
    await pulse.update("XAUUSD", "15", 5, 1, key="a")
    await pulse.update("XAUUSD", "15", 0, 6, key="b")
    row = await pulse.update("XAUUSD", "15", 5, 1, key="a")
    assert (row.bull_count, row.bear_count) == (0, 6)
    for number in range(REMEMBERED):
        await pulse.update("XAUUSD", "15", 1, 1, key=f"n{number}")
    assert (await pulse.update("XAUUSD", "15", 5, 1, key="a")).bull_count == 5


async def test_rows_stand_in_order_of_receipt_also_within_a_second_and_after_a_restart(
    db: PluginDatabase, pulse: PulseStore
) -> None:
    for timeframe in ("15", "240", "60", "15"):
        await pulse.update("XAUUSD", timeframe, 4, 2, received_at=NOON)
    names = [row.timeframe for row in pulse.rows("XAUUSD")]
    assert names == ["240", "60", "15"]
    assert [row.timeframe for row in (await loaded(db)).rows("XAUUSD")] == names


async def test_rows_that_are_too_old_are_left_out(pulse: PulseStore, clock: VirtualClock) -> None:
    now = moment(clock.now_ns())
    await pulse.update("XAUUSD", "15", 4, 2, received_at=now - timedelta(minutes=10))
    await pulse.update("XAUUSD", "60", 4, 2)
    assert len(pulse.rows("XAUUSD")) == 2
    assert len(pulse.rows("XAUUSD", 10)) == 2
    clock.advance(1)
    assert [row.timeframe for row in pulse.rows("XAUUSD", 10)] == ["60"]


@pytest.mark.parametrize(("bull", "bear"), [(7, 0), (-1, 0), (0, 7), (4, 3), (True, 0), (1.0, 0), ("1", 0)])
async def test_counts_that_cannot_be_are_refused_and_change_nothing(
    pulse: PulseStore, bull: int, bear: int
) -> None:
    with pytest.raises(BadArgument):
        await pulse.update("XAUUSD", "15", bull, bear)
    assert pulse.rows("XAUUSD") == ()
