"""An answer that comes after the books were compared: it wins, and it never harms the caller."""

import asyncio
import sqlite3
from random import Random

import attrs
import pytest
from tests.core.journal.conftest import House, Mood, context, single

from zepix_core.broker.inline import InlineBroker
from zepix_core.errors import OutcomeUnknown
from zepix_core.journal import host_state, intent_rows
from zepix_core.journal.control import HUMAN
from zepix_core.journal.outcomes import needs_human
from zepix_core.journal.reconcile import Findings
from zepix_core.model.notice import Priority
from zepix_core.model.order import IntentState, OrderReply, OrderRequest, UpdateKind

S = IntentState


def slow(house: House, seconds: float, *, answer: bool = True, executed: bool = True) -> Mood:
    """The broker loses the comment, the books are compared meanwhile, and only then it answers."""

    sweeps: list[asyncio.Future[Findings]] = []

    async def mood(inner: InlineBroker, request: OrderRequest) -> OrderReply:
        reply = await inner.submit(attrs.evolve(request, comment="")) if executed else None
        tasks = []
        for _ in range(2):
            # The rest of a sweep waits for this very request.
            tasks.append(asyncio.ensure_future(house.reconciler.sweep()))
            await house.pass_time(seconds / 2)
        sweeps.extend(tasks)
        if reply is None or not answer:
            raise OutcomeUnknown("No answer.")
        return reply

    return mood


async def test_a_request_under_way_is_not_judged_by_its_nameless_deal(house: House) -> None:
    house.broker.mute = True
    house.broker.moods.extend(["lost_before", slow(house, 1.0)])
    await house.desk.place(context(house.clock), single())
    (result,) = (await house.desk.place(context(house.clock, 2), single())).results
    intents = {intent.intent_id: intent for intent in await house.intents()}
    assert (result.ok, intents[result.intent_id].state) == (True, S.FILLED)
    assert [u.kind for u in await house.updates()] == [UpdateKind.OPENED]
    await house.pass_time(6.0, step=1.0)
    assert sorted(i.state.value for i in await house.intents()) == ["dropped", "filled"]


async def test_a_sweep_takes_no_position_for_a_strangers_while_its_answer_is_to_come(house: House) -> None:
    house.broker.mute = True
    house.broker.moods.extend(["lost_before", slow(house, 9.0)])
    await house.desk.place(context(house.clock), single())
    await house.desk.place(context(house.clock, 2), single())
    assert len(await house.intents()) == 2
    assert S.NEEDS_HUMAN not in {intent.state for intent in await house.intents()}


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_answers_are_late_or_lost_each_position_has_one_owner(house: House, seed: int) -> None:
    dice = Random(seed)
    house.broker.mute = True
    for number in range(1, 9):
        answer, executed = dice.random() < 0.7, dice.random() < 0.7
        house.broker.moods.append(slow(house, dice.uniform(0.5, 3.0), answer=answer, executed=executed))
        placing = asyncio.ensure_future(house.desk.place(context(house.clock, number), single()))
        while not placing.done():
            await house.pass_time(0.5)
        reply = placing.result()
        if reply.results[0].code == "TRADING_PAUSED":
            house.broker.moods.pop()
            await house.desk.line.control.resume("a person")
    answered = {i.position_id for i in await house.intents() if i.position_id}
    positions = {p.ticket for p in await house.broker.positions()}
    assert answered
    assert answered <= positions
    assert len(answered) == len([i for i in await house.intents() if i.position_id])


@pytest.mark.parametrize("state", [S.NEEDS_HUMAN, S.DROPPED])
async def test_an_answer_that_names_the_position_is_adopted(house: House, state: IntentState) -> None:
    async def judged(inner: InlineBroker, request: OrderRequest) -> OrderReply:
        reply = await inner.submit(attrs.evolve(request, comment=""))

        def judge(connection: sqlite3.Connection) -> None:
            intent = intent_rows.get(connection, request.intent_id)
            assert intent is not None
            needs_human(connection, house.clock, intent, "who knows")
            if state is S.DROPPED:
                intent_rows.move(connection, house.clock, intent.intent_id, state)

        await house.journal.run(judge)
        return reply

    house.broker.mute = True
    house.broker.moods.append(judged)
    (result,) = (await house.desk.place(context(house.clock), single())).results
    (intent,) = await house.intents()
    (position,) = await house.broker.positions()
    assert (result.ok, result.ticket) == (True, position.ticket)
    assert (intent.state, intent.position_id) == (S.ADOPTED, position.ticket)
    keys = await house.journal.read(lambda c: list(host_state.keys(c, HUMAN)))
    assert not keys


@pytest.mark.parametrize(("kept", "state"), [(8, S.FILLED), (7, S.NEEDS_HUMAN)])
async def test_a_comment_that_was_cut_names_its_intent(house: House, kept: int, state: IntentState) -> None:
    house.broker.moods.extend(["lost_before", "lost_before"])
    await house.desk.place(context(house.clock), single())
    await house.desk.place(context(house.clock), single(key="two"))
    lost = house.broker.requests[0]
    tag = lost.comment.partition(":")[0]
    cut = attrs.evolve(lost, comment=f"{tag}:{lost.intent_id[:kept]}")
    await house.broker.inner.submit(cut)
    await house.reconciler.sweep()
    states = {intent.intent_id: intent.state for intent in await house.intents()}
    assert states[lost.intent_id] is state


async def test_what_waits_for_a_person_is_named_in_the_refusal_and_told_as_critical(house: House) -> None:
    house.broker.moods.extend(["lost_before", "lost_before"])
    await house.desk.place(context(house.clock), single())
    await house.desk.place(context(house.clock), single(key="two"))
    await house.broker.inner.submit(attrs.evolve(house.broker.requests[0], comment=""))
    await house.reconciler.sweep()
    (result,) = (await house.desk.place(context(house.clock, 2), single())).results
    assert result.code == "TRADING_PAUSED"
    for word in ("EURUSD", "zepix reconcile", "zepix resume", context(house.clock).plugin.id):
        assert word in result.message
    rows = await house.journal.read(
        lambda c: c.execute("SELECT priority FROM outbox WHERE type = 'order_unresolved'").fetchall()
    )
    assert str(Priority.CRITICAL.value) in {str(row[0]) for row in rows}
