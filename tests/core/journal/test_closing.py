"""Closing and changing: own positions only, once, past every brake."""

import pytest
from tests.core.journal.conftest import House, context, pair, plugin, single

from zepix_core.errors import BadArgument
from zepix_core.journal.orders import core_context
from zepix_core.model.order import IntentState, UpdateKind
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import CloseRequest, Leg, ModifyRequest
from zepix_core.services.context import CallContext

S = IntentState


async def opened(house: House, number: int = 1, lots: float = 0.10) -> int:
    leg = Leg(name="A", sl=1.09800, tp=1.10600, lots=lots)
    reply = await house.desk.place(context(house.clock, number), single(legs=(leg,)))
    ticket = reply.results[0].ticket
    assert ticket is not None
    return ticket


async def test_a_full_close_reports_volume_pips_and_money(house: House) -> None:
    ticket = await opened(house)
    await house.price(1.10100)
    result = await house.desk.close(
        context(house.clock, 2), CloseRequest(ticket=ticket, reason="Exit_Signal")
    )
    assert (result.success, result.closed_volume, result.remaining_volume) == (True, 0.1, 0.0)
    assert result.profit_dollars == pytest.approx(result.profit_pips * 1.0)
    assert result.closed_at is not None
    assert not await house.broker.positions()
    updates = await house.updates()
    assert (updates[-1].kind, updates[-1].reason) == (UpdateKind.CLOSED, "Exit_Signal")


async def test_a_quarter_rounds_down_to_the_step(house: House) -> None:
    ticket = await opened(house)
    result = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket, percentage=25.0))
    assert (result.closed_volume, result.remaining_volume) == (0.02, 0.08)
    assert (await house.updates())[-1].kind is UpdateKind.PARTLY_CLOSED
    (order,) = await house.desk.list(context(house.clock))
    assert order.volume == 0.08


async def test_an_open_position_tells_its_alert_and_what_was_closed_of_it_and_why(house: House) -> None:
    ticket = await opened(house)
    quarter = CloseRequest(ticket=ticket, percentage=25.0, reason="Exit_Signal")
    await house.desk.close(context(house.clock, 2), quarter)
    await house.desk.close(core_context("by-hand"), CloseRequest(ticket=ticket, percentage=50.0))
    (order,) = await house.desk.list(context(house.clock))
    first, second = (context(house.clock, number).event_key(None) for number in (1, 2))
    assert order.alert_key == first
    assert [(part.key, part.reason, part.lots) for part in order.parts] == [
        (second, "Exit_Signal", 0.02),
        ("key:by-hand", "Manual", 0.04),
    ]


async def test_half_of_the_smallest_volume_is_refused(house: House) -> None:
    ticket = await opened(house, lots=0.01)
    result = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket, percentage=50.0))
    assert (result.success, result.code) == (False, "VOLUME_TOO_SMALL")


async def test_a_rest_that_is_too_small_is_closed_too(house: House) -> None:
    ticket = await opened(house, lots=0.01)
    result = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket, percentage=100.0))
    assert result.closed_volume == 0.01


async def test_a_repeated_close_of_one_alert_gets_the_first_result(house: House) -> None:
    ticket = await opened(house)
    request = CloseRequest(ticket=ticket, percentage=50.0)
    first = await house.desk.close(context(house.clock, 2), request)
    again = await house.desk.close(context(house.clock, 2), request)
    assert again == first
    assert len(house.broker.requests) == 2


async def test_a_position_that_is_gone_is_a_success_with_its_history(house: House) -> None:
    ticket = await opened(house)
    await house.price(1.09700)
    result = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    assert (result.success, result.closed_volume) == (True, 0.1)
    assert result.profit_dollars < 0


async def test_a_close_while_positions_are_unreadable_sends_nothing_and_says_so(house: House) -> None:
    ticket = await opened(house)
    house.broker.blind = True
    sent = len(house.broker.requests)
    result = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    assert (result.success, result.code) == (False, "BROKER_OFFLINE")
    assert len(house.broker.requests) == sent


async def test_foreign_and_unknown_tickets_are_told_apart(house: House) -> None:
    ticket = await opened(house)
    other = CallContext(plugin=plugin(id="other"), call_key="x")
    assert (await house.desk.close(other, CloseRequest(ticket=ticket))).code == "NOT_OWNER"
    assert (await house.desk.close(other, CloseRequest(ticket=99))).code == "NO_SUCH_POSITION"
    assert (await house.desk.modify(other, ModifyRequest(ticket=ticket, sl=1.09))).code == "NOT_OWNER"
    assert await house.desk.list(other) == ()
    assert len(await house.desk.list(core_context("list"))) == 1


async def test_a_close_passes_pause_and_caps(house: House) -> None:
    ticket = await opened(house)
    await house.desk.control.panic("entries", "tester")
    ctx = context(house.clock, 2, enabled=False, risk=RiskSettings(max_open_trades=1))
    assert (await house.desk.close(ctx, CloseRequest(ticket=ticket))).success


async def test_a_close_that_was_not_sent_is_tried_again_when_the_alert_returns(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append("offline")
    first = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    again = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    assert (first.code, again.success) == ("BROKER_OFFLINE", True)
    close = (await house.intents())[-1]
    assert (close.attempt, close.state) == (2, S.CLOSED)


async def test_a_bad_percentage_is_a_mistake(house: House) -> None:
    with pytest.raises(BadArgument):
        await house.desk.close(context(house.clock), CloseRequest(ticket=1, percentage=0.0))


async def test_lock_closes_everything_and_stays_shut(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    closed = await house.desk.panic("lock", "tester")
    assert [result.success for result in closed] == [True, True]
    assert not await house.broker.positions()
    reply = await house.desk.place(context(house.clock, 2), single())
    assert reply.results[0].code == "TRADING_PAUSED"


async def test_none_keeps_the_present_stop(house: House) -> None:
    ticket = await opened(house)
    result = await house.desk.modify(context(house.clock, 2), ModifyRequest(ticket=ticket, tp=1.10500))
    assert (result.ok, result.sl, result.tp) == (True, 1.098, 1.105)
    (position,) = await house.broker.positions()
    assert (position.sl, position.tp) == (1.098, 1.105)
    assert (await house.updates())[-1].kind is UpdateKind.MODIFIED


async def test_equal_stops_send_nothing(house: House) -> None:
    ticket = await opened(house)
    result = await house.desk.modify(context(house.clock, 2), ModifyRequest(ticket=ticket, sl=1.098))
    assert result.ok
    assert len(house.broker.requests) == 1


@pytest.mark.parametrize("sl", [0.0, 1.20000, 1.10000])
async def test_a_stop_is_not_removed_nor_put_on_the_wrong_side_or_too_near(house: House, sl: float) -> None:
    ticket = await opened(house)
    result = await house.desk.modify(context(house.clock, 2), ModifyRequest(ticket=ticket, sl=sl))
    assert (result.ok, result.code) == (False, "INVALID_STOPS")
    assert (await house.broker.positions())[0].sl == 1.098


async def test_stops_of_a_closed_position_cannot_change(house: House) -> None:
    ticket = await opened(house)
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    result = await house.desk.modify(context(house.clock, 3), ModifyRequest(ticket=ticket, sl=1.09))
    assert result.code == "NO_SUCH_POSITION"


async def test_stops_and_targets_name_why_a_leg_closed(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    await house.price(1.10310)
    await house.price(1.09750)
    closed = [(u.leg, u.reason) for u in await house.updates() if u.kind is UpdateKind.CLOSED]
    assert closed == [("B", "TP1"), ("A", "SL")]
    assert [i.state for i in await house.intents()] == [S.CLOSED, S.CLOSED]
