"""Attaching to the terminal, logging in, and what stands there."""

import sys
from importlib import import_module
from types import ModuleType

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, FakeAccount, FakeMT5
from zepix_core.testing.fake_mt5.core import TERMINAL
from zepix_core.testing.fake_mt5.module import FUNCTIONS

NO_LINK = (-10004, "No IPC connection")
ARGUMENTS = {
    "login": (50_001_234,),
    "symbol_info": ("EURUSD",),
    "symbol_info_tick": ("EURUSD",),
    "symbol_select": ("EURUSD",),
    "market_book_add": ("EURUSD",),
    "market_book_get": ("EURUSD",),
    "market_book_release": ("EURUSD",),
    "copy_rates_from": ("EURUSD", 1, 0, 10),
    "copy_rates_from_pos": ("EURUSD", 1, 0, 10),
    "copy_rates_range": ("EURUSD", 1, 0, 10),
    "copy_ticks_from": ("EURUSD", 0, 10, -1),
    "copy_ticks_range": ("EURUSD", 0, 10, -1),
    "order_calc_margin": (0, "EURUSD", 0.1, 1.1),
    "order_calc_profit": (0, "EURUSD", 0.1, 1.1, 1.2),
    "order_check": ({},),
    "order_send": ({},),
    "history_orders_total": (0, 1),
    "history_orders_get": (0, 1),
    "history_deals_total": (0, 1),
    "history_deals_get": (0, 1),
}
IN_PYTHON = ("Buy", "Sell", "Close")


@pytest.mark.parametrize(
    "name", [name for name in FUNCTIONS if name not in ("initialize", "shutdown", "last_error", *IN_PYTHON)]
)
def test_nothing_answers_before_the_terminal_is_attached(name: str) -> None:
    fake = FakeMT5()
    assert not getattr(fake, name)(*ARGUMENTS.get(name, ()))
    assert fake.last_error() == NO_LINK


def test_attached_calls_succeed_and_reset_the_error() -> None:
    fake = FakeMT5()
    assert fake.account_info() is None
    assert fake.initialize() is True
    assert fake.last_error() == (1, "Success")
    assert fake.symbol_info("NOSUCH") is None and fake.last_error() == (-4, "Terminal: Not found")
    assert fake.account_info() is not None and fake.last_error() == (1, "Success")


def test_asking_for_the_error_leaves_it_as_it_is() -> None:
    fake = FakeMT5()
    fake.account_info()
    assert fake.last_error() == fake.last_error() == NO_LINK


def test_after_shutdown_nothing_answers(desk: Desk) -> None:
    desk.fake.shutdown()
    assert desk.fake.positions_get() is None and desk.fake.last_error() == NO_LINK


@pytest.mark.parametrize(
    "wrong", [{"login": 1}, {"login": 50_001_234, "password": "no"}, {"login": 50_001_234, "server": "No"}]
)
def test_a_wrong_login_is_refused(wrong: dict[str, object]) -> None:
    fake = FakeMT5()
    assert fake.initialize(**wrong) is False
    assert fake.last_error() == (-6, "Terminal: Authorization failed")
    assert fake.account_info() is None


def test_a_right_login_may_leave_the_password_to_the_terminal() -> None:
    fake = FakeMT5()
    assert fake.initialize(TERMINAL, login=50_001_234, server="Fake-Demo", timeout=1000, portable=True)
    assert fake.initialize(path=TERMINAL, login=50_001_234, password="demo")


def test_a_terminal_that_is_not_there_cannot_be_started() -> None:
    fake = FakeMT5()
    assert fake.initialize(r"C:\nowhere.exe") is False
    code, text = fake.last_error()
    assert code == -10003 and text.startswith("IPC initialize failed, ")


@pytest.mark.parametrize(
    ("args", "named", "text"),
    [
        ((TERMINAL, 5), {}, "Invalid number of arguments"),
        ((5,), {}, "Invalid 1st unnamed argument"),
        ((), {"login": "5"}, 'Invalid "login" argument'),
        ((), {"password": 5}, 'Invalid "password" argument'),
        ((), {"timeout": True}, 'Invalid "timeout" argument'),
        ((), {"otp": "5"}, "Invalid arguments"),
    ],
)
def test_wrong_arguments_fail_and_are_named(
    args: tuple[object, ...], named: dict[str, object], text: str
) -> None:
    fake = FakeMT5()
    assert fake.initialize(*args, **named) is False
    assert fake.last_error() == (-2, text)


def test_a_login_changes_the_account() -> None:
    fake = FakeMT5(accounts=[FakeAccount(), FakeAccount(login=7, password="x", server="Other")])
    assert fake.initialize()
    assert fake.login(7, password="x", server="Other")
    account = fake.account_info()
    assert account is not None and (account.login, account.server) == (7, "Other")
    assert fake.login(8) is False and fake.last_error()[0] == -6


def test_the_version_is_a_triple(desk: Desk) -> None:
    found = desk.fake.version()
    assert found is not None
    name, build, released = found
    assert (name, build) == (500, 6199) and released == "16 Sep 2026"


def test_the_terminal_tells_its_switches(desk: Desk) -> None:
    info = desk.fake.terminal_info()
    assert info is not None and info.connected and info.trade_allowed and not info.tradeapi_disabled
    desk.fake.autotrading(False)
    desk.fake.python_api(False)
    desk.fake.disconnect()
    info = desk.fake.terminal_info()
    assert info is not None and not info.connected and not info.trade_allowed and info.tradeapi_disabled


def test_installed_the_double_is_what_is_imported() -> None:
    with FakeMT5().installed() as fake:
        mt5 = import_module("MetaTrader5")
        assert mt5.initialize() and mt5.account_info() == fake.account_info()
        assert mt5.__version__ == "5.0.6231"
        assert not hasattr(mt5, "push_quote")
    assert "MetaTrader5" not in sys.modules


def test_afterwards_stands_what_stood_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ModuleType("MetaTrader5")
    monkeypatch.setitem(sys.modules, "MetaTrader5", before)
    with FakeMT5().installed():
        assert sys.modules["MetaTrader5"] is not before
    assert sys.modules["MetaTrader5"] is before


def test_the_account_of_the_first_one_is_the_terminals() -> None:
    fake = FakeMT5(accounts=[FakeAccount(login=9, balance=500.0, currency="EUR", leverage=30)])
    assert fake.initialize()
    account = fake.account_info()
    assert account is not None
    assert (account.login, account.balance, account.currency, account.leverage) == (9, 500.0, "EUR", 30)
    assert account.margin_mode == MT5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING
