"""An event loop on virtual time that counts steps: deterministic, without sockets, threads or waiting."""

import asyncio
import heapq
import itertools
import warnings
from asyncio import events
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, TypeVar, TypeVarTuple

from zepix_core.testing.simulator.network import Network
from zepix_core.testing.simulator.processes import CURRENT, Process

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
MOST_STEPS_AT_ONCE = 100_000
Watch = Callable[[Process], None]


class Stuck(Exception):
    """Nothing can happen any more, or something happens for ever while no time passes."""


class _Numbered:
    """Hashes that are the same in each run: sets of tasks come in the same order then."""

    _number: int

    def __hash__(self) -> int:
        return self._number


class _Task(_Numbered, asyncio.Task[Any]):
    def __init__(self, work: Any, number: int, process: Process | None, **options: Any) -> None:
        self._number = number
        self.process = process
        super().__init__(work, **options)


class _Future(_Numbered, asyncio.Future[Any]):
    def __init__(self, number: int, **options: Any) -> None:
        self._number = number
        super().__init__(**options)


class SimulatedLoop(asyncio.BaseEventLoop):
    """Time passes only when nothing can run, and then at once until the next timer.

    A handle belongs to the process in whose context it was made; those of a dead process are dropped.

    Attributes:
        network: Where servers listen.
        steps: Handles run for processes that count, by kind.
        before: Called before each of those; it may end the process.
        after: Called after each.
        faults: What went wrong in callbacks and in tasks nobody asked about.
    """

    def __init__(self, counted: frozenset[str]) -> None:
        super().__init__()
        self.network = Network()
        self.steps: Counter[str] = Counter()
        self.before: Watch = lambda _: None
        self.after: Watch = lambda _: None
        self.faults: list[dict[str, Any]] = []
        self._counted = counted
        self._now = 0.0
        self._runnable: deque[tuple[asyncio.Handle, Process | None]] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle, Process | None]] = []
        self._numbers = itertools.count(1)
        self._graves: list[Any] = []
        self._over = False

    def time(self) -> float:
        return self._now

    def drive(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` and all it starts until it is done.

        Raises:
            Stuck: It cannot end.
        """
        outer = events._get_running_loop()
        events._set_running_loop(self)
        try:
            task = self.create_task(work)
            while not task.done():
                self._turn()
            result: T = task.result()
            return result
        finally:
            events._set_running_loop(outer)

    def _turn(self) -> None:
        if not self._runnable:
            self._pass_time()
        left = MOST_STEPS_AT_ONCE
        while self._runnable:
            handle, process = self._runnable.popleft()
            if handle.cancelled():
                continue
            if process is None or process.kind not in self._counted:
                handle._run()
            elif process.frozen:
                process.backlog.append(handle)
            elif process.alive:
                self._step(handle, process)
            left -= 1
            if not left:
                raise Stuck(f"{MOST_STEPS_AT_ONCE} steps without time passing; the last: {handle!r}")

    def _step(self, handle: asyncio.Handle, process: Process) -> None:
        self.before(process)
        if process.frozen:
            process.backlog.append(handle)
            return
        if not process.alive:
            return
        process.steps += 1
        self.steps[process.kind] += 1
        handle._run()
        self.after(process)

    def _pass_time(self) -> None:
        timers = self._timers
        while timers and (timers[0][2].cancelled() or _is_dead(timers[0][3])):
            heapq.heappop(timers)
        if not timers:
            raise Stuck("everybody waits for something that cannot come")
        self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            _, _, handle, process = heapq.heappop(timers)
            self._runnable.append((handle, process))

    def thaw(self, process: Process) -> None:
        """What has waited for a process comes now."""
        self._runnable.extend((handle, process) for handle in process.backlog)
        process.backlog.clear()

    def bury(self, process: Process) -> None:
        """Keep the tasks of a process that has ended, so that no `finally` of theirs runs meanwhile."""
        self._graves += [
            task for task in asyncio.all_tasks(self) if getattr(task, "process", None) is process
        ]

    def dispose(self) -> None:
        """Let go of everything; what the dead would still do finds neither a loop nor files to do it with."""
        left = [*self._graves, *asyncio.all_tasks(self)]
        self._over = True
        self._graves.clear()
        self._runnable.clear()
        self._timers.clear()
        outer = events._get_running_loop()
        events._set_running_loop(self)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # what the dead would have awaited
            for task in left:
                task._log_destroy_pending = False
                if not task.done() and (work := task.get_coro()) is not None:
                    _close(work)
            left.clear()
        events._set_running_loop(outer)
        self._runnable.clear()
        self._timers.clear()
        self.faults = []
        self.close()

    # What asyncio asks of a loop.

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        context = copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, context)
        self._runnable.append((handle, context.get(CURRENT)))
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        context = copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle, context.get(CURRENT)))
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is dropped when its time comes."""

    def create_future(self) -> "asyncio.Future[Any]":
        return _Future(next(self._numbers), loop=self)

    def create_task(self, coro: Any, **options: Any) -> "asyncio.Task[Any]":
        if self._over:
            coro.close()
            raise RuntimeError("the simulation is over")
        context: Context | None = options.get("context")
        process = CURRENT.get(None) if context is None else context.get(CURRENT)
        return _Task(coro, next(self._numbers), process, loop=self, **options)

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        """Blocking work is done at once: no thread, no time."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        return self.network.listen(protocol_factory, CURRENT.get())

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.faults.append(context)


def _is_dead(process: Process | None) -> bool:
    return process is not None and not process.alive


def _close(work: Any) -> None:
    """What a dead task would still do finds nothing left to do it with."""
    try:
        work.close()
    except BaseException:
        return
