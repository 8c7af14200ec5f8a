"""The brakes of a plugin: counts, exposure, cooldown, stop guard."""

from collections.abc import Iterator

from zepix_core.clock import NS
from zepix_core.config.risk import StopGuard
from zepix_core.services.calls import PlaceRequest
from zepix_core.services.gate_facts import GateFacts
from zepix_core.services.verdict import Judged, failed, passed

MINUTE = 60 * NS


def brake_gates(request: PlaceRequest, facts: GateFacts, total: float) -> Iterator[Judged]:
    """Judge caps and protections; trades whose tickets the request closes first count as gone."""
    if facts.settings.lifted:
        return
    risk = facts.plugin.risk
    closing = frozenset(request.closing) if facts.closing is None else facts.closing
    staying = [
        trade for trade in facts.open_trades if not trade.tickets or not closing.issuperset(trade.tickets)
    ]
    if risk.max_open_trades is not None:
        judge = passed if len(staying) < risk.max_open_trades else failed
        yield judge("open_trades", "CAP_OPEN_TRADES", len(staying), "<", risk.max_open_trades)
    if risk.max_daily_trades is not None:
        judge = passed if facts.trades_today < risk.max_daily_trades else failed
        yield judge("trades_today", "CAP_DAILY_TRADES", facts.trades_today, "<", risk.max_daily_trades)
    if risk.max_symbol_exposure is not None:
        lots = round(total + sum(t.lots for t in staying if t.symbol == request.symbol), 8)
        judge = passed if lots <= risk.max_symbol_exposure + 1e-9 else failed
        yield judge("symbol_exposure", "CAP_EXPOSURE", lots, "<=", risk.max_symbol_exposure, "lots")
    yield from _protections(facts)


def _protections(facts: GateFacts) -> Iterator[Judged]:
    rules = facts.settings.protections
    if rules.cooldown_minutes > 0 and facts.last_close_ns:
        since = round((facts.now_ns - facts.last_close_ns) / MINUTE, 2)
        judge = passed if since >= rules.cooldown_minutes else failed
        yield judge("cooldown", "COOLDOWN", since, ">=", rules.cooldown_minutes, "minutes since a close")
    if rules.stop_guard.max_stops > 0:
        left = guard_minutes_left(facts.stops_ns, facts.now_ns, rules.stop_guard)
        judge = passed if left <= 0 else failed
        yield judge("stop_guard", "STOP_GUARD", round(left, 2), "<=", 0.0, "minutes of pause left")


def guard_minutes_left(stops_ns: tuple[int, ...], now_ns: int, guard: StopGuard) -> float:
    """Minutes that the stop guard still holds entries back, 0.0 when it does not."""
    last_trigger = 0
    for index, at in enumerate(stops_ns):
        window = [t for t in stops_ns[: index + 1] if t > at - guard.window_minutes * MINUTE]
        if len(window) >= guard.max_stops:
            last_trigger = at
    if not last_trigger:
        return 0.0
    return max(0.0, guard.pause_minutes - (now_ns - last_trigger) / MINUTE)
