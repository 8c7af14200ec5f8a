"""The Pine files we hand out: clean, and every message they can build is taken."""

import re
from pathlib import Path

import pytest

from zepix_core.cli.main import run
from zepix_core.pine.check import check_script
from zepix_core.pine.filling import fill
from zepix_core.pine.formats import format_of, known_kinds
from zepix_core.pine.reading import read_alerts
from zepix_core.pine.script import read_script
from zepix_core.pine.world import World
from zepix_core.testing.host import PaperHost
from zepix_plugins_v3.signals import SIGNALS
from zepix_plugins_v6.alert import MESSAGE_TYPES

from .pine_parsers import ROOT, bodies, refusal

FILES = sorted((ROOT / "examples/pine").glob("*.pine"))
NOW = 1_790_000_000_000_000_000
WORLD = World(kinds=known_kinds())


def built(name: str) -> list[str]:
    """Every message a file can build, filled with samples."""
    script = read_script((ROOT / "examples/pine" / name).read_text("utf-8"))
    return [
        fill(way.parts, NOW).text for sent in read_alerts(script) for way in sent.ways if way.literal != ""
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_is_clean_and_its_sample_is_taken(path: object) -> None:
    report = check_script(path.read_text("utf-8"), WORLD, NOW)  # type: ignore[attr-defined]
    assert report.findings == ()
    assert report.sample is not None
    assert refusal(report.sample) is None


def test_the_sample_of_the_bracket_example_is_a_buy() -> None:
    text = (ROOT / "examples/pine/zepix_bracket.pine").read_text("utf-8")
    assert '"action":"buy"' in (check_script(text, WORLD, NOW).sample or "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_message_of_an_example_is_taken(path: object) -> None:
    messages = built(path.name)  # type: ignore[attr-defined]
    assert messages
    assert [message for message in messages if refusal(message)] == []


def test_the_v3_example_sends_all_twelve_signals() -> None:
    names = {
        match
        for text in built("zepix_v3_alerts.pine")
        for match in re.findall(r'"signal_type":"(\w+)"', text)
    }
    assert names == {signal.names[0] for signal in SIGNALS}


def test_the_v3_example_keeps_the_order_of_the_keys() -> None:
    for text in built("zepix_v3_alerts.pine"):
        form = format_of(re.findall(r'"type":"(\w+)"', text)[0])
        assert form is not None
        keys = re.findall(r'"(\w+)":', text)
        (same,) = {
            tuple(re.findall(r'"(\w+)":', body))
            for body in bodies()
            if f'"signal_type":"{signal_of(text)}"' in body and refusal(body) is None
        }
        assert keys == [*same, "id", "t"]


def signal_of(text: str) -> str:
    """The signal a V3 message is about."""
    return str(re.findall(r'"signal_type":"(\w+)"', text)[0])


def test_the_v6_example_sends_all_fourteen_types() -> None:
    assert {text.split("|")[0] for text in built("zepix_v6_alerts.pine")} == set(MESSAGE_TYPES)


def test_the_v6_example_builds_all_eight_tails_of_an_entry() -> None:
    tails = {text.count("|") for text in built("zepix_v6_alerts.pine") if text.startswith("BULLISH_ENTRY")}
    assert tails == {9, 10, 11, 13, 14, 15}


async def test_the_v6_section_is_fine_on_a_home_where_a_host_has_run(tmp_path: Path) -> None:
    script = ROOT / "examples/pine/zepix_v6_alerts.pine"
    async with PaperHost(tmp_path / "home", only=("zepix-plugins-v6",)):
        pass
    assert run(["pine", "check", str(script), "--home", str(tmp_path / "home")]) == 0
