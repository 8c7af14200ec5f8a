"""One plugin's queue: its alerts go to it strictly one at a time, in order."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from functools import partial

import attrs
import msgspec

from zepix_core.clock import NS, Clock
from zepix_core.config.inbox import InboxSettings
from zepix_core.errors import PluginError, StorageError, WorkerDied
from zepix_core.inbox import rows
from zepix_core.inbox.port import Plugins
from zepix_core.inbox.prices import AlertPrices
from zepix_core.inbox.rows import Delivery
from zepix_core.inbox.settlement import DeliveryState, Outcome, failure, one_line, outcome_of
from zepix_core.logs import bound
from zepix_core.model.decision import Decision
from zepix_core.storage.commit import T, Work
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
DECISION_LIMIT = 262_144
BAD_DECISION = "bad_decision"
DEATH_PAUSE_SECONDS = 0.5
STORAGE_PAUSE_SECONDS = 5.0
TAKEN = (DeliveryState.ACTED, DeliveryState.NOTHING)


@attrs.define(kw_only=True)
class Desk:
    """What every mailbox needs to ask its plugin and to write down what came of it.

    Attributes:
        boot: Name of this run of the host; it stands on every claim.
        open: Set while plugins may be asked.
        prices: Keeps the price an alert names until a plugin takes the alert; ``None``: nobody wants it.
        hurry: Told of a plugin for which an exit has come; must not block.
    """

    executor: Executor
    clock: Clock
    boot: str
    plugins: Plugins
    settings: InboxSettings
    prices: AlertPrices | None = None
    hurry: Callable[[str], None] = lambda _: None
    open: asyncio.Event = attrs.field(factory=asyncio.Event)

    @property
    def max_age_ns(self) -> int:
        """Age at which an entry expires, nanoseconds."""
        return round(self.settings.max_age_seconds * NS)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` until it is committed: a full disk delays, it does not lose an answer."""
        while True:
            try:
                return await self.executor.run(work)
            except (StorageError, sqlite3.Error):
                log.exception("the inbox could not be written; trying again")
                await self.clock.sleep(STORAGE_PAUSE_SECONDS)

    def refusal(self, delivery: Delivery) -> Outcome | None:
        """Why the plugin is not asked now, or ``None``."""
        alert = delivery.alert
        routes = self.plugins.routes(alert.kind, alert.timeframe)
        available = any(route.plugin == delivery.plugin for route in routes)
        return rows.refusal(delivery, available, self.clock.now_ns(), self.max_age_ns)

    async def ask(self, delivery: Delivery) -> tuple[Outcome, str | None]:
        """The plugin's decision as an outcome and as JSON.

        Raises:
            WorkerDied: The worker ended meanwhile.
        """
        try:
            decision = await self.plugins.deliver(delivery.plugin, delivery.alert)
            return outcome_of(decision), _text(decision)
        except WorkerDied:
            raise
        except PluginError as error:
            log.warning("the plugin failed: %s", error)
            return failure(error), None
        except Exception as error:
            log.exception("asking the plugin failed")
            text = one_line(f"{type(error).__name__}: {error}")
            return Outcome(DeliveryState.FAILED, "internal_error", text), None


def _text(decision: Decision) -> str:
    try:
        data = msgspec.json.encode(decision)
    except (TypeError, ValueError) as error:
        raise PluginError(f"The decision cannot be stored: {error}.", code=BAD_DECISION) from error
    if len(data) > DECISION_LIMIT:
        raise PluginError(
            f"The decision has {len(data)} bytes, more than {DECISION_LIMIT}.", code=BAD_DECISION
        )
    return data.decode()


@attrs.frozen
class _Queued:
    delivery: Delivery
    after: asyncio.Event | None
    ended: asyncio.Event


class Mailbox:
    """The queue of one plugin and the task that empties it.

    Attributes:
        last: Set once the delivery that was queued last has ended; ``None`` before the first.
    """

    def __init__(self, desk: Desk, finished: Callable[[Delivery], None]) -> None:
        self._desk = desk
        self._finished = finished
        self.last: asyncio.Event | None = None
        self._queue: asyncio.Queue[_Queued] = asyncio.Queue()
        self._busy = self._asking = self._closing = False
        self.task = asyncio.get_running_loop().create_task(self._work())

    @property
    def idle(self) -> bool:
        """Nothing is being asked and nothing waits."""
        return not self._busy and self._queue.empty()

    def put(self, delivery: Delivery, after: asyncio.Event | None = None) -> None:
        """Queue a delivery behind those already there; it is asked about once ``after`` is set, too."""
        self.last = asyncio.Event()
        self._queue.put_nowait(_Queued(delivery, after, self.last))
        if delivery.is_exit:
            self._desk.hurry(delivery.plugin)

    async def close(self) -> None:
        """Finish the question under way, leave the rest; cancelling this gives up the question too."""
        self._closing = True
        if not self._asking:
            self.task.cancel()
        try:
            await asyncio.wait([self.task])
        finally:
            self.task.cancel()

    async def _work(self) -> None:
        while not self._closing:
            queued = await self._queue.get()
            self._busy = True
            if queued.after is not None:
                await queued.after.wait()
            delivery = queued.delivery
            with bound(alert_id=delivery.alert.id, plugin=delivery.plugin):
                if await self._handle(delivery):
                    queued.ended.set()
                    self._finished(delivery)
            self._busy = False

    async def _handle(self, delivery: Delivery) -> bool:
        """Bring a delivery to its end; ``False`` when the host stops before that."""
        desk = self._desk
        while not self._closing:
            await desk.open.wait()
            outcome, decision = desk.refusal(delivery), None
            if outcome is None:
                self._asking = True
                try:
                    outcome, decision = await self._ask(delivery)
                except WorkerDied as death:
                    outcome = await self._death(delivery, death)
                finally:
                    self._asking = False
            if outcome is not None:
                self._asking = True
                await desk.write(
                    partial(
                        rows.finish, clock=desk.clock, delivery=delivery, outcome=outcome, decision=decision
                    )
                )
                self._asking = False
                log.info("answered: %s%s", outcome.state, f" ({outcome.reason})" if outcome.reason else "")
                return True
            await desk.clock.sleep(DEATH_PAUSE_SECONDS * delivery.tries)
        return False

    async def _ask(self, delivery: Delivery) -> tuple[Outcome, str | None]:
        desk = self._desk
        if not delivery.started:
            await desk.write(partial(rows.start, clock=desk.clock, boot=desk.boot, delivery=delivery))
            delivery.started = True
        if desk.prices is None or delivery.feed == delivery.plugin:
            # That a group takes notice of an alert is no deal: its price moves nothing.
            return await desk.ask(delivery)
        desk.prices.remember(delivery.alert, delivery.price)
        answer = await desk.ask(delivery)
        if answer[0].state in TAKEN:
            await desk.prices.take(delivery.alert)
        return answer

    async def _death(self, delivery: Delivery, death: WorkerDied) -> Outcome | None:
        """Count a death of the worker; after the last one the delivery has failed."""
        desk = self._desk
        told = failure(death)
        await desk.write(partial(rows.died, clock=desk.clock, delivery=delivery, outcome=told))
        delivery.tries += 1
        delivery.started = False
        log.warning("the worker died, try %s of %s: %s", delivery.tries, rows.MAX_DEATHS, death)
        return told if delivery.tries >= rows.MAX_DEATHS else None
