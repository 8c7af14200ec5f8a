"""What is written into the chain at every start and end besides what happens in between."""

import logging
import sqlite3
from functools import partial

from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.errors import ZepixError
from zepix_core.journal import settings_record
from zepix_core.journal.anchors import Anchors
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)


class RecordKeeper:
    """Keeps the record of one run of a host: which settings it found, and how far the chain has come."""

    def __init__(self, home: Home, settings: HostSettings, journal: Executor, clock: Clock) -> None:
        self._home, self._settings, self._journal, self._clock = home, settings, journal, clock
        self._anchors = Anchors(home, journal, clock)

    async def start(self) -> None:
        """Hold the chain against what was noted of it, and write down settings that are not as they were."""
        try:
            await self._anchors.start()
            files = settings_record.in_force(self._home, self._settings)
            work = partial(
                settings_record.note, clock=self._clock, files=files,
                secrets=settings_record.fingerprints(self._home), by=settings_record.starter(),
            )  # fmt: skip
            await self._journal.run(work)
        except (ZepixError, sqlite3.Error) as error:
            log.error("what this start found was not written down: %s", error)
        await self._anchors.note()

    async def run(self) -> None:
        """Note every hour how far the chain has come, for ever."""
        await self._anchors.run()

    async def stop(self) -> None:
        """Note how far it has come in this run."""
        await self._anchors.note()
