"""Simulated operating-system processes: each dies between two steps, and does nothing from then on."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from zepix_core.testing.simulator.loop import SimulatedLoop

T = TypeVar("T")
CURRENT: ContextVar["Process"] = ContextVar("process")


class Died(BaseException):
    """The process that runs this was ended here; whatever catches it is no longer there."""


class Process:
    """What runs in it is known by its context, which tasks and callbacks hand on.

    Attributes:
        kind: ``host``, ``worker``, ``gateway``, ``server`` (the broker's) or ``world``.
        pid: A number of its own in its simulation.
        steps: Callbacks and pieces of tasks it has run.
        alive: False once it was ended.
        frozen: It does nothing for a while, as one that is stopped or held by a call; what comes waits.
    """

    def __init__(self, loop: "SimulatedLoop", kind: str, pid: int) -> None:
        self.loop, self.kind, self.pid = loop, kind, pid
        self.name = f"{kind}-{pid}"
        self.steps = 0
        self.alive = True
        self.frozen = False
        self.backlog: list[asyncio.Handle] = []
        self.context = Context()
        self.context.run(CURRENT.set, self)
        self._at_end: list[Callable[[], None]] = []

    def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Call ``work`` as this process, now."""
        return self.context.copy().run(work, *arguments)

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run a task in this process."""
        return self.loop.create_task(work, context=self.context.copy())

    def later(self, seconds: float, work: Callable[..., object], *arguments: Any) -> None:
        """Call ``work`` in this process after ``seconds``, unless it has ended by then."""
        self.loop.call_later(seconds, work, *arguments, context=self.context)

    def at_end(self, work: Callable[[], None]) -> None:
        """What the operating system does when this process is gone."""
        self._at_end.append(work)

    def freeze(self, seconds: float) -> None:
        """Stop it for so long."""
        self.frozen = True
        self.loop.call_later(seconds, self._thaw, context=Context())

    def _thaw(self) -> None:
        self.frozen = False
        self.loop.thaw(self)

    def kill(self) -> None:
        """End it at once, as SIGKILL does: no clean-up of its own runs."""
        if not self.alive:
            return
        self.alive = False
        self.loop.bury(self)
        for work in self._at_end:
            work()
        self._at_end.clear()

    def __repr__(self) -> str:
        return self.name


class Machine:
    """Makes processes, each with a number of its own."""

    def __init__(self, loop: "SimulatedLoop") -> None:
        self._loop = loop
        self._pids = itertools.count(1)
        self.started: list[Process] = []

    def start(self, kind: str) -> Process:
        """A new process."""
        process = Process(self._loop, kind, next(self._pids))
        self.started.append(process)
        return process
