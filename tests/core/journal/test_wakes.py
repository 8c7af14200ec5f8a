"""What a plugin waits for comes once, when it is time, and is kept in the journal until then."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from zepix_core.clock import NS, moment
from zepix_core.errors import BadArgument, StorageError
from zepix_core.journal.events import verify
from zepix_core.journal.feed import UpdateFeed
from zepix_core.journal.levels import Level
from zepix_core.journal.wake_rows import MOST_WAITING, Wish
from zepix_core.journal.wakes import Wakes
from zepix_core.model.market import Tick
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake
from zepix_core.storage.commit import T, Work
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.script import run_script
from zepix_core.testing.clock import VirtualClock


class SlowJournal(SameThread):
    """A journal whose next commits fail, or come only when they are let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, Durability.NORMAL)
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, work: Work[T]) -> T:
        if self.failures:
            self.failures -= 1
            raise StorageError("the disk is full")
        done = await super().run(work)
        await self.gate.wait()
        return done


@attrs.define
class Night:
    """One life of the watch."""

    journal: SlowJournal
    clock: VirtualClock
    wakes: Wakes
    feed: UpdateFeed
    task: "asyncio.Task[None]"
    woken: list[tuple[str, Wake]]
    disabled: set[str]

    @property
    def keys(self) -> list[str]:
        return [wake.key for _, wake in self.woken]

    async def rest(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await self.wakes.settled()
        await self.feed.settled()

    async def tick(self, bid: float, symbol: str = "EURUSD", spread: float = 0.0001) -> None:
        tick = Tick(symbol=symbol, bid=bid, ask=bid + spread, time_ns=self.clock.now_ns())
        self.wakes.ticks((tick,))
        await self.rest()

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.rest()

    def due(self, seconds: float) -> int:
        return self.clock.now_ns() + round(seconds * NS)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.feed.stop()
        await self.journal.close()


async def begin(folder: Path, clock: VirtualClock) -> Night:
    journal = SlowJournal(folder / "journal.db")
    await journal.run(lambda c: run_script(c, TABLES))
    woken: list[tuple[str, Wake]] = []
    disabled: set[str] = set()

    async def deliver(plugin: str, told: TradeUpdate | Wake) -> None:
        assert isinstance(told, Wake)
        woken.append((plugin, told))

    feed = UpdateFeed(journal, clock, deliver, lambda plugin: plugin not in disabled)
    wakes = Wakes(journal, clock, feed.wake)
    await wakes.load()
    await feed.start()
    return Night(journal, clock, wakes, feed, asyncio.ensure_future(wakes.run()), woken, disabled)


@pytest.fixture
async def night(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Night]:
    begun = await begin(tmp_path, clock)
    yield begun
    await begun.end()


def above(price: float, key: str = "up", plugin: str = "one", quote: str = "bid") -> Wish:
    level = Level(symbol="EURUSD", quote=quote, above=True, price=price)
    return Wish(plugin=plugin, key=key, level=level)


def below(price: float, key: str = "down", plugin: str = "one") -> Wish:
    return Wish(plugin=plugin, key=key, level=Level(symbol="EURUSD", quote="bid", above=False, price=price))


async def test_a_level_wakes_once_with_the_quote_and_the_time_of_its_tick(night: Night) -> None:
    handle = await night.wakes.ask(above(1.17))
    await night.tick(1.1699)
    assert night.keys == []
    await night.tick(1.1702)
    await night.tick(1.18)
    at = moment(night.clock.now_ns())
    assert night.woken == [("one", Wake(key="up", at=at, symbol="EURUSD", price=1.1702, handle=handle))]
    assert night.wakes.waiting == 0


async def test_a_level_that_is_reached_already_comes_with_the_next_tick(night: Night) -> None:
    await night.tick(1.18)
    await night.wakes.ask(above(1.17))
    assert night.keys == []
    await night.tick(1.18)
    assert night.keys == ["up"]


async def test_the_ask_is_watched_when_it_is_asked_for(night: Night) -> None:
    await night.wakes.ask(above(1.17, quote="ask"))
    await night.tick(1.1699, spread=0.0002)
    assert night.keys == ["up"]


async def test_other_symbols_do_not_matter(night: Night) -> None:
    await night.wakes.ask(below(1.17))
    await night.tick(1.0, symbol="GBPUSD")
    assert night.keys == []


async def test_a_time_wakes_when_it_has_come_and_not_before(night: Night) -> None:
    due = night.due(90.0)
    handle = await night.wakes.ask(Wish(plugin="one", key="later", due_ns=due))
    for _ in range(8):
        await night.pass_time(11.0)
    assert night.keys == []
    await night.pass_time(2.0)
    assert night.woken == [("one", Wake(key="later", at=moment(due), handle=handle))]


async def test_a_nearer_time_does_not_wait_for_a_farther_one(night: Night) -> None:
    await night.wakes.ask(Wish(plugin="one", key="far", due_ns=night.due(9.0)))
    await night.rest()
    await night.wakes.ask(Wish(plugin="one", key="near", due_ns=night.due(1.0)))
    await night.pass_time(1.0)
    assert night.keys == ["near"]


async def test_a_past_time_comes_at_once(night: Night) -> None:
    await night.wakes.ask(Wish(plugin="one", key="past", due_ns=0))
    await night.rest()
    assert night.keys == ["past"]


async def test_a_clock_that_is_set_forward_is_seen_within_ten_seconds(night: Night) -> None:
    await night.wakes.ask(Wish(plugin="one", key="later", due_ns=night.due(3600.0)))
    await night.rest()
    night.clock.jump(3600.0)
    await night.pass_time(10.0)
    assert night.keys == ["later"]


async def test_a_key_that_waits_or_has_come_gives_its_first_handle_and_changes_nothing(night: Night) -> None:
    first = await night.wakes.ask(above(1.17))
    assert await night.wakes.ask(above(1.5)) == first
    await night.tick(1.17)
    assert await night.wakes.ask(above(1.0)) == first
    assert await night.wakes.ask(Wish(plugin="one", key="up", due_ns=0)) == first
    await night.tick(1.2)
    assert night.keys == ["up"]


async def test_keys_of_two_plugins_are_two(night: Night) -> None:
    assert await night.wakes.ask(above(1.17)) != await night.wakes.ask(above(1.17, plugin="two"))
    await night.tick(1.17)
    assert {plugin for plugin, _ in night.woken} == {"one", "two"}


async def test_what_is_cancelled_does_not_come_and_its_key_is_free(night: Night) -> None:
    first = await night.wakes.ask(above(1.17))
    assert await night.wakes.cancel("one", first)
    assert await night.wakes.cancel("one", first), "a repeated hook gets the same answer"
    await night.tick(1.18)
    assert night.keys == []
    assert await night.wakes.ask(above(1.19)) != first
    await night.tick(1.19)
    assert night.keys == ["up"]


async def test_a_cancelled_time_does_not_come(night: Night) -> None:
    handle = await night.wakes.ask(Wish(plugin="one", key="later", due_ns=night.due(5.0)))
    assert await night.wakes.cancel("one", handle)
    await night.pass_time(10.0)
    assert night.keys == []


@pytest.mark.parametrize("handle", ["w999", "w", "", "1", "wx", "w" + "9" * 30])
async def test_what_is_no_handle_cancels_nothing(night: Night, handle: str) -> None:
    assert not await night.wakes.cancel("one", handle)


async def test_a_plugin_cancels_neither_what_has_come_nor_what_is_of_others(night: Night) -> None:
    own = await night.wakes.ask(above(1.17))
    assert not await night.wakes.cancel("two", own)
    await night.tick(1.17)
    assert not await night.wakes.cancel("one", own)
    assert night.keys == ["up"]


async def test_no_plugin_waits_for_more_than_the_most(night: Night) -> None:
    for number in range(MOST_WAITING):
        await night.wakes.ask(above(1.17 if number < 2 else 1.5, f"level {number}"))
    with pytest.raises(BadArgument, match=f"waits for {MOST_WAITING} levels and times already"):
        await night.wakes.ask(above(1.17, "more"))
    await night.wakes.ask(above(1.17, "more", plugin="two"))
    await night.tick(1.17)
    await night.wakes.ask(above(1.17, "more"))
    assert night.wakes.waiting == MOST_WAITING - 1


async def test_a_restart_goes_on_watching(night: Night, tmp_path: Path, clock: VirtualClock) -> None:
    await night.wakes.ask(above(1.17))
    await night.wakes.ask(below(1.10))
    await night.wakes.ask(Wish(plugin="one", key="later", due_ns=night.due(60.0)))
    await night.end()
    clock.advance(120.0)
    again = await begin(tmp_path, clock)
    await again.rest()
    assert again.keys == ["later"]
    await again.tick(1.12)
    await again.tick(1.18)
    assert again.keys == ["later", "up"]
    await again.journal.read(verify)
    await again.end()


async def test_the_wakes_of_a_disabled_plugin_wait_for_it(night: Night) -> None:
    night.disabled.add("one")
    await night.wakes.ask(above(1.17))
    await night.tick(1.17)
    assert night.keys == []
    night.disabled.clear()
    night.feed.wake("one")
    await night.rest()
    assert night.keys == ["up"]


async def test_a_crossing_is_kept_while_the_journal_cannot_be_written(night: Night) -> None:
    await night.wakes.ask(above(1.17))
    night.journal.failures = 2
    night.wakes.ticks((Tick(symbol="EURUSD", bid=1.171, ask=1.172, time_ns=night.clock.now_ns()),))
    for _ in range(4):
        for _ in range(20):
            await asyncio.sleep(0)
        night.clock.advance(1.0)
    await night.rest()
    assert [(wake.key, wake.price) for _, wake in night.woken] == [("up", 1.171)]


async def test_what_is_committed_is_watched_though_the_caller_is_gone(night: Night) -> None:
    night.journal.gate.clear()
    asking = asyncio.ensure_future(night.wakes.ask(above(1.17)))
    for _ in range(5):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    night.journal.gate.set()
    await night.rest()
    await night.tick(1.17)
    assert night.keys == ["up"]


async def test_what_ended_thirty_days_ago_is_forgotten(night: Night) -> None:
    first = await night.wakes.ask(above(1.17))
    await night.tick(1.17)
    await night.pass_time(30 * 86_400.0)
    await night.wakes.load()
    assert await night.wakes.ask(above(1.17)) == first
    await night.pass_time(1.0)
    await night.wakes.load()
    assert await night.wakes.ask(above(1.17)) != first


async def test_the_journal_tells_what_was_asked_and_what_came(night: Night) -> None:
    await night.wakes.cancel("one", await night.wakes.ask(below(1.1)))
    await night.wakes.ask(attrs.evolve(above(1.17), alert_id=7))
    await night.tick(1.17)
    rows = await night.journal.read(
        lambda c: list(c.execute("SELECT kind, plugin, alert_id FROM journal_events ORDER BY seq"))
    )
    assert rows == [
        ("wake_asked", "one", None),
        ("wake_cancelled", "one", None),
        ("wake_asked", "one", 7),
        ("wake", "one", 7),
    ]
