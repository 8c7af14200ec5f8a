"""The same checks at the double, and with ``-m mt5live`` at a real demo terminal on Windows."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import attrs
import pytest

from zepix_core.testing.fake_mt5 import KNOWN_DIVERGENCES, MT5, FakeAccount, FakeMT5
from zepix_core.testing.fake_mt5.bench import Bench, NotADemo, OrderCap
from zepix_core.testing.fake_mt5.conformance import CHECKS, DIFFERS, judge

LIVE = "mt5live"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A real terminal is asked only by whoever asks for it."""
    if "bench" not in metafunc.fixturenames:
        return
    if LIVE in str(metafunc.config.option.markexpr) and "not" not in metafunc.config.option.markexpr:
        targets = [pytest.param("terminal", marks=pytest.mark.mt5live)]
    else:
        targets = [pytest.param(name) for name in ("hedging", "netting")]
    metafunc.parametrize("bench", targets, indirect=True, scope="module")


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "terminal":
        module: Any = import_module("MetaTrader5")
        assert module.initialize(), module.last_error()
    else:
        modes = {
            "hedging": MT5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING,
            "netting": MT5.ACCOUNT_MARGIN_MODE_RETAIL_NETTING,
        }
        module = FakeMT5(margin_mode=modes[request.param]).module
        module.initialize()
    yield Bench(module)
    module.shutdown()


@pytest.mark.parametrize("name", CHECKS)
def test_check(bench: Bench, name: str, request: pytest.FixtureRequest) -> None:
    verdict = judge(name, bench, real=LIVE in request.node.keywords)
    print(verdict)
    assert verdict.verdict != "fail", verdict.detail


def test_every_known_difference_is_one_of_a_check() -> None:
    assert DIFFERS.keys() <= CHECKS.keys()
    assert all(line.endswith(".") for line in KNOWN_DIVERGENCES)


def test_what_differs_at_a_real_terminal_is_told_and_no_failure() -> None:
    fake = FakeMT5(comments="truncate")
    fake.initialize()
    name = "a_comment_of_32_characters_is_refused_or_cut"
    assert judge(name, Bench(fake.module), real=True).verdict == "differs, known"
    told = judge(name, Bench(fake.module), real=False)
    assert told.verdict == "fail" and str(told).startswith("fail            a_comment")
    assert fake.positions_get() == ()


def test_there_is_a_hard_cap_of_requests() -> None:
    fake = FakeMT5()
    fake.initialize()
    bench = Bench(fake.module, cap=1)
    with pytest.raises(OrderCap):
        judge("a_part_of_a_position_can_be_closed", bench, real=True)
    assert fake.positions_get() == ()


def test_only_a_demo_account_is_traded_on() -> None:
    real = attrs.evolve(FakeAccount(), trade_mode=MT5.ACCOUNT_TRADE_MODE_REAL)
    fake = FakeMT5(accounts=[real])
    fake.initialize()
    with pytest.raises(NotADemo):
        Bench(fake.module)


def test_a_netting_account_has_to_be_flat() -> None:
    fake = FakeMT5(margin_mode=MT5.ACCOUNT_MARGIN_MODE_RETAIL_NETTING)
    fake.initialize()
    fake.by_hand_open("EURUSD", MT5.ORDER_TYPE_BUY, 0.5)
    with pytest.raises(AssertionError, match="flat in EURUSD"):
        Bench(fake.module)


def test_what_belongs_to_somebody_else_stays() -> None:
    fake = FakeMT5()
    fake.initialize()
    mine = fake.by_hand_open("EURUSD", MT5.ORDER_TYPE_BUY, 0.5)
    bench = Bench(fake.module)
    for name in CHECKS:
        judge(name, bench, real=False)
    held = fake.positions_get()
    assert held is not None and [position.ticket for position in held] == [mine]
