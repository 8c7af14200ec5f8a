"""Bars as the broker has them, asked for again only when others may have come."""

from collections import OrderedDict

import attrs

from zepix_core.broker.port import Broker
from zepix_core.clock import NS, Clock
from zepix_core.model.market import Bar

REMEMBERED, LONGEST = 128, 200
FRESH_SECONDS, LATE_SECONDS = 60.0, 1.0


@attrs.frozen
class _Kept:
    bars: tuple[Bar, ...]
    asked: int
    since: float
    until_ns: int
    seconds: float


class BarCache:
    """Closed bars do not change, so an answer holds until the next bar of its width is over, 60 s at most.

    An answer that lacks the bar which ended last (no quote in it, or a broker that is late) holds 1 s.
    """

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()

    async def ask(self, symbol: str, minutes: int, count: int) -> tuple[Bar, ...]:
        """The newest ``count`` closed bars, oldest first; fewer when fewer exist.

        Raises:
            BrokerOffline: The broker is away, and what is known is no longer sure.
        """
        key = (symbol, minutes)
        kept = self._kept.get(key)
        if kept is None or kept.asked < count or not self._holds(kept):
            self._kept.pop(key, None)
            kept = await self._ask(symbol, minutes, count)
            if count <= LONGEST:
                self._kept[key] = kept
            if len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return kept.bars[-count:]

    async def _ask(self, symbol: str, minutes: int, count: int) -> _Kept:
        since, now = self._clock.monotonic(), self._clock.now_ns()
        bars = await self._broker.bars(symbol, minutes, count)
        width = minutes * 60 * NS
        last = now - now % width
        seconds = FRESH_SECONDS if bars and bars[-1].time_ns == last else LATE_SECONDS
        return _Kept(bars, count, since, last + width, seconds)

    def _holds(self, kept: _Kept) -> bool:
        return self._clock.now_ns() < kept.until_ns and self._clock.monotonic() - kept.since < kept.seconds
