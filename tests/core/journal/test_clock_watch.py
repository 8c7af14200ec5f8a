"""A wall clock that jumps pauses entries for a minute and must not give the day's losses back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.journal.conftest import House, context, single

from zepix_core.clock import NS
from zepix_core.journal.clock_watch import ClockWatch
from zepix_core.services.calls import CloseRequest
from zepix_core.testing.clock import VirtualClock

HOUR = 3600.0


@given(st.lists(st.floats(0.1, 1000.0), max_size=5))
def test_time_that_passes_on_both_clocks_is_no_jump(steps: list[float]) -> None:
    clock = VirtualClock()
    watch = ClockWatch(clock)
    for step in steps:
        clock.advance(step)
        assert watch.look() == 0.0
    assert not watch.why
    assert len(set(watch.moments())) == 1


@pytest.mark.parametrize("jump", [-HOUR, -2.001, 2.001, HOUR])
def test_a_jump_either_way_pauses_entries_for_a_minute(jump: float) -> None:
    clock = VirtualClock()
    watch = ClockWatch(clock)
    clock.jump(jump)
    assert watch.look() == pytest.approx(jump)
    clock.advance(59.9)
    assert watch.why
    assert watch.look() == 0.0
    clock.advance(0.2)
    assert not watch.why


def test_a_small_correction_is_no_jump() -> None:
    clock = VirtualClock()
    watch = ClockWatch(clock)
    for _ in range(10):
        clock.jump(2.0)
        assert watch.look() == 0.0


def test_both_moments_are_kept_for_a_day() -> None:
    clock = VirtualClock()
    watch = ClockWatch(clock)
    clock.jump(HOUR)
    watch.look()
    now, before = watch.moments()
    assert now - before == HOUR * NS
    clock.advance(86_401.0)
    assert len(set(watch.moments())) == 1


async def test_an_entry_after_a_jump_is_refused_and_the_jump_is_in_the_audit(house: House) -> None:
    house.clock.jump(30.0)
    reply = await house.desk.place(context(house.clock), single())
    assert [result.code for result in reply.results] == ["TRADING_PAUSED"]
    assert await house.events("clock_jump") == 1
    await house.pass_time(61.0)
    assert (await house.desk.place(context(house.clock, 2), single())).results[0].ok


async def test_a_close_after_a_jump_goes_out(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    house.clock.jump(-30.0)
    ctx, ticket = context(house.clock, 2), reply.results[0].ticket or 0
    assert (await house.desk.close(ctx, CloseRequest(ticket=ticket))).success


@pytest.mark.parametrize(("days", "counted"), [(-1, -1), (1, 0)], ids=["back", "forward"])
async def test_the_stricter_day_counts_while_the_clock_is_in_doubt(
    house: House, days: int, counted: int
) -> None:
    before = house.desk.risk.today().day
    house.clock.jump(days * 24 * HOUR)
    await house.desk.line.look_at_clock()
    assert house.desk.risk.today().day == before + timedelta(days=counted)
