"""Compares the host's books with the broker's: broker first, then the journal."""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping, Sequence

import attrs

from zepix_core.errors import ZepixError
from zepix_core.journal import books, disputes, intent_rows, outbox
from zepix_core.journal.books import Shown
from zepix_core.journal.intents import OVER
from zepix_core.journal.ledger import LEAST
from zepix_core.journal.matching import awaited
from zepix_core.journal.orders import OrderDesk, account_key
from zepix_core.journal.outcomes import needs_human
from zepix_core.journal.protection import Protection
from zepix_core.journal.unknown import APART
from zepix_core.journal.updates import DAY_NS
from zepix_core.model.books import BookKind, BookRow
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Book, Intent, IntentState, Position

log = logging.getLogger(__name__)
S = IntentState
INTERVAL = 30.0
DEALS_INTERVAL = 300.0
DEALS_BACK_NS = 3 * DAY_NS
LOOK = 2.0
"""Seconds between two looks at the stops of what is held."""
DEBOUNCE = 0.25
"""What a broker changes at once it tells of in several messages."""
RETRY = 5.0
_PENDING = (
    "SELECT DISTINCT position_id FROM intents WHERE account = ? AND action = 'close'"
    " AND state IN ('planned', 'sending', 'placed', 'partly_filled', 'filled', 'unknown', 'adopted')"
    " AND state IN ('sending', 'placed', 'unknown')"
)
_HUMAN = intent_rows.SELECT + " WHERE state = 'needs_human' AND account = ? AND book = ?"
_FOREIGN = "SELECT intent_id, position_id FROM intents WHERE state = 'foreign' AND account = ? AND book = ?"


@attrs.frozen(kw_only=True)
class Findings:
    """What one sweep found.

    Attributes:
        deals: Deals read since the last sweep.
        missing: Tickets we hold that the broker does not show, or not whole, and no deal explains.
        foreign: Tickets at the broker that are none of ours; they are never touched.
        disputed: Intents that wait for a person.
    """

    deals: int = 0
    missing: tuple[int, ...] = ()
    foreign: tuple[int, ...] = ()
    disputed: tuple[str, ...] = ()


class OtherAccount(ZepixError):
    """The broker answers for an account that is not the journal's."""


class Reconciler:
    """Sweeps at start, when the broker is back, when something changed there, and every 30 s.

    A read that fails compares nothing. What a deal explains is settled at once; everything else must be seen
    twice, at least 3 s apart. Nothing is repaired by trading, save that a position gets its stop.
    """

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._line = desk.line
        self.protection = Protection(desk)
        self._doubts: dict[tuple[object, ...], float] = {}
        self._changed = asyncio.Event()
        now = self._line.clock.monotonic()
        self._sweep_due, self._look_due = now + INTERVAL, now + LOOK
        self._deals_due: float | None = None
        self._told: set[int] = set()
        desk.line.broker.on_change(self.changed)
        desk.lookup.on_resolved(self._resolved)

    def changed(self) -> None:
        """Something changed at the broker: compare soon."""
        self._changed.set()

    async def run(self) -> None:
        """Sweep for ever."""
        clock = self._line.clock
        while True:
            await self._rest(min(self._sweep_due, self._look_due) - clock.monotonic())
            try:
                if self._changed.is_set():
                    await clock.sleep(DEBOUNCE)
                    self._changed.clear()
                    await self.sweep()
                elif clock.monotonic() >= self._sweep_due:
                    await self.sweep()
                else:
                    self._look_due = clock.monotonic() + LOOK
                    await self.protection.look()
            except ZepixError as error:
                log.warning("the books were not compared: %s", error)
                now = clock.monotonic()
                self._sweep_due = max(self._sweep_due, now + RETRY)
                self._look_due = now + LOOK

    async def stop(self) -> None:
        """Leave positions without a stop to the next start."""
        await self.protection.stop()

    async def sweep(self) -> Findings:
        """Compare once.

        Raises:
            BrokerOffline: Nothing was compared.
            OtherAccount: Nothing was compared; entries wait until the right account is back.
        """
        findings, losses, clock = Findings(), self._line.losses, self._line.clock
        await self._check_account()
        first_doubts = set(self._doubts)
        for book in (Book.LIVE, Book.SHADOW):
            orders = await self._line.broker.orders(book)
            positions = await self._line.broker.positions(book)
            deals = await self._deals(book)
            shown = Shown(book=book, positions=positions, orders=orders)
            found = await self._line.executor.run(lambda c, s=shown: self._judge(c, s))  # type: ignore[misc]
            await self.protection.check(book, positions)
            findings = Findings(
                deals=findings.deals + deals,
                missing=findings.missing + found.missing,
                foreign=findings.foreign + found.foreign,
                disputed=findings.disputed + found.disputed,
            )
        if self._deals_due is None or clock.monotonic() >= self._deals_due:
            self._deals_due = clock.monotonic() + DEALS_INTERVAL
        doubtful = bool(set(self._doubts) - first_doubts)
        self._sweep_due = clock.monotonic() + (APART if doubtful else INTERVAL)
        self._look_due = clock.monotonic() + LOOK
        if losses == self._line.losses:
            self._line.link = True
        await self._desk.go_on()
        return findings

    async def when_back(self) -> bool:
        """Sweep after the broker came back; True when the books are compared and it is still there."""
        try:
            await self.sweep()
        except ZepixError as error:
            log.warning("the books could not be compared: %s", error)
            return False
        return self._line.link

    async def compare(self) -> tuple[BookRow, ...]:
        """Both books side by side as they stand; nothing is settled.

        Raises:
            BrokerOffline: Nothing was compared.
        """
        await self._check_account()
        rows: tuple[BookRow, ...] = ()
        for book in (Book.LIVE, Book.SHADOW):
            orders = await self._line.broker.orders(book)
            positions = await self._line.broker.positions(book)
            deals = await self._desk.updates.unbooked(book)
            shown = Shown(book=book, positions=positions, orders=orders, deals=deals)
            rows += await self._line.executor.read(lambda c, s=shown: self._compare(c, s))  # type: ignore[misc]
        return rows

    async def _resolved(self, _: Intent) -> None:
        self.changed()

    async def _rest(self, seconds: float) -> None:
        waits = [
            asyncio.ensure_future(work)
            for work in (self._line.clock.sleep(max(0.0, seconds)), self._changed.wait())
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _check_account(self) -> None:
        present = account_key(await self._line.broker.account())
        if present != self._line.account:
            self._line.link = False
            raise OtherAccount(
                f"The broker answers for account {present}; the journal belongs to {self._line.account}.",
                "Log the terminal in on the right account; nothing is opened until then.",
            )

    async def _deals(self, book: Book) -> int:
        """Deals since the mark; now and then those of the last days too, for some come late."""
        updates, now = self._desk.updates, self._line.clock.now_ns()
        count = await updates.catch_up(book)
        if self._deals_due is None:
            newest = await updates.newest_ns(book)
            return count + (await updates.sweep(book, min(newest, now) - DAY_NS) if newest else 0)
        if self._line.clock.monotonic() >= self._deals_due:
            return count + await updates.sweep(book, now - DEALS_BACK_NS)
        return count

    def _compare(self, connection: sqlite3.Connection, shown: Shown) -> tuple[BookRow, ...]:
        return books.compare(connection, self._line.account, self._line.settings.host_id, shown)

    # What a comparison leads to, in its transaction.

    def _judge(self, connection: sqlite3.Connection, shown: Shown) -> Findings:
        positions = {position.ticket: position for position in shown.positions}
        self._settle_waiting(connection, shown.book, positions)
        rows = self._compare(connection, shown)
        busy = {row[0] for row in connection.execute(_PENDING, (self._line.account,))}
        busy |= {one.ticket for one in shown.positions if self._under_way(connection, one)}
        doubts = {_doubt(row): row for row in rows if self._doubtful(row) and row.ticket not in busy}
        for row in self._certain(shown.book, doubts):
            self._act(connection, row, positions.get(row.ticket))
        return Findings(
            missing=tuple(row.ticket for row in rows if row.kind is BookKind.MISSING),
            foreign=tuple(row.ticket for row in rows if row.kind is BookKind.FOREIGN),
            disputed=tuple(
                row.intent_id for row in rows if row.kind is BookKind.NEEDS_HUMAN and row.intent_id
            ),
        )

    def _under_way(self, connection: sqlite3.Connection, position: Position) -> bool:
        """Whether a position of nobody may be named by an answer that is still to come."""
        account = self._line.account
        owner = intent_rows.entry_of(connection, account, position.ticket)
        return owner is None and awaited(connection, account, position)

    def _doubtful(self, row: BookRow) -> bool:
        """What the deals booked a moment ago did not settle; what is an open question is the look-up's."""
        if row.kind is BookKind.MISSED_FILL:
            return row.state in OVER
        if row.kind is BookKind.NEEDS_HUMAN:
            return row.state != S.NEEDS_HUMAN
        return row.kind is BookKind.MISSING

    def _certain(self, book: Book, doubts: Mapping[tuple[object, ...], BookRow]) -> Sequence[BookRow]:
        """Doubts that an answer at least 3 s ago has shown just so."""
        now = self._line.clock.monotonic()
        for doubt in [known for known in self._doubts if known[0] is book and known not in doubts]:
            del self._doubts[doubt]
        return [row for doubt, row in doubts.items() if now - self._doubts.setdefault(doubt, now) >= APART]

    def _act(self, connection: sqlite3.Connection, row: BookRow, position: Position | None) -> None:
        clock = self._line.clock
        intent = intent_rows.get(connection, row.intent_id) if row.intent_id else None
        if intent is not None and row.kind is BookKind.MISSED_FILL and position is not None:
            self._adopt(connection, intent, position)
        elif intent is not None:
            needs_human(connection, clock, intent, row.why)
        elif position is not None:
            disputes.add_found(connection, clock, self._line.account, position, row.why)
        elif row.ticket not in self._told:
            self._told.add(row.ticket)
            _tell_order(connection, self._desk, row)

    def _adopt(self, connection: sqlite3.Connection, intent: Intent, position: Position) -> None:
        """A position names an order that was given up, and no deal tells of it."""
        clock = self._line.clock
        never_sent = intent.state is S.DENIED
        adopted = disputes.adopt(connection, clock, intent, position, {"found": "position"})
        if never_sent or position.volume > intent.lots + LEAST:
            why = "an order for an intent that was not sent" if never_sent else books.MORE
            needs_human(connection, clock, adopted, why)
        self._desk.updates.tell([adopted.plugin])

    def _settle_waiting(
        self, connection: sqlite3.Connection, book: Book, positions: Mapping[int, Position]
    ) -> None:
        """What waits for a person: explained by now, or looked at by one who resumed."""
        clock = self._line.clock
        for intent in intent_rows.find(connection, _HUMAN, (self._line.account, book.value)):
            position = positions.get(intent.position_id) if intent.position_id else None
            done = disputes.explained(connection, clock, intent, position)
            if done is None and not disputes.waits(connection, intent):
                cause = {"found": "position" if position else "nothing", "why": "a person resumed"}
                if position is not None:
                    done = disputes.adopt(connection, clock, intent, position, cause)
                else:
                    done = disputes.forget(connection, clock, intent, False, cause)
            if done is not None:
                self._desk.updates.tell([done.plugin])
        for one, ticket in connection.execute(_FOREIGN, (self._line.account, book.value)).fetchall():
            if ticket not in positions:
                intent_rows.move(connection, clock, one, S.CLOSED, {"found": "nothing"})


def _doubt(row: BookRow) -> tuple[object, ...]:
    """What must be seen twice just so."""
    return (Book(row.book), row.kind, row.ticket, row.intent_id, row.our_lots, row.their_lots, row.why)


def _tell_order(connection: sqlite3.Connection, desk: OrderDesk, row: BookRow) -> None:
    """An order with our magic that nobody here knows: only a person can cancel it."""
    text = f"{row.symbol} order {row.ticket}: {row.why}"
    outbox.put(
        connection,
        desk.line.clock,
        Notice(
            type="order_unresolved",
            priority=Priority.CRITICAL,
            symbol=row.symbol,
            text=text,
            data={"action": "open", "lots": row.their_lots or 0.0, "why": row.why, "order": row.ticket},
            key=f"order:{row.ticket}",
        ),
    )
