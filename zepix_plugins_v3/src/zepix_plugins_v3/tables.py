"""The tables of the V3 sheet: account tiers, multipliers, and the stops used when an alert has none."""

TIERS = ("5000", "10000", "25000", "50000", "100000")
"""Names of the account tiers, each the balance it starts at; the first also takes what is below."""

BASE_LOTS = {"5000": 0.01, "10000": 0.05, "25000": 0.10, "50000": 0.20, "100000": 0.50}

CONSENSUS = ("0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.85", "0.9", "1.0")
"""Multiplier by conviction 0..9."""

LOGICS = ("LOGIC1", "LOGIC2", "LOGIC3")
LOGIC_MULTIPLIERS = {"LOGIC1": 1.25, "LOGIC2": 1.0, "LOGIC3": 0.625}
STOP_FACTORS = {"LOGIC1": "1.0", "LOGIC2": "1.5", "LOGIC3": "2.5"}
"""How much wider a table stop is by logic."""

PIP_SIZES = {
    "EURUSD": 0.0001,
    "GBPUSD": 0.0001,
    "AUDUSD": 0.0001,
    "NZDUSD": 0.0001,
    "USDCAD": 0.0001,
    "USDJPY": 0.01,
    "EURJPY": 0.01,
    "GBPJPY": 0.01,
    "AUDJPY": 0.01,
    "XAUUSD": 0.10,
}
"""The pip each row of `STOP_TABLES` is written in. A row is a price distance: it does not move when
someone counts a symbol's pips differently."""

SYMBOLS = tuple(PIP_SIZES)

_MAJOR_1 = (150.0, 150.0, 50.0, 40.0, 50.0)
_MAJOR_2 = (120.0, 120.0, 40.0, 35.0, 40.0)
_YEN_1 = (111.0, 111.0, 41.0, 44.0, 44.0)
_YEN_2 = (80.0, 80.0, 30.0, 35.0, 35.0)

STOP_TABLES = {
    "sl-1": {
        "EURUSD": (150.0, 150.0, 50.0, 40.0, 40.0),
        "GBPUSD": _MAJOR_1,
        "AUDUSD": _MAJOR_1,
        "NZDUSD": _MAJOR_1,
        "USDCAD": _MAJOR_1,
        "USDJPY": (166.0, 166.0, 55.0, 44.0, 55.0),
        "EURJPY": _YEN_1,
        "GBPJPY": _YEN_1,
        "AUDJPY": _YEN_1,
        "XAUUSD": (100.0, 150.0, 50.0, 50.0, 60.0),
    },
    "sl-2": {
        "EURUSD": (100.0, 100.0, 35.0, 30.0, 30.0),
        "GBPUSD": _MAJOR_2,
        "AUDUSD": _MAJOR_2,
        "NZDUSD": _MAJOR_2,
        "USDCAD": _MAJOR_2,
        "USDJPY": (130.0, 130.0, 45.0, 38.0, 45.0),
        "EURJPY": _YEN_2,
        "GBPJPY": _YEN_2,
        "AUDJPY": _YEN_2,
        "XAUUSD": (50.0, 80.0, 30.0, 30.0, 20.0),
    },
}
"""Stops in pips of `PIP_SIZES` (gold 0.10), by system, symbol and tier in the order of `TIERS`."""
