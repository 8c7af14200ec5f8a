"""The V6 wire text, `TYPE|ticker|timeframe|…`, read into a frozen message; never an exception."""

from collections.abc import Callable
from typing import NamedTuple

from zepix_core import Side
from zepix_plugins_v6 import fields as read
from zepix_plugins_v6.fields import Unreadable, bad
from zepix_plugins_v6.messages import (
    Entry,
    Exit,
    LevelBreak,
    Malformed,
    MomentumChange,
    NotV6,
    Screener,
    SidewaysBreakout,
    StateChange,
    TrendlineBreak,
    TrendPulse,
    V6Message,
)

SEPARATOR = "|"
DEFAULT_SCORE = 50
_BLANKS = " \t\r\n"
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
_LEANINGS = {"BULLISH": Side.BUY, "BEARISH": Side.SELL}
_LEVELS = frozenset({"HIGH", "MODERATE", "LOW"})
_STRENGTHS = frozenset({"STRONG", "MODERATE", "WEAK", "NA"})
_TRENDLINES = frozenset({"TL_OK", "TL_BREAK"})
_MOMENTA = frozenset({"INCREASING", "DECREASING"})


def parse(body: str) -> V6Message | Malformed | NotV6:
    """Read one message.

    Returns:
        The message, `Malformed` with a reason code when it breaks the grammar, or `NotV6` when it is
        another format's (JSON, a sentence without separators).
    """
    text = body.strip(_BLANKS)
    if not text:
        return Malformed("empty")
    if text[0] in "{[" or SEPARATOR not in text:
        return NotV6()
    parts = text.split(SEPARATOR)
    grammar = _GRAMMARS.get(parts[0])
    if grammar is None:
        return Malformed("unknown_type")
    try:
        return grammar.read(_counted(parts, grammar), grammar.side)
    except Unreadable as fault:
        return Malformed(fault.code)


def _counted(parts: list[str], grammar: "_Grammar") -> list[str]:
    """The fields without the one empty field a sender may put at the end.

    An entry always sends a trailing separator. Elsewhere the last field itself may be empty (a pulse's
    state), so there the empty one is dropped only when it is exactly one too many.
    """
    least, most = grammar.least, grammar.most
    always = least != most
    if parts[-1] == "" and (always or len(parts) == most + 1):
        parts = parts[:-1]
    if not least <= len(parts) <= most:
        raise Unreadable("field_count")
    return parts


class _Head(NamedTuple):
    type: str
    ticker: str
    timeframe: str


def _head(parts: list[str]) -> _Head:
    return _Head(parts[0], read.ticker(parts[1], "ticker"), read.timeframe(parts[2], "timeframe"))


def _entry(parts: list[str], side: Side) -> Entry:
    head = _head(parts)
    price = read.price(parts[3], "price")
    if parts[4] not in _SIDES:
        raise bad("direction")
    if _SIDES[parts[4]] is not side:
        raise Unreadable("direction_mismatch")
    level = read.one_of(parts[5], "conf_level", _LEVELS)
    missing_score = parts[6] in read.MISSING
    score = DEFAULT_SCORE if missing_score else read.bounded(parts[6], "conf_score", 100)
    adx = read.adx(parts[7], "adx")
    strength = read.one_of(parts[8], "adx_strength", _STRENGTHS)
    tail = parts[9:]
    prices = [read.optional_price(text, name) for text, name in _take_prices(tail)]
    sl, tp1, tp2, tp3 = prices or [None] * 4
    alignment = read.pair(tail.pop(0), "alignment") if tail and "/" in tail[0] else None
    trendline = tail.pop(0) if tail and tail[0] in _TRENDLINES else None
    if tail:
        raise Unreadable("bad_tail")
    return Entry(
        **head._asdict(),
        price=price,
        side=side,
        conf_level=level,
        conf_score=score,
        adx=adx,
        adx_strength=strength,
        sl=sl,
        tp1=tp1,
        tp2=tp2,
        tp3=tp3,
        alignment=alignment,
        trendline=trendline,
    )


def _take_prices(tail: list[str]) -> list[tuple[str, str]]:
    """Take the stop and the three targets off the tail: all four or none, told by the first's shape."""
    if not tail or not (read.is_number(tail[0]) or tail[0] in ("NA", "NaN")):
        return []
    if len(tail) < 4:
        raise Unreadable("bad_tail")
    four, tail[:4] = tail[:4], []
    return list(zip(four, ("sl", "tp1", "tp2", "tp3"), strict=True))


def _exit(parts: list[str], side: Side) -> Exit:
    head = _head(parts)
    return Exit(
        **head._asdict(), price=read.price(parts[3], "price"), side=side, bars=read.number(parts[4], "bars")
    )


def _pulse(parts: list[str], _: Side) -> TrendPulse:
    head = _head(parts)
    bull = read.bounded(parts[3], "bull_count", read.ALL_TIMEFRAMES)
    bear = read.bounded(parts[4], "bear_count", read.ALL_TIMEFRAMES)
    if bull + bear > read.ALL_TIMEFRAMES:
        raise bad("bear_count")
    changes = read.opaque(parts[5], "changes")
    state = read.word(parts[6], "state") if parts[6] else ""
    return TrendPulse(**head._asdict(), bull=bull, bear=bear, changes=changes, state=state)


def _state(parts: list[str], _: Side) -> StateChange:
    head = _head(parts)
    state = read.word(parts[3], "state")
    previous = read.word(parts[4], "previous_state")
    bull, bear = read.pair(parts[5], "alignment")
    return StateChange(**head._asdict(), state=state, previous_state=previous, bull=bull, bear=bear)


def _momentum(parts: list[str], _: Side) -> MomentumChange:
    head = _head(parts)
    return MomentumChange(
        **head._asdict(),
        adx=read.adx(parts[3], "adx"),
        adx_strength=read.one_of(parts[4], "adx_strength", _STRENGTHS),
        prev_adx=read.adx(parts[5], "prev_adx"),
        prev_strength=read.one_of(parts[6], "prev_strength", _STRENGTHS),
        momentum=read.one_of(parts[7], "momentum", _MOMENTA),
    )


def _sideways(parts: list[str], _: Side) -> SidewaysBreakout:
    head = _head(parts)
    leaning = read.one_of(parts[3], "direction", frozenset(_LEANINGS))
    adx = read.adx(parts[4], "adx")
    read.one_of(parts[5], "adx_strength", frozenset({"STRONG"}))
    read.one_of(parts[6], "previous_state", frozenset({"SIDEWAYS"}))
    read.one_of(parts[7], "momentum", frozenset({"INCREASING"}))
    return SidewaysBreakout(**head._asdict(), side=_LEANINGS[leaning], adx=adx)


def _trendline(parts: list[str], side: Side) -> TrendlineBreak:
    head = _head(parts)
    return TrendlineBreak(
        **head._asdict(),
        price=read.price(parts[3], "price"),
        side=side,
        slope=read.number(parts[4], "slope"),
        age=read.integer(parts[5], "age"),
    )


def _level(parts: list[str], side: Side) -> LevelBreak:
    head = _head(parts)
    return LevelBreak(
        **head._asdict(),
        level=read.price(parts[3], "level"),
        side=side,
        tests=read.integer(parts[4], "tests"),
        start_bar=read.integer(parts[5], "start_bar"),
        current_bar=read.integer(parts[6], "current_bar"),
    )


def _screener(parts: list[str], side: Side) -> Screener:
    head = _head(parts)
    count = read.integer(parts[3], "count")
    if count < 1:
        raise bad("count")
    names = tuple(read.word(name, "indicators") for name in parts[4].split(","))
    if len(names) != count:
        raise bad("indicators")
    return Screener(**head._asdict(), side=side, indicators=names)


class _Grammar(NamedTuple):
    least: int
    most: int
    read: Callable[[list[str], Side], V6Message]
    side: Side = Side.BUY


_GRAMMARS: dict[str, _Grammar] = {
    "BULLISH_ENTRY": _Grammar(9, 15, _entry, Side.BUY),
    "BEARISH_ENTRY": _Grammar(9, 15, _entry, Side.SELL),
    "EXIT_BULLISH": _Grammar(5, 5, _exit, Side.BUY),
    "EXIT_BEARISH": _Grammar(5, 5, _exit, Side.SELL),
    "TREND_PULSE": _Grammar(7, 7, _pulse),
    "STATE_CHANGE": _Grammar(6, 6, _state),
    "MOMENTUM_CHANGE": _Grammar(8, 8, _momentum),
    "SIDEWAYS_BREAKOUT": _Grammar(8, 8, _sideways),
    "TRENDLINE_BULLISH_BREAK": _Grammar(6, 6, _trendline, Side.BUY),
    "TRENDLINE_BEARISH_BREAK": _Grammar(6, 6, _trendline, Side.SELL),
    "BREAKOUT": _Grammar(7, 7, _level, Side.BUY),
    "BREAKDOWN": _Grammar(7, 7, _level, Side.SELL),
    "SCREENER_FULL_BULLISH": _Grammar(5, 5, _screener, Side.BUY),
    "SCREENER_FULL_BEARISH": _Grammar(5, 5, _screener, Side.SELL),
}

MESSAGE_TYPES = tuple(_GRAMMARS)
