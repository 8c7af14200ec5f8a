"""Stops and risk of an entry."""

from collections.abc import Iterator, Sequence

import attrs

from zepix_core.model.market import SymbolInfo, Tick
from zepix_core.rules.stops import check_stops, least_distance
from zepix_core.services import risk
from zepix_core.services.calls import PlaceRequest, RiskVerdict
from zepix_core.services.facts import PluginFacts
from zepix_core.services.gate_facts import GateFacts
from zepix_core.services.legs import FinalLeg
from zepix_core.services.verdict import Judged, failed, passed

NO_TARGET_NEEDED = ("A", "place_single_order_a", "place_order")


def stop_gates(
    request: PlaceRequest, info: SymbolInfo, tick: Tick, legs: Sequence[FinalLeg]
) -> Iterator[Judged]:
    """Every leg needs a stop loss on its side and far enough; only leg A may go without a target.

    A second leg that has no such stops is refused alone: the first stands on its own.
    """
    least = least_distance(info.stops_level, info.point, info.min_sl_distance)
    tp_least = least_distance(info.stops_level, info.point)
    for leg in legs:
        alone = "" if leg is legs[0] else leg.name
        name = f"stops_{leg.name.lower()}"
        if leg.sl <= 0:
            judged = failed(name, "INVALID_STOPS", leg.sl, ">", 0.0, "a stop loss is required")
        elif leg.tp <= 0 and leg.name not in NO_TARGET_NEEDED and request.method not in NO_TARGET_NEEDED:
            judged = failed(name, "INVALID_STOPS", leg.tp, ">", 0.0, "only order A may go without a target")
        else:
            check = check_stops(request.side, tick.bid, tick.ask, leg.sl, leg.tp, least, tp_least)
            distance = None if check.sl_distance is None else round(check.sl_distance, info.digits + 1)
            judge = failed if check.fault else passed
            judged = judge(name, "INVALID_STOPS", distance, ">=", round(least, info.digits + 1), check.fault)
        yield attrs.evolve(judged, leg=alone)


def stop_loss_money(request: PlaceRequest, info: SymbolInfo, tick: Tick, legs: Sequence[FinalLeg]) -> float:
    """Money all legs lose together, each from the opening price to its own stop."""
    entry = tick.opening(request.side)
    per_price = info.pip_value / info.pip_size
    return sum(request.side.sign * (entry - leg.sl) * per_price * leg.lots for leg in legs)


def risk_gates(
    request: PlaceRequest, facts: GateFacts, info: SymbolInfo, tick: Tick, legs: Sequence[FinalLeg]
) -> Iterator[Judged]:
    """Limits, then the total of all legs against what they leave."""
    settings, plugin, money = facts.settings, facts.plugin, facts.risk
    if risk.tier_of(money, settings) is None:
        yield failed("balance", "NO_BALANCE", None, "known", True, risk.NO_BALANCE)
        return
    lots = sum(leg.lots for leg in legs)
    potential = stop_loss_money(request, info, tick, legs)
    verdict = risk.judge_risk(
        potential, lots, money, settings, plugin, volume_min=info.volume_min, volume_step=info.volume_step
    )
    if not settings.lifted:
        yield from _limits(verdict, facts, plugin)
        cap, room = risk.trade_cap(money, settings) or 0.0, risk.room_left(money, settings, plugin) or 0.0
        note = f"left after {money.open_risk:.2f} open risk; a trade may lose {cap:.2f}"
        judge = failed if verdict.reason == "RISK_TOO_LARGE" else passed
        judged = judge("risk", "RISK_TOO_LARGE", verdict.potential_loss, "<=", round(room, 2), note)
        yield Judged(gate=judged.gate, code=judged.code, message=judged.message, smart_lot=verdict.smart_lot)
    if verdict.reason not in ("", "DAILY_LIMIT", "LIFETIME_LIMIT", "RISK_TOO_LARGE"):
        yield failed("risk", verdict.reason, verdict.potential_loss, ">", 0.0)


def _limits(verdict: RiskVerdict, facts: GateFacts, plugin: PluginFacts) -> Iterator[Judged]:
    for limit in risk.daily_limits(facts.risk, facts.settings, plugin):
        latched = (risk.DAILY if limit.scope == "account" else risk.PLUGIN) in facts.risk.latched
        judge = failed if latched or not limit.open else passed
        note = f"{limit.scope}, reached earlier" if latched else limit.scope
        yield judge("daily_loss", "DAILY_LIMIT", round(limit.loss, 2), "<", limit.limit, note)
    lifetime = risk.lifetime_limit(facts.risk, facts.settings)
    if lifetime is not None:
        latched = risk.LIFETIME in facts.risk.latched
        judge = failed if latched or not lifetime.open else passed
        yield judge("lifetime_loss", "LIFETIME_LIMIT", round(lifetime.loss, 2), "<", lifetime.limit)
