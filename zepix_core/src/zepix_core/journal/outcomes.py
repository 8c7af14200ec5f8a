"""From a reply to the intent's state, and from an intent to the result a plugin gets."""

import sqlite3
from typing import Any

from zepix_core.clock import Clock
from zepix_core.journal import deal_rows, host_state, intent_rows, outbox
from zepix_core.journal.control import HUMAN
from zepix_core.journal.intents import HOLDING, OVER
from zepix_core.journal.line import OFFLINE, REJECT, UNRESOLVED, Sent
from zepix_core.journal.retcodes import ASKED_AGAIN, CLOSE_EXISTS, PARTIAL, PLACED, ReplyClass
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Action, Book, Intent, IntentState, OrderResult

SETTLED = HOLDING | {IntentState.CLOSED}
STANDING = SETTLED | {IntentState.NEEDS_HUMAN, IntentState.FOREIGN}
"""What a deal has made of an intent before its reply came; no reply changes it."""
_OTHERS = (
    "SELECT count(*) FROM intents WHERE state = 'needs_human' AND account = ? AND plugin = ? AND symbol = ?"
    " AND intent_id != ?"
)
SHADOW = "SHADOW"
FAILED = "order_failed"


def settle(connection: sqlite3.Connection, clock: Clock, sent: Sent) -> Intent:
    """Write the outcome of a request, in the caller's transaction.

    The deal may have come before the reply: then the state stands and only the reply's numbers are added.
    """
    now = intent_rows.get(connection, sent.intent.intent_id)
    present = sent.intent if now is None else now
    changes = _numbers(present, sent)
    if sent.kind is ReplyClass.DONE:
        if _given_up(present) and changes.get("position_id"):
            return _adopted(connection, clock, present, sent, changes)
        state = _done_state(present, sent)
        if present.state in STANDING:
            state = present.state
        elif present.state in OVER:
            state = IntentState.ADOPTED
        return intent_rows.move(connection, clock, present.intent_id, state, **changes)
    if present.state in STANDING:
        if sent.kind is ReplyClass.UNKNOWN:
            return present
        return needs_human(connection, clock, present, f"filled, but the reply was {sent.message}")
    if present.state in OVER:
        return present
    if sent.kind is ReplyClass.UNKNOWN:
        _failed(connection, clock, present, sent, "order_unresolved")
        return intent_rows.move(
            connection, clock, present.intent_id, IntentState.UNKNOWN, reason=sent.message, **changes
        )
    _failed(connection, clock, present, sent, FAILED)
    return intent_rows.move(
        connection, clock, present.intent_id, IntentState.REJECTED,
        {"message": sent.message}, reason=sent.code, **changes,
    )  # fmt: skip


def _given_up(intent: Intent) -> bool:
    """Whether an entry was judged before its own answer came: the broker's word comes after ours."""
    waits = intent.state is IntentState.NEEDS_HUMAN and not intent.position_id
    return intent.action is Action.OPEN and (waits or intent.state in OVER)


def _adopted(
    connection: sqlite3.Connection, clock: Clock, intent: Intent, sent: Sent, changes: dict[str, Any]
) -> Intent:
    """The answer names the position: it is this intent's, whatever was made of it meanwhile."""
    if sent.reply is not None:
        changes |= {"fill_price": sent.reply.price, "fill_lots": sent.reply.volume}
    adopted = intent_rows.move(
        connection, clock, intent.intent_id, IntentState.ADOPTED, {"found": "reply"}, reason="", **changes
    )
    deal_rows.claim(connection, adopted)
    release(connection, adopted)
    return adopted


def release(connection: sqlite3.Connection, intent: Intent) -> None:
    """Entries of the plugin on the symbol go on, when nothing else of them waits for a person."""
    values = (intent.account, intent.plugin, intent.symbol, intent.intent_id)
    (others,) = connection.execute(_OTHERS, values).fetchone()
    if not others:
        host_state.remove(connection, f"{HUMAN}{intent.plugin}:{intent.symbol}")


def needs_human(connection: sqlite3.Connection, clock: Clock, intent: Intent, why: str) -> Intent:
    """A contradiction: the plugin opens nothing more on that symbol until a person has looked."""
    host_state.write(connection, clock, f"{HUMAN}{intent.plugin}:{intent.symbol}", why)
    outbox.put(
        connection, clock,
        Notice(
            type="order_unresolved", priority=Priority.CRITICAL, plugin=intent.plugin, symbol=intent.symbol,
            alert_id=intent.alert_id,
            text=f"{intent.plugin} {intent.symbol} {intent.intent_id}: {why}; a person must look",
            data={
                "action": intent.action.value, "lots": intent.lots, "why": why, "intent_id": intent.intent_id
            },
        ),
    )  # fmt: skip
    return intent_rows.move(connection, clock, intent.intent_id, IntentState.NEEDS_HUMAN, reason=why)


def result_of(intent: Intent, message: str = "", raised: bool = False) -> OrderResult:
    """The result of an entry as its intent stands: a repeated request gets the same answer."""
    code, ok = _code(intent)
    filled = intent.state in SETTLED
    return OrderResult(
        ok=ok,
        ticket=(intent.ticket or None) if ok else None,
        code=code,
        message=message or ("" if ok else intent.reason),
        volume=intent.fill_lots if filled else 0.0,
        price=intent.fill_price if filled else 0.0,
        sl=intent.sl,
        tp=intent.tp,
        raised_to_min=raised,
        retcode=intent.retcode,
        intent_id=intent.intent_id,
        leg=intent.leg,
    )


def _code(intent: Intent) -> tuple[str, bool]:
    if intent.state in SETTLED or intent.state is IntentState.PLACED:
        return (SHADOW if intent.book is Book.SHADOW and intent.action is Action.OPEN else "", True)
    if intent.state in OVER:
        known = intent.reason and intent.reason == intent.reason.upper() and " " not in intent.reason
        return (intent.reason if known else REJECT if intent.retcode else OFFLINE, False)
    return UNRESOLVED, False


def _numbers(present: Intent, sent: Sent) -> dict[str, Any]:
    reply = sent.reply
    if reply is None:
        return {}
    changes: dict[str, Any] = {"retcode": reply.retcode}
    if sent.kind is not ReplyClass.DONE:
        return changes
    changes["order_ticket"] = reply.order or present.order_ticket
    changes["deal_ticket"] = present.deal_ticket or reply.deal
    if present.action is Action.OPEN:
        changes["position_id"] = present.position_id or reply.position
    if present.state not in STANDING and reply.retcode != PLACED and present.action is not Action.MODIFY:
        changes["fill_price"] = reply.price
        changes["fill_lots"] = reply.volume
    if present.action is Action.CLOSE and reply.volume > present.fill_lots:
        # Of an order with several deals the first may have come alone.
        changes["fill_lots"] = reply.volume
    return changes


def _done_state(intent: Intent, sent: Sent) -> IntentState:
    retcode = 0 if sent.reply is None else sent.reply.retcode
    if retcode == PLACED:
        return IntentState.PLACED
    if retcode == CLOSE_EXISTS:
        # Somebody's close is on its way: ours is watched, and sent again when the position outlives it.
        return IntentState.UNKNOWN
    if intent.action is not Action.OPEN:
        return IntentState.CLOSED
    return IntentState.PARTLY_FILLED if retcode == PARTIAL else IntentState.FILLED


def _failed(connection: sqlite3.Connection, clock: Clock, intent: Intent, sent: Sent, kind: str) -> None:
    """The notice of a failure. The same refusal of the same request is told once."""
    retcode = 0 if sent.reply is None else sent.reply.retcode
    if kind == FAILED and intent.attempt > 1 and intent.retcode == retcode != 0:
        return
    again = kind == FAILED and retcode in ASKED_AGAIN.get(intent.action, ())
    what = f"{intent.action.value} {intent.side.value} {intent.lots:g} {intent.symbol}"
    outbox.put(
        connection, clock,
        Notice(
            type=kind, priority=Priority.HIGH, plugin=intent.plugin, symbol=intent.symbol,
            alert_id=intent.alert_id, text=f"{intent.plugin}: {what}: {sent.code} {sent.message}",
            data={
                "action": intent.action.value, "lots": intent.lots, "error": sent.message, "code": sent.code,
                "attempts": intent.attempt, "will_retry": again, "why": sent.message,
                "intent_id": intent.intent_id,
            },
        ),
    )  # fmt: skip
