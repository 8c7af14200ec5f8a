"""The broker's wall clock is measured, and every moment keeps the offset that held then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.broker.mt5.server_time import Offsets, disagree, estimate, pinned
from zepix_core.clock import NS

HOUR = 3600
NOON_NS = 1_768_219_200 * NS


@pytest.mark.parametrize(
    ("ahead", "offset"),
    [
        ([], None),
        ([7200.4], None),
        ([7200.4, 7199.2], 7200),
        ([10799.0, 10800.9], 10800),
        ([-18000.2, -18001.0], -18000),
        ([19800.1, 19799.0], 19800),
        ([7200.0, 7231.0], None),
        ([7200.0, 3600.0, 7200.5], 7200),
        ([900.0, 901.0], None),
        ([-211_000.0, -211_001.0], None),
    ],
)
def test_two_symbols_must_agree_on_a_half_hour(ahead: list[float], offset: int | None) -> None:
    assert estimate(ahead) == offset


def test_a_clock_of_this_machine_that_is_a_minute_off_does_not_hide_the_offset() -> None:
    assert estimate([7260.0, 7259.0]) == 7200


@given(st.integers(-24, 28), st.lists(st.floats(-10, 10), min_size=2, max_size=8))
def test_any_half_hour_is_found(half_hours: int, noise: list[float]) -> None:
    assert estimate([half_hours * 1800 + late for late in noise]) == half_hours * 1800


def test_a_moment_keeps_the_offset_that_held_then() -> None:
    winter = Offsets().measured(2 * HOUR, NOON_NS)
    summer = winter.measured(3 * HOUR, NOON_NS + 86_400 * NS)
    before = (NOON_NS // NS + 2 * HOUR) * 1000
    after = (NOON_NS // NS + 86_400 + 3 * HOUR) * 1000
    assert summer.utc_ns(before) == NOON_NS
    assert summer.utc_ns(after) == NOON_NS + 86_400 * NS
    assert winter.utc_ns(before - 1000) == NOON_NS - NS
    assert summer.current == 3 * HOUR
    assert set(summer.all_seconds) == {2 * HOUR, 3 * HOUR}


def test_measuring_the_same_again_only_renews_its_age() -> None:
    once = Offsets().measured(7200, NOON_NS)
    again = once.measured(7200, NOON_NS + NS)
    assert again.known == once.known and again.measured_ns == NOON_NS + NS


def test_a_pinned_offset_needs_no_quotes() -> None:
    assert pinned(5.5).current == 19_800
    assert pinned(-5).utc_ns(0) == 18_000 * NS


def test_while_nobody_knows_there_is_no_offset() -> None:
    assert Offsets().current is None


@pytest.mark.parametrize(
    ("ahead", "answer"),
    [([10800.0, 10801.0], True), ([10800.0], False), ([7201.0, 10800.0], False), ([], False)],
)
def test_quotes_contradict_the_offset_only_together(ahead: list[float], answer: bool) -> None:
    assert disagree(ahead, 7200) is answer
