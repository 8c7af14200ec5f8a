"""A group's feed in the inbox: before its plugins, in a delivery of its own, the outcome where alone."""

import asyncio
import sqlite3

import pytest
from tests.core.inbox.plugins import Answer, WrittenPlugin, acted, failing, nothing, rejected
from tests.core.inbox.test_loop import DIED, House, deliveries, states, until

from zepix_core.inbox.prices import AlertPrices
from zepix_core.model.alert import AlertClass
from zepix_core.storage.executor import Executor
from zepix_core.testing.clock import VirtualClock

INFO = {"pulse": AlertClass.INFO, "entry": AlertClass.INFO}
KINDS = {"pulse": AlertClass.INFO, "entry": AlertClass.ENTRY}


def house(executor: Executor, clock: VirtualClock, *plugins: WrittenPlugin, **options: object) -> House:
    made = House(executor, clock, *plugins, **options)  # type: ignore[arg-type]
    made.plugins.feed = "feed"
    return made


async def test_a_plugin_is_asked_once_its_feed_is_done_with_the_same_alert(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    feed, plugin = WrittenPlugin("feed", INFO, acted), WrittenPlugin("p", KINDS, nothing)
    feed.may_answer.clear()
    home = house(executor, clock, feed, plugin)
    await home.loop.start()
    await home.take(kind="pulse")
    await until(lambda: feed.asked)
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert plugin.asked == []
    feed.may_answer.set()
    await home.quiet()
    assert deliveries(reader) == [("feed", "acted", None, 0), ("p", "nothing", "no_open_position", 0)]
    assert states(reader) == [("done", None)]
    await home.loop.drain(1.0)


async def test_an_entry_waits_for_the_pulse_that_came_before_it(
    executor: Executor, clock: VirtualClock
) -> None:
    feed = WrittenPlugin("feed", {"pulse": AlertClass.INFO}, acted)
    plugin = WrittenPlugin("p", {"entry": AlertClass.ENTRY}, acted)
    feed.may_answer.clear()
    home = house(executor, clock, feed, plugin)
    await home.loop.start()
    await home.take(1, kind="pulse")
    await until(lambda: feed.asked)
    await home.take(2, kind="entry")
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert plugin.asked == []
    feed.may_answer.set()
    await home.quiet()
    assert plugin.asked == [2]
    await home.loop.drain(1.0)


async def test_a_plugin_of_another_group_does_not_wait(executor: Executor, clock: VirtualClock) -> None:
    feed, other = WrittenPlugin("feed", INFO, acted), WrittenPlugin("other", KINDS, acted)
    feed.may_answer.clear()
    home = House(executor, clock, feed, other)
    await home.loop.start()
    await home.take(kind="entry")
    await until(lambda: other.asked)
    assert (other.asked, feed.may_answer.is_set()) == ([1], False)
    feed.may_answer.set()
    await home.quiet()
    await home.loop.drain(1.0)


async def test_a_plugin_waits_through_the_deaths_of_its_feeds_worker(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    order: list[str] = []

    def noted(name: str, answer: Answer) -> Answer:
        return lambda alert: order.append(name) or answer(alert)  # type: ignore[func-returns-value]

    feed = WrittenPlugin("feed", INFO, noted("feed", failing(DIED)), noted("feed", acted))
    home = house(executor, clock, feed, WrittenPlugin("p", KINDS, noted("p", acted)))
    await home.loop.start()
    await home.take(kind="pulse")
    await home.quiet()
    assert order == ["feed", "feed", "p"]
    assert [row[3] for row in deliveries(reader)] == [1, 0]
    await home.loop.drain(1.0)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (nothing, ("done", "no_open_position")),
        (acted, ("done", None)),
        (rejected("no_plugin"), ("refused", "no_plugin")),
        (failing(ValueError("broken")), ("dead", "internal_error")),
    ],
)
async def test_where_no_plugin_takes_an_alert_the_feeds_decision_is_its_outcome(
    executor: Executor,
    clock: VirtualClock,
    reader: sqlite3.Connection,
    answer: Answer,
    expected: tuple[str, str | None],
) -> None:
    home = house(executor, clock, WrittenPlugin("feed", INFO, answer))
    await home.loop.start()
    await home.take(kind="entry")
    await home.quiet()
    assert states(reader) == [expected]
    await home.loop.drain(1.0)


async def test_beside_a_plugin_that_refuses_the_feed_makes_nothing_done(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    feed, plugin = WrittenPlugin("feed", INFO, nothing), WrittenPlugin("p", KINDS, rejected("adx"))
    home = house(executor, clock, feed, plugin)
    await home.loop.start()
    await home.take(kind="entry")
    await home.quiet()
    assert states(reader) == [("refused", "adx")]
    await home.loop.drain(1.0)


async def test_an_entry_for_a_quarantined_plugin_is_told_although_the_feed_takes_it(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    feed, plugin = WrittenPlugin("feed", INFO, nothing), WrittenPlugin("p", KINDS)
    plugin.broken = True
    home = house(executor, clock, feed, plugin)
    await home.loop.start()
    await home.take(kind="entry")
    await home.quiet()
    assert states(reader) == [("refused", "plugin_unavailable")]
    assert [row[:2] for row in deliveries(reader)] == [("feed", "nothing"), ("p", "failed")]
    await home.loop.drain(1.0)


async def test_a_host_that_stops_asks_no_plugin_that_still_waits_for_its_feed(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    feed, plugin = WrittenPlugin("feed", INFO, acted), WrittenPlugin("p", KINDS, acted)
    feed.may_answer.clear()
    home = house(executor, clock, feed, plugin)
    await home.loop.start()
    await home.take(kind="pulse")
    await until(lambda: feed.asked)
    await home.loop.drain(0.0)
    assert plugin.asked == []
    feed.may_answer.set()
    later = house(executor, clock, feed, plugin, boot="boot-2")
    await later.loop.start()
    later.loop.wake()
    await later.quiet()
    assert feed.asked == [1, 1]
    assert plugin.asked == [1]
    assert [row[3] for row in deliveries(reader)] == [0, 0]
    await later.loop.drain(1.0)


async def test_a_feed_passes_no_price_on_but_a_plugin_that_takes_the_alert_does(
    executor: Executor, clock: VirtualClock
) -> None:
    prices: list[tuple[str, float]] = []

    async def observe(symbol: str, price: float) -> None:
        prices.append((symbol, price))

    feed, plugin = WrittenPlugin("feed", INFO, nothing), WrittenPlugin("p", KINDS, rejected("adx"), acted)
    home = house(executor, clock, feed, plugin, prices=AlertPrices(observe))
    await home.loop.start()
    await home.take(1, kind="entry", extra=',"symbol":"EURUSD","price":1.5')
    await home.quiet()
    assert prices == []
    await home.take(2, kind="entry", extra=',"symbol":"EURUSD","price":1.6')
    await home.quiet()
    assert prices == [("EURUSD", 1.6)]
    await home.loop.drain(1.0)
