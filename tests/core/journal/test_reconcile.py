"""The broker's word counts: stops that vanished come back, stops a person moved are taken over."""

import asyncio
import sqlite3
from collections.abc import Coroutine
from typing import Any

import attrs
import pytest
from tests.core.journal.conftest import House, context, pair, single

from zepix_core.journal import intent_rows
from zepix_core.journal.outcomes import needs_human
from zepix_core.model.order import Action, IntentState, OrderRequest, UpdateKind
from zepix_core.services.calls import CloseRequest

S = IntentState


async def by_hand(house: House, sl: float, tp: float) -> OrderRequest:
    (position,) = await house.broker.positions()
    request = attrs.evolve(
        house.broker.requests[0], action=Action.MODIFY, position=position.ticket, sl=sl, tp=tp
    )
    await house.broker.inner.submit(request)
    return request


async def test_a_stop_that_is_missing_is_set_again(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    await by_hand(house, 0.0, 1.106)
    await house.reconciler.sweep()
    await house.reconciler.protection.settled()
    (position,) = await house.broker.positions()
    assert (position.sl, position.tp) == (1.098, 1.106)


async def test_a_position_that_cannot_have_a_stop_is_closed_and_said(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    await by_hand(house, 0.0, 1.106)
    house.broker.moods.extend([10016, 10016, 10016])
    sweep = house.reconciler.sweep()
    await run(house, sweep)
    assert not await house.broker.positions()
    assert "risk_alert" in await house.notices()


async def test_stops_moved_by_hand_are_taken_over(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    await by_hand(house, 1.0985, 1.107)
    await house.reconciler.sweep()
    (order,) = await house.desk.list(context(house.clock))
    assert (order.sl, order.tp) == (1.0985, 1.107)
    assert (await house.updates())[-1].kind is UpdateKind.MODIFIED


async def test_deals_that_were_never_told_are_found_by_the_sweep(house: House) -> None:
    house.broker.mute = True
    reply = await house.desk.place(context(house.clock), single())
    await house.broker.observe("EURUSD", 1.0900)
    findings = await house.reconciler.sweep()
    assert (findings.deals, findings.missing) == (1, ())
    assert (await house.intents())[0].state is IntentState.CLOSED
    assert reply.results[0].ticket is not None


async def test_a_sweep_of_agreeing_books_changes_nothing(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    await house.reconciler.sweep()
    before = await house.journal.read(lambda c: c.execute("SELECT count(*) FROM journal_events").fetchone())
    findings = await house.reconciler.sweep()
    after = await house.journal.read(lambda c: c.execute("SELECT count(*) FROM journal_events").fetchone())
    assert (before, findings.missing, findings.foreign) == (after, (), ())


async def test_a_close_by_the_broker_is_told_as_such(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    ticket = reply.results[0].ticket or 0
    own = house.broker.requests[0]
    close = attrs.evolve(own, action=Action.CLOSE, position=ticket, comment="", intent_id="")
    await house.broker.inner.submit(close)
    await house.reconciler.sweep()
    assert (await house.updates())[-1].reason == "Broker"
    result = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    assert (result.success, result.closed_volume) == (True, 0.05)


async def run(house: House, work: Coroutine[Any, Any, Any]) -> None:
    task = asyncio.ensure_future(work)
    await house.pass_time(8.0)
    await task


async def test_nothing_is_opened_before_the_books_are_compared_again(house: House) -> None:
    house.broker.tell_link(False)
    house.broker.tell_link(True)
    reply = await house.desk.place(context(house.clock), single())
    assert [result.code for result in reply.results] == ["BROKER_OFFLINE"]
    house.broker.no_positions = True
    assert not await house.reconciler.when_back()
    assert not (await house.desk.place(context(house.clock, 2), single())).results[0].ok
    house.broker.no_positions = False
    assert await house.reconciler.when_back()
    assert (await house.desk.place(context(house.clock, 3), single())).results[0].ok


async def test_a_close_goes_out_before_the_books_are_compared(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    house.broker.tell_link(False)
    house.broker.tell_link(True)
    ctx, ticket = context(house.clock, 2), reply.results[0].ticket or 0
    assert (await house.desk.close(ctx, CloseRequest(ticket=ticket))).success


async def test_a_sweep_takes_up_a_look_up_that_came_to_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.broker.moods.append("lost_after")
    house.broker.mute = True
    with monkeypatch.context() as lame:
        lame.setattr(house.desk.lookup, "schedule", lambda intent_id, ended=True: None)
        await house.desk.place(context(house.clock), pair())
    await house.reconciler.sweep()
    await house.pass_time(4.0)
    assert [i.state for i in await house.intents()] == [S.FILLED, S.FILLED]


async def test_a_close_that_never_arrived_is_sent_again_once_the_broker_answers(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    house.broker.moods.append("lost_before")
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=reply.results[0].ticket or 0))
    await house.pass_time(3.5)
    house.broker.no_positions = True
    await house.pass_time(5.0)
    house.broker.no_positions = False
    await house.pass_time(15.0)
    assert not await house.broker.positions()


async def test_a_position_that_waited_for_a_person_is_managed_again_after_resume(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())

    def contradict(connection: sqlite3.Connection) -> None:
        intent = intent_rows.get(connection, reply.results[0].intent_id)
        assert intent is not None
        needs_human(connection, house.clock, intent, "other volume than asked")

    await house.journal.run(contradict)
    findings = await house.reconciler.sweep()
    assert not findings.foreign
    assert (await house.intents())[0].state is S.NEEDS_HUMAN
    await house.desk.control.resume("a person")
    await house.reconciler.sweep()
    assert (await house.intents())[0].state is S.ADOPTED
    (order,) = await house.desk.list(context(house.clock, 2))
    assert (await house.desk.close(context(house.clock, 2), CloseRequest(ticket=order.ticket))).success
    assert (await house.intents())[0].state is S.CLOSED
