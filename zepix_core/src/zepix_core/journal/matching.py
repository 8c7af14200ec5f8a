"""Which intent a deal or a position belongs to: ticket, comment, the one likeness."""

import sqlite3

from zepix_core.clock import NS
from zepix_core.journal.intent_rows import MAYBE_OPEN, SELECT, entry_of, find, get
from zepix_core.journal.intents import cut_in, intent_in
from zepix_core.model.market import Side
from zepix_core.model.order import Action, Book, Deal, Intent, IntentState, Position, WorkingOrder

BEFORE_NS = 300 * NS
LEAST = 1e-7
_BY_ORDER = SELECT + " WHERE account = ? AND action = ? AND order_ticket = ? AND order_ticket != 0"
_OPEN_LIKE = (
    SELECT + " WHERE account = ? AND action = 'open' AND position_id = 0 AND " + MAYBE_OPEN + " AND state IN"
    " ('sending', 'placed', 'unknown') AND book = ? AND magic = ? AND symbol = ? AND side = ?"
)
_CUT = SELECT + " WHERE intent_id >= ? AND intent_id < ? AND account = ? AND action = ?"
_CLOSING = (
    SELECT + " WHERE account = ? AND action = 'close' AND position_id = ? AND position_id != 0"
    " AND state IN ('sending', 'unknown')"
)


def entry_for_deal(connection: sqlite3.Connection, account: str, deal: Deal) -> Intent | None:
    """The entry intent behind an opening deal, ``None`` when there is none or it is not certain."""
    found = entry_of(connection, account, deal.position)
    if found is None:
        by_order = find(connection, _BY_ORDER, (account, Action.OPEN.value, deal.order))
        found = by_order[0] if by_order else None
    if found is None:
        found = _by_comment(connection, account, deal.comment, Action.OPEN)
    if found is not None:
        return found
    return _only_like(
        connection, account, deal.book, deal.magic, deal.symbol, deal.side, deal.volume, deal.time_ns
    )


def entry_for_position(connection: sqlite3.Connection, account: str, position: Position) -> Intent | None:
    """The entry intent behind an open position."""
    found = entry_of(connection, account, position.ticket)
    if found is None:
        found = _by_comment(connection, account, position.comment, Action.OPEN)
    if found is not None:
        return found
    return _only_like(
        connection, account, position.book, position.magic, position.symbol, position.side, position.volume,
        position.time_ns,
    )  # fmt: skip


def close_for_deal(connection: sqlite3.Connection, account: str, deal: Deal) -> Intent | None:
    """The close intent behind a closing deal, ``None`` when the broker or a person closed it."""
    by_order = find(connection, _BY_ORDER, (account, Action.CLOSE.value, deal.order))
    if by_order:
        return by_order[0]
    found = _by_comment(connection, account, deal.comment, Action.CLOSE)
    if found is not None:
        return found
    waiting = find(connection, _CLOSING, (account, deal.position))
    return waiting[0] if len(waiting) == 1 and deal.reason.value == "expert" else None


def intent_for_order(connection: sqlite3.Connection, account: str, order: WorkingOrder) -> Intent | None:
    """The entry or close intent behind an order that waits at the broker."""
    for action in (Action.OPEN, Action.CLOSE):
        by_order = find(connection, _BY_ORDER, (account, action.value, order.ticket))
        found = by_order[0] if by_order else _by_comment(connection, account, order.comment, action)
        if found is not None:
            return found
    return _only_like(
        connection, account, order.book, order.magic, order.symbol, order.side, order.volume, order.time_ns
    )


def _by_comment(connection: sqlite3.Connection, account: str, comment: str, action: Action) -> Intent | None:
    named = intent_in(comment)
    if named is None:
        return _by_cut_comment(connection, account, comment, action)
    found = get(connection, named)
    return found if found is not None and found.account == account and found.action is action else None


def _by_cut_comment(
    connection: sqlite3.Connection, account: str, comment: str, action: Action
) -> Intent | None:
    """A broker keeps fewer characters than it was given: the one intent that what is left begins, if one."""
    head = cut_in(comment)
    if head is None:
        return None
    found = find(connection, _CUT, (head, head + "~", account, action.value))
    return found[0] if len(found) == 1 else None


def alike(connection: sqlite3.Connection, account: str, deal: Deal) -> tuple[Intent, ...]:
    """Entries without a position that an opening deal without a name could belong to."""
    return _alike(
        connection, account, deal.book, deal.magic, deal.symbol, deal.side, deal.volume, deal.time_ns
    )


def awaited(connection: sqlite3.Connection, account: str, what: Deal | Position) -> bool:
    """Whether it may be what a request that is under way has just led to: its answer will name it.

    A request is `sending` only while this process waits for the answer.
    """
    found = _alike(
        connection, account, what.book, what.magic, what.symbol, what.side, what.volume, what.time_ns
    )
    return any(intent.state is IntentState.SENDING for intent in found)


def _only_like(
    connection: sqlite3.Connection, account: str, book: Book, magic: int, symbol: str, side: Side,
    volume: float, time_ns: int,
) -> Intent | None:  # fmt: skip
    found = _alike(connection, account, book, magic, symbol, side, volume, time_ns)
    return found[0] if len(found) == 1 else None


def _alike(
    connection: sqlite3.Connection, account: str, book: Book, magic: int, symbol: str, side: Side,
    volume: float, time_ns: int,
) -> tuple[Intent, ...]:  # fmt: skip
    """Those of the very volume; only where there are none, those of which it may be a part."""
    if magic == 0:
        return ()
    found = [
        intent
        for intent in find(connection, _OPEN_LIKE, (account, book.value, magic, symbol, side.value))
        if intent.created_ns - BEFORE_NS <= time_ns
    ]
    whole = tuple(intent for intent in found if abs(intent.lots - volume) < LEAST)
    return whole or tuple(intent for intent in found if intent.lots > volume)
