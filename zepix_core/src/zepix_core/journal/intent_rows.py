"""Rows of ``intents``: written and read in one place, every change with its event."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from zepix_core.clock import Clock
from zepix_core.journal import events
from zepix_core.journal.intents import IllegalMove, can_move
from zepix_core.model.market import Side
from zepix_core.model.order import Action, Book, Intent, IntentState

_FIELDS = tuple(field.name for field in attrs.fields(Intent))
SELECT = (
    "SELECT intent_id, alert_key, alert_id, plugin, leg, action, symbol, side, lots, price, sl, tp, magic,"
    " comment, state, account, book, attempt, retcode, order_ticket, deal_ticket, position_id, fill_price,"
    " fill_lots, reason, label, trade_group, created_ns, updated_ns, sequence FROM intents"
)
_INSERT = (
    "INSERT INTO intents (intent_id, alert_key, alert_id, plugin, leg, action, symbol, side, lots, price, sl,"
    " tp, magic, comment, state, account, book, attempt, retcode, order_ticket, deal_ticket, position_id,"
    " fill_price, fill_lots, reason, label, trade_group, created_ns, updated_ns, sequence)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CHANGING = (
    "lots", "price", "sl", "tp", "state", "attempt", "retcode", "order_ticket", "deal_ticket",
    "position_id", "fill_price", "fill_lots", "reason", "updated_ns",
)  # fmt: skip
_UPDATE = (
    "UPDATE intents SET lots = ?, price = ?, sl = ?, tp = ?, state = ?, attempt = ?, retcode = ?,"
    " order_ticket = ?, deal_ticket = ?, position_id = ?, fill_price = ?, fill_lots = ?, reason = ?,"
    " updated_ns = ? WHERE intent_id = ?"
)
_LOGGED = (
    "retcode", "reason", "attempt", "order_ticket", "deal_ticket", "position_id", "fill_price", "fill_lots",
    "sl", "tp",
)  # fmt: skip


def from_row(row: tuple[Any, ...]) -> Intent:
    """A row of `SELECT` as a value."""
    data: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    data["action"], data["side"] = Action(data["action"]), Side(data["side"])
    data["state"], data["book"] = IntentState(data["state"]), Book(data["book"])
    return Intent(**data)


# The index of what may be open is partial: a query uses it only when it repeats this very condition.
MAYBE_OPEN = "state IN ('planned', 'sending', 'placed', 'partly_filled', 'filled', 'unknown', 'adopted')"
_BY_ID = SELECT + " WHERE intent_id = ?"
_ENTRY = (
    SELECT + " WHERE position_id = ? AND position_id != 0 AND account = ? AND action = 'open'"
    " ORDER BY sequence LIMIT 1"
)


def find(connection: sqlite3.Connection, query: str, parameters: Iterable[Any] = ()) -> tuple[Intent, ...]:
    """Intents by a constant query that starts with `SELECT`."""
    return tuple(from_row(row) for row in connection.execute(query, tuple(parameters)))


def get(connection: sqlite3.Connection, intent_id: str) -> Intent | None:
    """One intent, ``None`` when there is none."""
    row = connection.execute(_BY_ID, (intent_id,)).fetchone()
    return None if row is None else from_row(row)


def entry_of(connection: sqlite3.Connection, account: str, position: int) -> Intent | None:
    """The entry that opened a position, ``None`` when the position is not ours."""
    row = connection.execute(_ENTRY, (position, account)).fetchone()
    return None if row is None else from_row(row)


def add(connection: sqlite3.Connection, clock: Clock, intent: Intent, **cause: Any) -> Intent:
    """Insert a new intent with its event and return it with times and sequence set."""
    now = clock.now_ns()
    payload = {"to": intent.state.value, "reason": intent.reason, **_order(intent), **cause}
    seq = _event(connection, clock, intent, payload)
    written = attrs.evolve(intent, created_ns=now, updated_ns=now, sequence=seq)
    connection.execute(_INSERT, _values(written, _FIELDS))
    return written


def move(
    connection: sqlite3.Connection,
    clock: Clock,
    intent_id: str,
    state: IntentState,
    cause: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Intent:
    """Bring an intent to a state, with changed fields, as one event.

    Raises:
        IllegalMove: The intent is gone, or the state cannot follow its present one.
    """
    old = get(connection, intent_id)
    if old is None:
        raise IllegalMove(f"There is no intent {intent_id}.")
    if old.state is not state and not can_move(old.state, state):
        raise IllegalMove(f"Intent {intent_id} is {old.state.value}; {state.value} cannot follow.")
    new = attrs.evolve(old, state=state, updated_ns=clock.now_ns(), **changes)
    payload: dict[str, Any] = {"from": old.state.value, "to": state.value}
    payload |= {name: getattr(new, name) for name in _LOGGED if getattr(new, name) != getattr(old, name)}
    payload |= dict(cause or {})
    _event(connection, clock, new, payload)
    connection.execute(_UPDATE, (*_values(new, _CHANGING), intent_id))
    return new


def _order(intent: Intent) -> dict[str, Any]:
    return {
        "action": intent.action.value, "symbol": intent.symbol, "side": intent.side.value,
        "lots": intent.lots, "price": intent.price, "sl": intent.sl, "tp": intent.tp, "leg": intent.leg,
        "book": intent.book.value,
    }  # fmt: skip


def _event(connection: sqlite3.Connection, clock: Clock, intent: Intent, payload: Mapping[str, Any]) -> int:
    return events.append(
        connection, clock, "intent", payload,
        alert_id=intent.alert_id, plugin=intent.plugin, intent_id=intent.intent_id,
    )  # fmt: skip


def _values(intent: Intent, names: tuple[str, ...]) -> tuple[Any, ...]:
    values = (getattr(intent, name) for name in names)
    return tuple(value.value if hasattr(value, "value") else value for value in values)
