"""Pause, panic and hold: in force at once, kept when that is possible, and no position is left out."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.core.journal.conftest import House, context, open_house, pair, single

from zepix_core.errors import StorageError
from zepix_core.journal import host_state, intent_rows
from zepix_core.journal.control import KEY
from zepix_core.journal.orders import core_context
from zepix_core.journal.outcomes import needs_human
from zepix_core.journal.recovery import recover
from zepix_core.model.order import Action, IntentState, OrderReply, OrderRequest
from zepix_core.services.calls import CloseRequest
from zepix_core.testing.clock import VirtualClock

S = IntentState


@pytest.fixture
def full_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """From `setattr` on nothing can be written; `undo` makes room again."""

    async def full(work: Any) -> None:
        raise StorageError("journal.db could not be written: database or disk is full.")

    monkeypatch.setattr(house.journal, "run", full)
    return monkeypatch


async def kept(house: House) -> Any:
    return await house.journal.read(lambda c: host_state.read(c, KEY))


async def test_panic_closes_what_was_still_opening_when_it_came(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = house.broker.submit
    panics: list[asyncio.Future[Any]] = []

    async def panicked_meanwhile(request: OrderRequest) -> OrderReply:
        if not panics:
            panics.append(asyncio.ensure_future(house.desk.panic("lock", "a person")))
            for _ in range(20):
                await asyncio.sleep(0)
        return await submit(request)

    monkeypatch.setattr(house.broker, "submit", panicked_meanwhile)
    await house.desk.place(context(house.clock), pair())
    (closed,) = await panics[0]
    assert closed.success
    assert not await house.broker.positions()


async def test_panic_closes_a_position_that_waits_for_a_person(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())

    def contradict(connection: sqlite3.Connection) -> None:
        intent = intent_rows.get(connection, reply.results[0].intent_id)
        assert intent is not None
        needs_human(connection, house.clock, intent, "other volume than asked")

    await house.journal.run(contradict)
    assert [result.success for result in await house.desk.panic("flatten", "a person")] == [True]
    assert not await house.broker.positions()


async def test_panic_works_on_a_full_disk_and_is_kept_when_there_is_room(
    house: House, full_disk: pytest.MonkeyPatch
) -> None:
    full_disk.undo()
    await house.desk.place(context(house.clock), pair())

    async def full(work: Any) -> None:
        raise StorageError("full")

    full_disk.setattr(house.journal, "run", full)
    results = await house.desk.panic("lock", "a person")
    assert [result.success for result in results] == [True, True]
    assert not await house.broker.positions()
    assert house.desk.control.state.panic == "lock"
    assert await kept(house) is None
    full_disk.undo()
    await house.reconciler.sweep()
    assert (await kept(house))["panic"] == "lock"
    assert [i.state for i in await house.intents()] == [S.CLOSED, S.CLOSED]


async def test_a_stop_that_could_not_be_written_is_written_at_the_end(
    house: House, full_disk: pytest.MonkeyPatch
) -> None:
    await house.desk.control.pause("a person")
    full_disk.undo()
    await house.desk.stop()
    assert (await kept(house))["paused"]


async def test_a_part_is_not_closed_unwritten(house: House, full_disk: pytest.MonkeyPatch) -> None:
    full_disk.undo()
    reply = await house.desk.place(context(house.clock), single())

    async def full(work: Any) -> None:
        raise StorageError("full")

    full_disk.setattr(house.journal, "run", full)
    ticket = reply.results[0].ticket or 0
    with pytest.raises(StorageError):
        await house.desk.close(context(house.clock, 2), CloseRequest(ticket=ticket, percentage=50.0))
    assert len(house.broker.requests) == 1


async def test_no_entry_is_sent_on_a_full_disk(house: House, full_disk: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError):
        await house.desk.place(context(house.clock), pair())
    assert not house.broker.requests


async def test_a_hold_is_not_kept_and_a_pause_beside_it_is(house: House) -> None:
    house.desk.control.hold("--safe")
    assert house.desk.control.state.why == "paused by --safe"
    await house.desk.control.trip("trading is disabled")
    assert (await kept(house))["by"] == "breaker"
    await house.desk.control.resume("a person")
    assert not house.desk.control.state.paused


async def test_a_safe_start_sends_no_second_leg(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.10000)
    await first.desk.place(context(clock), pair())
    requests = len(first.broker.requests)
    _, second = await first.intents()
    await first.journal.run(
        lambda c: c.execute("UPDATE intents SET state = 'planned' WHERE intent_id = ?", (second.intent_id,))
    )
    first.desk.control.hold("--safe")
    await recover(first.desk, first.hello, first.reconciler)
    assert len(first.broker.requests) == requests
    await first.end()


async def test_a_foreign_ticket_is_never_closed(house: House) -> None:
    request = OrderRequest(
        intent_id="manual", action=Action.OPEN, symbol="EURUSD",
        side=single().side, lots=0.1, sl=1.09, tp=1.12, magic=0, comment="by hand",
    )  # fmt: skip
    await house.broker.inner.submit(request)
    (position,) = await house.broker.positions()
    for ctx in (core_context("close"), context(house.clock)):
        result = await house.desk.close(ctx, CloseRequest(ticket=position.ticket))
        assert (result.success, result.code) == (False, "NO_SUCH_POSITION")
    assert await house.desk.panic("lock", "a person") == ()
    assert len(await house.broker.positions()) == 1
