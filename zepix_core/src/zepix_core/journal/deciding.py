"""Comparing the books for a person, and doing what the person decides about a contradiction."""

import sqlite3
from collections.abc import Sequence
from typing import NoReturn

import attrs

from zepix_core.errors import UsageError, ZepixError
from zepix_core.journal import books, disputes, events, intent_rows
from zepix_core.journal.books import K, S
from zepix_core.journal.intents import ours
from zepix_core.journal.orders import OrderDesk, core_context
from zepix_core.journal.outcomes import release
from zepix_core.journal.reconcile import Reconciler
from zepix_core.journal.unknown import APART
from zepix_core.model.books import UNEQUAL, BookRow, BooksReport, Choice, Decided
from zepix_core.model.order import Action, Book, Intent, Position
from zepix_core.services.calls import CloseRequest

LOOK = "`zepix reconcile` shows what can be decided."


class NotClosed(ZepixError):
    """The broker did not close what a person decided to close."""

    exit_code = 1


@attrs.frozen(kw_only=True)
class _Matter:
    """What is decided about: an entry, a position at the broker, or both."""

    intent: Intent | None
    position: Position | None

    @property
    def ticket(self) -> int:
        if self.position is not None:
            return self.position.ticket
        return 0 if self.intent is None else self.intent.position_id


class Deciding:
    """What `zepix reconcile` asks of a running host."""

    def __init__(self, desk: OrderDesk, reconciler: Reconciler) -> None:
        self._desk = desk
        self._line = desk.line
        self._reconciler = reconciler

    async def report(self) -> BooksReport:
        """Compare, settle what the broker's deals explain, and say how both sides stand.

        A doubt is looked at a second time first, so that this takes 3 s when there is one.

        Raises:
            BrokerOffline: Nothing was compared.
        """
        before = await self._reconciler.compare()
        await self._reconciler.sweep()
        rows = await self._reconciler.compare()
        if any(row.kind in UNEQUAL and row.state != S.NEEDS_HUMAN for row in rows):
            await self._line.pause(APART)
            await self._reconciler.sweep()
            rows = await self._reconciler.compare()
        open_now = {(row.ticket, row.intent_id) for row in books.unequal(rows)}
        settled = tuple(
            attrs.evolve(row, settled=True, choices=())
            for row in books.unequal(before)
            if row.kind not in UNEQUAL and (row.ticket, row.intent_id) not in open_now
        )
        held = await self._line.executor.read(books.held)
        equal = not held and not any(row.kind in UNEQUAL for row in rows)
        return BooksReport(equal=equal, rows=(*settled, *rows), held=held)

    async def decide(self, choice: str, which: str, actor: str) -> Decided:
        """Adopt or close what a ticket or an intent names, or forget it; written down with who decided.

        Raises:
            UsageError: There is no such choice or matter, or nothing about it is to be decided.
            NotClosed: The broker did not close it.
            BrokerOffline: The broker cannot be asked; nothing was done.
        """
        if choice not in set(Choice):
            raise UsageError(f"There is no choice {choice!r}.", f"Choose {', '.join(Choice)}.")
        if choice == Choice.CLOSE:
            return await self._close(which, actor)
        async with self._line.lock:
            matter, rows = await self._matter(which)
            row = _row_of(matter, rows)
            if row is None or row.kind not in UNEQUAL:
                raise UsageError(f"Both books agree about {which}; there is nothing to decide.", LOOK)
            return await self._line.executor.run(
                lambda c: self._settle(c, Choice(choice), which, matter, row, actor)
            )

    async def _matter(self, which: str) -> tuple[_Matter, tuple[BookRow, ...]]:
        rows = await self._reconciler.compare()
        positions = [p for book in Book for p in await self._line.broker.positions(book)]
        account = self._line.account

        def read(connection: sqlite3.Connection) -> Intent | None:
            if _is_ticket(which):
                return intent_rows.entry_of(connection, account, int(which))
            found = intent_rows.get(connection, which)
            return found if found is not None and found.action is Action.OPEN else None

        intent = await self._line.executor.read(read)
        ticket = int(which) if _is_ticket(which) else 0 if intent is None else intent.position_id
        position = next((p for p in positions if ticket and p.ticket == ticket), None)
        if intent is None and position is None:
            raise UsageError(f"Neither book knows an entry or a position {which}.", LOOK)
        return _Matter(intent=intent, position=position), rows

    def _settle(
        self, connection: sqlite3.Connection, choice: Choice, which: str, matter: _Matter, row: BookRow,
        actor: str,
    ) -> Decided:  # fmt: skip
        intent, position = matter.intent, matter.position
        if intent is None and position is not None:
            intent = disputes.add_found(connection, self._line.clock, self._line.account, position, row.why)
        if intent is None:
            _nothing(which)
        cause = {"by": actor, "why": f"a person decided: {choice.value}"}
        if choice is Choice.FORGET:
            done = disputes.forget(connection, self._line.clock, intent, position is not None, cause)
        elif position is None:
            raise UsageError(
                f"The broker shows no position for {which}; there is nothing to adopt.",
                "Forget it, or look for it in the terminal.",
            )
        else:
            done = disputes.adopt(connection, self._line.clock, intent, position, cause)
        self._write_down(connection, choice, which, actor, done)
        self._desk.updates.tell([done.plugin])
        return _decided(choice, done, matter.ticket)

    async def _close(self, which: str, actor: str) -> Decided:
        async with self._line.lock:
            matter, _ = await self._matter(which)
        position, host_id = matter.position, self._line.settings.host_id
        if position is None:
            raise UsageError(f"The broker shows no position {which}; there is nothing to close.", LOOK)
        if matter.intent is None and not ours(position.magic, host_id):
            raise UsageError(
                f"Position {which} is none of ours, and what is foreign is never touched.",
                "Close it in the terminal.",
            )
        key = f"decide:{actor}:{position.ticket}:{self._line.clock.now_ns()}"
        result = await self._desk.close(
            core_context(key), CloseRequest(ticket=position.ticket, reason="Manual")
        )
        if not result.success or result.remaining_volume > 0:
            raise NotClosed(
                f"Position {position.ticket} was not closed: {result.code} {result.message}".rstrip() + ".",
                "Try again, or close it in the terminal.",
            )
        return await self._line.executor.run(lambda c: self._closed(c, which, actor, position))

    def _closed(self, connection: sqlite3.Connection, which: str, actor: str, position: Position) -> Decided:
        intent = intent_rows.entry_of(connection, self._line.account, position.ticket)
        if intent is not None and intent.state is S.NEEDS_HUMAN:
            cause = {"by": actor, "why": "a person decided: close"}
            intent = intent_rows.move(
                connection, self._line.clock, intent.intent_id, S.CLOSED, cause, reason=""
            )
            release(connection, intent)
        self._write_down(connection, Choice.CLOSE, which, actor, intent)
        return Decided(
            choice=Choice.CLOSE, ticket=position.ticket,
            intent_id="" if intent is None else intent.intent_id, message="the position is closed",
        )  # fmt: skip

    def _write_down(
        self, connection: sqlite3.Connection, choice: Choice, which: str, actor: str, intent: Intent | None
    ) -> None:
        payload = {"choice": choice.value, "which": which, "by": actor}
        if intent is None:
            events.append(connection, self._line.clock, "decision", payload)
            return
        events.append(
            connection, self._line.clock, "decision", {**payload, "state": intent.state.value},
            alert_id=intent.alert_id, plugin=intent.plugin, intent_id=intent.intent_id,
        )  # fmt: skip


def _is_ticket(which: str) -> bool:
    return which.removeprefix("-").isdigit() and len(which) <= 19


def _row_of(matter: _Matter, rows: Sequence[BookRow]) -> BookRow | None:
    for row in rows:
        if matter.intent is not None and row.intent_id == matter.intent.intent_id:
            return row
        if matter.intent is None and row.ticket == matter.ticket and row.kind is not K.SAME:
            return row
    return None


def _nothing(which: str) -> NoReturn:
    raise UsageError(f"There is nothing to decide about {which}.", LOOK)


def _decided(choice: Choice, intent: Intent, ticket: int) -> Decided:
    told = {
        S.ADOPTED: f"managed by {intent.plugin} as it stands at the broker",
        S.FOREIGN: "foreign from now on: shown, counted in the risk, never touched",
        S.CLOSED: "over",
        S.DROPPED: "given up",
    }
    message = told[intent.state]
    if intent.state is S.ADOPTED and not intent.sl:
        message += "; it has no stop: set one in the terminal"
    return Decided(choice=choice, ticket=ticket, intent_id=intent.intent_id, message=message)
