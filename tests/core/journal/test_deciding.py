"""What a person decides about a contradiction: adopted, closed or given up, written down with who did it."""

import asyncio
import sqlite3

import attrs
import pytest
from tests.core.journal.conftest import House, context, single
from tests.core.journal.life_scenarios import contradict, enter, only, swept
from tests.core.journal.test_books import entries_wait, terminal

from zepix_core.errors import UsageError
from zepix_core.journal.deciding import Deciding, NotClosed
from zepix_core.model.books import BookKind, BooksReport, Decided
from zepix_core.model.market import Side
from zepix_core.model.order import IntentState, UpdateKind
from zepix_core.services.calls import CloseRequest

S = IntentState


def deciding(house: House) -> Deciding:
    return Deciding(house.desk, house.reconciler)


async def decide(house: House, choice: str, which: object) -> Decided:
    return await deciding(house).decide(choice, str(which), "cli:someone")


async def report(house: House) -> BooksReport:
    task = asyncio.ensure_future(deciding(house).report())
    await house.pass_time(4.0)
    return await task


async def test_equal_books_need_nobody(house: House) -> None:
    await enter(house)
    told = await report(house)
    assert told.equal
    assert [row.kind for row in told.rows] == [BookKind.SAME]


async def test_what_was_missed_is_shown_as_settled(house: House) -> None:
    ticket = await enter(house)
    house.broker.mute = True
    await terminal(house).by_hand_close(ticket)
    told = await report(house)
    (row,) = told.rows
    assert (told.equal, row.kind, row.settled, row.ticket) == (True, BookKind.MISSED_CLOSE, True, ticket)


async def test_a_doubt_is_certain_when_the_report_comes(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    told = await report(house)
    (row,) = told.rows
    assert (told.equal, row.kind, row.choices) == (False, BookKind.NEEDS_HUMAN, ("forget",))
    assert (row.our_lots, row.their_lots) == (0.05, None)
    assert [(one.plugin, one.symbol) for one in told.held] == [("bracket", "EURUSD")]


async def test_a_foreign_position_needs_nobody(house: House) -> None:
    await terminal(house).by_hand_open("EURUSD", Side.BUY, 0.1)
    told = await report(house)
    assert (told.equal, [row.kind for row in told.rows]) == (True, [BookKind.FOREIGN])


@pytest.mark.parametrize("name", ["ticket", "intent"])
async def test_an_adopted_position_is_managed_as_the_broker_shows_it(house: House, name: str) -> None:
    ticket = await enter(house)
    await contradict(house)
    await terminal(house).by_hand_close(ticket, 0.02)
    intent = await only(house)
    done = await decide(house, "adopt", ticket if name == "ticket" else intent.intent_id)
    assert (done.ticket, done.intent_id) == (ticket, intent.intent_id)
    assert (await only(house)).state is S.ADOPTED
    (held,) = await house.desk.list(context(house.clock))
    assert (held.volume, await entries_wait(house)) == (0.03, False)
    assert (await house.updates())[-1].kind is UpdateKind.MODIFIED
    assert (await report(house)).equal


async def test_a_disputed_position_is_closed_on_a_persons_word(house: House) -> None:
    ticket = await enter(house)
    await contradict(house)
    await decide(house, "close", ticket)
    assert (await house.broker.positions(), (await only(house)).state) == ((), S.CLOSED)
    assert not await entries_wait(house)
    updates = await house.updates()
    assert [update.kind for update in updates] == [UpdateKind.OPENED, UpdateKind.CLOSED]


async def test_a_close_that_fails_decides_nothing(house: House) -> None:
    ticket = await enter(house)
    await contradict(house)
    house.broker.moods.append(10018)
    with pytest.raises(NotClosed, match="10018"):
        await decide(house, "close", ticket)
    assert (await only(house)).state is S.NEEDS_HUMAN


async def test_a_missing_position_is_forgotten_and_its_plugin_told(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    await swept(house)
    await decide(house, "forget", (await only(house)).intent_id)
    assert ((await only(house)).state, await entries_wait(house)) == (S.CLOSED, False)
    last = (await house.updates())[-1]
    assert (last.kind, last.reason, last.volume) == (UpdateKind.CLOSED, "Forgotten", 0.0)
    assert last.deal_key == last.derived != ""


async def test_what_is_forgotten_and_still_open_is_foreign(house: House) -> None:
    ticket = await enter(house)
    await contradict(house)
    requests = len(house.broker.requests)
    done = await decide(house, "forget", ticket)
    assert "foreign" in done.message
    told = await report(house)
    assert (told.equal, [row.kind for row in told.rows]) == (True, [BookKind.FOREIGN])
    await terminal(house).by_hand_stops(ticket, 0.0, 0.0)
    await swept(house)
    await house.desk.panic("flatten", "a person")
    assert (len(house.broker.requests), len(await house.broker.positions())) == (requests, 1)


async def test_a_position_nobody_knew_is_adopted_by_the_plugin_of_its_magic(house: House) -> None:
    await enter(house)
    request = house.broker.requests[-1]
    await house.desk.panic("flatten", "a person")
    await house.desk.control.resume("a person")

    def forget_everything(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM intents")
        connection.execute("DELETE FROM deals")

    await house.journal.run(forget_everything)
    reply = await house.broker.inner.submit(request)
    await swept(house)
    await decide(house, "adopt", reply.position)
    (held,) = await house.desk.list(context(house.clock))
    assert (held.ticket, held.volume, held.sl) == (reply.position, 0.05, 1.098)
    told = [u for u in await house.updates() if u.ticket == reply.position]
    assert [update.kind for update in told] == [UpdateKind.OPENED]


async def test_every_decision_is_written_down_with_who_decided(house: House) -> None:
    ticket = await enter(house)
    await contradict(house)
    await decide(house, "adopt", ticket)

    def read(connection: sqlite3.Connection) -> list[str]:
        rows = connection.execute("SELECT payload FROM journal_events WHERE kind = 'decision'")
        return [payload for (payload,) in rows]

    (payload,) = await house.journal.read(read)
    assert '"by":"cli:someone"' in payload
    assert '"choice":"adopt"' in payload


@pytest.mark.parametrize("choice", ["adopt", "forget"])
async def test_nothing_is_to_be_decided_about_equal_books(house: House, choice: str) -> None:
    ticket = await enter(house)
    with pytest.raises(UsageError, match="agree"):
        await decide(house, choice, ticket)
    assert (await only(house)).state is S.FILLED


async def test_what_is_foreign_is_not_touched(house: House) -> None:
    reply = await terminal(house).by_hand_open("EURUSD", Side.BUY, 0.1)
    for choice in ("adopt", "close", "forget"):
        with pytest.raises(UsageError):
            await decide(house, choice, reply.position)
    assert len(await house.broker.positions()) == 1
    assert await house.intents() == []


@pytest.mark.parametrize(
    ("choice", "which"), [("adopt", "12345"), ("forget", "abcdefghij"), ("close", "99"), ("sell", "1")]
)
async def test_a_decision_about_nothing_is_refused(house: House, choice: str, which: str) -> None:
    with pytest.raises(UsageError):
        await decide(house, choice, which)


async def test_a_missing_position_cannot_be_adopted(house: House) -> None:
    ticket = await enter(house)
    house.broker.hidden.add(ticket)
    await swept(house)
    with pytest.raises(UsageError, match="no position"):
        await decide(house, "adopt", ticket)


async def test_entries_go_on_once_the_last_contradiction_is_decided(house: House) -> None:
    tickets = [await enter(house, number) for number in (1, 2)]
    house.broker.hidden.update(tickets)
    await swept(house)
    first, second = await house.intents()
    await decide(house, "forget", first.intent_id)
    assert await entries_wait(house)
    await decide(house, "forget", second.intent_id)
    assert (await house.desk.place(context(house.clock, 3), single())).results[0].ok


async def test_an_adopted_position_without_a_stop_is_said_to_have_none(house: House) -> None:
    await enter(house)
    request = attrs.evolve(house.broker.requests[-1], comment="cut", sl=0.0, tp=0.0)
    reply = await house.broker.inner.submit(request)
    await swept(house)
    assert "no stop" in (await decide(house, "adopt", reply.position)).message


async def test_what_is_given_up_is_its_plugins_no_more(house: House) -> None:
    ticket = await enter(house)
    await contradict(house)
    await decide(house, "forget", ticket)
    refused = await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket))
    assert (refused.success, refused.code) == (False, "NO_SUCH_POSITION")
    told = len(await house.updates())
    await terminal(house).by_hand_close(ticket)
    await house.reconciler.sweep()
    assert len(await house.updates()) == told
    owners = await house.journal.read(
        lambda c: c.execute("SELECT plugin FROM deals WHERE entry = 'out'").fetchall()
    )
    assert owners == [(None,)]
