"""Bars on UTC's clock are made of bars on the broker's."""

import pytest

from zepix_core.broker.mt5.bars import Piece, joined, source_minutes
from zepix_core.broker.mt5.numbers import TIMEFRAMES
from zepix_core.clock import NS
from zepix_core.rules.timeframes import MINUTES

DAY = 1_768_176_000


@pytest.mark.parametrize(
    ("minutes", "offsets", "source"),
    [
        (1, (7200,), 1),
        (15, (7200,), 15),
        (60, (7200, 10800), 60),
        (240, (7200,), 120),
        (240, (10800,), 60),
        (1440, (7200,), 120),
        (1440, (7200, 10800), 60),
        (1440, (0,), 1440),
        (60, (19800,), 30),
        (240, (-18000,), 60),
    ],
)
def test_the_widest_bars_that_begin_on_both_clocks(
    minutes: int, offsets: tuple[int, ...], source: int
) -> None:
    assert source_minutes(minutes, offsets) == source


def test_every_timeframe_of_the_host_is_one_of_the_broker() -> None:
    assert set(MINUTES) == set(TIMEFRAMES)
    for minutes in MINUTES:
        for offset in range(-12 * 3600, 14 * 3600 + 1, 1800):
            assert minutes % source_minutes(minutes, (offset,)) == 0


def piece(begin: int, *prices: float, ticks: int = 1) -> Piece:
    first, high, low, last = prices
    return Piece(begin, first, high, low, last, ticks)


def test_four_hours_are_joined_and_the_unfinished_ones_left_out() -> None:
    pieces = [
        piece(DAY, 1.0, 1.4, 0.9, 1.1, ticks=5),
        piece(DAY + 7200, 1.1, 1.2, 0.8, 1.2, ticks=7),
        piece(DAY + 14_400, 1.2, 1.3, 1.1, 1.25),
    ]
    (bar,) = joined(pieces, "EURUSD", 240, 5, (DAY + 20_000) * NS)
    assert (bar.open, bar.high, bar.low, bar.close, bar.ticks) == (1.0, 1.4, 0.8, 1.2, 12)
    assert (bar.time_ns, bar.timeframe) == ((DAY + 14_400) * NS, "240")


def test_a_bar_is_over_at_the_moment_the_next_begins() -> None:
    pieces = [piece(DAY, 1.0, 1.0, 1.0, 1.0)]
    assert joined(pieces, "EURUSD", 60, 5, (DAY + 3600) * NS - 1) == ()
    assert len(joined(pieces, "EURUSD", 60, 5, (DAY + 3600) * NS)) == 1
