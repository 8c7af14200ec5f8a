"""What a bracket alert may say, and the code of what it may not."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_bracket.alert import Close, Entry, Refusal, parse
from zepix_core import Side, read_object

BUY = {"action": "buy", "symbol": "EURUSD", "lots": 0.1, "sl": 1.08, "tp": 1.09}
MEASURING = (
    '{"id":"A000007","ts_ns":1704153612345500000,"symbol":"XAUUSD","action":"sell","lots":0.23,"sl":2037.21,'
    '"tp":2031.4,"price":2035.02,"tf":"15","signal":"sweep","family":"v3","score":4,"adx":31.07,'
    '"trend":"down","note":"bench"}'
)


def read(fields: dict[str, Any]) -> Entry | Close | Refusal:
    """What the plugin reads after the fields went through the wire's JSON."""
    return parse(read_object(json.dumps(fields)))


def test_a_buy_is_read_with_decimals() -> None:
    assert read(BUY) == Entry(
        symbol="EURUSD", side=Side.BUY, lots=Decimal("0.1"), sl=Decimal("1.08"), tp=Decimal("1.09")
    )


def test_an_alert_of_many_keys_keeps_those_it_does_not_know() -> None:
    entry = parse(read_object(MEASURING))
    assert isinstance(entry, Entry)
    assert (entry.side, entry.price, entry.lots) == (Side.SELL, Decimal("2035.02"), Decimal("0.23"))
    assert entry.extra["id"] == "A000007" and entry.extra["note"] == "bench"
    assert "symbol" not in entry.extra


def test_a_close_needs_a_symbol_only() -> None:
    assert read({"action": "close", "symbol": "OANDA:eurusd", "why": "news"}) == Close(
        symbol="EURUSD", extra={"why": "news"}
    )


def test_a_target_is_optional_and_nan_counts_as_absent() -> None:
    entry = read({**BUY, "tp": float("nan")})
    assert isinstance(entry, Entry) and entry.tp is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "hold"}, "invalid_action"),
        ({"action": None}, "invalid_action"),
        ({"action": ["buy"]}, "invalid_action"),
        ({"action": "BUY"}, "invalid_action"),
        ({"symbol": None}, "invalid_symbol"),
        ({"symbol": "  "}, "invalid_symbol"),
        ({"symbol": 7}, "invalid_symbol"),
        ({"symbol": "X" * 33}, "invalid_symbol"),
        ({"lots": None}, "missing_volume"),
        ({"lots": "0.1"}, "invalid_lots"),
        ({"lots": 0}, "invalid_lots"),
        ({"lots": -1}, "invalid_lots"),
        ({"lots": True}, "invalid_lots"),
        ({"lots": [1]}, "invalid_lots"),
        ({"lots": 10**40}, "invalid_lots"),
        ({"risk_percent": 1}, "ambiguous_volume"),
        ({"lots": None, "risk_percent": 101}, "invalid_risk_percent"),
        ({"lots": None, "risk_percent": -1}, "invalid_risk_percent"),
        ({"sl": None}, "missing_stop"),
        ({"sl": float("nan")}, "missing_stop"),
        ({"sl": "1.08"}, "invalid_stops"),
        ({"sl": 0}, "invalid_stops"),
        ({"tp": -1.09}, "invalid_stops"),
        ({"price": "market"}, "invalid_price"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_code(change: dict[str, Any], code: str) -> None:
    refusal = read({**BUY, **change})
    assert isinstance(refusal, Refusal) and refusal.code == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["action", "symbol", "lots", "risk_percent", "sl", "tp", "id"]), JSON))
def test_no_value_of_any_type_raises(fields: dict[str, Any]) -> None:
    parse(fields | {"action": "buy"})
    parse(fields)
