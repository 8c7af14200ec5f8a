"""Session rules of forex and metals."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.model.market import Side, SymbolInfo, TradeMode
from zepix_core.rules.hours import market_open, session_open, side_allowed, trading_hours

EURUSD = SymbolInfo(
    name="EURUSD", digits=5, point=0.00001, pip_size=0.0001, pip_value=10.0, contract_size=100_000
)
START = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=3650)).map(lambda passed: START + passed)
SYMBOLS = st.sampled_from(["EURUSD", "XAUUSD", "XAGUSD"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "forex", "gold"),
    [
        ("2026-01-04 21:59:59", False, False),  # Sunday
        ("2026-01-04 22:00:00", True, False),
        ("2026-01-04 23:00:00", True, True),
        ("2026-01-06 21:59:59", True, True),  # Tuesday
        ("2026-01-06 22:00:00", True, False),
        ("2026-01-06 22:59:59", True, False),
        ("2026-01-06 23:00:00", True, True),
        ("2026-01-09 21:59:59", True, True),  # Friday
        ("2026-01-09 22:00:00", False, False),
        ("2026-01-09 23:30:00", False, False),
        ("2026-01-10 12:00:00", False, False),  # Saturday
    ],
)
def test_sessions(moment: str, forex: bool, gold: bool) -> None:
    assert session_open("EURUSD", at(moment)) is forex
    assert session_open("XAUUSD", at(moment)) is gold
    assert session_open("XAGUSD", at(moment)) is gold


def test_a_market_that_never_closes_has_no_session_times() -> None:
    hours = trading_hours("XAUUSD", at("2026-01-10 12:00:00"), always_open=True)
    assert hours.is_open
    assert hours.session_start is hours.session_end is hours.next_session_start is None


def test_an_open_session_names_its_ends_and_the_next_start() -> None:
    hours = trading_hours("XAUUSD", at("2026-01-06 12:00:00"))
    assert hours.session_start == at("2026-01-05 23:00:00")
    assert hours.session_end == at("2026-01-06 22:00:00")
    assert hours.next_session_start == at("2026-01-06 23:00:00")


def test_over_the_weekend_the_next_session_starts_on_sunday_evening() -> None:
    hours = trading_hours("EURUSD", at("2026-01-10 12:00:00"))
    assert not hours.is_open
    assert hours.session_start is None
    assert hours.next_session_start == at("2026-01-11 22:00:00")


def test_another_zone_names_the_same_moment() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert session_open("EURUSD", datetime(2026, 1, 5, 3, 30, tzinfo=kolkata))
    assert not session_open("EURUSD", datetime(2026, 1, 5, 3, 29, tzinfo=kolkata))


@given(SYMBOLS, MOMENTS)
def test_the_next_session_is_open_at_its_start_and_shut_just_before(symbol: str, moment: datetime) -> None:
    hours = trading_hours(symbol, moment)
    assert hours.next_session_start is not None and hours.next_session_start > moment
    assert session_open(symbol, hours.next_session_start)
    if not hours.is_open:
        assert not session_open(symbol, hours.next_session_start - timedelta(microseconds=1))


@given(SYMBOLS, MOMENTS)
def test_the_short_question_agrees_with_the_long_one(symbol: str, moment: datetime) -> None:
    assert session_open(symbol, moment) == trading_hours(symbol, moment).is_open


@given(SYMBOLS, MOMENTS)
def test_an_open_moment_lies_in_its_session(symbol: str, moment: datetime) -> None:
    hours = trading_hours(symbol, moment)
    if hours.is_open:
        assert hours.session_start is not None and hours.session_end is not None
        assert hours.session_start <= moment < hours.session_end
        assert not session_open(symbol, hours.session_end) or hours.next_session_start == hours.session_end


@pytest.mark.parametrize("mode", [TradeMode.DISABLED, TradeMode.CLOSEONLY])
def test_a_symbol_one_may_not_enter_is_not_open(mode: TradeMode) -> None:
    tuesday = at("2026-01-06 12:00:00")
    assert market_open(EURUSD, tuesday)
    assert not market_open(attrs.evolve(EURUSD, trade_mode=mode), tuesday)


def test_the_trade_mode_says_which_side_may_enter() -> None:
    allowed = {mode: tuple(side_allowed(mode, side) for side in Side) for mode in TradeMode}
    assert allowed == {
        TradeMode.DISABLED: (False, False),
        TradeMode.LONGONLY: (True, False),
        TradeMode.SHORTONLY: (False, True),
        TradeMode.CLOSEONLY: (False, False),
        TradeMode.FULL: (True, True),
    }
