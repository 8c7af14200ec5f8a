"""What holds once all has come to rest: the journal, the broker's book and the plugins' tables agree."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from zepix_core.journal import host_state, intent_rows
from zepix_core.journal.control import HUMAN
from zepix_core.journal.intents import COMING, HOLDING, ours
from zepix_core.journal.ledger import LEAST, open_entries
from zepix_core.model.order import (
    Action,
    Deal,
    DealEntry,
    Intent,
    IntentState,
    OrderReply,
    OrderRequest,
    Position,
)

TINY = 1e-9
_OPEN_ALERTS = "SELECT id, state FROM inbox WHERE state IN ('new', 'claimed')"
_DELIVERIES = "SELECT alert_id, plugin, state FROM deliveries WHERE state IN ('new', 'claimed')"
_TOLD = (
    "SELECT e.plugin, count(*) FROM journal_events e WHERE e.kind IN ('trade_update', 'wake')"
    " AND e.seq > (SELECT coalesce(max(c.seq), 0) FROM event_cursors c WHERE c.plugin = e.plugin)"
    " GROUP BY e.plugin"
)
_IN_VAIN = "SELECT 1 FROM journal_events WHERE kind = 'update_not_taken' AND plugin = ?"
_OPENED = "SELECT DISTINCT position_id FROM deals WHERE plugin = ? AND entry = 'in'"


def unrest(connection: sqlite3.Connection, account: str, waiting: frozenset[str]) -> list[str]:
    """What is still under way in the journal; ``waiting``: plugins that are switched off or broken."""
    found = [f"alert {alert} is {state}" for alert, state in connection.execute(_OPEN_ALERTS)]
    found += [f"{p} has alert {a} as {s}" for a, p, s in connection.execute(_DELIVERIES)]
    for intent in _intents(connection, account):
        if intent.state in COMING:
            found.append(f"{intent.intent_id} ({intent.action} {intent.symbol}) is {intent.state}")
    for plugin, count in connection.execute(_TOLD):
        if plugin not in waiting:
            found.append(f"{plugin} has not heard {count} of its updates and wakes")
    control = host_state.read(connection, "trading")
    if control is not None and control.get("closing"):
        found.append("a panic still closes positions")
    return found


def differences(
    connection: sqlite3.Connection,
    account: str,
    positions: Sequence[Position],
    deals: Sequence[Deal],
    host_id: int = 1,
) -> Iterator[str]:
    """Where the journal and the broker's book differ."""
    shown = {position.ticket: position for position in positions}
    held = {entry.intent.position_id: entry for entry in open_entries(connection, account) if entry.held}
    intents = _intents(connection, account)
    disputed = {i.position_id for i in intents if i.state is IntentState.NEEDS_HUMAN}
    known = {row[0] for row in connection.execute("SELECT ticket FROM deals WHERE account = ?", (account,))}
    for deal in deals:
        if deal.ticket not in known:
            yield f"deal {deal.ticket} of position {deal.position} is not booked"
    for ticket in known - {deal.ticket for deal in deals}:
        yield f"deal {ticket} is booked and unknown to the broker"
    for ticket, entry in held.items():
        position = shown.get(ticket)
        if position is None:
            yield f"position {ticket} is open in the journal ({entry.intent.state}), not at the broker"
            continue
        if abs(position.volume - entry.remaining) > LEAST:
            yield f"position {ticket} holds {position.volume:g} at the broker, {entry.remaining:g} here"
        if abs(position.sl - entry.intent.sl) > TINY or abs(position.tp - entry.intent.tp) > TINY:
            yield (
                f"position {ticket}: stops {position.sl:g}/{position.tp:g} at the broker,"
                f" {entry.intent.sl:g}/{entry.intent.tp:g} here"
            )
    for ticket, position in shown.items():
        if ours(position.magic, host_id) and ticket not in held and ticket not in disputed:
            yield f"position {ticket} ({position.comment}) is ours at the broker, not in the journal"


def executions(
    connection: sqlite3.Connection, account: str, executed: Sequence[tuple[OrderRequest, OrderReply]]
) -> Iterator[str]:
    """At most one execution an entry, and none of an intent that says it was never carried out."""
    intents = {intent.intent_id: intent for intent in _intents(connection, account)}
    counts = Counter(request.intent_id for request, _ in executed if request.action is Action.OPEN)
    for one, count in counts.items():
        intent = intents.get(one)
        if intent is None:
            yield f"the broker executed {one}, which the journal does not know"
        elif count != 1:
            yield f"{one} was executed {count} times"
        elif intent.state not in HOLDING | {IntentState.CLOSED, IntentState.NEEDS_HUMAN}:
            yield f"{one} was executed and stands as {intent.state}"
    for intent in intents.values():
        if intent.action is Action.OPEN and intent.state in HOLDING and intent.intent_id not in counts:
            yield f"{intent.intent_id} stands as {intent.state} and was never executed"


def disputes(connection: sqlite3.Connection, account: str) -> Iterator[str]:
    """What waits for a person, though nothing contradictory has happened."""
    for intent in _intents(connection, account):
        if intent.state is IntentState.NEEDS_HUMAN:
            yield f"{intent.intent_id} needs a person: {intent.reason}"
    for key in host_state.keys(connection, HUMAN):
        yield f"a person must look at {key.removeprefix(HUMAN)}: {host_state.read(connection, key)}"


def sums(deals: Sequence[Deal], positions: Sequence[Position]) -> Iterator[str]:
    """Lots that went in are lots that went out and lots that are open."""
    left: dict[int, float] = {}
    for deal in deals:
        left[deal.position] = left.get(deal.position, 0.0) + (
            deal.volume if deal.entry is DealEntry.IN else -deal.volume
        )
    for position in positions:
        left[position.ticket] = left.get(position.ticket, 0.0) - position.volume
    for ticket, lots in left.items():
        if abs(lots) > LEAST:
            yield f"lots of position {ticket} do not add up: {lots:+g}"


def trades(
    connection: sqlite3.Connection, plugin: str, rows: Mapping[int, str], positions: Sequence[Position]
) -> Iterator[str]:
    """A plugin's own table, state by ticket: a row a position, closed when that is. A plugin that was told
    something in vain cannot know."""
    if connection.execute(_IN_VAIN, (plugin,)).fetchone():
        return
    shown = {position.ticket for position in positions}
    for (ticket,) in connection.execute(_OPENED, (plugin,)):
        state = rows.get(ticket)
        if state is None:
            yield f"the table of {plugin} lacks position {ticket}"
        elif (state == "CLOSED") == (ticket in shown):
            really = "open" if ticket in shown else "closed"
            yield f"the table of {plugin} says {state} of position {ticket}, which is {really}"


def _intents(connection: sqlite3.Connection, account: str) -> tuple[Intent, ...]:
    return intent_rows.find(
        connection, intent_rows.SELECT + " WHERE account = ? ORDER BY sequence", (account,)
    )
