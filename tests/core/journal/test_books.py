"""The books are made equal by what the broker says: once, after two looks, and never by a trade."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.journal.conftest import House, context, open_house, pair, single
from tests.core.journal.life_scenarios import accepted, enter, only, order, swept, visited

from zepix_core.broker.paper.broker import PaperBroker
from zepix_core.errors import BrokerOffline
from zepix_core.journal import host_state, intent_rows
from zepix_core.journal.control import HUMAN
from zepix_core.journal.reconcile import OtherAccount
from zepix_core.journal.updates import MARK
from zepix_core.model.books import BookKind
from zepix_core.model.market import Side
from zepix_core.model.order import Book, IntentState, Position, UpdateKind
from zepix_core.services.calls import CloseRequest
from zepix_core.testing.clock import VirtualClock

S = IntentState
K = BookKind


def terminal(house: House) -> PaperBroker:
    """The broker as a person sits before it."""
    inner: Any = house.broker.inner
    paper: PaperBroker = inner._inner
    return paper


async def kinds(house: House) -> list[BookKind]:
    return [row.kind for row in await house.reconciler.compare()]


async def nothing_was_traded(house: House, requests: int) -> None:
    assert len(house.broker.requests) == requests


async def test_equal_books_are_equal(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    (first, second) = await house.reconciler.compare()
    assert (first.kind, second.kind) == (K.SAME, K.SAME)
    assert (first.our_lots, first.their_lots, first.our_sl, first.their_sl) == (0.03, 0.03, 1.098, 1.098)


async def test_a_close_by_hand_that_nobody_told_is_a_missed_close(house: House) -> None:
    ticket = await enter(house)
    house.broker.mute = True
    await terminal(house).by_hand_close(ticket)
    assert await kinds(house) == [K.MISSED_CLOSE]
    await house.reconciler.sweep()
    assert ((await only(house)).state, await kinds(house)) == (S.CLOSED, [])
    assert [(u.kind, u.reason) for u in await house.updates()][-1] == (UpdateKind.CLOSED, "Manual")
    await nothing_was_traded(house, 1)


async def test_a_part_closed_by_hand_leaves_the_rest(house: House) -> None:
    ticket = await enter(house)
    house.broker.mute = True
    await terminal(house).by_hand_close(ticket, 0.02)
    assert await kinds(house) == [K.MISSED_CLOSE]
    await house.reconciler.sweep()
    (row,) = await house.reconciler.compare()
    assert (row.kind, row.our_lots, row.their_lots) == (K.SAME, 0.03, 0.03)
    assert (await house.updates())[-1].kind is UpdateKind.PARTLY_CLOSED


async def test_a_fill_that_nobody_told_is_booked_once(house: House) -> None:
    house.broker.moods.append(accepted)
    house.broker.mute = True
    await enter(house)
    await house.broker.inner.submit(house.broker.requests[-1])
    assert await kinds(house) == [K.MISSED_FILL]
    await swept(house)
    assert [u.kind for u in await house.updates()] == [UpdateKind.OPENED]
    assert await kinds(house) == [K.SAME]


async def test_reading_the_same_deals_again_changes_nothing(house: House) -> None:
    ticket = await enter(house)
    await terminal(house).by_hand_close(ticket)
    await house.reconciler.sweep()
    before = (await house.intents(), await house.updates(), await house.events("trade_update"))

    def forget_the_mark(connection: sqlite3.Connection) -> None:
        host_state.remove(connection, MARK + "live")

    await house.journal.run(forget_the_mark)
    assert (await house.reconciler.sweep()).deals == 2
    assert (await house.intents(), await house.updates(), await house.events("trade_update")) == before


async def test_a_deal_that_came_late_with_an_old_ticket_is_found_by_the_long_look(house: House) -> None:
    ticket = await enter(house)
    await house.reconciler.sweep()
    house.broker.mute = True
    await terminal(house).by_hand_close(ticket)
    await house.journal.run(lambda c: host_state.write(c, house.clock, MARK + "live", 10_000))
    await house.reconciler.sweep()
    assert (await only(house)).state is S.FILLED
    house.clock.advance(300.0)
    await house.reconciler.sweep()
    assert (await only(house)).state is S.CLOSED


async def test_a_position_that_is_gone_must_be_missed_twice(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    assert (await house.reconciler.sweep()).missing == (ticket,)
    await house.pass_time(2.0)
    await house.reconciler.sweep()
    assert (await only(house)).state is S.FILLED
    await house.pass_time(1.5)
    await house.reconciler.sweep()
    assert (await only(house)).state is S.NEEDS_HUMAN
    await nothing_was_traded(house, 1)


async def test_a_position_shown_in_between_is_not_missed_twice(house: House) -> None:
    ticket = await enter(house)
    for hidden in ({ticket}, set[int](), {ticket}):
        house.broker.hidden = hidden
        await house.reconciler.sweep()
        await house.pass_time(3.5)
    assert (await only(house)).state is S.FILLED


async def test_a_read_that_fails_is_no_second_look(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    await house.reconciler.sweep()
    await house.pass_time(3.5)
    house.broker.no_positions = True
    with pytest.raises(BrokerOffline):
        await house.reconciler.sweep()
    assert (await only(house)).state is S.FILLED


async def test_what_was_missing_is_managed_again_when_it_is_shown_as_it_was(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    await swept(house)
    assert await entries_wait(house)
    house.broker.hidden.clear()
    await house.reconciler.sweep()
    assert ((await only(house)).state, await entries_wait(house)) == (S.ADOPTED, False)


async def test_a_deal_that_explains_late_ends_the_wait(house: House) -> None:
    ticket = await enter(house)
    house.broker.mute = True
    await terminal(house).by_hand_close(ticket)
    await house.journal.run(lambda c: host_state.write(c, house.clock, MARK + "live", 10_000))
    await swept(house)
    assert (await only(house)).state is S.NEEDS_HUMAN
    house.clock.advance(300.0)
    await house.reconciler.sweep()
    await house.reconciler.sweep()
    assert ((await only(house)).state, await entries_wait(house)) == (S.CLOSED, False)


async def entries_wait(house: House) -> bool:
    """Whether entries of the plugin on the symbol wait for a person."""
    found = await house.journal.read(lambda c: host_state.read(c, f"{HUMAN}bracket:EURUSD"))
    return found is not None


async def test_a_smaller_position_than_the_books_say_needs_a_person(house: House) -> None:
    ticket = await enter(house)
    house.broker.mute = True
    await terminal(house).by_hand_close(ticket, 0.02)
    await house.journal.run(lambda c: host_state.write(c, house.clock, MARK + "live", 10_000))
    assert await kinds(house) == [K.MISSING]
    await swept(house)
    assert (await only(house)).state is S.NEEDS_HUMAN
    reply = await house.desk.place(context(house.clock, 2), single())
    assert reply.results[0].code == "TRADING_PAUSED"
    assert "order_unresolved" in await house.notices()


async def test_another_symbol_or_plugin_goes_on_while_one_waits_for_a_person(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    await swept(house)
    reply = await house.desk.place(context(house.clock, 2, id="other"), single())
    assert reply.results[0].ok


async def test_a_position_under_two_names_needs_a_person(house: House) -> None:
    await enter(house)
    await house.broker.inner.submit(house.broker.requests[-1])
    await house.desk.updates.drain()
    assert (await only(house)).state is S.NEEDS_HUMAN
    await swept(house)
    first, second = await house.intents()
    assert (second.state, second.plugin, second.fill_lots) == (S.NEEDS_HUMAN, "bracket", 0.05)
    assert first.position_id != second.position_id
    await nothing_was_traded(house, 1)


async def test_a_position_of_ours_that_the_journal_does_not_know_needs_a_person(house: House) -> None:
    await enter(house)
    unknown = attrs.evolve(house.broker.requests[-1], comment="cut")
    await house.broker.inner.submit(unknown)
    await house.reconciler.sweep()
    assert len(await house.intents()) == 1  # seen once
    await house.pass_time(3.5)
    await house.reconciler.sweep()
    found = (await house.intents())[1]
    assert (found.state, found.plugin, found.leg, found.sl) == (S.NEEDS_HUMAN, "bracket", "A", 1.098)
    before = await house.events("intent")
    await swept(house)
    assert (len(await house.intents()), await house.events("intent")) == (2, before)


async def test_a_foreign_position_and_a_foreign_order_are_shown_and_left_alone(house: House) -> None:
    reply = await terminal(house).by_hand_open("EURUSD", Side.SELL, 0.2)
    await enter(house)
    house.broker.working.append(order(house, magic=0, comment=""))
    findings = await swept_findings(house)
    assert findings == (reply.position, 777)
    assert (await kinds(house)).count(K.FOREIGN) == 2
    assert {p.ticket for p in await house.broker.positions()} >= {reply.position}
    await nothing_was_traded(house, 1)
    refused = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=reply.position))
    assert refused.code == "NO_SUCH_POSITION"


async def swept_findings(house: House) -> tuple[int, ...]:
    return (await house.reconciler.sweep()).foreign


async def test_an_order_of_ours_that_nobody_knows_is_told_once(house: House) -> None:
    await enter(house)
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=(await only(house)).position_id))
    house.broker.working.append(order(house, comment="", volume=0.5, side=Side.SELL))
    for _ in range(3):
        await swept(house)
    assert (await house.notices()).count("order_unresolved") == 1


async def test_a_position_that_the_books_say_is_closed_needs_a_person(house: House) -> None:
    await enter(house)

    def close_the_row(connection: sqlite3.Connection) -> None:
        (intent,) = intent_rows.find(connection, intent_rows.SELECT)
        intent_rows.move(connection, house.clock, intent.intent_id, S.CLOSED)

    await house.journal.run(close_the_row)
    await swept(house)
    assert (await only(house)).state is S.NEEDS_HUMAN


async def test_the_stops_that_differ_are_named(house: House) -> None:
    ticket = await enter(house)
    await terminal(house).by_hand_stops(ticket, 1.0990, 1.106)
    (row,) = await house.reconciler.compare()
    assert (row.kind, row.our_sl, row.their_sl) == (K.STOPS, 1.098, 1.0990)


async def test_another_account_is_never_compared(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    real = await house.broker.account()

    async def other() -> Any:
        return attrs.evolve(real, login=real.login + 1)

    with monkeypatch.context() as switched:
        switched.setattr(house.broker, "account", other)
        for _ in range(3):
            with pytest.raises(OtherAccount):
                await house.reconciler.sweep()
            await house.pass_time(3.5)
    assert (await only(house)).state is S.FILLED
    assert (await house.desk.place(context(house.clock, 2), single())).results[0].code == "BROKER_OFFLINE"


async def test_the_first_look_at_an_account_leaves_its_history_alone(house: House) -> None:
    reply = await terminal(house).by_hand_open("EURUSD", Side.BUY, 0.1)
    await terminal(house).by_hand_close(reply.position)
    house.clock.advance(4 * 86_400.0)

    def begin_again(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM deals")
        host_state.remove(connection, MARK + "live")

    await house.journal.run(begin_again)
    assert (await house.reconciler.sweep()).deals == 0


async def test_a_change_at_the_broker_is_compared_at_once(house: House) -> None:
    ticket = await enter(house)
    house.broker.mute = True
    running = asyncio.ensure_future(house.reconciler.run())
    await house.pass_time(0.5)
    await terminal(house).by_hand_close(ticket)
    await house.pass_time(0.5, 0.25)
    assert (await only(house)).state is S.CLOSED
    running.cancel()


async def test_a_doubt_is_looked_at_again_before_its_period(house: House) -> None:
    ticket = await enter(house)
    running = asyncio.ensure_future(house.reconciler.run())
    house.broker.hidden.add(ticket)
    await house.pass_time(34.0)
    assert (await only(house)).state is S.NEEDS_HUMAN
    running.cancel()


async def test_a_shadow_position_is_compared_in_its_own_book(house: House) -> None:
    await house.desk.place(context(house.clock, shadow=True), single())
    (row,) = await house.reconciler.compare()
    assert (row.book, row.kind) == (Book.SHADOW, K.SAME)
    await terminal(house).by_hand_close(row.ticket)
    await house.reconciler.sweep()
    assert await kinds(house) == []
    assert S.CLOSED in await house.journal.read(visited)


async def test_a_doubt_of_the_start_is_looked_at_again_in_three_seconds(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    await house.reconciler.sweep()
    running = asyncio.ensure_future(house.reconciler.run())
    await house.pass_time(4.0)
    assert (await only(house)).state is S.NEEDS_HUMAN
    running.cancel()


async def test_a_position_whose_close_has_no_answer_yet_is_the_look_ups(house: House) -> None:
    ticket = await enter(house)
    await house.desk.lookup.stop()
    house.broker.moods.append("lost_before")
    await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    house.broker.hidden.add(ticket)
    await swept(house)
    assert (await only(house)).state is S.FILLED


async def test_a_start_reads_the_deals_of_the_last_day_again(tmp_path: Path, clock: VirtualClock) -> None:
    before = await open_house(tmp_path, clock)
    await before.price(1.10000)
    ticket = await enter(before)
    before.broker.mute = True
    await terminal(before).by_hand_close(ticket)
    await before.journal.run(lambda c: host_state.write(c, clock, MARK + "live", 10_000))
    await before.end()
    after = await open_house(tmp_path, clock)
    assert (await only(after)).state is S.CLOSED
    await after.end()


@pytest.mark.parametrize("other", [{"side": Side.SELL}, {"symbol": "GBPUSD"}])
async def test_a_ticket_that_is_another_position_needs_a_person(
    house: House, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    await enter(house)
    positions = house.broker.positions

    async def exchanged(book: Book = Book.LIVE) -> tuple[Position, ...]:
        return tuple(attrs.evolve(position, **other) for position in await positions(book))

    monkeypatch.setattr(house.broker, "positions", exchanged)
    await swept(house)
    assert (await only(house)).state is S.NEEDS_HUMAN
    await nothing_was_traded(house, 1)
