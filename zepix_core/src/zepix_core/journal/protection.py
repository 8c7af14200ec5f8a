"""No position of ours lives without its stop; stops a person moved are taken over."""

import logging
import sqlite3
from collections.abc import Sequence

from zepix_core.errors import ZepixError
from zepix_core.journal import intent_rows, outbox
from zepix_core.journal.deals import update_of
from zepix_core.journal.ledger import OpenEntry, open_entries
from zepix_core.journal.orders import OrderDesk, core_context
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Book, Intent, Position, UpdateKind
from zepix_core.services.calls import CloseRequest, ModifyRequest

log = logging.getLogger(__name__)
TRIES = 3
PAUSE = 1.5
TINY = 1e-9


class Protection:
    """Compares stops at the broker with those in the journal."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._line = desk.line

    async def check(self, book: Book, positions: Sequence[Position]) -> None:
        """Set stops that are missing, else close; follow stops that were moved elsewhere.

        Raises:
            BrokerOffline: The positions cannot be read again.
        """
        entries = await self._line.executor.read(lambda c: open_entries(c, self._line.account))
        if not _pairs(entries, positions):
            return
        bare: list[Intent] = []
        async with self._line.lock:
            again = await self._line.broker.positions(book)
            entries = await self._line.executor.read(lambda c: open_entries(c, self._line.account))
            for entry, position in _pairs(entries, again):
                if position.sl == 0 and entry.sl > 0:
                    bare.append(entry)
                else:
                    await self._follow(entry, position)
        for entry in bare:
            await self._restore(entry)

    async def _follow(self, entry: Intent, position: Position) -> None:
        def work(connection: sqlite3.Connection) -> None:
            moved = intent_rows.move(
                connection, self._line.clock, entry.intent_id, entry.state, {"by": "broker"},
                sl=position.sl, tp=position.tp,
            )  # fmt: skip
            update = update_of(moved, UpdateKind.MODIFIED, self._line.clock.now_ns())
            self._desk.updates.emit(connection, update)

        await self._line.executor.run(work)
        self._desk.updates.tell([entry.plugin])

    async def _restore(self, entry: Intent) -> None:
        for attempt in range(TRIES):
            ctx = core_context(f"protect:{entry.position_id}:{self._line.clock.now_ns()}:{attempt}")
            request = ModifyRequest(ticket=entry.position_id, sl=entry.sl)
            try:
                result = await self._desk.modify(ctx, request)
            except ZepixError as error:
                log.warning("the stop of %s could not be set: %s", entry.position_id, error)
            else:
                if result.ok or result.code == "NO_SUCH_POSITION":
                    return
            await self._line.clock.sleep(PAUSE)
        await self._say(entry)
        ctx = core_context(f"unprotected:{entry.position_id}:{self._line.clock.now_ns()}")
        await self._desk.close(ctx, CloseRequest(ticket=entry.position_id, reason="Emergency"))

    async def _say(self, entry: Intent) -> None:
        notice = Notice(
            type="risk_alert",
            priority=Priority.CRITICAL,
            plugin=entry.plugin,
            symbol=entry.symbol,
            text=f"{entry.symbol} ticket {entry.position_id} has no stop and none can be set; it is closed",
            data={"message": "no stop", "metric": "sl", "value": 0, "limit": entry.sl},
            key=f"unprotected:{entry.position_id}",
        )

        def write(connection: sqlite3.Connection) -> None:
            outbox.put(connection, self._line.clock, notice)

        await self._line.executor.run(write)


def _pairs(entries: Sequence[OpenEntry], positions: Sequence[Position]) -> list[tuple[Intent, Position]]:
    """Held entries whose stops differ from their position's."""
    shown = {position.ticket: position for position in positions}
    found: list[tuple[Intent, Position]] = []
    for entry in entries:
        position = shown.get(entry.intent.position_id) if entry.held else None
        if position is None:
            continue
        if abs(position.sl - entry.intent.sl) > TINY or abs(position.tp - entry.intent.tp) > TINY:
            found.append((entry.intent, position))
    return found
