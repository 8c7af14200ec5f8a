"""V3's four pillars: set by alerts, held by people, asked by plugins, kept over a restart."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix_core.errors import BadArgument
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import PluginDatabase, open_plugin_database
from zepix_core.storage.trends import PILLARS, TrendStore
from zepix_core.testing.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def db(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[PluginDatabase]:
    opened = open_plugin_database(tmp_path / "x.db", "x", executor=SameThread, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def trends(db: PluginDatabase) -> TrendStore:
    return await loaded(db)


async def loaded(db: PluginDatabase) -> TrendStore:
    store = TrendStore(db)
    await store.load()
    return store


async def set_all(trends: TrendStore, **values: int) -> None:
    for timeframe, value in values.items():
        await trends.update_trend("XAUUSD", timeframe.strip("_"), {1: "bull", -1: "bear", 0: "flat"}[value])


@pytest.mark.parametrize(
    ("signal", "value"),
    [
        ("bull", 1),
        ("buy", 1),
        ("Bullish", 1),
        ("bear", -1),
        ("SELL", -1),
        ("bearish", -1),
        ("neutral", 0),
        ("?", 0),
    ],
)
async def test_a_signal_word_sets_a_value(trends: TrendStore, signal: str, value: int) -> None:
    assert await trends.update_trend("XAUUSD", "1h", signal) == (value != 0)
    assert trends.get_timeframe_trend("XAUUSD", "1h").value == value


async def test_what_was_never_set_is_neutral(trends: TrendStore) -> None:
    pillar = trends.get_timeframe_trend("EURUSD", "4h")
    assert (pillar.direction, pillar.value, pillar.mode, pillar.last_updated) == ("neutral", 0, "AUTO", None)
    assert trends.get_mtf_trends("EURUSD") == dict.fromkeys(PILLARS, 0)


async def test_short_timeframes_are_ignored_and_others_refused(trends: TrendStore) -> None:
    assert not await trends.update_trend("XAUUSD", "1m", "bull")
    assert not await trends.update_trend("XAUUSD", "5m", "bull")
    with pytest.raises(BadArgument, match="no trend pillar"):
        await trends.update_trend("XAUUSD", "1w", "bull")
    with pytest.raises(BadArgument):
        trends.get_timeframe_trend("XAUUSD", "5m")
    with pytest.raises(BadArgument, match="mode"):
        await trends.update_trend("XAUUSD", "1h", "bull", mode="auto")


async def test_an_alert_does_not_change_what_a_person_holds(trends: TrendStore) -> None:
    assert await trends.update_trend("XAUUSD", "1h", "bull", mode="MANUAL", set_by="ann")
    assert not await trends.update_trend("XAUUSD", "1h", "bear", set_by="alert")
    assert trends.get_timeframe_trend("XAUUSD", "1h").value == 1
    assert await trends.update_trend("XAUUSD", "1h", "bear", mode="MANUAL", set_by="ann")
    assert await trends.release("XAUUSD", "1h", set_by="ann")
    assert not await trends.release("XAUUSD", "1h")
    assert await trends.update_trend("XAUUSD", "1h", "bull", set_by="alert")


async def test_the_same_again_changes_nothing_but_its_time(trends: TrendStore, clock: VirtualClock) -> None:
    assert await trends.update_trend("XAUUSD", "1h", "bull", set_by="a")
    clock.advance(60)
    assert not await trends.update_trend("XAUUSD", "1h", "buy", set_by="b")
    pillar = trends.get_timeframe_trend("XAUUSD", "1h")
    assert pillar.last_updated == datetime(2026, 1, 12, 12, 6, tzinfo=UTC)
    assert pillar.set_by == "b"


async def test_a_repeated_alert_changes_nothing_even_when_another_came_between(trends: TrendStore) -> None:
    assert await trends.update_trend("XAUUSD", "1h", "bull", set_by="a")
    assert await trends.update_trend("XAUUSD", "1h", "bear", set_by="b")
    assert not await trends.update_trend("XAUUSD", "1h", "bull", set_by="a")
    assert trends.get_timeframe_trend("XAUUSD", "1h").value == -1


async def test_pillars_outlive_a_restart_and_so_does_the_key(trends: TrendStore, db: PluginDatabase) -> None:
    await trends.update_trend("XAUUSD", "1h", "bull", set_by="a")
    await trends.update_trend("XAUUSD", "1d", "bear", mode="MANUAL", set_by="ann")
    again = await loaded(db)
    for timeframe in PILLARS:
        assert again.get_timeframe_trend("XAUUSD", timeframe) == trends.get_timeframe_trend(
            "XAUUSD", timeframe
        )
    assert not await again.update_trend("XAUUSD", "1h", "bear", set_by="a")


async def test_the_sheets_example_of_alignment(trends: TrendStore) -> None:
    await set_all(trends, _15m=1, _1h=1, _4h=-1, _1d=1)
    assert trends.validate_v3_trend_alignment("XAUUSD", "BUY")
    assert not trends.validate_v3_trend_alignment("XAUUSD", "SELL")
    assert not trends.validate_v3_trend_alignment("XAUUSD", "buy", min_aligned=4)
    with pytest.raises(BadArgument, match="no direction"):
        trends.validate_v3_trend_alignment("XAUUSD", "UP")


@pytest.mark.parametrize("logic", ["LOGIC1", "combinedlogic-2", "Logic3"])
@pytest.mark.parametrize(
    ("higher", "lower", "side", "aligned"),
    [
        (1, 1, "BUY", True),
        (-1, -1, "SELL", True),
        (1, 1, "SELL", False),
        (0, 0, "BUY", False),
        (1, -1, "BUY", False),
    ],
)
async def test_a_logic_needs_its_two_pillars_with_the_signal(
    trends: TrendStore, logic: str, higher: int, lower: int, side: str, aligned: bool
) -> None:
    names = ("1d", "1h") if "3" in logic else ("1h", "15m")
    await set_all(trends, **{"_" + names[0]: higher, "_" + names[1]: lower})
    answer = trends.check_logic_alignment("XAUUSD", logic, side)
    assert answer.aligned is aligned
    assert answer.details == {names[0]: higher, names[1]: lower}
    assert answer.logic == f"LOGIC{logic[-1]}"
    assert answer.reason


async def test_an_unknown_logic_is_refused(trends: TrendStore) -> None:
    with pytest.raises(BadArgument, match="no logic"):
        trends.check_logic_alignment("XAUUSD", "LOGIC4", "BUY")


updates = st.lists(
    st.tuples(
        st.sampled_from(PILLARS),
        st.sampled_from(["bull", "bear", "flat"]),
        st.sampled_from(["AUTO", "AUTO", "MANUAL"]),
        st.sampled_from(["a", "b", "c", ""]),
    ),
    max_size=20,
)


@settings(deadline=None, max_examples=40)
@given(updates)
async def test_memory_and_file_never_differ(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, str, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("t") / "x.db"
    db = open_plugin_database(path, "x", executor=SameThread, clock=VirtualClock())
    trends = await loaded(db)
    for timeframe, signal, mode, key in changes:
        before = trends.get_timeframe_trend("XAUUSD", timeframe)
        changed = await trends.update_trend("XAUUSD", timeframe, signal, mode, key)
        after = trends.get_timeframe_trend("XAUUSD", timeframe)
        assert changed == ((before.value, before.mode) != (after.value, after.mode))
        again = await loaded(db)
        assert again.get_timeframe_trend("XAUUSD", timeframe) == after
        if mode == "AUTO" and before.mode == "MANUAL":
            assert after == before
    await db.close()
