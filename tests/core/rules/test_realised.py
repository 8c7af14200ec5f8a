"""Sums of results: in decimals, weighted by lots, each deal's costs once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import (
    Realised,
    Side,
    TradeUpdate,
    UpdateKind,
    exact,
    exact_sum,
    rounded,
    win_rate,
    with_costs,
)

LOTS = st.integers(1, 500).map(lambda steps: steps / 100)
PIPS = st.integers(-5000, 5000).map(lambda tenths: tenths / 10)
PARTS = st.lists(
    st.builds(
        lambda volume, pips, cents: Realised(volume=volume, pips=pips, money=cents / 100),
        LOTS, PIPS, st.integers(-100_000, 100_000),
    ),
    min_size=1,
)  # fmt: skip


def update(**changes: object) -> TradeUpdate:
    values = {
        "sequence": 9, "kind": UpdateKind.CLOSED, "plugin": "p", "intent_id": "i", "alert_key": "k",
        "alert_id": 1, "ticket": 7, "symbol": "EURUSD", "side": Side.BUY, "leg": "A", "label": "",
        "volume": 0.0, "price": 1.1, "time_ns": 0, "closed_volume": 0.05, "profit": 5.0, "profit_pips": 10.0,
        "deal": 70,
    }  # fmt: skip
    return TradeUpdate(**{**values, **changes})  # type: ignore[arg-type]


@given(PARTS)
def test_a_total_has_all_lots_and_all_money_and_pips_between_the_extremes(parts: list[Realised]) -> None:
    whole = Realised.total(parts)
    assert whole.volume == exact_sum(part.volume for part in parts)
    assert whole.money == exact_sum(part.money for part in parts)
    pips = [part.pips for part in parts]
    assert min(pips) - 0.01 <= whole.pips <= max(pips) + 0.01


def test_pips_are_weighted_by_lots() -> None:
    parts = [Realised(volume=0.03, pips=10.0, money=3.0), Realised(volume=0.01, pips=30.0, money=3.0)]
    assert Realised.total(parts) == Realised(volume=0.04, pips=15.0, money=6.0)


def test_without_lots_the_last_part_tells_the_pips() -> None:
    assert Realised.total([Realised(volume=0.0, pips=4.0, money=1.0)]).pips == 4.0
    assert Realised.total([]) == Realised(volume=0.0, pips=0.0, money=0.0)


def test_a_change_is_one_part() -> None:
    assert Realised.of(update()) == Realised(volume=0.05, pips=10.0, money=5.0)


def test_the_costs_of_a_deal_count_once() -> None:
    first = with_costs({}, update(commission=-0.35))
    again = with_costs(first, update(commission=-0.35, sequence=10))
    assert again == {"70": (-0.35, 0.0)}
    assert with_costs(again, update(deal=71)) == again, "nothing was charged"
    other = with_costs(again, update(deal=71, swap=-1.0))
    assert other == {"70": (-0.35, 0.0), "71": (0.0, -1.0)}


def test_a_win_is_money_above_nothing() -> None:
    assert win_rate([5.0, 0.0, Decimal(-3)]) == 33.33
    assert win_rate([]) == 0.0


def test_what_is_not_known_counts_nothing_in_a_sum() -> None:
    assert exact_sum([0.1, 0.2, None]) == 0.3


@pytest.mark.parametrize(("price", "digits", "to"), [("1.085005", 5, "1.08501"), ("2654.974", 2, "2654.97")])
def test_prices_are_rounded_half_up(price: str, digits: int, to: str) -> None:
    assert rounded(Decimal(price), digits) == Decimal(to)
    assert rounded(-Decimal(price), digits) == -Decimal(to)


def test_numbers_are_what_they_print_as() -> None:
    assert (exact(0.1), exact(5), exact(Decimal("0.10"))) == (Decimal("0.1"), Decimal(5), Decimal("0.10"))
    assert str(exact(5)) == "5"
