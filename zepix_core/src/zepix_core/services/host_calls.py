"""The worker's way to the host, as the ServiceAPI sees it."""

from datetime import datetime
from typing import Any, Protocol


class HostCalls(Protocol):
    """Asks the host on behalf of one plugin.

    Attributes:
        in_alert: True while ``on_alert`` of this plugin runs: orders are keyed by the alert then.
        alert_key: Key of that alert, ``""`` elsewhere.
        alert_received: When that alert was received, ``None`` elsewhere.
    """

    @property
    def in_alert(self) -> bool: ...

    @property
    def alert_key(self) -> str: ...

    @property
    def alert_received(self) -> datetime | None: ...

    async def call(self, name: str, payload: Any) -> Any:
        """Send one call of `zepix_core.services.calls.CALLS` and return its answer.

        Raises:
            ZepixError: As the host raised it; what the market or the rules refuse is an answer instead.
        """
