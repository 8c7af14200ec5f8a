"""The order line of one account: one request at a time goes to the broker, written down before and after."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from zepix_core.broker.port import Broker, GatewayEnded
from zepix_core.clock import Clock
from zepix_core.config.risk import TradingSettings
from zepix_core.errors import BrokerOffline, OutcomeUnknown, ZepixError
from zepix_core.journal import events, intent_rows, outbox
from zepix_core.journal.bars import BarCache
from zepix_core.journal.clock_watch import ClockWatch
from zepix_core.journal.control import Control
from zepix_core.journal.numbers import PluginNumber, known_number, number_of
from zepix_core.journal.quotes import Quotes
from zepix_core.journal.retcodes import (
    MOVED_PAUSE,
    MOVED_RETRIES,
    MOVED_WINDOW,
    WAITS,
    ReplyClass,
    classify,
)
from zepix_core.journal.risk import RiskBook
from zepix_core.journal.storage_guard import StorageGuard
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Action, Intent, IntentState, OrderReply, OrderRequest
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
OFFLINE = "BROKER_OFFLINE"
REJECT = "BROKER_REJECT"
UNRESOLVED = "UNRESOLVED"
PAUSED = "TRADING_PAUSED"
Fits = Callable[[Intent], Awaitable[str]]
Correct = Callable[["Sent"], Awaitable[float | None]]


@attrs.frozen(kw_only=True)
class Sent:
    """What came of sending an intent.

    Attributes:
        kind: Class of the last reply; ``None`` when the request was certainly not sent.
        code: ``""`` when done, else an outcome code.
        latency_ms: Of the last attempt.
        ended: The gateway ended in the middle of it, so that it may be executed later.
    """

    intent: Intent
    kind: ReplyClass | None
    code: str = ""
    message: str = ""
    reply: OrderReply | None = None
    latency_ms: float = 0.0
    ended: bool = False


class EntriesStopped(ZepixError):
    """No entry is let through now; the message says why."""


class Overtaken(ZepixError):
    """The books know what became of a request before it could be tried again."""


class OrderLine:
    """What everything that trades on this account shares.

    Attributes:
        link: The broker is there and the books were compared since it last came back.
        losses: How often it went away.
        ending: Set when the host ends: nothing more is opened, nothing new is written down.
        urgent: Set while a position has no stop: nothing on the line waits meanwhile.
        afterlife_seconds: See `GatewayHello.afterlife_seconds`.
    """

    def __init__(
        self, executor: Executor, broker: Broker, clock: Clock, settings: TradingSettings, account: str
    ) -> None:
        self.executor = executor
        self.broker = broker
        self.clock = clock
        self.settings = settings
        self.account = account
        self.lock = asyncio.Lock()
        self.link = True
        self.losses = 0
        self.ending = asyncio.Event()
        self.urgent = asyncio.Event()
        self.afterlife_seconds = 0.0
        self.quotes = Quotes(broker)
        self.bars = BarCache(broker, clock)
        self.control = Control(executor, clock)
        self.storage = StorageGuard(executor, clock)
        self.watch = ClockWatch(clock)
        self.risk = RiskBook(
            executor, broker, clock, self.quotes, lambda: self.settings, account, self.watch.moments
        )
        self.any_tick_age = False
        self.synthetic_prices = False
        self.hedging = True
        self._numbers: dict[str, PluginNumber] = {}

    async def number(self, plugin: str) -> PluginNumber:
        """Number and tag of a plugin, given at its first order."""
        if plugin not in self._numbers:
            # Read first: what is there already must not wait for a disk that is full.
            known = await self.executor.read(lambda connection: known_number(connection, plugin))
            if known is None:
                known = await self.executor.run(lambda connection: number_of(connection, plugin))
            self._numbers[plugin] = known
        return self._numbers[plugin]

    def why(self, plugin: str) -> str:
        """Why no entry of that plugin is let through, ``""`` when entries are."""
        return self.control.state.why or self.watch.why or self.storage.why(plugin)

    async def look_at_clock(self) -> None:
        """Notice a jump of wall time and write it down.

        Raises:
            StorageError: It could not be written; entries pause all the same.
        """
        seconds = self.watch.look()
        if not seconds:
            return
        log.warning("the clock jumped by %.3f s; entries pause, the trading day is in doubt", seconds)
        payload = {"seconds": round(seconds, 3)}
        text = (
            f"The clock jumped by {seconds:.1f} s: entries pause for a minute, and for a day losses count by "
            "the stricter day."
        )
        notice = Notice(type="clock_jump", priority=Priority.HIGH, text=text, data=payload, key="clock")

        def work(connection: sqlite3.Connection) -> None:
            events.append(connection, self.clock, "clock_jump", payload)
            outbox.put(connection, self.clock, notice)

        await self.executor.run(work)

    async def pause(self, seconds: float, *sooner: asyncio.Event) -> None:
        """Wait that long, or until the host ends or one of ``sooner`` is set."""
        waits = [
            asyncio.ensure_future(work)
            for work in (self.clock.sleep(seconds), self.ending.wait(), *(one.wait() for one in sooner))
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def write_request(self, connection: sqlite3.Connection, intent: Intent) -> None:
        """The event of a request that is about to be sent, in the commit that makes it `sending`.

        Raises:
            EntriesStopped: It is an entry, and entries were stopped since it was judged.
        """
        if intent.action is Action.OPEN and (why := self.why(intent.plugin)):
            raise EntriesStopped(why)
        payload = attrs.asdict(request_of(intent)) | {"attempt": intent.attempt}
        self._event(connection, "request", intent, payload)

    def write_reply(self, connection: sqlite3.Connection, sent: Sent) -> None:
        """The event of an answer, or of its absence."""
        payload: dict[str, Any] = {
            "class": "offline" if sent.kind is None else sent.kind.value,
            "code": sent.code,
            "latency_ms": sent.latency_ms,
            "attempt": sent.intent.attempt,
        }
        if sent.reply is not None:
            payload |= attrs.asdict(sent.reply)
        if sent.message:
            payload["message"] = sent.message
        self._event(connection, "reply", sent.intent, payload)

    async def send(
        self, intent: Intent, fits: Fits, correct: Correct | None = None, once: bool = False
    ) -> Sent:
        """Send an intent that is committed as `sending`; retries as its reply's class says.

        Every retry is a further attempt of the same intent, committed before it is sent. ``fits`` judges
        the market again before a retry and returns a refusal code or ``""``. What may have been executed
        is never sent again. ``correct`` names the volume, if any, for one more try of a wrong request.
        With ``once`` it is sent a single time: the caller has its own patience.
        """
        started, moved, waits, changes = self.clock.monotonic(), 0, 0, dict[str, Any]()
        while True:
            sent = await self._attempt(intent)
            _log(sent)
            spent = self.clock.monotonic() - started
            if once:
                return sent
            if sent.kind is ReplyClass.MOVED and moved < MOVED_RETRIES and spent + MOVED_PAUSE < MOVED_WINDOW:
                moved += 1
                if not await self._rest(intent, MOVED_PAUSE):
                    return sent
            elif sent.kind is ReplyClass.WAIT and waits < len(WAITS):
                if not await self._rest(intent, WAITS[waits] * _jitter(intent)):
                    return sent
                waits += 1
            elif sent.kind is ReplyClass.FIX and correct is not None and not changes:
                lots = await correct(sent)
                if lots is None:
                    return sent
                changes["lots"] = lots
            else:
                return sent
            code = await fits(intent)
            if code:
                return attrs.evolve(sent, kind=ReplyClass.STOP, code=code, message="the market moved on")
            try:
                intent = await self.executor.run(self._again(sent, changes))
            except Overtaken:
                return sent
            except EntriesStopped as stop:
                return attrs.evolve(sent, kind=ReplyClass.STOP, code=PAUSED, message=stop.message)

    async def _rest(self, intent: Intent, seconds: float) -> bool:
        """Wait before the next attempt; False for an entry that something more urgent stands behind."""
        await self.pause(seconds, self.urgent)
        return intent.action is not Action.OPEN or not (self.urgent.is_set() or self.ending.is_set())

    def _again(self, sent: Sent, changes: dict[str, Any]) -> Callable[[sqlite3.Connection], Intent]:
        def work(connection: sqlite3.Connection) -> Intent:
            present = intent_rows.get(connection, sent.intent.intent_id)
            if present is None or present.state is not IntentState.SENDING:
                raise Overtaken("What became of the request is known by other ways.")
            self.write_reply(connection, sent)
            intent = intent_rows.move(
                connection, self.clock, sent.intent.intent_id, IntentState.SENDING,
                attempt=sent.intent.attempt + 1, **changes,
            )  # fmt: skip
            self.write_request(connection, intent)
            return intent

        return work

    async def _attempt(self, intent: Intent) -> Sent:
        begun = self.clock.monotonic()
        try:
            reply = await self.broker.submit(request_of(intent))
        except BrokerOffline as error:
            return Sent(intent=intent, kind=None, code=OFFLINE, message=error.message)
        except OutcomeUnknown as error:
            lost = self._lost(intent, begun, error.message)
            return attrs.evolve(lost, ended=isinstance(error, GatewayEnded))
        except (ZepixError, OSError) as error:
            return self._lost(intent, begun, f"{type(error).__name__}: {error}")
        latency = round((self.clock.monotonic() - begun) * 1000, 3)
        kind = classify(reply.retcode, intent.action)
        code = {ReplyClass.DONE: "", ReplyClass.UNKNOWN: UNRESOLVED}.get(kind, REJECT)
        message = "" if kind is ReplyClass.DONE else f"{reply.retcode} {reply.comment}".strip()
        return Sent(intent=intent, kind=kind, code=code, message=message, reply=reply, latency_ms=latency)

    def _lost(self, intent: Intent, begun: float, message: str) -> Sent:
        latency = round((self.clock.monotonic() - begun) * 1000, 3)
        return Sent(
            intent=intent, kind=ReplyClass.UNKNOWN, code=UNRESOLVED, message=message, latency_ms=latency
        )

    def _event(
        self, connection: sqlite3.Connection, kind: str, intent: Intent, payload: dict[str, Any]
    ) -> None:
        events.append(
            connection, self.clock, kind, payload,
            alert_id=intent.alert_id, plugin=intent.plugin, intent_id=intent.intent_id,
        )  # fmt: skip


def request_of(intent: Intent) -> OrderRequest:
    """What the gateway is asked for an intent."""
    return OrderRequest(
        intent_id=intent.intent_id, action=intent.action, symbol=intent.symbol, side=intent.side,
        lots=intent.lots, price=intent.price, sl=intent.sl, tp=intent.tp, position=intent.position_id,
        magic=intent.magic, comment=intent.comment, book=intent.book,
    )  # fmt: skip


def _jitter(intent: Intent) -> float:
    """1.0 to 1.2, by the intent: legs that wait together do not come back together."""
    return 1.0 + sum(intent.intent_id.encode()) % 100 / 500


def _log(sent: Sent) -> None:
    intent = sent.intent
    facts = {"alert_id": intent.alert_id, "plugin": intent.plugin, "intent_id": intent.intent_id}
    what = f"{intent.action} {intent.side} {intent.lots:g} {intent.symbol} {intent.leg}"
    log.info("%s: %s", what, sent.message or sent.code or "done", extra={"fields": facts})
