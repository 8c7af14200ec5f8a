"""One alert from its decision to its rows: what is done, noted and told, by what was decided."""

from typing import Any

import attrs

from zepix_core import Alert, CloseResult, Decision, Gate, Priority, ServiceAPI, Verdict
from zepix_plugins_v6 import report, store, trade_store, trading
from zepix_plugins_v6 import trade as trades
from zepix_plugins_v6.decision import Observed, V6Decision
from zepix_plugins_v6.facts import Facts
from zepix_plugins_v6.messages import Entry, Exit
from zepix_plugins_v6.profiles import SCALPING
from zepix_plugins_v6.rules import Rules, exact
from zepix_plugins_v6.trading import Placed


@attrs.frozen(kw_only=True)
class Case:
    """One alert under way, with the rules and the facts it was decided by."""

    source: Alert
    decision: V6Decision
    facts: Facts
    rules: Rules
    api: ServiceAPI


async def enter(case: Case, entry: Entry) -> tuple[Decision, Observed | None]:
    """Place an entry's orders and note them.

    Returns:
        The answer; and what was observed, when the trade's row comes only with an update.
    """
    decision = case.decision
    placed = await trading.enter(entry, decision, case.api)
    data = {"placed": trading.orders_shown(placed)}
    if placed.refused:
        code, text = placed.first.code, placed.first.message
        reason = trading.reason_of(code)
        await note(case, reason)
        gate = Gate("host's gate or broker", False, code, "takes the order", note=text)
        return report.turned_down(decision, reason=reason, gate=gate, data=data), None
    aside, expected = await _note_trade(case, entry, placed)
    return report.decided(decision, data=data, tickets=placed.tickets, reason=aside), expected


async def _note_trade(case: Case, entry: Entry, placed: Placed) -> tuple[str | None, Observed | None]:
    """The row of a trade that went in; a shadow trade has none, the host keeps its book."""
    seen = case.decision.observed
    if placed.unresolved or placed.shadow:
        aside = "unresolved" if placed.unresolved else "shadow"
        await note(case, aside)
        return aside, seen if placed.unresolved else None
    profile, key, now = case.rules.profile, case.source.key, store.stamp(case.api.now())
    trade = trades.of_entry(profile, entry, seen, now)
    trade = attrs.evolve(trade, facts={**trade.facts, **_quality(case, entry, placed)})

    def work(connection: Any) -> int | None:
        stored = trade_store.placed(connection, profile, key, trade, placed.results, now)
        reason = "unresolved" if stored is None else None
        store.handled(connection, key, reason, None if stored is None else stored.id)
        return None if stored is None else stored.id

    stored = await case.api.db.run(work)
    return (None, None) if stored is not None else ("unresolved", seen)


def _quality(case: Case, entry: Entry, placed: Placed) -> dict[str, Any]:
    """How fast and how well a scalp was filled: milliseconds from its arrival, pips lost to the alert's
    price."""
    symbol, fill = case.facts.symbol, placed.first.price
    if case.rules.profile is not SCALPING or symbol is None or not fill:
        return {}
    lost = (exact(fill) - entry.price) * entry.side.sign / symbol.pip_size
    waited = case.api.now() - case.source.received_at
    return {
        "slippage_pips": float(round(lost, 2)),
        "execution_speed_ms": round(waited.total_seconds() * 1000),
    }


async def leave(case: Case, message: Exit) -> Decision:
    """Close what an exit closes."""
    if not case.decision.closes:
        await note(case, report.NOTHING_OPEN)
        return report.decided(case.decision, reason=report.NOTHING_OPEN)
    answer = await close(case, message.ticker)
    await note(case, answer.reason)
    return answer


async def close(case: Case, symbol: str) -> Decision:
    """Carry out the closes of a decision. Where none succeeds the alert is rejected with the first code."""
    decision, api = case.decision, case.api
    share = trading.shares(case.facts.positions, case.rules)
    closes = await trading.close(decision.closes, decision.close_reason, share, api)
    await _tell_failed(case, symbol, closes)
    data = {"closes": trading.closes_shown(closes)}
    done = tuple(result.order_id for result in closes if result.success)
    if done:
        return report.decided(decision, verdict=Verdict.ACTED, data=data, tickets=done)
    code, text = closes[0].code, closes[0].message
    gate = Gate("broker", False, code, "closes the positions", note=text)
    return report.turned_down(decision, reason=trading.reason_of(code), gate=gate, data=data)


async def _tell_failed(case: Case, symbol: str, closes: tuple[CloseResult, ...]) -> None:
    failed = [result for result in closes if not result.success]
    if not failed:
        return
    listed = ", ".join(f"{result.order_id} ({result.code or 'no answer'})" for result in failed)
    text = f"{symbol}: not closed on {case.source.kind}: {listed}."
    data = {"message": text, "symbol": symbol, "tickets": [result.order_id for result in failed]}
    await case.api.notify("error", Priority.HIGH, text, data, symbol=symbol, key=case.source.key)


async def note(case: Case, reason: str | None) -> None:
    """Note in the log that the message is handled."""
    key = case.source.key
    await case.api.db.run(lambda connection: store.handled(connection, key, reason))
