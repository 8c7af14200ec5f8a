"""How the host reaches a worker: through pipes to a process, or directly in its own process."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from zepix_core.clock import Clock
from zepix_core.plugins.worker_core import WorkerCore
from zepix_core.wire.channel import Channel, Handler, pair
from zepix_core.wire.process import spawn

MODULE = "zepix_core.plugins.worker"


class Link(Protocol):
    """A started worker.

    Attributes:
        exited: Set once it is gone.
    """

    @property
    def channel(self) -> Channel: ...

    @property
    def pid(self) -> int: ...

    @property
    def exited(self) -> asyncio.Event: ...

    @property
    def returncode(self) -> int | None:
        """Exit code once it has ended, negative for a signal; ``None`` when it has none."""

    def kill(self) -> None:
        """End it at once."""

    async def stop(self, grace: float = 5.0) -> int:
        """Let it end, by force after ``grace`` seconds."""


class LinkFactory(Protocol):
    """Starts workers."""

    killable: bool

    async def open(self, distribution: str, handlers: Mapping[str, Handler]) -> Link:
        """Start a worker that is served by ``handlers``.

        Raises:
            WireError: It cannot be started.
        """


class PipeLinks:
    """Workers as processes of their own. Each holds ``locks/worker-<distribution>.lock`` for life."""

    killable = True

    def __init__(self, locks: Path) -> None:
        self._locks = locks

    async def open(self, distribution: str, handlers: Mapping[str, Handler]) -> Link:
        self._locks.mkdir(parents=True, exist_ok=True)
        return await spawn(
            MODULE,
            lock=self._locks / f"worker-{distribution}.lock",
            log_name=f"worker.{distribution}",
            handlers=handlers,
        )


class DirectLinks:
    """Workers in this process; every value still passes the codec. Nothing here can be killed."""

    killable = False

    def __init__(self, clock: Clock, same_thread: bool = False) -> None:
        self._clock = clock
        self._same_thread = same_thread

    async def open(self, distribution: str, handlers: Mapping[str, Handler]) -> Link:
        return _DirectLink(handlers, self._clock, self._same_thread)


class _DirectLink:
    def __init__(self, handlers: Mapping[str, Handler], clock: Clock, same_thread: bool) -> None:
        self.channel, self._far = pair(handlers)
        self._core = WorkerCore(self._far, clock, same_thread=same_thread)
        self._far.handlers = self._core.handlers()
        self.pid = os.getpid()
        self.exited = asyncio.Event()
        self.returncode: int | None = None

    def kill(self) -> None:
        for end in (self.channel, self._far):
            end.close("it was ended")
        self.exited.set()

    async def stop(self, grace: float = 5.0) -> int:
        self.kill()
        return 0
