"""Who may stand in the webhook's door: connections per caller, and callers that guess tokens."""

from collections import OrderedDict, deque
from typing import Protocol

from zepix_core.clock import Clock

MINUTE = 60.0
FORGET_SECONDS = 600.0
MOST_SOURCES = 10_000


class WrongTokens:
    """Counts wrong tokens per source: so many a minute, then the source is blocked for wrong ones.

    A right token is never blocked by it: many senders may share one address, and whoever knows the
    address could otherwise shut the others out.
    """

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def is_blocked(self, source: str) -> bool:
        """The source has used up this minute's wrong tokens."""
        times = self._seen.get(source)
        if times is None:
            return False
        now = self._clock.monotonic()
        return len(times) >= self.per_minute and now - times[-self.per_minute] < MINUTE

    def note(self, source: str) -> None:
        """Count one wrong token; old sources are forgotten."""
        now = self._clock.monotonic()
        times = self._seen.setdefault(source, deque())
        times.append(now)
        while len(times) > self.per_minute:
            times.popleft()
        self._seen.move_to_end(source)
        while len(self._seen) > MOST_SOURCES or now - next(iter(self._seen.values()))[-1] > FORGET_SECONDS:
            self._seen.popitem(last=False)


class Caller(Protocol):
    """A connection, as the door sees it."""

    source: str

    def admit(self) -> None:
        """It may speak now."""

    def leave_if_idle(self) -> bool:
        """Close when nothing is under way; ``True`` when it does."""


class Door:
    """How many connections may be open in all, and how many of one source may speak at once.

    A source's connection over its number waits its turn for a moment rather than being lost: a burst of
    alerts comes from one address.
    """

    def __init__(self, most: int, per_source: int) -> None:
        self.most, self.per_source = most, per_source
        self._inside: dict[str, dict[Caller, None]] = {}
        self._waiting: dict[str, deque[Caller]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, caller: Caller) -> bool | None:
        """``True``: it may speak; ``False``: it waits and will be told; ``None``: the house is full."""
        if self._count >= self.most:
            return None
        self._count += 1
        inside = self._inside.setdefault(caller.source, {})
        if len(inside) < self.per_source:
            inside[caller] = None
            return True
        self._waiting.setdefault(caller.source, deque()).append(caller)
        any(other.leave_if_idle() for other in list(inside))
        return False

    def leave(self, caller: Caller) -> None:
        """It is gone; the next of its source may speak."""
        self._count -= 1
        inside, waiting = self._inside[caller.source], self._waiting.get(caller.source)
        if caller not in inside:
            if waiting is not None and caller in waiting:
                waiting.remove(caller)
        else:
            del inside[caller]
            if waiting:
                following = waiting.popleft()
                inside[following] = None
                following.admit()
        if not waiting:
            self._waiting.pop(caller.source, None)
        if not inside:
            self._inside.pop(caller.source, None)
