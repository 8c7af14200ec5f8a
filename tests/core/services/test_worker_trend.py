"""The questions about the trend pulse, as a plugin asks them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from zepix_core.errors import BadArgument
from zepix_core.model.trend_pulse import MarketState
from zepix_core.services.host_view import view_of
from zepix_core.services.worker_trend import Trend
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import PluginDatabase, open_plugin_database
from zepix_core.storage.pulse import PulseStore
from zepix_core.storage.trends import TrendStore
from zepix_core.testing.clock import VirtualClock


@attrs.define
class Calls:
    """The alert that runs."""

    in_alert: bool = False
    alert_key: str = ""
    alert_received: datetime | None = None

    async def call(self, name: str, payload: Any) -> Any:
        raise AssertionError(f"{name} was asked of the host")


@attrs.define
class Desk:
    """What a plugin has in its hand, and the clock it lives by."""

    trend: Trend
    calls: Calls
    clock: VirtualClock
    database: PluginDatabase
    host: dict[str, Any]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock, calls, host = VirtualClock(), Calls(), dict[str, Any]()
    database = open_plugin_database(tmp_path / "x.db", "x", executor=SameThread, clock=clock)
    pulse = PulseStore(database)
    await pulse.load()
    trend = Trend(calls, TrendStore(database), pulse, lambda: view_of(host).rules.trend_pulse.max_age_minutes)
    yield Desk(trend, calls, clock, database, host)
    await database.close()


async def report(desk: Desk, rows: dict[str, tuple[int, int]]) -> None:
    for timeframe, (bull, bear) in rows.items():
        await desk.trend.update_trend_pulse("XAUUSD", timeframe, bull, bear)
        desk.clock.advance(1)


async def test_without_rows_nothing_is_known_and_nothing_aligned(desk: Desk) -> None:
    trend = desk.trend
    assert trend.get_market_state("XAUUSD") is MarketState.UNKNOWN
    assert trend.get_pulse_data("XAUUSD") == {}
    assert not trend.check_pulse_alignment("XAUUSD", "BUY")
    assert not trend.check_pulse_alignment("XAUUSD", "SELL")
    answer = trend.check_higher_tf_trend("XAUUSD", "5", "BUY")
    assert (answer.aligned, answer.higher_tf, answer.bull_count) == (False, "15", 0)
    assert answer.reason == "nothing is known of 15"


async def test_the_sums_of_all_rows_decide_the_alignment(desk: Desk) -> None:
    await report(desk, {"15": (5, 1), "60": (0, 5)})
    assert desk.trend.check_pulse_alignment("XAUUSD", "sell")
    await report(desk, {"5": (4, 2)})
    assert desk.trend.check_pulse_alignment("XAUUSD", "buy")
    assert not desk.trend.check_pulse_alignment("XAUUSD", "sell")


async def test_data_comes_by_timeframe_shortest_first(desk: Desk) -> None:
    await report(desk, {"1D": (3, 3), "240": (1, 2), "5": (4, 2), "1W": (0, 1)})
    assert list(desk.trend.get_pulse_data("XAUUSD")) == ["5", "240", "1440", "1W"]
    assert desk.trend.get_pulse_data("XAUUSD", "D") == {"1440": {"bull_count": 3, "bear_count": 3}}
    assert desk.trend.get_pulse_data("XAUUSD", "15") == {}


async def test_the_state_is_the_one_received_last(desk: Desk) -> None:
    await report(desk, {"240": (5, 1), "15": (1, 5)})
    assert desk.trend.get_market_state("XAUUSD") is MarketState.TRENDING_BEARISH
    await desk.trend.update_trend_pulse("XAUUSD", "240", 0, 6, "CHOPPY")
    assert desk.trend.get_market_state("XAUUSD") is MarketState.CHOPPY


@pytest.mark.parametrize(
    ("timeframe", "direction", "aligned", "higher"),
    [
        ("5", "BUY", True, "15"),
        ("5", "SELL", False, "15"),
        ("1", "BUY", False, "5"),
        ("240", "SELL", True, ""),
    ],
)
async def test_the_next_higher_timeframe_is_asked_by_its_counts(
    desk: Desk, timeframe: str, direction: str, aligned: bool, higher: str
) -> None:
    await report(desk, {"15": (4, 2), "5": (3, 3)})
    answer = desk.trend.check_higher_tf_trend("XAUUSD", timeframe, direction)
    assert (answer.aligned, answer.higher_tf) == (aligned, higher)


async def test_the_answer_about_the_higher_timeframe_says_why(desk: Desk) -> None:
    await report(desk, {"15": (4, 2)})
    answer = desk.trend.check_higher_tf_trend("XAUUSD", "5", "SELL")
    assert answer.reason == "15 has 4 bullish and 2 bearish: it is not for SELL"


async def test_a_row_past_its_age_counts_as_absent_in_every_question(desk: Desk) -> None:
    await report(desk, {"15": (6, 0)})
    desk.host["trend_pulse"] = {"max_age_minutes": 60}
    assert len(desk.trend.pulse_rows("XAUUSD")) == 1
    desk.clock.advance(3600)
    trend = desk.trend
    assert trend.pulse_rows("XAUUSD") == ()
    assert trend.get_market_state("XAUUSD") is MarketState.UNKNOWN
    assert trend.get_pulse_data("XAUUSD") == {}
    assert not trend.check_pulse_alignment("XAUUSD", "BUY")
    assert not trend.check_higher_tf_trend("XAUUSD", "5", "BUY").aligned


async def test_a_row_is_keyed_and_dated_by_the_alert_that_brings_it(desk: Desk) -> None:
    received = datetime(2026, 1, 5, 12, tzinfo=UTC)
    desk.calls.alert_key, desk.calls.alert_received = "a", received
    row = await desk.trend.update_trend_pulse("XAUUSD", "15", 4, 2)
    assert row.last_updated == received
    desk.calls.alert_received = received + timedelta(hours=1)
    assert await desk.trend.update_trend_pulse("XAUUSD", "15", 0, 6) == row


@pytest.mark.parametrize(
    "values",
    [
        {"symbol": ""},
        {"timeframe": ""},
        {"bull_count": 5, "bear_count": 2},
        {"changes": "x" * 201},
        {"changes": 5},
        {"market_state": "x" * 33},
    ],
)
async def test_what_cannot_be_is_refused(desk: Desk, values: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        await desk.trend.update_trend_pulse(
            **{"symbol": "XAUUSD", "timeframe": "15", "bull_count": 4, "bear_count": 2, **values}
        )
    assert desk.trend.pulse_rows("XAUUSD") == ()


async def test_only_the_four_timeframes_have_one_above(desk: Desk) -> None:
    for timeframe in ("30", "1440", "15m"):
        with pytest.raises(BadArgument):
            desk.trend.check_higher_tf_trend("XAUUSD", timeframe, "BUY")
    with pytest.raises(BadArgument):
        desk.trend.check_pulse_alignment("XAUUSD", "UP")
