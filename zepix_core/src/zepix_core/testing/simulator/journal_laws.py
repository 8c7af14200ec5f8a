"""What holds of a journal at every moment, whatever has happened: read from its rows alone."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from zepix_core.errors import StorageError
from zepix_core.journal import events, recount
from zepix_core.journal.intents import can_move
from zepix_core.model.order import IntentState, UpdateKind
from zepix_core.testing.simulator.sender import Taken

_STEPS = (
    "SELECT seq, kind, intent_id, payload FROM journal_events WHERE kind IN ('intent', 'request', 'control')"
)
_ENDED = (
    "SELECT alert_id, count(*) FROM journal_events WHERE kind = 'alert_settled' GROUP BY alert_id"
    " HAVING count(*) > 1"
)
_STATES = "SELECT id, body, state, reason, finished_ns FROM inbox"
_TWICE = (
    "SELECT alert_id, plugin, leg, count(*) FROM intents WHERE action = 'open' AND alert_id IS NOT NULL"
    " GROUP BY alert_id, plugin, leg HAVING count(*) > 1"
)
_NOW = "SELECT intent_id, state FROM intents"
_DOUBLE = (
    "SELECT a.id, b.id FROM inbox a JOIN inbox b ON a.body = b.body AND a.id < b.id"
    " WHERE abs(a.received_ns - b.received_ns) < 60000000000"
)
_UPDATES = (
    "SELECT seq, plugin, json_extract(payload, '$.kind'), json_extract(payload, '$.ticket')"
    " FROM journal_events WHERE kind = 'trade_update' ORDER BY seq"
)
CLOSING = (UpdateKind.CLOSED, UpdateKind.PARTLY_CLOSED)
OVER = ("done", "refused", "dead")


def violations(connection: sqlite3.Connection, taken: Sequence[Taken], once: bool) -> Iterator[str]:
    """Sentences on what does not hold; nothing when all is well.

    Args:
        taken: What senders were answered 200.
        once: The plugins open at most one order a leg for one alert.
    """
    yield from _chain(connection)
    yield from recount.differences(connection)
    yield from _moves(connection)
    yield from _updates(connection)
    yield from _alerts(connection, taken)
    if once:
        for alert, plugin, leg, count in connection.execute(_TWICE):
            yield f"alert {alert} opened leg {leg} of {plugin} {count} times"


def _chain(connection: sqlite3.Connection) -> Iterator[str]:
    try:
        events.verify(connection)
    except StorageError as error:
        yield error.message


def _moves(connection: sqlite3.Connection) -> Iterator[str]:
    """States follow each other as they may; nothing is opened while entries are stopped."""
    states: dict[str, IntentState] = {}
    stopped = ""
    for seq, kind, intent, text in connection.execute(_STEPS):
        payload = json.loads(text)
        if kind == "control":
            stopped = payload["action"] if payload["paused"] else ""
        elif kind == "request":
            if stopped and payload["action"] == "open":
                yield f"event {seq}: {intent} is sent although entries were stopped ({stopped})"
        else:
            yield from _move(seq, intent, payload, states)
    for intent, state in connection.execute(_NOW):
        if states.get(intent) != state:
            yield f"{intent} stands as {state}, its last event says {states.get(intent)}"


def _move(seq: int, intent: str, payload: dict[str, Any], states: dict[str, IntentState]) -> Iterator[str]:
    new, before = IntentState(payload["to"]), states.get(intent)
    if before is None:
        if "from" in payload:
            yield f"event {seq}: {intent} moves before it was made"
    elif payload.get("from") != before:
        yield f"event {seq}: {intent} was {before}, the event says {payload.get('from')}"
    elif new is not before and not can_move(before, new):
        yield f"event {seq}: {intent} goes from {before} to {new}"
    states[intent] = new


def _updates(connection: sqlite3.Connection) -> Iterator[str]:
    """A plugin hears of a position's opening first."""
    opened: set[tuple[str, int]] = set()
    for seq, plugin, kind, ticket in connection.execute(_UPDATES):
        if kind == UpdateKind.OPENED:
            opened.add((plugin, ticket))
        elif kind in CLOSING and (plugin, ticket) not in opened:
            yield f"event {seq} tells {plugin} that position {ticket} is {kind}, not that it was opened"


def _alerts(connection: sqlite3.Connection, taken: Sequence[Taken]) -> Iterator[str]:
    """What was promised is there, word for word; what is finished has one end and says why."""
    rows = {row[0]: row[1:] for row in connection.execute(_STATES)}
    for promise in taken:
        row = rows.get(promise.id)
        if row is None:
            yield f"alert {promise.id} was answered 200 ({promise.status}) and is missing"
        elif row[0] != promise.body:
            yield f"alert {promise.id} was answered 200 ({promise.status}) and holds another body"
    for alert, (_, state, reason, finished) in rows.items():
        if (state in OVER) != (finished is not None):
            yield f"alert {alert} is {state}, finished at {finished}"
        if state in ("refused", "dead") and not reason:
            yield f"alert {alert} is {state} without a reason"
    for first, second in connection.execute(_DOUBLE):
        yield f"alerts {first} and {second} have one body and came within 60 s"
    for alert, count in connection.execute(_ENDED):
        yield f"alert {alert} was settled {count} times"
