"""The clock of a simulation: its loop's virtual time, and a wall clock that can jump."""

import asyncio

from zepix_core.clock import NS
from zepix_core.testing.clock import START_NS


class SimulatedClock:
    """Monotonic time is the loop's; wall time runs beside it.

    Args:
        loop: Whose time it is.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, now_ns: int = START_NS) -> None:
        self._loop = loop
        self._offset_ns = now_ns

    def now_ns(self) -> int:
        return self._offset_ns + round(self._loop.time() * NS)

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or, below 0, back; no time passes."""
        self._offset_ns += round(seconds * NS)
