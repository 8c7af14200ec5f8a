"""A plugin in a whole host is woken by prices and times, over restarts and while it was switched off."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.core.plugins.conftest import Site

from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost

SOURCE = Path(__file__).parents[1] / "waker" / "waker.py"
Make = Callable[..., PaperHost]
UP, DOWN = 1.175, 1.161


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Hosts on one home and one clock, with the plugin that waits."""
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    site.install("waker", {"waker": "waker:Waker"}, source=SOURCE.read_text("utf-8"))
    clock = VirtualClock()

    def make(**options: Any) -> PaperHost:
        return PaperHost(tmp_path / "home", clock=clock, only=("waker",), paths=(str(site.path),), **options)

    return make


@pytest.fixture
async def host(make: Make) -> AsyncIterator[PaperHost]:
    async with make() as host:
        yield host


async def tell(host: PaperHost, kind: str, **fields: Any) -> dict[str, Any]:
    """What the plugin answered to an alert of that kind."""
    answer = await host.post(
        json.dumps({"type": kind, "id": f"{kind} {fields}", "symbol": "EURUSD", **fields})
    )
    assert answer.status == 200
    await host.settled()
    story = await host.story(answer.body["id"])
    return story.decisions["waker"].data


async def move(host: PaperHost, price: float) -> None:
    await host.host.broker.observe("EURUSD", price)
    await host.advance(2.0, step=0.25)


async def test_a_level_wakes_the_plugin_which_trades_then(host: PaperHost) -> None:
    await tell(host, "watch", above=UP, key="up")
    await host.advance(5.0)
    assert await host.positions() == ()
    await move(host, UP + 0.001)
    (position,) = await host.positions()
    assert position.volume == 0.01
    _, seen = (await tell(host, "look"))["answer"]
    assert seen[0].startswith("wake up EURUSD 1.17")
    assert seen[1:] == ["needs a key", "order ok", "opened"]


async def test_a_time_wakes_the_plugin_to_the_second(host: PaperHost) -> None:
    await tell(host, "alarm", seconds=90, key="later")
    await host.advance(89.0)
    assert await host.positions() == ()
    await host.advance(1.0)
    assert len(await host.positions()) == 1


async def test_it_is_watched_on_after_a_restart(make: Make) -> None:
    async with make() as host:
        await tell(host, "watch", below=DOWN, key="down")
        await tell(host, "alarm", seconds=3600, key="later")
    async with make() as host:
        assert host.host.wakes.waiting == 2
        await move(host, DOWN)
        assert len(await host.positions()) == 1
        await host.advance(3600.0, step=60.0)
        assert len(await host.positions()) == 2


async def test_it_comes_once_however_often_the_host_starts(make: Make) -> None:
    async with make() as host:
        await tell(host, "watch", above=UP, key="up")
        await move(host, UP)
    for _ in range(2):
        async with make() as host:
            await move(host, UP)
            await tell(host, "watch", above=UP, key="up", again=host.clock.now_ns())
            await move(host, UP)
            assert len(await host.positions()) == 1


async def test_a_plugin_that_is_switched_off_is_told_when_it_is_back(host: PaperHost) -> None:
    await tell(host, "watch", above=UP, key="up")
    await host.host.front.switch_plugin("waker", False, "test")
    await move(host, UP)
    await move(host, 1.168)
    assert await host.positions() == ()
    await host.host.front.switch_plugin("waker", True, "test")
    await host.advance(2.0)
    assert len(await host.positions()) == 1


async def test_what_is_cancelled_does_not_come(host: PaperHost) -> None:
    handle = (await tell(host, "watch", above=UP, key="up"))["answer"]
    assert (await tell(host, "forget", handle=handle))["answer"] is True
    await move(host, UP)
    assert await host.positions() == ()


async def test_the_story_of_the_alert_tells_what_it_waited_for_and_what_came(host: PaperHost) -> None:
    await tell(host, "watch", above=UP, key="up")
    await move(host, UP)
    story = await host.story(1)
    payloads = {event.kind: event.payload for event in story.events}
    assert payloads["wake_asked"] == {"key": "up", "symbol": "EURUSD", "quote": "bid", "above": UP}
    assert payloads["wake"]["key"] == "up"
    assert payloads["wake"]["price"] >= UP


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"symbol": "NOSUCH", "above": 1.0}, "NOSUCH is not configured"),
        ({}, "exactly one of above= and below="),
        ({"above": 1.2, "below": 1.1}, "exactly one of above= and below="),
        ({"above": 0.0}, "above must be above 0"),
        ({"below": "1.1"}, "below must be a number"),
        ({"above": 1.2, "quote": "mid"}, "quote must be one of bid, ask"),
        ({"above": 1.2, "key": " "}, "key must be a text"),
    ],
)
async def test_a_wish_that_is_a_mistake_is_refused(host: PaperHost, fields: dict[str, Any], why: str) -> None:
    assert why in (await tell(host, "watch", **{"key": "k", **fields}))["why"]
    assert host.host.wakes.waiting == 0
