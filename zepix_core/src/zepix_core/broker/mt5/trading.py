"""How a request becomes a call of ``order_send``. Runs on the session's thread.

A request is sent once; it is sent again under another filling policy only, after the server refused the
first as such.
"""

import math
from typing import Any

import attrs

from zepix_core.broker.mt5.failures import FINE, INVALID_PARAMS, failure_of
from zepix_core.broker.mt5.filling import chosen, in_turn
from zepix_core.broker.mt5.numbers import HEDGING
from zepix_core.broker.mt5.prices import on_tick_size
from zepix_core.broker.mt5.replies import EXECUTED, answer, fill_of, refusal, told_whole, with_fill
from zepix_core.broker.mt5.requests import (
    Held,
    Request,
    comment_fault,
    entry,
    filled_by,
    leaving,
    stops,
)
from zepix_core.broker.mt5.rows import deals_of, held_of, tick_of
from zepix_core.broker.mt5.session import Session
from zepix_core.broker.mt5.stops import frozen, too_near
from zepix_core.broker.mt5.symbols import room_of, volume_rules
from zepix_core.broker.mt5.volume import volume_fault
from zepix_core.broker.retcodes import Retcode
from zepix_core.errors import BrokerOffline, OutcomeUnknown
from zepix_core.model.market import Tick
from zepix_core.model.order import Action, Deal, OrderReply, OrderRequest

TOLERANCE = 1e-9
ALGO_OFF = (
    "Algo Trading is off in the terminal: press its button, and look under Tools, Options, Expert Advisors"
)
NETTING = "a netting account would merge this with the position it holds in the symbol"


@attrs.frozen(kw_only=True)
class Traded:
    """The answer to a request.

    Attributes:
        deals: Deals it made, as far as the history shows them by now.
        waits: The history does not show the fill yet: look again with `Trader.look`.
    """

    reply: OrderReply
    deals: tuple[Deal, ...] = ()
    waits: bool = False


class _Refused(Exception):
    def __init__(self, code: Retcode, why: str) -> None:
        super().__init__(why)
        self.code = code


class Trader:
    """Carries out requests, one after the other."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def trade(self, request: OrderRequest) -> Traded:
        """Check a request, send it, and read what it did.

        Raises:
            LinkLost: Nothing was sent.
            OutcomeUnknown: It may have been executed.
        """
        account = self._session.verify()
        try:
            self._check_numbers(request)
            self._check_switches()
            if request.action is Action.OPEN:
                made, policies = self._entry(request, account)
            elif request.action is Action.CLOSE:
                made, policies = self._leaving(request)
            else:
                return self._change(request)
            return self._deal(request, made, policies)
        except _Refused as refused:
            return Traded(reply=refusal(refused.code, str(refused), request.position))

    def look(self, traded: Traded) -> Traded:
        """Read the history once more for the fill of what was done."""
        reply, session = traded.reply, self._session
        rows = session.module.history_deals_get(ticket=reply.order) if reply.order else None
        fill = fill_of(rows or (), reply.order)
        if fill is None:
            return traded
        deals = deals_of(session.deals.new(rows or ()), session.names, session.offsets)
        whole = with_fill(reply, fill)
        self._expect(whole.position)
        return Traded(reply=whole, deals=deals)

    # Checks.

    def _check_numbers(self, request: OrderRequest) -> None:
        numbers = (request.lots, request.price, request.sl, request.tp)
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            raise _Refused(Retcode.INVALID, "a number is negative or not finite")
        if fault := comment_fault(request.comment):
            raise _Refused(Retcode.INVALID, fault)

    def _check_switches(self) -> None:
        terminal = self._session.need("terminal_info")
        if terminal.tradeapi_disabled or not terminal.trade_allowed:
            raise _Refused(Retcode.CLIENT_DISABLES_AT, ALGO_OFF)

    def _symbol(self, name: str) -> tuple[Any, Tick]:
        """The symbol's record and its quote now."""
        session = self._session
        theirs = session.names.theirs(name)
        row = session.maybe("symbol_info", theirs)
        if row is None:
            raise _Refused(Retcode.INVALID, f"the broker has no symbol {theirs}")
        if not row.select:
            session.module.symbol_select(theirs, True)
        quoted = session.maybe("symbol_info_tick", theirs)
        tick = None if quoted is None else tick_of(quoted, name, session.offsets)
        if tick is None:
            raise _Refused(Retcode.PRICE_OFF, f"there is no quote of {theirs}")
        return row, tick

    def _held(self, request: OrderRequest) -> Held:
        row = self._session.position(request.position)
        if row is None:
            raise _Refused(Retcode.POSITION_CLOSED, f"no position {request.position}")
        held = held_of(row)
        if held.symbol != self._session.names.theirs(request.symbol):
            raise _Refused(Retcode.INVALID, f"position {request.position} is in {held.symbol}")
        return held

    # Requests.

    def _entry(self, request: OrderRequest, account: Any) -> tuple[Request, tuple[Any, ...]]:
        session = self._session
        if request.symbol not in session.digits:
            raise _Refused(Retcode.INVALID, f"symbol {request.symbol} is not served")
        row, tick = self._symbol(request.symbol)
        theirs = str(row.name)
        held = session.need("positions_get", symbol=theirs)
        if int(account.margin_mode) != HEDGING and held:
            raise _Refused(Retcode.HEDGE_PROHIBITED, NETTING)
        fault = volume_fault(request.lots, volume_rules(row), sum(float(one.volume) for one in held))
        if fault is not None:
            raise _Refused(fault.retcode, fault.why)
        sl, tp = self._levels(row, request)
        if near := too_near(request.side, sl, tp, room_of(row, tick)):
            raise _Refused(Retcode.INVALID_STOPS, near)
        remembered = session.memory.filling(theirs)
        execution, mask = int(row.trade_exemode), int(row.filling_mode)
        if remembered is None and chosen(execution, mask) is None:
            raise _Refused(Retcode.INVALID_FILL, f"{theirs} allows no filling policy of market orders")
        price = tick.opening(request.side)
        made = entry(theirs, request.side, request.lots, price, sl, tp, request.magic, request.comment)
        return made, in_turn(execution, mask, remembered)

    def _leaving(self, request: OrderRequest) -> tuple[Request, tuple[Any, ...]]:
        held = self._held(request)
        row, tick = self._symbol(request.symbol)
        lots = request.lots
        if lots > held.volume + TOLERANCE:
            raise _Refused(Retcode.INVALID_CLOSE_VOLUME, f"the position holds {held.volume:g}")
        if lots >= held.volume - TOLERANCE:
            lots = held.volume  # what is whole needs no step
        elif (fault := volume_fault(lots, volume_rules(row))) is not None:
            raise _Refused(Retcode.INVALID_VOLUME, fault.why)
        made = leaving(held, lots, tick.closing(held.side), request.magic, request.comment)
        remembered = self._session.memory.filling(held.symbol)
        return made, in_turn(int(row.trade_exemode), int(row.filling_mode), remembered)

    def _change(self, request: OrderRequest) -> Traded:
        held = self._held(request)
        row, tick = self._symbol(request.symbol)
        sl, tp = self._levels(row, request)
        room = room_of(row, tick)
        # A level that stays where it is may be nearer than a new one could be.
        new_sl, new_tp = (sl if sl != held.sl else 0.0), (tp if tp != held.tp else 0.0)
        if (new_sl or new_tp) and frozen(held.side, held.sl, held.tp, room):
            raise _Refused(Retcode.FROZEN, "a stop of the position is within the freeze level")
        if near := too_near(held.side, new_sl, new_tp, room):
            raise _Refused(Retcode.INVALID_STOPS, near)
        reply = answer(self._send(stops(held, sl, tp), request), request.position)
        if reply.retcode in EXECUTED:
            reply = attrs.evolve(reply, volume=held.volume)
        self._expect(request.position)
        return Traded(reply=reply)

    def _levels(self, row: Any, request: OrderRequest) -> tuple[float, float]:
        size, point, digits = float(row.trade_tick_size), float(row.point), int(row.digits)
        return (
            on_tick_size(request.sl, size, point, digits),
            on_tick_size(request.tp, size, point, digits),
        )

    # Sending.

    def _deal(self, request: OrderRequest, made: Request, policies: tuple[Any, ...]) -> Traded:
        for policy in policies:
            result = self._send(filled_by(made, policy), request)
            if int(result.retcode) != Retcode.INVALID_FILL:
                break
        reply = answer(result, request.position)
        if reply.retcode not in EXECUTED:
            if request.position:
                self._expect(request.position)
            return Traded(reply=reply)
        self._session.memory.keep_filling(str(made["symbol"]), policy)
        traded = self.look(Traded(reply=reply, waits=True))
        if traded.waits and reply.retcode != Retcode.PLACED and told_whole(reply):
            # Executed for certain; its deal only has not reached the terminal's history.
            known = attrs.evolve(reply, position=reply.position or reply.order)
            return Traded(reply=known, waits=True)
        return traded

    def _send(self, made: Request, request: OrderRequest) -> Any:
        """Call ``order_send`` once.

        Raises:
            _Refused: The call did not leave this process.
            OutcomeUnknown: There is no answer.
        """
        module = self._session.module
        try:
            result = module.order_send(made)
            code, text = (FINE, "") if result is not None else module.last_error()
        except Exception as error:
            raise OutcomeUnknown(
                f"order_send failed on {request.intent_id}: {type(error).__name__}: {error}",
                "Look for the order.",
            ) from error
        if result is not None:
            return result
        if code == INVALID_PARAMS:
            raise _Refused(Retcode.INVALID, f"not sent: {text}")
        raise OutcomeUnknown(
            f"order_send gave no answer to {request.intent_id}: {failure_of(code).meaning} ({code}, {text}).",
            "Look for the order.",
        )

    def _expect(self, identifier: int) -> None:
        """Take what the request did to its position into the last look: it is no change by somebody else."""
        session = self._session
        if session.held is None or not identifier:
            return
        try:
            row = session.position(identifier)
        except BrokerOffline:
            return  # the next look finds it, and says so once too often
        positions = dict(session.held.positions)
        positions.pop(identifier, None)
        if row is not None:
            positions[identifier] = (float(row.volume), float(row.sl), float(row.tp))
        session.held = attrs.evolve(session.held, positions=positions)
