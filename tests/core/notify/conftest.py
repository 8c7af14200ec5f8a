"""An outbox with a sender to a real receiver, on virtual time."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.core.notify.receiver import Receiver

from zepix_core.config.notify import OutgoingWebhook
from zepix_core.journal import channels, outbox
from zepix_core.journal.upgrade import upgrade
from zepix_core.model.notice import Notice, Priority
from zepix_core.notify.channel import Channel
from zepix_core.notify.sender import Sender
from zepix_core.notify.webhook import WebhookChannel
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.testing.clock import VirtualClock

REAL_SECONDS = 30.0


class Post:
    """The outbox, and one sender that tells from it."""

    def __init__(self, journal: SameThread, clock: VirtualClock) -> None:
        self.journal, self.clock = journal, clock
        self.sender: Sender
        self._task: asyncio.Task[None] | None = None

    async def begin(
        self, receiver: Receiver | Channel, least: Priority = Priority.HIGH, seconds: float = 3.0, **more: Any
    ) -> Sender:
        """Run a sender to that receiver."""
        if isinstance(receiver, Receiver):
            settings = OutgoingWebhook(url=receiver.url, **more)
            assert settings.endpoint is not None
            channel: Channel = WebhookChannel(settings, settings.endpoint, self.clock, seconds)
        else:
            channel = receiver
        self.sender = Sender(channel, self.journal, self.clock, least, lambda: 1.0)
        self._task = asyncio.create_task(self.sender.run())
        await self.until(lambda: self.sender.holds() is not None)
        return self.sender

    async def end(self) -> None:
        """End the sender in the middle of whatever it does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def put(
        self, text: str, priority: Priority = Priority.HIGH, kind: str = "entry", **more: Any
    ) -> int:
        """Put a notice, and let the sender look."""
        notice = Notice(type=kind, priority=priority, text=text, **more)
        number = await self.journal.run(partial(outbox.put, clock=self.clock, notice=notice))
        assert number is not None
        if self._task is not None:
            self.sender.wake()
        return number

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the loop run, without virtual time passing, until something holds."""
        async with asyncio.timeout(REAL_SECONDS):
            while not holds():  # noqa: ASYNC110 (nobody sets an event for the sender's rows)
                await asyncio.sleep(0.002)

    async def told(self) -> None:
        """Wait until nothing waits any more."""
        await self.until(lambda: not self.behind())

    async def told_in_time(self) -> None:
        """As `told`, while virtual time passes."""
        async with asyncio.timeout(REAL_SECONDS):
            while self.behind():
                self.clock.advance(0.5)
                await asyncio.sleep(0.01)

    def behind(self) -> int:
        """How many notices are not told, as the journal knows."""
        with closing(sqlite3.connect(self.journal.path)) as connection:
            return channels.behind(connection, self.sender.name, self.sender.least)[0]

    async def quiet(self, seconds: float = 0.05) -> None:
        """Let the loop run for a while of real time."""
        await asyncio.sleep(seconds)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.journal.path)) as connection:
            return connection.execute(query, parameters).fetchall()

    def states(self) -> list[tuple[Any, ...]]:
        """Notice, state and reason of each that has any."""
        return self.rows("SELECT notice_id, state, reason FROM outbox_deliveries ORDER BY notice_id")


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    clock = VirtualClock()
    journal = SameThread(tmp_path / "journal.db", Durability.FULL)
    await journal.run(upgrade)
    made = Post(journal, clock)
    yield made
    await made.end()
    await journal.close()
