"""What is written of plugins: their events, and which notices their settings want."""

import sqlite3

from zepix_core.journal import outbox
from zepix_core.model.notice import SWITCHES, Notice, Priority
from zepix_core.plugins.hello import PluginHello
from zepix_core.plugins.record import notifications_of, write_event
from zepix_core.plugins.states import EventKind, PluginEvent, PluginState, PluginStatus
from zepix_core.storage.journal_schema import TABLES
from zepix_core.testing.clock import VirtualClock

TYPE, SWITCH = next(iter(SWITCHES.items()))
LOADED = PluginEvent(kind=EventKind.LOADED, distribution="d", plugin="quiet")


def status(plugin: str, hello: PluginHello | None) -> PluginStatus:
    return PluginStatus(
        id=plugin, distribution="d", version="1", state=PluginState.ACTIVE, enabled=True, shadow=False,
        priority=2, hello=hello,
    )  # fmt: skip


def test_the_wish_is_that_of_the_plugin_that_was_loaded() -> None:
    hello = PluginHello(id="quiet", config={"notifications": {SWITCH: False}})
    statuses = (status("other", PluginHello(id="other")), status("quiet", hello))
    assert notifications_of(statuses, LOADED) == {SWITCH: False}
    assert notifications_of((status("quiet", None),), LOADED) is None
    failed = PluginEvent(kind=EventKind.FAILED, distribution="d", plugin="quiet")
    assert notifications_of(statuses, failed) is None


def test_a_wish_is_in_force_with_the_event() -> None:
    connection, clock = sqlite3.connect(":memory:"), VirtualClock()
    connection.executescript(TABLES)
    notice = Notice(type=TYPE, priority=Priority.LOW, plugin="quiet", text="x")
    write_event(connection, clock, LOADED, {SWITCH: False})
    assert outbox.put(connection, clock, notice) is None
    write_event(connection, clock, LOADED)
    assert outbox.put(connection, clock, notice) is None
    write_event(connection, clock, LOADED, {})
    assert outbox.put(connection, clock, notice) is not None
