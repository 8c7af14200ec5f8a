"""Symbols by two names, and what a broker may have meant."""

import pytest

from zepix_core.broker.mt5.names import Names, near_names

BROKER = ["EURUSD.m", "EURUSDpro", "EURGBP.m", "GOLD", "GOLD.cash", "USDJPY.m", "SILVER", "BTCUSD"]


def test_a_mapped_symbol_has_two_names_and_any_other_one() -> None:
    names = Names({"XAUUSD": "GOLD"})
    assert (names.theirs("XAUUSD"), names.ours("GOLD")) == ("GOLD", "XAUUSD")
    assert (names.theirs("EURUSD"), names.ours("EURUSD")) == ("EURUSD", "EURUSD")


@pytest.mark.parametrize(
    ("wanted", "first"),
    [("EURUSD", "EURUSD.m"), ("XAUUSD", "GOLD"), ("XAGUSD", "SILVER"), ("USDJPY", "USDJPY.m")],
)
def test_a_suffix_or_another_name_of_a_metal_is_suggested(wanted: str, first: str) -> None:
    assert near_names(wanted, BROKER)[0] == first


def test_a_name_that_is_nothing_like_any_suggests_nothing() -> None:
    assert near_names("COPPER", BROKER) == ()


def test_a_slip_of_a_letter_is_suggested() -> None:
    assert "BTCUSD" in near_names("BTCUSDT", BROKER)
