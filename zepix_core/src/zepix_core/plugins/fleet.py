"""The workers of a home: discovered, started, registered, charged when they die."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.risk import RiskRules
from zepix_core.config.settings import HostSettings
from zepix_core.config.structure import to_plain
from zepix_core.errors import PluginError, SettingsError, WorkerDied
from zepix_core.inbox.port import UNAVAILABLE
from zepix_core.model.storage import StorageNews
from zepix_core.plugins.book import HELLOS_FILE, PluginBook, Record, remembered
from zepix_core.plugins.discovery import FoundDistribution, discover
from zepix_core.plugins.dispatch import Dispatcher
from zepix_core.plugins.exchange import Exchange, Limits, Services, resident_mb
from zepix_core.plugins.hello import HookReply, PluginHello, WorkerHello, WorkerInit
from zepix_core.plugins.link import LinkFactory, PipeLinks
from zepix_core.plugins.lockfile import LockChangeKind, LockEntry, read_lock, take_in, write_lock
from zepix_core.plugins.remote import RemotePlugin
from zepix_core.plugins.states import VERDICTS_FILE, EventKind, PluginEvent, PluginState, write_verdicts
from zepix_core.plugins.supervisor import Supervisor
from zepix_core.services.facts import PluginFacts

log = logging.getLogger(__name__)
TRACE = "zepix.trace"
trace = logging.getLogger(TRACE)

TICK_SECONDS = 0.2
Look = Callable[[Sequence[str] | None], tuple[FoundDistribution, ...]]
SHOWN = ("profile", "broker", "live", "symbol_config", "bot_config", "profit_booking_config", "plugin_system")


def host_view(settings: HostSettings) -> dict[str, Any]:
    """The host's settings that plugins may read, as plain values; nothing secret is among them."""
    names = (*(field.name for field in attrs.fields(RiskRules)), *SHOWN)
    return {name: to_plain(getattr(settings, name)) for name in names}


@attrs.frozen(kw_only=True)
class Surroundings:
    """What the workers of a home need of the host; see `zepix_core.plugins.manager.PluginHost`."""

    home: Home
    settings: Callable[[], HostSettings]
    clock: Clock
    services: Services
    links: LinkFactory
    read_config: Callable[[str], dict[str, Any]]
    on_event: Callable[[PluginEvent], None]
    random: Callable[[], float]
    boot: str = ""
    paths: tuple[str, ...] = ()
    look: Look = discover

    @property
    def verdicts_file(self) -> Path:
        """Quarantine and what people switched off."""
        return self.home.data / VERDICTS_FILE

    @property
    def hellos_file(self) -> Path:
        """What the workers said last."""
        return self.home.data / HELLOS_FILE


class Fleet:
    """Supervisors by distribution, and the book they report to.

    Attributes:
        found: Distributions of the environment by name.
        started: What of them the present workers run.
        workers: Supervisors by distribution.
        dispatcher: Where the plugins that said hello are registered.
    """

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.book = PluginBook(around.settings)
        self.dispatcher = Dispatcher()
        self.found: dict[str, FoundDistribution] = {}
        self.started: dict[str, FoundDistribution] = {}
        self.workers: dict[str, Supervisor] = {}

    def discover(self) -> None:
        """Look at the environment, bring lock and book up to date.

        Raises:
            SettingsError: The lock cannot be read or written.
        """
        allowed = take_in(
            self.around.home.lock_file,
            self.around.look([*self.around.paths, *sys.path] if self.around.paths else None),
            self.around.settings().plugin_system.auto_discover,
        )
        found = allowed.found
        lent = {distribution.name: distribution for distribution in found if distribution.development}
        self.book.lock = allowed.entries | {
            name: LockEntry(name=name, version=d.version, sha256=d.sha256, enabled=True)
            for name, d in lent.items()
        }
        for change in allowed.changes:
            if change.kind is LockChangeKind.CHANGED:
                text = f"{change.before} → {change.after}, changed by pip"
                self.tell(EventKind.VERSION, change.name, text=text)
            elif change.kind is LockChangeKind.MISSING and change.name not in lent:
                log.warning("%s stands in zepix.lock and is not installed", change.name)
            elif change.kind is not LockChangeKind.MISSING:
                self.tell(EventKind.DISCOVERED, change.name, text=f"{change.after}, {change.kind}")
        for distribution in found:
            for plugin in distribution.plugins:
                if plugin.problem:
                    log.error("%s of %s: %s", plugin.id, distribution.name, plugin.problem)
                    self.tell(EventKind.FAILED, distribution.name, plugin.id, plugin.problem)
        self.found = {distribution.name: distribution for distribution in found}
        self.book.take(found, remembered(self.around.hellos_file))

    async def start_missing(self) -> None:
        """Start a worker for each enabled distribution that has none; returns after their first hello."""
        starting = []
        for name, found in self.found.items():
            if name in self.workers or not self.book.lock[name].enabled or not found.usable:
                continue
            exchange = Exchange(
                self.around.services,
                self._facts_of(name),
                self.around.clock,
                self._limits,
                self.around.links.killable,
                partial(self._storage, name),
                # Only a process of its own has memory of its own.
                resident_mb if isinstance(self.around.links, PipeLinks) else None,
            )
            worker = Supervisor(
                name, self, self.around.links, exchange, self.around.clock, self.around.random
            )
            self.workers[name] = worker
            starting.append(worker.start())
        await asyncio.gather(*starting)

    def is_changed(self, distribution: str) -> bool:
        """Whether pip has changed it since its worker started."""
        return self.started.get(distribution) != self.found.get(distribution)

    async def end_removed(self) -> None:
        """Stop the workers of what is not installed any more."""
        for name in set(self.workers) - set(self.found):
            log.info("%s is not installed any more; its worker is stopped", name)
            await self.workers.pop(name).stop()

    def allow(self, distribution: str) -> None:
        """Let a distribution run from now on, as a person wishes.

        Raises:
            SettingsError: The lock cannot be written.
        """
        path = self.around.home.lock_file
        entry = attrs.evolve(self.book.lock[distribution], enabled=True)
        write_lock(path, {**(read_lock(path) or {}), distribution: entry})
        self.book.lock[distribution] = entry

    def worker_of(self, plugin: str) -> Supervisor:
        """The supervisor of a plugin's worker.

        Raises:
            PluginError: There is no such plugin, or none is to run.
        """
        record = self.book.record(plugin)
        worker = self.workers.get(record.distribution)
        if worker is None:
            state = self.book.state(record)
            raise PluginError(f"{plugin} does not run: it is {state}.", record.error, code=UNAVAILABLE)
        return worker

    def init(self, distribution: str) -> WorkerInit | None:
        """What to start a worker with; ``None`` when nothing of it may run."""
        found = self.found.get(distribution)
        if found is None:
            return None
        self.started[distribution] = found
        configs, points = {}, {}
        for plugin_id, target in found.usable.items():
            record = self.book.record(plugin_id)
            if plugin_id in self.book.verdicts.quarantined:
                continue
            try:
                configs[plugin_id] = self.around.read_config(plugin_id)
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
            data_dir=str(self.around.home.data),
            boot=self.around.boot,
            configs=configs,
            host=host_view(self.around.settings()),
            paths=self.around.paths,
            without_feeds=tuple(
                r.id for r in self.book.of(distribution) if r.feed and r.id in self.book.verdicts.quarantined
            ),
        )

    def up(self, distribution: str, hello: WorkerHello) -> None:
        """A worker said hello: register its plugins and feeds."""
        own = {record.id: record for record in self.book.of(distribution)}
        for told in hello.plugins:
            record = self._feed(own, told) if told.feed else own.get(told.id)
            if record is None or record.feed is not told.feed:
                log.error("the worker of %s speaks of %s, which is not its own", distribution, told.id)
                if told.feed:
                    text = f"the feed of its database group {told.id} cannot run: the name is taken"
                    self.tell(EventKind.FAILED, distribution, "", text)
                continue
            self.dispatcher.unregister(told.id)
            if told.state == "failed":
                self._failed(record, told.error, told.faults)
                continue
            self._loaded(record, told)
        for name in self._unnamed(own, hello):
            self.dispatcher.unregister(name)
            self.book.drop(name)
        self._keep(lambda: self.book.remember(self.around.hellos_file))

    def _feed(self, own: dict[str, Record], told: PluginHello) -> Record | None:
        """The record of a feed that a worker speaks of, a new one if need be."""
        known = own.get(told.id)
        members = [r for r in own.values() if r.hello is not None and r.hello.database_group == told.id]
        return known or (self.book.take_feed(members[0], told) if members else None)

    def _unnamed(self, own: dict[str, Record], hello: WorkerHello) -> list[str]:
        """Feeds that no plugin names any more, although plugins of their group are loaded."""
        told = {row.id for row in hello.plugins if row.feed}
        loaded = {row.database_group for row in hello.plugins if not row.feed and row.state != "failed"}
        return [
            name
            for name, record in own.items()
            if record.feed and name in loaded - told and name not in self.book.verdicts.quarantined
        ]

    def down(self, distribution: str, charged: Sequence[str], reason: str) -> None:
        """A worker died: charge the guilty, and quarantine after too many."""
        now = self.around.clock.monotonic()
        self.tell(EventKind.DIED, distribution, charged[0] if len(charged) == 1 else "", reason)
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
                self.tell(EventKind.QUARANTINED, distribution, record.id, text)
        if verdicts is not self.book.verdicts:
            self.book.verdicts = verdicts
            self._keep(lambda: write_verdicts(self.around.verdicts_file, verdicts))

    def quarantine(self, plugin: str, reason: str) -> None:
        """Put a plugin into quarantine; one that is not known is left."""
        record = next((one for one in self.book if one.id == plugin), None)
        if record is None or plugin in self.book.verdicts.quarantined:
            return
        held = {**self.book.verdicts.quarantined, plugin: reason}
        self.book.verdicts = attrs.evolve(self.book.verdicts, quarantined=held)
        self.tell(EventKind.QUARANTINED, record.distribution, plugin, reason)
        self._keep(lambda: write_verdicts(self.around.verdicts_file, self.book.verdicts))

    def may_run(self, plugin: str) -> None:
        """Raises PluginError when the plugin is not to be called, now or later."""
        record = self.book.record(plugin)
        if not self.book.may_be_called(record):
            state = self.book.state(record)
            raise PluginError(f"{plugin} is not to be called: it is {state}.", record.error, code=UNAVAILABLE)

    def _keep(self, work: Callable[[], None]) -> None:
        """A file that cannot be written must not stop the supervision."""
        try:
            work()
        except SettingsError as error:
            log.error("what is known of plugins could not be kept: %s", error)

    def _loaded(self, record: Record, hello: PluginHello) -> None:
        record.hello, record.error, record.faults = hello, "", ()
        record.running = PluginState.LOADED

        async def send(hook: str, **fields: Any) -> Any:
            return (await self.call(record, hook, fields)).decision

        self.dispatcher.register(RemotePlugin(record.id, hello.hooks, send), record.id)
        record.running = PluginState.ACTIVE
        self.tell(EventKind.LOADED, record.distribution, record.id, record.version)

    def _failed(self, record: Record, error: str, faults: tuple[str, ...]) -> None:
        record.running, record.error, record.faults = PluginState.FAILED, error, faults
        log.error("%s failed: %s", record.id, "\n  ".join((error, *faults)))
        self.tell(EventKind.FAILED, record.distribution, record.id, "; ".join((error, *faults)))

    async def call(self, record: Record, hook: str, fields: dict[str, Any]) -> HookReply:
        """Run one hook and keep count; errors as `Supervisor.call`."""
        record.calls += 1
        try:
            reply = await self.worker_of(record.id).call(record.id, hook, **fields)
        except WorkerDied:
            record.errors += 1
            raise
        except PluginError as error:
            self._went_wrong(record, str(error))
            raise
        finally:
            record.last_call_ns = self.around.clock.now_ns()
        trace.debug("%s.%s took %.2f ms of its own", record.id, hook, reply.own_seconds * 1000)
        record.own_seconds_max = max(record.own_seconds_max, reply.own_seconds)
        limits = self._limits()
        allowed = limits.tick * len(fields["ticks"]) if hook == "on_tick" else limits.hook
        if reply.own_seconds > allowed:
            self._went_wrong(record, f"{hook} took {reply.own_seconds:.2f} s, more than {allowed:g} s")
        elif record.running is PluginState.DEGRADED:
            record.running = PluginState.ACTIVE
            self.tell(EventKind.RECOVERED, record.distribution, record.id)
        return reply

    def _went_wrong(self, record: Record, text: str) -> None:
        record.errors += 1
        record.error = text
        if record.running is PluginState.ACTIVE:
            record.running = PluginState.DEGRADED
            self.tell(EventKind.DEGRADED, record.distribution, record.id, text)

    def _limits(self) -> Limits:
        settings = self.around.settings()
        return Limits(
            hook=settings.plugin_system.max_plugin_execution_time,
            tick=TICK_SECONDS,
            memory_mb=settings.health.memory_limit_mb,
        )

    def _facts_of(self, distribution: str) -> Callable[[str], PluginFacts]:
        """A worker speaks for the plugins of its own distribution only."""

        def facts(plugin: str) -> PluginFacts:
            if self.book.is_unknown(plugin) and not self.workers[distribution].ready.is_set():
                # A feed that starts for the first time; it may do what needs no capability.
                return PluginFacts(id=plugin)
            if self.book.record(plugin).distribution != distribution:
                raise PluginError(f"{plugin} is no plugin of {distribution}.")
            return self.book.facts(plugin)

        return facts

    def _storage(self, distribution: str, news: StorageNews) -> None:
        """A worker tells how a file stands; only plugins of its own distribution are stopped by it."""
        own = {record.id for record in self.book.of(distribution)}
        mine = attrs.evolve(news, plugins=tuple(sorted(own.intersection(news.plugins) or own)))
        self.around.on_event(
            PluginEvent(kind=EventKind.STORAGE, distribution=distribution, text=news.fault, storage=mine)
        )

    def tell(self, kind: EventKind, distribution: str, plugin: str = "", text: str = "") -> None:
        """Report what happened."""
        self.around.on_event(PluginEvent(kind=kind, distribution=distribution, plugin=plugin, text=text))
