"""The decision: a pure function of the alert, the state, the rules and the symbols' facts."""

from collections.abc import Mapping
from decimal import Decimal

import attrs

from zepix_core import Gate, Side, Step, shown
from zepix_plugins_v3 import routing, sizing, stops, trends
from zepix_plugins_v3.alert import Refusal, V3Alert
from zepix_plugins_v3.decision import PLUGIN_ID, Action, Entry, State, V3Decision
from zepix_plugins_v3.duplicates import meaning
from zepix_plugins_v3.rules import Rules
from zepix_plugins_v3.signals import LAUNCHPAD, Category
from zepix_plugins_v3.stops import SymbolFacts


class _Refused(Exception):
    """A gate said no; the last gate of the trail tells why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Trail:
    """The tests and the arithmetic, in the order they were made."""

    def __init__(self) -> None:
        self.gates: list[Gate] = []
        self.steps: list[Step] = []

    def gate(
        self,
        code: str,
        name: str,
        passed: bool,
        value: object,
        rule: str,
        threshold: object = None,
        note: str = "",
    ) -> None:
        """Note a test; a failed one ends the decision with ``code``."""
        self.gates.append(Gate(name, passed, shown(value), rule, shown(threshold), note))
        if not passed:
            raise _Refused(code)


def refused(refusal: Refusal) -> V3Decision:
    """The decision about a message that failed a check of its text."""
    gate = Gate(f"message: {refusal.key}", False, shown(refusal.value), refusal.rule)
    action = Action.IGNORE if refusal.ignored else Action.REJECT
    return V3Decision(action=action, reason=refusal.code, gates=(gate,))


def decide(alert: V3Alert, state: State, rules: Rules, symbols: Mapping[str, SymbolFacts]) -> V3Decision:
    """What to do about an alert whose text is in order.

    Args:
        symbols: Facts by symbol; an entry on a symbol without facts is refused.
    """
    trail = _Trail()
    trail.gate("", "message", True, alert.signal.names[0], "passes checks 3 to 14")
    closing = _closing(alert, state, rules)
    try:
        _no_duplicate(alert, state, rules, closing, trail)
        trail.gate(
            "signal_disabled",
            "signal",
            alert.signal.id in rules.signals,
            alert.signal.id,
            "taken by the settings",
        )
        decision = _by_category(alert, state, rules, symbols, closing, trail)
    except _Refused as refusal:
        decision = V3Decision(action=Action.REJECT, reason=refusal.reason, alert=alert)
    return attrs.evolve(decision, gates=tuple(trail.gates), steps=tuple(trail.steps))


def _by_category(
    alert: V3Alert,
    state: State,
    rules: Rules,
    symbols: Mapping[str, SymbolFacts],
    closing: tuple[int, ...],
    trail: _Trail,
) -> V3Decision:
    if alert.signal.category is Category.EXIT:
        return V3Decision(
            action=Action.CLOSE if closing else Action.NO_ACTION,
            reason=None if closing else "no_open_position",
            alert=alert,
            close_side=_close_side(alert, rules),
            close_tickets=closing,
            shadow=rules.shadow,
        )
    if alert.type == "squeeze_v3":
        return V3Decision(action=Action.NOTIFY, alert=alert, high_alert_seconds=rules.squeeze_seconds)
    if alert.side is None:
        pillars = rules.pillars(alert.trends or ())
        return V3Decision(
            action=Action.TREND_UPDATE,
            alert=alert,
            trends={name: trends.WORDS[value] for name, value in pillars.items()},
            changed_pillars=alert.changed,
            notify=bool(alert.changed),
        )
    return _entry(alert, alert.side, state, rules, symbols, trail)


def _close_side(alert: V3Alert, rules: Rules) -> Side | None:
    """The side an exit closes: Pine's ``sell`` sells out of longs; ``legacy`` reads it the other way."""
    if alert.side is None:
        return None
    return alert.side if rules.exit_mode == "legacy" else alert.side.opposite


def _own(state: State, symbol: str, side: Side | None) -> tuple[int, ...]:
    return tuple(
        position.ticket
        for position in state.positions
        if position.plugin == PLUGIN_ID and position.symbol == symbol and position.side is side
    )


def _closing(alert: V3Alert, state: State, rules: Rules) -> tuple[int, ...]:
    if alert.signal.category is not Category.EXIT:
        return ()
    return _own(state, alert.symbol, _close_side(alert, rules))


def _no_duplicate(
    alert: V3Alert, state: State, rules: Rules, closing: tuple[int, ...], trail: _Trail
) -> None:
    """An exit that would still close something acts, whatever came before it."""
    own = meaning(alert)
    ages = [before.age for before in state.accepted if before.meaning == own]
    age = min((age for age in ages if age < rules.duplicate_window), default=None)
    note = "an exit that still closes something acts" if age is not None and closing else ""
    passed = age is None or bool(closing)
    trail.gate(
        "duplicate",
        "no duplicate",
        passed,
        age,
        "seconds since the same, none or >=",
        rules.duplicate_window,
        note,
    )


def _entry(
    alert: V3Alert,
    side: Side,
    state: State,
    rules: Rules,
    symbols: Mapping[str, SymbolFacts],
    trail: _Trail,
) -> V3Decision:
    logic, why = routing.route(alert, rules)
    _switches(alert, logic, rules, trail)
    votes = _score(alert, side, rules, trail)
    bad = stops.sane(alert.stops, alert.price, side)
    trail.gate("invalid_stops", "stops as sent", bad is None, bad, "on their sides of the price", alert.price)
    pillars = None if alert.trends is None else rules.pillars(alert.trends)
    _trend(alert.symbol, side, pillars, state, rules, trail)
    balance = _balance(state, trail)
    size = _size(balance, votes, logic, rules, trail)
    order_a, order_b = _orders(alert, side, size, logic, rules, symbols.get(alert.symbol), trail)
    aggressive = alert.signal.aggressive or votes >= sizing.AGGRESSIVE_FROM
    closing = _own(state, alert.symbol, side.opposite) if aggressive else ()
    return V3Decision(
        action=Action.REVERSE if closing else Action.ENTER,
        alert=alert,
        entry=Entry(
            side=side,
            logic_route=logic,
            routing_reason=why,
            conviction=votes,
            size=size,
            aggressive=aggressive,
            pillars=pillars,
            order_a=order_a,
            order_b=order_b,
        ),
        close_tickets=closing,
        shadow=rules.shadow,
    )


def _switches(alert: V3Alert, logic: str, rules: Rules, trail: _Trail) -> None:
    """What an operator may have switched off."""
    trail.gate("dual_orders_disabled", "pairs", rules.pairs, rules.pairs, "switched on")
    trail.gate(
        "timeframe_disabled",
        "timeframe",
        alert.timeframe in rules.timeframes,
        alert.timeframe,
        "in supported_timeframes",
    )
    trail.gate("logic_disabled", "logic", logic not in rules.host.stopped_logics, logic, "switched on")


def _score(alert: V3Alert, side: Side, rules: Rules, trail: _Trail) -> int:
    votes = sizing.conviction(alert.score, side, rules.score_mode)
    least = rules.least_conviction.get(alert.signal.id, rules.min_consensus_score)
    if alert.signal is LAUNCHPAD and side is Side.SELL and rules.score_mode == "literal":
        least = rules.min_consensus_score
    trail.steps.append(
        Step("conviction", f"score {alert.score} on a {side} ({rules.score_mode})", str(votes))
    )
    trail.gate("low_consensus_score", "conviction", votes >= least, votes, ">=", least)
    return votes


def _trend(
    symbol: str, side: Side, pillars: Mapping[str, int] | None, state: State, rules: Rules, trail: _Trail
) -> None:
    if not rules.check_trends:
        trail.gate("", "trend", True, None, "bypassed for entries")
        return
    found = pillars if pillars is not None else state.trends.get(symbol)
    trail.gate(
        "no_trend", "trend known", found is not None, None if found is None else str(dict(found)), "known"
    )
    count = trends.aligned(found or {}, side)
    trail.gate(
        "trend_not_aligned", "trend", count >= rules.min_alignment, count, "pillars >=", rules.min_alignment
    )


def _balance(state: State, trail: _Trail) -> Decimal:
    balance = state.balance
    losses = state.daily_loss is not None and state.lifetime_loss is not None
    known = balance is not None and balance > 0 and losses
    trail.gate("no_balance", "balance", known, balance, "> 0, and both loss figures known")
    return balance or Decimal(0)


def _size(balance: Decimal, votes: int, logic: str, rules: Rules, trail: _Trail) -> sizing.Size:
    tier = sizing.tier_of(balance, rules)
    base = sizing.base_lot(tier, rules)
    trail.gate("no_base_lot", "base lot", base is not None, base, "known for the tier", tier)
    size = sizing.size(tier, base or Decimal(0), votes, logic, rules)
    trail.steps.extend(size.steps)
    return size


def _orders(
    alert: V3Alert,
    side: Side,
    size: sizing.Size,
    logic: str,
    rules: Rules,
    facts: SymbolFacts | None,
    trail: _Trail,
) -> tuple[stops.Leg, stops.Leg]:
    if facts is None:
        trail.gate("no_symbol_info", "symbol facts", False, alert.symbol, "known")
        raise _Refused("no_symbol_info")
    order_a = stops.order_a(
        stops=alert.stops,
        price=alert.price,
        side=side,
        lots=size.lots_a,
        table_distance=rules.stop_distances.get((alert.symbol, size.tier)),
        logic=logic,
        facts=facts,
        rules=rules,
    )
    if order_a is None:
        trail.gate("no_stop_table", "stop of A", False, None, "sent, or in the stop table", alert.symbol)
        raise _Refused("no_stop_table")
    order_b = stops.order_b(
        stops=alert.stops, price=alert.price, side=side, lots=size.lots_b, facts=facts, rules=rules
    )
    for name, leg in (("A", order_a), ("B", order_b)):
        trail.steps.extend(leg.steps)
        trail.gate(
            "invalid_stops",
            f"final levels of {name}",
            stops.finished(leg, alert.price),
            f"sl {leg.sl}, tp {leg.tp}",
            "> 0 and on their sides of the price",
            alert.price,
        )
    return order_a, order_b
