"""Messages and states for the tests of the V3 plugin."""

from decimal import Decimal
from typing import Any

from zepix_core import Side
from zepix_plugins_v3.alert import Refusal, V3Alert, parse
from zepix_plugins_v3.decision import State
from zepix_plugins_v3.stops import SymbolFacts
from zepix_plugins_v3.tables import SYMBOLS

D = Decimal
FACTS = {
    "EURUSD": SymbolFacts(pip_size=D("0.0001"), pip_value=D("10"), digits=5),
    "GBPUSD": SymbolFacts(pip_size=D("0.0001"), pip_value=D("10"), digits=5),
    "AUDUSD": SymbolFacts(pip_size=D("0.0001"), pip_value=D("10"), digits=5),
    "NZDUSD": SymbolFacts(pip_size=D("0.0001"), pip_value=D("10"), digits=5),
    "USDCAD": SymbolFacts(pip_size=D("0.0001"), pip_value=D("8"), digits=5),
    "USDJPY": SymbolFacts(pip_size=D("0.01"), pip_value=D("9.1"), digits=3),
    "EURJPY": SymbolFacts(pip_size=D("0.01"), pip_value=D("9.5"), digits=3),
    "GBPJPY": SymbolFacts(pip_size=D("0.01"), pip_value=D("9"), digits=3),
    "AUDJPY": SymbolFacts(pip_size=D("0.01"), pip_value=D("9.2"), digits=3),
    "XAUUSD": SymbolFacts(pip_size=D("0.10"), pip_value=D("10"), digits=2),
}
"""Symbol facts as the host ships them: gold counts 0.10."""


def entry(**changes: Any) -> dict[str, Any]:
    """A sound entry message with some keys changed; a value of ``...`` takes the key out."""
    message = {
        "type": "entry_v3",
        "signal_type": "Momentum_Breakout",
        "symbol": "EURUSD",
        "direction": "buy",
        "tf": "15",
        "price": D("1.16482"),
        "consensus_score": 8,
        "sl_price": D("1.1633"),
        "tp1_price": D("1.1671"),
        "tp2_price": D("1.16938"),
        "mtf_trends": "1,1,1,1,-1",
        "market_trend": 1,
        "volume_delta_ratio": D("0.7160160094"),
        "price_in_ob": False,
        "position_multiplier": D("0.8"),
    }
    return _changed(message, changes)


def leave(**changes: Any) -> dict[str, Any]:
    """A bullish exit."""
    message = {
        "type": "exit_v3",
        "signal_type": "Bullish_Exit",
        "symbol": "EURUSD",
        "direction": "sell",
        "tf": "15",
        "price": D("1.16482"),
        "consensus_score": 3,
        "market_trend": 1,
        "reason": "TP_hit_or_reversal_or_momentum_loss",
    }
    return _changed(message, changes)


def squeeze(**changes: Any) -> dict[str, Any]:
    """A volatility squeeze."""
    message = {
        "type": "squeeze_v3",
        "signal_type": "Volatility_Squeeze",
        "symbol": "EURUSD",
        "tf": "15",
        "price": D("1.16482"),
        "consensus_score": 5,
        "market_trend": 0,
        "message": "Big move expected - prepare for breakout",
    }
    return _changed(message, changes)


def pulse(**changes: Any) -> dict[str, Any]:
    """A trend pulse."""
    message = {
        "type": "trend_pulse_v3",
        "signal_type": "Trend_Pulse",
        "symbol": "EURUSD",
        "tf": "15",
        "price": D("1.16482"),
        "current_trends": "-1,1,-1,1,1,0",
        "previous_trends": "-1,1,-1,1,1,0",
        "changed_timeframes": "15,240,",
        "market_trend": 0,
        "consensus_score": 4,
    }
    return _changed(message, changes)


def _changed(message: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**message, **changes}.items() if value is not ...}


def code_of(message: dict[str, Any]) -> str | None:
    """The code a message is refused with, ``None`` when it is read."""
    parsed = parse(message, SYMBOLS)
    return parsed.code if isinstance(parsed, Refusal) else None


def read(message: dict[str, Any]) -> V3Alert:
    """A message that must be sound."""
    parsed = parse(message, SYMBOLS)
    assert isinstance(parsed, V3Alert), parsed
    return parsed


def state(balance: str | None = "10000", **changes: Any) -> State:
    """A state with money and nothing else."""
    values: dict[str, Any] = {
        "balance": None if balance is None else D(balance),
        "daily_loss": D(0),
        "lifetime_loss": D(0),
    }
    return State(**(values | changes))


BUY, SELL = Side.BUY, Side.SELL
