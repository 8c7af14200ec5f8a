"""Tiers by balance, and limits at which equal means stop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.rules.tiers import Limit, fixed_lot, losses, open_risk, smart_lot, tier_for, tightest

NAMES = ("5000", "10000", "25000", "50000", "100000")


@pytest.mark.parametrize(
    ("balance", "tier"),
    [(9_999.99, "5000"), (10_000.0, "10000"), (3_000.0, "5000"), (100_000.0, "100000"), (1e9, "100000")],
)
def test_a_tier_starts_at_its_balance(balance: float, tier: str) -> None:
    assert tier_for(balance, NAMES) == tier


def test_a_default_tier_wins_over_the_balance() -> None:
    assert tier_for(10_000, NAMES, "50000") == "50000"
    assert tier_for(10_000, ()) is None


def test_profits_are_not_netted() -> None:
    assert losses([-60.0, 300.0, -85.0]) == 145.0


def test_a_limit_is_shut_when_it_is_met() -> None:
    limit = Limit(scope="account", loss=145.0, limit=200.0)
    assert (limit.remaining, limit.open) == (55.0, True)
    assert not Limit(scope="account", loss=200.0, limit=200.0).open


def test_the_tightest_limit_has_the_least_left() -> None:
    account, plugin = Limit(scope="account", loss=145, limit=200), Limit(scope="v3", loss=0, limit=500)
    assert tightest((account, plugin)) is account


def test_the_smart_lot_keeps_a_buffer_and_stands_on_a_step() -> None:
    assert smart_lot(55.0, 600.0, 0.01, 0.01) == 0.08
    assert smart_lot(5.0, 600.0, 0.01, 0.01) == 0.0


def test_an_override_replaces_the_fixed_lot() -> None:
    assert fixed_lot("5000", {"5000": 0.01}, {}) == 0.01
    assert fixed_lot("5000", {"5000": 0.01}, {"5000": 0.04}) == 0.04
    assert fixed_lot("7", {}, {}) is None


def test_a_stop_beyond_the_entry_risks_nothing() -> None:
    assert open_risk(1, 1.1, 1.101, 1.0, 0.0001, 10.0) == 0.0
    assert open_risk(-1, 1.1, 1.101, 1.0, 0.0001, 10.0) == pytest.approx(100.0)


@given(st.floats(0, 1e6), st.floats(0.1, 1e5))
def test_a_smart_lot_never_loses_more_than_the_room(room: float, per_lot: float) -> None:
    assert smart_lot(room, per_lot, 0.01, 0.01) * per_lot <= room + 1e-6
