"""How long to wait before a child is started again (reliability.md 4)."""

from random import Random

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 60.0
HEALTHY_SECONDS = 600.0


class Backoff:
    """Doubling pauses with full jitter; ten healthy minutes forget the past."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._tries = 0

    def lived(self, seconds: float) -> None:
        """The last life lasted that long."""
        if seconds >= HEALTHY_SECONDS:
            self._tries = 0

    def pause(self) -> float:
        """Seconds to wait before the next try."""
        ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**self._tries)
        self._tries = min(self._tries + 1, 16)
        return self._random.uniform(0.0, ceiling)
