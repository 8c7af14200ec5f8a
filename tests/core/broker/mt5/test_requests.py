"""Requests hold Python's own numbers, both stops, and nothing that is empty."""

import pytest

from zepix_core.broker.mt5.numbers import Filling
from zepix_core.broker.mt5.requests import Held, comment_fault, entry, filled_by, leaving, stops
from zepix_core.model.market import Side

HELD = Held(ticket=7, symbol="EURUSD.m", side=Side.BUY, volume=0.1, sl=1.08, tp=1.09)


def test_an_entry_carries_its_stops_its_magic_and_its_comment() -> None:
    made = entry("EURUSD.m", Side.SELL, 0.1, 1.085, 1.09, 1.08, 1_001_001, "v6-15m:7f3a4c2e5k:A")
    assert filled_by(made, Filling.IOC) == {
        "action": 1, "symbol": "EURUSD.m", "volume": 0.1, "type": 1, "price": 1.085, "sl": 1.09, "tp": 1.08,
        "deviation": 20, "magic": 1_001_001, "comment": "v6-15m:7f3a4c2e5k:A", "type_filling": 1,
    }  # fmt: skip


def test_a_missing_stop_is_left_out_of_an_entry() -> None:
    assert not {"sl", "tp"} & entry("EURUSD", Side.BUY, 0.1, 1.085, 0.0, 0.0, 1, "").keys()


def test_a_close_names_the_position_and_takes_the_other_side() -> None:
    made = leaving(HELD, 0.05, 1.085, 1, "x")
    assert (made["position"], made["type"], made["volume"]) == (7, 1, 0.05)
    assert not {"sl", "tp"} & made.keys()


def test_a_change_always_writes_both_stops() -> None:
    assert stops(HELD, 1.081, 0.0) == {
        "action": 6, "symbol": "EURUSD.m", "position": 7, "sl": 1.081, "tp": 0.0,
    }  # fmt: skip


def test_numbers_of_another_library_become_pythons_own() -> None:
    class Float(float):
        pass

    class Int(int):
        pass

    made = entry("EURUSD", Side.BUY, Float(0.1), Float(1.1), Float(1.0), Float(1.2), Int(5), "c")
    assert {type(value) for value in made.values()} == {int, float, str}


@pytest.mark.parametrize(
    ("comment", "fine"), [("v6-15m:7f3a4c2e5k:A", True), ("x" * 31, True), ("x" * 32, False), ("café", False)]
)
def test_a_comment_is_short_and_plain(comment: str, fine: bool) -> None:
    assert (comment_fault(comment) == "") is fine
