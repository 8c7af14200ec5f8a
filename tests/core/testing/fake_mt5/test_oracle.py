"""The double's names against those read out of the real package."""

import json
from pathlib import Path
from typing import Any

import pytest

from zepix_core.broker.retcodes import Retcode
from zepix_core.testing.fake_mt5 import MT5, FakeMT5, Masks
from zepix_core.testing.fake_mt5.arrays import RATES, TICKS
from zepix_core.testing.fake_mt5.constants import constants
from zepix_core.testing.fake_mt5.module import FUNCTIONS
from zepix_core.testing.fake_mt5.refusals import ERRORS, TEXTS
from zepix_core.testing.fake_mt5.structures import STRUCTURES

ORACLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "mt5_api.json").read_text(encoding="utf-8")
)


def test_every_constant_of_the_module_is_there_with_its_value() -> None:
    assert len(ORACLE["constants"]) == 223
    assert constants() == ORACLE["constants"]


def test_the_module_has_the_functions_and_constants_and_nothing_else() -> None:
    names = {name for name in vars(FakeMT5().module) if not name.startswith("__")}
    assert names == set(ORACLE["functions"]) | set(ORACLE["constants"])
    assert set(FUNCTIONS) == set(ORACLE["functions"])


@pytest.mark.parametrize("name", sorted(ORACLE["structures"]))
def test_the_fields_of_a_structure_stand_in_the_modules_order(name: str) -> None:
    assert STRUCTURES[name].names == tuple(ORACLE["structures"][name])


def test_there_are_no_other_structures() -> None:
    assert set(STRUCTURES) == set(ORACLE["structures"])


def test_arrays_have_the_modules_fields_and_widths() -> None:
    assert [list(field) for field in RATES] == ORACLE["rates_dtype"]
    assert [list(field) for field in TICKS] == ORACLE["ticks_dtype"]


def test_masks_that_the_module_does_not_export_have_their_values() -> None:
    ours = {name: value for name, value in vars(Masks).items() if name.isupper()}
    theirs = {
        name.removeprefix("SYMBOL_").removeprefix("TRADE_"): value
        for name, value in ORACLE["not_exported"].items()
    }
    assert ours == theirs


def test_every_return_code_and_every_error_has_a_text() -> None:
    codes = {value for name, value in ORACLE["constants"].items() if name.startswith("TRADE_RETCODE_")}
    assert codes <= TEXTS.keys()
    assert TEXTS.keys() == {int(code) for code in ORACLE["retcode_class"]} == {int(code) for code in Retcode}
    assert {value for name, value in ORACLE["constants"].items() if name.startswith("RES_")} == ERRORS.keys()


def test_the_constants_are_attributes_of_the_double_itself() -> None:
    assert FakeMT5.TRADE_ACTION_DEAL == MT5.TRADE_ACTION_DEAL == 1
