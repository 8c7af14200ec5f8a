"""Closes and stop changes that the market did not let through: they are asked again once it may.

A close refused because the market is shut is asked again when the session opens; a close or a change refused
because the price is too near is asked again when it has moved away. An entry never is: its price is stale.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping

import attrs

from zepix_core.clock import moment
from zepix_core.errors import BrokerOffline, StorageError, ZepixError
from zepix_core.journal import intent_rows
from zepix_core.journal.ledger import open_entries
from zepix_core.journal.line import OrderLine
from zepix_core.journal.retcodes import ASKED_AGAIN, FROZEN
from zepix_core.model.market import SymbolInfo, Tick
from zepix_core.model.order import Action, Intent, IntentState, Position
from zepix_core.rules.hours import session_open

log = logging.getLogger(__name__)
S = IntentState
LOOK = 1.0
PAUSES = (2.0, 5.0, 10.0, 30.0, 60.0)
"""Between two asks about the same intent, whatever the market looks like."""
PATIENT = ("protect:", "unprotected:", "flatten:")
"""Heads of the keys of what is tried until it is done anyway."""
_REFUSED = (
    intent_rows.SELECT + " WHERE account = ? AND position_id = ? AND position_id != 0 AND state = 'rejected'"
    " AND action IN ('close', 'modify') ORDER BY sequence"
)
_NEWER = (
    "SELECT count(*) FROM intents WHERE account = ? AND position_id = ? AND position_id != 0"
    " AND action = 'modify' AND sequence > ? AND state IN ('sending', 'unknown', 'placed', 'closed')"
)
Ask = Callable[[Intent], Awaitable[None]]


@attrs.define
class _Waiting:
    intent: Intent
    due: float
    asked: int = 0


class Later:
    """Keeps what was refused for now, in memory; after a restart it is read from the journal again."""

    def __init__(self, line: OrderLine, asks: Mapping[Action, Ask]) -> None:
        self._line = line
        self._asks = asks
        self._waiting: dict[str, _Waiting] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> tuple[str, ...]:
        """Intents that will be asked again."""
        return tuple(self._waiting)

    def add(self, intent: Intent) -> None:
        """Ask again later, when the refusal is one that passes; any other is left alone."""
        if intent.state is not S.REJECTED or intent.retcode not in ASKED_AGAIN.get(intent.action, ()):
            return
        if intent.alert_key.startswith(PATIENT):
            return
        now = self._line.clock.monotonic()
        self._waiting.setdefault(intent.intent_id, _Waiting(intent, now + PAUSES[0]))
        if (self._task is None or self._task.done()) and not self._line.ending.is_set():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def load(self) -> None:
        """Take up what an earlier life left: refusals about positions that are still open."""

        def read(connection: sqlite3.Connection) -> list[Intent]:
            account = self._line.account
            tickets = [entry.intent.position_id for entry in open_entries(connection, account) if entry.held]
            return [
                intent
                for ticket in tickets
                for intent in intent_rows.find(connection, _REFUSED, (account, ticket))
            ]

        for intent in await self._line.executor.read(read):
            self.add(intent)

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._waiting and not self._line.ending.is_set():
            await self._line.pause(LOOK)
            now = self._line.clock.monotonic()
            for one in [waiting for waiting in self._waiting.values() if waiting.due <= now]:
                try:
                    await self._look(one)
                except (BrokerOffline, StorageError) as error:
                    log.info("%s waits on: %s", one.intent.intent_id, error)
                except ZepixError as error:
                    log.warning("%s is not asked again: %s", one.intent.intent_id, error)
                    self._waiting.pop(one.intent.intent_id, None)

    async def _look(self, one: _Waiting) -> None:
        intent = await self._wanted(one.intent)
        if intent is None:
            self._waiting.pop(one.intent.intent_id, None)
            return
        positions = await self._line.broker.positions(intent.book)
        position = next((p for p in positions if p.ticket == intent.position_id), None)
        if position is None:
            self._waiting.pop(intent.intent_id, None)
        elif self._line.link and await self._may(intent, position):
            one.due = self._line.clock.monotonic() + PAUSES[min(one.asked + 1, len(PAUSES) - 1)]
            one.asked += 1
            await self._asks[intent.action](intent)

    async def _wanted(self, intent: Intent) -> Intent | None:
        """The intent as it stands, ``None`` when it was done or a newer change took its place."""

        def read(connection: sqlite3.Connection) -> Intent | None:
            now = intent_rows.get(connection, intent.intent_id)
            if now is None or now.state is not S.REJECTED:
                return None
            if now.retcode not in ASKED_AGAIN.get(now.action, ()):
                return None
            values = (now.account, now.position_id, now.sequence)
            newer = now.action is Action.MODIFY and connection.execute(_NEWER, values).fetchone()[0]
            return None if newer else now

        return await self._line.executor.read(read)

    async def _may(self, intent: Intent, position: Position) -> bool:
        info = self._line.quotes.symbol(intent.symbol)
        if info is None:
            return True
        if intent.retcode != FROZEN:
            now = moment(self._line.clock.now_ns())
            return session_open(intent.symbol, now, info.always_open)
        tick = await self._line.quotes.ask(intent.symbol)
        return tick is not None and moved_away(position, intent, tick, info)


def moved_away(position: Position, intent: Intent, tick: Tick, info: SymbolInfo) -> bool:
    """Whether the price is out of the distance within which the broker changes and closes nothing."""
    price = tick.closing(position.side)
    levels = [position.sl, position.tp]
    if intent.action is Action.MODIFY:
        levels += [intent.sl, intent.tp]
    return all(abs(price - level) > info.freeze_level * info.point for level in levels if level)
