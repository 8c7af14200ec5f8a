"""A message back to the text it was read from, written apart from the parser so that one checks the other."""

from decimal import Decimal

from zepix_core import Side
from zepix_plugins_v6.messages import (
    Entry,
    Exit,
    LevelBreak,
    MomentumChange,
    Screener,
    SidewaysBreakout,
    StateChange,
    TrendlineBreak,
    TrendPulse,
    V6Message,
)


def number(value: Decimal | None, missing: str = "NA") -> str:
    """A number without exponent and needless zeros."""
    if value is None:
        return missing
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def render(message: V6Message) -> str:
    """The message's canonical text."""
    return "|".join([message.type, message.ticker, message.timeframe, *_fields(message)])


def _fields(message: V6Message) -> list[str]:
    match message:
        case Entry():
            return _entry(message)
        case Exit():
            return [number(message.price), number(message.bars)]
        case TrendPulse():
            return [str(message.bull), str(message.bear), message.changes, message.state]
        case StateChange():
            return [message.state, message.previous_state, f"{message.bull}/{message.bear}"]
        case MomentumChange():
            before, after = number(message.prev_adx), number(message.adx)
            return [after, message.adx_strength, before, message.prev_strength, message.momentum]
        case SidewaysBreakout():
            leaning = "BULLISH" if message.side is Side.BUY else "BEARISH"
            return [leaning, number(message.adx), "STRONG", "SIDEWAYS", "INCREASING"]
        case TrendlineBreak():
            return [number(message.price), number(message.slope), str(message.age)]
        case LevelBreak():
            bars = (message.tests, message.start_bar, message.current_bar)
            return [number(message.level), *map(str, bars)]
        case Screener():
            return [str(len(message.indicators)), ",".join(message.indicators)]


def _entry(message: Entry) -> list[str]:
    parts = [
        number(message.price),
        message.side.value,
        message.conf_level,
        str(message.conf_score),
        number(message.adx),
        message.adx_strength,
    ]
    levels = (message.sl, message.tp1, message.tp2, message.tp3)
    if any(level is not None for level in levels):
        parts += [number(level, "NaN") for level in levels]
    if message.alignment is not None:
        parts.append(f"{message.alignment[0]}/{message.alignment[1]}")
    if message.trendline is not None:
        parts.append(message.trendline)
    return [*parts, ""]
