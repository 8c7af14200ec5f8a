"""The V6 messages that people are shown, in ``examples/alerts`` and on the V6 page, are what is read."""

import re
from pathlib import Path

import pytest

from zepix_plugins_v6.alert import MESSAGE_TYPES, parse
from zepix_plugins_v6.messages import Malformed, NotV6

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "examples/alerts").glob("v6-*.txt"))
PAGE = (ROOT / "docs/v6.md").read_text("utf-8").replace("\\|", "|")
SHOWN = re.findall(r"^[A-Z_]+\|[^`\n]+|(?<=`)[A-Z_]+\|[A-Z]{6}\|[^`]+", PAGE, re.MULTILINE)


@pytest.mark.parametrize("body", [path.read_text("utf-8") for path in SAMPLES] + SHOWN)
def test_a_message_that_is_shown_is_read(body: str) -> None:
    assert not isinstance(parse(body), Malformed | NotV6)


def test_the_page_shows_every_type() -> None:
    assert {kind for kind in MESSAGE_TYPES if f"`{kind}`" not in PAGE} == set()


def test_there_is_a_sample_of_a_pulse_an_entry_and_an_exit() -> None:
    kinds = {path.read_text("utf-8").split("|")[0] for path in SAMPLES}
    assert kinds == {"TREND_PULSE", "BULLISH_ENTRY", "BEARISH_ENTRY", "EXIT_BULLISH"}
