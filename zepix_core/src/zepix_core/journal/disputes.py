"""Contradictions between the books: how they come into the journal, and how they leave it again.

Each function works inside the caller's write transaction. Nothing here trades.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.clock import Clock
from zepix_core.journal import events, host_state, intent_rows
from zepix_core.journal.books import GONE, LESS
from zepix_core.journal.control import HUMAN
from zepix_core.journal.deals import update_of
from zepix_core.journal.intents import intent_id
from zepix_core.journal.ledger import LEAST, closed_volume
from zepix_core.journal.line import OFFLINE
from zepix_core.journal.outcomes import needs_human, release
from zepix_core.model.order import Action, Intent, IntentState, Position, TradeUpdate, UpdateKind
from zepix_core.services.gates import CORE

S = IntentState
FORGOTTEN = "Forgotten"
EXPLAINED = frozenset({GONE, LESS})
"""What a later deal, or the broker's next answers, can explain without a person."""
_OWNER = "SELECT plugin FROM plugin_numbers WHERE number = ?"
_DERIVED = "SELECT 1 FROM journal_events WHERE intent_id = ? AND kind = 'trade_update' AND payload LIKE ?"


def derived_id(kind: UpdateKind, intent: Intent, ticket: int) -> str:
    """Id of an update that no deal made, from what it says: the same finding has the same id for ever."""
    text = "\x1f".join((kind.value, intent.account, intent.intent_id, str(ticket)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def emit_derived(connection: sqlite3.Connection, clock: Clock, update: TradeUpdate, intent: Intent) -> bool:
    """Write an update that comparing the books led to, once; False when it is there already."""
    one = derived_id(update.kind, intent, update.ticket)
    if intent.plugin == CORE:
        return False  # nobody to tell
    if connection.execute(_DERIVED, (intent.intent_id, f'%"derived":"{one}"%')).fetchone() is not None:
        return False
    events.append(
        connection, clock, "trade_update", attrs.asdict(attrs.evolve(update, derived=one)),
        alert_id=update.alert_id, plugin=update.plugin, intent_id=update.intent_id,
    )  # fmt: skip
    return True


def add_found(
    connection: sqlite3.Connection, clock: Clock, account: str, position: Position, why: str
) -> Intent:
    """A position with our magic that the journal does not know becomes an entry that waits for a person.

    Its owner is the plugin its magic names; its id comes from the position, so that there is one of it.
    """
    plugin = _owner(connection, position.magic)
    one = intent_id(f"found:{account}", plugin, str(position.ticket), Action.OPEN)
    found = Intent(
        intent_id=one, alert_key=f"found:{position.ticket}", alert_id=None, plugin=plugin,
        leg={1: "A", 2: "B"}.get(position.magic % 1000, ""), action=Action.OPEN, symbol=position.symbol,
        side=position.side, lots=position.volume, price=position.price_open, sl=position.sl, tp=position.tp,
        magic=position.magic, comment=position.comment, state=S.NEEDS_HUMAN, account=account,
        book=position.book, position_id=position.ticket, fill_price=position.price_open,
        fill_lots=position.volume, reason=why, group=one,
    )  # fmt: skip
    intent_rows.add(connection, clock, found, found="position")
    return needs_human(connection, clock, found, why)


def adopt(
    connection: sqlite3.Connection, clock: Clock, intent: Intent, position: Position,
    cause: Mapping[str, Any],
) -> Intent:  # fmt: skip
    """The position is managed as it stands at the broker; its plugin hears of it."""
    new = not intent.position_id or intent.alert_key == f"found:{position.ticket}"
    closed = closed_volume(connection, intent.account, position.ticket)
    adopted = intent_rows.move(
        connection, clock, intent.intent_id, S.ADOPTED, dict(cause), reason="",
        position_id=position.ticket, fill_price=position.price_open,
        fill_lots=round(position.volume + closed, 8), sl=position.sl or intent.sl, tp=position.tp,
    )  # fmt: skip
    kind = UpdateKind.OPENED if new else UpdateKind.MODIFIED
    update = attrs.evolve(update_of(adopted, kind, clock.now_ns()), volume=position.volume)
    if new:
        emit_derived(connection, clock, update, adopted)
    elif adopted.plugin != CORE:
        _emit(connection, clock, update)
    release(connection, adopted)
    return adopted


def forget(
    connection: sqlite3.Connection, clock: Clock, intent: Intent, shown: bool, cause: Mapping[str, Any]
) -> Intent:
    """It is ours no more: foreign when the broker still shows it, else over. Its plugin hears of the end.

    Args:
        shown: The broker shows its position.
    """
    was_open = intent.position_id != 0
    state = S.FOREIGN if shown else S.CLOSED if was_open else S.DROPPED
    done = intent_rows.move(connection, clock, intent.intent_id, state, dict(cause), reason="")
    kind = UpdateKind.CLOSED if was_open else UpdateKind.REJECTED
    reason = FORGOTTEN if was_open else OFFLINE
    update = attrs.evolve(update_of(done, kind, clock.now_ns(), reason), volume=0.0)
    emit_derived(connection, clock, update, done)
    release(connection, done)
    return done


def explained(
    connection: sqlite3.Connection, clock: Clock, intent: Intent, position: Position | None
) -> Intent | None:
    """End a wait for a person that the broker's own words have explained since; ``None`` when they have not.

    Deals that came late, or a position that is shown again just as the books say.
    """
    if intent.reason not in EXPLAINED:
        return None
    left = round(intent.fill_lots - closed_volume(connection, intent.account, intent.position_id), 8)
    cause = {"found": "deals" if position is None or left <= LEAST else "position", "why": "explained"}
    if position is None and left <= LEAST:
        done = intent_rows.move(connection, clock, intent.intent_id, S.CLOSED, cause, reason="")
    elif position is not None and left > LEAST and abs(position.volume - left) <= LEAST:
        done = intent_rows.move(connection, clock, intent.intent_id, S.ADOPTED, cause, reason="")
    else:
        return None
    release(connection, done)
    return done


def waits(connection: sqlite3.Connection, intent: Intent) -> bool:
    """Whether entries of its plugin on its symbol still wait for a person."""
    return host_state.read(connection, f"{HUMAN}{intent.plugin}:{intent.symbol}") is not None


def _emit(connection: sqlite3.Connection, clock: Clock, update: TradeUpdate) -> None:
    events.append(
        connection, clock, "trade_update", attrs.asdict(update),
        alert_id=update.alert_id, plugin=update.plugin, intent_id=update.intent_id,
    )  # fmt: skip


def _owner(connection: sqlite3.Connection, magic: int) -> str:
    row = connection.execute(_OWNER, (magic // 1000 % 1000,)).fetchone()
    return CORE if row is None else str(row[0])
