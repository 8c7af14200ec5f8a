"""Limits and the risk of a trade, by the worked examples."""

import pytest
from tests.core.services.gate_cases import plugin

from zepix_core.config.risk import TradingSettings
from zepix_core.model.limits import Latch
from zepix_core.plugin import RiskSettings
from zepix_core.services.gate_facts import RiskFacts
from zepix_core.services.risk import judge_risk, limit_state, state, trade_cap

SETTINGS = TradingSettings()
V3 = plugin(id="combined_v3", risk=RiskSettings(daily_loss_limit=500.0))
TODAY = RiskFacts(balance=10_000.0, daily_loss=145.0, plugin_daily_loss=145.0, lifetime_loss=145.0)


def validate(lots: float, pips: float, facts: RiskFacts = TODAY) -> tuple[bool, str, float | None]:
    verdict = judge_risk(lots * pips * 10.0, lots, facts, SETTINGS, V3, volume_min=0.01, volume_step=0.01)
    return verdict.valid, verdict.reason, verdict.smart_lot


def test_the_tighter_daily_limit_is_told() -> None:
    told = limit_state("daily", TODAY, SETTINGS, V3)
    assert (told.scope, told.loss, told.limit, told.remaining, told.can_trade, told.risk_tier) == (
        "account", 145.0, 200.0, 55.0, True, "10000",
    )  # fmt: skip


def test_a_trade_beyond_what_is_left_is_invalid_and_learns_what_fits() -> None:
    assert validate(0.10, 60) == (False, "RISK_TOO_LARGE", 0.08)


def test_a_trade_within_what_is_left_is_valid() -> None:
    assert validate(0.09, 60) == (True, "", None)


def test_open_risk_takes_from_what_is_left() -> None:
    facts = RiskFacts(balance=10_000.0, daily_loss=145.0, open_risk=10.0)
    assert validate(0.09, 60, facts) == (False, "RISK_TOO_LARGE", 0.07)


def test_a_loss_equal_to_the_limit_stops() -> None:
    facts = RiskFacts(balance=10_000.0, daily_loss=200.0)
    told = limit_state("daily", facts, SETTINGS, V3)
    assert (told.can_trade, told.remaining) == (False, 0.0)


def test_the_plugins_own_limit_may_be_the_tighter() -> None:
    small = plugin(risk=RiskSettings(daily_loss_limit=150.0))
    told = limit_state("daily", TODAY, SETTINGS, small)
    assert (told.scope, told.remaining) == ("tester", 5.0)


def test_lifetime_is_the_accounts_alone() -> None:
    told = limit_state("lifetime", TODAY, SETTINGS, V3)
    assert (told.limit, told.remaining, told.can_trade) == (1000.0, 855.0, True)


@pytest.mark.parametrize("which", ["daily", "lifetime"])
def test_without_a_balance_nobody_may_trade(which: str) -> None:
    told = limit_state(which, RiskFacts(), SETTINGS, V3)
    assert (told.can_trade, told.risk_tier) == (False, None)
    assert told.error


def test_a_missing_balance_stays_missing() -> None:
    told = state(RiskFacts(), SETTINGS)
    assert (told.balance, told.tier) == (None, None)
    assert trade_cap(RiskFacts(), SETTINGS) is None


def test_a_trade_without_a_stop_distance_is_invalid() -> None:
    assert validate(0.10, 0.0)[0] is False
    assert validate(0.0, 60.0)[0] is False


def test_a_latched_limit_stays_reached() -> None:
    facts = RiskFacts(balance=1_000_000.0, daily_loss=1.0, latched=frozenset({"daily"}))
    assert not limit_state("daily", facts, SETTINGS, V3).can_trade
    assert validate(0.01, 10, facts)[1] == "DAILY_LIMIT"


def test_a_latched_limit_leaves_nothing_and_ends_with_its_own_day() -> None:
    until = {"account": 86_400 * 10**9, "combined_v3": 2 * 86_400 * 10**9}
    latches = tuple(
        Latch(which="daily", scope=scope, loss=1.0, limit=1.0, since_ns=0, until_ns=end)
        for scope, end in until.items()
    )
    facts = RiskFacts(
        balance=10_000.0, daily_loss=1.0, latched=frozenset({"plugin"}), latches=latches, day_end_ns=1
    )
    told = limit_state("daily", facts, SETTINGS, V3)
    assert (told.scope, told.can_trade, told.remaining) == ("combined_v3", False, 0.0)
    assert told.until is not None and told.until.startswith("1970-01-03")
