"""Names of timeframes."""

import pytest

from zepix_core.rules.timeframes import MINUTES, timeframe_minutes


@pytest.mark.parametrize(
    ("name", "minutes"),
    [("1m", 1), ("15m", 15), ("1h", 60), ("4H", 240), ("1d", 1440), ("D", 1440), ("1D", 1440), ("60", 60)],
)
def test_a_timeframe_has_the_names_of_charts_and_of_minutes(name: str, minutes: int) -> None:
    assert timeframe_minutes(name) == minutes


@pytest.mark.parametrize("name", ["", "M", "1M", "m", "7", "0", "1w", "15 m", "-5", "2d", "٥", "90m"])
def test_what_is_no_timeframe_is_none(name: str) -> None:
    assert timeframe_minutes(name) is None


@pytest.mark.parametrize("minutes", MINUTES)
def test_every_width_divides_the_day(minutes: int) -> None:
    assert 1440 % minutes == 0
    assert timeframe_minutes(str(minutes)) == minutes
