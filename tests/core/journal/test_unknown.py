"""A request without an answer: looked for, found or dropped, never sent again by itself."""

import attrs
import pytest
from tests.core.journal.conftest import House, context, pair, single

from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.port import GatewayEnded
from zepix_core.errors import OutcomeUnknown
from zepix_core.model.market import Side
from zepix_core.model.order import IntentState, OrderReply, OrderRequest, UpdateKind, WorkingOrder
from zepix_core.services.calls import CloseRequest, ModifyRequest

S = IntentState


async def test_a_lost_answer_is_unresolved_and_then_adopted(house: House) -> None:
    house.broker.moods.append("lost_after")
    house.broker.mute = True
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].code == "UNRESOLVED"
    assert "order_unresolved" in await house.notices()
    await house.pass_time(1.0)
    (intent,) = await house.intents()
    (position,) = await house.broker.positions()
    assert (intent.state, intent.position_id, intent.fill_lots) == (S.FILLED, position.ticket, 0.05)
    assert len(house.broker.requests) == 1
    assert [u.kind for u in await house.updates()] == [UpdateKind.OPENED]


async def test_the_same_alert_gets_the_adopted_position_afterwards(house: House) -> None:
    house.broker.moods.append("lost_after")
    await house.desk.place(context(house.clock), single())
    await house.pass_time(1.0)
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].ok
    assert len(house.broker.requests) == 1


async def test_a_request_that_is_not_there_twice_is_dropped(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), single())
    await house.pass_time(2.0)
    assert (await house.intents())[0].state is S.UNKNOWN
    await house.pass_time(3.0)
    (intent,) = await house.intents()
    assert (intent.state, intent.reason) == (S.DROPPED, "BROKER_OFFLINE")
    assert len(house.broker.requests) == 1
    assert [u.kind for u in await house.updates()] == [UpdateKind.REJECTED]


async def test_reads_that_fail_conclude_nothing(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), single())
    house.broker.blind = True
    await house.pass_time(60.0)
    assert (await house.intents())[0].state is S.UNKNOWN
    house.broker.blind = False
    await house.pass_time(40.0)
    assert (await house.intents())[0].state is S.DROPPED


@pytest.mark.parametrize("retcode", [10011, 10012, 10023, 10031, 4242])
async def test_codes_that_say_nothing_are_looked_up(house: House, retcode: int) -> None:
    house.broker.moods.append(retcode)
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].code == "UNRESOLVED"
    await house.pass_time(6.0)
    assert (await house.intents())[0].state is S.DROPPED


async def test_the_second_leg_waits_for_a_first_without_answer_and_follows_it(house: House) -> None:
    house.broker.moods.append("lost_after")
    house.broker.mute = True
    reply = await house.desk.place(context(house.clock), pair())
    assert [r.code for r in reply.results] == ["UNRESOLVED", "UNRESOLVED"]
    await house.pass_time(2.0)
    assert [i.state for i in await house.intents()] == [S.FILLED, S.FILLED]
    assert [r.comment[-1] for r in house.broker.requests] == ["A", "B"]


async def test_the_second_leg_is_denied_when_the_first_was_never_executed(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), pair())
    await house.pass_time(6.0)
    assert [i.state for i in await house.intents()] == [S.DROPPED, S.DENIED]
    assert not await house.broker.positions()


async def test_a_deal_that_comes_before_the_reply_is_booked_once(house: House) -> None:
    house.broker.moods.append("lost_after")
    await house.desk.place(context(house.clock), single())
    await house.pass_time(8.0)
    await house.desk.updates.catch_up()
    assert [u.kind for u in await house.updates()] == [UpdateKind.OPENED]


async def test_a_dropped_order_that_shows_up_later_is_adopted(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), single())
    await house.pass_time(6.0)
    await house.broker.inner.submit(house.broker.requests[0])
    await house.reconciler.sweep()
    (intent,) = await house.intents()
    assert intent.state is S.ADOPTED
    assert (await house.updates())[-1].kind is UpdateKind.OPENED
    assert len(await house.desk.list(context(house.clock))) == 1


async def test_a_close_without_answer_is_settled_by_its_deal(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    ticket = reply.results[0].ticket or 0
    house.broker.moods.append("lost_after")
    house.broker.mute = True
    result = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket, reason="Timeout"))
    assert result.code == "UNRESOLVED"
    await house.pass_time(1.0)
    assert [i.state for i in await house.intents()] == [S.CLOSED, S.CLOSED]
    assert (await house.updates())[-1].reason == "Timeout"


async def test_a_close_that_was_not_executed_is_sent_again(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    ticket = reply.results[0].ticket or 0
    house.broker.moods.append("lost_before")
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    await house.pass_time(6.0)
    assert not await house.broker.positions()
    assert (await house.intents())[1].attempt == 2


async def test_a_change_of_stops_without_answer_is_seen_at_the_position(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    ticket = reply.results[0].ticket or 0
    house.broker.moods.append("lost_after")
    result = await house.desk.modify(context(house.clock, 2), ModifyRequest(ticket=ticket, sl=1.09850))
    assert result.code == "UNRESOLVED"
    await house.pass_time(1.0)
    assert [i.state for i in await house.intents()] == [S.FILLED, S.CLOSED]
    assert (await house.desk.list(context(house.clock)))[0].sl == 1.0985


async def test_a_position_without_a_name_is_known_by_magic_symbol_side_and_volume(house: House) -> None:
    house.broker.moods.append("nameless")
    await house.desk.place(context(house.clock), single())
    await house.pass_time(1.0)
    (intent,) = await house.intents()
    assert (intent.state, intent.fill_lots) == (S.FILLED, 0.05)


async def test_two_candidates_for_a_nameless_position_need_a_person(house: House) -> None:
    house.broker.moods.extend(["lost_before", "lost_before"])
    await house.desk.place(context(house.clock), single())
    await house.desk.place(context(house.clock), single(key="two"))
    await house.broker.inner.submit(attrs.evolve(house.broker.requests[0], comment=""))
    await house.reconciler.sweep()
    assert [i.state for i in await house.intents()] == [S.NEEDS_HUMAN, S.NEEDS_HUMAN]
    reply = await house.desk.place(context(house.clock, 2), single())
    assert reply.results[0].code == "TRADING_PAUSED"


async def test_an_order_for_a_denied_intent_needs_a_person(house: House) -> None:
    house.broker.moods.append(10006)
    await house.desk.place(context(house.clock), pair())
    second = (await house.intents())[1]
    stray = attrs.evolve(house.broker.requests[0], comment=second.comment, intent_id=second.intent_id)
    await house.broker.inner.submit(stray)
    await house.reconciler.sweep()
    assert (await house.intents())[1].state is S.NEEDS_HUMAN


async def lost_with_its_gateway(_: InlineBroker, request: OrderRequest) -> OrderReply:
    raise GatewayEnded(f"The gateway ended while {request.intent_id} was on its way.")


async def test_what_a_dead_gateway_may_still_do_is_waited_for(house: House) -> None:
    house.desk.line.afterlife_seconds = 30.0
    house.broker.moods.append(lost_with_its_gateway)
    await house.desk.place(context(house.clock), single())
    await house.pass_time(29.0)
    assert (await house.intents())[0].state is S.UNKNOWN
    await house.broker.inner.submit(house.broker.requests[-1])  # the terminal carries its call to the end
    await house.pass_time(3.5)
    assert (await house.intents())[0].state is S.FILLED
    assert len(await house.broker.positions()) == 1


async def test_what_a_dead_gateway_did_not_do_is_dropped_after_its_afterlife(house: House) -> None:
    house.desk.line.afterlife_seconds = 30.0
    house.broker.moods.append(lost_with_its_gateway)
    await house.desk.place(context(house.clock), single())
    await house.pass_time(36.0)
    assert (await house.intents())[0].state is S.DROPPED


async def test_a_gateway_that_lives_needs_no_longer_wait(house: House) -> None:
    house.desk.line.afterlife_seconds = 30.0
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), single())
    await house.pass_time(4.0)
    assert (await house.intents())[0].state is S.DROPPED


async def test_a_close_lost_twice_in_a_row_is_looked_for_each_time(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    house.broker.moods.extend(["lost_before", "lost_before"])
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=reply.results[0].ticket or 0))
    await house.pass_time(12.0)
    assert await house.broker.positions() == ()
    assert (await house.intents())[-1].attempt == 3


async def test_a_position_gone_without_a_deal_is_believed_the_second_time(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    ticket = reply.results[0].ticket or 0

    async def hide(_: InlineBroker, __: OrderRequest) -> OrderReply:
        house.broker.hidden.add(ticket)
        raise OutcomeUnknown("No answer.")

    house.broker.moods.append(hide)
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    await house.pass_time(2.0)
    assert (await house.intents())[-1].state is S.UNKNOWN
    await house.pass_time(2.0)
    assert (await house.intents())[-1].state is S.CLOSED


async def test_an_order_of_somebody_else_holds_an_exit_up_for_a_minute_at_most(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    house.broker.moods.append(10039)
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=reply.results[0].ticket or 0))
    limit = WorkingOrder(ticket=900, symbol="EURUSD", side=Side.SELL, volume=1.0)
    house.broker.working.append(limit)
    await house.pass_time(50.0)
    assert len(await house.broker.positions()) == 1
    await house.pass_time(60.0)
    assert await house.broker.positions() == ()


async def test_a_question_without_an_answer_lies_between_no_two_looks(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), single())
    await house.pass_time(1.0)
    house.broker.blind = True
    await house.pass_time(4.0)
    house.broker.blind = False
    await house.pass_time(2.0)
    assert (await house.intents())[0].state is S.UNKNOWN  # seen absent once since it answers again
    await house.pass_time(4.0)
    assert (await house.intents())[0].state is S.DROPPED


async def nameless_part(broker: InlineBroker, request: OrderRequest) -> OrderReply:
    await broker.submit(attrs.evolve(request, lots=0.02, comment=""))
    raise OutcomeUnknown("No answer.")


async def test_a_part_without_a_name_or_an_answer_is_known_when_one_order_fits(house: House) -> None:
    house.broker.mute = True
    house.broker.moods.append(nameless_part)
    await house.desk.place(context(house.clock), single())
    await house.pass_time(2.0)
    (intent,) = await house.intents()
    assert (intent.state, intent.fill_lots, intent.lots) == (S.PARTLY_FILLED, 0.02, 0.05)


async def test_a_part_without_a_name_that_fits_two_orders_needs_a_person(house: House) -> None:
    house.broker.moods.extend(["lost_before", "lost_before"])
    await house.desk.place(context(house.clock), single())
    await house.desk.place(context(house.clock), single(key="two"))
    await house.broker.inner.submit(attrs.evolve(house.broker.requests[0], lots=0.02, comment=""))
    await house.reconciler.sweep()
    assert [intent.state for intent in await house.intents()] == [S.NEEDS_HUMAN, S.NEEDS_HUMAN]
    assert len(house.broker.requests) == 2
