"""A clock that moves only when it is told to."""

import asyncio
import heapq
import itertools

from zepix_core.clock import NS

START_NS = 1_768_219_500 * NS


class VirtualClock:
    """Wall and monotonic time advance together; sleepers wake when their moment has come.

    Args:
        now_ns: Wall time at the start, UTC nanoseconds.
    """

    def __init__(self, now_ns: int = START_NS) -> None:
        self._start_ns = now_ns
        self._passed_ns = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_ns(self) -> int:
        return self._start_ns + self._passed_ns

    def monotonic(self) -> float:
        return self._passed_ns / NS

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or, below 0, back; no time passes."""
        self._start_ns += round(seconds * NS)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self._passed_ns + round(seconds * NS)
        heapq.heappush(self._sleepers, (due, next(self._order), waiter))
        await waiter

    @property
    def sleeping(self) -> int:
        """How many sleepers wait."""
        return sum(not waiter.done() for _, _, waiter in self._sleepers)

    def advance(self, seconds: float) -> None:
        """Let time pass and wake whoever is due, the earliest first."""
        self._passed_ns += round(seconds * NS)
        while self._sleepers and self._sleepers[0][0] <= self._passed_ns:
            waiter = heapq.heappop(self._sleepers)[2]
            if not waiter.done():
                waiter.set_result(None)
