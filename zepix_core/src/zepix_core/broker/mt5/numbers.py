"""MetaTrader 5's numbers that the gateway uses, as far as they are no return codes of the trade server.

They are written down here, so that the rules built on them need no terminal. The bits of a symbol's masks
stand in no module at all.
"""

from collections.abc import Mapping
from enum import IntEnum, IntFlag


class TradeAction(IntEnum):
    """``TRADE_ACTION_*``."""

    DEAL = 1
    SLTP = 6


class OrderType(IntEnum):
    """``ORDER_TYPE_*``, those that are executed at once; the even ones buy."""

    BUY = 0
    SELL = 1


BUYING_ORDERS = frozenset({0, 2, 4, 6})
"""``ORDER_TYPE_*`` that buy, working ones included."""


class Execution(IntEnum):
    """``SYMBOL_TRADE_EXECUTION_*``."""

    REQUEST = 0
    INSTANT = 1
    MARKET = 2
    EXCHANGE = 3


class Filling(IntEnum):
    """``ORDER_FILLING_*``: what a request asks for. The symbol's mask has other numbers (`FillingBit`)."""

    FOK = 0
    IOC = 1
    RETURN = 2


class FillingBit(IntFlag):
    """What a symbol's ``filling_mode`` allows; there is no bit for ``RETURN``."""

    FOK = 1
    IOC = 2


class OrderBit(IntFlag):
    """What a symbol's ``order_mode`` allows."""

    MARKET = 1
    SL = 16
    TP = 32


class DealType(IntEnum):
    """``DEAL_TYPE_*`` of executions; every other number moves money without trading."""

    BUY = 0
    SELL = 1


class Entry(IntEnum):
    """``DEAL_ENTRY_*``."""

    IN = 0
    OUT = 1
    INOUT = 2
    OUT_BY = 3


class Reason(IntEnum):
    """``DEAL_REASON_*``."""

    CLIENT = 0
    MOBILE = 1
    WEB = 2
    EXPERT = 3
    SL = 4
    TP = 5
    SO = 6
    ROLLOVER = 7
    VMARGIN = 8
    SPLIT = 9


HEDGING = 2
"""``ACCOUNT_MARGIN_MODE_RETAIL_HEDGING``; the other two modes net."""

REAL = 2
ACCOUNT_MODES = ("demo", "contest", "real")
"""``ACCOUNT_TRADE_MODE_*`` in words."""

TRADE_MODES = ("disabled", "longonly", "shortonly", "closeonly", "full")
"""``SYMBOL_TRADE_MODE_*`` in words."""

TIMEFRAMES: Mapping[int, int] = {
    1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 10: 10, 12: 12, 15: 15, 20: 20, 30: 30,
    60: 16385, 120: 16386, 180: 16387, 240: 16388, 360: 16390, 480: 16392, 720: 16396, 1440: 16408,
}  # fmt: skip
"""``TIMEFRAME_*`` by minutes."""
