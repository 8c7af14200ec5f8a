"""What keeps a process going and ends it in order: its tasks, the wish to stop, the exit code."""

import asyncio
import logging
import signal
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from zepix_core.clock import Clock

log = logging.getLogger(__name__)

FAILED = 70
HURRIED_SECONDS = 1.0
RESTARTS, RESTART_WINDOW, RESTART_PAUSE = 5, 300.0, 1.0


class Lifeline:
    """The tasks of one run.

    Attributes:
        stopping: Set once somebody wants the end; ``hurry``: somebody wants it a second time.
        exit_code: 0, or 70 after a vital task ended by itself.
    """

    def __init__(self) -> None:
        self.stopping, self.hurry = asyncio.Event(), asyncio.Event()
        self.exit_code = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    def request_stop(self) -> None:
        """Stop in order; a second time: skip what is waited for."""
        if self.stopping.is_set():
            self.hurry.set()
        self.stopping.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task that ends with the run."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def vital(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """A task without which the run must not go on: one for all."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._vital_ended, what))

    def fail(self, what: str, error: BaseException) -> None:
        """End the run with code 70."""
        log.critical("%s ended: %s", what, error, exc_info=error)
        self.exit_code = FAILED
        self.request_stop()

    async def unless_told(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, or give it up when told to stop."""
        task, told = asyncio.ensure_future(work), asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait((task, told), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
        finally:
            told.cancel()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def at_most(
        self, seconds: float, work: Coroutine[Any, Any, None], *, patient: bool = False
    ) -> None:
        """One step of the end: no failure and no hanging of it holds up the next.

        A second signal ends it at once; a ``patient`` one, which knows of it or ends a child, soon.
        """
        task = asyncio.ensure_future(work)
        hurried = asyncio.ensure_future(self.hurry.wait())
        await asyncio.wait((task, hurried), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if patient and self.hurry.is_set():
            await asyncio.wait((task,), timeout=min(seconds, HURRIED_SECONDS))
        hurried.cancel()
        task.cancel()
        (error,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(error, Exception):
            log.error("a step of the end failed: %s", error, exc_info=error)

    async def end_tasks(self) -> None:
        """Cancel what still runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def catch_signals(self) -> None:
        """Let SIGINT and SIGTERM (Windows: Ctrl-C and Ctrl-Break) ask for the end."""
        loop = asyncio.get_running_loop()
        tell: Callable[[], None] = self.request_stop
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, tell)
            except NotImplementedError:
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(tell))
        if hasattr(signal, "SIGBREAK"):
            signal.signal(signal.SIGBREAK, lambda *_: loop.call_soon_threadsafe(tell))

    def _vital_ended(self, what: str, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(what, error)


async def one_for_one(work: Callable[[], Coroutine[Any, Any, None]], what: str, clock: Clock) -> None:
    """Run what the rest can do without, again after an error of it; 5 times in 300 s, then no more.

    Returns once it is given up, or when the work ends by itself.
    """
    failures: deque[float] = deque()
    while True:
        try:
            await work()
            return
        except Exception as error:
            log.error("%s failed: %s", what, error, exc_info=error)
        now = clock.monotonic()
        failures.append(now)
        while now - failures[0] > RESTART_WINDOW:
            failures.popleft()
        if len(failures) > RESTARTS:
            log.critical("%s failed too often and is off until the next start; trading goes on", what)
            return
        await clock.sleep(RESTART_PAUSE)
