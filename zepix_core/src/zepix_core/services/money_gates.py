"""Stops and risk of an entry."""

from collections.abc import Iterator, Sequence

import attrs

from zepix_core.clock import iso
from zepix_core.model.limits import ACCOUNT, DAILY, Latch, lift_command
from zepix_core.model.market import SymbolInfo, Tick
from zepix_core.rules.stops import check_stops, least_distance
from zepix_core.services import risk
from zepix_core.services.calls import PlaceRequest
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
        yield from _limits(facts)
        if unknown := risk.unknown_risk(money):
            yield failed("open_risk", risk.RISK_UNKNOWN, None, "known", True, unknown)
            return
        cap, room = risk.trade_cap(money, settings) or 0.0, risk.room_left(money, settings, plugin) or 0.0
        note = f"left after {money.open_risk:.2f} open risk; a trade may lose {cap:.2f}"
        judge = failed if verdict.reason == "RISK_TOO_LARGE" else passed
        judged = judge("risk", "RISK_TOO_LARGE", verdict.potential_loss, "<=", round(room, 2), note)
        yield Judged(gate=judged.gate, code=judged.code, message=judged.message, smart_lot=verdict.smart_lot)
    if verdict.reason not in ("", "DAILY_LIMIT", "LIFETIME_LIMIT", "RISK_TOO_LARGE"):
        yield failed("risk", verdict.reason, verdict.potential_loss, ">", 0.0)


def _limits(facts: GateFacts) -> Iterator[Judged]:
    money = facts.risk
    for which, limit in risk.all_limits(money, facts.settings, facts.plugin):
        latch = next((one for one in money.latches if (one.which, one.scope) == (which, limit.scope)), None)
        latched = risk.name_of(which, limit) in money.latched
        note = limit.scope if which == DAILY or limit.scope != ACCOUNT else ""
        if latched or not limit.open:
            note = _until(which, limit.scope, latch, latched and limit.open, money.day_end_ns)
        judge = failed if latched or not limit.open else passed
        code = "DAILY_LIMIT" if which == DAILY else "LIFETIME_LIMIT"
        yield judge(f"{which}_loss", code, round(limit.loss, 2), "<", limit.limit, note)


def _until(which: str, scope: str, latch: Latch | None, earlier: bool, day_end_ns: int) -> str:
    """Why a limit stops entries, until when, and how a person lifts it."""
    end = day_end_ns if latch is None and which == DAILY else latch and latch.until_ns
    when = f"until {iso(end)}" if end else "until a person lifts it"
    was = f", reached with {latch.loss:.2f} of {latch.limit:g}" if earlier and latch is not None else ""
    return f"{scope}{was or (', reached earlier' if earlier else '')}, {when}: {lift_command(which, scope)}"
