"""Bars and past ticks."""

from typing import Any

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5

M1, M5, W1 = MT5.TIMEFRAME_M1, MT5.TIMEFRAME_M5, MT5.TIMEFRAME_W1
FRAMES = [value for name, value in vars(MT5).items() if name.startswith("TIMEFRAME_")]


@pytest.fixture
def bars() -> Desk:
    desk = Desk()
    desk.fake.arrays_light = True
    desk.clock.advance(60 - desk.fake.market.now_msc() // 1000 % 60)
    for price in (1.0, 1.3, 0.9, 1.2):
        desk.quote(price, price + 0.001)
        desk.clock.advance(10)
    desk.clock.advance(20)
    desk.quote(1.25)
    return desk


def rows(found: Any) -> list[tuple[Any, ...]]:
    assert found is not None
    return [tuple(row) for row in found]


def test_bars_are_made_of_the_bids(bars: Desk) -> None:
    closed, forming = rows(bars.fake.copy_rates_from_pos("EURUSD", M1, 0, 2))
    assert closed[1:6] == (1.0, 1.3, 0.9, 1.2, 4)
    assert forming[1:6] == (1.25, 1.25, 1.25, 1.25, 1)
    assert forming[0] - closed[0] == 60 and closed[0] % 60 == 0


def test_position_one_is_the_newest_bar_that_is_over(bars: Desk) -> None:
    (found,) = rows(bars.fake.copy_rates_from_pos("EURUSD", M1, 1, 1))
    assert found[4] == 1.2


@pytest.mark.parametrize("frame", FRAMES)
def test_every_timeframe_has_history_that_is_always_the_same(frame: int) -> None:
    first, second = (rows(Desk().fake.copy_rates_from_pos("EURUSD", frame, 0, 100)) for _ in range(2))
    assert first == second and len(first) == 100
    times = [row[0] for row in first]
    assert times == sorted(set(times))
    assert all(
        low <= min(opened, close) and max(opened, close) <= high for _, opened, high, low, close, *_ in first
    )


def test_another_seed_walks_another_way() -> None:
    first, second = (rows(Desk(seed=seed).fake.copy_rates_from_pos("EURUSD", M5, 0, 50)) for seed in (1, 2))
    assert first[:-1] != second[:-1]


def test_weeks_begin_on_sunday() -> None:
    (week,) = rows(Desk().fake.copy_rates_from_pos("EURUSD", W1, 0, 1))
    assert week[0] % (7 * 86_400) == 3 * 86_400


def test_bars_by_moment_and_by_window(bars: Desk) -> None:
    (*_, newest) = rows(bars.fake.copy_rates_from_pos("EURUSD", M1, 0, 5))
    at = newest[0]
    assert [row[0] for row in rows(bars.fake.copy_rates_from("EURUSD", M1, at - 1, 3))] == [
        at - 180, at - 120, at - 60,
    ]  # fmt: skip
    found = rows(bars.fake.copy_rates_range("EURUSD", M1, at - 60, at))
    assert [row[0] for row in found] == [at - 60, at]


def test_past_ticks_by_moment_and_by_window(bars: Desk) -> None:
    now = bars.fake.market.now_msc() // 1000
    assert [row[1] for row in rows(bars.fake.copy_ticks_from("EURUSD", now - 60, 3, -1))] == [1.0, 1.3, 0.9]
    found = bars.fake.copy_ticks_range("EURUSD", now - 30, now, MT5.COPY_TICKS_INFO)
    assert [row["bid"] for row in found] == [1.2, 1.25]
    assert rows(bars.fake.copy_ticks_range("EURUSD", now - 60, now, MT5.COPY_TICKS_TRADE)) == []


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("copy_rates_from_pos", ("NOSUCH", M1, 0, 5), -4),
        ("copy_rates_from_pos", ("EURUSD", 7, 0, 5), -2),
        ("copy_rates_from_pos", ("EURUSD", M1, -1, 5), -2),
        ("copy_rates_from_pos", ("EURUSD", M1, 0, 0), -2),
        ("copy_rates_from", ("EURUSD", M1, "now", 5), -2),
        ("copy_ticks_from", ("NOSUCH", 0, 5, -1), -4),
        ("copy_ticks_from", ("EURUSD", 0, 5, 9), -2),
        ("copy_ticks_range", ("EURUSD", 0), -2),
    ],
)
def test_what_cannot_be_read_fails(desk: Desk, name: str, arguments: tuple[Any, ...], code: int) -> None:
    assert getattr(desk.fake, name)(*arguments) is None
    assert desk.fake.last_error()[0] == code


def test_beyond_the_first_bar_there_is_nothing(desk: Desk) -> None:
    desk.fake.arrays_light = True
    assert rows(desk.fake.copy_rates_from_pos("EURUSD", M1, 10_000, 5)) == []
    assert len(rows(desk.fake.copy_rates_from_pos("EURUSD", M1, 0, 10_000))) == 501
