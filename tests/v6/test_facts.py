"""Facts and classes that decisions and reports are made of."""

from typing import Any

import attrs

from zepix_core import SymbolInfo
from zepix_plugins_v6 import classes
from zepix_plugins_v6.facts import SymbolFacts

from .messages import GOLD, SYMBOLS, D


def test_the_classes_for_display() -> None:
    assert [classes.adx_strength(D(n)) for n in ("25", "24.9", "20", "19.9", "0")] == [
        "STRONG",
        "MODERATE",
        "MODERATE",
        "WEAK",
        "WEAK",
    ]
    assert classes.adx_strength(None) == "NONE"
    assert [classes.confidence_level(n) for n in (80, 79, 50, 49)] == ["HIGH", "MODERATE", "MODERATE", "LOW"]


def info(**changes: Any) -> SymbolInfo:
    return attrs.evolve(
        SymbolInfo(name=GOLD, digits=2, point=0.01, pip_size=0.1, pip_value=10.0, contract_size=100.0),
        **changes,
    )


def test_symbol_facts_need_a_pip_size_a_pip_value_and_a_step() -> None:
    assert SymbolFacts.of(info()) == SYMBOLS[GOLD]
    assert SymbolFacts.of(info(volume_min=0.0)) == SYMBOLS[GOLD]
    assert SymbolFacts.of(None) is None
    for change in ({"pip_size": 0.0}, {"pip_value": float("nan")}, {"volume_step": 0.0}, {"digits": -1}):
        assert SymbolFacts.of(info(**change)) is None
