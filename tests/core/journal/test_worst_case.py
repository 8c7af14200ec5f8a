"""The worst case counts what the broker shows, what nobody can value, and what trading costs."""

import sqlite3
from pathlib import Path

import attrs
import pytest
from tests.core.journal.conftest import House, context, open_house, plugin, single
from tests.core.journal.test_risk_book import lose

from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.clock import NS
from zepix_core.config.risk import RiskTierSettings, TradingSettings
from zepix_core.errors import BrokerOffline, SettingsError
from zepix_core.journal.control import Locked
from zepix_core.journal.orders import OrderDesk
from zepix_core.journal.results import results
from zepix_core.journal.upgrade import upgrade
from zepix_core.model.order import Action, Book, Deal, DealEntry, Position
from zepix_core.services.calls import Leg
from zepix_core.storage.journal_schema import SCHEMA_VERSION, TABLES
from zepix_core.testing.clock import VirtualClock

RULES = TradingSettings(
    risk_tiers={"5000": RiskTierSettings(daily_loss_limit=60.0, max_total_loss=250.0)},
    fixed_lot_sizes={}, risk_by_account_tier={},
)  # fmt: skip
WIDE, NEAR = 1.0955, 1.0990


@pytest.fixture
async def strict(tmp_path: Path, clock: VirtualClock) -> House:
    house = await open_house(tmp_path, clock, RULES, PaperSettings(balance=10_000.0, market_always_open=True))
    await house.price(1.10000)
    return house


async def place(house: House, number: int, sl: float) -> str:
    leg = Leg(name="A", sl=sl, tp=1.12, lots=0.10)
    return (await house.desk.place(context(house.clock, number), single(legs=(leg,)))).results[0].code


async def test_a_stop_that_a_person_widened_counts_at_once(strict: House) -> None:
    await place(strict, 1, NEAR)
    (position,) = await strict.broker.positions()
    request = attrs.evolve(
        strict.broker.requests[-1], intent_id="person", action=Action.MODIFY, position=position.ticket,
        sl=WIDE, tp=position.tp, magic=0, comment="",
    )  # fmt: skip
    await strict.broker.inner.submit(request)
    strict.clock.advance(2)
    assert await place(strict, 2, WIDE) == "RISK_TOO_LARGE"
    await strict.end()


async def test_a_stop_that_is_gone_or_nearer_at_the_broker_counts_as_the_journals(strict: House) -> None:
    await place(strict, 1, WIDE)
    before = (await strict.desk.risk.facts(plugin())).open_risk
    read = strict.broker.inner.positions

    for shown in (0.0, NEAR):

        async def positions(book: Book = Book.LIVE, sl: float = shown) -> tuple[Position, ...]:
            return tuple(attrs.evolve(position, sl=sl) for position in await read(book))

        strict.broker.inner.positions = positions  # type: ignore[method-assign]
        strict.clock.advance(2)
        assert (await strict.desk.risk.facts(plugin())).open_risk == pytest.approx(before)
    await strict.end()


async def test_a_symbol_taken_out_of_the_settings_is_still_valued(strict: House) -> None:
    await place(strict, 1, WIDE)
    before = (await strict.desk.risk.facts(plugin())).open_risk
    strict.desk.quotes.configure([s for s in strict.hello.symbols if s.name != "EURUSD"])
    facts = await strict.desk.risk.facts(plugin())
    assert facts.open_risk == pytest.approx(before)
    assert not facts.unvalued
    await strict.end()


async def test_an_open_position_that_nobody_can_value_lets_no_entry_through(
    strict: House, clock: VirtualClock
) -> None:
    await place(strict, 1, NEAR)
    strict.desk.quotes._known.clear()  # as after a restart with a symbol fewer
    strict.desk.quotes.configure([s for s in strict.hello.symbols if s.name != "EURUSD"])
    await strict.price(150.0, "USDJPY")
    leg = Leg(name="A", sl=149.9, tp=151.0, lots=0.01)
    reply = await strict.desk.place(context(clock, 2), single(symbol="USDJPY", legs=(leg,)))
    assert (reply.results[0].code, "EURUSD" in reply.results[0].message) == ("RISK_UNKNOWN", True)
    await strict.end()


async def test_commission_of_an_entry_is_lost_and_as_much_is_at_stake(strict: House) -> None:
    strict.broker.mute = True
    await place(strict, 1, NEAR)
    before = await strict.desk.risk.facts(plugin())
    (deal,) = [d for d in await strict.broker.deals() if d.entry is DealEntry.IN]

    def book(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM deals")
        connection.execute("DELETE FROM totals")

    await strict.journal.run(book)
    dear: Deal = attrs.evolve(deal, commission=-3.5)
    strict.broker.tell_deals((dear,))
    await strict.desk.updates.drain()
    facts = await strict.desk.risk.facts(plugin())
    assert (facts.daily_loss, facts.plugin_daily_loss) == (3.5, 3.5)
    assert facts.open_risk == pytest.approx(before.open_risk + 3.5)
    await strict.end()


async def test_another_account_has_losses_and_limits_of_its_own(strict: House) -> None:
    await lose(strict, 1)
    strict.desk.risk.plugins = lambda: ()
    assert (await strict.desk.risk.facts(plugin())).daily_loss > 49.0
    other = OrderDesk(strict.journal, strict.broker, strict.clock, RULES, "999@Other")
    other.take_hello(strict.hello, any_tick_age=True)
    facts = await other.risk.facts(plugin())
    assert (facts.daily_loss, facts.lifetime_loss, facts.latched) == (0.0, 0.0, frozenset())
    await strict.end()


def test_a_journal_of_version_1_keeps_its_limits_and_counts_its_totals_again() -> None:
    rows = sqlite3.connect(":memory:", isolation_level=None)
    rows.executescript(TABLES)
    rows.executescript(
        "DROP TABLE totals; CREATE TABLE totals (book TEXT, day_ns INTEGER, plugin TEXT, deals INTEGER);"
        "INSERT INTO host_state VALUES ('latch:daily:', '{}', 1), ('forgiven:daily:one', '{}', 1);"
        "INSERT INTO deals VALUES (1,'a','live',NULL,'one',1,0,'EURUSD','BUY','in',1,1,1,0,0,0,'ea',1,'')"
    )
    upgrade(rows)
    upgrade(rows)
    keys = [row[0] for row in rows.execute("SELECT key FROM host_state ORDER BY key")]
    assert keys == ["forgiven:daily:one:a", "latch:daily::a"]
    assert rows.execute("SELECT count(account) FROM totals").fetchone() == (0,)
    assert rows.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    rows.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(SettingsError, match=f"version {SCHEMA_VERSION + 1}"):
        upgrade(rows)


async def test_a_lower_panic_ends_neither_a_lock_nor_the_closing(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    house.broker.blind = True
    await house.desk.panic("lock", "a person")
    await house.desk.panic("entries", "another")
    state = house.desk.control.state
    assert (state.panic, state.closing) == ("lock", True)
    with pytest.raises(Locked):
        await house.desk.control.resume("a person", confirmed=False)
    house.broker.blind = False
    await house.pass_time(30.0)
    assert not await house.broker.positions()


async def test_a_shadow_book_that_cannot_be_read_keeps_no_live_position_open(house: House) -> None:
    await house.desk.place(context(house.clock), single())
    for table in ("DELETE FROM intents", "DELETE FROM deals"):
        await house.journal.run(lambda c, text=table: c.execute(text) and None)  # type: ignore[misc]
    read = house.broker.inner.positions

    async def positions(book: Book = Book.LIVE) -> tuple[Position, ...]:
        if book is Book.SHADOW:
            raise BrokerOffline("The shadow book cannot be read.")
        return await read(book)

    house.broker.inner.positions = positions  # type: ignore[method-assign]
    await house.desk.panic("flatten", "a person")
    assert not await house.broker.positions()
    assert house.desk.control.state.closing, "nobody knows of the shadow book"


def test_results_of_many_deals_stay_in_the_database() -> None:
    rows = sqlite3.connect(":memory:", isolation_level=None)
    rows.executescript(TABLES)
    rows.executemany(
        "INSERT INTO deals VALUES (?,'a','live',NULL,'one',?,0,'EURUSD','BUY',?,1,1,?,?,0,0,'ea',1,'')",
        [(2 * i + out, i, ("in", "out")[out], i * NS, out * (-2.0 if i % 2 else 3.0))
         for i in range(1, 2001) for out in (0, 1)],
    )  # fmt: skip
    found = results(rows, 0, 2**63 - 1, None)
    one = found["one", "", "live"]
    assert (one.trades, one.money, one.drawdown) == (2000, 1_000_000_000, 2_000_000)
    assert found["one", "EURUSD", "live"] == one
