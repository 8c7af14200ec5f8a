"""The bracket decision: which orders go out, which do not, and the numbers it shows for it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_bracket.alert import Entry
from zepix_bracket.config import BracketSettings
from zepix_bracket.decide import Market, Order, Refused, decide
from zepix_core import Side

D = Decimal
MARKET = Market(price=D("1.0850"), pip_size=D("0.0001"))
SETTINGS = BracketSettings()


def entry(**change: object) -> Entry:
    fields: dict[str, object] = {
        "symbol": "EURUSD",
        "side": Side.BUY,
        "sl": D("1.0830"),
        "tp": D("1.0890"),
        "lots": D("0.1"),
    }
    return Entry(**(fields | change))  # type: ignore[arg-type]


def code(wanted: Entry, market: Market = MARKET, settings: BracketSettings = SETTINGS) -> str | None:
    outcome = decide(wanted, market, settings)
    return outcome.refusal.code if isinstance(outcome, Refused) else None


def test_a_buy_between_its_stops_is_an_order_with_every_gate_passed() -> None:
    order = decide(entry(), MARKET, SETTINGS)
    assert isinstance(order, Order)
    assert [gate.name for gate in order.gates] == ["known", "price", "stops"]
    assert all(gate.passed for gate in order.gates)
    assert (order.price, order.sl_pips) == (D("1.0850"), None)


def test_the_price_of_the_alert_comes_before_the_markets() -> None:
    order = decide(entry(price=D("1.0860")), MARKET, SETTINGS)
    assert isinstance(order, Order) and order.price == D("1.0860")


def test_a_risk_is_turned_into_a_stop_distance_in_pips_and_shown() -> None:
    order = decide(entry(lots=None, risk_percent=D(1)), MARKET, SETTINGS)
    assert isinstance(order, Order)
    assert order.sl_pips == 20
    assert order.steps[0].formula == "|1.0850 - 1.0830| / 0.0001"


@pytest.mark.parametrize(
    ("change", "market", "expected"),
    [
        ({"sl": D("1.0850")}, MARKET, "invalid_stops"),
        ({"tp": D("1.0840")}, MARKET, "invalid_stops"),
        ({"side": Side.SELL}, MARKET, "invalid_stops"),
        ({}, Market(pip_size=D("0.0001")), "no_price"),
        ({"lots": None, "risk_percent": D("2.01")}, MARKET, "risk_too_large"),
        ({}, Market(price=D("1.0850")), "unknown_symbol"),
    ],
)
def test_what_is_wrong_or_missing_never_opens_a_trade(
    change: dict[str, object], market: Market, expected: str
) -> None:
    assert code(entry(**change), market) == expected


def test_a_sell_has_its_stop_above_and_its_target_below() -> None:
    assert code(entry(side=Side.SELL, sl=D("1.0870"), tp=D("1.0800"))) is None


def test_a_symbol_outside_the_settings_is_refused() -> None:
    settings = BracketSettings(supported_symbols=("XAUUSD",))
    assert code(entry(), MARKET, settings) == "symbol_not_allowed"


PRICES = st.decimals(min_value="0.5", max_value="3", places=5)


@given(PRICES, PRICES, st.none() | PRICES, st.sampled_from(Side))
def test_every_order_has_its_stop_and_target_on_their_sides(
    price: Decimal, sl: Decimal, tp: Decimal | None, side: Side
) -> None:
    order = decide(entry(sl=sl, tp=tp, side=side), Market(price=price), SETTINGS)
    if isinstance(order, Order):
        assert (price - sl) * side.sign > 0
        assert tp is None or (tp - price) * side.sign > 0
