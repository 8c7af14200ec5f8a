"""Compares the host's books with the broker's: broker first, then the journal."""

import logging
import sqlite3
from collections.abc import Sequence

import attrs

from zepix_core.errors import ZepixError
from zepix_core.journal import host_state, intent_rows
from zepix_core.journal.control import HUMAN
from zepix_core.journal.intents import intent_in
from zepix_core.journal.ledger import OpenEntry, open_entries
from zepix_core.journal.orders import OrderDesk
from zepix_core.journal.outcomes import needs_human
from zepix_core.journal.protection import Protection
from zepix_core.journal.unknown import APART
from zepix_core.model.order import Book, IntentState, Position

log = logging.getLogger(__name__)
INTERVAL = 30.0
LEAST = 1e-7


@attrs.frozen(kw_only=True)
class Findings:
    """What one sweep found.

    Attributes:
        deals: Deals read since the last sweep.
        missing: Tickets we hold that the broker does not show and no deal explains.
        foreign: Tickets at the broker that are none of ours; they are never touched.
    """

    deals: int = 0
    missing: tuple[int, ...] = ()
    foreign: tuple[int, ...] = ()


class Reconciler:
    """Sweeps at start, when the broker is back, and every 30 s. A read that fails compares nothing."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._line = desk.line
        self._protection = Protection(desk)
        self._missing: dict[int, float] = {}

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            await self._line.clock.sleep(INTERVAL)
            try:
                await self.sweep()
            except ZepixError as error:
                log.warning("the books were not compared: %s", error)

    async def sweep(self) -> Findings:
        """Compare once.

        Raises:
            BrokerOffline: Nothing was compared.
        """
        findings, losses = Findings(), self._line.losses
        for book in (Book.LIVE, Book.SHADOW):
            positions = await self._line.broker.positions(book)
            deals = await self._desk.updates.catch_up(book)
            found = await self._line.executor.run(lambda c, b=book, p=positions: self._compare(c, b, p))  # type: ignore[misc]
            await self._protection.check(book, positions)
            findings = Findings(
                deals=findings.deals + deals,
                missing=findings.missing + found.missing,
                foreign=findings.foreign + found.foreign,
            )
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

    def _compare(self, connection: sqlite3.Connection, book: Book, positions: Sequence[Position]) -> Findings:
        entries = [e for e in open_entries(connection, self._line.account) if e.intent.book is book]
        shown = {position.ticket: position for position in positions}
        missing = [e for e in entries if e.held and e.intent.position_id not in shown]
        self._judge_missing(connection, book, missing)
        ours = {e.intent.position_id for e in entries} | {0}
        ours |= {p.ticket for p in positions if p.ticket not in ours and self._take_back(connection, p)}
        coming = {e.intent.intent_id for e in entries}
        foreign = [p.ticket for p in positions if p.ticket not in ours and intent_in(p.comment) not in coming]
        return Findings(missing=tuple(e.intent.position_id for e in missing), foreign=tuple(foreign))

    def _take_back(self, connection: sqlite3.Connection, position: Position) -> bool:
        """True for a position of ours that waits for a person; once one has looked, it is ours to manage."""
        entry = intent_rows.entry_of(connection, self._line.account, position.ticket)
        if entry is None:
            return False
        waits = host_state.read(connection, f"{HUMAN}{entry.plugin}:{entry.symbol}") is not None
        if entry.state is IntentState.NEEDS_HUMAN and not waits:
            cause = {"found": "position", "why": "a person resumed"}
            intent_rows.move(
                connection, self._line.clock, entry.intent_id, IntentState.ADOPTED, cause, reason=""
            )
        return True

    def _judge_missing(
        self, connection: sqlite3.Connection, book: Book, missing: Sequence[OpenEntry]
    ) -> None:
        """Two sweeps at least 3 s apart must miss a position before a person is called."""
        now = self._line.clock.monotonic()
        tickets = {entry.intent.position_id for entry in missing}
        for ticket in [t for t in self._missing if (t < 0) == (book is Book.SHADOW) and t not in tickets]:
            del self._missing[ticket]
        for entry in missing:
            first = self._missing.setdefault(entry.intent.position_id, now)
            present = intent_rows.get(connection, entry.intent.intent_id)
            if now - first >= APART and present is not None and present.state is not IntentState.NEEDS_HUMAN:
                needs_human(
                    connection, self._line.clock, present, "the position is gone and no deal says why"
                )
