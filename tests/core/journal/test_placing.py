"""Entries: judged, written down, sent once, and known by their outcome."""

import asyncio

import attrs
import pytest
from tests.core.journal.conftest import House, context, pair, plugin, single

from zepix_core.config.risk import ProtectionSettings
from zepix_core.errors import BadArgument
from zepix_core.journal.events import verify
from zepix_core.model.order import Book, IntentState, UpdateKind
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import CloseRequest, Leg
from zepix_core.services.context import CallContext

S = IntentState


async def test_a_pair_becomes_two_positions_with_their_stops(house: House) -> None:
    reply = await house.desk.place(context(house.clock), pair())
    assert [result.ok for result in reply.results] == [True, True]
    positions = await house.broker.positions()
    assert [(p.volume, p.sl, p.tp) for p in positions] == [(0.03, 1.098, 1.106), (0.03, 1.097, 1.103)]
    assert [p.ticket for p in positions] == [result.ticket for result in reply.results]


async def test_comment_and_magic_name_plugin_intent_and_leg(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    first, second = await house.intents()
    assert house.broker.requests[0].comment == f"bracket:{first.intent_id}:A"
    assert len(house.broker.requests[0].comment) <= 26
    assert [r.magic for r in house.broker.requests] == [1_001_001, 1_001_002]
    assert second.group == first.group == first.intent_id


async def test_the_same_alert_again_gets_the_first_results_and_sends_nothing(house: House) -> None:
    first = await house.desk.place(context(house.clock), pair())
    again = await house.desk.place(context(house.clock), pair())
    assert again == first
    assert len(house.broker.requests) == 2


async def test_a_denied_request_is_denied_again_even_if_it_would_pass_now(house: House) -> None:
    await house.desk.control.pause("tester")
    first = await house.desk.place(context(house.clock), pair())
    await house.desk.control.resume("tester")
    again = await house.desk.place(context(house.clock), pair())
    assert [r.code for r in first.results] == [r.code for r in again.results] == ["TRADING_PAUSED"] * 2
    assert not house.broker.requests


async def test_two_requests_of_one_alert_need_a_key(house: House) -> None:
    ctx = context(house.clock)
    await house.desk.place(ctx, single())
    with pytest.raises(BadArgument):
        await house.desk.place(ctx, pair())
    reply = await house.desk.place(ctx, pair(key="second"))
    assert all(result.ok for result in reply.results)


async def test_an_order_outside_an_alert_needs_a_key(house: House) -> None:
    ctx = CallContext(plugin=plugin())
    with pytest.raises(BadArgument):
        await house.desk.place(ctx, single())
    assert (await house.desk.place(ctx, single(key="tick-1"))).results[0].ok


async def test_a_refused_first_leg_denies_the_second_unsent(house: House) -> None:
    house.broker.moods.append(10006)
    reply = await house.desk.place(context(house.clock), pair())
    assert [r.code for r in reply.results] == ["BROKER_REJECT", "BROKER_REJECT"]
    assert [i.state for i in await house.intents()] == [S.REJECTED, S.DENIED]
    assert len(house.broker.requests) == 1


async def test_a_refused_second_leg_leaves_the_first_standing(house: House) -> None:
    house.broker.moods.extend(["fine", 10019])
    reply = await house.desk.place(context(house.clock), pair())
    assert [r.ok for r in reply.results] == [True, False]
    assert reply.results[1].retcode == 10019
    assert len(await house.broker.positions()) == 1
    assert "order_failed" in await house.notices()


async def test_a_second_leg_that_cannot_be_sent_is_rejected_alone(house: House) -> None:
    house.broker.moods.extend(["fine", "offline"])
    await house.desk.place(context(house.clock), pair())
    assert [i.state for i in await house.intents()] == [S.FILLED, S.REJECTED]


async def test_an_offline_broker_is_a_refusal_not_an_unknown(house: House) -> None:
    house.broker.moods.append("offline")
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].code == "BROKER_OFFLINE"
    assert (await house.intents())[0].state is S.REJECTED


async def test_without_a_readable_broker_nothing_is_opened(house: House) -> None:
    house.broker.blind = True
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].code == "BROKER_OFFLINE"
    assert not house.broker.requests


async def test_an_unknown_margin_opens_nothing(house: House) -> None:
    house.broker.no_margin = True
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].code == "NO_MARGIN"


async def test_a_requote_is_tried_again_as_the_same_intent(house: House) -> None:
    house.broker.moods.append(10004)
    task = asyncio.create_task(house.desk.place(context(house.clock), single()))
    await house.pass_time(1.0)
    assert (await task).results[0].ok
    (intent,) = await house.intents()
    assert (intent.attempt, len({r.intent_id for r in house.broker.requests})) == (2, 1)


async def test_a_price_that_keeps_moving_is_given_up_after_two_retries(house: House) -> None:
    house.broker.moods.extend([10004] * 9)
    task = asyncio.create_task(house.desk.place(context(house.clock), single()))
    await house.pass_time(2.0)
    assert (await task).results[0].code == "BROKER_REJECT"
    assert len(house.broker.requests) == 3


async def test_a_busy_broker_is_asked_three_more_times(house: House) -> None:
    house.broker.moods.extend([10024] * 9)
    task = asyncio.create_task(house.desk.place(context(house.clock), single()))
    await house.pass_time(6.0)
    assert (await task).results[0].code == "BROKER_REJECT"
    assert len(house.broker.requests) == 4


async def test_what_the_terminal_forbids_stops_all_entries(house: House) -> None:
    house.broker.moods.append(10027)
    await house.desk.place(context(house.clock), single())
    reply = await house.desk.place(context(house.clock, 2), single())
    assert reply.results[0].code == "TRADING_PAUSED"


async def test_a_shadow_plugin_fills_in_the_shadow_book(house: House) -> None:
    reply = await house.desk.place(context(house.clock, shadow=True), pair())
    assert [(r.ok, r.code) for r in reply.results] == [(True, "SHADOW")] * 2
    assert all(r.ticket is not None and r.ticket < 0 for r in reply.results)
    assert not await house.broker.positions(Book.LIVE)
    assert len(await house.broker.positions(Book.SHADOW)) == 2


async def test_a_pair_counts_as_one_open_trade(house: House) -> None:
    risk = RiskSettings(max_open_trades=2)
    for number in (1, 2):
        reply = await house.desk.place(context(house.clock, number, risk=risk), pair())
        assert reply.results[0].ok
    third = await house.desk.place(context(house.clock, 3, risk=risk), pair())
    assert third.results[0].code == "CAP_OPEN_TRADES"


async def test_tickets_that_will_be_closed_first_count_as_gone(house: House) -> None:
    risk = RiskSettings(max_open_trades=1)
    first = await house.desk.place(context(house.clock, 1, risk=risk), pair())
    tickets = tuple(result.ticket or 0 for result in first.results)
    half = await house.desk.check(context(house.clock, 2, risk=risk), pair(closing=tickets[:1]))
    both = await house.desk.check(context(house.clock, 2, risk=risk), pair(closing=tickets))
    assert (half.results[0].code, both.results[0].code) == ("CAP_OPEN_TRADES", "")


async def test_what_an_entry_closes_first_starts_no_cooldown_for_it(house: House) -> None:
    house.desk.settings = attrs.evolve(
        house.desk.settings, protections=ProtectionSettings(cooldown_minutes=5)
    )
    first = await house.desk.place(context(house.clock, 1), single())
    ticket = first.results[0].ticket or 0
    ctx = context(house.clock, 2)
    await house.desk.close(ctx, CloseRequest(ticket=ticket))
    assert (await house.desk.check(ctx, single())).results[0].code == "COOLDOWN"
    assert (await house.desk.place(ctx, single(closing=(ticket,)))).results[0].ok


async def test_a_seventh_entry_on_a_symbol_waits_for_its_minute(house: House) -> None:
    for number in range(1, 7):
        assert (await house.desk.place(context(house.clock, number), single())).results[0].ok
    task = asyncio.create_task(house.desk.place(context(house.clock, 7), single()))
    await house.pass_time(30.0)
    assert not task.done()
    await house.pass_time(31.0)
    assert (await task).results[0].ok


async def test_an_entry_that_holds_up_an_exit_waits_no_longer(house: House) -> None:
    for number in range(1, 7):
        await house.desk.place(context(house.clock, number), single())
    placing = asyncio.create_task(house.desk.place(context(house.clock, 7), single()))
    asking = asyncio.create_task(house.desk.check(context(house.clock, 8), single()))
    await house.pass_time(1.0)
    house.desk.hurry("other")
    await house.pass_time(1.0)
    assert not placing.done()
    house.desk.hurry("bracket")
    await house.pass_time(0.1)
    assert [(await task).results[0].code for task in (placing, asking)] == ["RATE_LIMITED"] * 2


async def test_what_waits_for_its_rate_does_not_outlive_a_panic(house: House) -> None:
    for number in range(1, 7):
        await house.desk.place(context(house.clock, number), single())
    waiting = asyncio.create_task(house.desk.place(context(house.clock, 7), single()))
    await house.pass_time(1.0)
    await house.desk.panic("entries", "a test")
    await house.pass_time(0.1)
    assert (await waiting).results[0].code == "TRADING_PAUSED"


async def test_an_alert_from_before_a_stop_opens_nothing_after_it(house: House) -> None:
    early = context(house.clock, 1)
    await house.pass_time(1.0)
    await house.desk.pause("a test")
    await house.pass_time(1.0)
    await house.desk.control.resume("a test")
    reply = await house.desk.place(early, single())
    assert (reply.results[0].code, reply.results[0].message) == (
        "TRADING_PAUSED", "running: the alert came before trading was resumed by a test",
    )  # fmt: skip
    assert (await house.desk.place(context(house.clock, 2), single())).results[0].ok


async def test_resuming_what_runs_refuses_no_alert(house: House) -> None:
    early = context(house.clock, 1)
    await house.pass_time(1.0)
    await house.desk.control.resume("a test")
    assert (await house.desk.place(early, single())).results[0].ok


async def test_an_entry_that_would_wait_beyond_its_age_is_rate_limited(house: House) -> None:
    house.desk.settings = attrs.evolve(house.desk.settings, max_age_seconds=20.0)
    for number in range(1, 7):
        await house.desk.place(context(house.clock, number), single())
    reply = await house.desk.place(context(house.clock, 7), single())
    assert reply.results[0].code == "RATE_LIMITED"


async def test_a_check_waits_for_the_rates_as_placing_would(house: House) -> None:
    for number in range(1, 7):
        await house.desk.place(context(house.clock, number), single())
    task = asyncio.create_task(house.desk.check(context(house.clock, 7), single()))
    await house.pass_time(30.0)
    assert not task.done()
    await house.pass_time(31.0)
    assert (await task).results[0].ok


async def test_a_pair_whose_second_stop_is_too_near_goes_in_half_and_people_hear_of_it(house: House) -> None:
    request = pair()
    first, second = request.legs
    near = attrs.evolve(request, legs=(first, attrs.evolve(second, sl=1.09995)))
    reply = await house.desk.place(context(house.clock), near)
    assert [(r.ok, r.code) for r in reply.results] == [(True, ""), (False, "INVALID_STOPS")]
    assert len(await house.broker.positions()) == 1
    assert [i.state for i in await house.intents()] == [S.FILLED, S.DENIED]
    assert "order_failed" in await house.notices()


async def test_a_caller_that_goes_away_does_not_leave_half_a_pair(house: House) -> None:
    house.broker.moods.append(10024)
    task = asyncio.create_task(house.desk.place(context(house.clock), pair()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await house.pass_time(3.0)
    assert [i.state for i in await house.intents()] == [S.FILLED, S.FILLED]


async def test_a_check_writes_and_sends_nothing(house: House) -> None:
    before = await house.events("gate")
    reply = await house.desk.check(context(house.clock), single())
    assert reply.results[0].ok
    assert (await house.events("gate"), await house.intents()) == (before, [])


async def test_a_volume_below_the_minimum_is_raised_and_says_so(house: House) -> None:
    leg = Leg(name="A", sl=1.098, tp=1.106)
    reply = await house.desk.place(context(house.clock), single(legs=(leg,), total=0.004))
    assert (reply.results[0].raised_to_min, reply.results[0].volume) == (True, 0.01)


async def test_the_journal_tells_gates_request_reply_and_verifies(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    assert (await house.events("gate"), await house.events("request"), await house.events("reply")) == (
        1,
        2,
        2,
    )
    assert await house.journal.read(verify) > 5


async def test_opened_is_told_once_per_leg(house: House) -> None:
    await house.desk.place(context(house.clock), pair())
    await house.desk.updates.catch_up()
    updates = await house.updates()
    assert [(u.kind, u.leg) for u in updates] == [(UpdateKind.OPENED, "A"), (UpdateKind.OPENED, "B")]
