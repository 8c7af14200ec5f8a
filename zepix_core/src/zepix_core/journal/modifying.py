"""Changing stops of own positions; a stop is never removed, and never taken away first."""

import math

import attrs

from zepix_core.errors import BadArgument, BrokerOffline
from zepix_core.journal import intent_rows
from zepix_core.journal.intents import OVER, comment_of, intent_id, magic_of
from zepix_core.journal.line import OFFLINE, REJECT, UNRESOLVED
from zepix_core.journal.outcomes import SETTLED
from zepix_core.journal.sending import Sending
from zepix_core.model.order import Action, Book, Intent, IntentState, OrderResult, Position
from zepix_core.rules.decimals import half_up
from zepix_core.rules.stops import check_stops, least_distance
from zepix_core.rules.tiers import open_risk
from zepix_core.services.calls import ModifyRequest
from zepix_core.services.context import CallContext

S = IntentState


class Modifying:
    """Stop changes of one account."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._line = sending.line

    async def modify(self, ctx: CallContext, request: ModifyRequest) -> OrderResult:
        """Set new stops; ``None`` keeps the present value, and equal values send nothing.

        Raises:
            BadArgument: Neither stop is given, a number is not a price, or no key outside ``on_alert``.
        """
        given = [value for value in (request.sl, request.tp) if value is not None]
        if not given or any(not math.isfinite(value) or value < 0 for value in given):
            raise BadArgument("modify needs a new stop loss or take profit, as a price.")
        key = ctx.event_key(request.key)
        async with self._line.lock:
            entry, code = await self._sending.own(ctx, request.ticket)
            if entry is None:
                return _refused(request, code)
            try:
                positions = await self._line.broker.positions(entry.book)
            except BrokerOffline as error:
                return _refused(request, OFFLINE, error.message)
            position = next((p for p in positions if p.ticket == request.ticket), None)
            if position is None:
                return _refused(request, "NO_SUCH_POSITION", "the position is closed")
            return await self._change(ctx, request, entry, position, key)

    async def again(self, intent: Intent) -> None:
        """Send a change again that the broker refused for now; the caller knows that it is still wanted."""
        async with self._line.lock:
            now = await self._line.executor.read(lambda c: intent_rows.get(c, intent.intent_id))
            if now is not None and now.state is S.REJECTED and not self._line.ending.is_set():
                await self._sending.trade(await self._sending.reopen(now, now.lots), once=True)

    async def restore(self, entry: Intent, key: str) -> OrderResult:
        """Set the stop that a position of ours has lost, a single time; no house rule holds it back.

        A position that is gone, or has a stop again, is as good as done.
        """
        request = ModifyRequest(ticket=entry.position_id, sl=entry.sl)
        async with self._line.lock:
            try:
                positions = await self._line.broker.positions(entry.book)
            except BrokerOffline as error:
                return _refused(request, OFFLINE, error.message)
            position = next((p for p in positions if p.ticket == entry.position_id), None)
            if position is None or position.sl > 0:
                return _done(request, entry.sl, entry.tp, entry)
            one = intent_id(key, entry.plugin, f"{entry.leg}@{request.ticket}/{entry.sl}", Action.MODIFY)
            known = await self._line.executor.read(lambda c: intent_rows.get(c, one))
            if known is not None and known.state in OVER:
                intent = await self._sending.reopen(known, known.lots)
            elif known is None:
                made = await self._intent(None, entry, position, entry.sl, position.tp, one, key)
                intent = await self._sending.write(made)
            else:
                return _refused(request, UNRESOLVED, "the broker has not answered the same change yet")
            settled, message = await self._sending.trade(intent, once=True)
        return _told(request, entry, settled, message)

    async def _change(
        self, ctx: CallContext, request: ModifyRequest, entry: Intent, position: Position, key: str
    ) -> OrderResult:
        digits = 5 if (info := self._line.quotes.symbol(entry.symbol)) is None else info.digits
        sl = position.sl if request.sl is None else half_up(request.sl, digits)
        tp = position.tp if request.tp is None else half_up(request.tp, digits)
        tiny = 10.0**-digits / 2
        if abs(sl - position.sl) < tiny and abs(tp - position.tp) < tiny:
            return _done(request, sl, tp, entry)
        fault = await self._fault(entry, position, sl, tp, tiny)
        fault = fault or await self._wider(ctx, entry, position, sl)
        if fault:
            return _refused(request, *fault)
        one = intent_id(key, entry.plugin, f"{entry.leg}@{request.ticket}/{sl}/{tp}", Action.MODIFY)
        known = await self._line.executor.read(lambda c: intent_rows.get(c, one))
        if known is not None and known.state in (S.SENDING, S.UNKNOWN):
            return _refused(request, UNRESOLVED, "the broker has not answered the same change yet")
        if known is not None and known.state not in OVER:
            return _done(request, sl, tp, entry)
        if known is not None:
            intent = await self._sending.reopen(known, known.lots)
        else:
            made = await self._intent(ctx.alert_id, entry, position, sl, tp, one, key)
            intent = await self._sending.write(made)
        settled, message = await self._sending.trade(intent)
        return _told(request, entry, settled, message)

    async def _fault(
        self, entry: Intent, position: Position, sl: float, tp: float, tiny: float
    ) -> tuple[str, str] | None:
        """Judge only what changes: the market may be near a stop that stays."""
        info = self._line.quotes.symbol(entry.symbol)
        try:
            tick = await self._line.quotes.ask(entry.symbol)
        except BrokerOffline as error:
            return OFFLINE, error.message
        if info is None or tick is None:
            return "NO_PRICE", f"no price of {entry.symbol}"
        if sl <= 0:
            return "INVALID_STOPS", "a position keeps a stop loss"
        least = least_distance(info.stops_level, info.point, info.min_sl_distance)
        tp_least = least_distance(info.stops_level, info.point)
        new_sl = 0.0 if abs(sl - position.sl) < tiny else sl
        new_tp = 0.0 if abs(tp - position.tp) < tiny else tp
        check = check_stops(position.side, tick.bid, tick.ask, new_sl, new_tp, least, tp_least)
        return ("INVALID_STOPS", check.fault) if check.fault else None

    async def _wider(
        self, ctx: CallContext, entry: Intent, position: Position, sl: float
    ) -> tuple[str, str] | None:
        """A stop moved away puts more money at risk: it has to fit in the limits as a new trade has to."""
        info = self._line.quotes.symbol(entry.symbol)
        present = position.sl or entry.sl
        if info is None or not present or (sl - present) * position.side.sign >= 0:
            return None
        before, after = (
            open_risk(
                position.side.sign, position.price_open, stop, position.volume, info.pip_size, info.pip_value
            )
            for stop in (present, sl)
        )
        owner = ctx.plugin if ctx.plugin.id == entry.plugin else self._line.risk.plugin(entry.plugin)
        owner = attrs.evolve(owner, shadow=entry.book is Book.SHADOW)
        return await self._line.risk.more(owner, after - before, after)

    async def _intent(
        self, alert_id: int | None, entry: Intent, position: Position, sl: float, tp: float, one: str,
        key: str,
    ) -> Intent:  # fmt: skip
        number = await self._line.number(entry.plugin)
        return Intent(
            intent_id=one, alert_key=key, alert_id=alert_id, plugin=entry.plugin, leg=entry.leg,
            action=Action.MODIFY, symbol=entry.symbol, side=entry.side, lots=position.volume,
            price=position.price_open, sl=sl, tp=tp,
            magic=magic_of(self._line.settings.host_id, number.number, entry.leg),
            comment=comment_of(number.tag, one, entry.leg), state=S.SENDING, account=self._line.account,
            book=entry.book, position_id=position.ticket, label=entry.label, group=entry.group,
        )  # fmt: skip


def _told(request: ModifyRequest, entry: Intent, settled: Intent, message: str) -> OrderResult:
    if settled.state in SETTLED:
        return _done(request, settled.sl, settled.tp, entry, settled)
    code = settled.reason if settled.state in OVER and settled.reason else UNRESOLVED
    return _refused(request, code if code == code.upper() else REJECT, message, settled)


def _done(
    request: ModifyRequest, sl: float, tp: float, entry: Intent, intent: Intent | None = None
) -> OrderResult:
    return OrderResult(
        ok=True, ticket=request.ticket, volume=entry.fill_lots, price=entry.fill_price, sl=sl, tp=tp,
        retcode=0 if intent is None else intent.retcode, intent_id=entry.intent_id, leg=entry.leg,
    )  # fmt: skip


def _refused(
    request: ModifyRequest, code: str, message: str = "", intent: Intent | None = None
) -> OrderResult:
    return OrderResult(
        ok=False, ticket=request.ticket, code=code, message=message,
        retcode=0 if intent is None else intent.retcode,
    )  # fmt: skip
