"""Closing own positions: no pause, cap or rate holds a close back."""

import logging
import sqlite3
from collections.abc import Sequence

import attrs

from zepix_core.clock import moment
from zepix_core.errors import BadArgument, BrokerOffline, StorageError
from zepix_core.journal import deal_rows, intent_rows
from zepix_core.journal.intents import OVER, comment_of, intent_id, magic_of, ours
from zepix_core.journal.ledger import closed_volume
from zepix_core.journal.line import OFFLINE, REJECT, UNRESOLVED
from zepix_core.journal.outcomes import SETTLED
from zepix_core.journal.retcodes import ReplyClass
from zepix_core.journal.sending import Sending, still_wanted
from zepix_core.model.order import (
    Action,
    Book,
    CloseResult,
    Deal,
    DealEntry,
    Intent,
    IntentState,
    Position,
)
from zepix_core.rules.lots import ClosePart, close_part
from zepix_core.rules.pips import profit_pips
from zepix_core.services.calls import CloseRequest
from zepix_core.services.context import CallContext
from zepix_core.services.gates import CORE

log = logging.getLogger(__name__)
S = IntentState
ATTEMPTS = 3
APART = 1.0
NOT_OURS = {"NO_SUCH_POSITION": "there is no such position", "NOT_OWNER": "it is another plugin's"}
CLOSED_BEFORE = "it was closed already"
_PENDING = (
    "SELECT count(*) FROM intents WHERE account = ? AND action = 'close' AND position_id = ?"
    " AND position_id != 0 AND intent_id != ? AND state IN ('sending', 'unknown')"
)


class Closing:
    """Full and partial closes of one account."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._line = sending.line

    async def close(self, ctx: CallContext, request: CloseRequest) -> CloseResult:
        """Close a position or a part of it, once. One that is gone is a success with what its deals say.

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
                return _refused(request, code, NOT_OURS.get(code, ""))
            what = f"{entry.leg}@{request.ticket}/{request.percentage:g}"
            one = intent_id(key, entry.plugin, what, Action.CLOSE)
            known = await self._line.executor.read(lambda c: intent_rows.get(c, one))
            if known is not None and known.state not in OVER:
                return await self._result(entry, known, request)
            return await self._close(ctx, request, entry, known, one, key)

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
        """A close that certainly was not executed is sent again; the position still needs it."""
        if intent.action is not Action.CLOSE or intent.state is not S.DROPPED or intent.attempt >= ATTEMPTS:
            return
        while not await self._again(intent):
            await self._line.clock.sleep(APART)

    async def _again(self, intent: Intent) -> bool:
        """False when the broker cannot be asked now."""
        async with self._line.lock:
            try:
                position = await self._position(intent, intent.position_id)
            except BrokerOffline:
                return False
            now = await self._line.executor.read(lambda c: intent_rows.get(c, intent.intent_id))
            if now is None or now.state is not S.DROPPED:
                return True
            if position is not None and position.volume >= intent.lots - 1e-9:
                await self._sending.trade(await self._sending.reopen(intent, intent.lots))
            return True

    async def _close(
        self, ctx: CallContext, request: CloseRequest, entry: Intent, known: Intent | None, one: str, key: str
    ) -> CloseResult:
        try:
            position = await self._position(entry, request.ticket)
        except BrokerOffline as error:
            return _refused(request, OFFLINE, f"the positions cannot be read: {error.message}")
        if position is None:
            return await self._gone(entry, request)
        part = self._part(entry, position, request)
        if part is None:
            return _refused(request, "VOLUME_TOO_SMALL", "the part is below the smallest volume")
        if part.remaining > 0 and await self._pending(request.ticket, one):
            return _refused(request, UNRESOLVED, "another close of this position has no answer yet")
        made = await self._intent(ctx, request, entry, position, one, key, part)
        try:
            if known is not None:
                intent = await self._sending.reopen(known, part.closed)
            else:
                intent = await self._sending.write(made)
        except StorageError as error:
            if part.remaining > 0:
                raise
            return await self._unwritten(made, request, error)
        settled, message = await self._sending.trade(intent)
        return await self._result(entry, settled, request, message)

    async def _unwritten(self, intent: Intent, request: CloseRequest, error: StorageError) -> CloseResult:
        """Close although the journal cannot be written: a full disk must keep nobody in the market.

        A whole close may be asked for twice: the second finds nothing. Its deal is booked later.
        """
        log.critical("position %s is closed unwritten: %s", request.ticket, error)
        try:
            sent = await self._line.send(intent, still_wanted)
        except StorageError:
            return _refused(request, UNRESOLVED, "the journal cannot be written")
        if sent.kind is not ReplyClass.DONE or sent.reply is None:
            return _refused(request, sent.code or UNRESOLVED, sent.message)
        return CloseResult(
            success=True, order_id=request.ticket, closed_volume=sent.reply.volume, reason=request.reason
        )

    async def _position(self, entry: Intent, ticket: int) -> Position | None:
        positions = await self._line.broker.positions(entry.book)
        return next((p for p in positions if p.ticket == ticket), None)

    async def _pending(self, ticket: int, one: str) -> bool:
        parameters = (self._line.account, ticket, one)
        count = await self._line.executor.read(lambda c: c.execute(_PENDING, parameters).fetchone()[0])
        return bool(count)

    def _part(self, entry: Intent, position: Position, request: CloseRequest) -> ClosePart | None:
        info = self._line.quotes.symbol(entry.symbol)
        minimum, step = (info.volume_min, info.volume_step) if info is not None else (0.01, 0.01)
        return close_part(position.volume, request.percentage, minimum, step)

    async def _intent(
        self, ctx: CallContext, request: CloseRequest, entry: Intent, position: Position, one: str, key: str,
        part: ClosePart,
    ) -> Intent:  # fmt: skip
        number = await self._line.number(entry.plugin)
        return Intent(
            intent_id=one, alert_key=key, alert_id=ctx.alert_id, plugin=entry.plugin, leg=entry.leg,
            action=Action.CLOSE, symbol=entry.symbol, side=entry.side.opposite, lots=part.closed,
            price=position.price_current, sl=0.0, tp=0.0,
            magic=magic_of(self._line.settings.host_id, number.number, entry.leg),
            comment=comment_of(number.tag, one, entry.leg), state=S.SENDING, account=self._line.account,
            book=entry.book, position_id=request.ticket, label=request.reason, group=entry.group,
        )  # fmt: skip

    async def _gone(self, entry: Intent, request: CloseRequest) -> CloseResult:
        try:
            await self._sending.updates.catch_up(entry.book)
        except BrokerOffline as error:
            return _refused(request, UNRESOLVED, f"the deals cannot be read: {error.message}")
        account, ticket = self._line.account, request.ticket
        deals = await self._line.executor.read(lambda c: deal_rows.of_position(c, account, ticket))
        outs = [deal for deal in deals if deal.entry is DealEntry.OUT]
        return attrs.evolve(self._summed(entry, request, outs, 0.0), message=CLOSED_BEFORE)

    async def _result(
        self, entry: Intent, intent: Intent, request: CloseRequest, message: str = ""
    ) -> CloseResult:
        if intent.state not in SETTLED:
            code = intent.reason if intent.state in OVER and intent.reason else UNRESOLVED
            return _refused(request, code if code == code.upper() else REJECT, message or intent.reason)
        account, ticket = self._line.account, request.ticket

        def read(connection: sqlite3.Connection) -> tuple[tuple[Deal, ...], float]:
            deals = deal_rows.of_position(connection, account, ticket)
            return deals, closed_volume(connection, account, ticket)

        deals, closed = await self._line.executor.read(read)
        mine = [deal for deal in deals if deal.ticket == intent.deal_ticket]
        if not mine and not intent.fill_lots:
            mine = [deal for deal in deals if deal.entry is DealEntry.OUT]
        remaining = max(0.0, round(entry.fill_lots - closed, 8))
        result = self._summed(entry, request, mine, remaining)
        return result if mine else attrs.evolve(result, closed_volume=intent.fill_lots)

    def _summed(
        self, entry: Intent, request: CloseRequest, deals: Sequence[Deal], remaining: float
    ) -> CloseResult:
        info = self._line.quotes.symbol(entry.symbol)
        volume = round(sum(deal.volume for deal in deals), 8)
        pips = 0.0
        if info is not None and volume:
            mean = sum(deal.price * deal.volume for deal in deals) / volume
            pips = profit_pips(entry.side, entry.fill_price, mean, info.pip_size)
        return CloseResult(
            success=True,
            order_id=request.ticket,
            closed_volume=volume,
            remaining_volume=remaining,
            profit_pips=pips,
            profit_dollars=round(sum(deal.profit for deal in deals), 2),
            reason=request.reason,
            closed_at=moment(deals[-1].time_ns) if deals else None,
        )


def _refused(request: CloseRequest, code: str, message: str = "") -> CloseResult:
    return CloseResult(
        success=False, order_id=request.ticket, reason=request.reason, code=code, message=message
    )
