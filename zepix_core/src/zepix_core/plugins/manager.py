"""The plugins as the host sees them: started, asked, told, switched."""

import asyncio
import logging
import random as chance
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from packaging.utils import canonicalize_name

from zepix_core.clock import Clock, moment
from zepix_core.config.home import Home
from zepix_core.config.plugin_edit import check_host_switch, set_plugin_value
from zepix_core.config.settings import HostSettings
from zepix_core.errors import PluginError, SettingsError, WireError
from zepix_core.inbox.port import Route
from zepix_core.model.alert import Alert
from zepix_core.model.change import Change
from zepix_core.model.decision import Decision, Verdict
from zepix_core.model.market import Tick
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake
from zepix_core.plugins.book import PluginBook, Record
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.exchange import Services
from zepix_core.plugins.fleet import Fleet, Look, Surroundings, host_view
from zepix_core.plugins.hello import ConfigReply, ConfigRequest, HostUpdate, Nothing
from zepix_core.plugins.implementation import HookMetrics
from zepix_core.plugins.link import DirectLinks, LinkFactory, PipeLinks
from zepix_core.plugins.states import (
    EventKind,
    PluginEvent,
    PluginState,
    PluginStatus,
    read_verdicts,
    write_verdicts,
)
from zepix_core.plugins.ticker import Ticker
from zepix_core.plugins.unrolled import Outcome
from zepix_core.services.facts import PluginFacts

log = logging.getLogger(__name__)

IGNORED = Decision(verdict=Verdict.NOTHING, action="ignore")


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
        links: Another way to start workers (the simulator's).
        look: Another way to find distributions.
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
        links: LinkFactory | None = None,
        look: Look = discover,
    ) -> None:
        ways: LinkFactory = DirectLinks(clock, same_thread) if inline else PipeLinks(home.data / "locks")
        self._around = Surroundings(
            home=home,
            settings=settings,
            clock=clock,
            services=services,
            links=links or ways,
            read_config=read_config,
            on_event=on_event,
            random=random,
            boot=boot,
            paths=tuple(paths),
            look=look,
        )
        self._fleet = Fleet(self._around)
        self._listeners: set[str] = set()
        self._ticker = Ticker(self._send_ticks)

    @property
    def book(self) -> PluginBook:
        """What is known of every plugin."""
        return self._fleet.book

    async def start(self, guilty: Sequence[str] = ()) -> None:
        """Discover, take in the lock, start a worker per enabled distribution; returns once each said
        hello or failed to. A plugin that fails stops nobody else.

        Args:
            guilty: Plugins that have taken the whole host down too often.

        Raises:
            SettingsError: The lock or the kept states cannot be read.
        """
        self.book.verdicts = read_verdicts(self._around.verdicts_file)
        self._fleet.discover()
        for plugin in guilty:
            self._fleet.quarantine(plugin, "the host died twice while it decided")
        if self._around.settings().plugin_system.enabled:
            await self._fleet.start_missing()

    async def stop(self, deadline: float = 5.0) -> None:
        """End all workers, each after its running hooks or ``deadline`` seconds."""
        await self._ticker.close()
        await asyncio.gather(*(worker.stop(deadline) for worker in self._fleet.workers.values()))
        self._fleet.workers.clear()

    def routes(self, kind: str, timeframe: str | None) -> tuple[Route, ...]:
        """Feeds and enabled plugins that take such an alert, first asked first."""
        return self.book.routes(kind, timeframe)

    def absent(self, kind: str, timeframe: str | None) -> tuple[str, ...]:
        """Feeds and plugins that would take such an alert and cannot: quarantined, or failed at start."""
        return self.book.absent(kind, timeframe)

    def heads(self) -> frozenset[str]:
        """Alert kinds that some plugin declared, kept while its worker is away."""
        return self.book.heads()

    def facts(self, plugin: str) -> PluginFacts:
        """What services judge a plugin's requests by."""
        return self.book.facts(plugin)

    def statuses(self) -> tuple[PluginStatus, ...]:
        """Every plugin as it stands."""
        return tuple(
            attrs.evolve(row, pid=worker.pid)
            if (worker := self._fleet.workers.get(row.distribution))
            else row
            for row in self.book.statuses()
        )

    async def deliver(self, plugin: str, alert: Alert) -> Decision:
        """Ask one plugin for its decision; waits while its worker is away.

        Raises:
            WorkerDied: The worker ended during the hook; deliver again.
            PluginError: The plugin failed, or is not to be called; ``code`` tells which.
        """
        decision = await self._call_hook(plugin, "on_alert", alert=alert)
        return decision if isinstance(decision, Decision) else IGNORED

    async def update(self, plugin: str, update: TradeUpdate) -> None:
        """Tell a plugin of one change of one of its positions; errors as `deliver`."""
        await self._call_hook(plugin, "on_trade_update", update=update)

    async def wake(self, plugin: str, wake: Wake) -> None:
        """Wake a plugin; errors as `deliver`."""
        await self._call_hook(plugin, "on_wake", wake=wake)

    def callable(self, plugin: str) -> bool:
        """Whether hooks of the plugin may be called, now or when its worker is back; what is meant for
        it otherwise has to wait."""
        return self.book.may_be_called(self.book.record(plugin))

    def ticks(self, batch: Sequence[Tick]) -> None:
        """Pass ticks to the plugins that want their symbols; a slow one gets the newest per symbol."""
        for record in self.book:
            hello = record.hello
            if hello is None or not hello.symbols or not self.book.state(record).takes_alerts:
                continue
            if self._fleet.dispatcher.implements(record.id, "on_tick"):
                self._ticker.put(record.id, [tick for tick in batch if tick.symbol in hello.symbols])

    def listen(self, listener: object, name: str) -> None:
        """Register a listener of the host's own; `announce` calls it."""
        self._fleet.dispatcher.register(listener, name)
        self._listeners.add(name)

    async def announce(self, hook: str, **arguments: Any) -> tuple[Outcome, ...]:
        """Call the host's own listeners of a hook, each failing for itself."""
        return await self._fleet.dispatcher.call(hook, self._listeners, **arguments)

    def hook_metrics(self) -> tuple[HookMetrics, ...]:
        """How often each hook of each plugin was called, how often it failed, how long it took, as the host
        sees it: waiting for a worker counts. Ticks are counted where they are taken, in the workers."""
        return self._fleet.dispatcher.metrics()

    async def check_config(self, plugin: str, values: dict[str, Any]) -> tuple[str, ...]:
        """Faults of new settings, judged by the plugin's worker.

        Raises:
            WireError: The worker is away.
        """
        request = ConfigRequest(plugin=plugin, config=values, check_only=True)
        reply: ConfigReply = await self._fleet.worker_of(plugin).ask("config", request, ConfigReply)
        return reply.faults

    async def configure(
        self, plugin: str, values: dict[str, Any], changes: tuple[Change, ...] = ()
    ) -> tuple[str, ...]:
        """Put new settings in force and tell the plugin; faults when they are refused: the old ones stay.

        While the worker is away they go with its next start.
        """
        record = self.book.record(plugin)
        if record.running is PluginState.FAILED or not self._fleet.worker_of(plugin).ready.is_set():
            await self._fleet.worker_of(plugin).restart()
            return self.book.record(plugin).faults
        request = ConfigRequest(plugin=plugin, config=values)
        try:
            reply: ConfigReply = await self._fleet.worker_of(plugin).ask("config", request, ConfigReply)
        except WireError:
            return ()
        if reply.faults or reply.hello is None:
            return reply.faults
        record.hello = reply.hello
        self.book.remember(self._around.hellos_file)
        if changes and self.book.may_be_called(record):
            await self._fleet.dispatcher.call_one(plugin, "on_config_change", changes=changes)
        return ()

    async def switch_shadow(self, plugin: str, on: bool) -> None:
        """Write a plugin's shadow mode into its settings file and put it in force; the rest of the file waits
        for the next start.

        Raises:
            PluginError: There is no such plugin.
            SettingsError: The host's own file keeps it in shadow, or the file cannot be changed.
        """
        record = self.book.record(plugin)
        if record.feed:
            raise PluginError(f"{plugin} is no plugin: it places no orders.", code="unknown_plugin")
        check_host_switch(self._around.settings(), plugin, on)
        set_plugin_value(self._around.home, plugin, "shadow_mode", on)
        before = record.hello
        if before is None or before.shadow is on:
            return
        change = Change(
            key=f"plugins.{plugin}.shadow_mode",
            change_type="modified",
            old_value=before.shadow,
            new_value=on,
            at=moment(self._around.clock.now_ns()),
        )
        faults = await self.configure(plugin, {**before.config, "shadow_mode": on}, (change,))
        if faults:
            raise SettingsError(f"{plugin} refuses its settings.", "Correct its file.", faults)

    async def host_changed(self) -> None:
        """The host's settings have changed: tell the workers what plugins may read of them."""
        update = HostUpdate(host=host_view(self._around.settings()))
        for worker in self._fleet.workers.values():
            try:
                await worker.ask("host", update, Nothing)
            except WireError as error:
                log.info("%s: it reads the settings at its next start", error)

    async def enable(self, name: str) -> None:
        """Let a plugin run, or all of a distribution: out of the lock, quarantine or a person's switch.

        The environment is looked at first: what pip installed a moment ago is found, and what it changed
        runs from now on.

        Raises:
            PluginError: There is neither a plugin nor a distribution of that name.
            SettingsError: The lock or the switch cannot be written.
        """
        self._fleet.discover()
        await self._fleet.end_removed()
        records = self._named(name)
        distribution = records[0].distribution
        names = {record.id for record in records}
        stale = self._is_stale(distribution, names)
        if not self.book.lock[distribution].enabled:
            self._fleet.allow(distribution)
        verdicts = self.book.verdicts
        self.book.verdicts = attrs.evolve(
            verdicts,
            quarantined={k: v for k, v in verdicts.quarantined.items() if k not in names},
            disabled=verdicts.disabled - names,
        )
        write_verdicts(self._around.verdicts_file, self.book.verdicts)
        for record in records:
            record.recent_deaths.clear()
            self._fleet.tell(EventKind.ENABLED, distribution, record.id)
        if stale:
            await self._restart(distribution)
        await self._fleet.start_missing()

    def _named(self, name: str) -> list[Record]:
        """The plugins that a person means by a name."""
        records = self.book.of(str(canonicalize_name(name))) or [r for r in self.book if r.id == name]
        if not records:
            raise PluginError(
                f"there is neither a plugin nor an installed distribution {name}.",
                "See `pip list` of the host's own Python; restart the host only if it stands there.",
                code="unknown_plugin",
            )
        return records

    def _is_stale(self, distribution: str, names: set[str]) -> bool:
        """Whether the worker that runs is not the one that should: other code, or not all of the plugins.

        Where nothing else runs in it, it starts anew in any case: code that pip links to changes unseen.
        """
        worker = self._fleet.workers.get(distribution)
        if worker is None:
            return False
        own = self.book.of(distribution)
        states = {record.id: self.book.state(record) for record in own}
        missing = (PluginState.QUARANTINED, PluginState.FAILED)
        return (
            self._fleet.is_changed(distribution)
            or not worker.ready.is_set()
            or any(states[name] in missing for name in names)
            or all(states[record.id] is PluginState.DISABLED for record in own if not record.feed)
        )

    async def _restart(self, distribution: str) -> None:
        for record in self.book.of(distribution):
            record.running = PluginState.DISCOVERED
        await self._fleet.workers[distribution].restart()

    def disable(self, plugin: str) -> None:
        """Switch a plugin off until a person enables it: no hook of it is called, its positions stay.

        Raises:
            PluginError: There is no such plugin.
        """
        record = self.book.record(plugin)
        if record.feed:
            raise PluginError(
                f"{plugin} is no plugin: it feeds the database group of that name.",
                "It runs as long as a plugin of the group is loaded, disabled or not.",
                code="unknown_plugin",
            )
        self.book.verdicts = attrs.evolve(self.book.verdicts, disabled=self.book.verdicts.disabled | {plugin})
        write_verdicts(self._around.verdicts_file, self.book.verdicts)
        self._fleet.tell(EventKind.DISABLED, record.distribution, plugin)

    async def reload(self, distribution: str | None = None) -> None:
        """Look at the environment again; restart the workers of what changed, or of ``distribution``.

        Raises:
            PluginError: There is no such distribution.
        """
        self._fleet.discover()
        await self._fleet.end_removed()
        if distribution is not None and distribution not in self._fleet.found:
            raise PluginError(f"there is no distribution {distribution}.", "See `zepix plugins list`.")
        for name in list(self._fleet.workers):
            if name == distribution or (distribution is None and self._fleet.is_changed(name)):
                await self._restart(name)
        await self._fleet.start_missing()

    async def _call_hook(self, plugin: str, hook: str, **arguments: Any) -> Any:
        dispatcher = self._fleet.dispatcher
        if dispatcher.manager.get_plugin(plugin) is None:
            # It is known from an earlier run only, or not to be called, which is raised here.
            await self._fleet.worker_of(plugin).until_ready(plugin)
        return await dispatcher.call_one(plugin, hook, **arguments)

    async def _send_ticks(self, plugin: str, ticks: tuple[Tick, ...]) -> None:
        await self._fleet.call(self.book.record(plugin), "on_tick", {"ticks": ticks})
