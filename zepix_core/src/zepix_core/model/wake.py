"""A price level or a time that a plugin asked to be woken for."""

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Wake:
    """One wake-up; comes once per ``key``. ``price`` is the quote that crossed, ``None`` for a time."""

    key: str
    at: datetime
    symbol: str | None = None
    price: float | None = None
