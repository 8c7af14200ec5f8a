"""What the market refuses for now is asked again when it may, as long as it is still wanted."""

import asyncio
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from tests.core.journal.conftest import House, context, open_house, single
from tests.core.journal.life_scenarios import enter, leave, only, raise_stop, running
from tests.core.journal.test_books import terminal

from zepix_core.clock import NS
from zepix_core.journal.later import moved_away
from zepix_core.model.market import Side, SymbolInfo, Tick
from zepix_core.model.order import Action, IntentState, Position
from zepix_core.services.calls import CloseRequest, ModifyRequest
from zepix_core.testing.clock import START_NS, VirtualClock

S = IntentState
FRIDAY_EVENING_NS = START_NS + round((timedelta(days=4, hours=9, minutes=50)).total_seconds()) * NS


async def test_a_close_on_friday_night_goes_out_on_sunday_evening(tmp_path: Path) -> None:
    clock = VirtualClock(FRIDAY_EVENING_NS)
    house = await open_house(tmp_path, clock)
    await house.price(1.1)
    ticket = await enter(house)
    clock.advance(600.0)
    await leave(house, ticket)
    close = await only(house, Action.CLOSE)
    assert (close.state, close.retcode) == (S.REJECTED, 10018)
    await house.pass_time(3600.0, 60.0)
    assert len(house.broker.requests) == 2  # nobody asks a market that is shut
    clock.advance(46 * 3600.0)
    await house.pass_time(7200.0, 60.0)
    assert (await only(house, Action.CLOSE)).state is S.CLOSED
    assert await house.broker.positions() == ()
    await house.end()


async def test_a_close_that_waits_outlives_a_restart(tmp_path: Path) -> None:
    clock = VirtualClock()
    before = await open_house(tmp_path, clock)
    await before.price(1.1)
    ticket = await enter(before)
    before.broker.moods.append(10018)
    await leave(before, ticket)
    await before.desk.later.stop()
    await before.end()
    after = await open_house(tmp_path, clock)
    assert after.desk.later.waiting == ((await only(after, Action.CLOSE)).intent_id,)
    await after.pass_time(5.0)
    assert await after.broker.positions() == ()
    await after.end()


async def test_a_partial_close_that_waits_closes_its_part(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10018)
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket, percentage=40.0))
    await house.pass_time(10.0)
    (position,) = await house.broker.positions()
    assert position.volume == pytest.approx(0.03)


async def test_a_close_that_waits_is_forgotten_when_the_position_is_gone(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10018)
    await leave(house, ticket)
    await terminal(house).by_hand_close(ticket)
    await house.pass_time(10.0)
    assert (house.desk.later.waiting, len(house.broker.requests)) == ((), 2)


async def test_a_change_that_waits_gives_way_to_a_newer_one(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.extend([10029] * 4)
    await running(house, raise_stop(house, ticket), 6.0)
    await house.desk.modify(context(house.clock, 3), ModifyRequest(ticket=ticket, sl=1.0990))
    await house.pass_time(30.0)
    (position,) = await house.broker.positions()
    assert position.sl == 1.0990


async def test_an_entry_is_never_asked_again(house: House) -> None:
    house.broker.moods.append(10018)
    await house.desk.place(context(house.clock), single())
    await house.pass_time(120.0)
    assert (house.desk.later.waiting, len(house.broker.requests)) == ((), 1)


async def test_nothing_is_asked_again_while_the_broker_is_away(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10018)
    await leave(house, ticket)
    house.broker.no_positions = True
    await house.pass_time(20.0)
    assert len(house.broker.requests) == 2
    house.broker.no_positions = False
    await house.pass_time(5.0)
    assert await house.broker.positions() == ()


INFO = SymbolInfo(
    name="EURUSD", digits=5, point=0.00001, pip_size=0.0001, pip_value=10.0, contract_size=100_000.0,
    freeze_level=50,
)  # fmt: skip


@pytest.mark.parametrize(
    ("bid", "sl", "away"), [(1.10000, 1.09960, False), (1.10000, 1.09940, True), (1.10000, 0.0, True)]
)
async def test_the_price_has_moved_away_when_no_level_is_frozen(
    house: House, bid: float, sl: float, away: bool
) -> None:
    await enter(house)
    intent = attrs.evolve(await only(house), action=Action.CLOSE)
    position = Position(
        ticket=1, symbol="EURUSD", side=Side.BUY, volume=0.1, price_open=1.1, time_ns=0, sl=sl
    )
    tick = Tick(symbol="EURUSD", bid=bid, ask=bid + 0.0001, time_ns=0)
    assert moved_away(position, intent, tick, INFO) is away
    change = attrs.evolve(intent, action=Action.MODIFY, sl=1.09980, tp=0.0)
    assert not moved_away(position, change, tick, INFO)


async def test_two_closes_of_one_position_that_wait_close_it_once(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.extend([10018, 10018])
    await leave(house, ticket, 2)
    await leave(house, ticket, 3)
    await asyncio.sleep(0)
    await house.pass_time(60.0)
    deals = await house.broker.deals()
    assert (len(deals), await house.broker.positions()) == (2, ())
