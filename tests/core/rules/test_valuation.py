"""Money of positions."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from zepix_core.model.market import Side, SymbolInfo
from zepix_core.rules.valuation import margin, profit

GOLD = SymbolInfo(name="XAUUSD", digits=2, point=0.01, pip_size=0.10, pip_value=10.0, contract_size=100)
EURUSD = SymbolInfo(
    name="EURUSD", digits=5, point=0.00001, pip_size=0.0001, pip_value=10.0, contract_size=100_000
)
PRICES = st.integers(100_000, 400_000).map(lambda points: points / 100)
LOTS = st.integers(1, 5000).map(lambda steps: steps / 100)


def test_one_dollar_of_gold_on_one_lot_is_a_hundred() -> None:
    assert profit(GOLD, Side.BUY, 1.0, 2035.00, 2036.00) == Decimal("100.00")
    assert profit(GOLD, Side.SELL, 1.0, 2035.00, 2036.00) == Decimal("-100.00")


def test_money_is_rounded_half_up_to_cents() -> None:
    assert profit(EURUSD, Side.BUY, 0.01, 1.08500, 1.08505) == Decimal("0.05")
    assert profit(EURUSD, Side.BUY, 0.05, 1.08500, 1.08501) == Decimal("0.05")
    assert profit(EURUSD, Side.BUY, 0.015, 1.08500, 1.08501) == Decimal("0.02")


def test_margin_is_contract_value_over_leverage() -> None:
    assert margin(EURUSD, 1.0, 1.085, 100) == Decimal("1085.00")
    assert margin(GOLD, 0.10, 2035.00, 100) == Decimal("203.50")


@given(LOTS, PRICES, PRICES)
def test_what_one_side_wins_the_other_loses(lots: float, entry: float, leave: float) -> None:
    assert profit(GOLD, Side.BUY, lots, entry, leave) == -profit(GOLD, Side.SELL, lots, entry, leave)


@given(LOTS, PRICES)
def test_a_position_closed_where_it_opened_earns_nothing(lots: float, price: float) -> None:
    assert profit(GOLD, Side.BUY, lots, price, price) == 0
