"""Names of timeframes, in minutes."""

import re

MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
"""Widths of bars that brokers keep; each divides the day."""

_NAME = re.compile(r"([0-9]{0,4})(m|[hH]|[dD])?")
_UNITS = {"": 1, "m": 1, "h": 60, "d": 1440}


def timeframe_minutes(name: str) -> int | None:
    """Minutes of ``15m``, ``4h``, ``1d``, ``D`` or plain ``60``; ``None`` when no bars have that width.

    ``M`` is a month on a chart, never a minute.
    """
    found = _NAME.fullmatch(name)
    if found is None or not name:
        return None
    number, unit = found[1], (found[2] or "").lower()
    minutes = int(number or (1 if unit in ("h", "d") else 0)) * _UNITS[unit]
    return minutes if minutes in MINUTES else None
