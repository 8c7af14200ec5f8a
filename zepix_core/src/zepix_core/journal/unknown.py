"""Looks for what a request without an answer, or with no more than a receipt, has done."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

import attrs

from zepix_core.errors import BrokerOffline, OutcomeUnknown, StorageError, WireError, ZepixError
from zepix_core.journal import events, intent_rows, outbox
from zepix_core.journal.deals import update_of
from zepix_core.journal.intents import COMING
from zepix_core.journal.line import OFFLINE, REJECT, OrderLine
from zepix_core.journal.matching import LEAST, entry_for_position, intent_for_order
from zepix_core.journal.retcodes import CLOSE_EXISTS
from zepix_core.journal.updates import Updates
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Action, Book, Intent, IntentState, Position, UpdateKind, WorkingOrder

log = logging.getLogger(__name__)
S = IntentState
APART = 3.0
SWEEPS = 2
BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0)
OTHER_CLOSE = 60.0
"""So long somebody else's order may be the close that was there before ours; then ours is asked for again."""
Resolved = Callable[[Intent], Awaitable[None]]
_OPEN_STATES = frozenset({S.SENDING, S.UNKNOWN, S.PLACED})


class Sight(StrEnum):
    """What one whole answer of the broker's shows of a request.

    ``working``: it waits at the broker. ``gone``: the position it is about is not there, and no deal says
    why. ``absent``: no trace of it.
    """

    SETTLED = "settled"
    WORKING = "working"
    GONE = "gone"
    ABSENT = "absent"


@attrs.frozen(kw_only=True)
class Shown:
    """The broker's books of one moment; ``early`` in the look-up."""

    positions: tuple[Position, ...]
    orders: tuple[WorkingOrder, ...]
    early: bool


class LookUp:
    """Ends `unknown` and `placed`: found at the broker, or not there in two whole answers at least 3 s apart.

    A question that gets no answer counts for nothing. A request whose gateway ended in the middle of it may
    still be executed for a while: until that is over nothing is concluded from its absence.
    """

    def __init__(self, line: OrderLine, updates: Updates) -> None:
        self._line = line
        self._updates = updates
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, float] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._resolved: list[Resolved] = []
        self._stopped = False

    def on_resolved(self, callback: Resolved) -> None:
        """Await ``callback`` with the intent, once its outcome is certain."""
        self._resolved.append(callback)

    def schedule(self, intent_id: str, *, ended: bool = True) -> None:
        """Look for an intent in a task of its own; a look-up that runs already is enough.

        Args:
            ended: The gateway ended in the middle of the request, or nobody knows that it did not.
        """
        if self._stopped or intent_id in self._tasks:
            return
        if ended:
            self._ended[intent_id] = self._line.clock.monotonic()
        self._tasks[intent_id] = asyncio.get_running_loop().create_task(self._run(intent_id))

    @property
    def waiting(self) -> int:
        """How many look-ups run."""
        return len(self._tasks) + len(self._telling)

    async def settled(self) -> None:
        """Wait for all look-ups."""
        while running := (*self._tasks.values(), *self._telling):
            await asyncio.wait(running)

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        self._stopped = True
        running = (*self._tasks.values(), *self._telling)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, intent_id: str) -> None:
        intent: Intent | None = None
        try:
            intent = await self._end_of(intent_id)
        except ZepixError as error:
            log.error("looking for %s was given up: %s", intent_id, error)
        finally:
            # What is told next may send the same intent again, and look for it again.
            task = self._tasks.pop(intent_id)
            self._ended.pop(intent_id, None)
        if intent is None:
            return
        self._telling.add(task)
        try:
            await self._tell(intent)
        finally:
            self._telling.discard(task)

    async def _tell(self, intent: Intent) -> None:
        for callback in self._resolved:
            try:
                await callback(intent)
            except ZepixError as error:
                log.warning("what waited for %s waits on: %s", intent.intent_id, error)

    async def _end_of(self, intent_id: str) -> Intent | None:
        """Look until the outcome is certain; ``None`` when there is no such intent."""
        first: tuple[Sight, float] | None = None
        failures = looks = 0
        began = self._line.clock.monotonic()
        while True:
            try:
                intent, sight = await self._look(intent_id, began)
                failures, now = 0, self._line.clock.monotonic()
                if sight is Sight.SETTLED or intent is None:
                    self._updates.tell([] if intent is None else [intent.plugin])
                    return intent
                if sight is Sight.WORKING:
                    first, looks = None, looks + 1
                elif first is None or first[0] is not sight:
                    first, looks = (sight, now), 0
                elif now - first[1] >= APART and not self._may_come(intent, now):
                    ended = await self._line.executor.run(self._conclude(intent, sight))
                    self._updates.tell([ended.plugin])
                    return ended
                await self._line.clock.sleep(min(BACKOFF[-1], APART * 2.0 ** max(0, looks - 1)))
            except (BrokerOffline, OutcomeUnknown, StorageError, WireError) as error:
                log.info("looking for %s: %s", intent_id, error)
                await self._line.clock.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
                failures, first = failures + 1, None

    def _may_come(self, intent: Intent, now: float) -> bool:
        """Whether a gateway that has ended may still have it executed."""
        since = self._ended.get(intent.intent_id)
        return since is not None and intent.book is Book.LIVE and now - since < self._line.afterlife_seconds

    async def _look(self, intent_id: str, began: float) -> tuple[Intent | None, Sight]:
        """One sweep: what waits, then what is open, then the deals, which settle what they explain.

        In this order an order that is filled meanwhile is seen at least once.
        """
        intent = await self._get(intent_id)
        if intent is None or intent.state not in _OPEN_STATES:
            return intent, Sight.SETTLED
        orders = await self._line.broker.orders(intent.book)
        positions = await self._line.broker.positions(intent.book)
        await self._updates.catch_up(intent.book)
        early = self._line.clock.monotonic() - began < OTHER_CLOSE
        shown = Shown(positions=positions, orders=orders, early=early)
        return await self._line.executor.run(lambda c: self._compare(c, intent_id, shown))

    async def _get(self, intent_id: str) -> Intent | None:
        return await self._line.executor.read(lambda c: intent_rows.get(c, intent_id))

    def _compare(
        self, connection: sqlite3.Connection, intent_id: str, shown: Shown
    ) -> tuple[Intent | None, Sight]:
        intent = intent_rows.get(connection, intent_id)
        if intent is None or intent.state not in _OPEN_STATES:
            return intent, Sight.SETTLED
        if intent.state is S.SENDING:
            intent = intent_rows.move(connection, self._line.clock, intent_id, S.UNKNOWN)
        found: Intent | None = None
        sight = Sight.ABSENT
        if intent.action is Action.OPEN:
            found = self._opened(connection, intent, shown.positions)
        else:
            position = next((p for p in shown.positions if p.ticket == intent.position_id), None)
            if position is None:
                found = self._explained(connection, intent)
                sight = Sight.GONE
            elif intent.action is Action.MODIFY and _near(position, intent):
                found = self._changed(connection, intent)
        if found is not None:
            return found, Sight.SETTLED
        if self._waits(connection, intent, shown):
            return intent_rows.get(connection, intent_id), Sight.WORKING
        self._note(connection, intent, sight.value)
        return intent, sight

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

    def _explained(self, connection: sqlite3.Connection, intent: Intent) -> Intent | None:
        """A close or change of a position that is gone is over once a deal says why it is gone."""
        entry = intent_rows.entry_of(connection, intent.account, intent.position_id)
        if entry is None or entry.state is not S.CLOSED:
            return None
        cause = {"found": "the position is closed"}
        return intent_rows.move(connection, self._line.clock, intent.intent_id, S.CLOSED, cause)

    def _waits(self, connection: sqlite3.Connection, intent: Intent, shown: Shown) -> bool:
        """Whether it waits at the broker; one without an answer is `placed` then."""
        for order in shown.orders:
            found = intent_for_order(connection, self._line.account, order)
            if found is not None and found.intent_id == intent.intent_id:
                cause = {"found": "order", "order": order.ticket}
                intent_rows.move(
                    connection, self._line.clock, intent.intent_id, S.PLACED, cause,
                    order_ticket=order.ticket, reason="",
                )  # fmt: skip
                return True
            other = (order.symbol, order.side) == (intent.symbol, intent.side)
            if intent.retcode == CLOSE_EXISTS and other and shown.early:
                return True  # the close that was there before ours
        return False

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

    def _conclude(self, intent: Intent, sight: Sight) -> Callable[[sqlite3.Connection], Intent]:
        """What two whole answers at least 3 s apart have shown stands."""

        def work(connection: sqlite3.Connection) -> Intent:
            now = intent_rows.get(connection, intent.intent_id)
            if now is None or now.state not in (S.UNKNOWN, S.PLACED):
                return now or intent
            cause = {"sweeps": SWEEPS, "found": sight.value}
            if sight is Sight.GONE:
                return intent_rows.move(connection, self._line.clock, now.intent_id, S.CLOSED, cause)
            if now.state is S.PLACED and now.action is Action.OPEN:
                return self._fell(connection, now, cause)
            return self._drop(connection, now, cause)

        return work

    def _fell(self, connection: sqlite3.Connection, intent: Intent, cause: Mapping[str, object]) -> Intent:
        """An entry that was accepted is neither filled nor waiting: it was cancelled, or has expired."""
        line = self._line
        why = "accepted, and then neither filled nor waiting"
        rejected = intent_rows.move(
            connection, line.clock, intent.intent_id, S.REJECTED, {**cause, "message": why}, reason=REJECT
        )
        update = update_of(rejected, UpdateKind.REJECTED, line.clock.now_ns(), REJECT)
        self._updates.emit(connection, update)
        outbox.put(connection, line.clock, _failed_notice(rejected, f"was {why}"))
        return rejected

    def _drop(self, connection: sqlite3.Connection, intent: Intent, cause: Mapping[str, object]) -> Intent:
        """It was never executed; an entry is not sent again."""
        line = self._line
        if intent.state is S.PLACED:
            intent_rows.move(connection, line.clock, intent.intent_id, S.UNKNOWN, cause)
        intent_rows.move(connection, line.clock, intent.intent_id, S.NOT_SENT, cause, reason=OFFLINE)
        dropped = intent_rows.move(connection, line.clock, intent.intent_id, S.DROPPED)
        if dropped.action is Action.OPEN:
            update = update_of(dropped, UpdateKind.REJECTED, line.clock.now_ns(), OFFLINE)
            self._updates.emit(connection, update)
        outbox.put(connection, line.clock, _failed_notice(dropped, "never reached the broker and is dropped"))
        return dropped

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


def _failed_notice(intent: Intent, what: str) -> Notice:
    order = f"{intent.action.value} {intent.side.value} {intent.lots:g} {intent.symbol}"
    return Notice(
        type="order_failed",
        priority=Priority.HIGH,
        plugin=intent.plugin,
        symbol=intent.symbol,
        alert_id=intent.alert_id,
        text=f"{intent.plugin}: {order} {what}",
        data={
            "action": intent.action.value, "lots": intent.lots, "error": what,
            "code": intent.reason, "attempts": intent.attempt, "will_retry": False,
            "intent_id": intent.intent_id,
        },
    )  # fmt: skip
