"""How many alerts a minute one token may bring."""

from zepix_core.clock import Clock


class Bucket:
    """A burst that refills at a steady rate.

    Args:
        clock: Its monotonic time fills the bucket.
        per_minute: How many come back in a minute.
        burst: How many may be taken at once.
    """

    def __init__(self, clock: Clock, per_minute: float, burst: int) -> None:
        self._clock = clock
        self._per_second = per_minute / 60
        self._burst = burst
        self._left = float(burst)
        self._at = clock.monotonic()

    def take(self) -> bool:
        """Take one; ``False`` when none is left."""
        now = self._clock.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
