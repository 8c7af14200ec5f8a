"""Money facts from the journal and the account; what is reached stays reached."""

import sqlite3
from pathlib import Path

import attrs
import pytest
from tests.core.journal.conftest import House, context, open_house, plugin, single

from zepix_core.errors import BadArgument
from zepix_core.journal import intent_rows
from zepix_core.journal.outcomes import needs_human
from zepix_core.model.market import SymbolInfo
from zepix_core.model.order import Deal, DealEntry
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import (
    Empty,
    Leg,
    LimitRequest,
    LimitState,
    RiskRequest,
    RiskState,
    RiskVerdict,
    SymbolRequest,
)
from zepix_core.testing.clock import VirtualClock


async def lose(house: House, number: int, lots: float = 0.10, pips: float = 50.0) -> None:
    leg = Leg(name="A", sl=round(1.1000 - pips / 10_000, 5), tp=1.1300, lots=lots)
    reply = await house.desk.place(context(house.clock, number), single(legs=(leg,)))
    assert reply.results[0].ok, reply.results[0]
    await house.price(round(1.1000 - pips / 10_000, 5))
    await house.price(1.1000)


async def test_losses_are_summed_and_profits_are_not(house: House) -> None:
    await lose(house, 1)
    before = await house.desk.risk.state(plugin())
    reply = await house.desk.place(context(house.clock, 2), single())
    await house.price(1.1070)
    after = await house.desk.risk.state(plugin())
    assert reply.results[0].ok
    assert before.daily_loss == after.daily_loss == after.lifetime_loss
    assert after.lifetime_loss is not None and after.lifetime_loss > 49.0
    assert after.balance != before.balance


async def test_a_plugin_has_losses_of_its_own(house: House) -> None:
    await lose(house, 1)
    other = await house.desk.risk.state(plugin(id="other"))
    assert other.plugin_daily_loss == 0.0
    assert other.daily_loss == pytest.approx(51.0, abs=2.0)


async def test_yesterdays_losses_do_not_count_today(house: House) -> None:
    await lose(house, 1)
    house.clock.advance(86_400)
    state = await house.desk.risk.state(plugin())
    assert (state.daily_loss, (state.lifetime_loss or 0.0) > 49.0) == (0.0, True)


async def test_a_reached_limit_is_latched_told_once_and_lifted_by_the_next_day(house: House) -> None:
    risk = RiskSettings(daily_loss_limit=40.0)
    await lose(house, 1)
    for number in (2, 3):
        reply = await house.desk.place(context(house.clock, number, risk=risk), single())
        assert reply.results[0].code == "DAILY_LIMIT"
    assert (await house.notices()).count("daily_loss_limit") == 1
    looser = RiskSettings(daily_loss_limit=4000.0)
    reply = await house.desk.place(context(house.clock, 4, risk=looser), single())
    assert reply.results[0].code == "DAILY_LIMIT"
    house.clock.advance(86_400)
    reply = await house.desk.place(context(house.clock, 5, risk=risk), single())
    assert reply.results[0].ok


async def test_a_latch_outlives_a_restart(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.1000)
    await lose(first, 1)
    tight = RiskSettings(daily_loss_limit=40.0)
    await first.desk.place(context(clock, 2, risk=tight), single())
    await first.end()
    second = await open_house(tmp_path, clock)
    reply = await second.desk.place(context(clock, 3, risk=tight), single())
    assert reply.results[0].code == "DAILY_LIMIT"
    await second.end()


async def test_a_person_lifts_the_lifetime_limit(house: House) -> None:
    await lose(house, 1)
    house.clock.advance(1.0)
    assert await house.desk.risk.reset("lifetime", "account", "tester") > 49.0
    state = await house.desk.risk.state(plugin())
    assert state.lifetime_loss == 0.0


async def test_open_positions_are_risk_from_entry_to_stop(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    standing = await house.journal.read(house.desk.risk.read)
    facts = await house.desk.risk.facts_from(plugin(), standing, frozenset())
    assert facts.open_risk == facts.plugin_open_risk == pytest.approx(0.05 * 21 * 10, abs=1.0)


async def test_a_position_that_is_being_closed_costs_what_it_floats_at(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    await house.price(1.0990)
    standing = await house.journal.read(house.desk.risk.read)
    gone = frozenset(entry.intent.position_id for entry in standing.entries)
    facts = await house.desk.risk.facts_from(plugin(), standing, gone)
    assert facts.open_risk == pytest.approx(0.05 * 11 * 10, abs=1.0)


async def test_shadow_losses_count_in_no_live_limit(house: House) -> None:
    leg = Leg(name="A", sl=1.0950, tp=1.1300, lots=0.10)
    await house.desk.place(context(house.clock, shadow=True), single(legs=(leg,)))
    await house.price(1.0950)
    live, shadow = await house.desk.risk.state(plugin()), await house.desk.risk.state(plugin(shadow=True))
    assert live.daily_loss == 0.0
    assert (shadow.daily_loss or 0.0) > 49.0


async def test_without_an_account_money_is_unknown(house: House) -> None:
    house.desk.risk.forget_account()
    house.broker.blind = True
    state = await house.desk.risk.state(plugin())
    assert (state.balance, state.tier) == (None, None)
    assert not (await house.desk.risk.limit(plugin(), "daily")).can_trade


async def test_positions_that_cannot_be_read_open_nothing(house: House) -> None:
    house.broker.no_positions = True
    reply = await house.desk.place(context(house.clock), single())
    assert reply.results[0].code == "BROKER_OFFLINE"


async def test_an_unknown_limit_or_symbol_is_a_mistake(house: House) -> None:
    with pytest.raises(BadArgument):
        await house.desk.risk.limit(plugin(), "weekly")
    with pytest.raises(BadArgument):
        await house.desk.risk.validate(plugin(), RiskRequest(symbol="NOPE", lot_size=0.1, sl_pips=10))


async def test_every_call_of_the_catalogue_is_answered_by_its_type(house: House) -> None:
    call, ctx = house.services.call, context(house.clock)
    one = SymbolRequest(symbol="EURUSD")
    assert isinstance(await call(ctx, "risk.state", Empty()), RiskState)
    assert isinstance(await call(ctx, "risk.limit", LimitRequest(which="daily")), LimitState)
    risk = RiskRequest(symbol="EURUSD", lot_size=0.1, sl_pips=10)
    assert isinstance(await call(ctx, "risk.validate", risk), RiskVerdict)
    assert isinstance(await call(ctx, "market.symbol", one), SymbolInfo)
    assert (await call(ctx, "market.quote", one)).bid == 1.1
    assert (await call(ctx, "market.hours", one)).is_open
    assert await call(ctx, "market.quote", SymbolRequest(symbol="NOPE")) is None
    assert await call(ctx, "orders.list", SymbolRequest()) == ()
    with pytest.raises(BadArgument):
        await call(ctx, "orders.list", Empty())
    with pytest.raises(BadArgument):
        await call(ctx, "no.such.call", Empty())


async def test_more_than_was_asked_needs_a_person_and_stops_that_symbol(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    (intent,) = await house.intents()
    extra = Deal(
        ticket=10_000, order=intent.order_ticket, position=intent.position_id, symbol="EURUSD",
        side=intent.side, entry=DealEntry.IN, volume=0.05, price=1.1, time_ns=house.clock.now_ns(),
        comment=intent.comment,
    )  # fmt: skip
    house.broker.tell_deals((extra,))
    await house.desk.updates.drain()
    assert (await house.intents())[0].state.value == "needs_human"
    reply = await house.desk.place(context(house.clock, 2), single())
    assert reply.results[0].code == "TRADING_PAUSED"
    await house.desk.control.resume("tester")
    other = attrs.evolve(context(house.clock, 3))
    assert (await house.desk.place(other, single())).results[0].ok


async def test_a_position_that_waits_for_a_person_counts_as_risk(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    at_risk = (await house.desk.risk.facts(plugin())).open_risk
    assert at_risk > 0

    def contradict(connection: sqlite3.Connection) -> None:
        intent = intent_rows.get(connection, reply.results[0].intent_id)
        assert intent is not None
        needs_human(connection, house.clock, intent, "other volume than asked")

    await house.journal.run(contradict)
    assert (await house.desk.risk.facts(plugin())).open_risk == pytest.approx(at_risk)
    await house.desk.panic("flatten", "a person")
    assert (await house.desk.risk.facts(plugin())).open_risk == 0.0
