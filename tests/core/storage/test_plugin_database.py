"""What a plugin gets from its database object, on both executors."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zepix_core.errors import BadArgument, StorageError
from zepix_core.storage.executor import SameThread, WriterThread
from zepix_core.storage.plugin_database import PluginDatabase, open_plugin_database
from zepix_core.testing.clock import VirtualClock

TRADE = {"symbol": "XAUUSD", "direction": "BUY", "lot_size": 0.1, "entry_price": 2030.5}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=[WriterThread, SameThread])
async def db(
    request: pytest.FixtureRequest, tmp_path: Path, clock: VirtualClock
) -> AsyncIterator[PluginDatabase]:
    opened = open_plugin_database(
        tmp_path / "data" / "zepix_mine.db", "mine", executor=request.param, clock=clock
    )
    yield opened
    await opened.close()


async def test_a_trade_is_stored_with_its_defaults(db: PluginDatabase) -> None:
    number = await db.save_trade({**TRADE, "mt5_ticket": 7, "signal_data": {"score": 8}})
    trade = await db.get_trade(number)
    assert trade is not None
    wanted = {
        **TRADE, "id": number, "plugin_id": "mine", "mt5_ticket": 7, "status": "OPEN", "commission": 0.0,
        "signal_data": '{"score": 8}', "entry_time": "2026-01-12 12:05:00", "exit_time": None,
        "updated_at": "2026-01-12 12:05:00",
    }  # fmt: skip
    assert {name: trade[name] for name in wanted} == wanted
    assert await db.get_trade_by_ticket(7) == trade


async def test_a_trade_that_is_not_there_is_none(db: PluginDatabase) -> None:
    assert await db.get_trade(1) is None
    assert await db.get_trade_by_ticket(1) is None


async def test_a_repeated_ticket_keeps_its_row(db: PluginDatabase) -> None:
    first = await db.save_trade({**TRADE, "mt5_ticket": 7})
    await db.close_trade(first, 2031.0, 5.0, "TP")
    assert await db.save_trade({**TRADE, "mt5_ticket": 7}) == first
    trade = await db.get_trade(first)
    assert trade is not None
    assert trade["status"] == "CLOSED"


@pytest.mark.parametrize("name", sorted(TRADE))
async def test_a_missing_required_column_is_named(db: PluginDatabase, name: str) -> None:
    with pytest.raises(BadArgument, match=f"{name} is missing"):
        await db.save_trade({key: value for key, value in TRADE.items() if key != name})


async def test_an_unknown_column_is_an_error_that_names_the_near_one(db: PluginDatabase) -> None:
    with pytest.raises(BadArgument, match="Did you mean sl_price"):
        await db.save_trade({**TRADE, "sl_prise": 1.0})
    number = await db.save_trade(TRADE)
    with pytest.raises(BadArgument, match="Did you mean profit_pips"):
        await db.update_trade(number, {"profit_pip": 1.0})
    with pytest.raises(BadArgument, match="symbol is no column of the changeable part"):
        await db.update_trade(number, {"symbol": "EURUSD"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"direction": "UP"},
        {"lot_size": float("nan")},
        {"entry_price": float("inf")},
        {"lot_size": "much"},
        {"symbol": []},
    ],
)
async def test_a_value_the_table_cannot_hold_is_an_error(db: PluginDatabase, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        await db.save_trade({**TRADE, **wrong})
    assert await db.get_open_trades() == []


async def test_a_change_touches_only_what_it_names_and_the_time(
    db: PluginDatabase, clock: VirtualClock
) -> None:
    number = await db.save_trade({**TRADE, "sl_price": 2020.0})
    before = await db.get_trade(number)
    clock.advance(60)
    assert await db.update_trade(number, {"status": "PARTIAL", "profit_pips": 5.5})
    after = await db.get_trade(number)
    assert before is not None
    assert after == {**before, "status": "PARTIAL", "profit_pips": 5.5, "updated_at": "2026-01-12 12:06:00"}
    assert not await db.update_trade(number + 1, {"status": "CLOSED"})


async def test_a_trade_closes_once(db: PluginDatabase, clock: VirtualClock) -> None:
    number = await db.save_trade(TRADE)
    clock.advance(1)
    assert await db.close_trade(number, 2036.0, 55.0, "TP")
    assert not await db.close_trade(number, 1.0, 1.0, "SL")
    assert not await db.close_trade(number + 1, 1.0, 1.0, "SL")
    trade = await db.get_trade(number)
    assert trade is not None
    assert (trade["status"], trade["exit_price"], trade["profit_dollars"], trade["close_reason"]) == (
        "CLOSED", 2036.0, 55.0, "TP",
    )  # fmt: skip
    assert trade["exit_time"] == trade["updated_at"] == "2026-01-12 12:05:01"


async def test_open_trades_are_the_open_and_the_partly_closed(db: PluginDatabase) -> None:
    numbers = [await db.save_trade({**TRADE, "status": status}) for status in ("OPEN", "PARTIAL", "CLOSED")]
    assert [trade["id"] for trade in await db.get_open_trades()] == numbers[:2]


async def test_trades_of_a_day_are_those_entered_on_it(db: PluginDatabase) -> None:
    for entered in (
        "2026-01-09 23:59:59",
        "2026-01-10 00:00:00",
        "2026-01-10 23:59:59",
        "2026-01-11 00:00:00",
    ):
        await db.save_trade({**TRADE, "entry_time": entered})
    assert [trade["id"] for trade in await db.get_trades_by_date("2026-01-10")] == [2, 3]
    with pytest.raises(BadArgument, match="no date"):
        await db.get_trades_by_date("yesterday")


async def test_plugins_of_a_group_see_their_own_rows(db: PluginDatabase) -> None:
    other = db.of("other")
    await db.save_trade(TRADE)
    await other.save_trade({**TRADE, "symbol": "EURUSD"})
    await other.update_daily_stats("2026-01-10", {"total_trades": 2})
    assert [trade["symbol"] for trade in await other.get_open_trades()] == ["EURUSD"]
    assert [trade["symbol"] for trade in await db.get_open_trades()] == ["XAUUSD"]
    assert await db.get_daily_stats("2026-01-10") is None


async def test_a_signal_is_noted_once_per_alert_key_and_plugin(db: PluginDatabase) -> None:
    signal = {"signal_type": "BULLISH", "symbol": "XAUUSD", "alert_key": "k", "raw_payload": {"a": 1}}
    first = await db.log_signal(signal)
    assert await db.log_signal({**signal, "processed": True, "result": "acted"}) == first
    assert await db.of("other").log_signal(signal) != first
    rows = await db.read(
        lambda c: c.execute("SELECT processed, result, raw_payload FROM signals_log").fetchall()
    )
    assert rows == [(1, "acted", '{"a": 1}'), (0, None, '{"a": 1}')]


async def test_signals_without_an_alert_key_are_all_noted(db: PluginDatabase) -> None:
    signal = {"signal_type": "BULLISH", "symbol": "XAUUSD"}
    assert await db.log_signal(signal) != await db.log_signal(signal)


async def test_figures_of_a_day_stay_until_they_are_named(db: PluginDatabase) -> None:
    await db.update_daily_stats("2026-01-10", {"total_trades": 2, "max_drawdown": 1.5})
    await db.update_daily_stats("2026-01-10", {"total_trades": 3})
    stats = await db.get_daily_stats("2026-01-10")
    assert stats is not None
    assert (stats["total_trades"], stats["max_drawdown"], stats["winning_trades"]) == (3, 1.5, 0)
    with pytest.raises(BadArgument, match="Did you mean total_trades"):
        await db.update_daily_stats("2026-01-10", {"total_trade": 3})


async def test_a_transaction_is_all_or_nothing(db: PluginDatabase) -> None:
    await db.run(lambda c: c.execute("CREATE TABLE mine (n INTEGER) STRICT"))

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO mine VALUES (1)")
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        await db.transaction(work)
    assert await db.read(lambda c: c.execute("SELECT count(*) FROM mine").fetchone()) == (0,)


async def test_starts_and_hours_are_kept(db: PluginDatabase, clock: VirtualClock) -> None:
    await db.note_start("3.0.0")
    await db.note_stop(1.5)
    clock.advance(3600)
    await db.note_start("3.1.0")
    await db.note_stop(0.5)
    row = await db.read(lambda c: c.execute("SELECT * FROM plugin_info").fetchone())
    assert row == ("mine", "3.1.0", "2026-01-12 12:05:00", "2026-01-12 13:05:00", 2.0)


async def test_calls_are_counted(db: PluginDatabase) -> None:
    number = await db.save_trade(TRADE)
    await db.get_trade(number)
    await db.update_trade(number, {"swap": 1.0})
    with pytest.raises(BadArgument):
        await db.save_trade({})
    stats = db.get_stats()
    assert (stats.queries, stats.inserts, stats.updates, stats.selects, stats.errors) == (4, 2, 1, 1, 1)
    assert stats.connections >= 1
    assert stats.last_query is not None


async def test_a_closed_database_refuses(db: PluginDatabase) -> None:
    await db.close()
    with pytest.raises(StorageError):
        await db.save_trade(TRADE)


async def test_many_writers_at_once_lose_nothing(db: PluginDatabase) -> None:
    numbers = await asyncio.gather(*(db.save_trade({**TRADE, "mt5_ticket": n}) for n in range(100)))
    assert len(set(numbers)) == 100
    assert len(await db.get_open_trades()) == 100


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["status", "profit_pips", "sl_price", "close_reason"]), st.integers(0, 3)),
        max_size=8,
    )
)
async def test_changes_add_up_as_a_mapping_does(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int]]
) -> None:
    values: dict[str, list[Any]] = {
        "status": ["OPEN", "PARTIAL", "CLOSED", "OPEN"],
        "profit_pips": [1.0, None, -2.5, 0.0],
        "sl_price": [None, 1.5, 2.0, 3.0],
        "close_reason": ["TP", None, "SL", "x'; DROP TABLE trades; --"],
    }
    db = open_plugin_database(
        tmp_path_factory.mktemp("p") / "x.db", "x", executor=SameThread, clock=VirtualClock()
    )
    number = await db.save_trade(TRADE)
    expected = await db.get_trade(number)
    assert expected is not None
    for name, index in changes:
        assert await db.update_trade(number, {name: values[name][index]})
        expected[name] = values[name][index]
    assert await db.get_trade(number) == expected
    await db.close()


async def test_opening_again_migrates_nothing_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "zepix_mine.db"
    backups: list[Path] = []
    db = open_plugin_database(path, "mine", before_migration=backups.append)
    await db.save_trade(TRADE)
    await db.close()
    db = open_plugin_database(path, "mine", before_migration=backups.append)
    assert len(await db.get_open_trades()) == 1
    await db.close()
    assert backups == []


async def test_a_file_in_use_is_backed_up_before_new_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine_migrations"
    folder.mkdir()
    (folder / "001_first.sql").write_text("CREATE TABLE mine (n INTEGER) STRICT;")
    monkeypatch.syspath_prepend(tmp_path)
    backups: list[Path] = []
    path = tmp_path / "zepix_mine.db"
    await open_plugin_database(path, "mine", "mine_migrations", before_migration=backups.append).close()
    assert backups == []
    (folder / "002_second.sql").write_text("ALTER TABLE mine ADD COLUMN m TEXT;")
    db = open_plugin_database(path, "mine", "mine_migrations", before_migration=backups.append)
    assert backups == [path]
    await db.run(lambda c: c.execute("INSERT INTO mine VALUES (1, 'x')"))
    await db.close()


async def test_a_script_that_fails_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bad_migrations"
    folder.mkdir()
    (folder / "001_first.sql").write_text("CREATE TABLE mine (n NO_TYPE) STRICT;")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(StorageError, match="001 first failed"):
        open_plugin_database(tmp_path / "zepix_mine.db", "mine", "bad_migrations")
