"""A volume is checked and never changed; a price is put on the symbol's steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.broker.mt5.prices import on_tick_size
from zepix_core.broker.mt5.volume import VolumeRules, volume_fault
from zepix_core.broker.retcodes import Retcode

RULES = VolumeRules(least=0.01, most=50.0, step=0.01)


@pytest.mark.parametrize(
    ("lots", "code"),
    [
        (0.01, None),
        (0.29, None),
        (50.0, None),
        (0.0, Retcode.INVALID_VOLUME),
        (0.005, Retcode.INVALID_VOLUME),
        (0.015, Retcode.INVALID_VOLUME),
        (50.01, Retcode.INVALID_VOLUME),
    ],
)
def test_a_volume_is_refused_or_left_alone(lots: float, code: Retcode | None) -> None:
    fault = volume_fault(lots, RULES)
    assert (fault and fault.retcode) == code


@given(st.integers(1, 5000))
def test_every_whole_step_is_taken_whatever_floats_make_of_it(steps: int) -> None:
    assert volume_fault(steps * 0.01, RULES) is None
    assert volume_fault(sum([0.01] * min(steps, 100)), RULES) is None


def test_the_limit_counts_what_is_open() -> None:
    rules = VolumeRules(least=0.1, most=50.0, step=0.1, limit=1.0)
    assert volume_fault(0.3, rules, held=0.7) is None
    fault = volume_fault(0.4, rules, held=0.7)
    assert fault is not None and fault.retcode is Retcode.LIMIT_VOLUME


@pytest.mark.parametrize(
    ("price", "size", "point", "digits", "rounded"),
    [
        (1.085004, 0.00001, 0.00001, 5, 1.08500),
        (1.085005, 0.00001, 0.00001, 5, 1.08501),
        (2400.13, 0.05, 0.01, 2, 2400.15),
        (2400.12, 0.05, 0.01, 2, 2400.10),
        (151.2345, 0.0, 0.001, 3, 151.235),
        (0.0, 0.25, 0.01, 2, 0.0),
    ],
)
def test_a_price_stands_on_the_tick_size(
    price: float, size: float, point: float, digits: int, rounded: float
) -> None:
    assert on_tick_size(price, size, point, digits) == rounded


@given(st.integers(1, 10_000_000), st.sampled_from([0.00001, 0.00005, 0.001, 0.25]))
def test_a_price_on_its_step_stays(steps: int, size: float) -> None:
    price = round(steps * size, 5)
    assert on_tick_size(price, size, 0.00001, 5) == price
