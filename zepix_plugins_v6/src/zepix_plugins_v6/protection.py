"""Moving the stop of leg A after the target of B, and trying again until it stands or A is closed."""

import sqlite3
from datetime import timedelta
from decimal import Decimal

import attrs

from zepix_core import Priority, ServiceAPI, TradeUpdate, UpdateKind, Wake, ZepixError, stamp
from zepix_plugins_v6 import gather, trade_store
from zepix_plugins_v6.breakeven import LegClosed, decide_breakeven, leg_a, stop_of
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.rules import Rules
from zepix_plugins_v6.trade import CLOSED, Trade

AGAIN = timedelta(seconds=30)
_MARK = "breakeven"


@attrs.frozen(kw_only=True)
class _Case:
    """A pair whose B reached its target, and how often its A was tried."""

    closed: LegClosed
    tries: int
    rules: Rules
    api: ServiceAPI

    @property
    def key(self) -> str:
        """Of the next try's wake; the alert's key comes last, it may hold anything."""
        return f"{_MARK}|{self.tries + 1}|{self.closed.symbol}|{self.closed.pair}"


async def after(update: TradeUpdate, trade: Trade | None, rules: Rules, api: ServiceAPI) -> None:
    """See whether a change calls for the move: B reached its target, or A came in only after that.

    Args:
        trade: The row of the change's trade, ``None`` in shadow.
    """
    closed = awaited(update, trade)
    if closed is not None and rules.breakeven_pips is not None:
        await _protect(_Case(closed=closed, tries=0, rules=rules, api=api))


def awaited(update: TradeUpdate, trade: Trade | None) -> LegClosed | None:
    """The closed leg that a change makes it time to look at; arguments as in `after`."""
    symbol, pair = update.symbol, update.alert_key
    if update.kind is UpdateKind.CLOSED:
        return LegClosed(symbol=symbol, pair=pair, leg=update.leg, reason=update.reason)
    b = None if trade is None or update.leg != "A" else trade.legs.get("B")
    if update.kind is not UpdateKind.OPENED or trade is None or b is None:
        return None
    if b.ticket is None or b.status != CLOSED:
        return None
    return LegClosed(symbol=symbol, pair=pair, leg="B", reason=trade.close_reason or "")


async def wake(wake: Wake, rules: Rules, api: ServiceAPI) -> bool:
    """Try once more; false: the wake is for something else."""
    mark, _, rest = wake.key.partition("|")
    if mark != _MARK:
        return False
    tries, symbol, pair = rest.split("|", 2)
    closed = LegClosed(symbol=symbol, pair=pair, leg="B", reason="TP")
    await _protect(_Case(closed=closed, tries=int(tries), rules=rules, api=api))
    return True


async def _protect(case: _Case) -> None:
    closed, rules, api = case.closed, case.rules, case.api
    if closed.leg != "B" or not closed.at_target:
        return
    facts = Facts(
        received_at=api.now(),
        symbol=await gather.symbol_facts(closed.symbol, api),
        positions=await gather.positions(closed.symbol, rules, api),
    )
    decision = decide_breakeven(closed, facts, rules)
    if decision.move is not None:
        fault = await _move(decision.move.ticket, decision.move.sl, case)
        if fault:
            await _failed(
                f"the stop of {decision.move.ticket} was not moved to {decision.move.sl}: {fault}", case
            )
            return
        await _note(decision.move.ticket, case)
        return
    a, stop = leg_a(closed, facts, rules), stop_of(closed, facts, rules)
    if a is not None and stop is not None and a.sl == stop:
        # It stands where the move puts it: a move that a crash kept from being noted.
        await _note(a.ticket, case)


async def _move(ticket: int, stop: Decimal, case: _Case) -> str:
    """Why it could not be moved, "" when it was."""
    try:
        result = await case.api.orders.modify(ticket, new_sl=float(stop), key=f"{_MARK}:{case.closed.pair}")
    except ZepixError as error:
        return str(error)
    return "" if result.ok else f"{result.code} {result.message}".strip()


async def _failed(what: str, case: _Case) -> None:
    """Tell people the first time, and try again in a while."""
    api, symbol = case.api, case.closed.symbol
    if case.tries == 0:
        text = (
            f"{symbol}: after the target of order B {what}. It is tried again every {AGAIN.seconds} seconds."
        )
        data = {"message": text, "symbol": symbol}
        await api.notify("error", Priority.HIGH, text, data, symbol=symbol, key=case.key)
    await api.clock.at(api.now() + AGAIN, key=case.key)


async def _note(ticket: int, case: _Case) -> None:
    """The trade's row says that the stop was moved; a shadow trade has none."""
    profile, now = case.rules.profile, stamp(case.api.now())

    def work(connection: sqlite3.Connection) -> None:
        trade_store.protected(connection, profile, ticket, now)

    await case.api.db.run(work)
