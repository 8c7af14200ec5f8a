"""A position never lives without its stop: set it, three tries, then close; a refusal is asked again."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest
from tests.core.journal.conftest import House, context, open_house, single
from tests.core.journal.life_scenarios import contradict, enter, only
from tests.core.journal.test_books import terminal

from zepix_core.broker.inline import InlineBroker
from zepix_core.model.order import Action, IntentState, OrderReply, OrderRequest
from zepix_core.services.calls import ModifyRequest
from zepix_core.testing.clock import VirtualClock

S = IntentState


async def bare_for(house: House, ticket: int, longest: float = 20.0) -> float:
    """Seconds until the position has a stop or is gone, looked at every tenth of a second."""
    began = house.clock.monotonic()
    while house.clock.monotonic() - began < longest:
        position = next((p for p in await house.broker.inner.positions() if p.ticket == ticket), None)
        if position is None or position.sl > 0:
            break
        await house.pass_time(0.1, 0.1)
    return round(house.clock.monotonic() - began, 3)


async def watched(house: House) -> asyncio.Task[None]:
    task = asyncio.ensure_future(house.reconciler.run())
    await house.pass_time(0.1, 0.1)
    return task


async def stop(house: House, ticket: int) -> float | None:
    return next((p.sl for p in await house.broker.inner.positions() if p.ticket == ticket), None)


async def test_a_stop_taken_away_by_hand_is_back_in_a_second(house: House) -> None:
    ticket, task = await enter(house), await watched(house)
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    assert await bare_for(house, ticket) <= 1.0
    assert await stop(house, ticket) == 1.098
    assert "sl_modified" in await house.notices()
    task.cancel()


async def test_a_stop_that_vanished_without_a_word_is_back_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, task = await enter(house), await watched(house)
    monkeypatch.setattr(house.broker, "_on_change", [])
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    assert 0.0 < await bare_for(house, ticket) <= 2.5
    task.cancel()


async def test_a_stop_the_broker_left_out_of_an_entry_is_set(house: House) -> None:
    task = await watched(house)

    async def without(broker: InlineBroker, asked: OrderRequest) -> OrderReply:
        return await broker.submit(attrs.evolve(asked, sl=0.0))

    house.broker.moods.append(without)
    ticket = await enter(house)
    assert 0.0 < await bare_for(house, ticket) <= 2.5
    assert await stop(house, ticket) == 1.098
    task.cancel()


@pytest.mark.parametrize("moods", [[10016] * 3, [10006] * 3, ["lost_before"] * 3, [10029] * 3, [10004] * 3])
async def test_a_stop_that_is_refused_three_times_closes_the_position_in_time(
    house: House, moods: list[str | int]
) -> None:
    ticket, task = await enter(house), await watched(house)
    house.broker.moods.extend(moods)
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    assert await bare_for(house, ticket) <= 5.0
    assert await stop(house, ticket) is None
    await house.pass_time(1.0)
    assert (await house.notices()).count("risk_alert") == 1
    assert (await only(house)).state is S.CLOSED
    task.cancel()


async def test_an_entry_that_waits_for_a_busy_server_holds_no_stop_up(house: House) -> None:
    ticket, task = await enter(house), await watched(house)
    house.broker.moods.extend([10024, 10024, "fine"])
    placing = asyncio.ensure_future(house.desk.place(context(house.clock, 2), single()))
    await house.pass_time(0.2, 0.1)
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    assert await bare_for(house, ticket) <= 1.0
    assert (await placing).results[0].code == "BROKER_REJECT"
    task.cancel()


async def test_a_close_that_is_refused_is_tried_until_it_is_done_and_told_once(house: House) -> None:
    ticket, task = await enter(house), await watched(house)
    house.broker.moods.extend([10016] * 3 + [10006, 10016] * 6)
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    await house.pass_time(200.0)
    assert await stop(house, ticket) is None
    notices = await house.notices()
    assert notices.count("risk_alert") == 1
    assert notices.count("order_failed") == 2  # one for the stop, one for the close
    actions = [i.action for i in await house.intents()]
    assert (actions.count(Action.MODIFY), actions.count(Action.CLOSE)) == (1, 1)
    task.cancel()


async def test_tries_count_only_while_the_broker_is_there(house: House) -> None:
    ticket, task = await enter(house), await watched(house)
    house.broker.moods.extend(["offline"] * 8)
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    await house.pass_time(10.0)
    assert await stop(house, ticket) == 1.098
    assert "risk_alert" not in await house.notices()
    task.cancel()


async def test_a_stop_set_meanwhile_ends_the_guard(house: House) -> None:
    ticket, task = await enter(house), await watched(house)
    house.broker.moods.append(10016)
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    await house.pass_time(0.5, 0.1)
    await terminal(house).by_hand_stops(ticket, 1.0975, 1.106)
    await house.pass_time(5.0)
    assert ((await only(house)).sl, len(house.broker.requests)) == (1.0975, 2)
    task.cancel()


async def test_a_disputed_position_gets_its_stop_and_is_not_closed(house: House) -> None:
    ticket, task = await enter(house), await watched(house)
    await contradict(house)
    house.broker.moods.extend([10016] * 5)
    await terminal(house).by_hand_stops(ticket, 0.0, 1.106)
    await house.pass_time(30.0)
    assert await stop(house, ticket) == 1.098
    assert {request.action for request in house.broker.requests[1:]} == {Action.MODIFY}
    assert (await only(house)).state is S.NEEDS_HUMAN
    task.cancel()


async def test_a_change_is_one_request_with_both_stops_whole(house: House) -> None:
    ticket = await enter(house)
    await house.desk.modify(context(house.clock, 2), ModifyRequest(ticket=ticket, tp=1.107))
    change = house.broker.requests[-1]
    assert (change.action, change.sl, change.tp) == (Action.MODIFY, 1.098, 1.107)
    refused = await house.desk.modify(context(house.clock, 3), ModifyRequest(ticket=ticket, sl=0.0))
    assert (refused.code, len(house.broker.requests)) == ("INVALID_STOPS", 2)


async def test_an_entry_whose_stops_are_refused_is_not_sent_without_them(house: House) -> None:
    house.broker.moods.append(10016)
    reply = await house.desk.place(context(house.clock), single())
    assert (reply.results[0].code, reply.results[0].retcode) == ("BROKER_REJECT", 10016)
    assert [request.sl for request in house.broker.requests] == [1.098]
    assert await house.broker.positions() == ()


async def test_a_stop_lost_while_the_host_was_away_is_set_at_the_start(
    tmp_path: Path, clock: VirtualClock
) -> None:
    before = await open_house(tmp_path, clock)
    await before.price(1.10000)
    ticket = await enter(before)
    await before.end()
    with closing(sqlite3.connect(tmp_path / "paper.db")) as paper:
        paper.execute("UPDATE positions SET sl = 0")
        paper.commit()
    after = await open_house(tmp_path, clock)
    await after.reconciler.protection.settled()
    assert await stop(after, ticket) == 1.098
    await after.end()


async def test_a_stop_that_moved_by_a_change_without_an_answer_is_the_look_ups(house: House) -> None:
    ticket = await enter(house)
    await house.desk.lookup.stop()
    house.broker.moods.append("lost_after")
    await house.desk.modify(context(house.clock, 2), ModifyRequest(ticket=ticket, sl=1.0985))
    await house.reconciler.protection.look()
    assert (await only(house)).sl == 1.098
    assert [update.sl for update in await house.updates()] == [1.098]
