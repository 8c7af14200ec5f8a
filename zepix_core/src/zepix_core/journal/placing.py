"""Placing entries: judge, write down, send A, write its outcome with B, send B."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs

from zepix_core.clock import NS
from zepix_core.errors import BadArgument, BrokerOffline, StorageError
from zepix_core.journal import intent_rows, outbox
from zepix_core.journal.deals import update_of
from zepix_core.journal.entry_order import Order, legs_of, write_order
from zepix_core.journal.facts import FactsReader
from zepix_core.journal.intents import HOLDING, intent_id
from zepix_core.journal.line import PAUSED, UNRESOLVED, EntriesStopped, OrderLine, Sent
from zepix_core.journal.outcomes import SETTLED, result_of, settle
from zepix_core.journal.retcodes import BREAKER as BREAKER_CODES
from zepix_core.journal.retcodes import ReplyClass
from zepix_core.journal.trade_notices import entry_notice, half_notice
from zepix_core.journal.unknown import LookUp
from zepix_core.journal.updates import Updates
from zepix_core.model.order import Action, Intent, IntentState, OrderResult, UpdateKind
from zepix_core.services.calls import LEG_NAMES, Leg, PlaceReply, PlaceRequest
from zepix_core.services.context import CallContext
from zepix_core.services.gates import GateReport, judge, judge_again, with_age, with_margin, without_broker
from zepix_core.services.rates import RateWindow

T = TypeVar("T")
S = IntentState
RATE_LIMITED = "RATE_LIMITED"
EXPIRED = "EXPIRED"
TOO_SMALL = "VOLUME_TOO_SMALL"


class Placing:
    """Entries of all plugins on one account, one at a time."""

    def __init__(self, line: OrderLine, updates: Updates, lookup: LookUp) -> None:
        self._line = line
        self._updates = updates
        self._lookup = lookup
        self._rates = RateWindow()
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self.facts = FactsReader(line, self._rates)

    def hurry(self, plugin: str | None = None) -> None:
        """Entries of ``plugin`` (of all) wait for their rates no longer: they go out now or are refused.

        What waits holds up its plugin, and an exit must not stand behind it.
        """
        for one in (plugin,) if plugin is not None else tuple(self._waiting):
            for waiting in self._waiting.get(one, ()):
                waiting.set()

    async def place(self, ctx: CallContext, request: PlaceRequest) -> PlaceReply:
        """Place one order or a pair, once: the same request again gets the first results.

        Raises:
            BadArgument: A mistake of the caller (see `check_arguments`), or no key outside ``on_alert``.
        """
        key = ctx.event_key(request.key)
        ids = [intent_id(key, ctx.plugin.id, leg.name, Action.OPEN) for leg in request.legs]
        since, patient = self._since(ctx), True
        while True:
            async with self._line.lock:
                known = await self._known(ids)
                if known:
                    _same_request(known, ids)
                    return PlaceReply(results=tuple(result_of(intent) for intent in known))
                report, price = await self._judge(ctx, request, asked=False)
                self._unless_ending()
                wait = self._wait(ctx, request, report, since) if patient else None
                if wait is None:
                    return await self._act(ctx, request, report, price, key, ids)
            patient = await self._rest(ctx.plugin.id, wait)

    async def check(self, ctx: CallContext, request: PlaceRequest) -> PlaceReply:
        """What placing would meet, rates waited for as there; nothing is written or sent.

        What was placed already, before a crash, is not judged again: its own position fills the caps.
        """
        if ctx.alert is not None or request.key or ctx.call_key:
            key = ctx.event_key(request.key)
            ids = [intent_id(key, ctx.plugin.id, leg.name, Action.OPEN) for leg in request.legs]
            if known := await self._known(ids):
                _same_request(known, ids)
                return PlaceReply(results=tuple(result_of(intent) for intent in known))
        since = self._since(ctx)
        report, price = await self._judge(ctx, request)
        patient = True
        while patient and (wait := self._wait(ctx, request, report, since)) is not None:
            patient = await self._rest(ctx.plugin.id, wait)
            report, price = await self._judge(ctx, request)
        results = [
            OrderResult(
                ok=report.ok and not leg.code,
                code=report.code or leg.code,
                message=report.message,
                volume=leg.lots,
                price=price,
                sl=leg.sl,
                tp=leg.tp,
                raised_to_min=leg.raised,
                leg=leg.name,
            )
            for leg in legs_of(request, report)
        ]
        return PlaceReply(results=tuple(results))

    async def results(self, ctx: CallContext, key: str | None) -> tuple[OrderResult, ...]:
        """What the orders asked for under a key came to so far; empty when none was."""
        found = ctx.event_key(key)
        ids = [intent_id(found, ctx.plugin.id, leg, Action.OPEN) for leg in LEG_NAMES]
        return tuple(result_of(intent) for intent in await self._known(ids))

    async def finish_pair(self, second: Intent, ctx: CallContext) -> None:
        """Send or deny a second leg whose first leg's outcome came late (after a look-up or a crash)."""
        async with self._line.lock:
            second, first = await self._line.executor.read(lambda c: _pair(c, second))
            if second.state is not S.PLANNED:
                return
            old = self._line.clock.now_ns() - second.created_ns > self._max_age_ns
            waiting = first is not None and first.state in (S.SENDING, S.UNKNOWN, S.PLACED)
            if not old and (waiting or not self._line.link):
                return
            reason = EXPIRED if old else await self._late_reason(ctx, second, first)
            if reason:
                await self._line.executor.run(lambda c: self._deny_late(c, second, first, reason))
                self._updates.tell([second.plugin])
                return
            if self._line.ending.is_set():
                return
            try:
                await self._line.executor.run(lambda c: self._to_sending(c, second.intent_id))
            except EntriesStopped:
                if not self._line.ending.is_set():
                    await self._line.executor.run(lambda c: self._deny_late(c, second, first, PAUSED))
                    self._updates.tell([second.plugin])
                return
            sent = await self._send(ctx, attrs.evolve(second, state=S.SENDING))
            await self._finish(sent, [first] if first else [], "")

    @property
    def _max_age_ns(self) -> int:
        return round(self._line.settings.max_age_seconds * NS)

    def _since(self, ctx: CallContext) -> int:
        now = self._line.clock.now_ns()
        if ctx.alert is None:
            return now
        return min(now, round(ctx.alert.received_at.timestamp() * NS))

    async def _known(self, ids: Sequence[str]) -> list[Intent]:
        found = await self._line.executor.read(lambda c: [intent_rows.get(c, one) for one in ids])
        return [intent for intent in found if intent is not None]

    async def _judge(
        self, ctx: CallContext, request: PlaceRequest, asked: bool = True
    ) -> tuple[GateReport, float]:
        await self._line.look_at_clock()
        facts = await self.facts.gather(ctx, request.symbol, request.closing, asked)
        report = judge(request, facts)
        price = 0.0 if facts.tick is None else facts.tick.opening(request.side)
        if report.ok:
            try:
                needed = await self._line.broker.margin(request.symbol, report.total)
                report = with_margin(report, needed, facts.risk.margin_free)
            except BrokerOffline:
                report = without_broker(report)
        age = (self._line.clock.now_ns() - self._since(ctx)) / NS
        return with_age(report, age, self._line.settings.max_age_seconds), price

    def _wait(self, ctx: CallContext, request: PlaceRequest, report: GateReport, since: int) -> float | None:
        """Seconds until the rates let it through; ``None``: it does not wait, or would be too old then."""
        if report.code != RATE_LIMITED:
            return None
        line = self._line
        wait = self._rates.wait(line.clock.monotonic(), ctx.plugin.id, request.symbol, line.settings.rates)
        late = line.clock.now_ns() - since + round(wait * NS) > self._max_age_ns
        return None if late else max(wait, 0.001)

    async def _rest(self, plugin: str, seconds: float) -> bool:
        """Wait that long; False when something of the plugin's cannot wait behind this."""
        hurried = asyncio.Event()
        self._waiting.setdefault(plugin, set()).add(hurried)
        try:
            await self._line.pause(seconds, hurried)
        finally:
            self._waiting[plugin].discard(hurried)
            if not self._waiting[plugin]:
                del self._waiting[plugin]
        return not hurried.is_set()

    async def _act(
        self, ctx: CallContext, request: PlaceRequest, report: GateReport, price: float, key: str,
        ids: list[str],
    ) -> PlaceReply:  # fmt: skip
        line = self._line
        order = Order(
            ctx=ctx, request=request, report=report, price=price, key=key, ids=tuple(ids),
            number=await line.number(ctx.plugin.id), account=line.account, host_id=line.settings.host_id,
        )  # fmt: skip
        try:
            intents = await self._written(order)
        except EntriesStopped as stop:
            self._unless_ending()
            report = attrs.evolve(report, code=PAUSED, message=stop.message)
            intents = await self._written(attrs.evolve(order, report=report))
        if not report.ok:
            return PlaceReply(results=tuple(result_of(i, report.message) for i in intents))
        self._rates.record(line.clock.monotonic(), ctx.plugin.id, request.symbol)
        written = await self._send_all(ctx, request, intents)
        raised = {one: leg.raised for one, leg in zip(ids, report.legs, strict=True)}
        return PlaceReply(results=tuple(result_of(i, raised=raised[i.intent_id]) for i in written))

    async def _written(self, order: Order) -> list[Intent]:
        """Commit what was judged; a stop that has come meanwhile is raised, and nothing is written."""
        intents = order.intents()
        await self._line.executor.run(lambda c: write_order(c, self._line, order, intents))
        return intents

    def _unless_ending(self) -> None:
        if self._line.ending.is_set():
            raise BrokerOffline("The host is ending.", "The alert comes again at the next start.")

    async def _send_all(self, ctx: CallContext, request: PlaceRequest, intents: list[Intent]) -> list[Intent]:
        first = intents[0]
        second = next((i for i in intents[1:] if i.state is S.PLANNED), None)
        sent = await self._send(ctx, first)
        if second is None:
            # A leg below the smallest volume is left out by the settings; any other is missing.
            missing = next((i for i in intents[1:] if i.reason != TOO_SMALL), None)
            return [await self._finish(sent, [], request.logic, missing), *intents[1:]]
        planned: Intent = second
        first, other = await self._stored(sent, lambda c: self._between(c, sent, planned))
        await self._after(sent, first)
        if other.state is not S.SENDING:
            await self._updates.ensure(first.deal_ticket)
            return [first, other]
        sent = await self._send(ctx, other)
        return [first, await self._finish(sent, [first], request.logic)]

    def _between(self, connection: sqlite3.Connection, sent: Sent, second: Intent) -> tuple[Intent, Intent]:
        """The one commit between two legs: A's outcome, and what becomes of B."""
        line = self._line
        line.write_reply(connection, sent)
        first = settle(connection, line.clock, sent)
        if first.state in SETTLED or first.state is S.PLACED:
            if line.ending.is_set():
                return first, second
            if line.why(second.plugin):
                return first, self._deny(connection, second, first, PAUSED)
            return first, self._to_sending(connection, second.intent_id)
        if first.state is S.UNKNOWN:
            return first, second
        reason = first.reason if first.state is S.REJECTED else UNRESOLVED
        return first, self._deny(connection, second, first, reason)

    async def _finish(
        self, sent: Sent, others: list[Intent], logic: str, missing: Intent | None = None
    ) -> Intent:
        """The commit of the last outcome, with the notice of what went in; ``missing`` was not sent."""
        line = self._line

        def work(connection: sqlite3.Connection) -> Intent:
            line.write_reply(connection, sent)
            intent = settle(connection, line.clock, sent)
            standing = [i for i in (*others, intent) if i.state in SETTLED]
            if standing:
                outbox.put(connection, line.clock, entry_notice(standing, logic))
            if others and intent.state is S.REJECTED and others[0].state in SETTLED:
                outbox.put(connection, line.clock, half_notice(others[0], intent))
            if missing is not None and intent.state in SETTLED:
                outbox.put(connection, line.clock, half_notice(intent, missing))
            return intent

        intent = await self._stored(sent, work)
        await self._after(sent, intent)
        for one in (*others, intent):
            await self._updates.ensure(one.deal_ticket)
        return intent

    async def _stored(self, sent: Sent, work: Callable[[sqlite3.Connection], T]) -> T:
        """Commit an outcome; when that fails the broker still has the order, so it is looked up later."""
        try:
            return await self._line.executor.run(work)
        except StorageError:
            self._lookup.schedule(sent.intent.intent_id)
            raise

    async def _after(self, sent: Sent, intent: Intent) -> None:
        self._line.risk.forget_account()
        if sent.kind is ReplyClass.UNKNOWN or intent.state in (S.UNKNOWN, S.PLACED):
            self._lookup.schedule(intent.intent_id, ended=sent.ended)
        if sent.reply is not None and sent.reply.retcode in BREAKER_CODES:
            await self._line.control.trip(f"the broker answered {sent.message}")

    async def _send(self, ctx: CallContext, intent: Intent) -> Sent:
        async def fits(again: Intent) -> str:
            if self._line.clock.now_ns() - self._since(ctx) > self._max_age_ns:
                return EXPIRED
            return await self._fits(ctx, again)

        return await self._line.send(intent, fits)

    async def _fits(self, ctx: CallContext, intent: Intent) -> str:
        request = PlaceRequest(
            method="", symbol=intent.symbol, side=intent.side, price=intent.price,
            legs=(Leg(name=intent.leg, sl=intent.sl, tp=intent.tp, lots=intent.lots),),
        )  # fmt: skip
        plugin = attrs.evolve(ctx.plugin, capabilities=ctx.plugin.capabilities | {""})
        facts = await self.facts.market(attrs.evolve(ctx, plugin=plugin), intent.symbol)
        return judge_again(request, facts).code

    async def _late_reason(self, ctx: CallContext, second: Intent, first: Intent | None) -> str:
        if first is None or first.state not in HOLDING:
            return UNRESOLVED if first is None else first.reason or UNRESOLVED
        return await self._fits(ctx, second)

    def _to_sending(self, connection: sqlite3.Connection, one: str) -> Intent:
        intent = intent_rows.move(connection, self._line.clock, one, S.SENDING)
        self._line.write_request(connection, intent)
        return intent

    def _deny(
        self, connection: sqlite3.Connection, second: Intent, first: Intent | None, reason: str
    ) -> Intent:
        denied = intent_rows.move(
            connection, self._line.clock, second.intent_id, S.DENIED, reason=reason or UNRESOLVED
        )
        if first is not None and (first.state in SETTLED or denied.reason == EXPIRED):
            outbox.put(connection, self._line.clock, half_notice(first, denied))
        return denied

    def _deny_late(
        self, connection: sqlite3.Connection, second: Intent, first: Intent | None, reason: str
    ) -> None:
        """The plugin was told that the leg's outcome is open: it hears that nothing comes of it."""
        denied = self._deny(connection, second, first, reason)
        update = update_of(denied, UpdateKind.REJECTED, self._line.clock.now_ns(), denied.reason)
        self._updates.emit(connection, update)


def _same_request(known: list[Intent], ids: Sequence[str]) -> None:
    if len(known) != len(ids):
        raise BadArgument(
            f"Alert {known[0].alert_key} has placed leg {known[0].leg} in another request.",
            "Give each request of one alert its own key=.",
        )


def _pair(connection: sqlite3.Connection, second: Intent) -> tuple[Intent, Intent | None]:
    """Both legs as they stand; a trade is named after its first leg."""
    first = None if second.group == second.intent_id else intent_rows.get(connection, second.group)
    return intent_rows.get(connection, second.intent_id) or second, first
