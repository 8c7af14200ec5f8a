"""Loss limits: reached without waiting for an entry, shown with their end, lifted by a person."""

from pathlib import Path

import attrs
import pytest
from tests.core.journal.conftest import House, context, open_house, plugin, single
from tests.core.journal.test_risk_book import lose

from zepix_core.config.risk import RiskTierSettings, TradingSettings
from zepix_core.errors import BadArgument
from zepix_core.journal import recount
from zepix_core.journal.latches import reached_limits
from zepix_core.journal.money import figures
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import CloseRequest, Leg, ModifyRequest, RiskCheckRequest
from zepix_core.testing.clock import VirtualClock

TIGHT = RiskSettings(daily_loss_limit=40.0)


def watch(house: House, **risk: float) -> None:
    """The host knows this plugin."""
    house.desk.risk.plugins = lambda: (plugin(risk=RiskSettings(**risk)),)  # type: ignore[arg-type]


async def test_a_limit_is_latched_and_shown_without_an_entry(house: House) -> None:
    watch(house, daily_loss_limit=40.0)
    await lose(house, 1)
    await house.desk.risk.look()
    (row,) = await house.journal.read(lambda c: reached_limits(c, house.clock.now_ns()))
    end = house.desk.risk.today().end_ns
    assert (row.which, row.scope, row.limit, row.reached) == ("daily", "bracket", 40.0, True)
    assert row.lift == "zepix limits reset daily --plugin bracket"
    assert row.until is not None
    assert await house.journal.read(lambda c: reached_limits(c, end)) == ()


async def test_a_reached_limit_is_a_critical_line_of_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    watch(house, daily_loss_limit=40.0)
    await lose(house, 1)
    await house.desk.risk.look()
    lines = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert len(lines) == 1
    assert "no entries until 2" in lines[0] and "zepix limits reset daily --plugin bracket" in lines[0]


async def test_a_refusal_says_until_when_and_how_to_lift(house: House) -> None:
    await lose(house, 1)
    reply = await house.desk.place(context(house.clock, 2, risk=TIGHT), single())
    message = reply.results[0].message
    assert "until 2" in message and "zepix limits reset daily --plugin bracket" in message


async def test_four_fifths_of_a_limit_are_told_once_a_day(house: House) -> None:
    watch(house, daily_loss_limit=60.0)
    await lose(house, 1)
    for _ in range(3):
        await house.desk.risk.look()
    assert (await house.notices()).count("daily_loss_warning") == 1


async def test_a_person_lifts_a_daily_limit(house: House) -> None:
    await lose(house, 1)
    await house.desk.place(context(house.clock, 2, risk=TIGHT), single())
    lifted = await house.desk.risk.reset("daily", "bracket", "a person")
    assert lifted == pytest.approx(51.0, abs=2.0)
    assert (await house.desk.place(context(house.clock, 3, risk=TIGHT), single())).results[0].ok
    state = await house.desk.risk.state(plugin())
    assert state.plugin_daily_loss == 0.0
    assert state.daily_loss == lifted, "the account's own count goes on"


async def test_what_is_lost_after_a_lifting_counts_again(house: House) -> None:
    await lose(house, 1)
    await house.desk.risk.reset("daily", "bracket", "a person")
    await lose(house, 2, lots=0.09)
    reply = await house.desk.place(context(house.clock, 3, risk=TIGHT), single())
    assert reply.results[0].code == "DAILY_LIMIT"


async def test_a_plugin_may_have_a_limit_without_end(tmp_path: Path, clock: VirtualClock) -> None:
    house = await open_house(tmp_path, clock)
    await house.price(1.1000)
    await lose(house, 1)
    risk = RiskSettings(max_total_loss=40.0)
    reply = await house.desk.place(context(clock, 2, risk=risk), single())
    assert reply.results[0].code == "LIFETIME_LIMIT"
    await house.end()
    clock.advance(42 * 86_400)
    again = await open_house(tmp_path, clock)
    await again.price(1.1000)
    reply = await again.desk.place(context(clock, 3, risk=risk), single())
    assert reply.results[0].code == "LIFETIME_LIMIT"
    await again.desk.risk.reset("lifetime", "bracket", "a person")
    assert (await again.desk.place(context(clock, 4, risk=risk), single())).results[0].ok
    await again.end()


async def test_an_unknown_limit_cannot_be_lifted(house: House) -> None:
    with pytest.raises(BadArgument):
        await house.desk.risk.reset("weekly", "account", "a person")


async def test_every_limit_is_listed_with_what_is_left(house: House) -> None:
    watch(house, daily_loss_limit=100.0, max_total_loss=300.0)
    await house.desk.place(context(house.clock), single())
    rows = {(row.which, row.scope): row for row in await house.desk.risk.rows()}
    assert set(rows) == {
        ("daily", "account"), ("lifetime", "account"), ("daily", "bracket"), ("lifetime", "bracket")
    }  # fmt: skip
    row = rows["daily", "bracket"]
    assert row.remaining == pytest.approx(100.0 - row.open_risk)
    assert row.open_risk > 0


# The worst case.


async def test_an_order_without_an_answer_counts_at_its_stop(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), single())
    facts = await house.desk.risk.facts(plugin())
    assert facts.open_risk == facts.plugin_open_risk == pytest.approx(0.05 * 21 * 10, abs=1.0)


async def test_an_order_on_its_way_counts_from_the_market_not_from_the_alerts_price(house: House) -> None:
    house.broker.moods.append("lost_before")
    await house.desk.place(context(house.clock), single(price=1.09810))
    facts = await house.desk.risk.facts(plugin())
    assert facts.open_risk == pytest.approx(0.05 * 21 * 10, abs=1.0)


async def test_a_position_beyond_its_stop_counts_at_what_it_floats_at(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    before = (await house.desk.risk.facts(plugin())).open_risk
    shown = await house.broker.inner.positions()
    gapped = tuple(attrs.evolve(position, profit=-55.0, swap=-2.0) for position in shown)

    async def positions(*_: object) -> object:
        return gapped

    house.broker.positions = positions  # type: ignore[method-assign,assignment]
    house.desk.risk.forget_account()
    assert before < 55.0
    assert (await house.desk.risk.facts(plugin())).open_risk == pytest.approx(57.0)


async def test_a_plugin_frees_no_room_by_naming_positions_it_does_not_close(house: House) -> None:
    risk = RiskSettings(max_open_trades=1)
    first = await house.desk.place(context(house.clock, 1, risk=risk), single())
    ticket = first.results[0].ticket or 0
    asked = single(closing=(ticket,))
    assert (await house.desk.check(context(house.clock, 2, risk=risk), asked)).results[0].ok
    reply = await house.desk.place(context(house.clock, 2, risk=risk), asked)
    assert reply.results[0].code == "CAP_OPEN_TRADES"
    await house.desk.close(context(house.clock, 3), CloseRequest(ticket=ticket))
    assert (await house.desk.place(context(house.clock, 3, risk=risk), asked)).results[0].ok


async def test_anothers_positions_free_no_room(house: House) -> None:
    leg = Leg(name="A", sl=1.0900, tp=1.13, lots=0.15)
    first = await house.desk.place(context(house.clock, 1, id="other"), single(legs=(leg,)))
    ticket = first.results[0].ticket or 0
    asked = single(legs=(leg,), closing=(ticket,))
    for judged in (house.desk.check, house.desk.place):
        reply = await judged(context(house.clock, 2), asked)
        assert reply.results[0].code == "RISK_TOO_LARGE"


async def test_a_stop_moved_away_must_fit_in_the_limits(house: House) -> None:
    reply = await house.desk.place(context(house.clock), single())
    ticket = reply.results[0].ticket or 0
    tight = context(house.clock, 2, risk=TIGHT)
    result = await house.desk.modify(tight, ModifyRequest(ticket=ticket, sl=1.0900))
    assert (result.ok, result.code) == (False, "RISK_TOO_LARGE")
    assert (await house.desk.modify(tight, ModifyRequest(ticket=ticket, sl=1.0970))).ok
    assert (await house.desk.modify(tight, ModifyRequest(ticket=ticket, sl=1.0985))).ok


# Totals.


async def test_figures_come_from_the_totals(house: House) -> None:
    await lose(house, 1)
    await house.desk.place(context(house.clock, 2), single())
    await house.desk.place(context(house.clock, 3, shadow=True), single())
    told = await house.journal.read(lambda c: figures(c, house.desk.risk.today().start_ns))
    assert (told.open_trades, told.open_positions, told.shadow_positions) == (1, 1, 1)
    assert told.today_pnl == told.total_pnl == told.plugins["bracket"].today_pnl < -49.0
    assert told.plugins["bracket"].closes_today == 1


async def test_totals_are_counted_again_by_other_days(tmp_path: Path, clock: VirtualClock) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.1000)
    await lose(first, 1)
    await first.end()
    moved = TradingSettings(daily_reset_time="17:00", timezone="America/New_York")
    second = await open_house(tmp_path, clock, moved)
    assert await second.journal.read(recount.differences) == ()
    assert (await second.desk.risk.state(plugin())).lifetime_loss == pytest.approx(51.0, abs=2.0)
    await second.end()


async def test_a_total_that_is_wrong_is_found_and_made_right(house: House) -> None:
    await lose(house, 1)
    await house.journal.run(lambda c: c.execute("UPDATE totals SET lost = 1 WHERE day_ns = 0") and None)
    (sentence,) = await house.journal.read(recount.differences)
    assert "bracket" in sentence
    await house.journal.run(lambda c: recount.rebuild(c, house.clock, house.desk.risk.days))
    assert await house.journal.read(recount.differences) == ()


async def test_deals_that_the_totals_do_not_know_are_counted_at_the_start(
    tmp_path: Path, clock: VirtualClock
) -> None:
    first = await open_house(tmp_path, clock)
    await first.price(1.1000)
    await lose(first, 1)
    await first.journal.run(lambda c: c.execute("DELETE FROM totals") and None)
    await first.end()
    second = await open_house(tmp_path, clock)
    assert (await second.desk.risk.state(plugin())).lifetime_loss == pytest.approx(51.0, abs=2.0)
    await second.end()


# The service's question.


async def test_limits_volume_margin_and_side_are_judged_each_by_itself(house: House) -> None:
    check = house.desk.risk.check
    fine = await check(plugin(), RiskCheckRequest(symbol="EURUSD", lot_size=0.1))
    assert (fine.allowed, fine.violations) == (True, ())
    much = await check(plugin(), RiskCheckRequest(symbol="EURUSD", lot_size=60.0))
    assert (much.allowed, much.lot_size_ok, much.margin_ok) == (False, False, False)
    little = await check(plugin(), RiskCheckRequest(symbol="EURUSD", lot_size=0.001))
    assert little.violations == ("VOLUME_TOO_SMALL: 0.001 is below 0.01",)
    await lose(house, 1)
    shut = await check(plugin(risk=TIGHT), RiskCheckRequest(symbol="EURUSD", lot_size=0.1))
    assert (shut.allowed, shut.daily_limit_ok) == (False, False)


async def test_the_tier_may_name_the_sum_a_trade_may_lose(tmp_path: Path, clock: VirtualClock) -> None:
    tier = RiskTierSettings(daily_loss_limit=1000.0, max_total_loss=5000.0, per_trade_cap=5.0)
    settings = TradingSettings(risk_tiers={"5000": tier}, fixed_lot_sizes={}, risk_by_account_tier={})
    house = await open_house(tmp_path, clock, settings)
    await house.price(1.1000)
    reply = await house.desk.place(context(clock), single())
    assert reply.results[0].code == "RISK_TOO_LARGE"
    await house.end()
