"""The trend pulse: how many of six fixed timeframes are bullish and bearish, as a chart last reported it."""

from datetime import datetime
from enum import StrEnum

import attrs


class MarketState(StrEnum):
    """The word for a pair of counts. ``UNKNOWN``: never received, or a word nobody knows."""

    TRENDING_BULLISH = "TRENDING_BULLISH"
    TRENDING_BEARISH = "TRENDING_BEARISH"
    MIXED_BULLISH = "MIXED_BULLISH"
    MIXED_BEARISH = "MIXED_BEARISH"
    NEUTRAL = "NEUTRAL"
    SIDEWAYS = "SIDEWAYS"
    CHOPPY = "CHOPPY"
    UNKNOWN = "UNKNOWN"


@attrs.frozen(kw_only=True)
class TrendPulseData:
    """One row: a symbol as one chart saw it.

    Attributes:
        timeframe: Minutes of the chart as text, a day is ``1440``; it names the reporter, not a trend.
        bull_count, bear_count: Timeframes of six that lean that way, absolute; together at most 6.
        market_state: The word that was received, else the one the counts give.
        changes: What changed, as received; for display.
        last_updated: When it was received, aware UTC.
    """

    symbol: str
    timeframe: str
    bull_count: int
    bear_count: int
    market_state: MarketState
    changes: str
    last_updated: datetime

    @property
    def net_direction(self) -> int:
        """1, 0 or -1: which count is larger."""
        return (self.bull_count > self.bear_count) - (self.bull_count < self.bear_count)

    @property
    def strength(self) -> float:
        """From 0.0 (equal counts, or none) to 1.0 (all that lean lean one way)."""
        total = self.bull_count + self.bear_count
        return abs(self.bull_count - self.bear_count) / total if total else 0.0


@attrs.frozen(kw_only=True)
class HigherTrend:
    """Whether the next higher timeframe leans the way of a trade.

    Attributes:
        higher_tf: Whose row was asked for, ``""`` when there is none above: nothing stands against it then.
        bull_count, bear_count: Counts of that row, 0 when there is none.
        reason: Why, in words.
    """

    aligned: bool
    higher_tf: str
    bull_count: int
    bear_count: int
    reason: str
