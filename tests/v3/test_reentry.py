"""Entering again after order A has ended."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from zepix_core import Side
from zepix_plugins_v3 import reentry
from zepix_plugins_v3.profit_config import ReEntry
from zepix_plugins_v3.reentry import Counts, Exit, Mode, Recovery, ReState

from .messages import FACTS, D, entry
from .street import Desk, Held, desk

AT = datetime(2026, 1, 12, 10, tzinfo=UTC)
BOTH = ReEntry(sl_hunt_enabled=True, tp_continuation_enabled=True)
EUR = FACTS["EURUSD"]
LEVELS = {"sl_price": 1.1625, "tp1_price": 1.25, "tp2_price": 1.1685}


def ended(reason: str, profit: float, **changes: Any) -> Exit:
    return attrs.evolve(Exit(at=AT, reason=reason, profit=profit, sl=1.1600, tp=1.1900), **changes)


def first(end: Exit, rules: ReEntry = BOTH, **changes: Any) -> Recovery | None:
    values: dict[str, Any] = {
        "trade_id": 1, "symbol": "EURUSD", "side": Side.BUY, "logic": "LOGIC2", "distance": 0.01,
        "lots": 0.10,
    }  # fmt: skip
    return reentry.first("EURUSD_i1", **(values | changes), ended=end, facts=EUR, rules=rules)


def test_after_a_stop_the_price_must_be_back_by_seventy_percent_within_the_window() -> None:
    wait = first(ended("SL", -100.0))
    assert wait is not None
    assert (wait.mode, wait.price, wait.stop_distance) == (Mode.SL_HUNT, 1.167, 0.005)
    assert wait.deadline == AT + timedelta(minutes=30)
    for symbol, minutes in (("GBPJPY", 10), ("AUDJPY", 10), ("XAUUSD", 15), ("USDCAD", 30)):
        other = first(ended("SL", -100.0), symbol=symbol)
        assert other is not None and other.deadline == AT + timedelta(minutes=minutes)


def test_after_a_target_it_must_go_on_two_pips_for_gold_two_cents() -> None:
    wait = first(ended("TP2", 200.0))
    assert wait is not None
    assert (wait.mode, wait.price, wait.not_before) == (
        Mode.TP_CONTINUATION,
        1.1902,
        AT + timedelta(seconds=5),
    )
    gold = reentry.first(
        "XAUUSD_i1", trade_id=1, symbol="XAUUSD", side=Side.SELL, logic=None, distance=5.0, lots=0.1,
        ended=ended("TP2", 9.0, tp=2000.0), facts=FACTS["XAUUSD"], rules=BOTH,
    )  # fmt: skip
    assert gold is not None and gold.price == 1999.98


@pytest.mark.parametrize("end", [("SL", 5.0), ("Exit_Signal", 5.0), ("Manual", -5.0), ("Reversal", 1.0)])
def test_other_ends_are_followed_by_nothing(end: tuple[str, float]) -> None:
    assert first(ended(*end)) is None


def test_nothing_is_waited_for_by_default() -> None:
    assert first(ended("SL", -100.0), ReEntry()) is None
    assert first(ended("TP2", 200.0), ReEntry()) is None


def test_one_stop_is_hunted_in_a_chain_and_five_levels_are_the_most() -> None:
    wait = first(ended("SL", -100.0))
    assert wait is not None
    opened = attrs.evolve(wait, state=ReState.OPEN)
    assert reentry.following(opened, ended("SL", -50.0), EUR, BOTH).reason == "stopped_out"
    stops = []
    for level in range(2, 6):
        opened = reentry.following(opened, ended("TP2", 90.0), EUR, BOTH)
        assert (opened.state, opened.level) == (ReState.WATCHING, level)
        stops.append(round(opened.stop_distance, 6))
    assert stops == [0.007, 0.0049, 0.00343, 0.002401]
    assert reentry.following(opened, ended("TP2", 90.0), EUR, BOTH).reason == "max_levels"


def judge(wait: Recovery | None, price: float, at: datetime, **changes: Any) -> Recovery:
    assert wait is not None
    values: dict[str, Any] = {"aligned": True, "counts": Counts(), "days": {at: at.date()}, "rules": BOTH}
    return reentry.reached(wait, price, at, **(values | changes))


def test_the_trend_is_always_checked() -> None:
    result = judge(first(ended("SL", -1.0)), 1.1671, AT, aligned=False)
    assert (result.state, result.reason) == (ReState.ENDED, "trend_not_aligned")


def test_it_waits_through_the_cooldown_and_not_beyond_the_window() -> None:
    wait = first(ended("TP2", 1.0))
    early = judge(wait, 1.1903, AT + timedelta(seconds=4))
    assert (early.state, early.tries) == (ReState.WATCHING, 2)
    assert judge(early, 1.1903, AT + timedelta(seconds=5)).state is ReState.PLANNED
    assert judge(wait, 1.1903, AT + timedelta(minutes=31)).reason == "too_late"
    assert wait is not None
    assert reentry.timed_out(wait, wait.deadline - timedelta(seconds=1)).state is ReState.WATCHING
    assert reentry.timed_out(wait, wait.deadline).reason == "too_late"


def hours(*before: float) -> tuple[datetime, ...]:
    return tuple(AT - timedelta(hours=number) for number in before)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (Counts(open=3), "max_open"),
        (Counts(open=2, placed=hours(1, 2), lost=hours(1)), None),
        (Counts(placed=hours(*[1] * 10)), "max_per_day"),
        (Counts(placed=hours(*[1] * 9)), None),
        (Counts(lost=hours(*[1] * 5)), "max_losses_per_day"),
        (Counts(lost=hours(*[11] * 5)), None),
        (Counts(lost=hours(*[11] * 4, 10.5)), None),
    ],
)
def test_limits_of_the_day(counts: Counts, reason: str | None) -> None:
    days: dict[datetime, date] = {moment: moment.date() for moment in (AT, *counts.placed, *counts.lost)}
    assert reentry.limited(counts, AT, days, BOTH) == reason


def test_the_pause_goes_on_over_the_end_of_the_day() -> None:
    lost = tuple(datetime(2026, 1, 11, 22, tzinfo=UTC) for _ in range(5))
    early, late = datetime(2026, 1, 12, 3, 59, tzinfo=UTC), datetime(2026, 1, 12, 4, tzinfo=UTC)
    days = {moment: moment.date() for moment in (early, late, *lost)}
    assert reentry.limited(Counts(lost=lost), early, days, BOTH) == "max_losses_per_day"
    assert reentry.limited(Counts(lost=lost), late, days, BOTH) is None


def test_lots_shrink_by_a_tenth_a_level_down_to_half() -> None:
    wait = first(ended("TP2", 1.0))
    assert wait is not None
    found = [
        float(reentry.lots(attrs.evolve(wait, level=level), D("0.01"), D("0.01"), BOTH))
        for level in range(1, 8)
    ]
    assert found == [0.09, 0.08, 0.07, 0.06, 0.05, 0.05, 0.05]


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Desk]:
    made = await desk(tmp_path)
    settings = attrs.evolve(made.bench.config.settings, re_entry=BOTH)
    settings = attrs.evolve(settings, profit_booking=attrs.evolve(settings.profit_booking, enabled=False))
    made.bench.config = attrs.evolve(made.bench.config, settings=settings)
    yield made
    await made.bench.database.close()


def again(made: Desk) -> list[Held]:
    return [one for one in made.street.held.values() if one.label.startswith("ReEntry_")]


async def state(made: Desk) -> tuple[Any, ...]:
    (row,) = await made.bench.rows("SELECT state, reason, mode, level FROM v3_reentry_chains")
    return row["state"], row["reason"], row["mode"], row["level"]


async def test_a_stop_is_hunted_once_and_followed_by_a_continuation(street: Desk) -> None:
    await street.enter(entry(**LEVELS))
    await street.go(116_250)
    assert await state(street) == ("WATCHING", None, "sl_hunt", 1)
    await street.bench.restart()
    await street.go(116_250 + 170)
    assert again(street) == []
    await street.go(116_250 + 180)
    (order,) = again(street)
    assert (order.leg, order.lots, order.entry) == ("A", 0.02, 116_440)
    assert (order.entry - order.sl, order.tp - order.entry) == (125, 188)
    assert await state(street) == ("OPEN", None, "sl_hunt", 1)
    await street.go(order.tp)
    assert await state(street) == ("WATCHING", None, "tp_continuation", 2)
    street.street.pass_time(6)
    await street.hear()
    await street.go(order.tp + 20)
    assert [one.label.partition("@")[0] for one in again(street)] == [
        "ReEntry_1_sl_hunt",
        "ReEntry_2_tp_continuation",
    ]
    rows = await street.bench.rows("SELECT * FROM combined_v3_trades")
    assert [row["order_a_ticket"] for row in rows][1:] == [one.ticket for one in again(street)]
    (day,) = await street.bench.rows("SELECT total_dual_entries FROM v3_daily_stats")
    assert day["total_dual_entries"] == 1


async def test_the_window_closes_and_nothing_is_waited_for_any_more(street: Desk) -> None:
    await street.enter(entry(**LEVELS))
    await street.go(116_250)
    street.street.pass_time(30 * 60)
    await street.hear()
    assert await state(street) == ("ENDED", "too_late", "sl_hunt", 1)
    assert street.street.levels == {} and street.street.alarms == {}
    await street.go(116_500)
    assert again(street) == []


async def test_a_refused_re_entry_ends_the_chain(street: Desk) -> None:
    await street.enter(entry(**LEVELS))
    await street.go(116_250)
    street.street.refuse = "CAP_DAILY_TRADES"
    await street.go(116_450)
    assert await state(street) == ("ENDED", "cap_daily_trades", "sl_hunt", 1)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("count", range(1, 9))
async def test_a_death_in_the_middle_places_it_once(street: Desk, count: int, after: bool) -> None:
    await street.enter(entry(**LEVELS))
    await street.go(116_250)
    street.street.die_at, street.street.die_after = count, after
    await street.go(116_450)
    assert len(again(street)) == 1
    assert (await state(street))[0] == "OPEN"
