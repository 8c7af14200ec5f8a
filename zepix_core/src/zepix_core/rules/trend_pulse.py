"""What rows of the trend pulse say about a symbol. Pass the rows of one symbol; none at all says no."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from zepix_core.model.market import Side
from zepix_core.model.trend_pulse import HigherTrend, MarketState, TrendPulseData

TIMEFRAMES = 6
DAILY = "1440"
HIGHER = {"1": "5", "5": "15", "15": "60", "60": "240", "240": ""}
_WORDS = {state.value: state for state in MarketState}


def pulse_timeframe(timeframe: str) -> str:
    """The name rows are kept under: Pine's ``1D`` and ``D`` are ``1440``, any other stays as sent."""
    return DAILY if timeframe in ("1D", "D") else timeframe


def state_of_counts(bull_count: int, bear_count: int) -> MarketState:
    """The word for counts: five of six are a trend, four are mixed."""
    if bull_count >= 5:
        return MarketState.TRENDING_BULLISH
    if bear_count >= 5:
        return MarketState.TRENDING_BEARISH
    if bull_count >= 4:
        return MarketState.MIXED_BULLISH
    if bear_count >= 4:
        return MarketState.MIXED_BEARISH
    return MarketState.NEUTRAL


def state_received(word: str, bull_count: int, bear_count: int) -> MarketState:
    """The state to keep: the word wins over the counts; an empty one is theirs, an unknown one UNKNOWN."""
    if not word:
        return state_of_counts(bull_count, bear_count)
    return _WORDS.get(word, MarketState.UNKNOWN)


def fresh_rows(
    rows: Iterable[TrendPulseData], now: datetime, max_age_minutes: float
) -> tuple[TrendPulseData, ...]:
    """Rows that still count; an age of 0 is no limit."""
    if max_age_minutes <= 0:
        return tuple(rows)
    oldest = now - timedelta(minutes=max_age_minutes)
    return tuple(row for row in rows if row.last_updated >= oldest)


def market_state(rows: Iterable[TrendPulseData]) -> MarketState:
    """State of the row received last; of equal times the later in ``rows`` wins."""
    newest: TrendPulseData | None = None
    for row in rows:
        if newest is None or row.last_updated >= newest.last_updated:
            newest = row
    return MarketState.UNKNOWN if newest is None else newest.market_state


def pulse_sums(rows: Iterable[TrendPulseData]) -> tuple[int, int]:
    """Bullish and bearish counts over all rows."""
    found = tuple(rows)
    return sum(row.bull_count for row in found), sum(row.bear_count for row in found)


def pulse_aligned(rows: Iterable[TrendPulseData], side: Side) -> bool:
    """Whether the sums lean the way of a trade; a tie does not."""
    bull, bear = pulse_sums(rows)
    return (bull - bear) * side.sign > 0


def higher_trend(rows: Iterable[TrendPulseData], timeframe: str, side: Side) -> HigherTrend:
    """Whether the row of the timeframe above (`HIGHER`) leans the way of a trade.

    Raises:
        KeyError: ``timeframe`` is not one of `HIGHER`.
    """
    higher = HIGHER[timeframe]
    row = next((row for row in rows if row.timeframe == higher), None)
    if not higher:
        aligned, reason = True, f"there is no timeframe above {timeframe}"
    elif row is None:
        aligned, reason = False, f"nothing is known of {higher}"
    else:
        aligned = row.net_direction == side.sign
        word = "is for" if aligned else "is not for"
        reason = f"{higher} has {row.bull_count} bullish and {row.bear_count} bearish: it {word} {side}"
    return HigherTrend(
        aligned=aligned,
        higher_tf=higher,
        bull_count=0 if row is None else row.bull_count,
        bear_count=0 if row is None else row.bear_count,
        reason=reason,
    )


def state_matches(state: MarketState, side: Side) -> bool:
    """Whether the state's word names the direction of a trade."""
    return ("BULLISH" if side is Side.BUY else "BEARISH") in state.value
