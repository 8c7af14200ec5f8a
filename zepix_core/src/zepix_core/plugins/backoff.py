"""When a worker is started again after it died, and when no more (reliability.md 4)."""

from collections import deque
from collections.abc import Callable

FIRST, LONGEST, HEALTHY = 0.5, 60.0, 600.0
DEATHS, WINDOW = 3, 600.0


class Backoff:
    """Delays of 0.5 s doubling to 60 s with full jitter, from the start again after 10 healthy minutes.

    Args:
        random: Gives numbers in [0, 1).
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._tries = 0

    def after(self, lived_seconds: float) -> float:
        """Seconds to wait after a life that long."""
        if lived_seconds >= HEALTHY:
            self._tries = 0
        ceiling: float = min(LONGEST, FIRST * 2**self._tries)
        self._tries = min(self._tries + 1, 16)
        return ceiling * self._random()


class DeathCount:
    """Counts the deaths a plugin is charged with; 3 within 10 minutes are too many."""

    def __init__(self) -> None:
        self._at: deque[float] = deque(maxlen=DEATHS)

    def add(self, now: float) -> bool:
        """Charge a death at ``now`` (monotonic seconds); True when it was one too many."""
        self._at.append(now)
        return len(self._at) == DEATHS and now - self._at[0] <= WINDOW

    def clear(self) -> None:
        """A person let it run again."""
        self._at.clear()
