"""Missing and old pulses are told before they cost a trade."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zepix_core import Book, Change
from zepix_core.journal.reports import in_force, stored
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost
from zepix_plugins_v6 import watch
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, SCALPING, SWING

from .desk import Desk, host
from .messages import row, rules

FRIDAY = datetime(2026, 1, 16, 21, 0, tzinfo=UTC)


def told(texts: list[watch.Finding]) -> dict[str, str]:
    return {finding.name: finding.text for finding in texts}


def test_each_plugin_needs_the_charts_its_filters_ask() -> None:
    charts = {profile.id: watch.needed(rules(profile)) for profile in (SCALPING, MOMENTUM, INTRADAY, SWING)}
    assert charts == {
        "price_action_1m": (),
        "price_action_5m": ("15",),
        "price_action_15m": ("",),
        "price_action_1h": ("240",),
    }
    daily = rules(SWING, entry_conditions={"require_1d_alignment": True})
    assert watch.needed(daily) == ("240", "1440")
    off = rules(MOMENTUM, entry_conditions={"require_15m_alignment": False})
    assert watch.needed(off) == ()


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (FRIDAY, FRIDAY + timedelta(minutes=30), 0.5),
        (FRIDAY, FRIDAY + timedelta(days=2), 1.0),  # Sunday 21:00: only the hour before the weekend
        (FRIDAY, FRIDAY + timedelta(days=2, hours=3), 3.0),
        (FRIDAY, FRIDAY + timedelta(days=7), 120.0),
        (FRIDAY, FRIDAY - timedelta(hours=1), 0.0),
    ],
)
def test_only_open_market_makes_a_pulse_old(since: datetime, until: datetime, hours: float) -> None:
    assert watch.open_time(since, until) == timedelta(hours=hours)


def test_a_missing_pulse_names_its_chart_and_an_old_one_its_time() -> None:
    (missing,) = watch.look(rules(SWING), "XAUUSD", [row("15", 5, 1)], FRIDAY)
    assert missing.name == "trend pulse XAUUSD 240"
    assert "240 chart" in missing.text
    assert "TradingView" in missing.next
    fresh = [row("240", 5, 1, at=FRIDAY)]
    later = FRIDAY + timedelta(days=3)
    assert told(list(watch.look(rules(SWING), "XAUUSD", fresh, later))) == {"trend pulse XAUUSD 240": ""}
    (old,) = watch.look(rules(SWING), "XAUUSD", fresh, later + timedelta(hours=3))
    assert "2026-01-16 21:00" in old.text


async def test_the_host_shows_what_is_missing_until_the_pulse_comes_and_again_when_it_stays_away(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    gold = {p.id: {"settings": {"supported_symbols": ["XAUUSD"]}} for p in (MOMENTUM, INTRADAY, SWING)}
    async with host(tmp_path / "home", virtual_clock, shadow=True, plugins=gold) as paper:
        desk = Desk(paper, Book.SHADOW)

        async def shown() -> set[tuple[str, str]]:
            rows = await paper.host.journal.read(lambda c: in_force(stored(c), virtual_clock.now_ns()))
            return {(report.plugin, report.name) for report in rows}

        swing = ("price_action_1h", "trend pulse XAUUSD 240")
        momentum = ("price_action_5m", "trend pulse XAUUSD 15")
        assert await shown() == {swing, momentum, ("price_action_15m", "trend pulse XAUUSD any chart")}
        await desk.pulse("15", 5, 1)
        assert await shown() == {swing}
        await desk.pulse("240", 5, 1)
        assert await shown() == set()
        await paper.advance(30 * 3600, step=600)
        assert await shown() == {swing, momentum, ("price_action_15m", "trend pulse XAUUSD any chart")}


async def test_what_is_not_looked_at_any_more_is_not_shown_any_more(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    async with host(tmp_path / "home", virtual_clock, shadow=True, plugins=_swing()) as paper:

        async def shown() -> dict[str, str]:
            rows = await paper.host.journal.read(lambda c: in_force(stored(c), virtual_clock.now_ns()))
            return {report.name: report.text for report in rows if report.plugin == SWING.id}

        async def configure(plain: dict[str, Any]) -> None:
            change = Change(key="settings", change_type="modified", old_value=1, new_value=2, at=FRIDAY)
            assert await paper.host.plugins.configure(SWING.id, plain, (change,)) == ()
            await paper.settled()

        assert "entries are refused" in (await shown())["trend pulse XAUUSD 240"]
        await configure(_swing(policy="allow")[SWING.id])
        assert "lets entries pass" in (await shown())["trend pulse XAUUSD 240"]
        await configure(_swing("EURUSD", "GBPUSD")[SWING.id])
        assert set(await shown()) == {"trend pulse EURUSD 240", "trend pulse GBPUSD 240"}
        await configure(_swing("EURUSD", wanted=False)[SWING.id])
        assert await shown() == {}


async def test_what_went_while_the_host_was_down_is_not_shown_for_long(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"

    async def shown(paper: PaperHost) -> set[str]:
        rows = await paper.host.journal.read(lambda c: in_force(stored(c), virtual_clock.now_ns()))
        return {report.name for report in rows if report.plugin == SWING.id}

    both = _swing("XAUUSD", "EURUSD")
    async with host(home, virtual_clock, shadow=True, plugins=both) as paper:
        assert await shown(paper) == {"trend pulse XAUUSD 240", "trend pulse EURUSD 240"}
    async with host(home, virtual_clock, shadow=True, plugins=_swing("EURUSD")) as paper:
        await paper.advance(9 * 3600, step=600)
        assert await shown(paper) == {"trend pulse EURUSD 240"}
    async with host(home, virtual_clock, shadow=True, plugins=_swing("EURUSD", wanted=False)) as paper:
        assert await shown(paper) == set()


def _swing(*symbols: str, wanted: bool = True, policy: str = "reject") -> dict[str, dict[str, Any]]:
    entry = {"require_4h_alignment": wanted, "missing_trend_policy": policy}
    settings = {"supported_symbols": list(symbols or ("XAUUSD",)), "entry_conditions": entry}
    return {SWING.id: {"shadow_mode": True, "settings": settings}}
