"""The inbox loop: in order, one at a time per plugin, each alert ended once with a reason."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from functools import partial

import pytest
from tests.core.inbox.plugins import (
    Answer,
    WrittenPlugin,
    WrittenPlugins,
    acted,
    failing,
    nothing,
    rejected,
)

from zepix_core.config.inbox import InboxSettings
from zepix_core.errors import PluginError, WorkerDied
from zepix_core.inbox.admission import Screened, screen
from zepix_core.inbox.loop import InboxLoop
from zepix_core.inbox.prices import AlertPrices
from zepix_core.inbox.store import InboxStore
from zepix_core.journal.events import verify
from zepix_core.model.alert import AlertClass
from zepix_core.storage.executor import Executor
from zepix_core.testing.clock import VirtualClock

KINDS = {"entry": AlertClass.ENTRY, "exit": AlertClass.EXIT, "info": AlertClass.INFO}
DIED = WorkerDied("the worker ended")


class House:
    """Store and loop on one journal, with plugins written out."""

    def __init__(
        self,
        executor: Executor,
        clock: VirtualClock,
        *plugins: WrittenPlugin,
        boot: str = "boot-1",
        prices: AlertPrices | None = None,
    ) -> None:
        self.clock = clock
        self.plugins = WrittenPlugins(*plugins)
        settings = InboxSettings()
        self.store = InboxStore(executor, clock, settings, self.plugins)
        self.loop = InboxLoop(executor, clock, boot, settings, self.plugins, prices)

    async def take(self, number: int = 1, kind: str = "entry", extra: str = "") -> int:
        screened = screen(f'{{"type":"{kind}","n":{number}{extra}}}'.encode(), frozenset())
        assert isinstance(screened, Screened)
        taken = await self.store.take("main", screened)
        self.loop.wake()
        return taken.id

    async def quiet(self) -> None:
        """Let the loop come to rest; back-offs pass on the virtual clock."""
        quiet = asyncio.ensure_future(self.loop.quiet())
        for _ in range(2000):
            if quiet.done():
                return
            await asyncio.sleep(0.001)
            self.clock.advance(0.05)
        quiet.cancel()
        raise AssertionError("the loop does not come to rest")


async def until(condition: Callable[[], object], clock: VirtualClock | None = None) -> None:
    """Wait until it holds; with a ``clock``, seconds pass on it meanwhile."""
    for _ in range(5000):
        if condition():
            return
        await asyncio.sleep(0.001)
        if clock is not None:
            clock.advance(1)
    raise AssertionError("it does not happen")


def states(reader: sqlite3.Connection) -> list[tuple[str, str | None]]:
    return [tuple(r) for r in reader.execute("SELECT state, reason FROM inbox ORDER BY id")]


def deliveries(reader: sqlite3.Connection) -> list[tuple[str, str, str | None, int]]:
    query = "SELECT plugin, state, reason, tries FROM deliveries ORDER BY id"
    return [tuple(r) for r in reader.execute(query)]


def notices(reader: sqlite3.Connection) -> list[tuple[str, int]]:
    return [tuple(r) for r in reader.execute("SELECT type, priority FROM outbox ORDER BY id")]


@pytest.mark.parametrize(
    ("first", "second", "state", "reason"),
    [
        (acted, rejected("x"), "done", None),
        (rejected("low_score"), rejected("no_trend"), "refused", "low_score"),
        (nothing, rejected("x"), "done", "no_open_position"),
        (failing(PluginError("late", code="deadline")), nothing, "dead", "deadline"),
        (failing(PluginError("It broke.")), acted, "done", None),
        (failing(RuntimeError("ours")), rejected("x"), "dead", "internal_error"),
    ],
)
async def test_the_plugins_answers_end_the_alert(
    either_executor: Executor,
    clock: VirtualClock,
    reader: sqlite3.Connection,
    first: Answer,
    second: Answer,
    state: str,
    reason: str | None,
) -> None:
    one, two = WrittenPlugin("one", KINDS, first), WrittenPlugin("two", KINDS, second)
    house = House(either_executor, clock, one, two)
    await house.loop.start()
    await house.take()
    await house.quiet()
    await house.loop.drain(1)
    assert states(reader) == [(state, reason)]
    assert verify(reader) > 0


@pytest.mark.parametrize(
    ("broken", "disabled", "state", "reason"),
    [
        ((), ("one", "two"), "refused", "no_plugin"),
        (("one",), ("two",), "refused", "plugin_unavailable"),
        (("one",), (), "done", None),
    ],
)
async def test_an_alert_that_only_a_broken_plugin_takes_was_not_unknown(
    executor: Executor,
    clock: VirtualClock,
    reader: sqlite3.Connection,
    broken: tuple[str, ...],
    disabled: tuple[str, ...],
    state: str,
    reason: str | None,
) -> None:
    plugins = [WrittenPlugin(name, KINDS) for name in ("one", "two")]
    for plugin in plugins:
        plugin.broken, plugin.enabled = plugin.name in broken, plugin.name not in disabled
    house = House(executor, clock, *plugins)
    await house.loop.start()
    await house.take()
    await house.quiet()
    await house.loop.drain(1)
    assert states(reader) == [(state, reason)]
    assert verify(reader) > 0


@pytest.mark.parametrize(
    ("error", "reason", "kinds"),
    [
        (PluginError("on_alert of one raised KeyError: 'tp'."), "plugin_error", ["alert_answered"]),
        (WorkerDied("exit code 9"), "worker_died", ["worker_died"] * 3 + ["alert_answered"]),
        (WorkerDied("too long", code="deadline"), "deadline", ["worker_died"] * 3 + ["alert_answered"]),
        (RuntimeError("ours"), "internal_error", ["alert_answered"]),
    ],
)
async def test_what_went_wrong_is_told_in_the_alerts_events(
    executor: Executor,
    clock: VirtualClock,
    reader: sqlite3.Connection,
    error: Exception,
    reason: str,
    kinds: list[str],
) -> None:
    house = House(executor, clock, WrittenPlugin("one", KINDS, failing(error)))
    await house.loop.start()
    await house.take()
    await house.quiet()
    await house.loop.drain(1)
    assert states(reader) == [("dead", reason)]
    query = "SELECT kind, json_extract(payload, '$.error') FROM journal_events WHERE plugin = 'one'"
    events = [tuple(row) for row in reader.execute(query)]
    assert [kind for kind, _ in events] == kinds
    assert all(str(error) in text for _, text in events)


async def test_the_decision_and_the_times_are_kept(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    house = House(executor, clock, WrittenPlugin("one", KINDS, rejected("low_score")))
    await house.loop.start()
    await house.take()
    await house.quiet()
    row = reader.execute("SELECT decision, started_ns, finished_ns, boot FROM deliveries").fetchone()
    assert json.loads(row["decision"])["reason"] == "low_score"
    assert row["started_ns"] <= row["finished_ns"]
    assert row["boot"] == "boot-1"
    await house.loop.drain(1)


async def test_nobody_takes_it_ends_no_plugin(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    house = House(executor, clock, WrittenPlugin("one", KINDS))
    await house.loop.start()
    await house.take(kind="other")
    await house.quiet()
    assert states(reader) == [("refused", "no_plugin")]
    assert notices(reader) == []
    await house.loop.drain(1)


async def test_each_plugin_gets_its_alerts_in_order_and_one_at_a_time(
    either_executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one, two = WrittenPlugin("one", KINDS), WrittenPlugin("two", {"exit": AlertClass.EXIT})
    house = House(either_executor, clock, one, two)
    await house.loop.start()
    ids = [await house.take(n, "exit" if n % 2 else "entry") for n in range(150)]
    await house.quiet()
    assert one.asked == ids
    assert two.asked == ids[1::2]
    assert (one.most_at_once, two.most_at_once) == (1, 1)
    assert set(states(reader)) == {("done", None)}
    await house.loop.drain(1)


async def test_a_slow_plugin_does_not_hold_up_another(executor: Executor, clock: VirtualClock) -> None:
    slow, quick = WrittenPlugin("slow", KINDS), WrittenPlugin("quick", KINDS)
    slow.may_answer.clear()
    house = House(executor, clock, slow, quick)
    await house.loop.start()
    ids = [await house.take(n) for n in range(3)]
    await until(lambda: quick.asked == ids)
    assert slow.asked == ids[:1]
    slow.may_answer.set()
    await house.quiet()
    assert slow.asked == ids
    await house.loop.drain(1)


@pytest.mark.parametrize(("age", "state"), [(120, ("done", None)), (121, ("refused", "expired"))])
async def test_an_entry_older_than_max_age_at_its_turn_expires(
    executor: Executor,
    clock: VirtualClock,
    reader: sqlite3.Connection,
    age: float,
    state: tuple[str, str | None],
) -> None:
    one = WrittenPlugin("one", KINDS)
    house = House(executor, clock, one)
    await house.take()
    clock.advance(age)
    await house.loop.start()
    await house.loop.quiet()
    assert states(reader) == [state]
    assert len(one.asked) == (state[0] == "done")
    await house.loop.drain(1)


async def test_old_exits_and_infos_are_still_delivered_and_expiry_is_each_plugins_own(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    house = House(
        executor,
        clock,
        WrittenPlugin("trader", KINDS),
        WrittenPlugin("watcher", {"entry": AlertClass.INFO}, nothing),
    )
    for number, kind in enumerate(KINDS):
        await house.take(number, kind)
    clock.advance(3600)
    await house.loop.start()
    await house.loop.quiet()
    assert [(plugin, state) for plugin, state, _, _ in deliveries(reader)] == [
        ("trader", "expired"),
        ("watcher", "nothing"),
        ("trader", "acted"),
        ("trader", "acted"),
    ]
    await house.loop.drain(1)


async def test_an_entry_expires_while_it_waits_behind_a_slow_one(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", KINDS)
    one.may_answer.clear()
    house = House(executor, clock, one)
    await house.loop.start()
    first = await house.take(1)
    await house.take(2)
    await until(lambda: one.asked == [first])
    clock.advance(121)
    one.may_answer.set()
    await house.quiet()
    assert states(reader) == [("done", None), ("refused", "expired")]
    await house.loop.drain(1)


async def test_a_worker_that_dies_gets_the_alert_again(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", KINDS, failing(DIED), failing(DIED), acted)
    house = House(executor, clock, one)
    await house.loop.start()
    alert_id = await house.take()
    await house.quiet()
    assert one.asked == [alert_id] * 3
    assert deliveries(reader) == [("one", "acted", None, 2)]
    assert reader.execute("SELECT state, tries FROM inbox").fetchone()[:] == ("done", 2)
    await house.loop.drain(1)


async def test_after_three_deaths_the_alert_is_dead_and_people_hear_of_it(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", {"entry": AlertClass.ENTRY}, failing(DIED))
    two = WrittenPlugin("two", {"exit": AlertClass.EXIT})
    house = House(executor, clock, one, two)
    await house.loop.start()
    await house.take(1)
    await house.take(2, "exit")
    await house.quiet()
    assert states(reader) == [("dead", "worker_died"), ("done", None)]
    assert len(one.asked) == 3
    assert notices(reader) == [("alert_error", 5)]
    await house.loop.drain(1)


async def test_a_plugin_switched_off_is_not_asked_about_what_waits(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", KINDS)
    one.may_answer.clear()
    house = House(executor, clock, one)
    await house.loop.start()
    await house.take(1)
    await house.take(2)
    await until(lambda: one.asked and len(deliveries(reader)) == 2)
    one.enabled = False
    one.may_answer.set()
    await house.quiet()
    assert states(reader) == [("done", None), ("refused", "plugin_unavailable")]
    await house.loop.drain(1)


async def test_claims_of_an_earlier_boot_are_freed_and_only_what_was_under_way_counts_a_death(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", KINDS)
    one.may_answer.clear()
    before = House(executor, clock, one)
    await before.loop.start()
    ids = [await before.take(n) for n in range(2)]
    await until(lambda: one.asked and len(deliveries(reader)) == 2)
    leave_as_killed(before.loop)
    again = WrittenPlugin("one", KINDS)
    after = House(executor, clock, again, boot="boot-2")
    await after.loop.start()
    await after.quiet()
    assert again.asked == ids
    assert deliveries(reader) == [("one", "acted", None, 1), ("one", "acted", None, 0)]
    assert set(states(reader)) == {("done", None)}
    await after.loop.drain(1)


async def test_an_alert_that_was_under_way_at_three_deaths_of_the_host_is_dead(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    for boot in range(3):
        one = WrittenPlugin("one", KINDS)
        one.may_answer.clear()
        house = House(executor, clock, one, boot=f"boot-{boot}")
        await house.loop.start()
        if boot == 0:
            await house.take()
        await until(partial(len, one.asked))
        leave_as_killed(house.loop)
    last = WrittenPlugin("one", KINDS)
    house = House(executor, clock, last, boot="boot-last")
    await house.loop.start()
    await house.quiet()
    assert states(reader) == [("dead", "host_died")]
    assert last.asked == []
    assert notices(reader) == [("alert_error", 5)]
    await house.loop.drain(1)


async def test_a_clean_stop_gives_back_what_was_not_finished_without_counting_a_death(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", KINDS)
    one.may_answer.clear()
    house = House(executor, clock, one)
    await house.loop.start()
    for number in range(3):
        await house.take(number)
    await until(lambda: one.asked)
    stop = asyncio.ensure_future(house.loop.drain(5))
    await asyncio.sleep(0.01)
    clock.advance(6)
    await stop
    assert states(reader) == [("new", None)] * 3
    assert {(state, tries) for _, state, _, tries in deliveries(reader)} == {("new", 0)}


async def test_a_clean_stop_waits_for_the_answer_under_way(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", KINDS)
    one.may_answer.clear()
    house = House(executor, clock, one)
    await house.loop.start()
    await house.take(1)
    await house.take(2)
    await until(lambda: one.asked)
    stop = asyncio.ensure_future(house.loop.drain(5))
    await asyncio.sleep(0.01)
    one.may_answer.set()
    await stop
    assert states(reader) == [("done", None), ("new", None)]


async def test_while_held_nothing_is_asked_entries_expire_and_exits_wait(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    one = WrittenPlugin("one", KINDS)
    house = House(executor, clock, one)
    await house.loop.start(held=True)
    await house.take(1, "entry")
    exit_id = await house.take(2, "exit")
    await until(lambda: states(reader)[0][0] != "new", clock)
    assert states(reader) == [("refused", "expired"), ("new", None)]
    assert one.asked == []
    house.loop.release()
    await house.quiet()
    assert one.asked == [exit_id]
    await house.loop.drain(1)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((acted, nothing), True),
        ((rejected("x"), nothing), True),
        ((rejected("x"), rejected("y")), False),
        ((failing(PluginError("It broke.")), rejected("y")), False),
    ],
)
async def test_the_price_of_an_alert_is_passed_on_once_and_only_when_a_plugin_takes_it(
    executor: Executor, clock: VirtualClock, answers: tuple[Answer, Answer], told: bool
) -> None:
    seen: list[tuple[str, float]] = []
    one, two = (
        WrittenPlugin(name, KINDS, answer) for name, answer in zip(("one", "two"), answers, strict=True)
    )

    async def observe(symbol: str, price: float) -> None:
        seen.append((symbol, price))
        raise ConnectionError("the gateway is away")

    house = House(executor, clock, one, two, prices=AlertPrices(observe))
    await house.loop.start()
    await house.take(1, extra=',"symbol":"EURUSD","price":1.1')
    await house.take(2, extra=',"symbol":"EURUSD"')
    await house.quiet()
    assert seen == ([("EURUSD", 1.1)] if told else [])
    assert len(one.asked) == len(two.asked) == 2
    await house.loop.drain(1)


async def test_the_heartbeat_grows_while_nothing_happens(executor: Executor, clock: VirtualClock) -> None:
    house = House(executor, clock)
    await house.loop.start()
    await house.loop.quiet()
    before = house.loop.heartbeat
    await until(lambda: house.loop.heartbeat >= before + 3, clock)
    await house.loop.drain(1)


def leave_as_killed(loop: InboxLoop) -> None:
    """What is left of a killed host: its rows, and no task."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
