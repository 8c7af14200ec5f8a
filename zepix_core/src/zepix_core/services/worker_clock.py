"""``api.clock``: the time, and being woken at a time."""

from datetime import datetime

from zepix_core.clock import Clock, moment, nanoseconds
from zepix_core.errors import BadArgument
from zepix_core.services import arguments
from zepix_core.services.calls import AlarmRequest, HandleRequest
from zepix_core.services.host_calls import HostCalls

LATEST_NS = 2**63 - 1


class Alarms:
    """Times are aware UTC. What is asked for lies in the host's journal and survives a restart."""

    def __init__(self, calls: HostCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    def now(self) -> datetime:
        """The present moment, aware UTC; the same as ``api.now()``."""
        return moment(self._clock.now_ns())

    async def at(self, time: datetime, *, key: str) -> str:
        """Call this plugin's ``on_wake`` once at ``time``, and never before it; a past time comes at once.

        Args:
            time: Aware; a sleep is ``api.clock.now() + timedelta(minutes=5)``.
            key: Names the wake, as in `when`, with which it shares the plugin's keys.

        Returns:
            A handle for `cancel`.

        Raises:
            BadArgument: The time has no timezone or lies behind the year 2262, or 500 levels and times are
                waited for already.
        """
        if not isinstance(time, datetime):
            raise BadArgument(f"time must be a datetime, not {time!r}.", "Use api.clock.now() + timedelta().")
        if time.tzinfo is None:
            raise BadArgument("time has no timezone.", "Use an aware UTC datetime, such as api.clock.now().")
        due = max(nanoseconds(time), 0)
        if due > LATEST_NS:
            raise BadArgument(f"time is too late: {time}.", "It must lie before the year 2262.")
        request = AlarmRequest(due_ns=due, key=arguments.text("key", key))
        handle: str = await self._calls.call("clock.at", request)
        return handle

    async def cancel(self, handle: str) -> bool:
        """Do not wake this plugin for ``handle``. Result as `api.market.cancel`."""
        request = HandleRequest(handle=arguments.text("handle", handle))
        cancelled: bool = await self._calls.call("clock.cancel", request)
        return cancelled
