"""Masks of symbol groups."""

import pytest

from zepix_core.testing.fake_mt5.groups import in_group


@pytest.mark.parametrize(
    ("group", "symbols"),
    [
        ("*", ["EURUSD", "USDJPY", "XAUUSD", "EURUSD.m"]),
        ("EURUSD", ["EURUSD"]),
        ("*USD*,!*JPY*", ["EURUSD", "XAUUSD", "EURUSD.m"]),
        ("!*JPY*, *USD*", ["EURUSD", "XAUUSD", "EURUSD.m"]),
        ("!EURUSD*", ["USDJPY", "XAUUSD"]),
        ("EURUSD.m,XAU*", ["XAUUSD", "EURUSD.m"]),
        ("EURUSD?", []),
    ],
)
def test_a_group_includes_and_then_excludes(group: str, symbols: list[str]) -> None:
    names = ["EURUSD", "USDJPY", "XAUUSD", "EURUSD.m"]
    assert [name for name in names if in_group(name, group)] == symbols
