"""Ticks on their way to plugins: batches, and for a slow plugin the newest per symbol."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from zepix_core.errors import ZepixError
from zepix_core.model.market import Tick

log = logging.getLogger(__name__)


class Ticker:
    """Keeps at most one tick per symbol and plugin waiting.

    Args:
        send: Brings a batch to a plugin and returns when it has seen it.
    """

    def __init__(self, send: Callable[[str, tuple[Tick, ...]], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: dict[str, dict[str, Tick]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def put(self, plugin: str, ticks: Iterable[Tick]) -> None:
        """Queue ticks; those that still wait for the same symbol are replaced."""
        waiting = self._waiting.setdefault(plugin, {})
        for tick in ticks:
            waiting[tick.symbol] = tick
        if waiting and plugin not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._pump(plugin), name=f"ticks {plugin}")
            self._tasks[plugin] = task

    async def close(self) -> None:
        """Forget what waits; a batch on its way is given up."""
        self._waiting.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, plugin: str) -> None:
        try:
            while ticks := tuple(self._waiting.pop(plugin, {}).values()):
                try:
                    await self._send(plugin, ticks)
                except ZepixError as error:
                    log.warning("%s did not take its ticks: %s", plugin, error)
        finally:
            del self._tasks[plugin]
