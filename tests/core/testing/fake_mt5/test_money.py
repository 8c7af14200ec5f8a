"""Margin, profit and the account's figures."""

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import FakeAccount, forex

BUY, SELL = 0, 1


def test_margin_is_contract_times_price_by_leverage(desk: Desk) -> None:
    assert desk.fake.order_calc_margin(BUY, "EURUSD", 0.1, 1.085) == 108.5
    assert desk.fake.order_calc_margin(SELL, "XAUUSD", 0.1, 2400.0) == 240.0
    assert desk.fake.order_calc_margin(BUY, "USDJPY", 0.1, 150.0) == pytest.approx(100.0, rel=1e-3)


def test_profit_is_in_the_accounts_currency(desk: Desk) -> None:
    assert desk.fake.order_calc_profit(BUY, "EURUSD", 0.1, 1.085, 1.086) == 10.0
    assert desk.fake.order_calc_profit(SELL, "EURUSD", 0.1, 1.085, 1.086) == -10.0
    assert desk.fake.order_calc_profit(BUY, "USDJPY", 1.0, 150.0, 151.5) == pytest.approx(1000.0, rel=1e-3)
    euro = Desk(accounts=[FakeAccount(currency="EUR")])
    assert euro.fake.order_calc_profit(BUY, "EURUSD", 1.0, 1.0, 1.1) == pytest.approx(
        10_000 / 1.0851, rel=1e-6
    )


def test_currencies_meet_in_the_dollar() -> None:
    desk = Desk(accounts=[FakeAccount(currency="EUR")])
    expected = 100_000 / 150.012 / 1.0851
    assert desk.fake.order_calc_profit(BUY, "USDJPY", 1.0, 150.0, 151.0) == pytest.approx(expected, abs=0.01)


def test_without_a_way_between_two_currencies_the_tests_author_is_told() -> None:
    desk = Desk(symbols=[forex("USDJPY", 150.0)], accounts=[FakeAccount(currency="CHF")])
    with pytest.raises(LookupError, match="from JPY to CHF"):
        desk.deal(symbol="USDJPY")


@pytest.mark.parametrize(
    "arguments", [(2, "EURUSD", 0.1, 1.0), (BUY, "NOSUCH", 0.1, 1.0), (BUY, "EURUSD", "1", 1.0)]
)
def test_a_sum_of_the_wrong_things_fails(desk: Desk, arguments: tuple[object, ...]) -> None:
    assert desk.fake.order_calc_margin(*arguments) is None  # type: ignore[arg-type]
    assert desk.fake.last_error()[0] in (-2, -4)


def test_figures_of_the_account_follow_the_quotes(desk: Desk) -> None:
    desk.opened(volume=1.0)
    desk.fake.charge_swap(desk.positions()[0].ticket, -3.0)
    desk.quote(1.0861)
    found = desk.fake.account_info()
    assert found is not None
    assert (found.balance, found.profit, found.equity) == (10_000.0, 100.0, 10_097.0)
    assert (found.margin, found.margin_free) == (1085.1, 9011.9)
    assert found.margin_level == pytest.approx(10_097 / 1085.1 * 100, abs=0.01)


def test_a_flat_account_has_no_margin_level(desk: Desk) -> None:
    found = desk.fake.account_info()
    assert found is not None and (found.margin, found.margin_level) == (0.0, 0.0)


def test_money_paid_in_is_a_balance_deal_without_a_symbol(desk: Desk) -> None:
    desk.fake.pay_in(-500.0, "withdrawal")
    deals, account = desk.fake.history_deals_get(0, 2**33), desk.fake.account_info()
    assert deals is not None and account is not None and account.balance == 9_500.0
    assert [(deal.type, deal.symbol, deal.profit) for deal in deals] == [(2, "", 10_000.0), (2, "", -500.0)]
