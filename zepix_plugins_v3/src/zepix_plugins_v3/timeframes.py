"""Timeframes as Pine writes them, and the spellings people use."""

from typing import Any

TIMEFRAMES = ("1", "5", "15", "30", "60", "240", "1D")

# Letters count as written: 1M is TradingView's month, so it is not in this table.
_SPELLINGS = {tf: tf for tf in TIMEFRAMES} | {
    "1m": "1",
    "5m": "5",
    "15m": "15",
    "30m": "30",
    "1h": "60",
    "1H": "60",
    "4h": "240",
    "4H": "240",
    "D": "1D",
    "1d": "1D",
}


def normalise(value: Any) -> str | None:
    """The timeframe that a JSON value means, ``None`` when it is none of `TIMEFRAMES`."""
    if isinstance(value, str):
        return _SPELLINGS.get(value.strip())
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 240:
        return _SPELLINGS.get(str(value))
    return None
