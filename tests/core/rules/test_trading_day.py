"""The trading day is named by local date and starts once a day, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.clock import NS, nanoseconds
from zepix_core.rules.trading_day import TradingDays, day_start_ns, parse_reset_time, trading_day

KOLKATA, BERLIN = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin")
RESET = time(3, 35)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return nanoseconds(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def test_the_default_day_starts_after_new_york_closes() -> None:
    assert day_start_ns(date(2026, 1, 13), RESET, KOLKATA) == at(2026, 1, 12, 22, 5)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (at(2026, 1, 12, 22, 4), date(2026, 1, 12)),
        (at(2026, 1, 12, 22, 5), date(2026, 1, 13)),
        (at(2026, 1, 13, 0, 0), date(2026, 1, 13)),
    ],
)
def test_a_day_holds_its_first_moment(moment: int, day: date) -> None:
    assert trading_day(moment, RESET, KOLKATA) == day


def test_a_time_that_does_not_exist_starts_at_the_next_valid_minute() -> None:
    assert day_start_ns(date(2026, 3, 29), time(2, 30), BERLIN) == at(2026, 3, 29, 1, 0)


def test_a_time_that_exists_twice_counts_the_first_time() -> None:
    assert day_start_ns(date(2026, 10, 25), time(2, 30), BERLIN) == at(2026, 10, 25, 0, 30)


def test_trading_days_know_a_moments_day_and_where_it_ends() -> None:
    days = TradingDays(reset=time(2, 30), zone=BERLIN)
    first, after = days.bounds(date(2026, 3, 29))
    assert (first, after) == (
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 3, 30, 0, 30, tzinfo=UTC),
    )
    assert days.day_of(first) == date(2026, 3, 29)
    assert days.day_of(after) == date(2026, 3, 30)


@pytest.mark.parametrize("text", ["", "3", "24:00", "03:60", "3:5", "aa:bb", "-1:00"])
def test_what_is_no_time_of_day_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_reset_time(text)


@given(
    st.integers(at(2020, 1, 1), at(2035, 1, 1)),
    st.sampled_from(["Asia/Kolkata", "Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC"]),
    st.times(),
)
def test_every_moment_is_in_the_day_that_started_last(now: int, zone: str, reset: time) -> None:
    reset, where = reset.replace(second=0, microsecond=0, fold=0), ZoneInfo(zone)
    day = trading_day(now, reset, where)
    started = day_start_ns(day, reset, where)
    assert started <= now < started + 49 * 3600 * NS


@given(
    st.sampled_from(
        ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "America/New_York"]
    ),
    st.times(),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_each_date_begins_exactly_once_whatever_the_clocks_do(zone: str, reset: time, first: date) -> None:
    reset, where = reset.replace(second=0, microsecond=0, fold=0), ZoneInfo(zone)
    for number in range(9):
        day = first + timedelta(days=number)
        start = day_start_ns(day, reset, where)
        assert trading_day(start, reset, where) == day
        assert trading_day(start - 1, reset, where) == day - timedelta(days=1)
        assert start < day_start_ns(day + timedelta(days=1), reset, where)


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)], ids=["spring", "autumn"])
def test_minute_by_minute_over_a_clock_change_the_day_turns_once(change: date) -> None:
    start = day_start_ns(change - timedelta(days=1), time(2, 30), BERLIN)
    seen = [trading_day(start + minute * 60 * NS, time(2, 30), BERLIN) for minute in range(3 * 24 * 60)]
    turns = [now for before, now in pairwise(seen) if before != now]
    assert turns == sorted(set(turns))
    assert turns.count(change) == 1
