"""The call that is running in a worker: whose it is, and how long it waited for the host."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from zepix_core.errors import PluginError
from zepix_core.plugins.hello import ServiceCall, ServiceReply
from zepix_core.services.calls import CALLS
from zepix_core.wire.channel import Channel
from zepix_core.wire.codec import decode, encode


class Scope:
    """One hook call in a worker.

    Attributes:
        call: Its number, as the host gave it.
        alert_key: Key of the alert of a running ``on_alert``, ``None`` elsewhere and after it returned.
        received_at: When that alert was received.
    """

    def __init__(
        self,
        call: int,
        alert_key: str | None,
        monotonic: Callable[[], float],
        received_at: datetime | None = None,
    ) -> None:
        self.call = call
        self.alert_key = alert_key
        self.received_at = received_at
        self._monotonic = monotonic
        self._started = monotonic()
        self._waiting = 0
        self._since = 0.0
        self._waited = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Time inside is the host's; several at once count once."""
        if self._waiting == 0:
            self._since = self._monotonic()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._waited += self._monotonic() - self._since

    def close(self) -> float:
        """The hook has returned: its own seconds. What it left running is outside of any call."""
        now = self._monotonic()
        waited = self._waited + (now - self._since if self._waiting else 0.0)
        self.alert_key = None
        self.call = 0
        return max(0.0, now - self._started - waited)


running: ContextVar[Scope | None] = ContextVar("running", default=None)


class BoundCalls:
    """`HostCalls` of one plugin over a channel."""

    def __init__(self, channel: Channel, plugin_id: str) -> None:
        self._channel = channel
        self._plugin_id = plugin_id

    @property
    def in_alert(self) -> bool:
        scope = running.get()
        return scope is not None and scope.alert_key is not None

    @property
    def alert_key(self) -> str:
        scope = running.get()
        return "" if scope is None else scope.alert_key or ""

    @property
    def alert_received(self) -> datetime | None:
        scope = running.get()
        return None if scope is None or scope.alert_key is None else scope.received_at

    async def call(self, name: str, payload: Any) -> Any:
        if name not in CALLS:
            raise PluginError(f"there is no call named {name}.")
        scope = running.get()
        request = ServiceCall(
            plugin=self._plugin_id,
            call=0 if scope is None else scope.call,
            name=name,
            payload=encode(payload),
        )
        if scope is None:
            reply: ServiceReply = await self._channel.request("service", request, ServiceReply)
        else:
            with scope.waiting():
                reply = await self._channel.request("service", request, ServiceReply)
        return decode(reply.payload, CALLS[name][1])
