"""When the bar was that an alert speaks of, and whether that is too long ago."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from zepix_core.clock import NS, nanoseconds

_DIGITS = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?")
_SPAN = re.compile(r"([0-9]{0,4})([A-Za-z]?)")
# Epoch numbers are told apart by size: 10^11 is the year 5138 in seconds and 1973 in milliseconds.
_UNITS = ((10**11, NS), (10**14, NS // 1000), (10**17, 1000), (2**63, 1))
_DAY = 86_400
_MINUTES = {"": 60, "S": 1, "m": 60, "h": 3600, "H": 3600}
_SECONDS = {**_MINUTES, "d": _DAY, "D": _DAY, "W": 7 * _DAY, "M": 30 * _DAY}
LEAST_AGE_SECONDS = 300
FUTURE_SECONDS = 60


def bar_time_ns(value: Any) -> int | None:
    """Read an epoch number (seconds or milliseconds; finer units by their size) or ISO 8601 text as UTC
    nanoseconds. Text without an offset is UTC. Anything else is ``None``."""
    if isinstance(value, str):
        text = value.strip()
        if not _DIGITS.fullmatch(text):
            return _iso(text)
        value = Decimal(text)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    # Compared before computed: the exponent of a Decimal may be anything.
    if not 0 < value < 2**63:
        return None
    scale = next(scale for bound, scale in _UNITS if value < bound)
    return int(value * scale)


def _iso(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
        return nanoseconds(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def span_seconds(timeframe: str | None) -> int:
    """Length of one bar of a timeframe as charts or people write it; 0 when it is not one."""
    match = _SPAN.fullmatch(timeframe or "")
    if match is None or not match[0]:
        return 0
    count, unit = match.groups()
    return int(count or 1) * _SECONDS.get(unit, 0)


def oldest_seconds(timeframe: str | None) -> int:
    """How old a bar may be: two bars or 5 minutes, whichever is longer."""
    return max(2 * span_seconds(timeframe), LEAST_AGE_SECONDS)


def is_stale(bar_ns: int, timeframe: str | None, now_ns: int) -> bool:
    """Older than two bars or 5 minutes, whichever is longer, or more than 60 s in the future."""
    age = now_ns - bar_ns
    return age > oldest_seconds(timeframe) * NS or age < -FUTURE_SECONDS * NS
