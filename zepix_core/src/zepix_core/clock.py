"""The one clock: wall time in UTC, monotonic time for durations, and sleeping."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

NS = 1_000_000_000
stopwatch_ns = time.perf_counter_ns
"""Nanoseconds of a counter that only runs on: how long code took. It names no moment, also in replay."""


class Clock(Protocol):
    """What the house asks of time. Wall time names moments; monotonic time measures durations."""

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds that never step back."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def moment(ns: int) -> datetime:
    """Nanoseconds since the epoch as an aware UTC datetime (microsecond resolution)."""
    return datetime.fromtimestamp(ns // NS, UTC).replace(microsecond=ns % NS // 1000)


def nanoseconds(at: datetime) -> int:
    """An aware datetime as nanoseconds since the epoch."""
    if at.tzinfo is None:
        raise ValueError("a datetime without a timezone names no moment; use an aware UTC datetime")
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1000


def iso(ns: int) -> str:
    """Nanoseconds since the epoch as ISO 8601 with ``Z``, milliseconds."""
    return moment(ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")
