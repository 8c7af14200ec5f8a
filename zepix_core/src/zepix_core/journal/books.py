"""Both books side by side: what the journal holds open, and what the broker shows. Only reads."""

import sqlite3
from collections.abc import Iterable, Mapping

import attrs

from zepix_core.journal import deal_rows, host_state, intent_rows
from zepix_core.journal.control import HUMAN
from zepix_core.journal.intents import intent_in, ours
from zepix_core.journal.ledger import LEAST, OpenEntry, closed_volume, open_entries
from zepix_core.journal.matching import entry_for_position, intent_for_order
from zepix_core.model.books import BookKind, BookRow, Choice, Held
from zepix_core.model.order import Action, Book, Deal, DealEntry, Intent, IntentState, Position, WorkingOrder

S = IntentState
K = BookKind
TINY = 1e-9
GONE = "the position is gone and no deal says why"
LESS = "the position is smaller than the books say and no deal says why"
MORE = "the position is larger than the books say"
OTHER = "the position is in another symbol or on another side than the books say"
RISEN = "the books say closed and the broker shows it open"
NAMELESS = "it carries our magic and the journal does not know it"
_WAITING = intent_rows.SELECT + " WHERE state = 'needs_human' AND account = ? AND book = ? ORDER BY sequence"
ALL = (Choice.ADOPT, Choice.CLOSE, Choice.FORGET)


@attrs.frozen(kw_only=True)
class Shown:
    """The broker's side of one book at one moment.

    Attributes:
        deals: Those the journal has not booked, ``None`` when nobody asked.
    """

    book: Book
    positions: tuple[Position, ...] = ()
    orders: tuple[WorkingOrder, ...] = ()
    deals: tuple[Deal, ...] = ()


def compare(connection: sqlite3.Connection, account: str, host_id: int, shown: Shown) -> tuple[BookRow, ...]:
    """Every position and order of one book, as both sides have it."""
    comparison = _Comparison(connection, account, host_id, shown)
    return comparison.rows()


def held(connection: sqlite3.Connection) -> tuple[Held, ...]:
    """Plugins and symbols that wait for a person."""
    found = []
    for key in host_state.keys(connection, HUMAN):
        plugin, _, symbol = key.removeprefix(HUMAN).partition(":")
        found.append(Held(plugin=plugin, symbol=symbol, why=str(host_state.read(connection, key))))
    return tuple(found)


def journal_rows(connection: sqlite3.Connection, account: str, book: Book) -> tuple[BookRow, ...]:
    """The journal's side alone, for when the broker cannot be asked."""
    rows = [
        _row(K.SAME if entry.held else K.UNKNOWN, book, entry.intent, None, lots=entry.remaining)
        for entry in open_entries(connection, account)
        if entry.intent.book is book and entry.intent.state is not S.PLANNED
    ]
    waiting = intent_rows.find(connection, _WAITING, (account, book.value))
    return (*rows, *(_row(K.NEEDS_HUMAN, book, one, None, why=one.reason) for one in waiting))


class _Comparison:
    def __init__(self, connection: sqlite3.Connection, account: str, host_id: int, shown: Shown) -> None:
        self._connection, self._account, self._host_id = connection, account, host_id
        self._shown = shown
        self._positions: Mapping[int, Position] = {p.ticket: p for p in shown.positions}
        self._taken: set[int] = set()
        self._orders: dict[str, WorkingOrder] = {}
        self._foreign_orders: list[WorkingOrder] = []

    def rows(self) -> tuple[BookRow, ...]:
        self._name_orders()
        entries = [
            entry
            for entry in open_entries(self._connection, self._account)
            if entry.intent.book is self._shown.book and entry.intent.state is not S.PLANNED
        ]
        rows = [self._held(entry) for entry in entries if entry.held]
        rows += [self._coming(entry.intent) for entry in entries if not entry.held]
        waiting = intent_rows.find(self._connection, _WAITING, (self._account, self._shown.book.value))
        rows += [self._waits(intent) for intent in waiting]
        rows += [self._other(p) for p in self._shown.positions if p.ticket not in self._taken]
        rows += [_order(order, self._shown.book, self._host_id) for order in self._foreign_orders]
        return tuple(sorted(rows, key=lambda row: (abs(row.ticket), row.intent_id)))

    def _name_orders(self) -> None:
        for order in self._shown.orders:
            intent = intent_for_order(self._connection, self._account, order)
            if intent is None:
                self._foreign_orders.append(order)
            else:
                self._orders[intent.intent_id] = order

    def _held(self, entry: OpenEntry) -> BookRow:
        intent, lots = entry.intent, entry.remaining
        position = self._positions.get(intent.position_id)
        opened, closed = self._unbooked(intent.position_id)
        if position is None:
            kind, why = (K.MISSED_CLOSE, "") if closed >= lots + opened - LEAST else (K.MISSING, GONE)
            return _row(kind, self._shown.book, intent, None, lots, why)
        self._taken.add(position.ticket)
        kind, why = self._stand(intent, position, lots, opened, closed)
        return _row(kind, self._shown.book, intent, position, lots, why)

    def _stand(
        self, intent: Intent, position: Position, lots: float, opened: float, closed: float
    ) -> tuple[BookKind, str]:
        if (position.symbol, position.side) != (intent.symbol, intent.side):
            return K.NEEDS_HUMAN, OTHER
        if abs(position.volume - lots) <= LEAST:
            same = abs(position.sl - intent.sl) <= TINY and abs(position.tp - intent.tp) <= TINY
            return (K.SAME, "") if same else (K.STOPS, _moved(intent, position))
        if abs(position.volume - (lots + opened - closed)) <= LEAST:
            return (K.MISSED_FILL if opened > closed else K.MISSED_CLOSE), ""
        return (K.MISSING, LESS) if position.volume < lots else (K.NEEDS_HUMAN, MORE)

    def _coming(self, intent: Intent) -> BookRow:
        book = self._shown.book
        for position in self._shown.positions:
            entry = entry_for_position(self._connection, self._account, position)
            if entry is not None and entry.intent_id == intent.intent_id:
                self._taken.add(position.ticket)
                return _row(K.MISSED_FILL, book, intent, position, intent.lots)
        order = self._orders.get(intent.intent_id)
        if order is not None:
            row = _row(K.SAME, book, intent, None, intent.lots, "it waits at the broker")
            return attrs.evolve(row, ticket=order.ticket, their_lots=order.volume)
        if any(intent_in(deal.comment) == intent.intent_id for deal in self._shown.deals):
            return _row(K.MISSED_FILL, book, intent, None, intent.lots)
        return _row(K.UNKNOWN, book, intent, None, intent.lots, intent.reason)

    def _waits(self, intent: Intent) -> BookRow:
        position = self._positions.get(intent.position_id) if intent.position_id else None
        lots = intent.lots
        if intent.position_id:
            closed = closed_volume(self._connection, self._account, intent.position_id)
            lots = max(0.0, round(intent.fill_lots - closed, 8))
        row = _row(K.NEEDS_HUMAN, self._shown.book, intent, position, lots, intent.reason)
        if position is None:
            return attrs.evolve(row, choices=(Choice.FORGET,))
        self._taken.add(position.ticket)
        return row

    def _other(self, position: Position) -> BookRow:
        """A position that no open entry is about."""
        book = self._shown.book
        entry = intent_rows.entry_of(self._connection, self._account, position.ticket)
        if entry is not None and entry.state is not S.FOREIGN:
            return _row(K.NEEDS_HUMAN, book, entry, position, 0.0, RISEN)
        named = None if entry is not None else intent_in(position.comment)
        intent = None if named is None else intent_rows.get(self._connection, named)
        if intent is not None and intent.account == self._account and intent.action is Action.OPEN:
            if not intent.position_id:
                return _row(K.MISSED_FILL, book, intent, position)
            why = f"a second position for one order; the first is {intent.position_id}"
            return attrs.evolve(_theirs(K.NEEDS_HUMAN, position, why), plugin=intent.plugin)
        if entry is None and ours(position.magic, self._host_id):
            return _theirs(K.NEEDS_HUMAN, position, NAMELESS)
        row = _theirs(K.FOREIGN, position)
        return row if entry is None else attrs.evolve(row, intent_id=entry.intent_id, state=entry.state.value)

    def _unbooked(self, position: int) -> tuple[float, float]:
        """Lots that deals nobody has booked opened and closed of a position."""
        deals = [
            deal
            for deal in self._shown.deals
            if deal.position == position and not deal_rows.known(self._connection, self._account, deal.ticket)
        ]
        opened = sum(deal.volume for deal in deals if deal.entry is DealEntry.IN)
        return opened, sum(deal.volume for deal in deals if deal.entry is DealEntry.OUT)


def unequal(rows: Iterable[BookRow]) -> tuple[BookRow, ...]:
    """Rows that are not as they should be, foreign ones and open questions aside."""
    return tuple(row for row in rows if row.kind not in (K.SAME, K.FOREIGN, K.UNKNOWN))


def _moved(intent: Intent, position: Position) -> str:
    if position.sl == 0 and intent.sl > 0:
        return "the stop is gone and is set again"
    return "the stops were moved and are taken over"


def _row(
    kind: BookKind, book: Book, intent: Intent, position: Position | None, lots: float | None = None,
    why: str = "",
) -> BookRow:  # fmt: skip
    row = BookRow(
        kind=kind, book=book.value, ticket=intent.position_id or intent.order_ticket, symbol=intent.symbol,
        side=intent.side.value, intent_id=intent.intent_id, plugin=intent.plugin, state=intent.state.value,
        our_lots=lots, our_price=intent.fill_price or intent.price, our_sl=intent.sl, our_tp=intent.tp,
        why=why, choices=ALL if kind is K.NEEDS_HUMAN else (Choice.FORGET,) if kind is K.MISSING else (),
    )  # fmt: skip
    if position is None:
        return row
    return attrs.evolve(
        row, ticket=position.ticket, their_lots=position.volume, their_price=position.price_open,
        their_sl=position.sl, their_tp=position.tp,
    )  # fmt: skip


def _theirs(kind: BookKind, position: Position, why: str = "") -> BookRow:
    return BookRow(
        kind=kind, book=position.book.value, ticket=position.ticket, symbol=position.symbol,
        side=position.side.value, their_lots=position.volume, their_price=position.price_open,
        their_sl=position.sl, their_tp=position.tp, why=why, choices=ALL if kind is K.NEEDS_HUMAN else (),
    )  # fmt: skip


def _order(order: WorkingOrder, book: Book, host_id: int) -> BookRow:
    """An order that no intent is about. One that carries our magic cannot be cancelled from here."""
    mine = ours(order.magic, host_id)
    return BookRow(
        kind=K.NEEDS_HUMAN if mine else K.FOREIGN, book=book.value, ticket=order.ticket, symbol=order.symbol,
        side=order.side.value, their_lots=order.volume,
        why=f"an order that waits; {NAMELESS}: cancel it in the terminal" if mine else "an order that waits",
    )  # fmt: skip
