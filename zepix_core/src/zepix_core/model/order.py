"""Orders, positions, deals, and what becomes of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import attrs

from zepix_core.clock import moment
from zepix_core.model.market import Side


class Action(StrEnum):
    """What an intent asks the broker to do."""

    OPEN = "open"
    CLOSE = "close"
    MODIFY = "modify"


class Book(StrEnum):
    """Where a position lives: at the broker, or in the shadow book of the paper engine."""

    LIVE = "live"
    SHADOW = "shadow"


class IntentState(StrEnum):
    """States of an intent."""

    PLANNED = "planned"
    DENIED = "denied"
    SENDING = "sending"
    PLACED = "placed"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CLOSED = "closed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    DROPPED = "dropped"
    ADOPTED = "adopted"
    FOREIGN = "foreign"
    NEEDS_HUMAN = "needs_human"


@attrs.frozen(kw_only=True)
class OrderRequest:
    """One request to the gateway. Prices are prices, ``lots`` is volume, ``position`` a ticket.

    Attributes:
        price: The price the decision was made at, for the record; market orders fill at the quote.
        sl, tp: 0.0 means none; for ``MODIFY`` both are whole values.
        comment: ``<tag>:<intent id>:<leg>``, ASCII, at most 26 characters.
    """

    intent_id: str
    action: Action
    symbol: str
    side: Side
    lots: float
    price: float = 0.0
    sl: float = 0.0
    tp: float = 0.0
    position: int = 0
    magic: int = 0
    comment: str = ""
    book: Book = Book.LIVE


@attrs.frozen(kw_only=True)
class OrderReply:
    """The broker's answer; ``retcode`` is MT5's (10009 is done), ``position`` the position's ticket."""

    retcode: int
    order: int = 0
    deal: int = 0
    position: int = 0
    volume: float = 0.0
    price: float = 0.0
    bid: float = 0.0
    ask: float = 0.0
    comment: str = ""


@attrs.frozen(kw_only=True)
class Position:
    """An open position at the broker or in the shadow book (negative ticket)."""

    ticket: int
    symbol: str
    side: Side
    volume: float
    price_open: float
    time_ns: int
    sl: float = 0.0
    tp: float = 0.0
    price_current: float = 0.0
    profit: float = 0.0
    swap: float = 0.0
    magic: int = 0
    comment: str = ""
    book: Book = Book.LIVE


@attrs.frozen(kw_only=True)
class WorkingOrder:
    """An order the broker accepted and has not executed; ``volume`` is what still waits."""

    ticket: int
    symbol: str
    side: Side
    volume: float
    magic: int = 0
    comment: str = ""
    time_ns: int = 0
    book: Book = Book.LIVE


class DealEntry(StrEnum):
    """Whether a deal opens or closes (MT5 ``DEAL_ENTRY_*``)."""

    IN = "in"
    OUT = "out"


class DealReason(StrEnum):
    """Why a deal happened (MT5 ``DEAL_REASON_*``, the ones a retail account shows)."""

    CLIENT = "client"
    EXPERT = "expert"
    SL = "sl"
    TP = "tp"
    SO = "so"


@attrs.frozen(kw_only=True)
class Deal:
    """One execution. ``side`` is the deal's own side: a SELL deal closes a BUY position.

    ``profit``, ``commission`` and ``swap`` are money of this deal alone.
    """

    ticket: int
    order: int
    position: int
    symbol: str
    side: Side
    entry: DealEntry
    volume: float
    price: float
    time_ns: int
    profit: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    reason: DealReason = DealReason.EXPERT
    magic: int = 0
    comment: str = ""
    book: Book = Book.LIVE


class UpdateKind(StrEnum):
    """What a trade update tells."""

    OPENED = "opened"
    MODIFIED = "modified"
    PARTLY_CLOSED = "partly_closed"
    CLOSED = "closed"
    REJECTED = "rejected"
    UNRESOLVED = "unresolved"


@attrs.frozen(kw_only=True)
class TradeUpdate:
    """One change of one position of a plugin; delivered at least once, in order of ``sequence``.

    Attributes:
        intent_id: The entry intent that opened the position; key your rows on it.
        alert_key: Key of the alert the entry came from, ``""`` for a keyed order outside an alert.
        volume: Lots still open after the change; ``closed_volume``: lots this change closed.
        price: Fill price of this change (entry or exit); ``price_open``: the position's entry.
        profit, commission, swap: Money of this change alone; ``profit_pips`` likewise, in pips.
        reason: Close reason, or the refusal code of a rejected order.
        derived: Id of a change without a deal that comparing the books led to, made from what it says.
    """

    sequence: int
    kind: UpdateKind
    plugin: str
    intent_id: str
    alert_key: str
    alert_id: int | None
    ticket: int
    symbol: str
    side: Side
    leg: str
    label: str
    volume: float
    price: float
    time_ns: int
    closed_volume: float = 0.0
    price_open: float = 0.0
    sl: float = 0.0
    tp: float = 0.0
    profit: float = 0.0
    profit_pips: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    reason: str = ""
    deal: int = 0
    book: Book = Book.LIVE
    derived: str = ""

    @property
    def at(self) -> datetime:
        """Aware UTC."""
        return moment(self.time_ns)

    @property
    def shadow(self) -> bool:
        """True for a position of the shadow book."""
        return self.book is Book.SHADOW

    @property
    def deal_key(self) -> str:
        """Names the deal behind the change, or the change itself where there is none: count it once."""
        return str(self.deal or self.derived or f"{self.ticket}:{self.sequence}")


@attrs.frozen(kw_only=True)
class Intent:
    """A row of the journal's ``intents``: what was asked of the broker and how it stands.

    Attributes:
        retcode: MT5 return code of the last reply, 0 before any.
        reason: Outcome code or look-up finding, ``""`` when all is well.
        group: The trade this leg belongs to: legs of one pair share it.
    """

    intent_id: str
    alert_key: str
    alert_id: int | None
    plugin: str
    leg: str
    action: Action
    symbol: str
    side: Side
    lots: float
    price: float
    sl: float
    tp: float
    magic: int
    comment: str
    state: IntentState
    account: str
    book: Book = Book.LIVE
    attempt: int = 1
    retcode: int = 0
    order_ticket: int = 0
    deal_ticket: int = 0
    position_id: int = 0
    fill_price: float = 0.0
    fill_lots: float = 0.0
    reason: str = ""
    label: str = ""
    group: str = ""
    created_ns: int = 0
    updated_ns: int = 0
    sequence: int = 0

    @property
    def ticket(self) -> int:
        """The ticket people use: the position's, else the order's."""
        return self.position_id or self.order_ticket


@attrs.frozen(kw_only=True)
class OrderResult:
    """What an order method returns.

    Attributes:
        ok: True when the order went in (``SHADOW`` counts as success).
        ticket: Position ticket, ``None`` when refused or still unresolved.
        code: ``""`` when fine, else an outcome code; ``retcode`` is the broker's.
        volume: Lots filled; ``price``: fill price; ``sl``, ``tp`` as placed.
        raised_to_min: The volume was lifted to the symbol's minimum.
    """

    ok: bool
    ticket: int | None = None
    code: str = ""
    message: str = ""
    volume: float = 0.0
    price: float = 0.0
    sl: float = 0.0
    tp: float = 0.0
    raised_to_min: bool = False
    retcode: int = 0
    intent_id: str = ""
    leg: str = ""

    def shown(self) -> dict[str, Any]:
        """What became of the order, for a decision's ``data``."""
        return {
            "leg": self.leg,
            "placed": self.ok,
            "ticket": self.ticket,
            "lots": self.volume,
            "price": self.price,
            "code": self.code,
            "message": self.message,
        }


@attrs.frozen(kw_only=True)
class DualResult:
    """Result of a pair; unpacks as ``(ticket_a, ticket_b)``."""

    a: OrderResult
    b: OrderResult

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter((self.a.ticket, self.b.ticket))

    @property
    def ok(self) -> bool:
        """True when at least leg A went in."""
        return self.a.ok


class Fields:
    """Lets callers written for dictionaries read a value's fields: ``result["success"]``."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        if name not in {field.name for field in attrs.fields(cast(Any, type(self)))}:
            raise KeyError(name)
        return getattr(self, name)


@attrs.frozen(kw_only=True)
class CloseResult(Fields):
    """Result of closing a position, fully or partly: a value with attributes, no dictionary.

    ``result["success"]`` reads the same as ``result.success``.
    """

    success: bool
    order_id: int
    closed_volume: float = 0.0
    remaining_volume: float = 0.0
    profit_pips: float = 0.0
    profit_dollars: float = 0.0
    reason: str = ""
    code: str = ""
    message: str = ""
    closed_at: datetime | None = None

    def shown(self) -> dict[str, Any]:
        """What became of the close, for a decision's ``data``."""
        return {
            "ticket": self.order_id,
            "closed": self.success,
            "volume": self.closed_volume,
            "left": self.remaining_volume,
            "profit": self.profit_dollars,
            "code": self.code,
            "message": self.message,
        }


@attrs.frozen(kw_only=True)
class GroupResult(Fields):
    """Result of closing several positions; ``success`` when each of them closed (or none was there).

    A value with attributes, no dictionary; ``result["closed_count"]`` reads the same as
    ``result.closed_count``.
    """

    success: bool
    closed_count: int
    results: tuple[CloseResult, ...] = ()

    @property
    def closed(self) -> tuple[int, ...]:
        """Tickets that closed."""
        return tuple(result.order_id for result in self.results if result.success)

    @property
    def failed(self) -> tuple[CloseResult, ...]:
        """Closes that did not go through."""
        return tuple(result for result in self.results if not result.success)

    def shown(self) -> list[dict[str, Any]]:
        """What became of each close, for a decision's ``data``."""
        return [result.shown() for result in self.results]


@attrs.frozen(kw_only=True)
class ClosedPart:
    """A close of a part of a position, as it was asked for.

    Attributes:
        key: Key of the alert it was asked in; outside of one, ``key:`` and the key it was given.
        reason: The close reason it was asked with.
        lots: Volume closed.
    """

    key: str
    reason: str
    lots: float


@attrs.frozen(kw_only=True)
class PluginOrder:
    """A plugin's open position as ``get_plugin_orders`` shows it; prices are prices, volume lots.

    Attributes:
        alert_key: Key of the alert that opened it: legs of a pair have the same. ``key:`` and the order's own
            key when no alert did.
        parts: What the host has closed of it so far, in order.
    """

    ticket: int
    symbol: str
    type: Side
    volume: float
    price_open: float
    sl: float
    tp: float
    profit: float
    comment: str
    intent_id: str
    leg: str
    label: str
    book: Book = Book.LIVE
    alert_key: str = ""
    parts: tuple[ClosedPart, ...] = ()
