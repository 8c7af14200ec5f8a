"""The ways to people of one host: a sender for each channel, and the outbox kept to seven days."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from functools import partial

from zepix_core.clock import Clock
from zepix_core.config.notify import NotifySettings, OutgoingWebhook
from zepix_core.errors import StorageError
from zepix_core.journal import channels, outbox
from zepix_core.lifeline import Lifeline, one_for_one
from zepix_core.logs import keep_secret
from zepix_core.model.channel import ChannelAnswer, ChannelRow
from zepix_core.model.notice import Notice
from zepix_core.notify.channel import Channel
from zepix_core.notify.sender import Sender
from zepix_core.notify.trial import trial_notice
from zepix_core.notify.urgent import Urgent
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
TIDY_SECONDS = 3600.0
FIRST_TIDY_SECONDS = 60.0
TEST_SECONDS = 20.0
LEAST_HIDDEN = 16


class Messenger:
    """Tells people; the host only starts it. Its tasks end with the host's others.

    Args:
        random: Numbers from 0 to 1, for the jitter of pauses.
    """

    def __init__(
        self,
        settings: NotifySettings,
        journal: Executor,
        clock: Clock,
        life: Lifeline,
        random: Callable[[], float],
    ) -> None:
        self._journal, self._clock, self._life = journal, clock, life
        ways = channels_of(settings, clock)
        self._senders = tuple(
            Sender(channel, journal, clock, settings.webhook.least, random) for channel in ways
        )
        self._urgent = Urgent(ways, clock, life)

    async def start(self) -> None:
        """Begin to tell what waits, and what comes from now on."""
        for sender in self._senders:
            try:
                await sender.join()
            except (StorageError, sqlite3.Error) as error:
                log.error("notices for %s wait, the journal cannot be used: %s", sender.name, error)
        self._life.spawn(self._tidy())
        for sender in self._senders:
            self._life.spawn(self._keep(sender))

    def tell_now(self, notice: Notice) -> None:
        """Tell what cannot be put into the outbox now; never blocks."""
        self._urgent.tell(notice)

    def channels(self) -> tuple[ChannelRow, ...]:
        """Every channel as it stands; none when notices stay on this machine."""
        return tuple(sender.row() for sender in self._senders)

    async def test(self, by: str) -> tuple[ChannelAnswer, ...]:
        """Put a test notice for each channel, and say what becomes of it.

        Raises:
            StorageError: It could not be written.
        """
        return tuple([await self._test(sender, by) for sender in self._senders])

    async def _test(self, sender: Sender, by: str) -> ChannelAnswer:
        row = sender.row()
        if sender.off:
            return ChannelAnswer(channel=row.channel, where=row.where, state="off", reason=row.error)
        began = self._clock.monotonic()
        notice = trial_notice(by, sender.least)
        number = await self._journal.run(partial(outbox.put, clock=self._clock, notice=notice))
        if number is None:
            raise StorageError("the test notice was not put.")
        waiter = sender.expect(number)
        sender.wake()
        try:
            async with asyncio.timeout(TEST_SECONDS):
                mark = await waiter
        except TimeoutError:
            error = sender.row().error or "others are told first"
            return ChannelAnswer(
                channel=row.channel, where=row.where, state="waiting", reason=error,
                seconds=self._clock.monotonic() - began,
            )  # fmt: skip
        finally:
            sender.forget(number)
        return ChannelAnswer(
            channel=row.channel, where=row.where, state=mark.state, status=mark.status, reason=mark.reason,
            seconds=self._clock.monotonic() - began,
        )  # fmt: skip

    async def _keep(self, sender: Sender) -> None:
        await one_for_one(sender.run, f"the sender of notices to {sender.name}", self._clock)
        sender.off = True

    async def _tidy(self) -> None:
        """Once an hour, remove notices that are past their seven days."""
        names = [sender.name for sender in self._senders]
        pause = FIRST_TIDY_SECONDS
        while True:
            try:
                if await self._journal.read(partial(channels.others, channels=names)):
                    await self._journal.run(partial(channels.leave_others, channels=names))
                await self._clock.sleep(pause)
                await self._remove_old()
                for sender in self._senders:
                    await sender.recount()
            except (StorageError, sqlite3.Error) as error:
                log.warning("old notices stay for now: %s", error)
                await self._clock.sleep(pause)
            pause = TIDY_SECONDS

    async def _remove_old(self) -> None:
        while True:
            held = [sender.holds() for sender in self._senders]
            keep = None if None in held else [number for ids in held for number in ids or ()]
            ids = await self._journal.read(partial(channels.old, now_ns=self._clock.now_ns(), keep=keep))
            if not ids:
                return
            await self._journal.run(partial(channels.remove, ids=ids))


def channels_of(settings: NotifySettings, clock: Clock) -> tuple[Channel, ...]:
    """The ways to people that the settings name."""
    endpoint = settings.webhook.endpoint
    if endpoint is None:
        return ()
    # TLS and HTTP are loaded where they are used alone.
    from zepix_core.notify.webhook import WebhookChannel

    _keep_secrets(settings.webhook)
    return (WebhookChannel(settings.webhook, endpoint, clock),)


def _keep_secrets(settings: OutgoingWebhook) -> None:
    """Neither address nor headers show in the log, wherever they come from."""
    parts = settings.endpoint.secrets if settings.endpoint is not None else ()
    for secret in (settings.url, *settings.headers.values(), *parts):
        # Shorter ones may be words of their own.
        if len(secret) >= LEAST_HIDDEN:
            keep_secret(secret)
