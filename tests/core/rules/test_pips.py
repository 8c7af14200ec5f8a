"""Pips: gold counts in 0.10, spreads in tenths."""

import pytest

from zepix_core.model.market import Side
from zepix_core.rules.pips import (
    default_pip_size,
    pip_value_of,
    pips_between,
    profit_pips,
    spread_pips,
)


@pytest.mark.parametrize(
    ("digits", "point", "metal", "size"),
    [
        (5, 0.00001, False, 0.0001),
        (3, 0.001, False, 0.01),
        (4, 0.0001, False, 0.0001),
        (2, 0.01, False, 0.01),
        (2, 0.01, True, 0.1),
        (3, 0.001, True, 0.01),
    ],
)
def test_a_pip_is_ten_points_of_a_fractional_quote(
    digits: int, point: float, metal: bool, size: float
) -> None:
    assert default_pip_size(digits, point, metal) == size


@pytest.mark.parametrize(("ask", "pips"), [(2030.65, 2.0), (2030.66, 2.1)])
def test_a_spread_is_rounded_to_a_tenth(ask: float, pips: float) -> None:
    assert spread_pips(2030.45, ask, 0.1) == pips


def test_profit_of_a_sell_is_turned_round() -> None:
    assert profit_pips(Side.BUY, 2030.50, 2036.00, 0.1) == 55.0
    assert profit_pips(Side.SELL, 2030.50, 2036.00, 0.1) == -55.0
    assert profit_pips(Side.BUY, 2030.50, 2033.60, 0.1) == 31.0


def test_distance_has_no_sign() -> None:
    assert pips_between(1.1, 1.0985, 0.0001) == pips_between(1.0985, 1.1, 0.0001) == 15.0


def test_the_pip_value_of_some_lots_is_their_share() -> None:
    assert pip_value_of(0.05, 10.0) == 0.5
