"""A hook call as the host measures it: the plugin's own time, without waiting for the host."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zepix_core.model.alert import Alert


class RunningCall:
    """One call on its way.

    The time-out holds for own time: it starts when the worker begins, stands still while the host works on
    an answer, and goes on afterwards. Until the worker begins, the call may wait for ``patience`` seconds.

    Attributes:
        alert: The alert of an ``on_alert``: what orders are keyed by. The host's own record, never what the
            worker claims.
        began: The worker has started to run it.
        last_sign: Monotonic time of the worker's last message for this call.
    """

    def __init__(
        self,
        number: int,
        plugin: str,
        hook: str,
        alert: Alert | None,
        deadline: float,
        patience: float,
        monotonic: Callable[[], float],
    ) -> None:
        self.number, self.plugin, self.hook = number, plugin, hook
        self.alert = alert if hook == "on_alert" else None
        self.deadline = patience
        self._own_deadline = deadline
        self.began = False
        self.last_sign = 0.0
        self.limit: asyncio.Timeout | None = None
        self._monotonic = monotonic
        self._host_works = 0
        self._own = 0.0
        self._since = monotonic()

    @property
    def own(self) -> float:
        """Own seconds so far; before it began, the seconds it has been on its way."""
        return self._own if self.waiting else self._own + self._monotonic() - self._since

    @property
    def left(self) -> float | None:
        """Seconds until it is late, ``None`` while the host works."""
        return None if self.waiting else max(0.0, self.deadline - self.own)

    @property
    def waiting(self) -> bool:
        """The plugin waits for the host."""
        return self._host_works > 0

    def begin(self) -> None:
        """The worker says that it starts."""
        self.began = True
        self._since = self.last_sign = self._monotonic()
        self.deadline = self._own_deadline
        self._reschedule(self.left)

    def extend(self, seconds: float) -> None:
        """Another plugin holds the worker within its own time: wait that much longer."""
        self.deadline = self.own + seconds

    @contextmanager
    def host_works(self) -> Iterator[None]:
        """The time inside is the host's."""
        self.last_sign = self._monotonic()
        if self._host_works == 0:
            self._own += self._monotonic() - self._since
            self._reschedule(None)
        self._host_works += 1
        try:
            yield
        finally:
            self._host_works -= 1
            if self._host_works == 0:
                self._since = self._monotonic()
                self._reschedule(self.left)

    def _reschedule(self, seconds: float | None) -> None:
        limit = self.limit
        if limit is None or limit.expired():
            return
        now = asyncio.get_running_loop().time()
        limit.reschedule(None if seconds is None else now + seconds)


def to_blame(calls: list[RunningCall]) -> RunningCall | None:
    """Whose hook held the worker when it stopped: of the calls that began and do not wait for the host,
    the one heard of last. ``None``: it was no hook that is known to have run."""
    held = [call for call in calls if call.began and not call.waiting] or [c for c in calls if c.began]
    return max(held, key=lambda call: call.last_sign, default=None)
