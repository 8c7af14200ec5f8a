"""When the bar was that an alert speaks of."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.clock import NS
from zepix_core.inbox.bar_time import bar_time_ns, is_stale, span_seconds

MOMENT = 1_768_219_200


@pytest.mark.parametrize(
    "value",
    [
        MOMENT,
        Decimal(f"{MOMENT}.0"),
        MOMENT * 1000,
        str(MOMENT * 1000),
        "2026-01-12T12:00:00Z",
        "2026-01-12T14:00:00+02:00",
        "2026-01-12T12:00:00",
    ],
)
def test_a_bar_time_may_be_seconds_milliseconds_or_iso_text(value: Any) -> None:
    assert bar_time_ns(value) == MOMENT * NS


@pytest.mark.parametrize("value", [None, True, "", "soon", 0, -5, Decimal("1e999999999"), [1], 10**30])
def test_what_is_no_moment_is_absent(value: Any) -> None:
    assert bar_time_ns(value) is None


@given(st.text() | st.integers() | st.decimals(allow_nan=False))
def test_anything_can_be_given(value: Any) -> None:
    bar_time_ns(value)


@pytest.mark.parametrize(
    ("timeframe", "seconds"),
    [("1", 60), ("240", 14400), ("1D", 86400), ("D", 86400), ("1h", 3600), ("15S", 15), ("", 0), ("x9", 0)],
)
def test_a_timeframe_has_a_length(timeframe: str, seconds: int) -> None:
    assert span_seconds(timeframe) == seconds


@pytest.mark.parametrize(
    ("age", "timeframe", "stale"),
    [
        (300, "1", False),
        (300.001, "1", True),
        (1800, "15", False),
        (1800.001, "15", True),
        (-60, "15", False),
        (-60.001, "15", True),
        (301, None, True),
    ],
)
def test_stale_is_older_than_two_bars_or_five_minutes_or_from_the_future(
    age: float, timeframe: str | None, stale: bool
) -> None:
    now = MOMENT * NS
    assert is_stale(now - round(age * NS), timeframe, now) is stale
