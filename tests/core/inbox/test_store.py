"""Alerts are taken: committed, recognised when they come again, limited."""

import asyncio
import json
import sqlite3
from typing import Any

import attrs
import pytest
from tests.core.inbox.plugins import WrittenPlugin, WrittenPlugins

from zepix_core.clock import NS
from zepix_core.config.inbox import InboxSettings
from zepix_core.errors import StorageError
from zepix_core.inbox.admission import EMPTY, Screened, screen
from zepix_core.inbox.store import InboxFull, InboxStore
from zepix_core.journal.events import verify
from zepix_core.journal.storage_guard import StorageGuard
from zepix_core.model.alert import AlertClass
from zepix_core.storage.executor import Executor
from zepix_core.testing.clock import VirtualClock

PLUGINS = WrittenPlugins(
    WrittenPlugin("one", {"entry": AlertClass.ENTRY, "exit": AlertClass.EXIT, "info": AlertClass.INFO})
)


def alert(number: int = 0, kind: str = "entry", extra: str = "") -> Screened:
    screened = screen(f'{{"type":"{kind}","n":{number}{extra}}}'.encode(), frozenset())
    assert isinstance(screened, Screened)
    return screened


def store_of(executor: Executor, clock: VirtualClock, **settings: Any) -> InboxStore:
    return InboxStore(executor, clock, attrs.evolve(InboxSettings(), **settings), PLUGINS)


def rows(reader: sqlite3.Connection) -> list[tuple[str, str | None, int]]:
    return [tuple(r) for r in reader.execute("SELECT state, reason, duplicates FROM inbox ORDER BY id")]


def finish_all(reader: sqlite3.Connection) -> None:
    reader.execute("UPDATE inbox SET state = 'done', finished_ns = 1")
    reader.commit()


async def test_a_taken_alert_is_in_the_file_with_all_its_facts(
    either_executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    screened = alert(1, extra=',"symbol":"XAUUSD","tf":"15","price":2650.5,"id":"A1"')
    taken = await store_of(either_executor, clock).take("main", screened)
    assert (taken.status, taken.refused) == ("accepted", None)
    row = dict(reader.execute("SELECT * FROM inbox").fetchone())
    assert row["body"] == screened.text
    assert (row["id"], row["state"], row["token_id"]) == (taken.id, "new", "main")
    assert (row["symbol"], row["timeframe"], row["price"]) == ("XAUUSD", "15", 2650.5)
    assert (row["external_id"], row["received_ns"]) == ("A1", clock.now_ns())


@pytest.mark.parametrize(("age", "status"), [(0, "duplicate"), (59.999, "duplicate"), (60, "accepted")])
async def test_the_same_body_is_a_duplicate_for_strictly_less_than_60_seconds(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection, age: float, status: str
) -> None:
    store = store_of(executor, clock)
    first = await store.take("main", alert())
    finish_all(reader)
    clock.advance(age)
    again = await store.take("main", alert())
    assert again.status == status
    assert (again.id == first.id) == (status == "duplicate")


async def test_a_duplicate_is_counted_and_does_not_renew_the_window(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    store = store_of(executor, clock)
    await store.take("main", alert())
    finish_all(reader)
    clock.advance(40)
    assert (await store.take("main", alert())).status == "duplicate"
    clock.advance(20)
    assert (await store.take("main", alert())).status == "accepted"
    assert rows(reader) == [("done", None, 1), ("new", None, 0)]


@pytest.mark.parametrize("state", ["new", "claimed"])
async def test_an_unfinished_alert_makes_the_same_body_a_duplicate_for_ever(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection, state: str
) -> None:
    store = store_of(executor, clock)
    first = await store.take("main", alert())
    reader.execute("UPDATE inbox SET state = ?", (state,))
    reader.commit()
    clock.advance(86_400)
    again = await store.take("main", alert())
    assert (again.id, again.status) == (first.id, "duplicate")


async def test_another_token_is_another_source(executor: Executor, clock: VirtualClock) -> None:
    store = store_of(executor, clock)
    await store.take("main", alert())
    assert (await store.take("other", alert())).status == "accepted"


@pytest.mark.parametrize(
    ("extra", "days", "reason"),
    [
        (',"id":"A1"', 1, "replayed"),
        (',"id":"A1"', 6.99, "replayed"),
        (',"id":"A1"', 7, None),
        ("", 1, None),
    ],
)
async def test_a_body_with_its_own_id_is_not_taken_twice_in_a_week(
    executor: Executor,
    clock: VirtualClock,
    reader: sqlite3.Connection,
    extra: str,
    days: float,
    reason: str | None,
) -> None:
    store = store_of(executor, clock)
    await store.take("main", alert(extra=extra))
    finish_all(reader)
    clock.advance(days * 86_400)
    again = await store.take("main", alert(extra=extra))
    assert (again.status, again.refused) == ("accepted", reason)
    assert rows(reader)[-1][:2] == (("refused", reason) if reason else ("new", None))


async def test_an_id_with_a_bar_time_is_recognised_in_another_body(
    executor: Executor, clock: VirtualClock
) -> None:
    store = store_of(executor, clock)
    own = f',"id":"A1","t":{clock.now_ns() // NS}'
    await store.take("main", alert(1, extra=own))
    assert (await store.take("main", alert(2, extra=own))).status == "duplicate"


@pytest.mark.parametrize(
    ("age", "refused"), [(0, None), (300, None), (301, "stale"), (-60, None), (-61, "stale")]
)
async def test_a_bar_too_old_or_from_the_future_is_stored_as_stale(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection, age: int, refused: str | None
) -> None:
    taken = await store_of(executor, clock).take("main", alert(extra=f',"t":{clock.now_ns() // NS - age}'))
    assert taken.refused == refused
    assert rows(reader)[0][:2] == (("refused", "stale") if refused else ("new", None))
    if refused:
        told = reader.execute("SELECT payload FROM journal_events WHERE kind = 'alert_refused'").fetchone()
        facts = json.loads(told[0])
        assert (facts["age_seconds"], facts["limit_seconds"]) == (age, 300)


async def test_over_the_rate_entries_and_infos_are_stored_refused_and_exits_taken(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    store = store_of(executor, clock, rate_per_minute=60, burst=2)
    kinds = ["entry", "exit", "info", "entry", "exit", "info"]
    refused = [(await store.take("main", alert(n, kind))).refused for n, kind in enumerate(kinds)]
    assert refused == [None, None, "rate_limited", "rate_limited", None, "rate_limited"]
    clock.advance(1)
    assert (await store.take("main", alert(9))).refused is None
    assert (await store.take("other", alert(10))).refused is None
    notices = reader.execute("SELECT type, data FROM outbox").fetchall()
    assert len(notices) == 1


async def test_without_limits_no_rate_applies(executor: Executor, clock: VirtualClock) -> None:
    store = store_of(executor, clock, burst=1, unlimited=True)
    assert {(await store.take("main", alert(n))).refused for n in range(5)} == {None}


async def test_200_at_once_are_within_the_burst(executor: Executor, clock: VirtualClock) -> None:
    store = store_of(executor, clock)
    taken = await asyncio.gather(*(store.take("main", alert(n)) for n in range(200)))
    assert {t.refused for t in taken} == {None}


async def test_a_full_inbox_takes_no_more_but_still_knows_duplicates(
    either_executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    store = store_of(either_executor, clock, waiting_limit=3)
    for number in range(3):
        await store.take("main", alert(number))
    with pytest.raises(InboxFull):
        await store.take("main", alert(3))
    assert (await store.take("main", alert(2))).status == "duplicate"
    assert len(rows(reader)) == 3


async def test_strict_refuses_what_has_neither_id_nor_time(executor: Executor, clock: VirtualClock) -> None:
    store = InboxStore(executor, clock, InboxSettings(), PLUGINS, strict=True)
    assert (await store.take("main", alert(1))).refused == "strict"
    assert (await store.take("main", alert(2, extra=',"id":"A"'))).refused is None
    assert (await store.take("main", alert(3, extra=f',"t":{clock.now_ns() // NS}'))).refused is None


async def test_everything_taken_and_refused_stands_in_the_chain(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    store = store_of(executor, clock)
    await store.take("main", alert(1))
    await store.take("main", alert(1))
    await store.take("main", alert(2, extra=',"t":5'))
    await store.note_refusal("main", EMPTY, 0)
    kinds = [row[0] for row in reader.execute("SELECT kind FROM journal_events ORDER BY seq")]
    assert kinds == ["alert_taken", "alert_duplicate", "alert_refused", "alert_invalid"]
    assert verify(reader) == 4


async def test_many_at_once_share_a_few_commits_and_all_are_stored(
    either_executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    store = store_of(either_executor, clock)
    taken = await asyncio.gather(*(store.take("main", alert(n)) for n in range(150)))
    ids = {row[0] for row in reader.execute("SELECT id FROM inbox")}
    assert {t.id for t in taken} == ids
    assert len(ids) == 150
    assert verify(reader) == 150


async def test_a_journal_that_cannot_be_written_is_a_storage_error(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    reader.execute("DROP TABLE inbox")
    reader.commit()
    guard = StorageGuard(executor, clock)
    store = InboxStore(executor, clock, InboxSettings(), PLUGINS, guard=guard)
    with pytest.raises(StorageError):
        await store.take("main", alert())
    assert not store.healthy
    await guard.probe()
    assert store.healthy
