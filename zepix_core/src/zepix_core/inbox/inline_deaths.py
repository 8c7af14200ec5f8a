"""Whom the host's death is charged to when plugins run inside of it: who held a delivery then."""

import sqlite3

from zepix_core.clock import Clock
from zepix_core.journal import host_state

KEY = "inline_deaths"
DEATHS = 2
_HELD = (
    "SELECT DISTINCT plugin FROM deliveries"
    " WHERE state = 'claimed' AND started_ns IS NOT NULL AND boot IS NOT ? ORDER BY plugin"
)


def charge(connection: sqlite3.Connection, clock: Clock, boot: str) -> tuple[str, ...]:
    """Count the deaths of earlier boots that claims were left by, inside the caller's write transaction and
    before those claims are freed; the plugins that now have too many, whose count begins anew."""
    held = [row[0] for row in connection.execute(_HELD, (boot,))]
    if not held:
        return ()
    counts: dict[str, int] = host_state.read(connection, KEY) or {}
    counts.update((plugin, counts.get(plugin, 0) + 1) for plugin in held)
    guilty = tuple(plugin for plugin in held if counts[plugin] >= DEATHS)
    left = {plugin: count for plugin, count in counts.items() if plugin not in guilty}
    host_state.write(connection, clock, KEY, left)
    return guilty
