"""The inbox loop: alerts in order of arrival, each to every plugin that takes it, each ended exactly once."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from zepix_core.clock import Clock
from zepix_core.config.inbox import InboxSettings
from zepix_core.errors import StorageError
from zepix_core.inbox import rows
from zepix_core.inbox.mailbox import STORAGE_PAUSE_SECONDS, Desk, Mailbox
from zepix_core.inbox.port import Plugins
from zepix_core.inbox.prices import AlertPrices
from zepix_core.inbox.rows import Claims, Delivery, Plan, Waiting
from zepix_core.model.alert import AlertClass
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
CLAIM_BATCH = 64
LOOK_AHEAD = 1000
IDLE_SECONDS = 5.0


class InboxLoop:
    """Claims alerts, hands them to the plugins' mailboxes, and ends each in one state with a reason.

    Args:
        executor: Runs work on ``journal.db``.
        boot: Name of this run of the host, another one at each start.
        prices: Keeps the prices that alerts name and passes on those of alerts that a plugin takes.

    Attributes:
        heartbeat: Grows each time the loop has touched the database, at least every 5 s while all is well.
        on_heartbeat: Called whenever the database answered, if only with an error; never blocks.
        crashed: A future that gets the exception when the loop or a mailbox ends by a fault of ours.
    """

    def __init__(
        self,
        executor: Executor,
        clock: Clock,
        boot: str,
        settings: InboxSettings,
        plugins: Plugins,
        prices: AlertPrices | None = None,
        hurry: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.heartbeat = 0
        self.on_heartbeat: Callable[[], None] | None = None
        self.crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._desk = Desk(
            executor=executor,
            clock=clock,
            boot=boot,
            plugins=plugins,
            settings=settings,
            prices=prices,
            hurry=hurry,
        )
        self._mailboxes: dict[str, Mailbox] = {}
        self._held: Counter[int] = Counter()
        self._left_waiting = False
        self._in_doubt = False
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def settings(self) -> InboxSettings:
        """The settings in force; may be replaced while the loop runs."""
        return self._desk.settings

    @settings.setter
    def settings(self, settings: InboxSettings) -> None:
        self._desk.settings = settings

    @property
    def waiting(self) -> int:
        """Deliveries claimed and not finished."""
        return self._held.total()

    async def start(self, *, held: bool = False) -> None:
        """Give back what earlier boots claimed, then begin; ``held``: hand nothing out until `release`.

        Raises:
            StorageError: The journal cannot be written.
        """
        desk = self._desk
        await desk.executor.run(partial(rows.free, clock=desk.clock, boot=desk.boot))
        if not held:
            desk.open.set()
        self._task = self._watched(self._run())

    def wake(self) -> None:
        """New alerts are stored. Cheap; call it after every commit."""
        self._quiet.clear()
        self._wake.set()

    def hold(self) -> None:
        """Ask no plugin from now on (the gateway is away): alerts wait, entries expire meanwhile."""
        self._desk.open.clear()

    def release(self) -> None:
        """Ask again."""
        self._desk.open.set()
        self.wake()

    async def quiet(self) -> None:
        """Return when every alert stored before the last `wake` has its final state."""
        await self._quiet.wait()

    async def drain(self, deadline: float, hurry: asyncio.Event | None = None) -> None:
        """Stop: finish the questions under way within ``deadline`` seconds, give the rest back.

        ``hurry``: once it is set, nothing is waited for.
        """
        desk = self._desk
        if self._task is None:
            return  # it has claimed nothing; what earlier boots claimed is for `start`
        self._task.cancel()
        await asyncio.wait([self._task])
        boxes = list(self._mailboxes.values())
        if boxes:
            closing = asyncio.gather(*(box.close() for box in boxes))
            ends = () if hurry is None else (hurry.wait(),)
            await _first(closing, desk.clock.sleep(deadline), *ends)
            await asyncio.wait([box.task for box in boxes])
        self._mailboxes.clear()
        await desk.executor.run(rows.release)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                claimed = await self._claim()
            except (StorageError, sqlite3.Error):
                log.exception("the inbox could not be read; trying again")
                self._in_doubt = True
                self._beat()
                await self._desk.clock.sleep(STORAGE_PAUSE_SECONDS)
                continue
            self.heartbeat += 1
            self._beat()
            if claimed:
                continue
            self._note_quiet()
            await _first(self._wake.wait(), self._desk.clock.sleep(IDLE_SECONDS))

    def _beat(self) -> None:
        if self.on_heartbeat is not None:
            self.on_heartbeat()

    async def _claim(self) -> bool:
        """Claim what may be claimed; ``True`` when there was something."""
        desk = self._desk
        self._left_waiting = True
        if self._in_doubt:
            # A claim whose commit was said to have failed may stand all the same; nobody has what it claimed.
            await desk.executor.run(partial(rows.give_back, held=frozenset(self._held)))
            self._in_doubt = False
        limit = CLAIM_BATCH if desk.open.is_set() else LOOK_AHEAD
        waiting = await desk.executor.run(partial(rows.waiting, limit=limit))
        plans = [plan for alert in waiting if (plan := self._plan(alert)) is not None][:CLAIM_BATCH]
        if not plans:
            self._left_waiting = bool(waiting)
            return False
        claims = Claims(clock=desk.clock, boot=desk.boot, max_age_ns=desk.max_age_ns, idle=self._idle(plans))
        for delivery in await desk.executor.run(partial(rows.claim, claims=claims, plans=plans)):
            self._hand(delivery)
            self._held[delivery.alert.id] += 1
        return True

    def _plan(self, alert: Waiting) -> Plan | None:
        """Whom the alert goes to; while held only what no plugin has to be asked about is planned."""
        desk = self._desk
        routes = desk.plugins.routes(alert.kind, alert.timeframe)
        if not desk.open.is_set():
            expired = rows.is_expired(alert.received_ns, desk.clock.now_ns(), desk.max_age_ns)
            if any(not expired or route.alert_class is not AlertClass.ENTRY for route in routes):
                return None
        plugins = any(not route.is_feed for route in routes)
        absent = () if plugins else desk.plugins.absent(alert.kind, alert.timeframe)
        return Plan(alert_id=alert.id, routes=routes, absent=absent)

    def _idle(self, plans: list[Plan]) -> frozenset[str]:
        """Plugins that can be asked at once, so that one commit claims and starts."""
        if not self._desk.open.is_set():
            return frozenset()
        names = {name for plan in plans for route in plan.routes for name in (route.plugin, route.feed)}
        return frozenset(name for name in names if (box := self._mailboxes.get(name)) is None or box.idle)

    def _hand(self, delivery: Delivery) -> None:
        """Queue it; what its group's feed got until now comes first."""
        feed = self._mailboxes.get(delivery.feed) if delivery.feed != delivery.plugin else None
        self._mailbox(delivery.plugin).put(delivery, None if feed is None else feed.last)

    def _mailbox(self, plugin: str) -> Mailbox:
        box = self._mailboxes.get(plugin)
        if box is None:
            box = self._mailboxes[plugin] = Mailbox(self._desk, self._finished)
            box.task.add_done_callback(self._ended)
        return box

    def _finished(self, delivery: Delivery) -> None:
        self._held[delivery.alert.id] -= 1
        if not self._held[delivery.alert.id]:
            del self._held[delivery.alert.id]
        self._note_quiet()

    def _note_quiet(self) -> None:
        if not (self._held or self._left_waiting or self._wake.is_set()):
            self._quiet.set()

    def _watched(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or (error := task.exception()) is None or self.crashed.done():
            return
        log.critical("the inbox loop failed", exc_info=error)
        self.crashed.set_exception(error)


async def _first(*works: "Coroutine[Any, Any, Any] | asyncio.Future[Any]") -> None:
    """Wait until one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
