"""A price level or a time that a plugin asked to be woken for."""

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Wake:
    """One wake-up; comes once per ``key``.

    Attributes:
        at: Time of the tick that reached the level, or the time that was asked for; aware UTC.
        symbol: ``None`` for a time.
        price: The quote that reached the level, which may be beyond it; ``None`` for a time.
        handle: What ``when`` or ``at`` returned for it.
    """

    key: str
    at: datetime
    symbol: str | None = None
    price: float | None = None
    handle: str = ""
