"""Looks for what a request without an answer has done."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence

from zepix_core.errors import BrokerOffline, OutcomeUnknown, StorageError, WireError, ZepixError
from zepix_core.journal import events, intent_rows, outbox
from zepix_core.journal.deals import update_of
from zepix_core.journal.intents import COMING
from zepix_core.journal.line import OFFLINE, OrderLine
from zepix_core.journal.matching import LEAST, entry_for_position
from zepix_core.journal.updates import Updates
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Action, Intent, IntentState, Position, UpdateKind

log = logging.getLogger(__name__)
S = IntentState
APART = 3.0
SWEEPS = 2
BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0)
Resolved = Callable[[Intent], Awaitable[None]]
_OPEN_STATES = frozenset({S.SENDING, S.UNKNOWN, S.PLACED})


class LookUp:
    """Ends `unknown`: found at the broker, or not there in two whole answers at least 3 s apart.

    A question that gets no answer counts for nothing.
    """

    def __init__(self, line: OrderLine, updates: Updates) -> None:
        self._line = line
        self._updates = updates
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._resolved: list[Resolved] = []
        self._stopped = False

    def on_resolved(self, callback: Resolved) -> None:
        """Await ``callback`` with the intent, once its outcome is certain."""
        self._resolved.append(callback)

    def schedule(self, intent_id: str) -> None:
        """Look for an intent in a task of its own; a look-up that runs already is enough."""
        task = self._tasks.get(intent_id)
        if not self._stopped and (task is None or task.done()):
            loop = asyncio.get_running_loop()
            self._tasks[intent_id] = loop.create_task(self._run(intent_id))

    @property
    def waiting(self) -> int:
        """How many look-ups run."""
        return sum(not task.done() for task in self._tasks.values())

    async def settled(self) -> None:
        """Wait for all look-ups."""
        while running := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(running)

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        self._stopped = True
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, intent_id: str) -> None:
        misses = failures = 0
        while True:
            try:
                intent = await self._look(intent_id)
                failures = 0
                if intent is None:
                    return
                if intent.state not in _OPEN_STATES:
                    break
                misses += 1
                if misses >= SWEEPS and intent.state is S.UNKNOWN:
                    intent = await self._line.executor.run(self._conclude(intent))
                    self._updates.tell([intent.plugin])
                    break
                await self._line.clock.sleep(APART if misses < SWEEPS else BACKOFF[-1])
            except (BrokerOffline, OutcomeUnknown, StorageError, WireError) as error:
                log.info("looking for %s: %s", intent_id, error)
                await self._line.clock.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
                failures += 1
            except ZepixError as error:
                log.error("looking for %s was given up: %s", intent_id, error)
                return
        for callback in self._resolved:
            try:
                await callback(intent)
            except ZepixError as error:
                log.warning("what waited for %s waits on: %s", intent_id, error)

    async def _look(self, intent_id: str) -> Intent | None:
        """One sweep: deals first, which settle what they explain, then positions."""
        intent = await self._get(intent_id)
        if intent is None or intent.state not in _OPEN_STATES:
            return intent
        positions = await self._line.broker.positions(intent.book)
        await self._updates.catch_up(intent.book)
        if intent.state is S.SENDING:
            await self._line.executor.run(
                lambda c: (
                    intent_rows.move(c, self._line.clock, intent_id, S.UNKNOWN)
                    if (now := intent_rows.get(c, intent_id)) is not None and now.state is S.SENDING
                    else None
                )
            )
        return await self._line.executor.run(lambda c: self._compare(c, intent_id, positions))

    async def _get(self, intent_id: str) -> Intent | None:
        return await self._line.executor.read(lambda c: intent_rows.get(c, intent_id))

    def _compare(
        self, connection: sqlite3.Connection, intent_id: str, positions: Sequence[Position]
    ) -> Intent | None:
        intent = intent_rows.get(connection, intent_id)
        if intent is None or intent.state not in _OPEN_STATES:
            return intent
        found = None
        if intent.action is Action.OPEN:
            found = self._opened(connection, intent, positions)
        else:
            position = next((p for p in positions if p.ticket == intent.position_id), None)
            if position is None:
                found = self._gone(connection, intent)
            elif intent.action is Action.MODIFY and _near(position, intent):
                found = self._changed(connection, intent)
        if found is None:
            self._note(connection, intent, "not found")
        return found or intent

    def _opened(
        self, connection: sqlite3.Connection, intent: Intent, positions: Sequence[Position]
    ) -> Intent | None:
        for position in positions:
            entry = entry_for_position(connection, self._line.account, position)
            if entry is None or entry.intent_id != intent.intent_id:
                continue
            whole = position.volume >= intent.lots - LEAST
            return intent_rows.move(
                connection, self._line.clock, intent.intent_id, S.FILLED if whole else S.PARTLY_FILLED,
                {"found": "position"}, position_id=position.ticket, fill_price=position.price_open,
                fill_lots=position.volume, reason="",
            )  # fmt: skip
        return None

    def _gone(self, connection: sqlite3.Connection, intent: Intent) -> Intent:
        cause = {"found": "the position is gone"}
        return intent_rows.move(connection, self._line.clock, intent.intent_id, S.CLOSED, cause)

    def _changed(self, connection: sqlite3.Connection, intent: Intent) -> Intent:
        entry = intent_rows.entry_of(connection, intent.account, intent.position_id)
        if entry is not None:
            changed = intent_rows.move(
                connection, self._line.clock, entry.intent_id, entry.state, sl=intent.sl, tp=intent.tp
            )
            update = update_of(changed, UpdateKind.MODIFIED, self._line.clock.now_ns())
            self._updates.emit(connection, update)
        cause = {"found": "stops as asked"}
        return intent_rows.move(connection, self._line.clock, intent.intent_id, S.CLOSED, cause)

    def _conclude(self, intent: Intent) -> Callable[[sqlite3.Connection], Intent]:
        """Not there twice: it was never executed, and it is not sent again."""
        line = self._line

        def work(connection: sqlite3.Connection) -> Intent:
            now = intent_rows.get(connection, intent.intent_id)
            if now is None or now.state is not S.UNKNOWN:
                return now or intent
            cause = {"sweeps": SWEEPS}
            intent_rows.move(connection, line.clock, now.intent_id, S.NOT_SENT, cause, reason=OFFLINE)
            dropped = intent_rows.move(connection, line.clock, now.intent_id, S.DROPPED)
            if dropped.action is Action.OPEN:
                update = update_of(dropped, UpdateKind.REJECTED, line.clock.now_ns(), OFFLINE)
                self._updates.emit(connection, update)
            outbox.put(connection, line.clock, _dropped_notice(dropped))
            return dropped

        return work

    def _note(self, connection: sqlite3.Connection, intent: Intent, found: str) -> None:
        events.append(
            connection, self._line.clock, "lookup", {"state": intent.state.value, "found": found},
            alert_id=intent.alert_id, plugin=intent.plugin, intent_id=intent.intent_id,
        )  # fmt: skip


def unresolved(connection: sqlite3.Connection, account: str) -> tuple[Intent, ...]:
    """Intents whose outcome is not certain, oldest first."""
    found = intent_rows.find(connection, _UNRESOLVED, (account,))
    return tuple(intent for intent in found if intent.state in COMING)


_UNRESOLVED = (
    intent_rows.SELECT
    + " WHERE account = ? AND "
    + intent_rows.MAYBE_OPEN
    + " AND state IN ('planned', 'sending', 'placed', 'unknown') ORDER BY sequence"
)


def _near(position: Position, intent: Intent) -> bool:
    return abs(position.sl - intent.sl) < 1e-9 and abs(position.tp - intent.tp) < 1e-9


def _dropped_notice(intent: Intent) -> Notice:
    what = f"{intent.action.value} {intent.side.value} {intent.lots:g} {intent.symbol}"
    return Notice(
        type="order_failed",
        priority=Priority.HIGH,
        plugin=intent.plugin,
        symbol=intent.symbol,
        alert_id=intent.alert_id,
        text=f"{intent.plugin}: {what} never reached the broker and is dropped",
        data={
            "action": intent.action.value, "lots": intent.lots, "error": "never reached the broker",
            "code": intent.reason, "attempts": intent.attempt, "will_retry": False,
            "intent_id": intent.intent_id,
        },
    )  # fmt: skip
