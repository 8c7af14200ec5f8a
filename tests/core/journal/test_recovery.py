"""A start after any end: what was being done becomes certain, and nothing is done twice."""

import asyncio
import contextlib
from pathlib import Path

import attrs
import pytest
from tests.core.journal.conftest import Crash, House, alert, context, open_house, pair, plugin, single

from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.errors import SettingsError
from zepix_core.journal.events import verify
from zepix_core.model.order import IntentState, UpdateKind
from zepix_core.services.calls import CloseRequest
from zepix_core.services.context import CallContext
from zepix_core.testing.clock import VirtualClock

S = IntentState
COMMITS = range(1, 7)


async def quiet(house: House) -> None:
    await house.pass_time(8.0)


async def check_books(house: House) -> None:
    """At most one position per intent, each with its stop, each known as held, and no request twice."""
    positions = await house.broker.positions()
    held = [i for i in await house.intents() if i.state is S.FILLED]
    assert sorted(p.ticket for p in positions) == sorted(i.position_id for i in held)
    assert len({p.comment for p in positions}) == len(positions)
    assert all(p.sl > 0 for p in positions)
    await house.journal.read(verify)


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("at", COMMITS)
async def test_a_crash_at_any_commit_of_a_pair_trades_no_leg_twice(
    tmp_path: Path, clock: VirtualClock, at: int, after: bool
) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    ctx = context(clock)
    first.journal.left, first.journal.after = at, after
    with contextlib.suppress(Crash):
        await first.desk.place(ctx, pair())
    sent = {request.comment for request in first.broker.requests}
    await first.end()
    second = await open_house(tmp_path, clock)
    await quiet(second)
    again = asyncio.create_task(second.desk.place(ctx, pair()))
    await quiet(second)
    reply = await again
    await check_books(second)
    assert not sent & {request.comment for request in second.broker.requests}
    assert sum(result.ok for result in reply.results) == len(await second.broker.positions())
    opened = [u.intent_id for u in await second.updates() if u.kind is UpdateKind.OPENED]
    assert len(opened) == len(set(opened))
    await second.end()


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("at", range(1, 5))
async def test_a_crash_at_any_commit_of_a_close_ends_with_the_position_closed(
    tmp_path: Path, clock: VirtualClock, at: int, after: bool
) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    ticket = (await first.desk.place(context(clock), single())).results[0].ticket or 0
    ctx = CallContext(plugin=plugin(), alert=alert(clock, 2))
    first.journal.left, first.journal.after = at, after
    with contextlib.suppress(Crash):
        await first.desk.close(ctx, CloseRequest(ticket=ticket))
    await first.end()
    second = await open_house(tmp_path, clock)
    await quiet(second)
    result = await second.desk.close(ctx, CloseRequest(ticket=ticket))
    assert result.success
    assert not await second.broker.positions()
    assert (await second.intents())[0].state is S.CLOSED
    await second.end()


async def crash_between_legs(house: House, clock: VirtualClock) -> None:
    """A is filled at the broker, B planned, and nobody wrote A's reply down."""
    house.journal.left = 3
    with pytest.raises(Crash):
        await house.desk.place(context(clock), pair())
    await house.end()


async def test_a_young_second_leg_is_sent_when_the_first_was_filled(
    tmp_path: Path, clock: VirtualClock
) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    await crash_between_legs(first, clock)
    clock.advance(30.0)
    second = await open_house(tmp_path, clock)
    await quiet(second)
    assert [i.state for i in await second.intents()] == [S.FILLED, S.FILLED]
    await second.end()


async def test_an_old_second_leg_is_denied_and_people_hear_of_it(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    await crash_between_legs(first, clock)
    clock.advance(121.0)
    second = await open_house(tmp_path, clock)
    await quiet(second)
    states = [(i.state, i.reason) for i in await second.intents()]
    assert states == [(S.FILLED, ""), (S.DENIED, "EXPIRED")]
    assert "order_failed" in await second.notices()
    await second.end()


async def test_a_second_leg_is_denied_after_a_pause(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    await first.desk.control.pause("tester")
    await first.desk.control.resume("tester")
    await crash_between_legs(first, clock)
    second = await open_house(tmp_path, clock, started=lambda broker: setattr(broker, "blind", True))
    await second.desk.control.pause("tester")
    second.broker.blind = False
    await second.reconciler.sweep()
    await quiet(second)
    assert (await second.intents())[1].state is S.DENIED
    await second.end()


async def test_what_closed_while_the_host_was_away_is_booked_at_the_start(
    tmp_path: Path, clock: VirtualClock
) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    await first.desk.place(context(clock), single())
    first.broker.mute = True
    await first.broker.observe("EURUSD", 1.09000)
    await first.end()
    second = await open_house(tmp_path, clock)
    updates = await second.updates()
    assert [(u.kind, u.reason) for u in updates][-1] == (UpdateKind.CLOSED, "SL")
    await second.end()


async def test_a_pause_outlives_a_restart(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.desk.control.panic("lock", "tester")
    await first.end()
    second = await open_house(tmp_path, clock)
    assert (second.desk.control.state.panic, second.desk.control.state.by) == ("lock", "tester")
    await second.end()


async def test_another_account_is_refused(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.end()
    with pytest.raises(SettingsError):
        await open_house(tmp_path, clock, paper=PaperSettings(login=2))


async def test_a_broker_that_is_away_at_the_start_is_compared_later(
    tmp_path: Path, clock: VirtualClock
) -> None:
    house = await open_house(tmp_path, clock, started=lambda broker: setattr(broker, "blind", True))
    assert not house.recovery.compared
    house.broker.blind = False
    await house.reconciler.when_back()
    await house.end()


async def test_a_foreign_position_is_shown_counted_and_left_alone(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    own = house.broker.requests[0]
    foreign = attrs.evolve(own, comment="by hand", magic=0, intent_id="", lots=0.2)
    await house.broker.inner.submit(foreign)
    findings = await house.reconciler.sweep()
    assert len(findings.foreign) == 1
    house.clock.advance(1.0)
    facts = await house.desk.risk.facts(plugin())
    assert facts.open_risk > facts.plugin_open_risk > 0
    assert len(await house.desk.list(context(house.clock))) == 1
