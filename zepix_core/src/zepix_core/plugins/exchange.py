"""What goes to and fro while hooks run: own time is kept, the guilty are found, calls are answered."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Protocol

import attrs

from zepix_core.clock import Clock
from zepix_core.errors import PluginError, WireError, WorkerDied, ZepixError
from zepix_core.model.storage import StorageNews
from zepix_core.plugins.hello import (
    Began,
    HookReply,
    HookRequest,
    Migrating,
    Nothing,
    ServiceCall,
    ServiceReply,
)
from zepix_core.plugins.link import Link
from zepix_core.plugins.running import RunningCall, to_blame
from zepix_core.services.calls import CALLS
from zepix_core.services.context import CallContext
from zepix_core.services.facts import PluginFacts
from zepix_core.wire.channel import Handler
from zepix_core.wire.codec import decode, encode

log = logging.getLogger(__name__)

PING_SECONDS = 0.25
HANDOVER_SECONDS = 0.3
QUEUED_CALLS = 32
WEIGH_SECONDS = 5.0


class Services(Protocol):
    """Answers what plugins ask of the host."""

    async def call(self, context: CallContext, name: str, payload: Any) -> Any:
        """Carry out one call of `zepix_core.services.calls.CALLS` for the caller in ``context``."""


@attrs.frozen(kw_only=True)
class Limits:
    """Own time of a hook in seconds; resident memory of a worker, MB."""

    hook: float = 5.0
    tick: float = 0.2
    memory_mb: float = 256.0


def resident_mb(pid: int) -> float:
    """Resident memory of a process, 0 when it is gone."""
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    except psutil.Error:
        return 0.0


class Exchange:
    """The calls of one worker.

    Attributes:
        charged: The plugins at fault for the end of this life; empty: all of the distribution.
        reason: Why the worker was ended, ``""`` when it ended by itself.
    """

    def __init__(
        self,
        services: Services,
        facts: Callable[[str], PluginFacts],
        clock: Clock,
        limits: Callable[[], Limits],
        enforced: bool,
        on_storage: Callable[[StorageNews], None] = lambda _: None,
        held_mb: Callable[[int], float] | None = None,
    ) -> None:
        self.charged: tuple[str, ...] = ()
        self.reason = ""
        self._services, self._facts, self._clock = services, facts, clock
        self._limits = limits
        self._enforced = enforced
        self._on_storage, self._held_mb = on_storage, held_mb
        self._settled = False
        self._migrating = self._was_busy = False
        self._numbers = itertools.count(1)
        self._calls: dict[int, RunningCall] = {}
        self._asked: dict[str, int] = {}

    def handlers(self) -> Mapping[str, Handler]:
        """What the host serves to the worker."""
        return {
            "began": Handler(Began, self._began),
            "service": Handler(ServiceCall, self._service),
            "migrating": Handler(Migrating, self._migrates),
            "storage": Handler(StorageNews, lambda news: self._on_storage(news)),
        }

    def excused(self) -> bool:
        """Whether a plugin of the worker waits for the host, or a database is backed up or migrated: now, or
        since this was asked last."""
        busy = self._migrating or any(self._asked.values())
        found, self._was_busy = busy or self._was_busy, False
        return found

    def begin_life(self) -> None:
        """A new worker: nobody is charged."""
        self.charged, self.reason, self._settled = (), "", False
        self._migrating = self._was_busy = False

    async def run(self, link: Link, plugin: str, hook: str, fields: dict[str, Any]) -> HookReply:
        """Run one hook.

        Raises:
            WorkerDied: It was late, and the worker was ended.
            ChannelClosed: The worker ended.
            PluginError: The hook failed.
        """
        limits = self._limits()
        deadline = limits.tick * len(fields["ticks"]) if hook == "on_tick" else limits.hook
        call = RunningCall(
            next(self._numbers),
            plugin,
            hook,
            fields.get("alert"),
            deadline + HANDOVER_SECONDS,
            limits.hook + HANDOVER_SECONDS,
            self._clock.monotonic,
        )
        request = HookRequest(call=call.number, plugin=plugin, hook=hook, **fields)
        self._calls[call.number] = call
        try:
            if not self._enforced:
                return await _reply(link, request)
            return await self._within_deadline(link, call, request, deadline)
        finally:
            if link.channel.closed.is_set():
                # Whose hook it was is known only while the calls still stand here.
                self._settle(to_blame(list(self._calls.values())), "")
            del self._calls[call.number]

    async def _within_deadline(
        self, link: Link, call: RunningCall, request: HookRequest, deadline: float
    ) -> HookReply:
        reply = asyncio.ensure_future(_reply(link, request))
        try:
            while True:
                try:
                    async with asyncio.timeout(call.left) as limit:
                        call.limit = limit
                        return await asyncio.shield(reply)
                except TimeoutError as error:
                    more = 0.0 if reply.done() else await self._judge(link, call, deadline)
                    if more is None:
                        code = "deadline" if call.plugin in self.charged else "worker_died"
                        raise WorkerDied(f"{self.reason}; its worker was ended.", code=code) from error
                    call.extend(more)
        finally:
            call.limit = None
            reply.cancel()

    async def weigh(self, link: Link) -> None:
        """End the worker once it holds more than its limit; returns when it is gone."""
        while self._held_mb is not None and not link.exited.is_set():
            await self._clock.sleep(WEIGH_SECONDS)
            held, limit = self._held_mb(link.pid), self._limits().memory_mb
            if held > limit:
                guilty = to_blame(list(self._calls.values()))
                self._settle(guilty, f"its worker held {held:.0f} MB, more than {limit:g}")
                log.error("%s; it is ended", self.reason)
                link.kill()
                return

    async def _judge(self, link: Link, late: RunningCall, deadline: float) -> float | None:
        """A hook is late: seconds it may go on, because it is not its fault; ``None``: all is over."""
        guilty: RunningCall | None = late
        try:
            await link.channel.request("ping", Nothing(), Nothing, timeout=PING_SECONDS)
        except (TimeoutError, ZepixError):
            # Nothing gets through: whoever had the worker last still holds it.
            guilty = to_blame(list(self._calls.values()))
            if guilty is not None and guilty is not late and (guilty.left or 0.0) > 0.0:
                return (guilty.left or 0.0) + PING_SECONDS
        if link.channel.closed.is_set():
            return HANDOVER_SECONDS
        what = "something outside of hooks" if guilty is None else f"{guilty.hook} of {guilty.plugin}"
        self._settle(guilty, f"{what} took more than {deadline:g} s")
        log.error("%s; its worker is ended", self.reason)
        link.kill()
        return None

    def _settle(self, guilty: RunningCall | None, reason: str) -> None:
        if not self._settled:
            self._settled = True
            self.charged = () if guilty is None else (guilty.plugin,)
            self.reason = reason

    def _began(self, note: Began) -> None:
        call = self._calls.get(note.call)
        if call is not None:
            call.begin()

    def _migrates(self, note: Migrating) -> None:
        self._migrating, self._was_busy = note.on, True

    async def _service(self, request: ServiceCall) -> ServiceReply:
        kinds = CALLS.get(request.name)
        if kinds is None:
            raise WireError(f"there is no call named {request.name}.")
        facts = self._facts(request.plugin)
        call = self._calls.get(request.call)
        if call is not None and call.plugin != request.plugin:
            call = None
        waiting = self._asked.get(request.plugin, 0)
        if waiting >= QUEUED_CALLS:
            raise PluginError(
                f"{request.plugin} has {waiting} calls waiting for the host.", "Await each before the next."
            )
        self._asked[request.plugin] = waiting + 1
        self._was_busy = True
        try:
            with call.host_works() if call is not None else nullcontext():
                context = CallContext(plugin=facts, alert=None if call is None else call.alert)
                result = await self._services.call(context, request.name, decode(request.payload, kinds[0]))
        finally:
            self._asked[request.plugin] -= 1
        return ServiceReply(payload=encode(result))


async def _reply(link: Link, request: HookRequest) -> HookReply:
    reply: HookReply = await link.channel.request("hook", request, HookReply)
    return reply
