"""The broker comes and goes: alerts wait, the books are compared first, people hear of it once each way."""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from zepix_core.clock import Clock
from zepix_core.errors import StorageError
from zepix_core.front_desk import FrontDesk
from zepix_core.inbox.loop import InboxLoop
from zepix_core.journal import events, outbox
from zepix_core.journal.reconcile import Reconciler
from zepix_core.lifeline import Lifeline
from zepix_core.model.notice import Notice, Priority
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
AGAIN_SECONDS = 1.0


@attrs.define
class LinkWatch:
    """Told by the broker; the host puts in what exists later only.

    Attributes:
        on_back: Called as soon as the broker is there again; must not block.
        lost_at: When it went away, monotonic seconds; ``None`` while it is there and compared.
    """

    _journal: Executor
    _clock: Clock
    _life: Lifeline
    _front: FrontDesk
    on_back: Callable[[], None] = lambda: None
    loop: InboxLoop | None = None
    reconciler: Reconciler | None = None
    lost_at: float | None = None

    def changed(self, up: bool) -> None:
        """The broker went away, or is back."""
        self._front.link = up
        if not up:
            if self.loop is not None:
                self.loop.hold()
            if self.lost_at is None:
                self.lost_at = self._clock.monotonic()
                text = "The broker is away: entries wait and expire, exits go out once it is back."
                self._tell(Notice(type="broker_lost", priority=Priority.HIGH, text=text), {"up": False})
            return
        self.on_back()
        self._life.spawn(self.compare())

    async def compare(self) -> None:
        """Compare the books before the next order, however often it takes."""
        reconciler, loop = self.reconciler, self.loop
        if reconciler is None or loop is None:
            return  # the start compares them
        while self._front.link:
            if await reconciler.when_back():
                loop.release()
                self._back()
                return
            await self._clock.sleep(AGAIN_SECONDS)

    def _back(self) -> None:
        if self.lost_at is None:
            return
        seconds = self._clock.monotonic() - self.lost_at
        self.lost_at = None
        text = f"The broker is back after {seconds:.0f} s, and the books are compared."
        facts: dict[str, Any] = {"up": True, "seconds": round(seconds, 3)}
        self._tell(Notice(type="broker_back", priority=Priority.HIGH, text=text, data=facts), facts)

    def _tell(self, notice: Notice, facts: Mapping[str, Any]) -> None:
        log.warning("%s", notice.text)
        self._life.spawn(self._write(notice, facts))

    async def _write(self, notice: Notice, facts: Mapping[str, Any]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            events.append(connection, self._clock, "broker_link", facts)
            outbox.put(connection, self._clock, notice)

        try:
            await self._journal.run(work)
        except StorageError as error:
            log.error("that could not be written down: %s", error)
