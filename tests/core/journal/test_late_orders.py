"""What is too old, paused meanwhile, or asked while the host ends is not sent; nothing is judged twice."""

import asyncio

import attrs
import pytest
from tests.core.journal.conftest import House, context, pair, plugin, single

from zepix_core.errors import BrokerOffline
from zepix_core.model.market import Tick
from zepix_core.model.order import IntentState, OrderReply, OrderRequest, UpdateKind
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import CloseRequest

S = IntentState


async def test_an_entry_whose_plugin_was_away_too_long_is_not_sent(house: House) -> None:
    ctx = context(house.clock)
    house.clock.advance(121.0)
    reply = await house.desk.place(ctx, pair())
    assert [result.code for result in reply.results] == ["EXPIRED", "EXPIRED"]
    assert not house.broker.requests
    assert [i.state for i in await house.intents()] == [S.DENIED, S.DENIED]


async def test_an_entry_at_its_last_second_is_sent(house: House) -> None:
    ctx = context(house.clock)
    house.clock.advance(120.0)
    assert all(result.ok for result in (await house.desk.place(ctx, pair())).results)


async def test_a_check_says_that_an_entry_is_too_old(house: House) -> None:
    ctx = context(house.clock)
    house.clock.advance(121.0)
    assert (await house.desk.check(ctx, single())).results[0].code == "EXPIRED"


async def test_an_old_alert_still_closes(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    ctx = context(house.clock, 2)
    house.clock.advance(3600.0)
    ticket = reply.results[0].ticket or 0
    assert (await house.desk.close(ctx, CloseRequest(ticket=ticket))).success


async def test_a_check_after_a_crash_is_not_refused_by_its_own_pair(house: House) -> None:
    ctx = context(house.clock)
    ctx = attrs.evolve(ctx, plugin=plugin(risk=RiskSettings(max_open_trades=1)))
    placed = await house.desk.place(ctx, pair())
    assert await house.desk.check(ctx, pair()) == placed
    other = attrs.evolve(context(house.clock, 2), plugin=ctx.plugin)
    assert (await house.desk.check(other, pair())).results[0].code == "CAP_OPEN_TRADES"


async def test_a_pause_between_two_legs_holds_the_second_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = house.broker.submit

    async def paused_meanwhile(request: OrderRequest) -> OrderReply:
        await house.desk.control.pause("a person")
        return await submit(request)

    monkeypatch.setattr(house.broker, "submit", paused_meanwhile)
    reply = await house.desk.place(context(house.clock), pair())
    assert [(r.ok, r.code) for r in reply.results] == [(True, ""), (False, "TRADING_PAUSED")]
    assert len(await house.broker.positions()) == 1
    assert "order_failed" in await house.notices()


async def test_a_second_leg_denied_late_is_told_to_its_plugin(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), pair())
    await house.pass_time(8.0)
    first, second = await house.intents()
    assert (first.state, second.state) == (S.DROPPED, S.DENIED)
    told = [(u.kind, u.intent_id) for u in await house.updates()]
    assert told == [(UpdateKind.REJECTED, first.intent_id), (UpdateKind.REJECTED, second.intent_id)]


async def test_nothing_is_written_for_an_entry_asked_while_the_host_ends(house: House) -> None:
    await house.desk.stop()
    with pytest.raises(BrokerOffline):
        await house.desk.place(context(house.clock), pair())
    assert not await house.intents()


async def test_nothing_is_written_for_an_entry_that_is_judged_as_the_host_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = house.broker.quote

    async def slow(symbol: str) -> Tick | None:
        house.desk.line.ending.set()
        house.desk.control.hold("the host's end")
        return await quote(symbol)

    monkeypatch.setattr(house.broker, "quote", slow)
    with pytest.raises(BrokerOffline):
        await house.desk.place(context(house.clock), pair())
    assert not await house.intents()


async def test_the_end_of_the_host_leaves_a_second_leg_for_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, ends = house.broker.submit, []

    async def ending_meanwhile(request: OrderRequest) -> OrderReply:
        ends.append(asyncio.ensure_future(house.desk.stop()))
        await asyncio.sleep(0)
        return await submit(request)

    monkeypatch.setattr(house.broker, "submit", ending_meanwhile)
    await house.desk.place(context(house.clock), pair())
    await asyncio.gather(*ends)
    assert [i.state for i in await house.intents()] == [S.FILLED, S.PLANNED]
    assert len(ends) == 1


async def test_an_entry_that_waits_for_the_rates_does_not_hold_the_end_up(house: House) -> None:
    for number in range(6):
        await house.desk.place(context(house.clock, number), single())
    waiting = asyncio.create_task(house.desk.place(context(house.clock, 7), single()))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await house.desk.stop()
    with pytest.raises(BrokerOffline):
        await waiting
