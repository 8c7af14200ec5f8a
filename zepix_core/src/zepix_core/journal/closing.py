"""Closing own positions: no pause, cap or rate holds a close back."""

import logging
import sqlite3

import attrs

from zepix_core.errors import BadArgument, BrokerOffline, StorageError
from zepix_core.journal import close_parts, intent_rows
from zepix_core.journal.close_parts import PARTS, CloseCase
from zepix_core.journal.close_results import PARTLY, CloseResults, refused
from zepix_core.journal.close_unwritten import close_unwritten
from zepix_core.journal.intents import OVER, comment_of, magic_of, ours
from zepix_core.journal.ledger import LEAST, closed_volume
from zepix_core.journal.line import OFFLINE, REJECT, UNRESOLVED, Sent
from zepix_core.journal.outcomes import SETTLED
from zepix_core.journal.retcodes import ASKED_AGAIN, CLOSE_EXISTS, TOO_MUCH
from zepix_core.journal.sending import Sending
from zepix_core.model.order import Action, Book, CloseResult, Intent, IntentState, Position
from zepix_core.rules.lots import close_lots, close_part
from zepix_core.services.calls import CloseRequest
from zepix_core.services.context import CallContext
from zepix_core.services.gates import CORE

log = logging.getLogger(__name__)
S = IntentState
ATTEMPTS = 3
APART = 1.0
LATE_TRIES = 30
NOT_OURS = {"NO_SUCH_POSITION": "there is no such position", "NOT_OWNER": "it is another plugin's"}
_PENDING = (
    "SELECT count(*) FROM intents WHERE account = ? AND action = 'close' AND position_id = ?"
    " AND position_id != 0 AND intent_id != ? AND state IN ('sending', 'unknown')"
)


class Closing:
    """Full and partial closes of one account."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._line = sending.line
        self._results = CloseResults(line=sending.line)

    async def close(self, ctx: CallContext, request: CloseRequest) -> CloseResult:
        """Close a position or a part of it, once. One that is gone is a success with what its deals say.

        What the broker leaves of it is asked for again, as a further part; a repeat goes on where it ended.

        Raises:
            BadArgument: The percentage is not above 0 and at most 100, or no key outside ``on_alert``.
        """
        if not 0 < request.percentage <= 100:
            raise BadArgument(f"percentage must be above 0 and at most 100, not {request.percentage:g}.")
        key = ctx.event_key(request.key)
        async with self._line.lock:
            entry, code = await self._sending.own(ctx, request.ticket)
            if entry is None and ctx.plugin.id == CORE:
                entry = await self._lost(request.ticket)
            if entry is None:
                return refused(request, code, NOT_OURS.get(code, ""))
            first = close_parts.first_id(key, entry, request.percentage)
            parts = await self._line.executor.read(lambda c: close_parts.known(c, first))
            return await self._go_on(
                CloseCase(
                    entry=entry, request=request, key=key, first=first, alert_id=ctx.alert_id, parts=parts
                )
            )

    async def _lost(self, ticket: int) -> Intent | None:
        """A position with our magic that the journal does not know (a backup was put back), for a person who
        closes it; ``None`` for anybody else's."""
        try:
            shown = await self._line.broker.positions(Book.SHADOW if ticket < 0 else Book.LIVE)
        except BrokerOffline:
            return None
        found = next((p for p in shown if p.ticket == ticket), None)
        if found is None or not ours(found.magic, self._line.settings.host_id):
            return None
        return Intent(
            intent_id="", alert_key="", alert_id=None, plugin=CORE, leg="", action=Action.OPEN,
            symbol=found.symbol, side=found.side, lots=found.volume, price=found.price_open, sl=found.sl,
            tp=found.tp, magic=found.magic, comment=found.comment, state=S.NEEDS_HUMAN,
            account=self._line.account, book=found.book, position_id=ticket, fill_price=found.price_open,
            fill_lots=found.volume,
        )  # fmt: skip

    async def again(self, intent: Intent) -> None:
        """What is left to do when a close's outcome is known late: one that certainly was not executed is
        sent again, and one that filled a part is followed by the next."""
        if intent.action is not Action.CLOSE:
            return
        tries = 0
        while tries < LATE_TRIES and not self._line.ending.is_set():
            code = await self._again(intent.intent_id)
            if code not in (OFFLINE, UNRESOLVED):
                return
            tries += code == UNRESOLVED
            await self._line.pause(APART)

    async def _again(self, one: str) -> str:
        """The code of what came of it; the broker that is away is asked once more."""
        async with self._line.lock:
            parts = await self._line.executor.read(lambda c: close_parts.known(c, one))
            case = await self._late(*parts)
            if case is None:
                return ""
            before = case.parts
            result = await self._go_on(case)
            now = await self._line.executor.read(lambda c: close_parts.known(c, one))
            return result.code if now == before else ""

    async def _late(self, part: Intent, *more: Intent) -> CloseCase | None:
        """The close that a part with a late outcome belongs to, when something of it is left to do."""
        if more:
            return None

        def read(connection: sqlite3.Connection) -> tuple[Intent | None, int]:
            entry = intent_rows.entry_of(connection, part.account, part.position_id)
            return entry, close_parts.made(connection, part)

        entry, made = await self._line.executor.read(read)
        dropped = part.state is S.DROPPED and part.attempt < ATTEMPTS
        dropped = dropped or (part.state is S.REJECTED and part.retcode in ASKED_AGAIN[Action.CLOSE])
        if entry is None or not (dropped or (close_parts.missing(part) and made < PARTS)):
            return None
        return CloseCase(
            entry=entry, request=CloseRequest(ticket=part.position_id, reason=part.label),
            key=part.alert_key, first=part.intent_id, alert_id=part.alert_id, parts=(part,), late=True,
        )  # fmt: skip

    async def _go_on(self, case: CloseCase) -> CloseResult:
        """Ask for what is left, part by part, until all is closed that was to be."""
        while True:
            last = case.last
            if last is not None and last.state in SETTLED:
                rest = close_parts.missing(last)
                if last.fill_lots <= LEAST:
                    return await self._gone(case)
                if not rest:
                    return await self._results.of_parts(case.entry, case.request, case.done)
                if len(case.parts) >= PARTS:
                    return await self._short(case, PARTLY, f"{rest:g} lots are left")
            elif last is not None and case.retried is None:
                return await self._short(case, UNRESOLVED, last.reason)
            sent = await self._next(case)
            if isinstance(sent, CloseResult):
                return sent
            case = sent

    async def _next(self, case: CloseCase) -> CloseCase | CloseResult:
        """Send one part; a result when that ends the close."""
        try:
            position = await self._position(case)
        except BrokerOffline as error:
            return await self._short(case, OFFLINE, f"the positions cannot be read: {error.message}")
        if position is None:
            return await self._gone(case)
        lots = self._lots(case, position)
        if lots is None:
            return await self._short(case, "VOLUME_TOO_SMALL", "the part is below the smallest volume")
        if position.volume - lots > LEAST:
            why = await self._not_now(case, position)
            if why:
                return await self._short(case, UNRESOLVED, why)
        made = await self._intent(case, position, lots)
        try:
            intent = await self._write(case, made)
        except StorageError as error:
            if position.volume - lots > LEAST:
                raise
            return await close_unwritten(self._line, made, case.request, error)
        settled, message = await self._sending.trade(intent, self._corrected)
        case = case.with_part(settled)
        return case if settled.state in SETTLED else await self._failed(case, settled, message)

    def _lots(self, case: CloseCase, position: Position) -> float | None:
        """How much to close now; ``None`` when that is too little."""
        info = self._line.quotes.symbol(case.entry.symbol)
        minimum, step = (info.volume_min, info.volume_step) if info is not None else (0.01, 0.01)
        if case.whole:
            part = close_part(position.volume, 100.0, minimum, step)
        elif case.done:
            part = close_lots(position.volume, close_parts.missing(case.done[-1]), minimum, step)
        elif case.late and case.last is not None:
            if case.last.state is S.REJECTED:  # it certainly closed nothing
                return min(case.last.lots, position.volume)
            enough = position.volume >= case.last.lots - LEAST
            return case.last.lots if enough else None
        else:
            part = close_part(position.volume, case.request.percentage, minimum, step)
        return None if part is None else part.closed

    async def _not_now(self, case: CloseCase, position: Position) -> str:
        """Why closing a part would be a guess, "" when it is none: a whole close may be asked for twice."""
        entry, own = case.entry, "" if case.retried is None else case.retried.intent_id

        def read(connection: sqlite3.Connection) -> tuple[int, float]:
            pending = connection.execute(_PENDING, (self._line.account, position.ticket, own)).fetchone()[0]
            return pending, closed_volume(connection, self._line.account, position.ticket)

        pending, closed = await self._line.executor.read(read)
        if pending:
            return "another close of this position has no answer yet"
        if case.done and position.volume < entry.fill_lots - closed - LEAST:
            return "its deals are not all here yet"
        return ""

    async def _write(self, case: CloseCase, made: Intent) -> Intent:
        if case.retried is None:
            return await self._sending.write(made)
        return await self._sending.reopen(case.retried, made.lots)

    async def _corrected(self, sent: Sent) -> float | None:
        """The volume to try once more with, when the position held less than was to be closed."""
        if sent.reply is None or sent.reply.retcode != TOO_MUCH:
            return None
        try:
            positions = await self._line.broker.positions(sent.intent.book)
        except BrokerOffline:
            return None
        held = next((p.volume for p in positions if p.ticket == sent.intent.position_id), 0.0)
        return held if LEAST < held < sent.intent.lots - LEAST else None

    async def _failed(self, case: CloseCase, part: Intent, message: str) -> CloseResult:
        """The result of a part that did not go through; one that was refused because the position is gone
        is none."""
        if part.state not in OVER:
            watched = "a close of it is on its way already" if part.retcode == CLOSE_EXISTS else part.reason
            return await self._short(case, UNRESOLVED, message or watched)
        try:
            if await self._position(case) is None:
                return await self._gone(case)
        except BrokerOffline as error:
            log.info("position %s cannot be looked at: %s", part.position_id, error)
        code = part.reason if part.reason and part.reason == part.reason.upper() else REJECT
        return await self._short(case, code, message or part.reason)

    async def _short(self, case: CloseCase, code: str, message: str) -> CloseResult:
        """Not all is closed that was to be."""
        result = refused(case.request, code, message)
        if not any(part.fill_lots for part in case.done):
            return result
        closed = await self._results.of_parts(case.entry, case.request, case.done)
        return attrs.evolve(closed, success=False, code=code, message=message)

    async def _position(self, case: CloseCase) -> Position | None:
        positions = await self._line.broker.positions(case.entry.book)
        return next((p for p in positions if p.ticket == case.request.ticket), None)

    async def _intent(self, case: CloseCase, position: Position, lots: float) -> Intent:
        entry, request = case.entry, case.request
        number = await self._line.number(entry.plugin)
        one = case.first if not case.done else close_parts.next_id(case.done[-1])
        return Intent(
            intent_id=one, alert_key=case.key, alert_id=case.alert_id, plugin=entry.plugin, leg=entry.leg,
            action=Action.CLOSE, symbol=entry.symbol, side=entry.side.opposite, lots=lots,
            price=position.price_current, sl=0.0, tp=0.0,
            magic=magic_of(self._line.settings.host_id, number.number, entry.leg),
            comment=comment_of(number.tag, one, entry.leg), state=S.SENDING, account=self._line.account,
            book=entry.book, position_id=request.ticket, label=request.reason, group=entry.group,
        )  # fmt: skip

    async def _gone(self, case: CloseCase) -> CloseResult:
        try:
            await self._sending.updates.catch_up(case.entry.book)
        except BrokerOffline as error:
            return await self._short(case, UNRESOLVED, f"the deals cannot be read: {error.message}")
        return await self._results.of_gone(case.entry, case.request)
