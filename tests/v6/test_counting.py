"""What a plugin has seen and done today, as people see it."""

from pathlib import Path

import pytest

from zepix_core import Book
from zepix_core.testing.clock import VirtualClock
from zepix_plugins_v6.counting import Counters
from zepix_plugins_v6.profiles import INTRADAY, SCALPING

from .desk import Desk, deliver_again, host


def told(desk: Desk, plugin: str) -> str | None:
    """The line of the plugin's counters in ``zepix status``."""
    reports = {r.plugin: r.text for r in desk.paper.host.front.reports() if r.name == "today"}
    return reports.get(plugin)


@pytest.mark.parametrize(
    ("counters", "line"),
    [
        (Counters(), ""),
        (Counters(received=1, placed=1), "1 signal, 1 trade placed, 0 closed"),
        (Counters(closed=2), "0 signals, 0 trades placed, 2 closed"),
        (
            Counters(received=9, reasons={"adx": 1, "spread": 5, "confidence": 1}, placed=2, closed=1),
            "9 signals, 2 trades placed, 1 closed; no trade: spread 5, adx 1, confidence 1",
        ),
        (
            Counters(received=28, reasons={name: n for n, name in enumerate("abcdefg", 1)}),
            "28 signals, 0 trades placed, 0 closed; no trade: g 7, f 6, e 5, d 4, c 3, b 2, others 1",
        ),
    ],
)
def test_counters_are_one_line_with_the_most_frequent_reasons_first(counters: Counters, line: str) -> None:
    assert counters.line == line


async def test_status_tells_what_was_seen_and_done_today(live: Desk) -> None:
    assert told(live, SCALPING.id) is None
    await live.enter(SCALPING)
    assert told(live, SCALPING.id) == "1 signal, 1 trade placed, 0 closed"
    await live.enter(SCALPING, score=20)
    await live.enter(SCALPING, adx=3)
    await live.leave(SCALPING)
    line = "4 signals, 1 trade placed, 1 closed; no trade: adx 1, confidence 1"
    assert (told(live, SCALPING.id), told(live, INTRADAY.id)) == (line, None)


async def test_a_trade_that_ended_at_its_stop_is_counted_when_its_update_comes(live: Desk) -> None:
    await live.enter(SCALPING)
    await live.price(2020.0)
    assert told(live, SCALPING.id) == "1 signal, 1 trade placed, 1 closed"


async def test_shadow_trades_are_signals_without_a_trade(tmp_path: Path, virtual_clock: VirtualClock) -> None:
    async with host(tmp_path / "home", virtual_clock, shadow=True) as paper:
        desk = Desk(paper, Book.SHADOW)
        await desk.enter(SCALPING)
        assert told(desk, SCALPING.id) == "1 signal, 0 trades placed, 0 closed; no trade: shadow 1"


async def test_the_counters_survive_a_restart_count_no_repeat_and_end_with_the_day(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        first = await Desk(paper, Book.LIVE).enter(SCALPING)
    deliver_again(home, first, crashed=False)
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await paper.settled()
        assert told(desk, SCALPING.id) == "1 signal, 1 trade placed, 0 closed"
        virtual_clock.advance(86_400)
        assert told(desk, SCALPING.id) is None
        await desk.enter(SCALPING, score=20)
        assert told(desk, SCALPING.id) == "1 signal, 0 trades placed, 0 closed; no trade: confidence 1"
