"""What a V6 message says, as frozen values. Prices and ADX are decimals exactly as on the wire."""

import re
from decimal import Decimal

import attrs

from zepix_core import Side

_CHANGE = re.compile(r"([0-9]{1,4}|[0-9]{0,3}[STDWM])\s*:\s*([A-Z_]+)\s*(?:→|->)\s*([A-Z_]+)")


@attrs.frozen(kw_only=True)
class Message:
    """What every message has.

    Attributes:
        type: First field, such as ``BULLISH_ENTRY``.
        ticker: Upper case, without an exchange prefix.
        timeframe: Of the chart that sent it, in TradingView's spelling (``15``, ``240``, ``1D``).
    """

    type: str
    ticker: str
    timeframe: str


@attrs.frozen(kw_only=True)
class Entry(Message):
    """``BULLISH_ENTRY`` or ``BEARISH_ENTRY``: may open a trade.

    Attributes:
        price: Close at the tick that fired.
        conf_level: ``HIGH``, ``MODERATE`` or ``LOW`` as the sender put it; the score is what counts.
        conf_score: 0..100; 50 when the sender left it out.
        adx: 0..100, ``None`` when the sender's ADX group is off or has no value yet.
        sl, tp1, tp2, tp3: Prices; ``None`` when undefined or when the group is off.
        alignment: Bullish and bearish timeframes of six, ``None`` when Trend Pulse is off.
        trendline: ``TL_OK``, ``TL_BREAK``, or ``None`` when trendlines are off.
    """

    price: Decimal
    side: Side
    conf_level: str
    conf_score: int
    adx: Decimal | None
    adx_strength: str
    sl: Decimal | None = None
    tp1: Decimal | None = None
    tp2: Decimal | None = None
    tp3: Decimal | None = None
    alignment: tuple[int, int] | None = None
    trendline: str | None = None


@attrs.frozen(kw_only=True)
class Exit(Message):
    """``EXIT_BULLISH`` ends longs, ``EXIT_BEARISH`` shorts.

    Attributes:
        side: The positions it ends.
        bars: The sender's exit length; required, and used for nothing.
    """

    price: Decimal
    side: Side
    bars: Decimal


@attrs.frozen(kw_only=True)
class TrendChange:
    """One timeframe of a pulse that turned, for display: ``15:BEAR→BULL``."""

    timeframe: str
    old: str
    new: str


@attrs.frozen(kw_only=True)
class TrendPulse(Message):
    """``TREND_PULSE``: how many of the six timeframes are bullish and bearish right now.

    Attributes:
        bull, bear: 0..6 each, six at most together; totals, not differences.
        changes: The text of the field exactly as sent.
        state: The sender's word, ``""`` when it sent none.
    """

    bull: int
    bear: int
    changes: str
    state: str

    def turned(self) -> tuple[TrendChange, ...]:
        """The entries of `changes` that have the known shape; others are left out."""
        found = (_CHANGE.fullmatch(part.strip()) for part in self.changes.split(","))
        return tuple(TrendChange(timeframe=m[1], old=m[2], new=m[3]) for m in found if m is not None)


@attrs.frozen(kw_only=True)
class StateChange(Message):
    """``STATE_CHANGE``: the market's state word changed; counts as in `TrendPulse`."""

    state: str
    previous_state: str
    bull: int
    bear: int


@attrs.frozen(kw_only=True)
class MomentumChange(Message):
    """``MOMENTUM_CHANGE``: ADX moved by 3 or more, or its class changed.

    Attributes:
        momentum: ``INCREASING`` or ``DECREASING``.
    """

    adx: Decimal | None
    adx_strength: str
    prev_adx: Decimal | None
    prev_strength: str
    momentum: str


@attrs.frozen(kw_only=True)
class SidewaysBreakout(Message):
    """``SIDEWAYS_BREAKOUT``: information only."""

    side: Side
    adx: Decimal | None


@attrs.frozen(kw_only=True)
class TrendlineBreak(Message):
    """``TRENDLINE_BULLISH_BREAK`` or ``TRENDLINE_BEARISH_BREAK``: information only.

    Attributes:
        slope, age: As sent; the script mixes milliseconds and bars, so neither is usable.
    """

    price: Decimal
    side: Side
    slope: Decimal
    age: int


@attrs.frozen(kw_only=True)
class LevelBreak(Message):
    """``BREAKOUT`` or ``BREAKDOWN``: information only. Bar numbers mean nothing outside the chart."""

    level: Decimal
    side: Side
    tests: int
    start_bar: int
    current_bar: int


@attrs.frozen(kw_only=True)
class Screener(Message):
    """``SCREENER_FULL_BULLISH`` or ``SCREENER_FULL_BEARISH``: information only."""

    side: Side
    indicators: tuple[str, ...]


@attrs.frozen
class Malformed:
    """A body that breaks the grammar: never traded, no state changed.

    Attributes:
        code: ``empty``, ``unknown_type``, ``field_count``, ``direction_mismatch``, ``bad_field:<name>``
            or ``bad_tail``.
    """

    code: str


@attrs.frozen
class NotV6:
    """Another format's message: JSON, or a plain sentence."""

    reason: str = "not_v6"


V6Message = (
    Entry
    | Exit
    | TrendPulse
    | StateChange
    | MomentumChange
    | SidewaysBreakout
    | TrendlineBreak
    | LevelBreak
    | Screener
)
