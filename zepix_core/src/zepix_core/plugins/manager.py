"""The plugins as the host sees them: discovered, started, asked, supervised, switched."""

import asyncio
import logging
import random as chance
import sys
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.risk import RiskRules
from zepix_core.config.settings import HostSettings
from zepix_core.config.structure import to_plain
from zepix_core.errors import PluginError, SettingsError, WireError, WorkerDied
from zepix_core.inbox.port import Route
from zepix_core.model.alert import Alert
from zepix_core.model.change import Change
from zepix_core.model.decision import Decision, Verdict
from zepix_core.model.market import Tick
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake
from zepix_core.plugins.book import PluginBook, Record, remembered
from zepix_core.plugins.discovery import FoundDistribution, discover
from zepix_core.plugins.dispatch import Dispatcher, Outcome
from zepix_core.plugins.exchange import Exchange, Limits, Services
from zepix_core.plugins.hello import (
    ConfigReply,
    ConfigRequest,
    HookReply,
    HostUpdate,
    Nothing,
    PluginHello,
    WorkerHello,
    WorkerInit,
)
from zepix_core.plugins.link import DirectLinks, LinkFactory, PipeLinks
from zepix_core.plugins.lockfile import LockChangeKind, read_lock, reconcile, write_lock
from zepix_core.plugins.remote import RemotePlugin
from zepix_core.plugins.states import (
    EventKind,
    PluginEvent,
    PluginState,
    PluginStatus,
    read_verdicts,
    write_verdicts,
)
from zepix_core.plugins.supervisor import Supervisor
from zepix_core.plugins.ticker import Ticker
from zepix_core.services.facts import PluginFacts

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
IGNORED = Decision(verdict=Verdict.NOTHING, action="ignore")
SHOWN = ("profile", "broker", "live", "bot_config", "plugin_system")


def host_view(settings: HostSettings) -> dict[str, Any]:
    """The host's settings that plugins may read, as plain values; nothing secret is among them."""
    names = (*(field.name for field in attrs.fields(RiskRules)), *SHOWN)
    return {name: to_plain(getattr(settings, name)) for name in names}


class PluginHost:
    """All plugins of a home.

    Args:
        settings: Gives the host's settings in force.
        services: Answers what plugins ask; it gets the host's own record of who asks.
        read_config: Gives a plugin's settings file as plain values; may raise SettingsError.
        on_event: Told what happens to plugins, at once; it must not block.
        inline: Host the plugins in this process (tests, replay, debugging).
        paths: More folders with installed distributions (slots, development, tests).
        same_thread: Inline only: write databases in the caller's thread.
    """

    def __init__(
        self,
        home: Home,
        settings: Callable[[], HostSettings],
        clock: Clock,
        services: Services,
        *,
        read_config: Callable[[str], dict[str, Any]],
        on_event: Callable[[PluginEvent], None] = lambda event: None,
        inline: bool = False,
        boot: str = "",
        paths: Sequence[str] = (),
        same_thread: bool = False,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self._home, self._settings, self._clock, self._services = home, settings, clock, services
        self._read_config, self._on_event, self._random = read_config, on_event, random
        self._boot, self._paths = boot, tuple(paths)
        self._links: LinkFactory = (
            DirectLinks(clock, same_thread) if inline else PipeLinks(home.data / "locks")
        )
        self._found: dict[str, FoundDistribution] = {}
        self._workers: dict[str, Supervisor] = {}
        self._listeners: set[str] = set()
        self._dispatcher = Dispatcher()
        self._ticker = Ticker(self._send_ticks)
        self._verdicts_file = home.data / "plugin_states.json"
        self.book = PluginBook(settings)

    async def start(self) -> None:
        """Discover, take in the lock, start a worker per enabled distribution; returns once each said
        hello or failed to. A plugin that fails stops nobody else.

        Raises:
            SettingsError: The lock or the kept states cannot be read.
        """
        self.book.verdicts = read_verdicts(self._verdicts_file)
        self._discover()
        if self._settings().plugin_system.enabled:
            await self._start_missing()

    async def stop(self, deadline: float = 5.0) -> None:
        """End all workers, each after its running hooks or ``deadline`` seconds."""
        await self._ticker.close()
        await asyncio.gather(*(worker.stop(deadline) for worker in self._workers.values()))

    def routes(self, kind: str, timeframe: str | None) -> tuple[Route, ...]:
        """Enabled plugins that take such an alert, first asked first."""
        return self.book.routes(kind, timeframe)

    def heads(self) -> frozenset[str]:
        """Alert kinds that some plugin declared, kept while its worker is away."""
        return self.book.heads()

    def facts(self, plugin: str) -> PluginFacts:
        """What services judge a plugin's requests by."""
        return self.book.facts(plugin)

    def statuses(self) -> tuple[PluginStatus, ...]:
        """Every plugin as it stands."""
        return tuple(
            attrs.evolve(row, pid=worker.pid) if (worker := self._workers.get(row.distribution)) else row
            for row in self.book.statuses()
        )

    async def deliver(self, plugin: str, alert: Alert) -> Decision:
        """Ask one plugin for its decision; waits while its worker is away.

        Raises:
            WorkerDied: The worker ended during the hook; deliver again.
            PluginError: The plugin failed, or is not to be called; the message starts with a code.
        """
        if self.book.record(plugin).hello is not None and not self._dispatcher.implements(plugin, "on_alert"):
            await self._until_up(plugin)
        decision = await self._dispatcher.call_one(plugin, "on_alert", alert=alert)
        return decision if isinstance(decision, Decision) else IGNORED

    async def update(self, plugin: str, update: TradeUpdate) -> None:
        """Tell a plugin of one change of one of its positions; errors as `deliver`."""
        await self._dispatcher.call_one(plugin, "on_trade_update", update=update)

    async def wake(self, plugin: str, wake: Wake) -> None:
        """Wake a plugin; errors as `deliver`."""
        await self._dispatcher.call_one(plugin, "on_wake", wake=wake)

    def ticks(self, batch: Sequence[Tick]) -> None:
        """Pass ticks to the plugins that want their symbols; a slow one gets the newest per symbol."""
        for record in self.book:
            hello = record.hello
            if hello is None or not hello.symbols or not self.book.state(record).takes_alerts:
                continue
            if self._dispatcher.implements(record.id, "on_tick"):
                self._ticker.put(record.id, [tick for tick in batch if tick.symbol in hello.symbols])

    def listen(self, listener: object, name: str) -> None:
        """Register a listener of the host's own; `announce` calls it."""
        self._dispatcher.register(listener, name)
        self._listeners.add(name)

    async def announce(self, hook: str, **arguments: Any) -> tuple[Outcome, ...]:
        """Call the host's own listeners of a hook, each failing for itself."""
        return await self._dispatcher.call(hook, self._listeners, **arguments)

    async def check_config(self, plugin: str, values: dict[str, Any]) -> tuple[str, ...]:
        """Faults of new settings, judged by the plugin's worker.

        Raises:
            WireError: The worker is away.
        """
        request = ConfigRequest(plugin=plugin, config=values, check_only=True)
        reply: ConfigReply = await self._worker_of(plugin).ask("config", request, ConfigReply)
        return reply.faults

    async def configure(
        self, plugin: str, values: dict[str, Any], changes: tuple[Change, ...] = ()
    ) -> tuple[str, ...]:
        """Put new settings in force and tell the plugin; faults when they are refused: the old ones stay.

        While the worker is away they go with its next start.
        """
        record = self.book.record(plugin)
        if record.running is PluginState.FAILED or not self._worker_of(plugin).ready.is_set():
            await self._worker_of(plugin).restart()
            return self.book.record(plugin).faults
        request = ConfigRequest(plugin=plugin, config=values)
        try:
            reply: ConfigReply = await self._worker_of(plugin).ask("config", request, ConfigReply)
        except WireError:
            return ()
        if reply.faults or reply.hello is None:
            return reply.faults
        record.hello = reply.hello
        self.book.remember(self._home.plugins_cache)
        if changes and self.book.may_be_called(record):
            await self._dispatcher.call_one(plugin, "on_config_change", changes=changes)
        return ()

    async def host_changed(self) -> None:
        """The host's settings have changed: tell the workers what plugins may read of them."""
        update = HostUpdate(host=host_view(self._settings()))
        for worker in self._workers.values():
            try:
                await worker.ask("host", update, Nothing)
            except WireError as error:
                log.info("%s: it reads the settings at its next start", error)

    async def enable(self, name: str) -> None:
        """Let a plugin run, or all of a distribution: out of the lock, quarantine or a person's switch.

        Raises:
            PluginError: There is neither a plugin nor a distribution of that name.
        """
        records = self.book.of(name) or [self.book.record(name)]
        distribution = records[0].distribution
        entry = self.book.lock[distribution]
        quarantined = {r.id for r in records} & set(self.book.verdicts.quarantined)
        if not entry.enabled:
            self.book.lock[distribution] = attrs.evolve(entry, enabled=True)
            write_lock(self._home.lock_file, self.book.lock)
        names = {record.id for record in records}
        verdicts = self.book.verdicts
        self.book.verdicts = attrs.evolve(
            verdicts,
            quarantined={k: v for k, v in verdicts.quarantined.items() if k not in names},
            disabled=verdicts.disabled - names,
        )
        write_verdicts(self._verdicts_file, self.book.verdicts)
        for record in records:
            record.recent_deaths.clear()
            self._tell(EventKind.ENABLED, distribution, record.id)
        if distribution in self._workers and (quarantined or not self._workers[distribution].ready.is_set()):
            await self._workers[distribution].restart()
        await self._start_missing()

    def disable(self, plugin: str) -> None:
        """Switch a plugin off until a person enables it: no hook of it is called, its positions stay.

        Raises:
            PluginError: There is no such plugin.
        """
        record = self.book.record(plugin)
        self.book.verdicts = attrs.evolve(self.book.verdicts, disabled=self.book.verdicts.disabled | {plugin})
        write_verdicts(self._verdicts_file, self.book.verdicts)
        self._tell(EventKind.DISABLED, record.distribution, plugin)

    async def reload(self, distribution: str | None = None) -> None:
        """Look at the environment again; restart the workers of what changed, or of ``distribution``.

        Raises:
            PluginError: There is no such distribution.
        """
        before = dict(self._found)
        self._discover()
        if distribution is not None and distribution not in self._found:
            raise PluginError(f"there is no distribution {distribution}.", "See `zepix plugins list`.")
        for name, worker in self._workers.items():
            if name == distribution or (distribution is None and self._found.get(name) != before.get(name)):
                for record in self.book.of(name):
                    record.running = PluginState.DISCOVERED
                await worker.restart()
        await self._start_missing()

    # What supervisors ask and report.

    def init(self, distribution: str) -> WorkerInit | None:
        """What to start a worker with; ``None`` when nothing of it may run."""
        found = self._found.get(distribution)
        if found is None:
            return None
        configs, points = {}, {}
        for plugin_id, target in found.usable.items():
            record = self.book.record(plugin_id)
            if plugin_id in self.book.verdicts.quarantined:
                continue
            try:
                configs[plugin_id] = self._read_config(plugin_id)
            except SettingsError as error:
                self._failed(record, error.message, error.faults)
                continue
            points[plugin_id] = target
        if not points:
            return None
        return WorkerInit(
            distribution=distribution,
            version=found.version,
            entry_points=points,
            data_dir=str(self._home.data),
            boot=self._boot,
            configs=configs,
            host=host_view(self._settings()),
            paths=self._paths,
        )

    def up(self, distribution: str, hello: WorkerHello) -> None:
        """A worker said hello: register its plugins."""
        for told in hello.plugins:
            record = self.book.record(told.id)
            self._dispatcher.unregister(told.id)
            if told.state == "failed":
                self._failed(record, told.error, told.faults)
                continue
            self._loaded(record, told)
        self.book.remember(self._home.plugins_cache)

    def down(self, distribution: str, charged: Sequence[str], reason: str) -> None:
        """A worker died: charge the guilty, and quarantine after too many."""
        now = self._clock.monotonic()
        self._tell(EventKind.DIED, distribution, charged[0] if len(charged) == 1 else "", reason)
        verdicts = self.book.verdicts
        for record in self.book.of(distribution):
            if record.running is PluginState.FAILED or record.id in verdicts.quarantined:
                continue
            record.running = PluginState.BACKOFF
            if charged and record.id not in charged:
                continue
            record.deaths += 1
            record.error = reason
            if record.recent_deaths.add(now):
                text = f"its worker died 3 times in 10 minutes; the last time: {reason}"
                verdicts = attrs.evolve(verdicts, quarantined={**verdicts.quarantined, record.id: text})
                self._tell(EventKind.QUARANTINED, distribution, record.id, text)
        if verdicts is not self.book.verdicts:
            self.book.verdicts = verdicts
            write_verdicts(self._verdicts_file, verdicts)

    def may_run(self, plugin: str) -> None:
        """Raises PluginError when the plugin is not to be called, now or later."""
        record = self.book.record(plugin)
        if not self.book.may_be_called(record):
            state = self.book.state(record)
            raise PluginError(f"{state}: {plugin} is not to be called.", record.error)

    def _loaded(self, record: Record, hello: PluginHello) -> None:
        record.hello, record.error, record.faults = hello, "", ()
        record.running = PluginState.LOADED

        async def send(hook: str, **fields: Any) -> Any:
            return (await self._call(record, hook, fields)).decision

        self._dispatcher.register(RemotePlugin(record.id, hello.hooks, send), record.id)
        record.running = PluginState.ACTIVE
        self._tell(EventKind.LOADED, record.distribution, record.id, record.version)

    def _failed(self, record: Record, error: str, faults: tuple[str, ...]) -> None:
        record.running, record.error, record.faults = PluginState.FAILED, error, faults
        log.error("%s failed: %s", record.id, error)
        self._tell(EventKind.FAILED, record.distribution, record.id, "; ".join((error, *faults)))

    async def _call(self, record: Record, hook: str, fields: dict[str, Any]) -> HookReply:
        record.calls += 1
        try:
            reply = await self._workers[record.distribution].call(record.id, hook, **fields)
        except WorkerDied:
            record.errors += 1
            raise
        except PluginError as error:
            self._went_wrong(record, str(error))
            raise
        finally:
            record.last_call_ns = self._clock.now_ns()
        record.own_seconds_max = max(record.own_seconds_max, reply.own_seconds)
        limits = self._limits()
        allowed = limits.tick * len(fields["ticks"]) if hook == "on_tick" else limits.hook
        if reply.own_seconds > allowed:
            self._went_wrong(record, f"{hook} took {reply.own_seconds:.2f} s, more than {allowed:g} s")
        elif record.running is PluginState.DEGRADED:
            record.running = PluginState.ACTIVE
            self._tell(EventKind.RECOVERED, record.distribution, record.id)
        return reply

    def _went_wrong(self, record: Record, text: str) -> None:
        record.errors += 1
        record.error = text
        if record.running is PluginState.ACTIVE:
            record.running = PluginState.DEGRADED
            self._tell(EventKind.DEGRADED, record.distribution, record.id, text)

    async def _send_ticks(self, plugin: str, ticks: tuple[Tick, ...]) -> None:
        await self._call(self.book.record(plugin), "on_tick", {"ticks": ticks})

    async def _until_up(self, plugin: str) -> None:
        """Wait for a plugin that is known from an earlier run only."""
        worker = self._worker_of(plugin)
        await worker.until_ready(plugin)

    def _worker_of(self, plugin: str) -> Supervisor:
        record = self.book.record(plugin)
        worker = self._workers.get(record.distribution)
        if worker is None:
            raise PluginError(f"{self.book.state(record)}: {plugin} does not run.")
        return worker

    def _limits(self) -> Limits:
        return Limits(hook=self._settings().plugin_system.max_plugin_execution_time, tick=TICK_SECONDS)

    def _discover(self) -> None:
        found = discover([*self._paths, *sys.path] if self._paths else None)
        known = read_lock(self._home.lock_file)
        if known is not None and not self._settings().plugin_system.auto_discover:
            found = tuple(distribution for distribution in found if distribution.name in known)
        self.book.lock, changes = reconcile(known, found)
        if changes or known is None:
            write_lock(self._home.lock_file, self.book.lock)
        for change in changes:
            if change.kind is LockChangeKind.CHANGED:
                text = f"{change.before} → {change.after}, changed by pip"
                self._tell(EventKind.VERSION, change.name, text=text)
            elif change.kind is LockChangeKind.MISSING:
                log.warning("%s stands in zepix.lock and is not installed", change.name)
            else:
                self._tell(EventKind.DISCOVERED, change.name, text=f"{change.after}, {change.kind}")
        self._found = {distribution.name: distribution for distribution in found}
        self.book.take(found, remembered(self._home.plugins_cache))

    async def _start_missing(self) -> None:
        starting = []
        for name, found in self._found.items():
            if name in self._workers or not self.book.lock[name].enabled or not found.usable:
                continue
            exchange = Exchange(
                self._services, self._facts_of(name), self._clock, self._limits, self._links.killable
            )
            worker = Supervisor(name, self, self._links, exchange, self._clock, self._random)
            self._workers[name] = worker
            starting.append(worker.start())
        await asyncio.gather(*starting)

    def _facts_of(self, distribution: str) -> Callable[[str], PluginFacts]:
        """A worker speaks for the plugins of its own distribution only."""

        def facts(plugin: str) -> PluginFacts:
            if self.book.record(plugin).distribution != distribution:
                raise PluginError(f"{plugin} is no plugin of {distribution}.")
            return self.book.facts(plugin)

        return facts

    def _tell(self, kind: EventKind, distribution: str, plugin: str = "", text: str = "") -> None:
        self._on_event(PluginEvent(kind=kind, distribution=distribution, plugin=plugin, text=text))
