"""When a plugin has died too often."""

from collections import deque

DEATHS, WINDOW = 3, 600.0


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
