"""Closing everything of ours, and going on until nothing is left, whatever the broker does meanwhile."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Collection

import attrs

from zepix_core.errors import BrokerOffline, ZepixError
from zepix_core.journal.intents import ours
from zepix_core.journal.ledger import open_entries
from zepix_core.journal.line import UNRESOLVED, OrderLine
from zepix_core.model.order import Book, CloseResult

log = logging.getLogger(__name__)
PAUSES = (1.0, 2.0, 5.0, 10.0)
UNDERWAY = "its close was sent and has no answer yet"
_UNDERWAY = (
    "SELECT position_id FROM intents WHERE account = ? AND action = 'close'"
    " AND state IN ('planned', 'sending', 'placed', 'partly_filled', 'filled', 'unknown', 'adopted')"
    " AND state IN ('sending', 'placed', 'unknown')"
)
_GIVEN_UP = "SELECT position_id FROM intents WHERE account = ? AND state = 'foreign' AND position_id != 0"
Close = Callable[[str, int], Awaitable[CloseResult]]


@attrs.frozen(kw_only=True)
class Left:
    """What is not closed yet.

    Attributes:
        tickets: Positions to close now.
        underway: Positions whose close has no answer yet.
        coming: Entries without an outcome: they may still become positions.
        seen: The broker could be asked.
    """

    tickets: tuple[int, ...] = ()
    underway: tuple[int, ...] = ()
    coming: int = 0
    seen: bool = True

    @property
    def nothing(self) -> bool:
        """True when the broker and the journal agree that nothing of ours is open or may open."""
        return self.seen and not (self.tickets or self.underway or self.coming)


class Flattening:
    """One round at once for the person who asks, then more rounds while the control's state says so."""

    def __init__(self, line: OrderLine, close: Close) -> None:
        self._line = line
        self._close = close
        self._task: asyncio.Task[None] | None = None
        self._closed = 0
        self._round = asyncio.Lock()

    async def begin(self, by: str) -> tuple[CloseResult, ...]:
        """The first round: how each close went. What is left is gone after by itself."""
        self._closed = 0
        results = await self._once(by)
        await self._finished()
        self.go_on()
        return results

    def go_on(self) -> None:
        """Try again until nothing is left, if a panic says so and nobody does already."""
        if self._wanted and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def _wanted(self) -> bool:
        return self._line.control.state.closing and not self._line.ending.is_set()

    async def _run(self) -> None:
        rounds = 0
        while self._wanted:
            await self._line.clock.sleep(PAUSES[min(rounds, len(PAUSES) - 1)])
            rounds += 1
            if not (self._wanted and self._line.link):
                continue
            try:
                results = await self._once(self._line.control.state.by)
            except ZepixError as error:
                log.warning("the positions are not closed yet: %s", error)
                continue
            rounds = 0 if any(result.success for result in results) else rounds
            await self._finished()

    async def _once(self, by: str) -> tuple[CloseResult, ...]:
        async with self._round:
            async with self._line.lock:  # what was on its way when entries were stopped has come by now
                left = await self._left()
            key = f"flatten:{by}:{self._line.clock.now_ns()}"
            results = [await self._try(key, ticket) for ticket in left.tickets]
            self._closed += sum(result.success and result.remaining_volume <= 0 for result in results)
            return (*results, *(_refused(ticket, UNDERWAY) for ticket in left.underway))

    async def _try(self, key: str, ticket: int) -> CloseResult:
        """One that fails keeps no other open."""
        try:
            return await self._close(key, ticket)
        except ZepixError as error:
            log.warning("position %s is not closed yet: %s", ticket, error)
            return _refused(ticket, error.message)

    async def _finished(self) -> None:
        """Write down that nothing is left, when that is so."""
        if not self._wanted:
            return
        try:
            async with self._line.lock:
                left = await self._left()
            if left.nothing:
                await self._line.control.flat(self._closed)
        except ZepixError as error:
            log.warning("whether all is closed is not certain: %s", error)

    async def _left(self) -> Left:
        shown, seen = await self._shown()

        def read(connection: sqlite3.Connection) -> tuple[set[int], int, set[int], set[int]]:
            entries = open_entries(connection, self._line.account)
            held = {entry.intent.position_id for entry in entries if entry.held}
            waiting = {row[0] for row in connection.execute(_UNDERWAY, (self._line.account,))}
            given_up = {row[0] for row in connection.execute(_GIVEN_UP, (self._line.account,))}
            return held, len(entries) - sum(entry.held for entry in entries), waiting, given_up

        held, coming, waiting, given_up = await self._line.executor.read(read)
        tickets = [one for one in dict.fromkeys((*sorted(held, key=abs), *shown)) if one not in given_up]
        return Left(
            tickets=tuple(ticket for ticket in tickets if ticket not in waiting),
            underway=tuple(ticket for ticket in tickets if ticket in waiting),
            coming=coming,
            seen=seen,
        )

    async def _shown(self) -> tuple[Collection[int], bool]:
        """Positions at the broker that carry our magic, and whether it could be asked for both books."""
        shown: list[int] = []
        seen = True
        for book in Book:
            try:
                positions = await self._line.broker.positions(book)
            except BrokerOffline:
                seen = False
            else:
                shown += [p.ticket for p in positions if ours(p.magic, self._line.settings.host_id)]
        return shown, seen


def _refused(ticket: int, message: str) -> CloseResult:
    return CloseResult(success=False, order_id=ticket, reason="Emergency", code=UNRESOLVED, message=message)
