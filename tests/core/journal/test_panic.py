"""A panic closes everything, however long it takes, and stays until a person ends it."""

from pathlib import Path

import pytest
from tests.core.journal.conftest import House, context, filling, open_house, pair, single

from zepix_core.errors import BrokerOffline
from zepix_core.journal.control import Locked
from zepix_core.services.calls import Leg
from zepix_core.testing.clock import VirtualClock


async def test_entries_alone_closes_nothing(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    assert await house.desk.panic("entries", "a person") == ()
    state = house.desk.control.state
    assert (state.paused, state.panic, state.closing) == (True, "entries", False)
    assert len(await house.broker.positions()) == 1


async def test_what_is_flat_is_told_once(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    await house.desk.panic("flatten", "a person")
    await house.pass_time(30.0)
    state = house.desk.control.state
    assert (state.panic, state.closing) == ("flatten", False)
    assert (await house.notices()).count("emergency_stop") == 2, "that it began, and that it ended"


async def test_a_panic_while_the_broker_is_away_goes_on_when_it_is_back(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    house.broker.blind = True
    results = await house.desk.panic("lock", "a person")
    assert [result.success for result in results] == [False, False]
    await house.pass_time(60.0)
    assert house.desk.control.state.closing
    house.broker.blind = False
    await house.pass_time(30.0)
    assert not await house.broker.positions()
    assert not house.desk.control.state.closing


async def test_a_panic_goes_on_after_a_restart(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    await first.desk.place(context(clock), pair())
    first.broker.blind = True
    await first.desk.panic("flatten", "a person")
    await first.end()
    second = await open_house(tmp_path, clock)
    assert second.desk.control.state.closing
    await second.pass_time(5.0)
    assert not await second.broker.positions()
    assert not second.desk.control.state.closing
    await second.end()


async def test_closes_that_fill_crumbs_are_followed_by_more_rounds(house: House) -> None:
    leg = Leg(name="A", sl=1.09800, tp=1.10600, lots=0.10)
    await house.desk.place(context(house.clock), single(legs=(leg,)))
    house.broker.moods.extend([filling(0.01)] * 7)
    (result,) = await house.desk.panic("flatten", "a person")
    assert (result.success, result.code, result.remaining_volume) == (False, "PARTLY_CLOSED", 0.05)
    await house.pass_time(30.0)
    assert not await house.broker.positions()
    assert not house.desk.control.state.closing


@pytest.mark.parametrize("mood", ["lost_after", "lost_before", "offline", 10018])
async def test_a_close_that_fails_or_is_lost_is_made_good(house: House, mood: str | int) -> None:
    await house.desk.place(context(house.clock), single())
    house.broker.moods.append(mood)
    await house.desk.panic("flatten", "a person")
    await house.pass_time(60.0)
    assert not await house.broker.positions()
    assert not house.desk.control.state.closing


async def test_an_entry_whose_outcome_comes_late_is_closed_too(house: House) -> None:
    house.broker.moods.append("lost_after")
    house.broker.mute = True
    await house.desk.place(context(house.clock), single())
    house.broker.blind = True
    await house.desk.panic("lock", "a person")
    assert house.desk.control.state.closing
    house.broker.blind = house.broker.mute = False
    await house.pass_time(60.0)
    assert not await house.broker.positions()
    assert not house.desk.control.state.closing


async def test_a_position_of_ours_that_the_journal_lost_is_closed(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    await house.journal.run(lambda c: c.execute("DELETE FROM intents") and None)
    await house.journal.run(lambda c: c.execute("DELETE FROM deals") and None)
    (result,) = await house.desk.panic("flatten", "a person")
    assert result.success
    assert not await house.broker.positions()


async def test_resume_ends_the_closing(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    house.broker.blind = True
    await house.desk.panic("flatten", "a person")
    await house.desk.control.resume("a person")
    house.broker.blind = False
    await house.pass_time(60.0)
    assert len(await house.broker.positions()) == 1


async def test_only_a_confirmed_resume_ends_a_lock(house: House) -> None:
    await house.desk.panic("lock", "a person")
    with pytest.raises(Locked):
        await house.desk.control.resume("a person", confirmed=False)
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].code == "TRADING_PAUSED"
    await house.desk.control.resume("a person", confirmed=True)
    assert (await house.desk.place(context(house.clock, 2), single())).results[0].ok


async def test_every_position_is_closed_once(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    await house.desk.panic("lock", "a person")
    await house.desk.panic("lock", "a person")
    closes = [i for i in await house.intents() if i.action.value == "close"]
    assert len(closes) == 2


async def test_one_position_that_cannot_be_closed_keeps_no_other_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.desk.place(context(house.clock), pair())
    close = house.desk._closing.close
    failed: list[int] = []

    async def once(ctx, request):  # type: ignore[no-untyped-def]
        if not failed:
            failed.append(request.ticket)
            raise BrokerOffline("The broker is away.")
        return await close(ctx, request)

    monkeypatch.setattr(house.desk._closing, "close", once)
    first, second = await house.desk.panic("flatten", "a person")
    assert (first.success, second.success) == (False, True)
    await house.pass_time(10.0)
    assert not await house.broker.positions()
