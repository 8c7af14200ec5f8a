"""Any sequence of orders, prices, closes, restarts and days keeps the money promises of the host.

Whatever is admitted fits in every limit at its worst; what a plugin owns is its own; the totals are the sums
of the rows; a limit that was reached stays so over restarts until its day ends, through both clock changes.
"""

import asyncio
import math
import tempfile
from collections.abc import Coroutine
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.core.journal.conftest import CAPABILITIES, House, alert, open_house

from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.clock import NS, nanoseconds
from zepix_core.config.risk import RateSettings, RiskTierSettings, TradingSettings
from zepix_core.journal import recount
from zepix_core.journal.intents import intent_in
from zepix_core.model.market import Side
from zepix_core.model.order import Book, Intent, IntentState, Position
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import CloseRequest, Leg, ModifyRequest, PlaceReply, PlaceRequest
from zepix_core.services.context import CallContext
from zepix_core.services.facts import PluginFacts
from zepix_core.testing.clock import VirtualClock

DAILY, TOTAL = 60.0, 250.0
OWN_DAILY, OWN_TOTAL = 35.0, 120.0
RULES = TradingSettings(
    risk_tiers={"5000": RiskTierSettings(daily_loss_limit=DAILY, max_total_loss=TOTAL)},
    fixed_lot_sizes={},
    risk_by_account_tier={},
    rates=RateSettings(host_per_minute=10_000, plugin_per_minute=10_000, symbol_per_minute=10_000),
    daily_reset_time="02:30",
    timezone="Europe/Berlin",
)
PLUGINS = {
    "bracket": RiskSettings(daily_loss_limit=OWN_DAILY, max_total_loss=OWN_TOTAL),
    "other": RiskSettings(),
}
PIP, PIP_VALUE = 0.0001, 10.0
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
T = TypeVar("T")
UNSURE = (IntentState.PLANNED, IntentState.SENDING, IntentState.PLACED, IntentState.UNKNOWN)

names = st.sampled_from(sorted(PLUGINS))
moods = st.sampled_from(["fine", "fine", "fine", "lost_after", "lost_before", "offline", 10006])


def day_start(day: date) -> int:
    """02:30 in Berlin, by the calendar of 2026: it does not exist on one day and comes twice on another."""
    moment = time(0, 30) if SPRING < day <= AUTUMN else time(1, 0) if day == SPRING else time(1, 30)
    return nanoseconds(datetime.combine(day, moment, UTC))


def day_of(now_ns: int) -> date:
    day = datetime.fromtimestamp(now_ns // NS, UTC).date() + timedelta(days=1)
    while day_start(day) > now_ns:
        day -= timedelta(days=1)
    return day


class Money(RuleBasedStateMachine):
    """Plays against one house after another on the same files."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.temporary = tempfile.TemporaryDirectory()
        self.number = 0
        self.price = 1.1
        self.shut: dict[tuple[str, str], int] = {}

    @initialize(change=st.sampled_from([SPRING, AUTUMN]), before=st.integers(0, 50))
    def begin(self, change: date, before: int) -> None:
        start = datetime.combine(change, time(3), UTC) - timedelta(hours=before)
        self.clock = VirtualClock(nanoseconds(start))
        self.house = self.run(self.opened())
        self.run(self.house.price(self.price))

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.run(self.house.end())
        self.runner.close()
        self.temporary.cleanup()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def opened(self) -> House:
        paper = PaperSettings(balance=10_000.0, market_always_open=True)
        return await open_house(Path(self.temporary.name), self.clock, RULES, paper)

    def ctx(self, name: str) -> CallContext:
        self.number += 1
        facts = PluginFacts(id=name, capabilities=CAPABILITIES, risk=PLUGINS[name])
        return CallContext(plugin=facts, alert=alert(self.clock, self.number))

    # What the world and the plugins do.

    @rule(
        name=names, buy=st.booleans(), pips=st.integers(3, 40), lots=st.integers(1, 8),
        second=st.integers(0, 6), mood=moods, claim=st.booleans(),
    )  # fmt: skip
    def place(
        self, name: str, buy: bool, pips: int, lots: int, second: int, mood: str | int, claim: bool
    ) -> None:
        """An order or a pair, which may claim that it closes every position there is."""
        sign = 1 if buy else -1
        legs = [
            Leg(name="A", sl=self.price - sign * pips * PIP, tp=self.price + sign * 0.02, lots=lots / 100)
        ]
        if second:
            legs.append(Leg(name="B", sl=legs[0].sl, tp=self.price + sign * 0.01, lots=second / 100))
        closing = tuple(p.ticket for p in self.run(self.positions())) if claim else ()
        request = PlaceRequest(
            method="place_dual_orders_v3" if second else "place_single_order_a",
            symbol="EURUSD", side=Side.BUY if buy else Side.SELL, legs=tuple(legs), closing=closing,
        )  # fmt: skip
        self.note_reached()
        self.house.broker.moods.append(mood)
        reply = self.run(self.house.desk.place(self.ctx(name), request))
        self.house.broker.moods.clear()
        if any(result.ok or result.code == "UNRESOLVED" for result in reply.results):
            self.admitted(name)
        self.judged(name, reply)

    @rule(name=names, pips=st.sampled_from([-60, -25, -10, -4, 5, 20]))
    def move_stop(self, name: str, pips: int) -> None:
        own = self.run(self.house.desk.list(self.ctx(name)))
        if own:
            sl = own[0].sl + own[0].type.sign * pips * PIP
            result = self.run(
                self.house.desk.modify(self.ctx(name), ModifyRequest(ticket=own[0].ticket, sl=sl))
            )
            wider = (sl - own[0].sl) * own[0].type.sign < 0
            if result.ok and wider and (sl - own[0].price_open) * own[0].type.sign < 0:
                self.admitted(name)

    @rule(name=names, pips=st.integers(5, 30), mood=st.sampled_from(["fine", "lost_before", "lost_after"]))
    def place_small(self, name: str, pips: int, mood: str) -> None:
        """One that often fits beside what is open, or gets no answer."""
        self.place(name, True, pips, 4, 0, mood, False)

    @rule(name=names, percentage=st.sampled_from([40.0, 100.0]), mood=moods)
    def close(self, name: str, percentage: float, mood: str | int) -> None:
        own = self.run(self.house.desk.list(self.ctx(name)))
        if own:
            self.house.broker.moods.append(mood)
            request = CloseRequest(ticket=own[0].ticket, percentage=percentage)
            self.run(self.house.desk.close(self.ctx(name), request))
            self.house.broker.moods.clear()

    @rule(name=names)
    def meddle(self, name: str) -> None:
        """A plugin reaches for what is another's."""
        before = self.run(self.positions())
        theirs = [i for i in self.run(self.entries()) if i.plugin != name and i.position_id]
        for intent in theirs[-2:]:
            ticket = intent.position_id
            closed = self.run(self.house.desk.close(self.ctx(name), CloseRequest(ticket=ticket)))
            moved = self.run(self.house.desk.modify(self.ctx(name), ModifyRequest(ticket=ticket, sl=1.0)))
            assert (closed.code, moved.code) == ("NOT_OWNER", "NOT_OWNER")
        assert self.run(self.positions()) == before

    @rule(pips=st.integers(-45, 45))
    def market(self, pips: int) -> None:
        self.price = round(self.price + pips * PIP, 5)
        self.run(self.house.price(self.price))

    @rule(hours=st.sampled_from([0.25, 1.0, 6.0, 23.5, 24.0, 25.0]))
    def wait(self, hours: float) -> None:
        self.clock.advance(hours * 3600)

    @rule()
    def settle(self) -> None:
        """Look-ups end, the books are compared."""
        self.run(self.house.pass_time(8.0))
        self.run(self.house.reconciler.sweep())
        self.run(self.house.desk.risk.look())
        self.note_reached()

    @rule()
    def restart(self) -> None:
        self.run(self.house.end())
        self.house = self.run(self.opened())
        self.run(self.house.price(self.price))

    # What has to hold.

    @invariant()
    def totals_are_the_sums_of_the_rows(self) -> None:
        if not hasattr(self, "house"):
            return
        assert self.run(self.house.journal.read(recount.differences)) == ()
        sums: dict[tuple[str, int], int] = {}
        for plugin, time_ns, money, closes in self.deals():
            for day in (0, day_start(day_of(time_ns))):
                key = (plugin, day)
                sums[key] = sums.get(key, 0) + (max(0, -round(money * 1_000_000)) if closes else 0)
        query = "SELECT plugin, day_ns, lost FROM totals WHERE book = 'live'"
        kept = self.run(self.house.journal.read(lambda c: c.execute(query).fetchall()))
        assert {(plugin, day): lost for plugin, day, lost in kept} == sums

    @invariant()
    def every_plugin_sees_its_own_and_all_positions_have_stops(self) -> None:
        if not hasattr(self, "house"):
            return
        owners = {intent.position_id: intent.plugin for intent in self.run(self.entries())}
        for name in PLUGINS:
            seen = self.run(self.house.desk.list(self.ctx(name)))
            assert all(owners[order.ticket] == name for order in seen)
        assert all(position.sl > 0 for position in self.run(self.positions()))

    def admitted(self, name: str) -> None:
        """At this moment the worst case fits in every limit."""
        for scope, limits in (("", (DAILY, TOTAL)), (name, (OWN_DAILY, OWN_TOTAL))):
            if scope == "other":
                continue
            worst, lost = self.at_stake(scope), (self.lost(scope, today=True), self.lost(scope, today=False))
            for loss, limit in zip(lost, limits, strict=True):
                assert loss + worst <= limit + 0.011, (scope, loss, worst, limit)

    def judged(self, name: str, reply: PlaceReply) -> None:
        """A limit that was reached refuses; one whose day has ended refuses no more."""
        now = self.clock.now_ns()
        held = {which for (which, scope), end in self.shut.items() if scope in ("", name) and now < end}
        codes = {result.code for result in reply.results}
        if held:
            assert not any(result.ok for result in reply.results)
        if not held:
            assert not codes & {"DAILY_LIMIT", "LIFETIME_LIMIT"}, (codes, self.shut)

    def note_reached(self) -> None:
        """Limits that are reached in the rows now."""
        end = day_start(day_of(self.clock.now_ns()) + timedelta(days=1))
        for scope, (daily, total) in {"": (DAILY, TOTAL), "bracket": (OWN_DAILY, OWN_TOTAL)}.items():
            if self.lost(scope, today=True) >= daily:
                self.shut["daily", scope] = max(end, self.shut.get(("daily", scope), 0))
            if self.lost(scope, today=False) >= total:
                self.shut["lifetime", scope] = 2**63

    def lost(self, scope: str, today: bool) -> float:
        start = day_start(day_of(self.clock.now_ns())) if today else 0
        return math.fsum(
            -money
            for plugin, time_ns, money, closes in self.deals()
            if closes and money < 0 and time_ns >= start and scope in ("", plugin)
        )

    def at_stake(self, scope: str) -> float:
        """From the broker's own positions, and from orders whose outcome nobody knows yet."""
        entries = self.run(self.entries())
        owners = {intent.position_id: intent.plugin for intent in entries}
        by_id = {intent.intent_id: intent for intent in entries}
        stake, seen = 0.0, set()
        for position in self.run(self.positions()):
            named = intent_in(position.comment)
            seen.add(named)
            owner = owners.get(position.ticket) or (by_id[named].plugin if named in by_id else "")
            if scope in ("", owner):
                away = (position.price_open - position.sl) * position.side.sign
                stake += max(0.0, away / PIP * PIP_VALUE * position.volume)
        for intent in entries:
            if intent.state in UNSURE and intent.intent_id not in seen and scope in ("", intent.plugin):
                away = (intent.price - intent.sl) * intent.side.sign
                stake += max(0.0, away / PIP * PIP_VALUE * intent.lots)
        return stake

    async def positions(self) -> tuple[Position, ...]:
        return await self.house.broker.positions(Book.LIVE)

    async def entries(self) -> list[Intent]:
        return [intent for intent in await self.house.intents() if intent.action.value == "open"]

    def deals(self) -> list[tuple[str, int, float, bool]]:
        query = "SELECT coalesce(plugin, ''), time_ns, profit + commission + swap, entry = 'out' FROM deals"
        return self.run(self.house.journal.read(lambda c: list(c.execute(query))))


Money.TestCase.settings = settings(
    max_examples=20, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMoneyAtRisk = Money.TestCase
