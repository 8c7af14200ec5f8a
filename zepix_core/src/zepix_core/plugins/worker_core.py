"""Hosts the plugins of one distribution: in a worker process, or inline. One path for both."""

import asyncio
import logging
import os
import re
import site
import sys
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from pathlib import Path
from typing import Any

import attrs

from zepix_core import logs
from zepix_core.api import ServiceAPI, create_service_api
from zepix_core.clock import Clock
from zepix_core.errors import PluginError, SettingsError, ZepixError
from zepix_core.model.decision import Decision, Verdict
from zepix_core.model.storage import StorageNews
from zepix_core.plugin import GroupFeed, PluginConfig
from zepix_core.plugins.databases import Databases, Files, OpenedDatabase
from zepix_core.plugins.dispatch import Dispatcher
from zepix_core.plugins.group_feed import FeedHooks, feed_hello
from zepix_core.plugins.hello import (
    Began,
    ConfigReply,
    ConfigRequest,
    HookReply,
    HookRequest,
    HostUpdate,
    Migrating,
    Nothing,
    PluginHello,
    WorkerHello,
    WorkerInit,
)
from zepix_core.plugins.loading import LoadedPlugin, create, describe, load, read_config, with_config
from zepix_core.plugins.scope import BoundCalls, Scope, running
from zepix_core.services.host_view import HostView, view_of
from zepix_core.storage.executor import SameThread, WriterThread
from zepix_core.wire.channel import Channel, Handler
from zepix_core.wire.codec import decode, encode

log = logging.getLogger(__name__)
# A code, an outcome code as it is, and behind a colon or a full stop what it is about: bad_field:price.
REASON = re.compile(r"[A-Za-z0-9_]{1,40}(?:[.:][A-Za-z0-9_]{1,40})?")
OTHER = "other"
LARGEST_DECISION = 256 * 1024
NOTHING_DECIDED = Decision(verdict=Verdict.NOTHING, action="ignore")


class _Hosted:
    """One plugin that runs here, or a group's feed. Its hooks never overlap."""

    def __init__(self, hello: PluginHello, config: PluginConfig, feed: type[GroupFeed] | None = None) -> None:
        self.config = config
        self.model = type(config)
        self.hello = hello
        self.feed = feed
        self.api: ServiceAPI | None = None
        self.since = 0.0
        self.turn = asyncio.Lock()


class WorkerCore:
    """The worker's side of the border.

    Args:
        channel: To the host; hand `handlers` to it.
        same_thread: Write databases in the caller's thread (replay).
        files: Another way to write and hold databases (the simulator's).
    """

    def __init__(
        self, channel: Channel, clock: Clock, *, same_thread: bool = False, files: Files | None = None
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._dispatcher = Dispatcher()
        self._hosted: dict[str, _Hosted] = {}
        ways = Files(executor=SameThread if same_thread else WriterThread)
        self._databases = Databases(clock, self._migrates, files or ways, self._storage)
        self._view: HostView | None = None

    def handlers(self) -> Mapping[str, Handler]:
        """What a worker serves."""
        return {
            "init": Handler(WorkerInit, self.start),
            "hook": Handler(HookRequest, self.hook),
            "config": Handler(ConfigRequest, self.configure),
            "host": Handler(HostUpdate, self.host_changed),
            "ping": Handler(Nothing, lambda _: Nothing()),
            "stop": Handler(Nothing, lambda _: self.stop()),
        }

    async def start(self, init: WorkerInit) -> WorkerHello:
        """Import, configure, register, open, bind, ``on_start``; one plugin's failure is its own."""
        for folder in reversed(init.paths):
            _put_first(folder)
        self._view = view_of(init.host)
        hellos = []
        for plugin_id, target in init.entry_points.items():
            found = load(plugin_id, target, init.configs.get(plugin_id, {}), self._dispatcher)
            if isinstance(found, LoadedPlugin) and not init.check_only:
                found = await self._take_up(plugin_id, found, init)
            hellos.append(found.hello if isinstance(found, LoadedPlugin) else found)
        hellos += await self._start_feeds(init)
        return WorkerHello(
            pid=os.getpid(),
            distribution=init.distribution,
            version=init.version,
            plugins=tuple(hellos),
        )

    def _migrates(self, on: bool) -> None:
        if not self._channel.closed.is_set():
            self._channel.notify("migrating", Migrating(on=on))

    def _storage(self, news: StorageNews) -> None:
        if not self._channel.closed.is_set():
            self._channel.notify("storage", news)

    async def _take_up(self, plugin_id: str, found: LoadedPlugin, init: WorkerInit) -> PluginHello:
        hosted = _Hosted(found.hello, found.config, found.feed)
        try:
            self._agree(hosted)
            opened = await self._databases.open(
                plugin_id,
                hosted.hello.database_group,
                found.instance.migrations,
                hosted.config.database,
                Path(init.data_dir),
            )
            await opened.handle.note_start(init.version)
            hosted.hello = attrs.evolve(hosted.hello, schema_version=opened.schema_version)
            await self._begin(plugin_id, hosted, opened)
        except ZepixError as error:
            log.error("%s cannot be started: %s", plugin_id, error)
            self._dispatcher.unregister(plugin_id)
            return attrs.evolve(hosted.hello, state="failed", error=str(error))
        return hosted.hello

    async def _begin(self, name: str, hosted: _Hosted, opened: OpenedDatabase) -> None:
        """Bind the API and call ``on_start``; from then on it may be called."""
        hosted.api = create_service_api(
            BoundCalls(self._channel, name),
            opened.handle,
            opened.trend,
            opened.pulse,
            plugin_id=name,
            clock=self._clock,
            config=lambda: hosted.config,
            host=self._host_view,
        )
        self._dispatcher.bind(name, api=hosted.api)
        await self._run(name, "on_start", self._dispatcher.call_one(name, "on_start"))
        hosted.since = self._clock.monotonic()
        self._hosted[name] = hosted

    def _agree(self, hosted: _Hosted) -> None:
        group = hosted.hello.database_group
        for other in self._hosted.values():
            if (
                other.hello.database_group == group
                and None not in (other.feed, hosted.feed)
                and other.feed is not hosted.feed
            ):
                raise PluginError(
                    f"plugins of the database group {group} name different feeds.",
                    "Name the same class as group_feed in each.",
                )

    async def _start_feeds(self, init: WorkerInit) -> list[PluginHello]:
        """One object per group of the plugins that run; a feed's failure is its own."""
        named = {h.hello.database_group: h.feed for h in self._hosted.values() if h.feed is not None}
        return [
            await self._start_feed(group, kind, init)
            for group, kind in named.items()
            if group not in init.without_feeds
        ]

    async def _start_feed(self, group: str, kind: type[GroupFeed], init: WorkerInit) -> PluginHello:
        hosted = _Hosted(feed_hello(group, kind), PluginConfig(plugin_id=group))
        if group in init.entry_points:
            error = f"the database group {group} has a feed and is called like a plugin"
            return attrs.evolve(hosted.hello, state="failed", error=error)
        try:
            self._dispatcher.register(FeedHooks(create(group, kind)), group)
            await self._begin(group, hosted, self._databases.view(group, group))
        except ZepixError as fault:
            log.error("the feed of %s cannot be started: %s", group, fault)
            self._dispatcher.unregister(group)
            return attrs.evolve(hosted.hello, state="failed", error=str(fault))
        return hosted.hello

    def _host_view(self) -> HostView:
        return self._view or view_of({})

    async def hook(self, request: HookRequest) -> HookReply:
        """Run one hook.

        Raises:
            PluginError: The hook raised, or returned what it must not.
        """
        hosted = self._hosted.get(request.plugin)
        if hosted is None:
            raise PluginError(f"{request.plugin} does not run here.")
        async with hosted.turn:
            self._channel.notify("began", Began(call=request.call))
            alert = request.alert if request.hook == "on_alert" else None
            scope = Scope(
                request.call,
                None if alert is None else alert.key,
                self._clock.monotonic,
                None if alert is None else alert.received_at,
            )
            token = running.set(scope)
            try:
                with logs.bound(**_bound(request)):
                    result = await self._run(request.plugin, request.hook, self._call(request))
            finally:
                own = scope.close()
                running.reset(token)
        decision = _checked(request.plugin, result) if request.hook == "on_alert" else None
        return HookReply(decision=decision, own_seconds=own)

    async def _call(self, request: HookRequest) -> Any:
        plugin, hook = request.plugin, request.hook
        if hook == "on_tick":
            for tick in request.ticks:
                result = self._dispatcher.begin(plugin, hook, tick=tick)
                if result is not None and isawaitable(result):
                    await result
            return None
        argument = {
            "on_alert": ("alert", request.alert),
            "on_trade_update": ("update", request.update),
            "on_config_change": ("changes", request.changes),
            "on_wake": ("wake", request.wake),
        }.get(hook)
        if argument is None:
            raise PluginError(f"{hook} is no hook that the host calls.")
        return await self._dispatcher.call_one(plugin, hook, **{argument[0]: argument[1]})

    async def _run(self, plugin_id: str, hook: str, work: Awaitable[Any]) -> Any:
        """Await plugin code; all it raises, ``SystemExit`` included, becomes a `PluginError`."""
        task = asyncio.current_task()
        try:
            return await work
        except asyncio.CancelledError as error:
            if task is not None and task.cancelling():
                raise
            raise PluginError(f"{hook} of {plugin_id} cancelled itself.") from error
        except BaseException as error:
            log.error("%s of %s failed", hook, plugin_id, exc_info=error)
            raise PluginError(f"{hook} of {plugin_id} raised {describe(error)}.") from error

    def configure(self, request: ConfigRequest) -> ConfigReply:
        """Validate new settings, and put them in force unless only asked about."""
        hosted = self._hosted.get(request.plugin)
        if hosted is None:
            raise PluginError(f"{request.plugin} does not run here.")
        try:
            config = read_config(request.plugin, hosted.model, request.config)
        except SettingsError as error:
            return ConfigReply(faults=error.faults)
        hello = with_config(hosted.hello, config)
        if not request.check_only:
            hosted.config, hosted.hello = config, hello
        return ConfigReply(hello=hello)

    def host_changed(self, update: HostUpdate) -> Nothing:
        """The host's settings that plugins may read."""
        self._view = view_of(update.host)
        return Nothing()

    async def stop(self) -> Nothing:
        """``on_stop`` of every plugin, then close the databases."""
        for plugin_id, hosted in self._hosted.items():
            try:
                stop = self._dispatcher.call_one(plugin_id, "on_stop")
                await self._run(plugin_id, "on_stop", stop)
            except PluginError as error:
                log.error("%s did not stop well: %s", plugin_id, error)
            if hosted.api is not None:
                await hosted.api.db.note_stop((self._clock.monotonic() - hosted.since) / 3600)
        self._hosted.clear()
        await self._databases.close()
        return Nothing()


def _put_first(folder: str) -> None:
    known = set(sys.path)
    site.addsitedir(folder, known)
    added = [entry for entry in sys.path if entry not in known]
    sys.path[:] = [*added, *(entry for entry in sys.path if entry in known)]


def _bound(request: HookRequest) -> dict[str, Any]:
    fields: dict[str, Any] = {"plugin": request.plugin, "hook": request.hook}
    if request.alert is not None:
        fields["alert_id"] = request.alert.id
    return fields


def _checked(plugin_id: str, result: Any) -> Decision:
    """The decision as the host will receive it.

    Raises:
        PluginError: It is none, cannot cross, or is too large.
    """
    if result is None:
        return NOTHING_DECIDED
    if not isinstance(result, Decision):
        raise PluginError(
            f"on_alert of {plugin_id} returned {type(result).__name__}.", "It returns a Decision or None."
        )
    try:
        data = encode(result)
        decision: Decision = decode(data, Decision)
    except ZepixError as error:
        raise PluginError(f"the decision of {plugin_id} cannot be used: {error}") from error
    if len(data) > LARGEST_DECISION:
        raise PluginError(f"the decision of {plugin_id} has {len(data)} bytes, too many.")
    if decision.verdict is Verdict.REJECTED and not decision.reason:
        raise PluginError(f"{plugin_id} rejected without a reason.", "A rejection needs reason=.")
    if decision.reason and not REASON.fullmatch(decision.reason):
        return _without_code(plugin_id, decision, decision.reason)
    return decision


def _without_code(plugin_id: str, decision: Decision, reason: str) -> Decision:
    """A reason that is no code is kept as a fact: what counts and filters reasons finds ``other``."""
    log.warning(
        "%s gave the reason %.80r: a reason is a code such as no_price or bad_field:price; the alert has %r",
        plugin_id, reason, OTHER,
    )  # fmt: skip
    return attrs.evolve(decision, reason=OTHER, data={"reason_text": reason[:1000], **decision.data})


def build(clock: Clock) -> Callable[[Channel], Mapping[str, Handler]]:
    """What `zepix_core.wire.child.serve` needs."""
    return lambda channel: WorkerCore(channel, clock).handlers()
