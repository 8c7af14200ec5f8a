"""The filters of an entry: each is one exact comparison. What is missing never passes."""

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from zepix_core import (
    Gate,
    MarketState,
    TrendPulseData,
    market_state,
    pulse_aligned,
    pulse_sums,
    shown,
    state_matches,
)
from zepix_plugins_v6.facts import UNKNOWN_SPREAD, Facts
from zepix_plugins_v6.messages import Entry
from zepix_plugins_v6.rules import Rules

DAILY_ROW = "1440"
INCREASING = "INCREASING"
_OFF = "switched off"
_CHARTS = {DAILY_ROW: "1D"}

CAPS = ("cap_open_trades", "cap_daily_trades", "cap_daily_loss")


def judge(entry: Entry, facts: Facts, rules: Rules) -> Iterator[Gate]:
    """The plugin's filters in their order; a gate's name is its code. Stop at the first that refuses."""
    for code in rules.profile.filters:
        yield _FILTERS[code](entry, facts, rules)


def caps(facts: Facts, rules: Rules) -> Iterator[Gate]:
    """The three caps, when the counters are known here; else the host judges them."""
    counters = facts.counters
    if counters is None:
        return
    for code, value, limit in (
        ("cap_open_trades", Decimal(counters.open_trades), Decimal(rules.max_open_trades)),
        ("cap_daily_trades", Decimal(counters.trades_today), Decimal(rules.max_daily_trades)),
        ("cap_daily_loss", counters.daily_loss, rules.daily_loss_limit),
    ):
        yield Gate(code, value < limit, shown(value), "<", shown(limit))


def rounded_spread(pips: Decimal | None) -> Decimal | None:
    """A spread to a tenth of a pip, half up; ``None`` when it is not known."""
    if pips is None or pips >= UNKNOWN_SPREAD:
        return None
    return pips.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def _adx(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    least, strict = rules.adx, rules.profile.strict_adx
    sign = ">" if strict else ">="
    if least is None:
        return Gate("adx", True, shown(entry.adx), _OFF)
    if entry.adx is None:
        return Gate("adx", False, None, sign, shown(least), "the message has no ADX")
    passed = entry.adx > least if strict else entry.adx >= least
    return Gate("adx", passed, shown(entry.adx), sign, shown(least))


def _confidence(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    least = rules.confidence
    if least is None:
        return Gate("confidence", True, entry.conf_score, _OFF)
    return Gate("confidence", entry.conf_score >= least, entry.conf_score, ">=", shown(least))


def _spread(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    most, spread = rules.max_spread, rounded_spread(facts.spread_pips)
    if most is None:
        return Gate("spread", True, shown(spread), _OFF)
    if spread is None:
        return Gate("spread", False, None, "<", shown(most), "the spread is not known")
    return Gate("spread", spread < most, shown(spread), "<", shown(most))


def _tf_alignment(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    return _aligned("tf_alignment", rules.profile.trend_row, entry, facts, rules)


def _tf_alignment_1d(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    return _aligned("tf_alignment_1d", DAILY_ROW, entry, facts, rules)


def _aligned(code: str, timeframe: str, entry: Entry, facts: Facts, rules: Rules) -> Gate:
    row = facts.row(entry.ticker, timeframe)
    value = None if row is None else _said(row)
    if code not in rules.required:
        return Gate(code, True, value, _OFF)
    rule = f"row {timeframe} leans"
    if row is None:
        return _absent(code, rule, entry, rules, missing_row(entry.ticker, timeframe))
    return Gate(code, row.net_direction == entry.side.sign, value, rule, entry.side.value)


def _said(row: TrendPulseData) -> str:
    return f"{row.bull_count} bullish, {row.bear_count} bearish"


def _market_state(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    state = market_state(facts.rows_of(entry.ticker))
    wanted = "BULLISH" if entry.side.sign > 0 else "BEARISH"
    if "market_state" not in rules.required:
        return Gate("market_state", True, state.value, _OFF)
    if state is MarketState.UNKNOWN:
        return _absent("market_state", "contains", entry, rules, missing_row(entry.ticker, ""), wanted)
    return Gate("market_state", state_matches(state, entry.side), state.value, "contains", wanted)


def _pulse(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    rows = facts.rows_of(entry.ticker)
    bull, bear = pulse_sums(rows)
    value = f"{bull} bullish, {bear} bearish"
    if "pulse" not in rules.required:
        return Gate("pulse", True, value, _OFF)
    if not rows:
        return _absent("pulse", "all rows lean", entry, rules, missing_row(entry.ticker, ""))
    passed = pulse_aligned(rows, entry.side)
    return Gate("pulse", passed, value, "all rows lean", entry.side.value)


def _momentum(entry: Entry, facts: Facts, rules: Rules) -> Gate:
    if "momentum" not in rules.required:
        return Gate("momentum", True, facts.momentum, _OFF)
    if facts.momentum is None:
        note = f"no MOMENTUM_CHANGE of {entry.ticker} on {entry.timeframe} was received"
        return _absent("momentum", "is", entry, rules, note, INCREASING)
    return Gate("momentum", facts.momentum == INCREASING, facts.momentum, "is", INCREASING)


def _absent(code: str, rule: str, entry: Entry, rules: Rules, note: str, wanted: str = "") -> Gate:
    """A fact nobody sent yet: refused, unless the operator lets exactly this pass."""
    if rules.allow_missing:
        note += "; missing_trend_policy lets it pass"
    return Gate(code, rules.allow_missing, None, rule, wanted or entry.side.value, note)


def missing_row(symbol: str, timeframe: str) -> str:
    """Which alert the operator must switch on in TradingView."""
    chart = f"the {_CHARTS.get(timeframe, timeframe)} chart" if timeframe else "any chart"
    return f"no trend pulse of {symbol} from {chart}: switch on the indicator's alert there in TradingView"


_FILTERS: dict[str, Callable[[Entry, Facts, Rules], Gate]] = {
    "adx": _adx,
    "confidence": _confidence,
    "spread": _spread,
    "tf_alignment": _tf_alignment,
    "tf_alignment_1d": _tf_alignment_1d,
    "market_state": _market_state,
    "pulse": _pulse,
    "momentum": _momentum,
}
