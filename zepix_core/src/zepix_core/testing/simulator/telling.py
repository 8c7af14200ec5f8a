"""Whether plugins were told everything: each trade update and wake at least once, first times in order."""

import sqlite3
from collections.abc import Iterator, Sequence

from zepix_core.testing.simulator.children import Told

_ROWS = "SELECT seq, plugin FROM journal_events WHERE kind = 'trade_update' ORDER BY seq"
_GIVEN_UP = "SELECT json_extract(payload, '$.sequence') FROM journal_events WHERE kind = 'update_not_taken'"


def violations(
    connection: sqlite3.Connection, told: Sequence[Told], waiting: frozenset[str]
) -> Iterator[str]:
    """Updates that were never taken, and those that came before an earlier one.

    Args:
        waiting: Plugins that are switched off or broken: theirs may wait.
    """
    yield from _alerts(told)
    given_up = {row[0] for row in connection.execute(_GIVEN_UP)}
    heard: dict[str, set[int]] = {}
    last: dict[str, int] = {}
    for one in told:
        if one.sequence is None:
            continue
        seen = heard.setdefault(one.plugin, set())
        if one.sequence not in seen and one.sequence < last.get(one.plugin, 0):
            yield f"{one.plugin} heard update {one.sequence} after {last[one.plugin]}"
        seen.add(one.sequence)
        last[one.plugin] = max(last.get(one.plugin, 0), one.sequence)
    for seq, plugin in connection.execute(_ROWS):
        excused = plugin in waiting or seq in given_up
        if not excused and seq not in heard.get(plugin, ()):
            yield f"{plugin} never heard update {seq}"


def _alerts(told: Sequence[Told]) -> Iterator[str]:
    """Each plugin gets the alerts in the order of their arrival; one may come again."""
    last: dict[str, int] = {}
    seen: set[tuple[str, int]] = set()
    for one in told:
        if one.alert is None or (one.plugin, one.alert) in seen:
            continue
        if one.alert < last.get(one.plugin, 0):
            yield f"{one.plugin} got alert {one.alert} after {last[one.plugin]}"
        seen.add((one.plugin, one.alert))
        last[one.plugin] = one.alert
