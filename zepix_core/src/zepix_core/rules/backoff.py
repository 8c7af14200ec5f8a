"""How long to wait before a child is started again."""

from collections.abc import Callable

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 60.0
HEALTHY_SECONDS = 600.0


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
        if lived_seconds >= HEALTHY_SECONDS:
            self._tries = 0
        ceiling: float = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**self._tries)
        self._tries = min(self._tries + 1, 16)
        return ceiling * self._random()
