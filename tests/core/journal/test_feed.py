"""Updates and wakes reach their plugin in order, again after a failure, and never hold others up."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import attrs
import pytest

from zepix_core.clock import moment
from zepix_core.errors import PluginError, WorkerDied
from zepix_core.journal import events
from zepix_core.journal.feed import UpdateFeed
from zepix_core.model.market import Side
from zepix_core.model.order import TradeUpdate, UpdateKind
from zepix_core.model.wake import Wake
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.script import run_script
from zepix_core.testing.clock import VirtualClock


def update(plugin: str, ticket: int) -> TradeUpdate:
    return TradeUpdate(
        sequence=0, kind=UpdateKind.OPENED, plugin=plugin, intent_id=f"i{ticket}", alert_key="k",
        alert_id=None, ticket=ticket, symbol="EURUSD", side=Side.BUY, leg="A", label="",
        volume=0.1, price=1.1, time_ns=1,
    )  # fmt: skip


class Receiver:
    """A plugin host that fails as often as it is told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int]] = []
        self.woken: list[tuple[str, Wake]] = []
        self.sequences: list[int] = []
        self.failures: list[Exception] = []

    async def deliver(self, plugin: str, what: TradeUpdate | Wake) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if isinstance(what, Wake):
            self.woken.append((plugin, what))
            self.taken.append((plugin, 0))
            return
        self.taken.append((plugin, what.ticket))
        self.sequences.append(what.sequence)


@attrs.define
class Stage:
    journal: SameThread
    clock: VirtualClock
    receiver: Receiver
    feed: UpdateFeed

    async def write(self, plugin: str, *tickets: int) -> None:
        for ticket in tickets:
            payload = attrs.asdict(update(plugin, ticket))
            append = partial(events.append, clock=self.clock, kind="trade_update", payload=payload)
            await self.journal.run(partial(append, plugin=plugin))

    async def write_wake(self, plugin: str, wake: Wake) -> None:
        append = partial(events.append, clock=self.clock, kind="wake", payload=attrs.asdict(wake))
        await self.journal.run(partial(append, plugin=plugin))

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            for _ in range(10):
                await asyncio.sleep(0)
            self.clock.advance(0.5)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    journal, clock, receiver = SameThread(tmp_path / "j.db", Durability.NORMAL), VirtualClock(), Receiver()
    await journal.run(lambda c: run_script(c, TABLES))
    made = Stage(journal, clock, receiver, UpdateFeed(journal, clock, receiver.deliver))
    yield made
    await made.feed.stop()
    await journal.close()


async def test_each_plugin_gets_its_own_in_order(stage: Stage) -> None:
    await stage.write("a", 1, 2)
    await stage.write("b", 3)
    await stage.write("a", 4)
    await stage.feed.start()
    await stage.feed.settled()
    assert [t for p, t in stage.receiver.taken if p == "a"] == [1, 2, 4]
    assert [t for p, t in stage.receiver.taken if p == "b"] == [3]


async def test_the_sequence_is_the_rows_own(stage: Stage) -> None:
    await stage.write("a", 1, 2)
    await stage.feed.start()
    await stage.feed.settled()
    assert stage.receiver.sequences == [1, 2]


async def test_what_was_taken_does_not_come_again(stage: Stage) -> None:
    await stage.write("a", 1)
    await stage.feed.start()
    await stage.feed.settled()
    again = UpdateFeed(stage.journal, stage.clock, stage.receiver.deliver)
    await again.start()
    await again.settled()
    assert stage.receiver.taken == [("a", 1)]


async def test_a_dead_worker_is_waited_for(stage: Stage) -> None:
    stage.receiver.failures = [WorkerDied("gone")] * 6
    await stage.write("a", 1)
    stage.feed.wake("a")
    await stage.pass_time(60.0)
    await stage.feed.settled()
    assert stage.receiver.taken == [("a", 1)]


async def test_an_update_that_a_plugin_cannot_take_is_noted_and_passed(stage: Stage) -> None:
    stage.receiver.failures = [PluginError("broken")] * 3
    await stage.write("a", 1, 2)
    stage.feed.wake("a")
    await stage.pass_time(10.0)
    await stage.feed.settled()
    assert stage.receiver.taken == [("a", 2)]
    kinds = await stage.journal.read(lambda c: [r[0] for r in c.execute("SELECT kind FROM journal_events")])
    notices = await stage.journal.read(lambda c: [r[0] for r in c.execute("SELECT type FROM outbox")])
    assert (kinds.count("update_not_taken"), notices) == (1, ["plugin_error"])


async def test_a_failure_that_passes_costs_nothing(stage: Stage) -> None:
    stage.receiver.failures = [PluginError("busy")]
    await stage.write("a", 1)
    stage.feed.wake("a")
    await stage.pass_time(3.0)
    assert stage.receiver.taken == [("a", 1)]


async def test_an_update_that_cannot_be_read_holds_up_none_after_it(stage: Stage) -> None:
    await stage.journal.run(
        lambda c: events.append(c, stage.clock, "trade_update", {"cut": 5000}, plugin="one")
    )
    await stage.write("one", 1)
    stage.feed.wake("one")
    await stage.feed.settled()
    assert stage.receiver.taken == [("one", 1)]


WAKE = Wake(key="level", at=moment(5_000_000), symbol="EURUSD", price=1.1701)


async def test_wakes_keep_their_place_among_the_updates(stage: Stage) -> None:
    await stage.write("a", 1)
    await stage.write_wake("a", WAKE)
    await stage.write("a", 2)
    await stage.feed.start()
    await stage.feed.settled()
    assert stage.receiver.taken == [("a", 1), ("a", 0), ("a", 2)]
    assert stage.receiver.woken == [("a", WAKE)]


async def test_a_wake_that_was_taken_does_not_come_again(stage: Stage) -> None:
    await stage.write_wake("a", WAKE)
    await stage.feed.start()
    await stage.feed.settled()
    again = UpdateFeed(stage.journal, stage.clock, stage.receiver.deliver)
    await again.start()
    await again.settled()
    assert stage.receiver.woken == [("a", WAKE)]


async def test_a_wake_that_a_plugin_cannot_take_is_noted_and_passed(stage: Stage) -> None:
    stage.receiver.failures = [PluginError("broken")] * 3
    await stage.write_wake("a", WAKE)
    await stage.write("a", 2)
    stage.feed.wake("a")
    await stage.pass_time(10.0)
    await stage.feed.settled()
    assert stage.receiver.taken == [("a", 2)]
    (text,) = await stage.journal.read(lambda c: [r[0] for r in c.execute("SELECT text FROM outbox")])
    assert text == "a did not take its wake level: broken"
