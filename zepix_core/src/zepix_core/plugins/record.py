"""What happens to plugins, written into the journal, and told to people where it is grave."""

import sqlite3

from zepix_core.clock import Clock
from zepix_core.journal import events, outbox
from zepix_core.model.notice import Notice, Priority
from zepix_core.plugins.states import EventKind, PluginEvent

GRAVE = {EventKind.FAILED: Priority.HIGH, EventKind.QUARANTINED: Priority.CRITICAL}


def write_switch(connection: sqlite3.Connection, clock: Clock, facts: dict[str, str]) -> None:
    """Append that a person switched a plugin's shadow mode, and tell people."""
    name, on = facts["name"], facts["what"] == "shadow_on"
    events.append(connection, clock, "plugin", facts, plugin=name)
    where = "the shadow book" if on else "the broker"
    text = f"{name}: entries go to {where} from now on, switched by {facts['by']}"
    notice = Notice(type="plugin_state", priority=Priority.LOW, plugin=name, text=text, data=facts)
    outbox.put(connection, clock, notice)


def write_event(connection: sqlite3.Connection, clock: Clock, event: PluginEvent) -> None:
    """Append the event; a failed or quarantined plugin is a notice, too."""
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
