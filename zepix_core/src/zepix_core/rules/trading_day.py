"""The trading day: it starts at a local time of day and is named by its local date."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from zepix_core.clock import moment, nanoseconds


def parse_reset_time(text: str) -> time:
    """``HH:MM`` as a time.

    Raises:
        ValueError: It is not a time of day.
    """
    hours, colon, minutes = text.partition(":")
    if not (colon and len(minutes) == 2 and hours.isdigit() and minutes.isdigit() and len(hours) <= 2):
        raise ValueError(f"{text!r} is not a time of day such as 03:35")
    return time(int(hours), int(minutes))


def check_reset_time(_: Any, __: Any, value: str) -> None:
    """attrs validator of ``daily_reset_time``."""
    parse_reset_time(value)


def check_timezone(_: Any, field: Any, value: str) -> None:
    """attrs validator of an IANA zone name."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{field.name}: {value!r} is not an IANA zone such as Asia/Kolkata") from error


def day_start_ns(day: date, reset: time, zone: ZoneInfo) -> int:
    """Start of that trading day, UTC nanoseconds.

    A local time that does not exist starts at the next valid minute; one that exists twice, the first time.
    """
    local = datetime.combine(day, reset)
    while _skipped(local, zone):
        local += timedelta(minutes=1)
    return nanoseconds(local.replace(tzinfo=zone, fold=0).astimezone(UTC))


def trading_day(now_ns: int, reset: time, zone: ZoneInfo) -> date:
    """The trading day that ``now_ns`` belongs to, by the local date of its start."""
    local = moment(now_ns).astimezone(zone).date()
    for day in (local + timedelta(days=1), local):
        if day_start_ns(day, reset, zone) <= now_ns:
            return day
    return local - timedelta(days=1)


@attrs.frozen(kw_only=True)
class TradingDays:
    """Trading days by the host's settings: the local time of day at which each starts, and its zone."""

    reset: time
    zone: ZoneInfo

    @classmethod
    def named(cls, reset: str, zone: str) -> "TradingDays":
        """By the texts of the settings ``daily_reset_time`` and ``timezone``."""
        return cls(reset=parse_reset_time(reset), zone=ZoneInfo(zone))

    def around(self, time_ns: int) -> tuple[int, int]:
        """Start of the trading day that the moment belongs to, and of the next, UTC nanoseconds."""
        day = trading_day(time_ns, self.reset, self.zone)
        start = day_start_ns(day, self.reset, self.zone)
        return start, day_start_ns(day + timedelta(days=1), self.reset, self.zone)

    def day_of(self, at: datetime) -> date:
        """The trading day of an aware moment."""
        return trading_day(nanoseconds(at), self.reset, self.zone)

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """The first moment of a day and of the next, aware UTC."""
        first, after = (
            moment(day_start_ns(one, self.reset, self.zone)) for one in (day, day + timedelta(days=1))
        )
        return first, after


def _skipped(local: datetime, zone: ZoneInfo) -> bool:
    there = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) != local
