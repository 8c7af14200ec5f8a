"""What faces ask of a running host: how it stands, reports, switches, the brakes."""

import logging
import os
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from packaging.utils import canonicalize_name

import zepix_core
from zepix_core.broker.port import Broker
from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import remember_plugins
from zepix_core.config.settings import HostSettings
from zepix_core.errors import BrokerOffline, StorageError, UsageError
from zepix_core.inbox.loop import InboxLoop
from zepix_core.inbox.store import InboxStore
from zepix_core.journal import commands, events
from zepix_core.journal.deciding import Deciding
from zepix_core.journal.listing import open_by_book
from zepix_core.journal.orders import OrderDesk, core_context
from zepix_core.journal.reconcile import Reconciler
from zepix_core.journal.reports import Reports
from zepix_core.journal.storage_guard import StorageGuard
from zepix_core.model.books import BooksReport, Decided
from zepix_core.model.channel import ChannelAnswer, ChannelRow
from zepix_core.model.command import HumanCommand
from zepix_core.model.host import HostOptions, HostState, PluginRow
from zepix_core.model.limits import ACCOUNT, LimitRow
from zepix_core.model.order import CloseResult
from zepix_core.model.report import Report
from zepix_core.model.shadow import ShadowSwitch, shadow_switch
from zepix_core.notify.messenger import Messenger
from zepix_core.plugins.implementation import HookMetrics
from zepix_core.plugins.manager import PluginHost
from zepix_core.plugins.record import write_switch
from zepix_core.plugins.rows import plugin_row, remembered_row
from zepix_core.services.calls import CloseRequest
from zepix_core.storage.commit import Piece
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)

UNWRITABLE = "the journal cannot be written"


class Listening(Protocol):
    """A face, as far as its port goes."""

    name: str

    @property
    def port(self) -> int | None: ...


class FrontDesk:
    """The host as its faces see it (`zepix_core.web.view.HostView`).

    Attributes:
        phase: What the host does while it takes no alerts; ``ready`` says whether it takes them.
        link: The broker can be reached.
        loop, desk, reconciler: Given by the host once they exist.
    """

    def __init__(
        self,
        home: Home,
        settings: HostSettings,
        clock: Clock,
        options: HostOptions,
        boot: str,
        *,
        journal: Executor,
        broker: Broker,
        plugins: PluginHost,
        store: InboxStore,
        guard: StorageGuard,
        reports: Reports,
        messenger: Messenger,
        faces: Sequence[Listening],
    ) -> None:
        self.home, self.settings, self.clock, self.boot = home, settings, clock, boot
        self.journal, self.broker, self.store, self._guard = journal, broker, store, guard
        self.phase, self.ready, self.link = "starting", False, False
        self.loop: InboxLoop | None = None
        self.desk: OrderDesk | None = None
        self.reconciler: Reconciler | None = None
        self._options = options
        self._plugins, self._reports, self._messenger = plugins, reports, messenger
        self._faces = faces
        self._started_ns, self._started = clock.now_ns(), clock.monotonic()

    # How it stands.

    def state(self) -> HostState:
        """How the host stands now."""
        ports = {face.name: face.port for face in self._faces if face.port is not None}
        control = self.desk.control.state if self.desk is not None else None
        fault = self._guard.journal
        return HostState(
            version=zepix_core.__version__,
            pid=os.getpid(),
            ready=self.ready and fault is None,
            reason=self.phase if not self.ready else UNWRITABLE if fault is not None else "",
            started_ns=self._started_ns,
            uptime_seconds=self.clock.monotonic() - self._started,
            paused=control.paused if control is not None else False,
            panic=control.panic if control is not None else "",
            why=control.why if control is not None else "",
            closing=control.closing if control is not None else False,
            broker=self.settings.broker,
            broker_connected=self.link,
            waiting=self.loop.waiting if self.loop is not None else 0,
            webhook_port=ports.get("webhook", 0),
            api_port=ports.get("api", 0),
            profile=self.settings.profile,
            inline=self._options.inline,
            storage="" if fault is None else fault.text,
            storage_since_ns=0 if fault is None else fault.since_ns,
            storage_faults=self._guard.faults,
            boot=self.boot,
        )

    def plugin_rows(self) -> tuple[PluginRow, ...]:
        """Every plugin known, those that failed included."""
        return tuple(plugin_row(status) for status in self._plugins.statuses())

    def hook_metrics(self) -> tuple[HookMetrics, ...]:
        """How the hooks of the plugins went."""
        return self._plugins.hook_metrics()

    def reports(self) -> tuple[Report, ...]:
        """What plugins report of themselves; those of a plugin that is switched off wait until it runs."""
        off = {row.id for row in self.plugin_rows() if not row.enabled}
        return tuple(report for report in self._reports.now() if report.plugin not in off)

    def channels(self) -> tuple[ChannelRow, ...]:
        """The ways to people as they stand."""
        return self._messenger.channels()

    async def limits(self) -> tuple[LimitRow, ...]:
        """Every loss limit as it stands; none while the account cannot be read."""
        return await self._the_desk().risk.rows()

    # The webhook.

    def heads(self) -> frozenset[str]:
        """Heads of pipe text that some plugin takes."""
        return self._plugins.heads()

    def alert_stored(self) -> None:
        """An alert was committed."""
        if self.loop is not None:
            self.loop.wake()

    # People.

    def note_command(self, command: HumanCommand) -> None:
        """Write down what a person asks for. It stands before what comes of it, and holds up no brake."""
        try:
            self.journal.submit(
                partial(commands.write, clock=self.clock, command=command), partial(_noted, command)
            )
        except StorageError as error:
            log.error("%s by %s was not written down: %s", command.name, command.by, error)

    async def close_position(self, ticket: int, actor: str) -> CloseResult:
        """Close one position fully, whoever opened it."""
        context = core_context(f"close:{actor}:{ticket}:{self.clock.now_ns()}")
        return await self._the_desk().close(context, CloseRequest(ticket=ticket, reason="Manual"))

    async def reconcile(self) -> BooksReport:
        """Compare both books, settle what deals explain, and say how they stand."""
        return await self._deciding().report()

    async def decide(self, choice: str, which: str, actor: str) -> Decided:
        """Do what a person decides about a contradiction of the books."""
        return await self._deciding().decide(choice, which, actor)

    async def pause(self, actor: str) -> None:
        """Let no entry through until `resume`."""
        await self._the_desk().pause(actor)

    async def resume(self, actor: str, confirmed: bool = False) -> None:
        """Let entries through again; a lock ends only when that is ``confirmed``."""
        await self._the_desk().control.resume(actor, confirmed)

    async def panic(self, level: str, actor: str) -> tuple[CloseResult, ...]:
        """Stop entries; ``flatten`` and ``lock`` close every position of ours too."""
        return await self._the_desk().panic(level, actor)

    async def reset_limit(self, which: str, scope: str, actor: str) -> float:
        """Lift a limit: losses until now count no more. Returns what they were."""
        if scope != ACCOUNT and scope not in {row.id for row in self.plugin_rows()}:
            raise UsageError(f"There is no plugin {scope}.", "See `zepix plugins list`.")
        return await self._the_desk().risk.reset(which, scope, actor)

    async def switch_plugin(self, name: str, enabled: bool, actor: str) -> tuple[PluginRow, ...]:
        """Let a plugin, or all plugins of a distribution, run or run no more."""
        if enabled:
            await self._plugins.enable(name)
        else:
            for plugin in [row.id for row in self._rows_of(name)] or [name]:
                self._plugins.disable(plugin)
        facts = {"what": "enable" if enabled else "disable", "name": name, "by": actor}
        await self.journal.run(partial(_note_switch, clock=self.clock, facts=facts))
        await self.remember_plugins()
        return self._rows_of(name)

    async def shadow_plugin(self, name: str, on: bool, actor: str) -> ShadowSwitch:
        """Switch a plugin's shadow mode: written into its settings file, and in force for its next entry."""
        await self._plugins.switch_shadow(name, on)
        facts = {"what": "shadow_on" if on else "shadow_off", "name": name, "by": actor}
        await self.journal.run(partial(write_switch, clock=self.clock, facts=facts))
        await self.remember_plugins()
        live, shadow = await self.journal.read(partial(open_by_book, plugin=name))
        return shadow_switch(name, on, live, shadow)

    async def test_channels(self, actor: str) -> tuple[ChannelAnswer, ...]:
        """Send a test notice through every channel."""
        return await self._messenger.test(actor)

    async def remember_plugins(self) -> None:
        """Keep what is known of the plugins, for when the host does not run."""
        remember_plugins(self.home, (remembered_row(status) for status in self._plugins.statuses()))
        await self._reports.keep({record.id for record in self._plugins.book})

    def _rows_of(self, name: str) -> tuple[PluginRow, ...]:
        """The plugin of that id, or those of the distribution that a person may call so."""
        distribution = canonicalize_name(name)
        return tuple(row for row in self.plugin_rows() if row.id == name or row.distribution == distribution)

    def _deciding(self) -> Deciding:
        desk = self._the_desk()
        if self.reconciler is None:
            raise BrokerOffline("The host is still opening its account.", "Try again in a moment.")
        return Deciding(desk, self.reconciler)

    def _the_desk(self) -> OrderDesk:
        if self.desk is None:
            raise BrokerOffline("The host is still opening its account.", "Try again in a moment.")
        return self.desk


def _noted(command: HumanCommand, piece: Piece) -> None:
    if piece.error is not None:
        log.error("%s by %s was not written down: %s", command.name, command.by, piece.error)


def _note_switch(connection: sqlite3.Connection, *, clock: Clock, facts: dict[str, Any]) -> None:
    events.append(connection, clock, "plugin", facts)
