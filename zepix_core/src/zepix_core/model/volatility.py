"""How far a market moves."""

from enum import StrEnum

import attrs


class Volatility(StrEnum):
    """The word for a market's present ranges against its usual ones."""

    UNKNOWN = "UNKNOWN"
    LOW = "LOW"
    MODERATE = "MODERATE"
    HIGH = "HIGH"


@attrs.frozen(kw_only=True)
class VolatilityState:
    """``get_volatility_state``; numbers are not rounded, and ``None`` while the state is UNKNOWN.

    Attributes:
        atr_current: Mean range of the last 20 bars, in pips; ``atr_average``: of up to 100.
        volatility_ratio: The first by the second.
    """

    state: Volatility
    atr_current: float | None = None
    atr_average: float | None = None
    volatility_ratio: float | None = None


@attrs.frozen(kw_only=True)
class PriceRange:
    """``get_price_range``: ``high`` and ``low`` are prices, the others pips of one decimal.

    Attributes:
        atr_estimate: Mean of high - low, in pips.
        bars_analyzed: How many bars there were.
    """

    high: float
    low: float
    range_pips: float
    atr_estimate: float
    bars_analyzed: int
