"""One alert from its decision to its rows: what is done, noted and told, by what was decided."""

from typing import Any

import attrs

from zepix_core import (
    Alert,
    Decision,
    Gate,
    GroupResult,
    Priority,
    ServiceAPI,
    Verdict,
    exact,
    reason_of,
    stamp,
)
from zepix_plugins_v6 import plan, report, store, trade_store, trading
from zepix_plugins_v6 import trade as trades
from zepix_plugins_v6.decision import Action, V6Decision
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.messages import Entry, Exit
from zepix_plugins_v6.plan import PlannedClose
from zepix_plugins_v6.profiles import SCALPING
from zepix_plugins_v6.rules import Rules
from zepix_plugins_v6.trading import Placed


@attrs.frozen(kw_only=True)
class Case:
    """One alert under way, with the rules and the facts it was decided by.

    Attributes:
        resumed: It was under way before a crash, and what it was about to do is done.
    """

    source: Alert
    decision: V6Decision
    facts: Facts
    rules: Rules
    api: ServiceAPI
    resumed: bool = False


async def enter(case: Case, entry: Entry) -> Decision:
    """Place an entry's orders and note them."""
    decision = case.decision
    if not case.resumed:
        await _write_down(case, plan.of_entry(decision))
    placed = await trading.enter(entry, decision, case.api)
    data = {"placed": placed.shown(), **_repeated(case)}
    if placed.refused:
        code, text = placed.first.code, placed.first.message
        reason = reason_of(code, trading.CAPS)
        await note(case, reason)
        gate = Gate("host's gate or broker", False, code, "takes the order", note=text)
        return report.decided(decision, data=data).turned_down(reason, gate)
    aside = await _note_trade(case, entry, placed)
    return report.decided(decision, data=data, tickets=placed.tickets, reason=aside)


async def _note_trade(case: Case, entry: Entry, placed: Placed) -> str | None:
    """The row of a trade that went in; a shadow trade has none, the host keeps its book."""
    if placed.unresolved or placed.shadow:
        aside = store.UNRESOLVED if placed.unresolved else "shadow"
        await note(case, aside)
        return aside
    profile, key, now = case.rules.profile, case.source.key, stamp(case.api.now())
    trade = trades.of_entry(profile, entry, case.decision.observed, now)
    trade = attrs.evolve(trade, facts={**trade.facts, **_quality(case, entry, placed)})

    def work(connection: Any) -> int | None:
        stored = trade_store.placed(connection, profile, key, trade, placed.results, now)
        reason = store.UNRESOLVED if stored is None else None
        store.handled(connection, key, reason, None if stored is None else stored.id)
        return None if stored is None else stored.id

    stored = await case.api.db.run(work)
    return None if stored is not None else store.UNRESOLVED


def _quality(case: Case, entry: Entry, placed: Placed) -> dict[str, Any]:
    """How fast and how well a scalp was filled: milliseconds from its arrival, pips lost to the alert's
    price."""
    symbol, fill = case.facts.symbol, placed.first.price
    if case.rules.profile is not SCALPING or symbol is None or not fill:
        return {}
    lost = (exact(fill) - entry.price) * entry.side.sign / symbol.pip_size
    slippage = {"slippage_pips": float(round(lost, 2))}
    if case.resumed:
        return slippage
    waited = case.api.now() - case.source.received_at
    return {**slippage, "execution_speed_ms": round(waited.total_seconds() * 1000)}


async def leave(case: Case, message: Exit, known: tuple[PlannedClose, ...] | None = None) -> Decision:
    """Close what an exit closes.

    Args:
        known: What it was about to close before a crash; ``None`` when that is to be written down now.
    """
    if not case.decision.closes:
        await note(case, report.NOTHING_OPEN)
        return report.decided(case.decision, reason=report.NOTHING_OPEN)
    closes = known
    if closes is None:
        closes = trading.plan(case.decision, case.facts.positions, case.rules)
        await _write_down(case, plan.of_exit(case.decision, closes))
    answer = await _close(case, message.ticker, closes)
    await note(case, answer.reason)
    return answer


async def close(case: Case, symbol: str) -> Decision:
    """Carry out the closes of a decision. Where none succeeds the alert is rejected with the first code."""
    return await _close(case, symbol, trading.plan(case.decision, case.facts.positions, case.rules))


async def _close(case: Case, symbol: str, planned: tuple[PlannedClose, ...]) -> Decision:
    decision, api = case.decision, case.api
    closes = await trading.close(planned, decision.close_reason, api)
    await _tell_failed(case, symbol, closes)
    data = {"closes": closes.shown(), **_repeated(case)}
    done = closes.closed
    if decision.action is Action.SHADOW_EXIT and any(ticket > 0 for ticket in done):
        # The mode is about entries: a real position was closed for real.
        decision = attrs.evolve(decision, action=Action.EXIT)
    if done:
        return report.decided(decision, verdict=Verdict.ACTED, data=data, tickets=done)
    first = closes.failed[0]
    gate = Gate("broker", False, first.code, "closes the positions", note=first.message)
    told = report.decided(decision, data=data)
    return told.turned_down(reason_of(first.code, trading.CAPS), gate)


async def _tell_failed(case: Case, symbol: str, closes: GroupResult) -> None:
    failed = closes.failed
    if not failed:
        return
    listed = ", ".join(f"{result.order_id} ({result.code or 'no answer'})" for result in failed)
    text = f"{symbol}: not closed on {case.source.kind}: {listed}."
    data = {"message": text, "symbol": symbol, "tickets": [result.order_id for result in failed]}
    await case.api.notify("error", Priority.HIGH, text, data, symbol=symbol, key=case.source.key)


async def _write_down(case: Case, text: str) -> None:
    """Keep what is about to be done, for the alert may come again after a crash."""
    key = case.source.key
    await case.api.db.run(lambda connection: store.decided(connection, key, text))


def _repeated(case: Case) -> dict[str, Any]:
    return {"repeated": True} if case.resumed else {}


async def note(case: Case, reason: str | None) -> None:
    """Note in the log that the message is handled."""
    key = case.source.key
    await case.api.db.run(lambda connection: store.handled(connection, key, reason))
