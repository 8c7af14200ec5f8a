"""What goes on over a restart, and what comes again after one."""

from pathlib import Path

import pytest

from zepix_core import Book
from zepix_core.testing.clock import VirtualClock
from zepix_plugins_v6.profiles import MOMENTUM, PROFILES, SCALPING, SWING

from .desk import PRICE, Desk, deliver_again, entry, host, outcome


@pytest.mark.parametrize("book", [Book.LIVE, Book.SHADOW])
async def test_a_restart_goes_on_with_pair_runner_trends_and_momentum(
    tmp_path: Path, virtual_clock: VirtualClock, book: Book
) -> None:
    home, shadow = tmp_path / "home", book is Book.SHADOW
    wanted = {MOMENTUM.id: {"settings": {"entry_conditions": {"require_momentum_increasing": True}}}}
    async with host(home, virtual_clock, shadow=shadow, plugins=wanted) as paper:
        desk = Desk(paper, book)
        await desk.trending()
        await desk.send("MOMENTUM_CHANGE|XAUUSD|5|25|STRONG|20|MODERATE|INCREASING")
        await desk.enter(SWING)
        await desk.leave(SWING)
    async with host(home, virtual_clock, shadow=shadow, plugins=wanted) as paper:
        desk = Desk(paper, book)
        assert outcome(await desk.enter(MOMENTUM))[0] == "done"
        assert outcome(await desk.leave(SWING, price=2035.1)) == ("done", "no_open_position")
    async with host(home, virtual_clock, shadow=shadow, plugins=wanted) as paper:
        desk = Desk(paper, book)
        await desk.price(PRICE + 9.0)
        swing, a = await desk.positions()
        assert a.sl == round(a.price_open + 0.20, 2)
        await desk.pulse("15", 0, 6)
        await desk.pulse("240", 0, 6)
        assert await desk.positions() == (a,)
        assert swing.ticket != a.ticket


@pytest.mark.parametrize("crashed", [False, True], ids=["noted", "not-noted"])
async def test_deliveries_that_come_again_trade_once(
    tmp_path: Path, virtual_clock: VirtualClock, crashed: bool
) -> None:
    home = tmp_path / "home"

    async def books(desk: Desk) -> object:
        return await desk.positions(), [desk.table(profile) for profile in PROFILES]

    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        entered = [await desk.enter(profile) for profile in PROFILES]
        before = await books(desk)
    for alert in entered:
        deliver_again(home, alert, crashed=crashed)
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await paper.settled()
        alerts = await paper.alerts()
        assert [outcome(alerts[alert.id - 1]) for alert in entered] == [("done", None)] * len(PROFILES)
        assert await books(desk) == before
        leaving = [await desk.leave(profile, price=2036.0) for profile in PROFILES]
        left = await desk.positions()
    for alert in leaving:
        deliver_again(home, alert, crashed=crashed)
    async with host(home, virtual_clock, shadow=False) as paper:
        await paper.settled()
        assert await paper.positions() == left


async def test_the_same_text_is_a_duplicate_for_sixty_seconds_from_the_first(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        assert (await desk.enter(SCALPING)).reason is None
        virtual_clock.advance(50)
        assert (await desk.send(entry(SCALPING) + "\n")).reason == "duplicate"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        virtual_clock.advance(9)
        assert (await desk.send(entry(SCALPING) + " ")).reason == "duplicate"
        virtual_clock.advance(5)
        assert (await desk.send(" " + entry(SCALPING))).reason is None
