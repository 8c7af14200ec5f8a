"""The feed of a database group in a whole host: from the webhook to what `zepix why` tells."""

from pathlib import Path

import pytest
from tests.core.plugins.conftest import SOURCES, Site

from zepix_core.cli.story_text import story_lines
from zepix_core.testing.host import PaperHost

PULSE = '{"type": "pulse", "n": %d, "counts": "%d/%d"}'
ENTRY = '{"type": "entry", "symbol": "EURUSD", "tf": "%s", "id": "%s"}'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    # A module of its own name: the host runs inline, and what is imported stays.
    code = (SOURCES / "fed.py").read_text(encoding="utf-8")
    Site(folder).install("fed-whole", {"one": "fed_whole:One", "two": "fed_whole:Two"}, source=code)
    return folder


def on(tmp_path: Path, site: Path) -> PaperHost:
    return PaperHost(tmp_path / "home", only=("fed-whole",), paths=(str(site),))


async def outcomes(paper: PaperHost) -> list[tuple[str, str | None, list[str]]]:
    rows = await paper.alerts()
    return [(row.state, row.reason, [f"{d.plugin} {d.state}" for d in row.deliveries]) for row in rows]


async def test_a_pulse_is_in_the_store_before_any_plugin_sees_it_and_why_tells_so(
    tmp_path: Path, site: Path
) -> None:
    async with on(tmp_path, site) as paper:
        await paper.post(PULSE % (1, 5, 1))
        await paper.post(ENTRY % ("5", "e1"))
        await paper.settled()
        story = await paper.story(1)
        assert list(story.decisions) == ["fed_group", "one", "two"]
        assert story.decisions["one"].data == {"state": "TRENDING_BULLISH"}
        assert await outcomes(paper) == [
            ("done", None, ["fed_group acted", "one nothing", "two nothing"]),
            ("refused", "too_weak", ["fed_group nothing", "one rejected"]),
        ]
        text = "\n".join(line.text for line in story_lines(story))
        assert "fed_group: acted" in text
        assert "update_trend" in text


async def test_what_no_plugin_takes_ends_as_the_feed_decides_or_unhandled_when_it_leaves_it_to_them(
    tmp_path: Path, site: Path
) -> None:
    async with on(tmp_path, site) as paper:
        await paper.post(ENTRY % ("240", "e1"))
        await paper.post('{"type": "far", "id": "f1"}')
        await paper.settled()
        assert await outcomes(paper) == [
            ("refused", "no_plugin", ["fed_group nothing"]),
            ("refused", "no_plugin", ["fed_group rejected"]),
        ]


async def test_pulses_are_kept_while_every_plugin_is_switched_off_and_over_a_restart(
    tmp_path: Path, site: Path
) -> None:
    async with on(tmp_path, site) as paper:
        await paper.host.front.switch_plugin("fed-whole", enabled=False, actor="test")
        await paper.post(PULSE % (1, 0, 6))
        await paper.settled()
        assert await outcomes(paper) == [("done", None, ["fed_group acted"])]
        assert [row.id for row in paper.host.front.plugin_rows() if row.distribution == "fed-whole"] == [
            "one",
            "two",
        ]
    async with on(tmp_path, site) as paper:
        await paper.host.front.switch_plugin("one", enabled=True, actor="test")
        await paper.post(ENTRY % ("5", "e2"))
        await paper.settled()
        assert (await paper.story(2)).decisions["one"].data == {"state": "TRENDING_BEARISH"}


async def test_a_feed_may_place_no_orders(tmp_path: Path, site: Path) -> None:
    async with on(tmp_path, site) as paper:
        await paper.advance(2)
        await paper.post(ENTRY % ("place", "e1"))
        await paper.settled()
        assert (await paper.story(1)).alert.reason == "PERMISSION_DENIED"
        assert await paper.positions() == ()
