"""Rates and ticks without numpy."""

import importlib.util
import subprocess
import sys

import pytest

from zepix_core.testing.fake_mt5.arrays import RATES, TICKS, LightArray, structured

ROWS = [(60, 1.0, 1.3, 0.9, 1.2, 5, 10, 0), (120, 1.2, 1.4, 1.1, 1.3, 7, 9, 0)]


@pytest.fixture
def rates() -> LightArray:
    found = structured(ROWS, RATES, light=True)
    assert isinstance(found, LightArray)
    return found


def test_rows_are_read_by_field_and_by_number(rates: LightArray) -> None:
    assert rates[0]["close"] == rates[0][4] == 1.2
    assert rates[-1]["time"] == 120
    assert [row["spread"] for row in rates] == [10, 9]


def test_a_field_is_a_column_and_a_slice_an_array(rates: LightArray) -> None:
    assert rates["high"] == [1.3, 1.4]
    assert rates[1:].tolist() == [ROWS[1]]
    assert len(rates) == rates.size == 2 and rates.shape == (2,)


def test_the_type_names_its_fields(rates: LightArray) -> None:
    assert rates.dtype.names == tuple(name for name, _ in RATES)
    assert rates.dtype.descr == list(RATES)
    assert rates[0].dtype is rates.dtype


def test_an_unknown_field_is_an_error(rates: LightArray) -> None:
    with pytest.raises(ValueError, match="no field of name opens"):
        rates["opens"]


def test_rows_compare_and_print_as_their_values(rates: LightArray) -> None:
    assert rates[0] == ROWS[0] and rates[0] != ROWS[1]
    assert repr(rates[0]) == repr(ROWS[0])
    assert hash(rates[0]) == hash(ROWS[0])


def test_without_being_told_it_takes_numpy_where_there_is_one() -> None:
    made = structured([], TICKS)
    assert isinstance(made, LightArray) == (importlib.util.find_spec("numpy") is None)


def test_numpy_is_not_imported_before_an_array_is_asked_for() -> None:
    code = "import sys, zepix_core.testing.fake_mt5; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
