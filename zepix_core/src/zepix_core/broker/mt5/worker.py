"""The one thread that talks to the module, and the line before it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from zepix_core.errors import BrokerOffline, OutcomeUnknown

T = TypeVar("T")
TURN_SECONDS = 8.0
HUNG_SECONDS = 15.0


class Worker:
    """Does one job at a time, in order. The module is not made for more.

    Args:
        hung: Called when a job does not end: nothing in this process can end it.
        turn_seconds: How long a job may wait for its turn.
        hung_seconds: How long it may take, its turn included.

    Attributes:
        closed: Nothing more is begun.
    """

    def __init__(
        self,
        hung: Callable[[], None],
        turn_seconds: float = TURN_SECONDS,
        hung_seconds: float = HUNG_SECONDS,
    ) -> None:
        self._hung = hung
        self._turn = turn_seconds
        self._limit = hung_seconds
        self.closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mt5")

    async def run(self, job: Callable[[], T], more_seconds: float = 0.0) -> T:
        """Do ``job`` on the thread; ``more_seconds`` for one that is slow by nature.

        Raises:
            BrokerOffline: It waited too long for its turn and was not begun.
            OutcomeUnknown: It was begun and does not end.
        """
        begun = self._thread.submit(job)
        ended = asyncio.wrap_future(begun)
        done, _ = await asyncio.wait({ended}, timeout=self._turn)
        if not done and begun.cancel():
            raise BrokerOffline("MetaTrader 5 is busy with another call.", "It is tried again.")
        if not done:
            done, _ = await asyncio.wait({ended}, timeout=self._limit - self._turn + more_seconds)
        if not done:
            self._hung()
            raise OutcomeUnknown("MetaTrader 5 does not come back from a call.", "Look for the order.")
        return ended.result()

    def close(self) -> None:
        """Begin nothing more."""
        self.closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)
