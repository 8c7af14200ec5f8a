"""The outer supervisor of a simulation: starts the host again whenever it has ended."""

import asyncio
from random import Random

from zepix_core.broker.client import GatewayClient
from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.config.home import Home
from zepix_core.config.secrets import Secret
from zepix_core.config.settings import HostSettings
from zepix_core.errors import ZepixError
from zepix_core.host import Host
from zepix_core.model.host import HostOptions
from zepix_core.outside import Outside
from zepix_core.storage.connection import Durability
from zepix_core.testing.simulator.cast import Cast
from zepix_core.testing.simulator.children import Children
from zepix_core.testing.simulator.clock import SimulatedClock
from zepix_core.testing.simulator.disk import Disk
from zepix_core.testing.simulator.faults import Unit
from zepix_core.testing.simulator.home import TOKEN
from zepix_core.testing.simulator.processes import Machine, Process
from zepix_core.testing.simulator.trace import Trace
from zepix_core.web.webhook_face import WebhookFace

RESTART_SECONDS = 1.0


class Keeper:
    """Keeps one host running.

    Attributes:
        host: The host that runs or starts; ``process``: its process.
        starts: How many times a host was started.
        wanted: False once nothing is to be started any more.
        stopped_in: Seconds that each orderly stop took.
    """

    def __init__(
        self,
        home: Home,
        settings: HostSettings,
        cast: Cast,
        clock: SimulatedClock,
        machine: Machine,
        children: Children,
        disk: Disk,
        chance: Random,
        trace: Trace,
    ) -> None:
        self.host: Host | None = None
        self.process: Process | None = None
        self.starts = 0
        self.wanted = True
        self.stopped_in: list[float] = []
        self._home, self._settings, self._cast = home, settings, cast
        self._clock, self._machine, self._children = clock, machine, children
        self._disk, self._chance, self._trace = disk, chance, trace
        self._ended = asyncio.Event()

    @property
    def ready(self) -> bool:
        """A host runs and takes alerts."""
        process = self.process
        return process is not None and process.alive and self.host is not None and self.host.front.ready

    async def keep(self) -> None:
        """Start the host, and again a second after it has ended."""
        while self.wanted:
            self._ended = asyncio.Event()
            process = self.process = self._machine.start("host")
            self.starts += 1
            self._trace.add("keeper", f"starts {process}")
            process.at_end(self._ended.set)
            process.spawn(self._live(process))
            await self._ended.wait()
            self._trace.add("keeper", f"{process} has ended")
            await asyncio.sleep(RESTART_SECONDS + self._chance.random())

    async def stop(self) -> None:
        """Ask the host for its end and wait for it."""
        process, host = self.process, self.host
        if process is None or not process.alive or host is None:
            return
        process.later(0.0, host.request_stop)
        await self._ended.wait()

    async def _live(self, process: Process) -> None:
        """The life of one host, as `Host.run` leads it without signals and watchdog."""
        family = self._children.of(process)
        settings = self._settings
        try:
            host = self.host = Host(
                self._home,
                settings,
                clock=self._clock,
                options=HostOptions(),
                faces=(WebhookFace(settings.webhook, {"main": Secret(TOKEN)}),),
                broker=GatewayClient(
                    GatewayInit(data=str(self._home.data), paper=settings.paper),
                    self._home.data / "locks" / "gateway-paper.lock",
                    self._clock,
                    random=self._chance.random,
                    start_child=family.gateway,
                ),
                outside=Outside(
                    journal=lambda path: self._disk.open(path, Durability.FULL, process, Unit.COMMIT),
                    links=family,
                    look=lambda _: self._cast.distributions,
                    random=self._chance.random,
                    mark=lambda: f"{self._chance.getrandbits(64):016x}",
                    settle_memory=lambda: None,
                ),
            )
            await self._run(host)
        except ZepixError as error:
            self._trace.add("keeper", f"{process} did not start: {error}")
        finally:
            if process.alive:
                process.kill()

    async def _run(self, host: Host) -> None:
        try:
            await host.life.unless_told(host.start())
            self._trace.add("host", "ready")
            await host.life.stopping.wait()
        finally:
            began = self._clock.monotonic()
            await host.stop()
            self.stopped_in.append(self._clock.monotonic() - began)
            self._trace.add("host", f"stopped, code {host.life.exit_code}")
