"""The formats that ``zepix pine check`` knows are those that the plugins really take."""

from collections.abc import Mapping

import pytest

from zepix_bracket.plugin import Bracket
from zepix_core import AlertClass
from zepix_core.pine.formats import Format, formats
from zepix_core.pine.message import judge
from zepix_core.pine.world import World
from zepix_plugins_v3 import signals
from zepix_plugins_v3.plugin import CombinedV3
from zepix_plugins_v3.tables import SYMBOLS
from zepix_plugins_v3.timeframes import normalise
from zepix_plugins_v6.alert import MESSAGE_TYPES

from .pine_parsers import refusal, sample_of

V3, BRACKET, V6 = formats()
KINDS = [(kind, not form.key) for form in formats() for kind in form.kinds]


def test_the_kinds_are_those_the_plugins_take() -> None:
    assert set(V3.kinds) == set(CombinedV3.alerts)
    assert set(BRACKET.kinds) == set(Bracket.alerts)
    assert tuple(V6.kinds) == MESSAGE_TYPES


@pytest.mark.parametrize(("form", "alerts"), [(V3, CombinedV3.alerts), (BRACKET, Bracket.alerts)])
def test_the_entries_are_those_of_the_plugins(form: Format, alerts: Mapping[str, AlertClass]) -> None:
    assert set(form.entries) == {kind for kind, about in alerts.items() if about is AlertClass.ENTRY}


def test_the_v6_entries_are_kinds_of_v6() -> None:
    assert set(V6.entries) <= set(V6.kinds)


def test_the_v3_signals_are_those_of_the_plugin() -> None:
    told = {
        name: {"type": signal.type, **({"direction": signal.side.lower()} if signal.side else {})}
        for name, signal in signals.BY_NAME.items()
    }
    assert {name: dict(about) for name, about in V3.signals.items()} == told


def test_the_v3_symbols_and_timeframes_are_those_of_the_plugin() -> None:
    assert sorted(V3.symbols) == sorted(SYMBOLS)
    assert all(normalise(timeframe) for timeframe in V3.timeframes)


@pytest.mark.parametrize(("kind", "pipe"), KINDS)
def test_the_sample_of_every_kind_is_taken(kind: str, pipe: bool) -> None:
    sample = sample_of(kind, pipe)
    assert refusal(sample) is None
    assert judge(sample, World()).faults == ()


@pytest.mark.parametrize(("kind", "pipe"), [pair for pair in KINDS if not pair[1]])
def test_what_is_needed_is_what_the_parser_needs(kind: str, pipe: bool) -> None:
    form = V3 if kind in V3.kinds else BRACKET
    whole = read(sample_of(kind, pipe))
    for field in form.kinds[kind]:
        lacking = {key: value for key, value in whole.items() if key != field.key}
        text = "{" + ",".join(f'"{key}":{value}' for key, value in lacking.items()) + "}"
        assert judge(text, World()).grave is (refusal(text) is not None), text


def read(text: str) -> dict[str, str]:
    """The keys with their values as written."""
    from zepix_core.pine.object_text import read_object_text

    return {entry.key: text[entry.at : entry.end] for entry in read_object_text(text).entries}
