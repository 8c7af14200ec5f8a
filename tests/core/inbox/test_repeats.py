"""A body that comes again after its window is an alert of its own."""

import sqlite3

from zepix_core.config.inbox import InboxSettings
from zepix_core.inbox.admission import Screened, screen
from zepix_core.inbox.store import InboxStore
from zepix_core.storage.executor import Executor
from zepix_core.testing.clock import VirtualClock

from .plugins import WrittenPlugin, WrittenPlugins


async def test_the_same_body_later_has_a_key_of_its_own_and_is_still_recognised(
    executor: Executor, clock: VirtualClock, reader: sqlite3.Connection
) -> None:
    store = InboxStore(executor, clock, InboxSettings(), WrittenPlugins(WrittenPlugin("one", {})))
    screened = screen(b'{"action":"buy"}', frozenset())
    assert isinstance(screened, Screened)
    statuses = []
    for age in (0, 59, 1, 59, 1):
        clock.advance(age)
        statuses.append((await store.take("main", screened)).status)
        reader.execute("UPDATE inbox SET state = 'done'")
        reader.commit()
    assert statuses == ["accepted", "duplicate", "accepted", "duplicate", "accepted"]
    keys = [row["key"] for row in reader.execute("SELECT key FROM inbox ORDER BY id")]
    assert len(set(keys)) == 3
    assert all(key.startswith(keys[0]) for key in keys)
