"""Lives of orders, each with the states and return codes it goes through; together they are all there are."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import msgspec
from tests.core.journal.conftest import House, context, filling, pair, single

from zepix_core.broker.inline import InlineBroker
from zepix_core.errors import OutcomeUnknown
from zepix_core.journal.deciding import Deciding
from zepix_core.journal.outcomes import needs_human
from zepix_core.journal.retcodes import ReplyClass
from zepix_core.model.order import (
    Action,
    Intent,
    IntentState,
    OrderReply,
    OrderRequest,
    WorkingOrder,
)
from zepix_core.services.calls import CloseRequest, ModifyRequest

S = IntentState
R = ReplyClass
Play = Callable[[House], Awaitable[None]]


@attrs.frozen
class Scenario:
    """One life.

    Attributes:
        states: Every state an intent of it comes to.
        replies: Classes of the broker's replies, by action.
    """

    name: str
    play: Play
    states: frozenset[IntentState]
    replies: frozenset[tuple[Action, ReplyClass]]


SCENARIOS: list[Scenario] = []


def scenario(
    *states: IntentState, replies: tuple[tuple[Action, ReplyClass], ...] = ()
) -> Callable[[Play], Play]:
    def add(play: Play) -> Play:
        SCENARIOS.append(Scenario(play.__name__, play, frozenset(states), frozenset(replies)))
        return play

    return add


OPENED = (Action.OPEN, R.DONE)


async def enter(house: House, number: int = 1, **changes: Any) -> int:
    """Place one order; its ticket, 0 when there is none."""
    reply = await house.desk.place(context(house.clock, number), single(**changes))
    return reply.results[0].ticket or 0


async def leave(house: House, ticket: int, number: int = 2) -> None:
    await house.desk.close(context(house.clock, number), CloseRequest(ticket=ticket))


async def raise_stop(house: House, ticket: int, number: int = 2) -> None:
    await house.desk.modify(context(house.clock, number), ModifyRequest(ticket=ticket, sl=1.0985))


async def swept(house: House, seconds: float = 3.5) -> None:
    """Two answers of the broker's, far enough apart."""
    await house.reconciler.sweep()
    await house.pass_time(seconds)
    await house.reconciler.sweep()


def order(house: House, **changes: Any) -> WorkingOrder:
    """The last request as an order that waits."""
    asked = house.broker.requests[-1]
    made = WorkingOrder(
        ticket=777, symbol=asked.symbol, side=asked.side, volume=asked.lots, magic=asked.magic,
        comment=asked.comment, time_ns=house.clock.now_ns(), book=asked.book,
    )  # fmt: skip
    return attrs.evolve(made, **changes)


async def accepted(_: InlineBroker, request: OrderRequest) -> OrderReply:
    """10008: taken, not executed."""
    return OrderReply(retcode=10008, order=777, volume=request.lots)


async def only(house: House, action: Action = Action.OPEN) -> Intent:
    (found,) = [intent for intent in await house.intents() if intent.action is action]
    return found


# --- entries


@scenario(S.SENDING, S.FILLED, S.CLOSED, replies=(OPENED, (Action.CLOSE, R.DONE)))
async def an_entry_is_filled_and_closed(house: House) -> None:
    await leave(house, await enter(house))
    assert (await only(house)).state is S.CLOSED


@scenario(S.SENDING, S.PLANNED, S.FILLED, replies=(OPENED,))
async def the_second_leg_is_planned_before_it_is_sent(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    assert [intent.state for intent in await house.intents()] == [S.FILLED, S.FILLED]


@scenario(S.DENIED)
async def a_gate_refuses(house: House) -> None:
    await house.desk.control.pause("a person")
    await enter(house)
    assert (await only(house)).reason == "TRADING_PAUSED"


@scenario(S.SENDING, S.PARTLY_FILLED, S.CLOSED, replies=(OPENED, (Action.CLOSE, R.DONE)))
async def a_part_is_filled_kept_and_not_topped_up(house: House) -> None:
    house.broker.moods.append(filling(0.02))
    ticket = await enter(house)
    intent = await only(house)
    assert (intent.state, intent.fill_lots, len(house.broker.requests)) == (S.PARTLY_FILLED, 0.02, 1)
    await leave(house, ticket)


@scenario(S.SENDING, S.PLACED, S.FILLED, replies=(OPENED,))
async def an_order_that_waits_is_watched_until_it_is_filled(house: House) -> None:
    house.broker.moods.append(accepted)
    await enter(house)
    house.broker.working.append(order(house))
    await house.pass_time(60.0)
    assert (await only(house)).state is S.PLACED
    house.broker.working.clear()
    await house.broker.inner.submit(house.broker.requests[-1])
    await house.pass_time(1.0)
    intent = await only(house)
    assert (intent.state, intent.fill_lots, len(house.broker.requests)) == (S.FILLED, 0.05, 1)


@scenario(S.SENDING, S.PLACED, S.REJECTED, replies=(OPENED,))
async def an_order_that_waits_and_is_cancelled_comes_to_nothing(house: House) -> None:
    house.broker.moods.append(accepted)
    await enter(house)
    house.broker.working.append(order(house))
    await house.pass_time(10.0)
    house.broker.working.clear()
    await house.pass_time(2.0)
    assert (await only(house)).state is S.PLACED  # one answer is not enough
    await house.pass_time(40.0)
    intent = await only(house)
    assert (intent.state, intent.reason, len(house.broker.requests)) == (S.REJECTED, "BROKER_REJECT", 1)


@scenario(S.SENDING, S.PLACED, S.PARTLY_FILLED, replies=(OPENED,))
async def an_order_that_waits_is_filled_in_part_and_cancelled(house: House) -> None:
    house.broker.moods.append(accepted)
    await enter(house)
    await house.broker.inner.submit(attrs.evolve(house.broker.requests[-1], lots=0.02))
    await house.pass_time(10.0)
    intent = await only(house)
    assert (intent.state, intent.fill_lots) == (S.PARTLY_FILLED, 0.02)


@scenario(S.SENDING, S.UNKNOWN, S.FILLED, replies=((Action.OPEN, R.UNKNOWN),))
async def a_lost_answer_is_found(house: House) -> None:
    house.broker.mute = True
    house.broker.moods.append("lost_after")
    await enter(house)
    await house.pass_time(1.0)
    assert (await only(house)).state is S.FILLED


@scenario(S.SENDING, S.UNKNOWN, S.PLACED, S.FILLED, replies=((Action.OPEN, R.UNKNOWN),))
async def a_lost_answer_is_found_as_an_order_that_waits(house: House) -> None:
    async def lost(_: InlineBroker, asked: OrderRequest) -> OrderReply:
        house.broker.working.append(order(house))
        raise OutcomeUnknown("No answer.")

    house.broker.moods.append(lost)
    await enter(house)
    await house.pass_time(10.0)
    intent = await only(house)
    assert (intent.state, intent.order_ticket) == (S.PLACED, 777)
    house.broker.working.clear()
    await house.broker.inner.submit(house.broker.requests[-1])
    await house.pass_time(1.0)


@scenario(S.SENDING, S.UNKNOWN, S.NOT_SENT, S.DROPPED, replies=((Action.OPEN, R.UNKNOWN),))
async def a_request_without_a_trace_is_dropped(house: House) -> None:
    house.broker.moods.append("lost_before")
    await enter(house)
    await house.pass_time(10.0)
    assert ((await only(house)).state, len(house.broker.requests)) == (S.DROPPED, 1)


@scenario(
    S.SENDING, S.UNKNOWN, S.NOT_SENT, S.DROPPED, S.ADOPTED, S.CLOSED,
    replies=((Action.OPEN, R.UNKNOWN), (Action.CLOSE, R.DONE)),
)  # fmt: skip
async def a_dropped_request_that_is_executed_after_all_is_adopted(house: House) -> None:
    house.broker.moods.append("lost_before")
    await enter(house)
    await house.pass_time(10.0)
    reply = await house.broker.inner.submit(house.broker.requests[-1])
    await house.reconciler.sweep()
    assert (await only(house)).state is S.ADOPTED
    await leave(house, reply.position)


@scenario(S.SENDING, S.NEEDS_HUMAN, S.ADOPTED, replies=(OPENED,))
async def a_position_larger_than_asked_needs_a_person_who_adopts_it(house: House) -> None:
    async def twice(broker: InlineBroker, asked: OrderRequest) -> OrderReply:
        reply = await broker.submit(attrs.evolve(asked, lots=asked.lots * 2))
        return attrs.evolve(reply, volume=asked.lots)

    house.broker.moods.append(twice)
    await enter(house)
    await house.desk.updates.drain()
    assert (await only(house)).state is S.NEEDS_HUMAN
    await house.desk.control.resume("a person")
    await house.reconciler.sweep()
    assert ((await only(house)).state, (await only(house)).fill_lots) == (S.ADOPTED, 0.10)


@scenario(S.SENDING, S.FILLED, S.NEEDS_HUMAN, S.FOREIGN, S.CLOSED, replies=(OPENED,))
async def a_position_given_up_is_foreign_until_it_is_gone(house: House) -> None:
    ticket = await enter(house)
    await contradict(house)
    await decide(house, "forget", str(ticket))
    assert (await only(house)).state is S.FOREIGN
    inner: Any = house.broker.inner
    await inner._inner.by_hand_close(ticket)
    await house.reconciler.sweep()
    assert (await only(house)).state is S.CLOSED


@scenario(S.SENDING, S.REJECTED, replies=((Action.OPEN, R.MOVED),))
async def a_price_that_keeps_moving_is_asked_three_times(house: House) -> None:
    house.broker.moods.extend([10004, 10020, 10021])
    task = house.desk.place(context(house.clock), single())
    await running(house, task, 5.0)
    assert ((await only(house)).attempt, len(house.broker.requests)) == (3, 3)


@scenario(S.SENDING, S.FILLED, replies=(OPENED, (Action.OPEN, R.MOVED)))
async def a_price_that_moved_is_asked_again(house: House) -> None:
    house.broker.moods.append(10004)
    await running(house, house.desk.place(context(house.clock), single()), 2.0)
    assert ((await only(house)).attempt, (await only(house)).state) == (2, S.FILLED)


@scenario(S.SENDING, S.REJECTED, replies=((Action.OPEN, R.WAIT),))
async def a_busy_server_is_asked_four_times(house: House) -> None:
    house.broker.moods.extend([10024, 10028, 10024, 10024])
    await running(house, house.desk.place(context(house.clock), single()), 8.0)
    assert ((await only(house)).attempt, len(house.broker.requests)) == (4, 4)


@scenario(S.SENDING, S.REJECTED, replies=((Action.OPEN, R.FIX),))
async def a_wrong_request_is_rejected(house: House) -> None:
    house.broker.moods.append(10016)
    await enter(house)
    assert ((await only(house)).attempt, await house.broker.positions()) == (1, ())


@scenario(S.SENDING, S.REJECTED, replies=((Action.OPEN, R.STOP),))
async def a_refusal_is_final_for_an_entry(house: House) -> None:
    house.broker.moods.append(10018)
    await enter(house)
    await house.pass_time(120.0)
    assert ((await only(house)).attempt, len(house.broker.requests)) == (1, 1)


# --- closes


@scenario(
    S.SENDING,
    S.FILLED,
    S.REJECTED,
    S.CLOSED,
    replies=(OPENED, (Action.CLOSE, R.STOP), (Action.CLOSE, R.DONE)),
)
async def a_close_refused_by_a_shut_market_is_asked_again(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.extend([10018, 10018])
    await leave(house, ticket)
    await house.pass_time(20.0)
    close = await only(house, Action.CLOSE)
    assert (close.state, close.attempt, await house.broker.positions()) == (S.CLOSED, 3, ())


@scenario(
    S.SENDING, S.FILLED, S.REJECTED, S.CLOSED,
    replies=(OPENED, (Action.CLOSE, R.WAIT), (Action.CLOSE, R.DONE)),
)  # fmt: skip
async def a_close_too_near_the_price_is_asked_again(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.extend([10029] * 4)
    await running(house, leave(house, ticket), 6.0)
    assert (await only(house, Action.CLOSE)).state is S.REJECTED
    await house.pass_time(5.0)
    assert (await only(house, Action.CLOSE)).state is S.CLOSED
    assert (await house.notices()).count("order_failed") == 1


@scenario(S.SENDING, S.FILLED, S.CLOSED, replies=(OPENED, (Action.CLOSE, R.DONE)))
async def a_close_of_a_position_that_is_gone_is_done(house: House) -> None:
    ticket = await enter(house)

    async def gone(broker: InlineBroker, asked: OrderRequest) -> OrderReply:
        await broker.submit(attrs.evolve(asked, comment="", intent_id=""))
        return OrderReply(retcode=10036)

    house.broker.moods.append(gone)
    await leave(house, ticket)
    assert {intent.state for intent in await house.intents()} == {S.CLOSED}


@scenario(S.SENDING, S.FILLED, S.UNKNOWN, S.CLOSED, replies=(OPENED, (Action.CLOSE, R.DONE)))
async def a_close_that_meets_another_is_watched(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10039)
    await leave(house, ticket)
    house.broker.working.append(order(house, ticket=778, magic=0, comment=""))
    await house.pass_time(20.0)
    close = await only(house, Action.CLOSE)
    assert (close.state, close.attempt) == (S.UNKNOWN, 1)  # the other one is on its way still
    house.broker.working.clear()
    await house.broker.inner.submit(attrs.evolve(house.broker.requests[-1], comment="", magic=0))
    await house.pass_time(40.0)
    assert {intent.state for intent in await house.intents()} == {S.CLOSED}
    assert len(house.broker.requests) == 2


@scenario(
    S.SENDING, S.FILLED, S.PLACED, S.UNKNOWN, S.NOT_SENT, S.DROPPED, S.CLOSED,
    replies=(OPENED, (Action.CLOSE, R.DONE)),
)  # fmt: skip
async def a_close_that_was_accepted_and_cancelled_is_sent_again(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(accepted)
    await leave(house, ticket)
    await house.pass_time(20.0)
    close = await only(house, Action.CLOSE)
    assert (close.state, close.attempt, await house.broker.positions()) == (S.CLOSED, 2, ())


@scenario(S.SENDING, S.FILLED, S.CLOSED, replies=(OPENED, (Action.CLOSE, R.FIX), (Action.CLOSE, R.DONE)))
async def a_close_of_too_much_is_corrected_once(house: House) -> None:
    ticket = await enter(house)

    async def smaller(broker: InlineBroker, asked: OrderRequest) -> OrderReply:
        inner: Any = broker
        await inner._inner.by_hand_close(ticket, 0.02)
        return await broker.submit(asked)

    house.broker.moods.append(smaller)
    await leave(house, ticket)
    assert [request.lots for request in house.broker.requests[1:]] == [0.05, 0.03]
    assert await house.broker.positions() == ()


@scenario(
    S.SENDING, S.FILLED, S.UNKNOWN, S.NOT_SENT, S.DROPPED, S.CLOSED,
    replies=(OPENED, (Action.CLOSE, R.UNKNOWN), (Action.CLOSE, R.DONE)),
)  # fmt: skip
async def a_close_without_a_trace_is_sent_again(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append("lost_before")
    await leave(house, ticket)
    await house.pass_time(15.0)
    assert ((await only(house, Action.CLOSE)).attempt, await house.broker.positions()) == (2, ())


@scenario(S.SENDING, S.FILLED, S.CLOSED, replies=(OPENED, (Action.CLOSE, R.MOVED), (Action.CLOSE, R.DONE)))
async def a_close_follows_the_price(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10021)
    await running(house, leave(house, ticket), 3.0)
    assert await house.broker.positions() == ()


# --- changes


@scenario(S.SENDING, S.FILLED, S.CLOSED, replies=(OPENED, (Action.MODIFY, R.DONE)))
async def a_change_that_changes_nothing_is_done(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10025)
    await raise_stop(house, ticket)
    assert (await only(house, Action.MODIFY)).state is S.CLOSED


@scenario(
    S.SENDING,
    S.FILLED,
    S.REJECTED,
    S.CLOSED,
    replies=(OPENED, (Action.MODIFY, R.WAIT), (Action.MODIFY, R.DONE)),
)
async def a_change_too_near_the_price_is_asked_again(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.extend([10029] * 4)
    await running(house, raise_stop(house, ticket), 6.0)
    await house.pass_time(5.0)
    (position,) = await house.broker.positions()
    assert (position.sl, (await only(house)).sl) == (1.0985, 1.0985)


@scenario(S.SENDING, S.FILLED, S.UNKNOWN, S.CLOSED, replies=(OPENED, (Action.MODIFY, R.UNKNOWN)))
async def a_change_without_an_answer_is_seen_at_the_position(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append("lost_after")
    await raise_stop(house, ticket)
    await house.pass_time(1.0)
    assert (await only(house)).sl == 1.0985


@scenario(S.SENDING, S.FILLED, S.UNKNOWN, S.NOT_SENT, S.DROPPED, replies=(OPENED, (Action.MODIFY, R.UNKNOWN)))
async def a_change_without_a_trace_is_dropped(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append("lost_before")
    await raise_stop(house, ticket)
    await house.pass_time(10.0)
    assert (await only(house, Action.MODIFY)).state is S.DROPPED


@scenario(S.SENDING, S.FILLED, S.REJECTED, replies=(OPENED, (Action.MODIFY, R.STOP)))
async def a_refused_change_keeps_the_old_stop(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10006)
    await raise_stop(house, ticket)
    (position,) = await house.broker.positions()
    assert (position.sl, (await only(house)).sl) == (1.098, 1.098)


@scenario(S.SENDING, S.FILLED, S.REJECTED, replies=(OPENED, (Action.MODIFY, R.FIX)))
async def a_wrong_change_keeps_the_old_stop(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10016)
    await raise_stop(house, ticket)
    (position,) = await house.broker.positions()
    assert position.sl == 1.098


@scenario(S.SENDING, S.FILLED, S.CLOSED, replies=(OPENED, (Action.MODIFY, R.MOVED), (Action.MODIFY, R.DONE)))
async def a_change_follows_the_price(house: House) -> None:
    ticket = await enter(house)
    house.broker.moods.append(10004)
    await running(house, raise_stop(house, ticket), 3.0)
    (position,) = await house.broker.positions()
    assert position.sl == 1.0985


# --- helpers


async def running(house: House, work: Awaitable[Any], seconds: float) -> None:
    """Let time pass while ``work`` goes on."""
    task = asyncio.ensure_future(work)
    await house.pass_time(seconds)
    await task


async def contradict(house: House) -> None:
    """Make the entry wait for a person."""
    intent = await only(house)

    def write(connection: sqlite3.Connection) -> None:
        needs_human(connection, house.clock, intent, "it contradicts itself")

    await house.journal.run(write)


async def decide(house: House, choice: str, which: str) -> None:
    await Deciding(house.desk, house.reconciler).decide(choice, which, "a person")


def visited(connection: sqlite3.Connection) -> set[IntentState]:
    """Every state that an intent has ever come to."""
    rows = connection.execute("SELECT payload FROM journal_events WHERE kind = 'intent'")
    return {S(msgspec.json.decode(payload)["to"]) for (payload,) in rows}


def replied(connection: sqlite3.Connection) -> set[tuple[Action, ReplyClass]]:
    """Class of every reply, with what was asked."""
    rows = connection.execute(
        "SELECT e.payload, i.action FROM journal_events e JOIN intents i USING (intent_id)"
        " WHERE e.kind = 'reply'"
    )
    return {
        (Action(action), R(msgspec.json.decode(payload)["class"]))
        for payload, action in rows
        if msgspec.json.decode(payload)["class"] != "offline"
    }


__all__ = ["SCENARIOS", "Scenario", "replied", "visited"]
