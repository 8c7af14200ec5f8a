"""The arithmetic of supervision: back-off, deaths, own time, blame, ticks that pile up."""

import asyncio

import pytest
from tests.core.plugins.conftest import alert

from zepix_core.errors import PluginError
from zepix_core.model.market import Tick
from zepix_core.plugins.deaths import DeathCount
from zepix_core.plugins.running import RunningCall, to_blame
from zepix_core.plugins.scope import Scope
from zepix_core.plugins.ticker import Ticker


class Watch:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_three_deaths_within_ten_minutes_are_too_many_and_slower_ones_are_not() -> None:
    count = DeathCount()
    assert [count.add(at) for at in (0.0, 300.0, 600.0)] == [False, False, True]
    count.clear()
    assert [count.add(at) for at in (0.0, 300.0, 601.0, 700.0)] == [False, False, False, True]


def running(watch: Watch, number: int = 1, plugin: str = "p", deadline: float = 5.0) -> RunningCall:
    return RunningCall(number, plugin, "on_alert", alert(), deadline, 30.0, watch)


async def test_time_that_the_host_works_is_not_the_plugins() -> None:
    watch = Watch()
    call = running(watch)
    watch.now += 2
    assert call.left == 28.0
    call.begin()
    watch.now += 1
    with call.host_works():
        watch.now += 60
        assert call.left is None
        with call.host_works():
            watch.now += 60
        watch.now += 1
    watch.now += 1.5
    assert (call.own, call.left) == (2.5, 2.5)
    watch.now += 10
    assert call.left == 0.0


async def test_a_call_that_may_go_on_has_that_much_left() -> None:
    watch = Watch()
    call = running(watch)
    call.begin()
    watch.now += 6
    call.extend(2.0)
    assert call.left == 2.0


async def test_the_one_heard_of_last_is_to_blame_and_who_waits_for_the_host_is_not() -> None:
    watch = Watch()
    early, late, waiting, queued = (running(watch, number, f"p{number}") for number in range(4))
    for call in (early, late, waiting):
        watch.now += 1
        call.begin()
    with waiting.host_works():
        assert to_blame([early, late, waiting, queued]) is late
        assert to_blame([waiting, queued]) is waiting
    assert to_blame([queued]) is None


def test_a_hook_in_the_worker_counts_its_own_time_once() -> None:
    watch = Watch()
    scope = Scope(1, "key", watch)
    watch.now += 1
    with scope.waiting():
        watch.now += 5
        with scope.waiting():
            watch.now += 5
    watch.now += 2
    assert scope.close() == 3.0
    assert (scope.alert_key, scope.call) == (None, 0)


def tick(symbol: str, bid: float) -> Tick:
    return Tick(symbol=symbol, bid=bid, ask=bid, time_ns=1)


async def test_a_slow_plugin_gets_the_newest_tick_per_symbol() -> None:
    go, seen = asyncio.Event(), []

    async def send(plugin: str, ticks: tuple[Tick, ...]) -> None:
        seen.append([(t.symbol, t.bid) for t in ticks])
        await go.wait()

    ticker = Ticker(send)
    ticker.put("slow", [tick("A", 1)])
    await asyncio.sleep(0)
    ticker.put("slow", [tick("A", 2), tick("B", 1)])
    ticker.put("slow", [tick("A", 3)])
    go.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert seen == [[("A", 1)], [("A", 3), ("B", 1)]]
    await ticker.close()


@pytest.mark.parametrize("error", [PluginError("no"), PluginError("again")])
async def test_a_batch_that_fails_does_not_stop_the_next(error: PluginError) -> None:
    seen = []

    async def send(plugin: str, ticks: tuple[Tick, ...]) -> None:
        seen.append(len(ticks))
        raise error

    ticker = Ticker(send)
    for _ in range(2):
        ticker.put("p", [tick("A", 1)])
        for _ in range(3):
            await asyncio.sleep(0)
    assert seen == [1, 1]
    await ticker.close()
