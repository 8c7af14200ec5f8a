"""A worker's look at its database file: what keeps it from being written is told, and tried again."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from zepix_core.clock import Clock
from zepix_core.errors import StorageError
from zepix_core.model.storage import StorageNews, news_of
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
TRY_SECONDS = 5.0


def _probe(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE plugin_info SET version = version")


class FileHealth:
    """Watches one file.

    Args:
        tell: Passes the news on; must not block.

    Attributes:
        plugins: Whose file it is.
    """

    def __init__(self, executor: Executor, clock: Clock, tell: Callable[[StorageNews], None]) -> None:
        self.plugins: set[str] = set()
        self._executor, self._clock, self._tell = executor, clock, tell
        self._trying: asyncio.Task[None] | None = None
        executor.watch(self._heard)

    async def close(self) -> None:
        """Try no more."""
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.gather(self._trying, return_exceptions=True)

    def _heard(self, fault: StorageError | None) -> None:
        if fault is None:
            log.warning("%s can be written again", self._executor.path.name)
        else:
            log.error("%s", fault)
        self._tell(news_of(self._executor.path.name, fault, tuple(sorted(self.plugins))))
        if fault is not None and (self._trying is None or self._trying.done()):
            self._trying = asyncio.get_running_loop().create_task(self._try())

    async def _try(self) -> None:
        """Write something small every 5 s; the executor tells when it went through."""
        while True:
            await self._clock.sleep(TRY_SECONDS)
            try:
                await self._executor.run(_probe)
            except StorageError as error:
                log.debug("still: %s", error)
            else:
                return
