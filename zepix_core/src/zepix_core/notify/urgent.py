"""Tells people what cannot be written down: that the journal itself is the trouble."""

import logging
from collections.abc import Sequence

from zepix_core.clock import Clock, iso
from zepix_core.lifeline import Lifeline
from zepix_core.model.notice import Notice
from zepix_core.notify.channel import Channel, Later
from zepix_core.notify.message import TEXT_LIMIT, Message

log = logging.getLogger(__name__)
TRIES = 20
LONGEST_SECONDS = 60.0


class Urgent:
    """Straight to every channel, for as long as the process lives; the outbox gets it when it can."""

    def __init__(self, channels: Sequence[Channel], clock: Clock, life: Lifeline) -> None:
        self._channels, self._clock, self._life = tuple(channels), clock, life

    def tell(self, notice: Notice) -> None:
        """Begin to tell it; never blocks."""
        now = self._clock.now_ns()
        message = Message(
            key=f"unwritten-{notice.type}-{now}",
            time=iso(now),
            priority=notice.priority.name,
            type=notice.type,
            text=notice.text[:TEXT_LIMIT],
            plugin=notice.plugin or "",
            symbol=notice.symbol or "",
            alert_id=notice.alert_id,
            data=notice.data,
        )
        for channel in self._channels:
            self._life.spawn(self._tell(channel, message))

    async def _tell(self, channel: Channel, message: Message) -> None:
        pause = 1.0
        for _ in range(TRIES):
            outcome = await channel.tell(message)
            if not isinstance(outcome, Later):
                return
            await self._clock.sleep(max(pause, outcome.seconds or 0.0))
            pause = min(2 * pause, LONGEST_SECONDS)
        log.error("%s did not take that %s", channel.where, message.type)
