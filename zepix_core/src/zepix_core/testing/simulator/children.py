"""The host's children: gateways and workers, with the real code in them, in simulated processes."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import attrs

from zepix_core.broker import gateway_calls as calls
from zepix_core.broker.gateway import Gateway
from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.broker.port import GatewayHello
from zepix_core.clock import Clock
from zepix_core.errors import PluginError, WireError
from zepix_core.plugins.databases import Files
from zepix_core.plugins.hello import HookReply, HookRequest
from zepix_core.plugins.worker_core import WorkerCore
from zepix_core.testing.simulator.disk import Disk
from zepix_core.testing.simulator.faults import Unit
from zepix_core.testing.simulator.processes import Machine, Process
from zepix_core.testing.simulator.server import Server
from zepix_core.testing.simulator.wire import Pipe, SimulatedChild, connect
from zepix_core.wire.channel import Channel, Handler

START_SECONDS = 0.1
ORPHAN_SECONDS = 0.4


class Locks:
    """Lock files: each belongs to one living process at a time."""

    def __init__(self) -> None:
        self._holders: dict[str, Process] = {}

    def take(self, name: str, process: Process) -> None:
        """Hold it for the rest of the process's life.

        Raises:
            WireError: Another living process holds it.
        """
        holder = self._holders.get(name)
        if holder is not None and holder.alive and holder is not process:
            raise WireError(f"{name} is held by {holder}.")
        self._holders[name] = process

    def end_holder(self, name: str) -> None:
        """End whoever holds it."""
        holder = self._holders.get(name)
        if holder is not None:
            holder.kill()


class _Held:
    """A lock that ends with its process."""

    def release(self) -> None:
        """The process ends soon, and the lock with it."""


class SimulatedGateway(Gateway):
    """Serves the simulated broker; its prices are moved by the server."""

    def __init__(self, channel: Channel, server: Server, process: Process, back: Pipe) -> None:
        super().__init__(channel)
        self._server, self._process, self._back = server, process, back

    async def open(self, init: GatewayInit) -> GatewayHello:
        broker = self._server.session(self._process, self._back)
        broker.on_ticks(lambda ticks: self._push(calls.TICKS, ticks))
        broker.on_deals(lambda deals: self._push(calls.NEW_DEALS, deals))
        broker.on_link(lambda up: self._push(calls.LINK, up))
        broker.on_change(lambda: self._push(calls.CHANGED, None))
        hello = await broker.start()
        self._broker = broker
        return attrs.evolve(hello, pid=self._process.pid)


@attrs.frozen(kw_only=True)
class Told:
    """A hook that returned: what the plugin has certainly seen.

    Attributes:
        sequence: Of the trade update, ``None`` for other hooks.
    """

    plugin: str
    hook: str
    sequence: int | None = None
    wake: str | None = None
    alert: int | None = None


class Children:
    """Starts the children of one host after the other, and ends those of a host that has died."""

    def __init__(self, machine: Machine, server: Server, clock: Clock, disk: Disk, chance: Random) -> None:
        self.told: list[Told] = []
        self._machine, self._server, self._clock = machine, server, clock
        self._disk, self._chance = disk, chance
        self._locks = Locks()

    def of(self, host: Process) -> "Family":
        """The ports of a new host."""
        return Family(self, host)

    async def start(self, kind: str, host: Process, lock: str) -> Process:
        """A new child, after the earlier holder of its lock was ended; it dies soon after its host."""
        self._locks.end_holder(lock)
        await asyncio.sleep(START_SECONDS * self._chance.random())
        fault = self._disk.strike(Unit.SPAWN)
        if fault is not None:
            self._disk.trace.add(kind, str(fault))
            raise WireError(f"The {kind} cannot be started (injected).")
        child = self._machine.start(kind)
        self._locks.take(lock, child)
        host.at_end(lambda: child.later(ORPHAN_SECONDS * self._chance.random(), child.kill))
        return child

    def gateway(self, process: Process, channel: Channel, back: Pipe) -> Mapping[str, Handler]:
        """What a gateway serves."""
        return process.run(SimulatedGateway, channel, self._server, process, back).handlers()

    def worker(self, process: Process, channel: Channel) -> Mapping[str, Handler]:
        """What a worker serves; hooks that returned are noted."""
        files = Files(
            executor=lambda path, durability: self._disk.open(path, durability, process, Unit.PLUGIN_COMMIT),
            hold=lambda lock, *_: self._hold(lock, process),
        )
        core = process.run(lambda: WorkerCore(channel, self._clock, files=files))
        return {**core.handlers(), "hook": Handler(HookRequest, self._noted(core))}

    def _hold(self, lock: Path, process: Process) -> _Held:
        self._locks.take(lock.name, process)
        return _Held()

    def _noted(self, core: WorkerCore) -> Callable[[HookRequest], Any]:
        async def hook(request: HookRequest) -> HookReply:
            fault = self._disk.strike(Unit.HOOK) if request.hook != "on_tick" else None
            if fault is not None:
                self._disk.trace.add("worker", f"{request.hook}: {fault}")
                raise PluginError(f"{request.hook} of {request.plugin} raised (injected).")
            reply = await core.hook(request)
            self.told.append(
                Told(
                    plugin=request.plugin,
                    hook=request.hook,
                    sequence=None if request.update is None else request.update.sequence,
                    wake=None if request.wake is None else request.wake.handle,
                    alert=None if request.alert is None else request.alert.id,
                )
            )
            return reply

        return hook

    def pair(
        self, host: Process, child: Process, handlers: Mapping[str, Handler]
    ) -> tuple[Channel, Channel, Pipe]:
        """Both ends of a border."""
        return connect(self._chance, host, child, handlers)


class Family:
    """What one host starts its children through: `zepix_core.plugins.link.LinkFactory`, and for gateways."""

    killable = True

    def __init__(self, children: Children, host: Process) -> None:
        self._children, self._host = children, host

    async def open(self, distribution: str, handlers: Mapping[str, Handler]) -> SimulatedChild:
        """Start a worker."""
        child = await self._children.start("worker", self._host, f"worker-{distribution}")
        mine, theirs, _ = self._children.pair(self._host, child, handlers)
        theirs.handlers = self._children.worker(child, theirs)
        return SimulatedChild(child, self._host, mine)

    async def gateway(
        self, module: str, *, lock: Path, log_name: str, handlers: Mapping[str, Handler] | None = None
    ) -> SimulatedChild:
        """Start a gateway."""
        child = await self._children.start("gateway", self._host, lock.name)
        mine, theirs, back = self._children.pair(self._host, child, handlers or {})
        theirs.handlers = self._children.gateway(child, theirs, back)
        return SimulatedChild(child, self._host, mine)
