"""What plugins ask of a running host, and what they are told."""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from zepix_core.broker.port import Broker
from zepix_core.clock import Clock
from zepix_core.errors import BrokerOffline, PluginError, StorageError
from zepix_core.inbox.prices import AlertPrices
from zepix_core.journal.feed import UpdateFeed
from zepix_core.journal.orders import OrderDesk
from zepix_core.journal.service_desk import ServiceDesk
from zepix_core.journal.storage_guard import StorageGuard
from zepix_core.lifeline import Lifeline
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake
from zepix_core.plugins.manager import PluginHost
from zepix_core.plugins.record import notifications_of, write_event
from zepix_core.plugins.states import EventKind, PluginEvent
from zepix_core.services.calls import BY_PRICE
from zepix_core.services.context import CallContext
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)


class PluginDesk:
    """Answers the calls of plugins and hands them their updates; the host puts in what exists later only.

    Attributes:
        plugins: The plugins themselves.
        prices: What alerts say of prices, passed on to the broker.
        running: The host takes alerts.
    """

    plugins: PluginHost

    def __init__(
        self, journal: Executor, broker: Broker, clock: Clock, life: Lifeline, guard: StorageGuard
    ) -> None:
        self.prices = AlertPrices(self._observe)
        self.feed = UpdateFeed(journal, clock, self._tell, self._takes_updates)
        self.running = False
        self._journal, self._broker, self._clock, self._life = journal, broker, clock, life
        self._guard = guard
        self._desk: OrderDesk | None = None
        self._services: ServiceDesk
        self._open = asyncio.Event()

    def open(self, desk: OrderDesk, services: ServiceDesk) -> None:
        """The account is open: answer what waits for it."""
        self._desk, self._services = desk, services
        self._open.set()

    async def opened(self) -> None:
        """Return once the account is open."""
        await self._open.wait()

    async def call(self, context: CallContext, name: str, payload: Any) -> Any:
        """Answer a plugin's call; those made before the account is open wait for it."""
        await self._open.wait()
        if context.alert is not None and name in BY_PRICE:
            # Orders that exist are named by ticket: whoever changes one acts on the alert.
            await self.prices.take(context.alert, getattr(payload, "symbol", None))
        return await self._services.call(context, name, payload)

    def hurry(self, plugin: str) -> None:
        """What the plugin does now waits behind no entry."""
        if self._desk is not None:
            self._desk.hurry(plugin)

    def happened(self, event: PluginEvent) -> None:
        """Write down what became of a plugin; one that runs now gets what waited for it."""
        if event.storage is not None:
            self._guard.note(event.storage)
            return
        if event.kind is EventKind.LOADED:
            self._guard.forget(event.plugin)
        if event.plugin and event.kind in (EventKind.LOADED, EventKind.ENABLED) and self.running:
            self.feed.wake(event.plugin)
        # Looked up here: the book of plugins is the loop's, and the writer has a thread of its own.
        self._life.spawn(self._write(event, notifications_of(self.plugins.statuses(), event)))

    async def _write(self, event: PluginEvent, notifications: Mapping[str, Any] | None) -> None:
        work = partial(write_event, clock=self._clock, event=event, notifications=notifications)
        try:
            await self._journal.run(work)
        except (StorageError, sqlite3.Error) as error:
            log.error("what became of %s was not written: %s", event.plugin or event.distribution, error)

    def _takes_updates(self, plugin: str) -> bool:
        try:
            return self.plugins.callable(plugin)
        except PluginError:
            return False  # not installed now; what waits for it is kept

    async def _tell(self, plugin: str, told: TradeUpdate | Wake) -> None:
        if isinstance(told, Wake):
            # A price that was reached waits behind no entry, either.
            self.hurry(plugin)
            await self.plugins.wake(plugin, told)
        else:
            await self.plugins.update(plugin, told)

    async def _observe(self, symbol: str, price: float) -> None:
        with suppress(BrokerOffline):
            await self._broker.observe(symbol, price)
