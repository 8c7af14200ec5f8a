"""A close that the broker fills in part goes on by itself, each part once, whatever happens in between."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.journal.conftest import Crash, House, Mood, context, filling, open_house, single

from zepix_core.broker.inline import InlineBroker
from zepix_core.errors import StorageError
from zepix_core.journal import close_parts
from zepix_core.journal.orders import core_context
from zepix_core.model.order import Action, Book, CloseResult, Intent, IntentState, OrderReply, OrderRequest
from zepix_core.services.calls import CloseRequest, Leg
from zepix_core.testing.clock import VirtualClock

S = IntentState


async def opened(house: House, lots: float = 0.10) -> int:
    await house.price(1.10000)
    leg = Leg(name="A", sl=1.09800, tp=1.10600, lots=lots)
    reply = await house.desk.place(context(house.clock), single(legs=(leg,)))
    ticket = reply.results[0].ticket
    assert ticket is not None
    return ticket


async def close(house: House, ticket: int, percentage: float = 100.0) -> CloseResult:
    """The close that the second alert asks for."""
    request = CloseRequest(ticket=ticket, percentage=percentage, reason="Exit_Signal")
    return await house.desk.close(context(house.clock, 2), request)


async def closes(house: House) -> list[Intent]:
    return [intent for intent in await house.intents() if intent.action is Action.CLOSE]


async def left(house: House) -> float:
    """Lots that the broker still holds."""
    return round(sum(position.volume for position in await house.broker.positions()), 8)


# --- what the author gets


async def test_closing_a_position_closes_all_of_it(house: House) -> None:
    ticket = await opened(house)
    await house.price(1.10100)
    house.broker.moods.extend([filling(0.05), filling(0.02)])
    result = await close(house, ticket)
    assert (result.success, result.closed_volume, result.remaining_volume) == (True, 0.1, 0.0)
    assert result.profit_dollars == pytest.approx(result.profit_pips * 1.0)
    assert await left(house) == 0.0
    parts = await closes(house)
    assert [(part.lots, part.fill_lots, part.state) for part in parts] == [
        (0.10, 0.05, S.CLOSED),
        (0.05, 0.02, S.CLOSED),
        (0.03, 0.03, S.CLOSED),
    ]
    assert len({part.intent_id for part in parts}) == 3
    assert [u.closed_volume for u in await house.updates() if u.closed_volume] == [0.05, 0.02, 0.03]


async def test_a_share_is_closed_as_a_whole_and_no_more(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append(filling(0.02))
    result = await close(house, ticket, 50.0)
    assert (result.success, result.closed_volume, result.remaining_volume) == (True, 0.05, 0.05)
    assert await left(house) == 0.05


async def test_a_repeat_gets_the_first_result_and_sends_nothing(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append(filling(0.02))
    first = await close(house, ticket, 50.0)
    sent = len(house.broker.requests)
    assert await close(house, ticket, 50.0) == first
    assert len(house.broker.requests) == sent


async def test_a_broker_that_fills_crumbs_is_not_asked_for_ever(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.01)] * 7)
    result = await close(house, ticket)
    assert (result.success, result.code, result.closed_volume) == (False, "PARTLY_CLOSED", 0.05)
    assert (result.remaining_volume, result.message) == (0.05, "0.05 lots are left")
    assert await close(house, ticket) == result
    assert len(await closes(house)) == close_parts.PARTS


async def test_a_later_alert_closes_what_an_earlier_one_left(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.01)] * 5)
    await close(house, ticket)
    later = await house.desk.close(context(house.clock, 3), CloseRequest(ticket=ticket))
    assert (later.success, later.closed_volume, await left(house)) == (True, 0.05, 0.0)


async def test_what_the_first_part_closed_is_told_when_the_next_is_refused(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.06), 10006])
    result = await close(house, ticket)
    assert (result.success, result.code) == (False, "BROKER_REJECT")
    assert (result.closed_volume, result.remaining_volume) == (0.06, 0.04)
    again = await close(house, ticket)
    assert (again.success, again.closed_volume, await left(house)) == (True, 0.1, 0.0)


async def test_a_rest_that_reaches_its_stop_first_ends_the_close(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.06), "offline"])
    await close(house, ticket)
    await house.price(1.09700)
    result = await close(house, ticket)
    assert (result.success, result.closed_volume, result.remaining_volume) == (True, 0.1, 0.0)


async def test_shadow_positions_are_closed_the_same_way(house: House) -> None:
    await house.price(1.10000)
    leg = Leg(name="A", sl=1.09800, tp=1.10600, lots=0.10)
    reply = await house.desk.place(context(house.clock, shadow=True), single(legs=(leg,)))
    house.broker.moods.append(filling(0.04))
    result = await close(house, reply.results[0].ticket or 0)
    assert (result.success, result.closed_volume) == (True, 0.1)
    assert not await house.broker.positions(Book.SHADOW)


# --- outcomes that come late


async def test_a_part_without_an_answer_leaves_the_rest_to_the_look_up(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.06), "lost_after"])
    house.broker.mute = True
    result = await close(house, ticket)
    assert (result.success, result.code, result.closed_volume) == (False, "UNRESOLVED", 0.06)
    await house.pass_time(2.0)
    assert await left(house) == 0.0
    again = await close(house, ticket)
    assert (again.success, again.closed_volume) == (True, 0.1)
    assert len(await closes(house)) == 2


@pytest.mark.parametrize(("percentage", "stays"), [(100.0, 0.0), (50.0, 0.05)])
@pytest.mark.parametrize("mood", ["part", "lost_before"])
async def test_a_first_part_that_is_lost_is_made_good_without_anybody_asking(
    house: House, mood: str, percentage: float, stays: float
) -> None:
    ticket = await opened(house)
    house.broker.moods.append(filling(0.02, answer=False) if mood == "part" else mood)
    house.broker.mute = True
    assert (await close(house, ticket, percentage)).code == "UNRESOLVED"
    house.broker.mute = False
    await house.pass_time(8.0)
    assert await left(house) == stays
    again = await close(house, ticket, percentage)
    assert (again.success, again.closed_volume) == (True, round(0.10 - stays, 8))
    assert await left(house) == stays


async def test_parts_that_are_lost_one_after_the_other_are_bounded(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.01, answer=False)] * 9)
    await close(house, ticket)
    await house.pass_time(60.0)
    assert len(await closes(house)) == close_parts.PARTS
    assert await left(house) == 0.05


async def test_a_dropped_close_waits_for_a_broker_that_is_away(
    house: House,
) -> None:
    ticket = await opened(house)
    house.broker.moods.append("lost_before")
    await close(house, ticket)
    await house.pass_time(3.0)
    house.broker.blind = True
    await house.pass_time(10.0)
    house.broker.blind = False
    await house.pass_time(6.0)
    assert await left(house) == 0.0


async def test_a_dropped_close_does_not_hold_up_the_hosts_end(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append("lost_before")
    await close(house, ticket)
    (part,) = await closes(house)
    await house.desk.lookup.stop()
    await house.journal.run(
        lambda c: c.execute("UPDATE intents SET state = 'dropped' WHERE action = 'close'") and None
    )
    house.broker.blind = True
    waiting = asyncio.create_task(house.desk.resolved(part))
    await house.pass_time(5.0)
    assert not waiting.done()
    await house.desk.stop()
    assert waiting.done()


async def test_a_close_of_somebody_else_is_watched(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append(10039)
    result = await close(house, ticket)
    assert (result.success, result.code) == (False, "UNRESOLVED")
    assert result.message == "a close of it is on its way already"
    await house.pass_time(8.0)
    assert await left(house) == 0.0, "it did not come: ours is sent again"


# --- the position is not what it was


def by_hand(lots: float | None) -> Mood:
    """A person closes that much while our close is on its way."""

    async def mood(inner: InlineBroker, request: OrderRequest) -> OrderReply:
        paper: Any = inner._inner
        await paper.by_hand_close(request.position, lots)
        return await inner.submit(request)

    return mood


async def test_a_position_that_is_gone_when_the_close_arrives_is_a_success(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append(by_hand(None))
    result = await close(house, ticket)
    assert (result.success, result.closed_volume, result.remaining_volume) == (True, 0.1, 0.0)


async def test_a_rest_that_is_gone_when_its_close_arrives_is_a_success(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.06), by_hand(None)])
    result = await close(house, ticket)
    assert (result.success, result.closed_volume, result.remaining_volume) == (True, 0.1, 0.0)


async def test_a_position_that_holds_less_is_closed_with_what_it_holds(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append(by_hand(0.03))
    result = await close(house, ticket)
    assert (result.success, result.closed_volume, result.remaining_volume) == (True, 0.07, 0.0)
    (part,) = await closes(house)
    assert (part.lots, part.attempt, part.state) == (0.07, 2, S.CLOSED)
    assert "order_failed" not in await house.notices()


async def test_a_wrong_volume_is_corrected_once(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([by_hand(0.03), 10038])
    assert (await close(house, ticket)).code == "BROKER_REJECT"
    assert len([request for request in house.broker.requests if request.action is Action.CLOSE]) == 2


async def test_a_wrong_volume_of_a_position_that_holds_it_is_refused(house: House) -> None:
    ticket = await opened(house)
    house.broker.moods.append(10038)
    assert (await close(house, ticket)).code == "BROKER_REJECT"
    assert len(await closes(house)) == 1


# --- a host that ends, a disk that is full


async def crashed(folder: Path, clock: VirtualClock, at: int, after: bool, percentage: float) -> int:
    """A close whose first two parts fill 0.02 each, and a host that dies at a commit of it."""
    house = await open_house(folder, clock)
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.02), filling(0.02)])
    house.journal.left, house.journal.after = at, after
    with contextlib.suppress(Crash):
        await close(house, ticket, percentage)
    assert house.journal.dead, "the close has fewer commits than that"
    await house.end()
    return ticket


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("at", range(1, 10))
@pytest.mark.parametrize(("percentage", "stays"), [(100.0, 0.0), (50.0, 0.05)])
async def test_a_crash_at_any_commit_closes_what_was_asked_for_and_no_more(
    tmp_path: Path, clock: VirtualClock, at: int, after: bool, percentage: float, stays: float
) -> None:
    ticket = await crashed(tmp_path, clock, at, after, percentage)
    second = await open_house(tmp_path, clock)
    await second.pass_time(8.0)
    result = await close(second, ticket, percentage)
    assert (result.success, result.closed_volume) == (True, round(0.10 - stays, 8))
    assert await left(second) == stays
    assert await close(second, ticket, percentage) == result
    assert len(await closes(second)) <= 3, "a part that could not be written is sent all the same"
    await second.end()


def fill_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(work: Any) -> None:
        raise StorageError("journal.db could not be written: database or disk is full.")

    monkeypatch.setattr(house.journal, "run", full)


async def test_a_full_disk_does_not_keep_the_rest_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.02), filling(0.03)])
    fill_disk(house, monkeypatch)
    result = await close(house, ticket)
    assert (result.success, result.closed_volume, await left(house)) == (True, 0.1, 0.0)


async def test_a_full_disk_does_not_keep_open_what_an_earlier_life_opened(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await open_house(tmp_path, clock)
    ticket = await opened(first)
    await first.end()
    second = await open_house(tmp_path, clock)
    fill_disk(second, monkeypatch)
    assert (await close(second, ticket)).success
    assert await left(second) == 0.0
    monkeypatch.undo()
    await second.end()


async def test_a_full_disk_is_told_what_is_left_of_crumbs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await opened(house)
    house.broker.moods.extend([filling(0.01)] * 9)
    fill_disk(house, monkeypatch)
    result = await house.desk.close(core_context("by-hand"), CloseRequest(ticket=ticket))
    assert (result.success, result.code, result.closed_volume) == (False, "PARTLY_CLOSED", 0.05)


# --- one order, several deals


async def test_an_order_that_led_to_several_deals_counts_them_all(house: House) -> None:
    ticket = await opened(house)

    async def two_deals(inner: InlineBroker, request: OrderRequest) -> OrderReply:
        first = await inner.submit(attrs.evolve(request, lots=0.02))
        second = await inner.submit(attrs.evolve(request, lots=0.03))
        return attrs.evolve(second, order=first.order, volume=0.05)

    house.broker.moods.append(two_deals)
    result = await close(house, ticket, 50.0)
    assert (result.success, result.closed_volume, await left(house)) == (True, 0.05, 0.05)
    assert len(await closes(house)) == 1
