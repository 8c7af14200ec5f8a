"""What never trades: one host refuses it all."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from zepix_core import Book, Side
from zepix_core.testing.clock import VirtualClock
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, PROFILES, SCALPING, SWING, Profile

from .desk import EACH, Desk, entry, host, outcome
from .messages import PRICES

pytestmark = pytest.mark.asyncio(loop_scope="module")
STRICT = {"settings": {"entry_conditions": {"adx_threshold": 20.0}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A live host whose trends lean up; nothing here is to change its books."""
    home, plugins = tmp_path_factory.mktemp("refusals"), {profile.id: STRICT for profile in PROFILES}
    async with host(home, VirtualClock(), shadow=False, plugins=plugins) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def strict(shared: Desk) -> AsyncIterator[Desk]:
    """The same host, and proof that the test traded nothing."""
    yield shared
    assert await shared.positions() == ()
    assert [shared.table(profile) for profile in PROFILES] == [[], [], [], []]


def trends(desk: Desk) -> list[dict[str, Any]]:
    return desk.rows("SELECT * FROM market_trends ORDER BY symbol, timeframe")


@pytest.mark.parametrize("timeframe", ["3", "30", "240", "1D", "D", "1W", "1M", "30S"])
async def test_a_chart_without_a_plugin_trades_nothing_and_1m_is_a_month(
    strict: Desk, timeframe: str
) -> None:
    row = await strict.send(entry(SCALPING).replace("|XAUUSD|1|", f"|XAUUSD|{timeframe}|"))
    assert outcome(row) == ("refused", "no_plugin")
    assert (strict.logged(row)["timeframe"], strict.logged(row)["skip_reason"]) == (timeframe, "no_plugin")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"adx": "NA"}, "adx"),
        ({"adx": "NaN"}, "adx"),
        ({"adx": ""}, "adx"),
        ({"score": "NA"}, "confidence"),
        ({"tail": "NaN|NaN|NaN|NaN|5/1|TL_OK|"}, "levels"),
        ({"tail": "NaN|2043.4|2051.8|2060.2|5/1|TL_OK|"}, "levels"),
        ({"tail": "2026.6||||5/1|TL_OK|"}, "levels"),
        ({"tail": "5/1|TL_OK|"}, "levels"),
        ({"tail": ""}, "levels"),
    ],
)
@EACH
async def test_what_is_missing_never_trades(
    strict: Desk, profile: Profile, changes: dict[str, Any], reason: str
) -> None:
    row = await strict.enter(profile, **changes)
    assert outcome(row) == ("refused", reason)
    assert strict.logged(row)["skip_reason"] == reason


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("BULLISH_ENTRY|XAUUSD|5m|2035|BUY|HIGH|90|30|STRONG|", "bad_field:timeframe"),
        ("BULLISH_ENTRY|XAUUSD|5|NaN|BUY|HIGH|90|30|STRONG|", "bad_field:price"),
        ("BULLISH_ENTRY|XAUUSD|5|2035|SELL|HIGH|90|30|STRONG|", "direction_mismatch"),
        ("BULLISH_ENTRY|XAUUSD|5|2035|BUY|HIGH|90|30|STRONG|2020|", "bad_tail"),
        ("EXIT_BULLISH|XAUUSD|5|n/a|15", "bad_field:price"),
        ("TREND_PULSE|XAUUSD|15|7|1||", "bad_field:bull_count"),
        ("TREND_PULSE|XAUUSD|15|5|1", "field_count"),
        ("MOMENTUM_CHANGE|XAUUSD|5|25|STRONG|20|MODERATE|RISING", "bad_field:momentum"),
    ],
)
async def test_a_malformed_message_is_logged_with_its_code_and_changes_nothing(
    strict: Desk, body: str, code: str
) -> None:
    before = trends(strict)
    row = await strict.send(body)
    assert outcome(row) == ("refused", code)
    logged = strict.logged(row)
    assert (logged["skip_reason"], logged["processed"], logged["signal_json"]) == (code, 1, body)
    assert trends(strict) == before


@pytest.mark.parametrize(
    ("profile", "chart"), [(MOMENTUM, "15 chart"), (SWING, "240 chart"), (INTRADAY, "any chart")]
)
async def test_a_missing_trend_refuses_and_names_the_alert_to_switch_on(
    strict: Desk, profile: Profile, chart: str
) -> None:
    row = await strict.enter(profile, symbol="EURUSD", price=PRICES["EURUSD"], stop="0.001")
    assert outcome(row) == ("refused", "market_state" if profile is INTRADAY else "tf_alignment")
    gate = (await strict.paper.story(row.id)).decisions[profile.id].gates[-1]
    assert not gate.passed
    assert (chart in gate.note, "in TradingView" in gate.note) == (True, True)


@EACH
async def test_a_level_that_is_zero_at_the_symbols_digits_is_none(strict: Desk, profile: Profile) -> None:
    row = await strict.enter(profile, tail="0.001|2043.4|2051.8|2060.2|")
    gate = (await strict.paper.story(row.id)).decisions[profile.id].gates[-1]
    assert (outcome(row), gate.note) == (("refused", "levels"), "invalid_sl")
    row = await strict.enter(profile, Side.SELL, tail="2043.4|0.001|0.001|0.001|")
    gate = (await strict.paper.story(row.id)).decisions[profile.id].gates[-1]
    assert (outcome(row), gate.note) == (("refused", "levels"), "invalid_tp")
