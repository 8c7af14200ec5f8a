"""The decision about one message: a pure function of its text, the facts and the rules.

How to call it, in this order:

1. ``message = alert.parse(body)``: never raises.
2. ``facts = Facts(received_at=..., same_age=memory.age(key, received_at, body, rules.cooldown), ...)``. An
   entry needs ``balance``, ``symbol`` (`SymbolFacts.of`), ``spread_pips``, ``rows``, ``momentum``; an exit
   ``symbol`` and ``positions``; a pulse or state change ``rows`` and ``positions``. ``counters`` may stay
   out: then the host judges the caps.
3. ``decision = decide(message, facts, Rules.of(config))`` for a plugin, or ``decide_shared(message, facts)``
   for the store the plugins share.
4. When ``taken(decision)``: ``memory.take(key, received_at, body)``.
5. Carry it out: ``orders`` (one call for a pair), ``closes`` with ``close_reason`` (a `Close` with ``runner``
   marks what stays), ``row``, ``momentum``. ``gates``, ``steps``, ``skip_reason`` and ``observed`` are for
   the log and the story.

A closed leg goes to `breakeven.decide_breakeven`.
"""

from itertools import chain

import attrs

from zepix_core import Gate, Side, market_state, pulse_aligned, pulse_sums, rounded, shown
from zepix_plugins_v6 import classes, exits, filters, levels, sizing
from zepix_plugins_v6.decision import Action, Body, Observed, Order, V6Decision
from zepix_plugins_v6.duplicates import DEFAULT_WINDOW, is_duplicate
from zepix_plugins_v6.facts import Facts, SymbolFacts
from zepix_plugins_v6.levels import Levels
from zepix_plugins_v6.messages import (
    Entry,
    Exit,
    Malformed,
    MomentumChange,
    NotV6,
    StateChange,
    TrendPulse,
    V6Message,
)
from zepix_plugins_v6.profiles import BY_TIMEFRAME
from zepix_plugins_v6.pulse import decide_momentum, decide_trend
from zepix_plugins_v6.rules import Rules
from zepix_plugins_v6.sizing import Size


def decide(message: Body, facts: Facts, rules: Rules) -> V6Decision:
    """What one plugin does about a message."""
    early = _for_all(message, facts, rules.cooldown, rules)
    if early is not None or not isinstance(message, Entry | Exit):
        return early or _ignored(message, "info_only")
    if message.timeframe != rules.profile.timeframe:
        return _ignored(message, "wrong_timeframe", _timeframe_gate(message, "is", rules.profile.timeframe))
    return _enter(message, facts, rules) if isinstance(message, Entry) else _leave(message, facts, rules)


def decide_shared(message: Body, facts: Facts, window: float = DEFAULT_WINDOW) -> V6Decision:
    """What a message changes for all plugins together: trend rows and momentum. Entries and exits of a
    timeframe with a plugin are left to it (``none``); the rest is ignored with its reason."""
    early = _for_all(message, facts, window, None)
    if early is not None or not isinstance(message, Entry | Exit):
        return early or _ignored(message, "info_only")
    return V6Decision(action=Action.NONE, message=message)


def _for_all(message: Body, facts: Facts, window: float, rules: Rules | None) -> V6Decision | None:
    """What no single plugin decides; ``None`` for log-only messages and what has a plugin."""
    early = _unread(message) or _repeated(message, facts, window)
    if early is not None:
        return early
    if isinstance(message, TrendPulse | StateChange):
        return decide_trend(message, facts, rules)
    if isinstance(message, MomentumChange):
        return decide_momentum(message)
    if isinstance(message, Entry | Exit) and message.timeframe not in BY_TIMEFRAME:
        return _ignored(message, "no_plugin", _timeframe_gate(message, "has a plugin"))
    return None


def taken(decision: V6Decision) -> bool:
    """Whether the message counts for later duplicates: valid, and none itself."""
    return isinstance(decision.message, V6Message) and decision.reason != "duplicate"


def _unread(message: Body) -> V6Decision | None:
    if isinstance(message, Malformed):
        gate = Gate("message", False, message.code, "keeps the grammar")
        return V6Decision(action=Action.MALFORMED, message=message, reason=message.code, gates=(gate,))
    if isinstance(message, NotV6):
        return V6Decision(action=Action.IGNORED, message=message, reason=message.reason)
    return None


def _repeated(message: Body, facts: Facts, window: float) -> V6Decision | None:
    if not is_duplicate(facts.same_age, window):
        return None
    gate = Gate("duplicate", False, facts.same_age, "seconds since the same >=", window)
    return _ignored(message, "duplicate", gate)


def _ignored(message: Body, reason: str, *gates: Gate) -> V6Decision:
    return V6Decision(action=Action.IGNORED, message=message, reason=reason, gates=gates)


def _timeframe_gate(message: V6Message, rule: str, wanted: str | None = None) -> Gate:
    return Gate("timeframe", False, message.timeframe, rule, wanted)


def _leave(message: Exit, facts: Facts, rules: Rules) -> V6Decision:
    """The timeframe is the only condition of an exit; without own positions it closes nothing."""
    mine = exits.own(facts.positions, rules, message.ticker)
    closes, steps = exits.signal_closes(mine, message.side, facts.symbol, rules)
    return V6Decision(
        action=Action.SHADOW_EXIT if rules.shadow else Action.EXIT,
        message=message,
        side=message.side,
        closes=closes,
        close_reason=exits.EXIT_REASON if closes else "",
        steps=steps,
    )


def _enter(message: Entry, facts: Facts, rules: Rules) -> V6Decision:
    gates: list[Gate] = []
    decision = _judged(message, facts, rules, gates)
    return attrs.evolve(
        decision, gates=tuple(gates), side=message.side, observed=observe(message, facts, message.side)
    )


def _judged(message: Entry, facts: Facts, rules: Rules, gates: list[Gate]) -> V6Decision:
    """The entry's tests in their order; each is noted in ``gates``, and the first that refuses ends it."""

    def passes(gate: Gate) -> bool:
        gates.append(gate)
        return gate.passed

    def refused(detail: str | None = None) -> V6Decision:
        return V6Decision(action=Action.REJECT, message=message, reason=gates[-1].name, detail=detail)

    listed = not rules.symbols or message.ticker in rules.symbols
    if not passes(Gate("symbol", listed, message.ticker, "in supported_symbols")):
        return refused()
    found = levels.read(message, rules, None if facts.symbol is None else facts.symbol.digits)
    if not passes(found.gate):
        return refused(found.detail)
    for gate in chain(filters.judge(message, facts, rules), filters.caps(facts, rules)):
        if not passes(gate):
            return refused()
    balance, symbol = facts.balance, facts.symbol
    funded = balance is not None and balance > 0
    if not passes(Gate("no_balance", funded, shown(balance), "balance > 0", 0)) or balance is None:
        return refused()
    if not passes(Gate("no_symbol_info", symbol is not None, message.ticker, "is known")) or symbol is None:
        return refused()
    size = sizing.size(message.price, found.sl, balance, symbol, rules)
    return V6Decision(
        action=Action.SHADOW_ENTRY if rules.shadow else Action.ENTRY,
        message=message,
        routing=rules.profile.routing,
        orders=_orders(found, size, symbol),
        steps=size.steps,
    )


def _orders(found: Levels, size: Size, symbol: SymbolFacts) -> tuple[Order, ...]:
    return tuple(
        Order(
            leg=target.leg,
            lots=leg.lots,
            sl=rounded(found.sl, symbol.digits),
            tp=rounded(target.price, symbol.digits),
            tp_level=target.level,
            raised_to_min=leg.raised,
        )
        for target, leg in zip(found.targets, size.legs, strict=True)
    )


def read_only(message: Entry) -> Observed:
    """Those facts of an entry that its message alone tells."""
    return Observed(
        adx=message.adx,
        adx_strength=classes.adx_strength(message.adx),
        conf_score=message.conf_score,
        confidence_level=classes.confidence_level(message.conf_score),
    )


def observe(message: Entry, facts: Facts, side: Side) -> Observed:
    """The facts of an entry that the trade tables keep, whether a filter asked for them or not."""
    rows = facts.rows_of(message.ticker)

    def leaning(timeframe: str) -> int | None:
        row = facts.row(message.ticker, timeframe)
        return None if row is None else row.net_direction

    return attrs.evolve(
        read_only(message),
        spread_pips=filters.rounded_spread(facts.spread_pips),
        market_state=market_state(rows).value,
        pulse=pulse_sums(rows),
        pulse_alignment_ok=pulse_aligned(rows, side),
        trend_15m=leaning("15"),
        trend_4h=leaning("240"),
        trend_1d=leaning(filters.DAILY_ROW),
        momentum_increasing=None if facts.momentum is None else facts.momentum == filters.INCREASING,
    )
