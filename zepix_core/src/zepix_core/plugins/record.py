"""What happens to plugins, written into the journal, and told to people where it is grave."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from zepix_core.clock import Clock
from zepix_core.journal import events, outbox
from zepix_core.model.notice import Notice, Priority
from zepix_core.plugins.states import EventKind, PluginEvent, PluginStatus

GRAVE = {EventKind.FAILED: Priority.HIGH, EventKind.QUARANTINED: Priority.CRITICAL}


def write_switch(connection: sqlite3.Connection, clock: Clock, facts: dict[str, str]) -> None:
    """Append that a person switched a plugin's shadow mode, and tell people."""
    name, on = facts["name"], facts["what"] == "shadow_on"
    events.append(connection, clock, "plugin", facts, plugin=name)
    where = "the shadow book" if on else "the broker"
    text = f"{name}: entries go to {where} from now on, switched by {facts['by']}"
    notice = Notice(type="plugin_state", priority=Priority.LOW, plugin=name, text=text, data=facts)
    outbox.put(connection, clock, notice)


def notifications_of(statuses: Iterable[PluginStatus], event: PluginEvent) -> Mapping[str, Any] | None:
    """Which notices the settings want of a plugin that was loaded; ``None`` when the event tells nothing new
    of that."""
    if event.kind is not EventKind.LOADED:
        return None
    hellos = (status.hello for status in statuses if status.id == event.plugin)
    return next((hello.config.get("notifications", {}) for hello in hellos if hello is not None), None)


def write_event(
    connection: sqlite3.Connection,
    clock: Clock,
    event: PluginEvent,
    notifications: Mapping[str, Any] | None = None,
) -> None:
    """Append the event; a failed or quarantined plugin is a notice, too. ``notifications``: which notices the
    plugin's settings want from now on."""
    if notifications is not None:
        outbox.remember_switches(connection, clock, event.plugin, notifications)
    facts = {"what": event.kind.value, "distribution": event.distribution, "text": event.text}
    events.append(connection, clock, "plugin", facts, plugin=event.plugin or None)
    if event.kind not in GRAVE:
        return
    notice = Notice(
        type="plugin_state",
        priority=GRAVE[event.kind],
        plugin=event.plugin or None,
        text=f"{event.plugin or event.distribution}: {event.text}",
        data=facts,
    )
    outbox.put(connection, clock, notice)
