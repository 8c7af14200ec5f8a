"""Any sequence of wishes, prices, pauses, deaths and restarts: each wake comes once, and never too early."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import attrs
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.journal.conftest import CrashingJournal

from zepix_core.clock import NS, nanoseconds
from zepix_core.errors import StorageError
from zepix_core.journal import wake_rows
from zepix_core.journal.events import verify
from zepix_core.journal.feed import UpdateFeed
from zepix_core.journal.levels import Level
from zepix_core.journal.wake_rows import Wish
from zepix_core.journal.wakes import Wakes
from zepix_core.model.market import Tick
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.script import run_script
from zepix_core.testing.clock import VirtualClock

plugins = st.sampled_from(["one", "two"])
keys = st.sampled_from(["a", "b", "c", "d"])
prices = st.integers(1, 9).map(float)
steps = st.one_of(
    st.tuples(st.just("when"), st.tuples(plugins, keys, prices, st.booleans())),
    st.tuples(st.just("at"), st.tuples(plugins, keys, st.sampled_from([-5.0, 0.5, 1.0, 3.0, 20.0]))),
    st.tuples(st.just("cancel"), st.tuples(plugins, keys)),
    st.tuples(st.just("tick"), st.tuples(prices)),
    st.tuples(st.just("wait"), st.tuples(st.sampled_from([0.5, 2.0, 12.0]))),
    st.tuples(st.just("crash"), st.tuples(st.integers(1, 4), st.booleans())),
    st.tuples(st.just("restart"), st.just(())),
)


@attrs.define
class Life:
    """One life of the watch on a journal that outlives it."""

    journal: CrashingJournal
    wakes: Wakes
    feed: UpdateFeed
    task: "asyncio.Task[None]"


class Stress:
    """Plays steps against one life after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock()
        self.wishes: dict[str, Wish] = {}
        self.handles: dict[tuple[str, str], str] = {}
        self.seen: dict[str, list[float]] = {}
        self.cancelled: set[str] = set()
        self.taken: list[tuple[str, Wake]] = []

    async def open(self) -> Life:
        journal = CrashingJournal(self.folder / "journal.db")
        await journal.run(lambda c: run_script(c, TABLES))

        async def deliver(plugin: str, told: TradeUpdate | Wake) -> None:
            assert isinstance(told, Wake)
            self.taken.append((plugin, told))

        feed = UpdateFeed(journal, self.clock, deliver)
        wakes = Wakes(journal, self.clock, feed.wake)
        await wakes.load()
        await feed.start()
        return Life(journal, wakes, feed, asyncio.ensure_future(wakes.run()))

    async def end(self, life: Life) -> None:
        life.task.cancel()
        await asyncio.gather(life.task, return_exceptions=True)
        await life.feed.stop()
        await life.journal.close()

    async def run(self, plan: list[tuple[str, tuple[object, ...]]]) -> None:
        life = await self.open()
        for name, arguments in plan:
            if name == "crash":
                life.journal.left, life.journal.after = arguments  # type: ignore[assignment]
                continue
            with contextlib.suppress(StorageError):
                await self.act(life, name, *arguments)
            await self.turn()
            if life.journal.dead or name == "restart":
                await self.end(life)
                life = await self.open()
                with contextlib.suppress(StorageError):
                    # The hook that was cut off comes again.
                    await self.act(life, name, *arguments)
                await self.turn()
        life.journal.left = None
        for price in (9.0, 1.0):
            await self.act(life, "tick", price)
        for _ in range(4):
            await self.act(life, "wait", 10.0)
        await self.check(life)
        await self.end(life)

    async def act(self, life: Life, name: str, *arguments: object) -> None:
        if name == "when":
            plugin, key, price, above = arguments
            level = Level(symbol="X", quote="bid", above=bool(above), price=float(str(price)))
            await self.ask(life, Wish(plugin=str(plugin), key=str(key), level=level))
        elif name == "at":
            plugin, key, delay = arguments
            due = max(self.clock.now_ns() + round(float(str(delay)) * NS), 0)
            await self.ask(life, Wish(plugin=str(plugin), key=str(key), due_ns=due))
        elif name == "cancel":
            plugin, key = str(arguments[0]), str(arguments[1])
            handle = self.handles.get((plugin, key))
            if handle is not None and await life.wakes.cancel(plugin, handle):
                self.cancelled.add(handle)
        elif name == "tick":
            bid = float(str(arguments[0]))
            for seen in self.seen.values():
                seen.append(bid)
            life.wakes.ticks((Tick(symbol="X", bid=bid, ask=bid + 1, time_ns=self.clock.now_ns()),))
            await self.turn()
        elif name == "wait":
            self.clock.advance(float(str(arguments[0])))
            await self.turn()

    async def ask(self, life: Life, wish: Wish) -> None:
        handle = await life.wakes.ask(wish)
        if handle not in self.wishes:
            # Its first answer may have been lost in a crash; then the row holds what was asked first.
            row = await life.journal.read(lambda c: wake_rows.find(c, int(handle[1:])))
            assert row is not None
            self.wishes[handle], self.seen[handle] = row.wish, []
        self.handles[wish.plugin, wish.key] = handle

    async def turn(self) -> None:
        for _ in range(40):
            await asyncio.sleep(0)

    async def check(self, life: Life) -> None:
        await life.wakes.settled()
        await life.feed.settled()
        found = await life.journal.read(
            lambda c: list(c.execute("SELECT plugin, payload, at_ns FROM journal_events WHERE kind = 'wake'"))
        )
        rows = [(plugin, msgspec.json.decode(text, type=Wake), at) for plugin, text, at in found]
        handles = [wake.handle for _, wake, _ in rows]
        assert len(handles) == len(set(handles)), "a wake came twice"
        assert set(self.wishes) - self.cancelled <= set(handles), "a wake never came"
        assert not self.cancelled & set(handles), "a cancelled wake came"
        for plugin, wake, at in rows:
            self.was_time(plugin, wake, at)
        assert {wake.handle for _, wake in self.taken} == set(handles)
        assert self.first_of_each() == [(plugin, wake) for plugin, wake, _ in rows if plugin == "one"]
        assert life.wakes.waiting == 0
        await life.journal.read(verify)

    def was_time(self, plugin: str, wake: Wake, at: int) -> None:
        wish = self.wishes.get(wake.handle)
        if wish is None:
            return
        assert (plugin, wake.key) == (wish.plugin, wish.key)
        if wish.level is None:
            assert wish.due_ns is not None and at >= wish.due_ns == nanoseconds(wake.at)
            return
        assert wake.price is not None
        tick = Tick(symbol="X", bid=wake.price, ask=wake.price, time_ns=0)
        assert wish.level.reached_by(tick)
        assert wake.price in self.seen[wake.handle]

    def first_of_each(self) -> list[tuple[str, Wake]]:
        """What plugin "one" was told, without repeats after a crash."""
        return list({wake.handle: (plugin, wake) for plugin, wake in self.taken if plugin == "one"}.values())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=1, max_size=25))
def test_each_wake_comes_once_and_never_too_early(plan: list[tuple[str, tuple[object, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Stress(Path(folder)).run(plan))
