"""Which messages are repeats, and the memory of what was taken lately."""

from datetime import datetime, timedelta
from itertools import takewhile

DEFAULT_WINDOW = 60.0
BLANKS = " \t\r\n"

KEPT = timedelta(hours=1)
"""How much longer than the window a message is remembered: one may wait before its turn, and is judged by
its arrival."""


def is_duplicate(same_age: float | None, window: float) -> bool:
    """Whether an identical message was taken less than ``window`` seconds ago."""
    return same_age is not None and same_age < window


class Memory:
    """Messages taken lately: valid ones that were no duplicates themselves, whatever became of them.

    Take each message once it is known to be new; a duplicate is not taken, so it does not renew the window.
    """

    def __init__(self) -> None:
        self._taken: dict[str, tuple[datetime, timedelta, str]] = {}

    def take(self, key: str, at: datetime, body: str, vague: timedelta = timedelta(0)) -> None:
        """Note a message that arrived ``at`` or up to ``vague`` later; ``key`` names its delivery, and the
        same one again changes nothing."""
        self._taken.setdefault(key, (at, vague, body.strip(BLANKS)))

    def age(self, key: str, at: datetime, body: str, window: float = DEFAULT_WINDOW) -> float | None:
        """Seconds since the youngest identical message taken before ``at``, the least it can be; ``None``
        without one. Its own delivery, which may come again after a crash, does not count, nor does what was
        taken after it."""
        oldest = at - timedelta(seconds=window) - KEPT
        self._taken = {seen: entry for seen, entry in self._taken.items() if entry[0] >= oldest}
        text = body.strip(BLANKS)
        before = takewhile(lambda entry: entry[0] != key, self._taken.items())
        ages = [
            max(0.0, (at - when - vague).total_seconds())
            for _, (when, vague, same) in before
            if same == text and when <= at
        ]
        return min(ages, default=None)
