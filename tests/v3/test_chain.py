"""The profit chain behind an order B: levels, ends, and that nothing happens twice."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix_plugins_v3.chain import ChainRules
from zepix_plugins_v3.profit_config import ProfitBooking

from .messages import entry
from .street import Desk, Held, desk

FAR = {"sl_price": 1.10, "tp1_price": 1.25, "tp2_price": 1.30}
ORDERS = (1, 2, 4, 8, 16)


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Desk]:
    made = await desk(tmp_path)
    await made.enter(entry(**FAR))
    yield made
    await made.bench.database.close()


def booking(made: Desk, **changes: Any) -> None:
    config = made.bench.config.settings.profit_booking
    made.bench.config = attrs.evolve(
        made.bench.config,
        settings=attrs.evolve(made.bench.config.settings, profit_booking=attrs.evolve(config, **changes)),
    )


def order_b(made: Desk) -> Held:
    return next(one for one in made.street.held.values() if one.label == "OrderB_Profit_Trail")


async def win(made: Desk) -> None:
    """The price goes up until nothing but order A is open, or a second seven dollars at 0.01 lots."""
    for _ in range(80):
        await made.go(made.street.bid + 10)


async def test_order_b_is_booked_at_seven_dollars_of_its_own(street: Desk) -> None:
    b = order_b(street)
    assert (b.lots, b.entry) == (0.02, 116_500)
    await street.go(116_849)
    assert b.open
    await street.go(116_850)
    assert (b.open, b.profit, b.reason) == (False, 7.0, "TP1")


async def test_its_own_target_books_it_when_that_comes_first(tmp_path: Path) -> None:
    made = await desk(tmp_path)
    await made.enter(entry())
    await made.go(116_710)
    b = order_b(made)
    assert (b.open, b.reason) == (False, "TP1")
    assert made.street.levels == {} or all(key.startswith("trail") for *_, key in made.street.levels.values())
    assert (await made.chain())[2] == 1
    await made.bench.database.close()


async def test_the_next_level_opens_at_once_with_ten_dollars_at_risk_each(street: Desk) -> None:
    await street.go(116_850)
    orders = street.street.chain_orders(1)
    assert [(one.lots, one.entry, one.sl) for one in orders] == [(0.05, 116_860, 116_660)] * 2
    assert [one.tp for one in orders] == [117_000] * 2  # 14 pips of 0.50 are 7.00
    assert await street.chain() == ("ACTIVE", None, 1)


async def test_a_chain_ends_with_its_last_enabled_level(street: Desk) -> None:
    await win(street)
    counts = Counter(one.label.partition("@")[0].rpartition("_")[0] for one in street.street.held.values())
    assert counts["Chain_1"] == 2 and counts["Chain_2"] == 4 and not counts["Chain_3"]
    assert await street.chain() == ("COMPLETED", "last_level", 2)


async def test_all_five_levels_are_one_two_four_eight_sixteen(tmp_path: Path) -> None:
    made = await desk(tmp_path)
    booking(made, enabled_levels=(0, 1, 2, 3, 4))
    await made.enter(entry(**FAR))
    for _ in range(160):
        await made.go(made.street.bid + 10)
    assert [len(made.street.chain_orders(level)) for level in range(1, 5)] == [2, 4, 8, 16]
    assert await made.chain() == ("COMPLETED", "last_level", 4)
    await made.bench.database.close()


async def test_a_level_opens_only_while_the_trend_agrees(street: Desk) -> None:
    await street.trends("bearish")
    await street.go(116_850)
    assert street.street.chain_orders(1) == []
    assert await street.chain() == ("COMPLETED", "trend_not_aligned", 0)


async def test_one_loss_ends_the_chain_and_leaves_the_rest_its_stops(street: Desk) -> None:
    await street.go(116_850)
    first, second = street.street.chain_orders(1)
    second.sl = 116_000
    await street.go(116_660)
    assert (first.open, second.open) == (False, True)
    assert await street.chain() == ("STOPPED", "loss", 1)
    await win(street)
    assert second.reason == "TP1"
    assert street.street.chain_orders(2) == []


async def test_partial_progression_takes_a_share_of_winners(tmp_path: Path) -> None:
    made = await desk(tmp_path)
    booking(made, allow_partial_progression=True, partial_threshold=0.5)
    await made.enter(entry(**FAR))
    await made.go(116_850)
    _, second = made.street.chain_orders(1)
    second.sl = 116_000
    await made.go(116_660)
    assert (await made.chain())[0] == "ACTIVE"
    await made.go(117_000)
    assert len(made.street.chain_orders(2)) == 4
    await made.bench.database.close()


@pytest.mark.parametrize("reason", ["Exit_Signal", "Reversal", "Manual", "Emergency"])
async def test_who_closes_a_winner_by_hand_wants_no_next_level(street: Desk, reason: str) -> None:
    street.street.bid = 116_700
    street.street.leave(reason)
    await street.hear()
    assert await street.chain() == ("STOPPED", "closed", 0)
    assert street.street.chain_orders(1) == [] and street.street.levels == {}


async def test_stops_by_logic_are_wider(tmp_path: Path) -> None:
    made = await desk(tmp_path)
    booking(made, sl_system="SL-1.1")
    await made.enter(entry(**FAR))
    await made.go(116_850)
    assert [one.entry - one.sl for one in made.street.chain_orders(1)] == [800, 800]  # 40 on LOGIC2
    await made.bench.database.close()


async def test_refused_orders_end_the_chain_when_none_went_in(street: Desk) -> None:
    street.street.refuse = "CAP_OPEN_TRADES"
    await street.go(116_850)
    assert await street.chain() == ("STOPPED", "cap_open_trades", 1)


async def test_no_chain_starts_when_it_is_switched_off(tmp_path: Path) -> None:
    made = await desk(tmp_path)
    booking(made, enabled=False)
    await made.enter(entry(**FAR))
    await made.go(117_200)
    assert order_b(made).open
    assert await made.bench.rows("SELECT * FROM v3_profit_chains") == []
    await made.bench.database.close()


async def test_one_under_way_books_on_and_opens_nothing_when_it_is_switched_off(street: Desk) -> None:
    booking(street, enabled=False)
    await street.go(116_850)
    assert not order_b(street).open
    assert await street.chain() == ("STOPPED", "switched_off", 0)


async def test_every_order_has_its_row_and_money_adds_up(street: Desk) -> None:
    await win(street)
    rows = await street.bench.rows("SELECT * FROM combined_v3_trades ORDER BY id")
    assert len(rows) == 1 + 2 + 4
    assert {row["signal_type"] for row in rows} == {"momentum_breakout"}
    booked = sum(row["order_b_profit_dollars"] for row in rows)
    assert booked == pytest.approx(sum(one.profit for one in street.street.held.values()))
    (day,) = await street.bench.rows("SELECT * FROM v3_daily_stats")
    assert (day["total_dual_entries"], day["total_order_b_closed"]) == (1, 7)
    links = await street.bench.rows("SELECT trade_id FROM v3_chain_orders ORDER BY level, slot")
    assert [row["trade_id"] for row in links] == [row["id"] for row in rows]


async def test_a_sell_is_the_mirror(tmp_path: Path) -> None:
    made = await desk(tmp_path)
    message = entry(
        direction="sell", consensus_score=1, mtf_trends="-1,-1,-1,-1,-1", sl_price=1.25, tp1_price=1.12,
        tp2_price=1.10,
    )  # fmt: skip
    await made.enter(message)
    await made.go(116_490 - 350 - 10)
    assert (order_b(made).profit, order_b(made).reason) == (7.0, "TP1")
    assert [one.sl - one.entry for one in made.street.chain_orders(1)] == [200, 200]
    await made.bench.database.close()


@pytest.mark.parametrize(
    ("own", "host", "used"),
    [
        ({}, {"enabled": False, "min_profit": 9.0, "max_level": 1}, (False, 9, {0, 1})),
        (
            {"min_profit": 5.0, "max_level": 0},
            {"enabled": True, "min_profit": 9.0, "max_level": 2},
            (True, 5, {0}),
        ),
        ({}, {}, (True, 7, {0, 1, 2})),
    ],
)
def test_the_hosts_word_counts_where_the_plugins_own_is_as_shipped(
    own: dict[str, Any], host: dict[str, Any], used: tuple[bool, int, set[int]]
) -> None:
    rules = ChainRules.of(ProfitBooking(**own), host)
    assert (rules.enabled, int(rules.min_profit), set(rules.levels)) == used


Moves = st.lists(
    st.one_of(
        st.tuples(st.just("go"), st.integers(-150, 320)),
        st.tuples(st.just("repeat"), st.integers(0, 12)),
        st.tuples(st.just("die"), st.integers(1, 8)),
        st.tuples(st.just("die after"), st.integers(1, 8)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    min_size=4,
    max_size=30,
)


async def walk(moves: list[tuple[str, int]], *, calm: bool) -> tuple[Any, ...]:
    """Play the moves; calm leaves out deaths, repeats and restarts. Checks the rules after each."""
    with tempfile.TemporaryDirectory() as folder:
        made = await desk(Path(folder))
        try:
            await made.enter(entry(**FAR))
            for name, number in moves:
                if name == "go":
                    await made.go(max(made.street.bid + number, 111_000))
                elif not calm:
                    await disturb(made, name, number)
                check(made)
            made.street.die_at = 0
            await made.go(made.street.bid)
            orders = sorted((o.label, o.lots, o.entry, o.open, o.profit) for o in made.street.held.values())
            rows = await made.bench.rows(
                "SELECT level, slot, state, lots, deals FROM v3_chain_orders ORDER BY level, slot"
            )
            trades = await made.bench.rows("SELECT status, order_b_profit_dollars FROM combined_v3_trades")
            return orders, await made.chain(), strip(rows), trades
        finally:
            await made.bench.database.close()


def strip(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["level"], row["slot"], row["state"], row["lots"], row["deals"] is None) for row in rows]


async def disturb(made: Desk, name: str, number: int) -> None:
    if name == "repeat":
        await made.repeat(number)
    elif name == "restart":
        await made.bench.restart()
    else:
        made.street.die_at, made.street.die_after = number, name == "die after"


def check(made: Desk) -> None:
    held = list(made.street.held.values())
    assert len({(one.label, one.leg) for one in held}) == len(held)
    for level in range(1, 5):
        orders = made.street.chain_orders(level)
        assert len(orders) <= ORDERS[level]
        if orders:
            before = made.street.chain_orders(level - 1) if level > 1 else [order_b(made)]
            assert not any(one.open for one in before)
            assert all(one.profit > 0 for one in before)
    assert made.street.chain_orders(3) == []


@settings(max_examples=40, deadline=None)
@given(Moves)
def test_deaths_repeats_and_restarts_change_nothing(moves: list[tuple[str, int]]) -> None:
    """Never more orders than a level allows, none twice, no level after a loss; and a run that is
    disturbed ends as one that is not."""
    assert asyncio.run(walk(moves, calm=False)) == asyncio.run(walk(moves, calm=True))
