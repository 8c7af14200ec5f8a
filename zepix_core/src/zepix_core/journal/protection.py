"""No position of ours lives without its stop; stops a person moved are taken over."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence

from zepix_core.errors import BrokerOffline, ZepixError
from zepix_core.journal import intent_rows, outbox
from zepix_core.journal.deals import update_of
from zepix_core.journal.ledger import OpenEntry, disputed_entries, open_entries
from zepix_core.journal.line import OFFLINE, UNRESOLVED
from zepix_core.journal.orders import OrderDesk, core_context
from zepix_core.journal.sending import PROTECT
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Book, Intent, IntentState, Position, UpdateKind
from zepix_core.services.calls import CloseRequest

log = logging.getLogger(__name__)
TRIES = 3
PAUSE = 0.7
"""Between the tries; noticing (2 s at most), three tries and the close fit in 5 s."""
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
TINY = 1e-9
_CHANGING = (
    "SELECT count(*) FROM intents WHERE account = ? AND action = 'modify' AND position_id = ?"
    " AND position_id != 0 AND state IN ('sending', 'unknown')"
)


class Protection:
    """Compares stops at the broker with those in the journal, and looks after each bare position."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._line = desk.line
        self._guards: dict[int, asyncio.Task[None]] = {}
        self._urgent: set[int] = set()

    async def check(self, book: Book, positions: Sequence[Position]) -> None:
        """Begin to set stops that are missing; follow stops that were moved elsewhere.

        Raises:
            BrokerOffline: The positions cannot be read again.
        """
        pairs = _pairs(await self._entries(), positions)
        if not pairs:
            return
        bare = {entry.position_id for entry, position in pairs if _bare(entry, position)}
        bare -= self._guards.keys()
        self._hurry(*bare)  # whoever waits on the line lets this pass
        try:
            async with self._line.lock:
                again = await self._line.broker.positions(book)
                for entry, position in _pairs(await self._entries(), again):
                    if _bare(entry, position):
                        self._guard(entry)
                    elif entry.state is not IntentState.NEEDS_HUMAN:
                        await self._follow(entry, position)
        finally:
            for ticket in bare - self._guards.keys():
                self._wait_on(ticket)

    async def look(self) -> None:
        """Look at the stops of what is held, and at nothing else.

        Raises:
            BrokerOffline: The positions cannot be read.
        """
        books = {entry.intent.book for entry in await self._entries() if entry.intent.position_id}
        for book in books:
            await self.check(book, await self._line.broker.positions(book))

    async def settled(self) -> None:
        """Wait until no position is without its stop, or its guard is gone."""
        while self._guards:
            await asyncio.wait(self._guards.values())

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        guards = list(self._guards.values())
        for guard in guards:
            guard.cancel()
        await asyncio.gather(*guards, return_exceptions=True)

    async def _entries(self) -> tuple[OpenEntry, ...]:
        def read(connection: sqlite3.Connection) -> tuple[OpenEntry, ...]:
            account = self._line.account
            return (*open_entries(connection, account), *disputed_entries(connection, account))

        return await self._line.executor.read(read)

    async def _follow(self, entry: Intent, position: Position) -> None:
        """Take a moved stop over; a change of ours whose outcome is open is the look-up's."""

        def work(connection: sqlite3.Connection) -> bool:
            values = (self._line.account, entry.position_id)
            if connection.execute(_CHANGING, values).fetchone()[0]:
                return False
            moved = intent_rows.move(
                connection, self._line.clock, entry.intent_id, entry.state, {"by": "broker"},
                sl=position.sl, tp=position.tp,
            )  # fmt: skip
            update = update_of(moved, UpdateKind.MODIFIED, self._line.clock.now_ns())
            self._desk.updates.emit(connection, update)
            return True

        if await self._line.executor.run(work):
            self._desk.updates.tell([entry.plugin])

    def _guard(self, entry: Intent) -> None:
        ticket = entry.position_id
        if ticket in self._guards or self._line.ending.is_set():
            return
        self._hurry(ticket)
        guard = asyncio.get_running_loop().create_task(self._look_after(entry))
        self._guards[ticket] = guard
        guard.add_done_callback(lambda _: self._left(ticket))

    def _left(self, ticket: int) -> None:
        self._guards.pop(ticket, None)
        self._wait_on(ticket)

    def _hurry(self, *tickets: int) -> None:
        self._urgent.update(tickets)
        if self._urgent:
            self._line.urgent.set()

    def _wait_on(self, ticket: int) -> None:
        """What is done for that position now is no more urgent than anything else."""
        self._urgent.discard(ticket)
        if not self._urgent:
            self._line.urgent.clear()

    async def _look_after(self, entry: Intent) -> None:
        """Three tries to set the stop, then close; what is refused is tried again, and told once.

        A position that waits for a person is not closed: its stop is tried until it stands.
        """
        began = self._line.clock.now_ns()
        tries = unknown = 0
        while tries < TRIES and not self._line.ending.is_set():
            code = await self._set(entry, f"{began}:{unknown}")
            if not code:
                return
            tries += code != OFFLINE
            unknown += code == UNRESOLVED
            await self._line.pause(PAUSE)
        if not self._line.ending.is_set():
            await self._say(entry)
        rounds = 0
        while not self._line.ending.is_set():
            if entry.state is not IntentState.NEEDS_HUMAN and await self._close(entry, began):
                return
            self._wait_on(entry.position_id)
            await self._line.pause(PAUSES[min(rounds, len(PAUSES) - 1)])
            rounds += 1
            if not self._line.ending.is_set():
                code = await self._set(entry, f"{began}:{unknown}")
                unknown += code == UNRESOLVED
                if not code:
                    return

    async def _set(self, entry: Intent, attempt: str) -> str:
        """Why the stop could not be set, ``""`` when it stands or the position is gone."""
        key = f"{PROTECT}{entry.position_id}:{attempt}"
        try:
            result = await self._desk.restore(entry, key)
        except BrokerOffline:
            return OFFLINE
        except ZepixError as error:
            log.warning("the stop of %s could not be set: %s", entry.position_id, error)
            return type(error).__name__
        if not result.ok:
            log.warning(
                "the stop of %s could not be set: %s %s", entry.position_id, result.code, result.message
            )
        return result.code

    async def _close(self, entry: Intent, began: int) -> bool:
        ctx = core_context(f"unprotected:{entry.position_id}:{began}")
        try:
            result = await self._desk.close(ctx, CloseRequest(ticket=entry.position_id, reason="Emergency"))
        except ZepixError as error:
            log.warning("position %s without a stop is not closed yet: %s", entry.position_id, error)
            return False
        return result.success and result.remaining_volume <= 0

    async def _say(self, entry: Intent) -> None:
        waits = entry.state is IntentState.NEEDS_HUMAN
        what = "it waits for a person, and is tried again" if waits else "it is closed"
        notice = Notice(
            type="risk_alert",
            priority=Priority.CRITICAL,
            plugin=entry.plugin,
            symbol=entry.symbol,
            text=f"{entry.symbol} ticket {entry.position_id} has no stop and none can be set; {what}",
            data={"message": "no stop", "metric": "sl", "value": 0, "limit": entry.sl},
            key=f"unprotected:{entry.position_id}",
        )

        def write(connection: sqlite3.Connection) -> None:
            outbox.put(connection, self._line.clock, notice)

        try:
            await self._line.executor.run(write)
        except ZepixError as error:
            log.critical("%s (the notice could not be written: %s)", notice.text, error)


def _bare(entry: Intent, position: Position) -> bool:
    return position.sl == 0 and entry.sl > 0


def _pairs(entries: Sequence[OpenEntry], positions: Sequence[Position]) -> list[tuple[Intent, Position]]:
    """Entries whose stops differ from their position's."""
    shown = {position.ticket: position for position in positions}
    found: list[tuple[Intent, Position]] = []
    for entry in entries:
        position = shown.get(entry.intent.position_id)
        if position is None:
            continue
        if abs(position.sl - entry.intent.sl) > TINY or abs(position.tp - entry.intent.tp) > TINY:
            found.append((entry.intent, position))
    return found
