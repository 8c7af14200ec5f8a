"""The gates of an entry, in their order, judged from facts.

The first gate that does not pass ends the judgement, unless it refuses the second leg alone; everything
measured before it stands in the report.
"""

import math
from collections.abc import Callable, Iterator

import attrs

from zepix_core.clock import NS
from zepix_core.errors import BadArgument
from zepix_core.model.decision import Gate
from zepix_core.model.market import Tick
from zepix_core.rules.hours import session_open, side_allowed
from zepix_core.rules.pips import spread_pips
from zepix_core.services.brakes import brake_gates
from zepix_core.services.calls import PlaceRequest
from zepix_core.services.gate_facts import GateFacts
from zepix_core.services.legs import FinalLeg, Sized, size_legs
from zepix_core.services.money_gates import risk_gates, stop_gates
from zepix_core.services.verdict import Judged, failed, passed

CORE = "core"
ATR_BAND = 5.0


@attrs.frozen(kw_only=True)
class GateReport:
    """What the gates found.

    Attributes:
        code: ``""`` when the order may go, else an outcome code.
        legs: The legs with their final volumes, as far as the judgement came.
        smart_lot: The largest total that would have fitted, on a risk refusal.
    """

    gates: tuple[Gate, ...]
    code: str = ""
    message: str = ""
    legs: tuple[FinalLeg, ...] = ()
    smart_lot: float | None = None

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def sent(self) -> tuple[FinalLeg, ...]:
        """Legs that may be sent."""
        return tuple(leg for leg in self.legs if not leg.code) if self.ok else ()

    @property
    def total(self) -> float:
        return round(sum(leg.lots for leg in self.sent), 8)


def check_arguments(request: PlaceRequest) -> None:
    """Refuse what no market can cause.

    Raises:
        BadArgument: A number is not finite, a price is negative, or there is no leg or one too many.
    """
    numbers = [request.total, request.price]
    for leg in request.legs:
        numbers += [leg.lots, leg.sl, leg.tp]
    if any(number is not None and not math.isfinite(number) for number in numbers):
        raise BadArgument(f"{request.method} was given a number that is not finite.", "Check the alert.")
    prices = [request.price, *(leg.sl for leg in request.legs), *(leg.tp for leg in request.legs)]
    if any(price < 0 for price in prices):
        raise BadArgument(f"{request.method} was given a price below 0.", "Prices are prices, never pips.")
    if not 1 <= len(request.legs) <= 2 or len({leg.name for leg in request.legs}) != len(request.legs):
        raise BadArgument(f"{request.method} needs one leg, or two with different names.")


def judge(request: PlaceRequest, facts: GateFacts) -> GateReport:
    """Judge an entry. What is missing refuses; nothing here asks anyone."""
    check_arguments(request)
    return _run(_ORDER, request, facts)


def judge_again(request: PlaceRequest, facts: GateFacts) -> GateReport:
    """Judge a leg that passed all gates before, a moment later: the plugin, the market and the stops."""
    return _run(_AGAIN, request, facts)


def _run(steps: "tuple[_Step, ...]", request: PlaceRequest, facts: GateFacts) -> GateReport:
    found: list[Gate] = []
    smart: float | None = None
    sized = Sized()
    for step in steps:
        if step is _volume:
            sized = _size(request, facts)
        for judged in step(request, facts, sized):
            found.append(judged.gate)
            smart = judged.smart_lot if judged.smart_lot is not None else smart
            if judged.code and judged.leg:
                sized = sized.without(judged.leg, judged.code)
            elif judged.code:
                return GateReport(
                    gates=tuple(found),
                    code=judged.code,
                    message=judged.message,
                    legs=sized.legs,
                    smart_lot=smart,
                )
    return GateReport(gates=tuple(found), legs=sized.legs)


def with_margin(report: GateReport, needed: float | None, free: float | None) -> GateReport:
    """Add the margin gate, whose number depends on the final volumes."""
    if not report.ok:
        return report
    left = None if needed is None or free is None else round(free - needed, 2)
    if left is None:
        judged = failed("margin", "NO_MARGIN", None, "known", True, "the broker gave no margin")
    else:
        judge_ = passed if left > 0 else failed
        judged = judge_("margin", "NO_MARGIN", left, ">", 0.0, f"free {free:.2f} - needed {needed:.2f}")
    return attrs.evolve(report, gates=(*report.gates, judged.gate), code=judged.code, message=judged.message)


def without_broker(report: GateReport) -> GateReport:
    """The broker went away while the margin was asked for: its absence is the reason, not the account."""
    if not report.ok:
        return report
    judged = failed("margin", "BROKER_OFFLINE", None, "known", True, "the broker is away")
    return attrs.evolve(report, gates=(*report.gates, judged.gate), code=judged.code, message=judged.message)


def with_age(report: GateReport, age: float, limit: float) -> GateReport:
    """Add the last gate: an entry that waited too long for its plugin or its turn is not sent (seconds)."""
    if not report.ok:
        return report
    judge_ = passed if age <= limit else failed
    judged = judge_("age", "EXPIRED", round(age, 3), "<=", limit, "seconds since the alert came")
    return attrs.evolve(report, gates=(*report.gates, judged.gate), code=judged.code, message=judged.message)


def _standing(request: PlaceRequest, facts: GateFacts, _: Sized) -> Iterator[Judged]:
    plugin = facts.plugin
    yield _flag("running", "TRADING_PAUSED", not facts.paused, facts.paused)
    yield _flag("enabled", "PLUGIN_DISABLED", plugin.enabled)
    able = plugin.id == CORE or request.method in plugin.capabilities
    yield _flag("capability", "PERMISSION_DENIED", able, request.method)
    if facts.settings.lifted:
        return
    judge_ = failed if facts.rate_wait > 0 else passed
    yield judge_("rate", "RATE_LIMITED", round(facts.rate_wait, 3), "<=", 0.0, "seconds to wait")


def _symbol(request: PlaceRequest, facts: GateFacts, _: Sized) -> Iterator[Judged]:
    allowed = facts.plugin.symbols_allowed
    yield _flag("symbol_configured", "SYMBOL_NOT_ALLOWED", facts.info is not None, request.symbol)
    yield _flag("symbol_allowed", "SYMBOL_NOT_ALLOWED", not allowed or request.symbol in allowed)
    yield _flag("broker", "BROKER_OFFLINE", facts.link)
    if not facts.hedging and len(request.legs) > 1 and not facts.plugin.shadow:
        # Two positions with stops of their own would become one with the stops of the second.
        yield failed(
            "hedging_account", "NETTING_ACCOUNT", False, "is", True, "the account merges both legs into one"
        )


def _market(request: PlaceRequest, facts: GateFacts, _: Sized) -> Iterator[Judged]:
    info = facts.known_symbol()
    directional = info.trade_mode.value in ("longonly", "shortonly", "full")
    yield _flag("trade_mode", "MARKET_CLOSED", directional, info.trade_mode.value)
    side_ok = side_allowed(info.trade_mode, request.side)
    yield _flag("side", "SIDE_NOT_ALLOWED", side_ok, request.side.value)
    is_open = session_open(info.name, facts.now, info.always_open)
    yield _flag("market_open", "MARKET_CLOSED", is_open)
    known = facts.tick is not None and min(facts.tick.bid, facts.tick.ask) > 0
    yield _flag("price", "NO_PRICE", known, _quoted(facts.tick))
    tick = facts.known_tick()
    if facts.max_tick_age_seconds is not None:
        age = round((facts.now_ns - tick.time_ns) / NS, 3)
        judge_ = passed if age <= facts.max_tick_age_seconds else failed
        yield judge_("price_age", "NO_PRICE", age, "<=", facts.max_tick_age_seconds, "seconds")
    if info.max_spread_pips is not None:
        spread = spread_pips(tick.bid, tick.ask, info.pip_size)
        judge_ = passed if spread <= info.max_spread_pips else failed
        yield judge_("spread", "SPREAD_TOO_WIDE", spread, "<=", info.max_spread_pips, "pips")
    if request.price > 0 and not facts.synthetic_prices:
        yield _band(request, facts, tick)


def _quoted(tick: Tick | None) -> str:
    return "no quote" if tick is None else f"bid {tick.bid} ask {tick.ask}"


def _band(request: PlaceRequest, facts: GateFacts, tick: Tick) -> Judged:
    market = tick.opening(request.side)
    band = market * facts.settings.market_data.price_band_percent / 100
    note = f"{facts.settings.market_data.price_band_percent:g} % of {market:g}"
    if facts.atr is not None and ATR_BAND * facts.atr < band:
        band, note = ATR_BAND * facts.atr, f"{ATR_BAND:g} x ATR {facts.atr:g}"
    off = round(abs(request.price - market), 8)
    judge_ = passed if off <= band else failed
    return judge_("price_band", "PRICE_BAND", off, "<=", round(band, 8), note)


def _size(request: PlaceRequest, facts: GateFacts) -> Sized:
    return size_legs(request, facts.known_symbol(), facts.plugin, facts.settings)


def _volume(_: PlaceRequest, __: GateFacts, sized: Sized) -> Iterator[Judged]:
    if sized.code:
        yield failed("volume", sized.code, None, "", None, sized.note)
        return
    lots = " + ".join(f"{leg.lots:g}" for leg in sized.sent)
    raised = any(leg.raised for leg in sized.sent)
    cut = any(leg.cut for leg in sized.sent)
    note = "raised to the minimum" if raised else "cut to the cap" if cut else ""
    yield passed("volume", "", sized.total, "=", lots, note)


def _brakes(request: PlaceRequest, facts: GateFacts, sized: Sized) -> Iterator[Judged]:
    yield from brake_gates(request, facts, sized.total)


def _stops(request: PlaceRequest, facts: GateFacts, sized: Sized) -> Iterator[Judged]:
    yield from stop_gates(request, facts.known_symbol(), facts.known_tick(), sized.sent)


def _risk(request: PlaceRequest, facts: GateFacts, sized: Sized) -> Iterator[Judged]:
    yield from risk_gates(request, facts, facts.known_symbol(), facts.known_tick(), sized.sent)


def _flag(name: str, code: str, fine: bool, note: str = "") -> Judged:
    return (passed if fine else failed)(name, code, fine, "is", True, note)


_Step = Callable[[PlaceRequest, GateFacts, Sized], Iterator[Judged]]
_ORDER: tuple[_Step, ...] = (_standing, _symbol, _market, _volume, _brakes, _stops, _risk)
_AGAIN: tuple[_Step, ...] = (_standing, _symbol, _market, _volume, _stops)
