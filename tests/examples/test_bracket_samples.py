"""The bracket samples in ``examples/alerts`` are what the plugin reads."""

from pathlib import Path

import pytest

from zepix_bracket.alert import Refusal, parse
from zepix_core import read_object

SAMPLES = sorted((Path(__file__).parents[2] / "examples" / "alerts").glob("bracket-*.json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_bracket_sample_is_readable(path: Path) -> None:
    assert not isinstance(parse(read_object(path.read_text("utf-8"))), Refusal)


def test_there_is_a_sample_of_each_action() -> None:
    assert {read_object(path.read_text("utf-8"))["action"] for path in SAMPLES} == {"buy", "sell", "close"}
