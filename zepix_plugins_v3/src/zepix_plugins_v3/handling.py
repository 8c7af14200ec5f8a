"""One alert from its decision to its rows: what is done, noted and told, by what was decided."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs

from zepix_core import (
    Alert,
    Decision,
    DualResult,
    Gate,
    GroupResult,
    OrderResult,
    Priority,
    ServiceAPI,
    Verdict,
    reason_of,
    stamp,
)
from zepix_plugins_v3 import labels, leaving, manage_reentry, report, store, trading
from zepix_plugins_v3 import trade as trades
from zepix_plugins_v3.alert import V3Alert
from zepix_plugins_v3.decision import Action, Entry, V3Decision
from zepix_plugins_v3.rules import Rules
from zepix_plugins_v3.trading import Carried
from zepix_plugins_v3.trends import WORDS


@attrs.frozen(kw_only=True)
class Case:
    """One alert under way. The rules are those it began with.

    Attributes:
        payload: The message as read from its body.
        repeated: It was delivered before, and not handled to its end.
    """

    source: Alert
    payload: Mapping[str, Any]
    alert: V3Alert
    decision: V3Decision
    rules: Rules
    api: ServiceAPI
    repeated: bool = False


async def carry_out(case: Case) -> Decision:
    """Do what was decided and note it in the signals log."""
    decision = case.decision
    if decision.entry is not None:
        return await _enter(case, decision.entry)
    if decision.action in (Action.CLOSE, Action.NO_ACTION):
        await _leave(case)
    if decision.action is Action.CLOSE:
        return await _close(case)
    if decision.action is Action.NOTIFY:
        await _tell_squeeze(case)
    elif decision.action is Action.TREND_UPDATE:
        await _write_trends(case)
    await _note(case, decision.reason)
    return report.decided(decision, case.payload)


async def _enter(case: Case, entry: Entry) -> Decision:
    alert, decision = case.alert, case.decision
    carried = await trading.enter(
        alert.symbol,
        entry,
        float(alert.price),
        decision.close_tickets,
        case.api,
        leave=lambda: _leave(case),
        repeated=case.repeated,
    )
    await _tell_failed(case, carried.closes)
    data: dict[str, Any] = {
        "closes": carried.closes.shown(),
        "orders": trading.orders_shown(carried.placed),
    }
    if carried.placed is not None and (carried.placed.b.ticket or 0) > 0:
        data["chain"] = labels.chain_id(alert.symbol, carried.placed.b.intent_id)
    if carried.refusal is not None:
        reason = reason_of(carried.refusal.code, trading.LIMITS)
        await _note(case, reason)
        name = "host's gate" if carried.placed is None else "broker"
        gate = Gate(name, False, carried.refusal.code, "takes order A", note=carried.refusal.message)
        told = report.decided(decision, case.payload, data={"action": decision.action.value, **data})
        return told.turned_down(reason, gate, tickets=carried.closes.closed)
    if entry.pillars is not None:
        for name, value in entry.pillars.items():
            await case.api.trend.update_trend(alert.symbol, name, WORDS[value])
    aside = await _note_trade(case, carried)
    await _tell_route(case, entry)
    return report.decided(decision, case.payload, data=data, tickets=carried.tickets, reason=aside)


async def resumed(case: Case, results: tuple[OrderResult, ...]) -> Decision:
    """An entry that comes again after a crash and would be refused by now, though its pair was asked for:
    the first results are its answer."""
    placed = DualResult(a=results[0], b=results[-1])
    data = {"orders": trading.orders_shown(placed), "repeated": True}
    told = report.decided(case.decision, case.payload, data=data)
    carried = Carried(placed=placed)
    if not (placed.a.ok or carried.unresolved):
        reason = reason_of(placed.a.code, trading.LIMITS)
        await _note(case, reason)
        gate = Gate("broker", False, placed.a.code, "takes order A", note=placed.a.message)
        return told.turned_down(reason, gate)
    aside = await _note_trade(case, carried)
    return attrs.evolve(
        told, verdict=Verdict.ACTED, action=Action.ENTER.value, reason=aside, tickets=carried.tickets
    )


async def _leave(case: Case) -> None:
    """Before anything is closed: what would open more on the side that is left is stopped."""
    found = leaving.side_left(case.decision)
    if found is None:
        return
    (side, reason), now = found, stamp(case.api.now())
    key, symbol = case.source.key, case.alert.symbol
    idle = await case.api.db.run(lambda connection: leaving.leave(connection, key, symbol, side, reason, now))
    await manage_reentry.left(idle, case.api)


async def _note_trade(case: Case, carried: Carried) -> str | None:
    """The rows of a pair that went in; a shadow pair has none, the host keeps its book."""
    if carried.placed is None or carried.shadow or carried.unresolved:
        reason = store.UNRESOLVED if carried.unresolved else "shadow"
        await _note(case, reason)
        return reason
    results = (carried.placed.a, carried.placed.b)
    trade = trades.of_alert(case.alert, case.rules, case.source.received_at)
    now, key = stamp(case.api.now()), case.source.key

    def work(connection: Any) -> None:
        stored = store.placed(connection, key, trade, results, now)
        if stored is None:
            store.handled(connection, key, store.UNRESOLVED)
        else:
            store.handled(connection, key, None, stored.id)

    await case.api.db.run(work)
    return None


async def _close(case: Case) -> Decision:
    """Close what the exit closes. Nothing could be closed: the alert is rejected with the first code."""
    closes = await trading.close(case.decision.close_tickets, "Exit_Signal", case.api)
    await _tell_failed(case, closes)
    data = {"action": case.decision.action.value, "closes": closes.shown()}
    told = report.decided(case.decision, case.payload, data=data, tickets=closes.closed)
    if closes.closed:
        await _note(case, None)
        return told
    first = closes.failed[0]
    reason = reason_of(first.code, trading.LIMITS)
    await _note(case, reason)
    return told.turned_down(
        reason, Gate("broker", False, first.code, "closes the positions", note=first.message)
    )


async def _write_trends(case: Case) -> None:
    """A pulse is stored whole; people hear of it only when a pillar changed."""
    api, symbol, decision = case.api, case.alert.symbol, case.decision
    new = dict(decision.trends or {})
    old = api.trend.get_mtf_trends(symbol) if decision.notify else {}
    for name, word in new.items():
        await api.trend.update_trend(symbol, name, word)
    if not decision.notify:
        return
    was = {name: WORDS[old.get(name, 0)] for name in decision.changed_pillars}
    now = {name: new[name] for name in decision.changed_pillars}
    shown = ", ".join(f"{name} {word}" for name, word in now.items())
    await api.notify(
        "trend_changed",
        Priority.LOW,
        f"{symbol}: {shown}.",
        {
            "symbol": symbol,
            "timeframe": ", ".join(now),
            "old": ", ".join(f"{name} {word}" for name, word in was.items()),
            "new": shown,
            "by": "pulse",
        },
        symbol=symbol,
        key=case.source.key,
    )


async def _tell_squeeze(case: Case) -> None:
    symbol, timeframe = case.alert.symbol, case.alert.timeframe
    text = f"{symbol} on {timeframe}: volatility squeeze, a big move is expected."
    data = {
        "message": text,
        "symbol": symbol,
        "timeframe": timeframe,
        "high_alert_seconds": case.decision.high_alert_seconds,
    }
    await case.api.notify("warning", Priority.MEDIUM, text, data, symbol=symbol, key=case.source.key)
    until = case.source.received_at + timedelta(seconds=case.decision.high_alert_seconds or 0.0)
    await case.api.report(f"squeeze {symbol}", f"a big move is expected ({timeframe})", until=until)


async def _tell_route(case: Case, entry: Entry) -> None:
    if not case.api.config.notifications.notify_on_routing:
        return
    alert = case.alert
    text = (
        f"{alert.symbol} {entry.side}: {alert.signal.names[0]} on {alert.timeframe} goes to"
        f" {entry.logic_route} ({entry.routing_reason}), conviction {entry.conviction}."
    )
    data = {"message": text, "symbol": alert.symbol, "logic": entry.logic_route}
    await case.api.notify("info", Priority.INFO, text, data, symbol=alert.symbol, key=case.source.key)


async def _tell_failed(case: Case, closes: GroupResult) -> None:
    failed = closes.failed
    if not failed or not case.api.config.notifications.notify_on_error:
        return
    listed = ", ".join(f"{result.order_id} ({result.code or 'no answer'})" for result in failed)
    text = f"{case.alert.symbol}: not closed on {case.alert.signal.names[0]}: {listed}."
    data = {"message": text, "symbol": case.alert.symbol, "tickets": [r.order_id for r in failed]}
    await case.api.notify("error", Priority.HIGH, text, data, symbol=case.alert.symbol, key=case.source.key)


async def _note(case: Case, reason: str | None) -> None:
    key = case.source.key
    await case.api.db.run(lambda connection: store.handled(connection, key, reason))
