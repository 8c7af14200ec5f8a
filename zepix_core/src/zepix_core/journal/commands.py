"""What people asked for, written into the chain."""

import sqlite3

from zepix_core.clock import Clock
from zepix_core.journal import events
from zepix_core.model.command import HumanCommand

KIND = "command"
_ENTRY = (
    "SELECT alert_id, intent_id, plugin FROM intents WHERE position_id = ? AND position_id != 0"
    " AND action = 'open' ORDER BY sequence DESC LIMIT 1"
)


def write(connection: sqlite3.Connection, clock: Clock, command: HumanCommand) -> None:
    """Append a command, inside the caller's write transaction; one about a position belongs to its alert."""
    facts = {
        "name": command.name, "by": command.by, "from": command.origin, "nonce": command.nonce,
        "arguments": command.arguments,
    }  # fmt: skip
    ticket = command.arguments.get("ticket")
    entry = connection.execute(_ENTRY, (ticket,)).fetchone() if isinstance(ticket, int) else None
    alert_id, intent_id, plugin = entry or (None, None, None)
    events.append(
        connection, clock, KIND, facts, alert_id=alert_id, intent_id=intent_id, plugin=plugin
    )  # fmt: skip
