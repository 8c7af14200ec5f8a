"""Exits and runners in a whole host, live and in shadow."""

from pathlib import Path

import pytest

from zepix_core import Book, Side
from zepix_core.testing.clock import VirtualClock
from zepix_plugins_v6.profiles import MOMENTUM, PROFILES, SCALPING, SWING, Profile

from .desk import EACH, PRICE, Desk, host, outcome


@EACH
async def test_an_exit_closes_the_side_it_is_about_and_no_other(desk: Desk, profile: Profile) -> None:
    await desk.trending()
    await desk.enter(profile)
    before = await desk.positions()
    assert outcome(await desk.leave(profile, Side.SELL)) == ("done", "no_open_position")
    assert await desk.positions() == before
    assert outcome(await desk.leave(profile)) == ("done", None)
    left = await desk.positions()
    assert [p.volume for p in left] == ([before[0].volume / 2] if profile is SWING else [])


@EACH
async def test_an_exit_leaves_the_positions_of_the_other_plugins_alone(desk: Desk, profile: Profile) -> None:
    await desk.trending()
    for other in PROFILES:
        await desk.enter(other)
    before = {p.ticket: p for p in await desk.positions()}
    await desk.leave(profile)
    after = {p.ticket: p.volume for p in await desk.positions()}
    tag = f"pa-{profile.id.rpartition('_')[2]}:"
    for ticket, position in before.items():
        if not position.comment.startswith(tag):
            assert after[ticket] == position.volume
        elif profile is not SWING:
            assert ticket not in after


async def test_the_5m_exit_closes_four_fifths_of_winners_and_all_of_the_rest(desk: Desk) -> None:
    await desk.trending()
    await desk.enter(MOMENTUM)
    a, b = await desk.positions()
    assert (a.volume, b.volume) == (0.10, 0.10)
    await desk.leave(MOMENTUM, price=2038.0)
    assert [p.volume for p in await desk.positions()] == [0.02, 0.02]
    await desk.leave(MOMENTUM, price=2030.0)
    assert await desk.positions() == ()
    if desk.book is Book.LIVE:
        (trade,) = desk.table(MOMENTUM)
        money = trade["order_a_profit_dollars"] + trade["order_b_profit_dollars"]
        assert trade["status"] == "CLOSED"
        assert trade["total_profit_dollars"] == pytest.approx(money)
        deals = await desk.paper.deals()
        assert money == pytest.approx(sum(deal.profit for deal in deals))


async def test_half_of_the_1h_position_runs_until_the_pulse_turns(desk: Desk) -> None:
    await desk.trending()
    await desk.enter(SWING)
    (whole,) = await desk.positions()
    await desk.leave(SWING)
    (runner,) = await desk.positions()
    assert (runner.ticket, runner.sl, runner.tp) == (whole.ticket, whole.sl, whole.tp)
    assert runner.volume == pytest.approx(whole.volume / 2, abs=0.006)
    desk.paper.clock.advance(61)
    assert outcome(await desk.leave(SWING)) == ("done", "no_open_position")
    await desk.pulse("5", 1, 5)  # 11 bullish against 7: it runs on
    await desk.pulse("60", 0, 4)  # a tie: it runs on
    assert await desk.positions() == (runner,)
    turned = await desk.send("STATE_CHANGE|XAUUSD|1|TRENDING_BEARISH|NEUTRAL|0/6")
    assert outcome(turned) == ("done", None)
    assert await desk.positions() == ()


async def test_the_runner_is_marked_in_its_row_and_its_money_adds_up(live: Desk) -> None:
    await live.trending()
    await live.enter(SWING)
    await live.leave(SWING, price=2040.0)
    (open_row,) = live.table(SWING)
    assert (open_row["status"], '"runner": true' in open_row["notes"]) == ("OPEN", True)
    await live.pulse("15", 0, 6)
    await live.pulse("240", 0, 6)
    (row,) = live.table(SWING)
    assert (row["status"], row["close_reason"]) == ("CLOSED", "Reversal")
    deals = await live.paper.deals()
    assert row["profit_dollars"] == pytest.approx(sum(deal.profit for deal in deals))


async def test_a_host_in_shadow_still_closes_what_was_opened_for_real(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        await desk.enter(MOMENTUM)
        await desk.enter(SCALPING)
    async with host(home, virtual_clock, shadow=True) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.leave(SCALPING)
        await desk.price(PRICE + 9.0)
        (a,) = await desk.positions()
        assert a.sl == round(a.price_open + 0.20, 2)
        assert await paper.positions(Book.SHADOW) == ()


async def test_an_exit_that_closes_a_real_position_is_an_exit_also_in_shadow(
    tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        await Desk(paper, Book.LIVE).enter(SCALPING)
    async with host(home, virtual_clock, shadow=True) as paper:
        desk = Desk(paper, Book.SHADOW)
        real = await desk.leave(SCALPING)
        await desk.enter(SCALPING, score=91)
        shadow = await desk.leave(SCALPING, price=2036.0)
        actions = [(await paper.story(row.id)).decisions[SCALPING.id].action for row in (real, shadow)]
        assert actions == ["exit", "shadow_exit"]
