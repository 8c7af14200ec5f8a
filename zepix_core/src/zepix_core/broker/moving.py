"""Keeps the prices of a broker moving, and its news coming."""

import logging

from zepix_core.broker.port import MovingBroker
from zepix_core.clock import Clock
from zepix_core.errors import ZepixError

log = logging.getLogger(__name__)

LONGEST_PAUSE = 0.1


async def keep_moving(broker: MovingBroker, clock: Clock, interval_seconds: float) -> None:
    """Advance ``broker`` at least twice in each interval, until cancelled."""
    pause = min(LONGEST_PAUSE, interval_seconds / 2)
    failing = False
    while True:
        await clock.sleep(pause)
        try:
            await broker.advance()
            failing = False
        except ZepixError as error:
            if not failing:
                log.error("prices stand still: %s", error)
            failing = True
