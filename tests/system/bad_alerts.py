"""Alerts that must never trade, with the answer they deserve."""

import json
from typing import Any

V3: dict[str, Any] = {
    "type": "entry_v3",
    "signal_type": "Momentum_Breakout",
    "symbol": "EURUSD",
    "direction": "buy",
    "tf": "15",
    "price": 1.085,
    "consensus_score": 8,
    "sl_price": 1.081,
    "tp1_price": 1.091,
    "tp2_price": 1.097,
    "mtf_trends": "1,1,1,1,1",
    "market_trend": 1,
    "position_multiplier": 0.8,
}
PULSE: dict[str, Any] = {
    "type": "trend_pulse_v3",
    "signal_type": "Trend_Pulse",
    "symbol": "EURUSD",
    "tf": "15",
    "price": 1.085,
    "current_trends": "1,1,1,1,1,1",
    "changed_timeframes": "15,",
    "consensus_score": 5,
}
EXIT: dict[str, Any] = {
    "type": "exit_v3",
    "signal_type": "Bullish_Exit",
    "symbol": "EURUSD",
    "direction": "sell",
    "tf": "15",
    "price": 1.085,
    "consensus_score": 5,
}
BRACKET: dict[str, Any] = {
    "symbol": "EURUSD",
    "action": "buy",
    "lots": 0.01,
    "price": 1.085,
    "sl": 1.08,
    "tp": 1.1,
}
GONE = object()


def changed(alert: dict[str, Any], **changes: Any) -> str:
    """The alert with other values; `GONE` takes a key away."""
    fields = {key: value for key, value in {**alert, **changes}.items() if value is not GONE}
    return json.dumps(fields)


def raw(alert: dict[str, Any], key: str, text: str) -> str:
    """The alert with ``text`` in place of a value, such as a bare NaN."""
    return json.dumps({**alert, key: "@@"}).replace('"@@"', text)


DEEP = '{"type":"entry_v3","x":' + "[" * 40 + "]" * 40 + "}"

# What the door refuses: name, body, status, code, reason.
AT_THE_DOOR: list[tuple[str, str | bytes, int, str, str]] = [
    ("empty", "", 400, "empty", "malformed_json"),
    ("blank", " \r\n\t ", 400, "empty", "malformed_json"),
    ("cut off", '{"type":"entry_v3","symbol":"EURUSD"', 400, "malformed_json", "malformed_json"),
    ("missing quote", '{"type":"entry_v3","mtf_trends":"1,1}', 400, "malformed_json", "malformed_json"),
    ("list", '[{"type":"entry_v3"}]', 400, "malformed_json", "malformed_json"),
    ("text", '"entry_v3"', 400, "malformed_json", "malformed_json"),
    ("number", "42", 400, "malformed_json", "malformed_json"),
    ("words", "buy EURUSD now", 400, "malformed_json", "malformed_json"),
    ("repeated key", '{"action":"buy","action":"sell"}', 400, "malformed_json", "malformed_json"),
    ("two objects", '{"action":"buy"}{"action":"buy"}', 400, "malformed_json", "malformed_json"),
    ("not UTF-8", b'{"type":"entry_v3","symbol":"\xff\xfe"}', 400, "malformed_json", "malformed_json"),
    ("NUL", b'{"type":"entry_v3","symbol":"EUR\0USD"}', 400, "malformed_json", "malformed_json"),
    ("half a surrogate", '{"type":"\\ud800"}', 400, "malformed_json", "malformed_json"),
    ("too deep", DEEP, 400, "malformed_json", "malformed_json"),
    ("placeholder", raw(V3, "price", "{{close}}"), 422, "unresolved_placeholder", "unresolved_placeholder"),
    ("placeholder in no JSON", "x {{ticker}}", 422, "unresolved_placeholder", "unresolved_placeholder"),
    ("unknown pipe head", "NONSENSE|EURUSD|5|1.1", 422, "unknown_type", "unknown_type"),
]

# What is stored and refused by a plugin or by the host: name, body, reason.
STORED: list[tuple[str, str, str]] = [
    ("no plugin's", '{"type":"weather","symbol":"EURUSD"}', "no_plugin"),
    ("nothing in it", "{}", "no_plugin"),
    ("type of the wrong type", '{"type":5}', "no_plugin"),
    ("V3 unknown signal", changed(V3, signal_type="Moon_Phase"), "unknown_signal"),
    ("V3 no signal", changed(V3, signal_type=GONE), "unknown_signal"),
    ("V3 signal of the wrong type", changed(V3, signal_type=["Momentum_Breakout"]), "unknown_signal"),
    ("V3 type against signal", changed(V3, signal_type="Bullish_Exit"), "type_signal_mismatch"),
    ("V3 unknown symbol", changed(V3, symbol="BTCUSD"), "unknown_symbol"),
    ("V3 symbol of the wrong type", changed(V3, symbol=7), "unknown_symbol"),
    ("V3 no timeframe", changed(V3, tf=GONE), "missing_timeframe"),
    ("V3 other timeframe", changed(V3, tf="7"), "invalid_timeframe"),
    ("V3 month", changed(V3, tf="1M"), "invalid_timeframe"),
    ("V3 price NaN", raw(V3, "price", "NaN"), "invalid_price"),
    ("V3 price infinite", raw(V3, "price", "-Infinity"), "invalid_price"),
    ("V3 price as text", changed(V3, price="1.085"), "invalid_price"),
    ("V3 price zero", changed(V3, price=0), "invalid_price"),
    ("V3 price negative", changed(V3, price=-1.085), "invalid_price"),
    ("V3 price without end", raw(V3, "price", "1e999999"), "invalid_price"),
    ("V3 price a flag", changed(V3, price=True), "invalid_price"),
    ("V3 score 10", changed(V3, consensus_score=10), "invalid_consensus_score"),
    ("V3 score half", changed(V3, consensus_score=7.5), "invalid_consensus_score"),
    ("V3 score as text", changed(V3, consensus_score="8"), "invalid_consensus_score"),
    ("V3 score NaN", raw(V3, "consensus_score", "NaN"), "invalid_consensus_score"),
    ("V3 multiplier 3", changed(V3, position_multiplier=3), "invalid_position_multiplier"),
    ("V3 multiplier as text", changed(V3, position_multiplier="1"), "invalid_position_multiplier"),
    ("V3 trends as list", changed(V3, mtf_trends=[1, 1, 1, 1, 1]), "invalid_mtf_trends"),
    ("V3 trends of four", changed(V3, mtf_trends="1,1,1,1"), "invalid_mtf_trends"),
    ("V3 trends with NaN", changed(V3, mtf_trends="1,NaN,1,1,1"), "invalid_mtf_trends"),
    ("V3 pulse of five", changed(PULSE, current_trends="1,1,1,1,1"), "invalid_mtf_trends"),
    ("V3 direction Buy", changed(V3, direction="Buy"), "invalid_direction"),
    ("V3 no direction", changed(V3, direction=GONE), "invalid_direction"),
    ("V3 exit the other way", changed(EXIT, direction="buy"), "direction_mismatch"),
    ("V3 stop on the wrong side", changed(V3, sl_price=1.2), "invalid_stops"),
    ("V3 stop as text", changed(V3, symbol="AUDUSD", sl_price="1.08"), "invalid_stops"),
    ("V3 low score", changed(V3, symbol="GBPUSD", consensus_score=2), "low_consensus_score"),
    ("bracket without a stop", changed(BRACKET, sl=GONE), "missing_stop"),
    ("bracket stop NaN", raw(BRACKET, "sl", "NaN"), "missing_stop"),
    ("bracket stop on the wrong side", changed(BRACKET, sl=1.2), "invalid_stops"),
    ("bracket lots NaN", raw(BRACKET, "lots", "NaN"), "missing_volume"),
    ("bracket lots as text", changed(BRACKET, lots="1"), "invalid_lots"),
    ("bracket lots negative", changed(BRACKET, lots=-1), "invalid_lots"),
    ("bracket both sizes", changed(BRACKET, risk_percent=1), "ambiguous_volume"),
    ("bracket unknown symbol", changed(BRACKET, symbol="NOSUCH"), "unknown_symbol"),
    ("bracket symbol of the wrong type", changed(BRACKET, symbol=None), "invalid_symbol"),
    ("bracket too many lots", changed(BRACKET, lots=5000), "risk_too_large"),
    ("stale", changed(BRACKET, t=1_600_000_000), "stale"),
    ("from the future", changed(BRACKET, t="2999-01-01T00:00:00Z"), "stale"),
]
