"""Watches the prices and the clock for the plugins that asked to be woken."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from zepix_core.clock import NS, Clock
from zepix_core.errors import StorageError
from zepix_core.journal import wake_rows
from zepix_core.journal.levels import LevelBook, Shelf
from zepix_core.journal.wake_rows import Hit, WakeRow, Wish
from zepix_core.model.market import Tick
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
LONGEST_SLEEP = 10.0
RETRY_SECONDS = 1.0


class Wakes:
    """Everything waited for lies in the journal; here is what is needed to see that it has come.

    Args:
        tell: Called with a plugin's id once a wake for it is committed.
    """

    def __init__(self, executor: Executor, clock: Clock, tell: Callable[[str], None]) -> None:
        self._executor = executor
        self._clock = clock
        self._tell = tell
        self._levels = LevelBook()
        self._times = Shelf()
        self._watched: dict[int, Wish] = {}
        self._hits: list[Hit] = []
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._asking: set[asyncio.Task[str]] = set()

    @property
    def waiting(self) -> int:
        """How many levels and times are waited for."""
        return len(self._watched)

    async def load(self) -> None:
        """Take up what an earlier life waited for."""
        await self._executor.run(partial(wake_rows.prune, clock=self._clock))
        for row in await self._executor.read(wake_rows.waiting):
            self._watch(row)

    async def ask(self, wish: Wish) -> str:
        """Wait for a level or a time; the handle to cancel it. A key that is known gives its first handle.

        Raises:
            BadArgument: The plugin waits for too much.
            StorageError: Nothing was written; it is not waited for.
        """
        # What is committed must be watched, also when the caller is gone by then.
        task = asyncio.ensure_future(self._ask(wish))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return await asyncio.shield(task)

    async def cancel(self, plugin: str, handle: str) -> bool:
        """Wait for it no longer; True when it does not come, also when it was cancelled before."""
        number = _number(handle)
        if number is None:
            return False
        gone = await self._executor.run(
            partial(wake_rows.cancel, clock=self._clock, plugin=plugin, number=number)
        )
        if gone:
            self._forget(number)
        return gone

    def ticks(self, batch: Sequence[Tick]) -> None:
        """See whether prices have reached what is waited for."""
        if not self._levels:
            return
        for tick in batch:
            self._hits += [Hit(number, tick.time_ns, price) for number, price in self._levels.take(tick)]
        if self._hits:
            self._stir()

    async def run(self) -> None:
        """Write down what has come, and wait for the nearest time; for as long as the host runs."""
        while True:
            self._news.clear()
            self._look_at_clock()
            if self._hits:
                await self._fire()
                continue
            self._idle.set()
            await self._pause()

    async def settled(self) -> None:
        """Wait until all that has come is committed."""
        nearest = self._times.first
        if nearest is not None and nearest <= self._clock.now_ns():
            self._stir()
        await self._idle.wait()

    async def _ask(self, wish: Wish) -> str:
        row = await self._executor.run(partial(wake_rows.ask, clock=self._clock, wish=wish))
        if row.state == "waiting":
            self._watch(row)
        return row.handle

    def _watch(self, row: WakeRow) -> None:
        if row.id in self._watched:
            return
        self._watched[row.id] = row.wish
        if row.wish.level is not None:
            self._levels.add(row.id, row.wish.level)
        elif row.wish.due_ns is not None:
            self._times.add(row.wish.due_ns, row.id)
            self._stir()

    def _forget(self, number: int) -> None:
        wish = self._watched.pop(number, None)
        if wish is None:
            return
        self._levels.remove(number)
        if wish.due_ns is not None:
            self._times.remove(wish.due_ns, number)

    def _stir(self) -> None:
        self._idle.clear()
        self._news.set()

    def _look_at_clock(self) -> None:
        due = self._times.take(self._clock.now_ns()) if self._times else []
        self._hits += [Hit(number, self._watched[number].due_ns or 0) for number in due]

    async def _fire(self) -> None:
        hits = tuple(self._hits)
        try:
            plugins = await self._executor.run(partial(wake_rows.fire, clock=self._clock, hits=hits))
        except StorageError as error:
            log.error("%s wakes could not be written and wait: %s", len(hits), error)
            await self._clock.sleep(RETRY_SECONDS)
            return
        del self._hits[: len(hits)]
        for hit in hits:
            self._forget(hit.id)
        for plugin in dict.fromkeys(plugins):
            self._tell(plugin)

    async def _pause(self) -> None:
        """Until there is news or the nearest time has come; a clock that was set forward is seen soon."""
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(self._news.wait())]
        if (nearest := self._times.first) is not None:
            seconds = (int(nearest) - self._clock.now_ns()) / NS
            waits.append(asyncio.ensure_future(self._clock.sleep(min(seconds, LONGEST_SLEEP))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def _number(handle: str) -> int | None:
    digits = handle.removeprefix("w")
    return int(digits) if handle.startswith("w") and digits.isdecimal() and len(digits) < 19 else None
