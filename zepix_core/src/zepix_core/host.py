"""The host: what is started in which order, what hangs on what, and how it stops."""

import asyncio
import logging
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import attrs

import zepix_core
from zepix_core.broker.choice import choose_broker
from zepix_core.broker.port import Broker
from zepix_core.clock import Clock, SystemClock
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import plugin_values
from zepix_core.config.secrets import environment
from zepix_core.config.settings import HostSettings
from zepix_core.errors import StorageError, WireError, ZepixError
from zepix_core.front_desk import FrontDesk
from zepix_core.inbox.inline_deaths import charge
from zepix_core.inbox.loop import InboxLoop
from zepix_core.inbox.store import InboxStore
from zepix_core.journal import events
from zepix_core.journal.backups import DAY, HOUR, BackupPlan, Backups
from zepix_core.journal.keeper import RecordKeeper
from zepix_core.journal.opening import prepare_journal, require_journal
from zepix_core.journal.orders import OrderDesk, account_key
from zepix_core.journal.reconcile import Reconciler
from zepix_core.journal.recovery import recover
from zepix_core.journal.reports import Reports
from zepix_core.journal.service_desk import ServiceDesk
from zepix_core.journal.storage_guard import StorageGuard
from zepix_core.journal.wakes import Wakes
from zepix_core.lifeline import Lifeline, one_for_one
from zepix_core.link_watch import LinkWatch
from zepix_core.model.host import HostOptions
from zepix_core.model.storage import StorageNews
from zepix_core.notify.messenger import Messenger
from zepix_core.notify.needed import require_channel
from zepix_core.outside import Outside
from zepix_core.plugin_desk import PluginDesk
from zepix_core.plugins.backup_plans import backup_plans
from zepix_core.plugins.development import develop
from zepix_core.plugins.fleet import TRACE
from zepix_core.plugins.manager import PluginHost
from zepix_core.ports_file import remove_ports, write_ports
from zepix_core.services.facts import PluginFacts
from zepix_core.storage.executor import Executor
from zepix_core.storage.sqlite_version import has_wal_defect, tell_version
from zepix_core.watchdog import Watchdog

log = logging.getLogger(__name__)

PLUGIN_SECONDS = 5.0
BROKER_SECONDS = 10.0
GATEWAY_SECONDS = 3.0
FACE_SECONDS = 1.0
WATCH_SECONDS = 1.0


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
        outside: Other ways to the world than the real ones (the simulator's).
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
        outside: Outside | None = None,
    ) -> None:
        self.home, self.settings = home, settings
        self.clock: Clock = clock or SystemClock()
        self.options = options or HostOptions()
        self._outside = outside or Outside()
        self.boot = self._outside.mark()
        self._faces = faces
        self._same_thread = same_thread
        self.life = Lifeline()
        self._watchdog = Watchdog()
        require_journal(home.journal_db, home.backups)
        self.journal: Executor = self._outside.open_journal(home.journal_db, same_thread)
        self._sound = False
        self.broker: Broker = broker or choose_broker(
            settings.broker,
            home.data,
            settings.paper,
            settings.symbol_config,
            self.clock,
            mt5=settings.mt5,
            live=settings.live,
            inline=self.options.inline,
            same_thread=same_thread,
        )
        self.guard = StorageGuard(self.journal, self.clock)
        self._plugin_desk = PluginDesk(self.journal, self.broker, self.clock, self.life, self.guard)
        self.plugins = self._plugin_desk.plugins = PluginHost(
            home,
            lambda: self.settings,
            self.clock,
            self._plugin_desk,
            read_config=lambda plugin: plugin_values(home, plugin, environment(home.env)),
            on_event=self._plugin_desk.happened,
            inline=self.options.inline,
            boot=self.boot,
            paths=(*self._developed(), *paths),
            same_thread=same_thread,
            random=self._outside.random,
            links=self._outside.links,
            look=self._outside.look,
        )
        self.store = InboxStore(
            self.journal,
            self.clock,
            settings.inbox,
            self.plugins,
            strict=settings.webhook.strict_alerts,
            guard=self.guard,
        )
        self.backups = Backups(self.journal, self.clock, self.guard, home.backups, self._backup_plans)
        self.feed = self._plugin_desk.feed
        self.wakes = Wakes(self.journal, self.clock, self.feed.wake)
        self._reports = Reports(self.journal, self.clock)
        self._record = RecordKeeper(home, settings, self.journal, self.clock)
        self.messenger = Messenger(settings.notify, self.journal, self.clock, self.life, self._outside.random)
        self.guard.on_unwritten = self.messenger.tell_now
        self.front = FrontDesk(
            home,
            settings,
            self.clock,
            self.options,
            self.boot,
            journal=self.journal,
            broker=self.broker,
            plugins=self.plugins,
            store=self.store,
            guard=self.guard,
            reports=self._reports,
            messenger=self.messenger,
            faces=faces,
        )
        # A gateway that has opened its book can write it.
        paper = StorageNews(file=home.paper_db.name)
        self._links = LinkWatch(
            self.journal, self.clock, self.life, self.front, on_back=partial(self.guard.note, paper)
        )
        self.desk: OrderDesk
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
            DatabaseDamaged: The journal is not what was written.
        """
        if self.options.trace_hooks:
            logging.getLogger(TRACE).setLevel(logging.DEBUG)
        tell_version()
        await prepare_journal(self.journal, self.clock, self._start_facts())
        self._sound = True
        await self._record.start()
        self.life.spawn(self._record.run())
        await self.messenger.start()
        self.loop = InboxLoop(
            self.journal,
            self.clock,
            self.boot,
            self.settings.inbox,
            self.plugins,
            self._plugin_desk.prices,
            self._plugin_desk.hurry,
        )
        self.front.loop = self._links.loop = self.loop
        self.loop.crashed.add_done_callback(self._crashed)
        self.loop.on_heartbeat = self._watchdog.beat
        for face in self._faces:
            await face.start(self.front)
        write_ports(self.home, self._faces)
        await self._reports.load()
        workers = asyncio.create_task(self.plugins.start(await self._guilty()))
        try:
            await self._open_account()
            await workers
        finally:
            # A plugin's on_start may wait for an account that will not open.
            workers.cancel()
            await asyncio.gather(workers, return_exceptions=True)
        await self.front.remember_plugins()
        await self.feed.start()
        await self.loop.start(held=not self.desk.line.link)
        if not self.desk.line.link:
            self.life.spawn(self._links.compare())
        self._outside.settle_memory()
        self.front.phase = "running"
        self._set_ready(True)
        self._watchdog.ready()
        log.info("ready", extra={"fields": {"boot": self.boot, "sqlite": sqlite3.sqlite_version}})

    async def stop(self) -> None:
        """No new alerts, then plugins, broker, faces, journal; open positions stay with their stops."""
        self.front.phase, life = "stopping", self.life
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
            await life.at_most(1.0, self._reconciler.stop())
        for face in reversed(self._faces):
            await life.at_most(FACE_SECONDS, face.stop(), patient=True)
        spent = self.clock.monotonic() - began + (PLUGIN_SECONDS if life.hurry.is_set() else 0.0)
        grace = max(0.5, PLUGIN_SECONDS - spent)
        await life.at_most(2 * grace + 1.5, self.plugins.stop(grace), patient=True)
        await life.at_most(GATEWAY_SECONDS, self.broker.stop(), patient=True)
        await life.end_tasks()
        if self._sound:
            stop = partial(self._note, "stop", {"boot": self.boot, "exit": life.exit_code})
            with suppress(ZepixError):
                await self.journal.run(stop)
                await self._record.stop()
        await self.journal.close()
        remove_ports(self.home)

    # Parts.

    async def _guilty(self) -> tuple[str, ...]:
        """Plugins that have taken this host down too often; in processes of their own they cannot."""
        if not self.options.inline or self._same_thread:
            return ()
        return await self.journal.run(partial(charge, clock=self.clock, boot=self.boot))

    def _backup_plans(self) -> tuple[BackupPlan, ...]:
        return (
            BackupPlan(path=self.home.journal_db, every=HOUR),
            BackupPlan(path=self.home.paper_db, every=DAY),
            *backup_plans(self.plugins.statuses(), self.home.data),
        )

    def _traders(self) -> tuple[PluginFacts, ...]:
        return tuple(self.plugins.facts(status.id) for status in self.plugins.statuses())

    def _developed(self) -> tuple[str, ...]:
        source = self.options.plugin_dev
        return (develop(Path(source), self.home.data),) if source else ()

    async def _open_account(self) -> None:
        hello = await self.broker.start()
        require_channel(self.settings, hello.account)
        self.front.link = True
        desk = OrderDesk(
            self.journal, self.broker, self.clock, self.settings.trading, account_key(hello.account)
        )
        desk.line.storage = self.guard
        desk.take_hello(hello, any_tick_age=self.settings.broker == "paper")
        desk.updates.listen(self.feed.wake)
        desk.risk.plugins = self._traders
        self.broker.on_link(self._links.changed)
        self.broker.on_storage(self.guard.note)
        await self.wakes.load()
        self.broker.on_ticks(self.plugins.ticks)
        self.broker.on_ticks(self.wakes.ticks)
        reconciler = Reconciler(desk)
        if self.options.safe:
            desk.control.hold("--safe")
        await recover(desk, hello, reconciler)
        self.desk = self.front.desk = desk
        self._reconciler = self.front.reconciler = self._links.reconciler = reconciler
        self._plugin_desk.open(desk, ServiceDesk(desk, self.wakes, self._reports))
        self.life.vital(reconciler.run(), "the comparing of the books")
        self.life.vital(self.wakes.run(), "the waking of plugins")
        self.life.vital(self._watch(), "the watch")
        if not self._same_thread:
            self.life.spawn(one_for_one(self.backups.run, "the backups", self.clock))

    async def _watch(self) -> None:
        """Look at the clock every second, and whether the journal can be written at all."""
        while True:
            await self.clock.sleep(WATCH_SECONDS)
            if not self.journal.alive:
                raise StorageError(f"the writer of {self.home.journal_db} has ended.")
            for face in self._faces:
                if not getattr(face, "alive", True):
                    raise WireError(f"the {face.name} has ended.")
            try:
                await self.guard.look()
                if self.guard.journal is None:
                    await self.desk.line.look_at_clock()
                    await self.desk.risk.look()
            except StorageError as error:
                log.error("the journal could not be used: %s", error)

    # Small things.

    def _set_ready(self, ready: bool) -> None:
        self.front.ready = self._plugin_desk.running = ready
        for face in self._faces:
            face.announce(ready)

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

    def _crashed(self, crashed: "asyncio.Future[None]") -> None:
        if not crashed.cancelled() and (error := crashed.exception()) is not None:
            self.life.fail("the inbox loop", error)
