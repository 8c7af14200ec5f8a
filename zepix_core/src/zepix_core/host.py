"""The host: what is started in which order, what hangs on what, and how it stops."""

import asyncio
import gc
import logging
import os
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import attrs
import msgspec
from packaging.utils import canonicalize_name

import zepix_core
from zepix_core.broker.choice import choose_broker
from zepix_core.broker.port import Broker
from zepix_core.clock import Clock, SystemClock
from zepix_core.config.atomic import write_atomic
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import plugin_values, remember_plugins
from zepix_core.config.secrets import environment
from zepix_core.config.settings import HostSettings
from zepix_core.errors import BrokerOffline, PluginError, StorageError, UsageError, ZepixError
from zepix_core.inbox.loop import InboxLoop
from zepix_core.inbox.prices import AlertPrices
from zepix_core.inbox.store import InboxStore
from zepix_core.journal import events
from zepix_core.journal.feed import UpdateFeed
from zepix_core.journal.listing import open_by_book
from zepix_core.journal.opening import has_wal_defect, open_journal, prepare_journal
from zepix_core.journal.orders import OrderDesk, account_key, core_context
from zepix_core.journal.reconcile import Reconciler
from zepix_core.journal.recovery import recover
from zepix_core.journal.reports import Reports
from zepix_core.journal.service_desk import ServiceDesk
from zepix_core.journal.wakes import Wakes
from zepix_core.lifeline import Lifeline
from zepix_core.model.host import HostOptions, HostState, PluginRow
from zepix_core.model.limits import ACCOUNT, LimitRow
from zepix_core.model.order import CloseResult, TradeUpdate
from zepix_core.model.report import Report
from zepix_core.model.shadow import ShadowSwitch, shadow_switch
from zepix_core.model.wake import Wake
from zepix_core.plugins.development import develop
from zepix_core.plugins.fleet import TRACE
from zepix_core.plugins.implementation import HookMetrics
from zepix_core.plugins.manager import PluginHost
from zepix_core.plugins.record import notifications_of, write_event, write_switch
from zepix_core.plugins.rows import plugin_row, remembered_row
from zepix_core.plugins.states import EventKind, PluginEvent
from zepix_core.services.calls import BY_PRICE, CloseRequest
from zepix_core.services.context import CallContext
from zepix_core.services.facts import PluginFacts
from zepix_core.storage.executor import Executor
from zepix_core.watchdog import Watchdog

log = logging.getLogger(__name__)

PLUGIN_SECONDS = 5.0
BROKER_SECONDS = 10.0
GATEWAY_SECONDS = 3.0
FACE_SECONDS = 1.0
WATCH_SECONDS = 1.0
PROBE_SECONDS = 4.0
UNWRITABLE = "the journal cannot be written"


class Face(Protocol):
    """What the host asks of its faces (`zepix_core.web.view.Face`)."""

    name: str

    @property
    def port(self) -> int | None: ...

    async def start(self, host: Any) -> None: ...

    def announce(self, ready: bool) -> None: ...

    async def stop(self) -> None: ...


class Host:
    """One home, running. Starting is recovering: there is no other way in.

    Args:
        home: A prepared home, held by this process.
        settings: The settings in force.
        broker: Another adapter of the broker port, for tests and replay; it is started and stopped here.
        same_thread: Write databases on the loop's own thread (simulator, replay).
        paths: More folders with installed plugin distributions.
    """

    def __init__(
        self,
        home: Home,
        settings: HostSettings,
        *,
        clock: Clock | None = None,
        options: HostOptions | None = None,
        faces: tuple[Face, ...] = (),
        broker: Broker | None = None,
        same_thread: bool = False,
        paths: tuple[str, ...] = (),
    ) -> None:
        self.home, self.settings = home, settings
        self.clock: Clock = clock or SystemClock()
        self.options = options or HostOptions()
        self.boot = secrets.token_hex(8)
        self._faces = faces
        self._same_thread = same_thread
        self._started_ns, self._started = self.clock.now_ns(), self.clock.monotonic()
        self._ready = False
        self._phase = "starting"
        self._link = False
        self.life = Lifeline()
        self._desk_ready = asyncio.Event()
        self._watchdog = Watchdog()
        self.journal: Executor = open_journal(home.journal_db, same_thread)
        self.broker: Broker = broker or choose_broker(
            settings.broker,
            home.data,
            settings.paper,
            settings.symbol_config,
            self.clock,
            live=settings.live,
            inline=self.options.inline,
            same_thread=same_thread,
        )
        self.plugins = PluginHost(
            home,
            lambda: self.settings,
            self.clock,
            self,
            read_config=lambda plugin: plugin_values(home, plugin, environment(home.env)),
            on_event=self._plugin_event,
            inline=self.options.inline,
            boot=self.boot,
            paths=(*self._developed(), *paths),
            same_thread=same_thread,
        )
        self.store = InboxStore(
            self.journal, self.clock, settings.inbox, self.plugins, strict=settings.webhook.strict_alerts
        )
        self.feed = UpdateFeed(self.journal, self.clock, self._tell_plugin, self._takes_updates)
        self.wakes = Wakes(self.journal, self.clock, self.feed.wake)
        self._reports = Reports(self.journal, self.clock)
        self._prices = AlertPrices(self._observe)
        self.desk: OrderDesk
        self.services: ServiceDesk
        self.loop: InboxLoop
        self._reconciler: Reconciler

    # Life.

    async def run(self) -> int:
        """Start, serve until told to stop, stop in order; the exit code."""
        self.life.catch_signals()
        try:
            await self.life.unless_told(self.start())
            self._watchdog.guard()
            await self.life.stopping.wait()
        finally:
            await self.stop()
        return self.life.exit_code

    def request_stop(self) -> None:
        """Stop in order; a second time: skip what is waited for."""
        self.life.request_stop()

    async def start(self) -> None:
        """Listen (answering 503), recover, then take alerts.

        Raises:
            SettingsError: A port, the account or the journal cannot be used.
        """
        if self.options.trace_hooks:
            logging.getLogger(TRACE).setLevel(logging.DEBUG)
        await prepare_journal(self.journal, self.clock, self._start_facts())
        self.loop = InboxLoop(
            self.journal,
            self.clock,
            self.boot,
            self.settings.inbox,
            self.plugins,
            self._prices,
            self._hurry,
        )
        self.loop.crashed.add_done_callback(self._crashed)
        self.loop.on_heartbeat = self._watchdog.beat
        for face in self._faces:
            await face.start(self)
        self._write_ports()
        await self._reports.load()
        workers = asyncio.create_task(self.plugins.start())
        try:
            await self._open_account()
            await workers
        finally:
            # A plugin's on_start may wait for an account that will not open.
            workers.cancel()
            await asyncio.gather(workers, return_exceptions=True)
        await self._remember_plugins()
        await self.feed.start()
        await self.loop.start(held=not self.desk.line.link)
        if not self.desk.line.link:
            self.life.spawn(self._link_back())
        # What was imported stays: collections need not look at it again, and answers need not wait for that.
        gc.collect()
        gc.freeze()
        self._phase = "running"
        self._set_ready(True)
        self._watchdog.ready()
        log.info("ready", extra={"fields": {"boot": self.boot, "sqlite": sqlite3.sqlite_version}})

    async def stop(self) -> None:
        """No new alerts, then plugins, broker, faces, journal; open positions stay with their stops."""
        self._phase, life = "stopping", self.life
        self._watchdog.stopping()
        self._set_ready(False)
        began = self.clock.monotonic()
        if hasattr(self, "loop"):
            await life.at_most(
                PLUGIN_SECONDS + 1.0, self.loop.drain(PLUGIN_SECONDS, life.hurry), patient=True
            )
        await life.at_most(1.0, self.feed.stop())
        if hasattr(self, "desk"):
            await life.at_most(BROKER_SECONDS, self.desk.stop())
        for face in reversed(self._faces):
            await life.at_most(FACE_SECONDS, face.stop(), patient=True)
        spent = self.clock.monotonic() - began + (PLUGIN_SECONDS if life.hurry.is_set() else 0.0)
        grace = max(0.5, PLUGIN_SECONDS - spent)
        await life.at_most(2 * grace + 1.5, self.plugins.stop(grace), patient=True)
        await life.at_most(GATEWAY_SECONDS, self.broker.stop(), patient=True)
        await life.end_tasks()
        with suppress(ZepixError):
            await self.journal.run(partial(self._note, "stop", {"boot": self.boot, "exit": life.exit_code}))
        await self.journal.close()
        with suppress(OSError, msgspec.DecodeError):
            if msgspec.json.decode(self.home.ports_file.read_bytes()).get("pid") == os.getpid():
                self.home.ports_file.unlink()

    # What faces ask.

    def state(self) -> HostState:
        """How the host stands now."""
        ports = {face.name: face.port for face in self._faces if face.port is not None}
        control = self.desk.control.state if hasattr(self, "desk") else None
        return HostState(
            version=zepix_core.__version__,
            pid=os.getpid(),
            ready=self._ready and self.store.healthy,
            reason=self._phase if not self._ready else UNWRITABLE if self.store.failure else "",
            started_ns=self._started_ns,
            uptime_seconds=self.clock.monotonic() - self._started,
            paused=control.paused if control is not None else False,
            panic=control.panic if control is not None else "",
            why=control.why if control is not None else "",
            closing=control.closing if control is not None else False,
            broker=self.settings.broker,
            broker_connected=self._link,
            waiting=self.loop.waiting if hasattr(self, "loop") else 0,
            webhook_port=ports.get("webhook", 0),
            api_port=ports.get("api", 0),
            profile=self.settings.profile,
            inline=self.options.inline,
            storage=self.store.failure,
            storage_since_ns=self.store.failed_ns,
            boot=self.boot,
        )

    def plugin_rows(self) -> tuple[PluginRow, ...]:
        """Every plugin known, those that failed included."""
        return tuple(plugin_row(status) for status in self.plugins.statuses())

    def hook_metrics(self) -> tuple[HookMetrics, ...]:
        """How the hooks of the plugins went."""
        return self.plugins.hook_metrics()

    def reports(self) -> tuple[Report, ...]:
        """What plugins report of themselves; those of a plugin that is switched off wait until it runs."""
        off = {row.id for row in self.plugin_rows() if not row.enabled}
        return tuple(report for report in self._reports.now() if report.plugin not in off)

    def heads(self) -> frozenset[str]:
        """Heads of pipe text that some plugin takes."""
        return self.plugins.heads()

    def alert_stored(self) -> None:
        """An alert was committed."""
        self.loop.wake()

    async def close_position(self, ticket: int, actor: str) -> CloseResult:
        """Close one position fully, whoever opened it."""
        context = core_context(f"close:{actor}:{ticket}:{self.clock.now_ns()}")
        return await self._the_desk().close(context, CloseRequest(ticket=ticket, reason="Manual"))

    async def pause(self, actor: str) -> None:
        """Let no entry through until `resume`."""
        await self._the_desk().pause(actor)

    async def resume(self, actor: str, confirmed: bool = False) -> None:
        """Let entries through again; a lock ends only when that is ``confirmed``."""
        await self._the_desk().control.resume(actor, confirmed)

    async def limits(self) -> tuple[LimitRow, ...]:
        """Every loss limit as it stands; none while the account cannot be read."""
        return await self._the_desk().risk.rows()

    async def reset_limit(self, which: str, scope: str, actor: str) -> float:
        """Lift a limit: losses until now count no more. Returns what they were."""
        if scope != ACCOUNT and scope not in {row.id for row in self.plugin_rows()}:
            raise UsageError(f"There is no plugin {scope}.", "See `zepix plugins list`.")
        return await self._the_desk().risk.reset(which, scope, actor)

    async def panic(self, level: str, actor: str) -> tuple[CloseResult, ...]:
        """Stop entries; ``flatten`` and ``lock`` close every position of ours too."""
        return await self._the_desk().panic(level, actor)

    async def switch_plugin(self, name: str, enabled: bool, actor: str) -> tuple[PluginRow, ...]:
        """Let a plugin, or all plugins of a distribution, run or run no more."""
        if enabled:
            await self.plugins.enable(name)
        else:
            for plugin in [row.id for row in self._rows_of(name)] or [name]:
                self.plugins.disable(plugin)
        await self.journal.run(
            partial(
                self._note, "plugin", {"what": "enable" if enabled else "disable", "name": name, "by": actor}
            )
        )
        await self._remember_plugins()
        return self._rows_of(name)

    async def shadow_plugin(self, name: str, on: bool, actor: str) -> ShadowSwitch:
        """Switch a plugin's shadow mode: written into its settings file, and in force for its next entry."""
        await self.plugins.switch_shadow(name, on)
        facts = {"what": "shadow_on" if on else "shadow_off", "name": name, "by": actor}
        await self.journal.run(partial(write_switch, clock=self.clock, facts=facts))
        await self._remember_plugins()
        live, shadow = await self.journal.read(partial(open_by_book, plugin=name))
        return shadow_switch(name, on, live, shadow)

    async def call(self, context: CallContext, name: str, payload: Any) -> Any:
        """Answer a plugin's call; those made before the account is open wait for it."""
        await self._desk_ready.wait()
        if context.alert is not None and name in BY_PRICE:
            # Orders that exist are named by ticket: whoever changes one acts on the alert.
            await self._prices.take(context.alert, getattr(payload, "symbol", None))
        return await self.services.call(context, name, payload)

    # Parts.

    def _traders(self) -> tuple[PluginFacts, ...]:
        return tuple(self.plugins.facts(status.id) for status in self.plugins.statuses())

    def _rows_of(self, name: str) -> tuple[PluginRow, ...]:
        """The plugin of that id, or those of the distribution that a person may call so."""
        distribution = canonicalize_name(name)
        return tuple(row for row in self.plugin_rows() if row.id == name or row.distribution == distribution)

    async def _remember_plugins(self) -> None:
        remember_plugins(self.home, (remembered_row(status) for status in self.plugins.statuses()))
        await self._reports.keep({record.id for record in self.plugins.book})

    def _takes_updates(self, plugin: str) -> bool:
        try:
            return self.plugins.callable(plugin)
        except PluginError:
            return False  # not installed now; what waits for it is kept

    async def _tell_plugin(self, plugin: str, told: TradeUpdate | Wake) -> None:
        if isinstance(told, Wake):
            # A price that was reached waits behind no entry, either.
            self._hurry(plugin)
            await self.plugins.wake(plugin, told)
        else:
            await self.plugins.update(plugin, told)

    def _hurry(self, plugin: str) -> None:
        if hasattr(self, "desk"):
            self.desk.hurry(plugin)

    def _developed(self) -> tuple[str, ...]:
        source = self.options.plugin_dev
        return (develop(Path(source), self.home.data),) if source else ()

    async def _open_account(self) -> None:
        hello = await self.broker.start()
        self._link = True
        desk = OrderDesk(
            self.journal, self.broker, self.clock, self.settings.trading, account_key(hello.account)
        )
        desk.take_hello(hello, any_tick_age=self.settings.broker == "paper")
        desk.updates.listen(self.feed.wake)
        desk.risk.plugins = self._traders
        self.broker.on_link(self._linked)
        await self.wakes.load()
        self.broker.on_ticks(self.plugins.ticks)
        self.broker.on_ticks(self.wakes.ticks)
        reconciler = Reconciler(desk)
        if self.options.safe:
            desk.control.hold("--safe")
        await recover(desk, hello, reconciler)
        self.desk, self._reconciler = desk, reconciler
        self.services = ServiceDesk(desk, self.wakes, self._reports)
        self._desk_ready.set()
        self.life.vital(reconciler.run(), "the comparing of the books")
        self.life.vital(self.wakes.run(), "the waking of plugins")
        self.life.vital(self._watch(), "the watch")

    async def _observe(self, symbol: str, price: float) -> None:
        with suppress(BrokerOffline):
            await self.broker.observe(symbol, price)

    def _linked(self, up: bool) -> None:
        self._link = up
        if not up:
            self.loop.hold()
            return
        self.life.spawn(self._link_back())

    async def _link_back(self) -> None:
        """Compare the books before the next order, however often it takes."""
        await self._desk_ready.wait()
        while self._link:
            if await self._reconciler.when_back():
                self.loop.release()
                return
            await self.clock.sleep(WATCH_SECONDS)

    async def _watch(self) -> None:
        """Look at the clock every second, and whether the journal can be written at all."""
        while True:
            await self.clock.sleep(WATCH_SECONDS)
            if not self.journal.alive:
                raise StorageError(f"the writer of {self.home.journal_db} has ended.")
            try:
                await self.desk.line.look_at_clock()
                await self.desk.risk.look()
                if not self.store.healthy:
                    await self.clock.sleep(PROBE_SECONDS)
                    await self.store.probe()
            except StorageError as error:
                log.error("the journal could not be used: %s", error)
                await self._try_writing()

    async def _try_writing(self) -> None:
        """What went wrong may have been a read: alerts are refused only while nothing can be written."""
        try:
            await self.store.probe()
        except StorageError as error:
            self.store.note_health(error)

    # Small things.

    def _the_desk(self) -> OrderDesk:
        if not hasattr(self, "desk"):
            raise BrokerOffline("The host is still opening its account.", "Try again in a moment.")
        return self.desk

    def _set_ready(self, ready: bool) -> None:
        self._ready = ready
        for face in self._faces:
            face.announce(ready)

    def _write_ports(self) -> None:
        ports: dict[str, Any] = {face.name: face.port for face in self._faces if face.port is not None}
        write_atomic(self.home.ports_file, msgspec.json.encode({**ports, "pid": os.getpid()}).decode())

    def _start_facts(self) -> dict[str, Any]:
        return {
            "boot": self.boot,
            "version": zepix_core.__version__,
            "sqlite": sqlite3.sqlite_version,
            "sqlite_wal_defect": has_wal_defect(),
            "profile": self.settings.profile,
            "options": attrs.asdict(self.options),
        }

    def _note(self, kind: str, facts: dict[str, Any], connection: sqlite3.Connection) -> None:
        events.append(connection, self.clock, kind, facts)

    async def _write_event(self, event: PluginEvent, notifications: Mapping[str, Any] | None) -> None:
        work = partial(write_event, clock=self.clock, event=event, notifications=notifications)
        try:
            await self.journal.run(work)
        except (StorageError, sqlite3.Error) as error:
            log.error("what became of %s was not written: %s", event.plugin or event.distribution, error)

    def _plugin_event(self, event: PluginEvent) -> None:
        if event.plugin and event.kind in (EventKind.LOADED, EventKind.ENABLED) and self._ready:
            self.feed.wake(event.plugin)
        # Looked up here: the book of plugins is the loop's, and the writer has a thread of its own.
        self.life.spawn(self._write_event(event, notifications_of(self.plugins.statuses(), event)))

    def _crashed(self, crashed: "asyncio.Future[None]") -> None:
        if not crashed.cancelled() and (error := crashed.exception()) is not None:
            self.life.fail("the inbox loop", error)
