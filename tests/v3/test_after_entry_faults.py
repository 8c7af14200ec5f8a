"""After an entry: late news, a broker that is away, a host that cannot write, and sides that were left."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import Side, TradeUpdate, UpdateKind, stamp
from zepix_core.errors import StorageError
from zepix_plugins_v3 import daily, trailing
from zepix_plugins_v3.profit_config import TrailingSettings
from zepix_plugins_v3.trailing import TrailingRules, WatchStep

from .messages import entry, leave
from .rows import START, database
from .street import Desk, Held, desk

FAR: dict[str, Any] = {"price": 1.165, "tp1_price": 1.185, "tp2_price": 1.195, "sl_price": 1.1625}


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Desk]:
    made = await desk(tmp_path)
    await made.trends("bullish")
    yield made
    await made.bench.database.close()


def reentries(made: Desk, **changes: Any) -> None:
    made.bench.settings("re_entry", **changes)
    made.bench.settings("profit_booking", enabled=False)


def leg(made: Desk, name: str) -> Held:
    return next(one for one in made.street.held.values() if one.leg == name)


def open_labels(made: Desk) -> list[str]:
    return [one.label.partition("@")[0] for one in made.street.held.values() if one.open]


def open_again(made: Desk) -> list[str]:
    return [label for label in open_labels(made) if label.startswith("ReEntry_")]


async def leaves(made: Desk, **changes: Any) -> None:
    """An exit comes before the plugin has heard what is queued."""
    made.street.in_alert = True
    await made.bench.send(leave(**changes))
    made.street.in_alert, made.street.alert_key = False, ""


# --- the stop that follows


@pytest.mark.parametrize("sl", [1.16247, 1.16248, 1.16249, 1.1625])
async def test_a_stop_follows_at_every_distance(street: Desk, sl: float) -> None:
    await street.enter(entry(**{**FAR, "sl_price": sl}))
    a = leg(street, "A")
    distance = a.entry - a.sl
    for points in range(2 * distance):
        await street.go(a.entry + points)
    assert abs(a.sl - a.entry - 1.25 * distance) <= 1


@given(
    st.sampled_from(list(Side)),
    st.integers(1, 5_000),
    st.integers(0, 12),
    st.sampled_from([10.0, 25.0, 33.3]),
)
def test_at_the_price_that_is_waited_for_the_level_is_reached(
    side: Side, points: int, steps: int, step: float
) -> None:
    rules = TrailingRules.of(TrailingSettings(step_percent=step))
    entry_price, sl = 1.17, round(1.17 - side.sign * points / 100_000, 5)
    made = trailing.begun(
        ticket=1, trade_id=1, leg="A", symbol="EURUSD", side=side, entry=entry_price, sl=sl, tp=None
    )
    assert made is not None
    made = attrs.evolve(made, steps=steps)
    (wait,) = [one for one in trailing.work(made, 5, rules) if isinstance(one, WatchStep)]
    assert trailing.reached(made, wait.price, rules).steps > steps


async def test_each_wait_of_a_stop_has_a_key_of_its_own(street: Desk) -> None:
    await street.enter(entry(**FAR))
    a = leg(street, "A")
    for share in (0.5, 0.75, 1.0):
        await street.go(a.entry + round(share * 260))
    keys = [payload.key for name, payload in street.street.asked if name == "market.when"]
    trail = [key for key in keys if key.startswith("trail")]
    assert len(trail) == len(set(trail)) == 4


async def test_a_stop_that_was_not_moved_is_moved_a_little_later(street: Desk) -> None:
    await street.enter(entry(**FAR))
    a = leg(street, "A")
    street.street.refuse_modify = ["BROKER_OFFLINE", "INVALID_STOPS"]
    await street.go(a.entry + 140)
    assert a.sl < a.entry
    for _ in range(2):
        await street.pass_time(10)
    assert a.sl == a.entry
    assert street.street.alarms == {}


async def test_nothing_is_tried_again_for_a_position_that_is_gone(street: Desk) -> None:
    await street.enter(entry(**FAR))
    street.street.refuse_modify = ["NO_SUCH_POSITION"]
    await street.go(leg(street, "A").entry + 140)
    assert street.street.alarms == {}


async def test_a_wait_that_could_not_be_written_is_asked_for_when_the_news_comes_again(street: Desk) -> None:
    await street.enter(entry(**FAR))
    a = leg(street, "A")
    street.street.refuse_wait = 1
    with pytest.raises(StorageError):
        await street.go(a.entry + 140)
    await street.hear()
    await street.go(a.entry + 200)
    assert a.sl > a.entry


# --- booking


async def test_an_order_is_not_booked_at_a_price_that_has_gone_back(street: Desk) -> None:
    await street.enter(entry(**FAR))
    b = leg(street, "B")
    street.street.tick(b.entry + 360)
    street.street.tick(b.entry - 150)
    await street.hear()
    assert b.open and (await street.chain())[0] == "ACTIVE"
    await street.go(b.entry + 360)
    assert (b.open, b.reason, b.profit > 7) == (False, "TP1", True)


@pytest.mark.parametrize("code", ["BROKER_OFFLINE", "UNRESOLVED"])
async def test_booking_without_an_outcome_is_looked_at_again_later(street: Desk, code: str) -> None:
    await street.enter(entry(**FAR))
    b = leg(street, "B")
    street.street.refuse_close = [code, code]
    await street.go(b.entry + 360)
    assert b.open
    for _ in range(2):
        await street.pass_time(10)
    assert (b.open, b.reason) == (False, "TP1")
    assert (await street.chain())[2] == 1 and street.street.alarms == {}


async def test_booking_that_comes_too_late_waits_for_the_price_again(street: Desk) -> None:
    await street.enter(entry(**FAR))
    b = leg(street, "B")
    street.street.refuse_close = ["BROKER_OFFLINE"]
    await street.go(b.entry + 360)
    await street.go(b.entry - 100)
    await street.pass_time(10)
    assert b.open
    await street.go(b.entry + 360)
    assert (b.open, b.profit > 7) == (False, True)


async def test_a_level_does_not_open_long_after_the_one_before_has_ended(street: Desk) -> None:
    await street.enter(entry(**FAR))
    b = leg(street, "B")
    await until_b_has_ended(street)
    street.street.clock.advance(3 * 3600)
    await street.hear()
    assert not b.open and street.street.chain_orders(1) == []
    assert await street.chain() == ("STOPPED", "too_late", 0)


# --- a side that is left


async def until_b_has_ended(made: Desk) -> None:
    """Order B is booked; the plugin has not heard so yet."""
    made.street.tick(leg(made, "B").entry + 360)
    queue = made.street.queue
    while not (isinstance(queue[0], TradeUpdate) and queue[0].kind is UpdateKind.CLOSED):
        await made._tell(queue[0])
        queue.popleft()


async def test_an_exit_stops_the_chain_of_an_order_whose_end_is_not_heard_of_yet(street: Desk) -> None:
    await street.enter(entry(**FAR))
    await until_b_has_ended(street)
    await leaves(street)
    assert await street.chain() == ("STOPPED", "exit_signal", 0)
    await street.hear()
    assert open_labels(street) == []
    assert await street.chain() == ("STOPPED", "exit_signal", 0)


async def test_an_exit_of_the_other_side_stops_nothing(street: Desk) -> None:
    await street.enter(entry(**FAR))
    await until_b_has_ended(street)
    await leaves(street, signal_type="Bearish_Exit", direction="buy")
    await street.hear()
    assert len(street.street.chain_orders(1)) == 2


async def test_a_reversal_stops_the_chain_of_the_side_it_leaves(street: Desk) -> None:
    await street.enter(entry(**FAR))
    await until_b_has_ended(street)
    sell = entry(
        direction="sell", consensus_score=0, mtf_trends="-1,-1,-1,-1,-1", sl_price=1.18, tp1_price=1.15,
        tp2_price=1.14, price=1.16850,
    )  # fmt: skip
    street.street.in_alert = True
    decision = await street.bench.send(sell)
    street.street.in_alert, street.street.alert_key = False, ""
    assert decision is not None and decision.action == "reverse"
    await street.hear()
    buys = [one for one in street.street.held.values() if one.open and one.side is Side.BUY]
    assert buys == [] and street.street.chain_orders(1) == []
    rows = await street.bench.rows("SELECT direction, state, reason FROM v3_profit_chains ORDER BY direction")
    assert [(row["direction"], row["state"], row["reason"]) for row in rows] == [
        ("BUY", "STOPPED", "reversal"),
        ("SELL", "ACTIVE", None),
    ]


async def test_a_pair_after_an_exit_has_a_chain_again(street: Desk) -> None:
    await street.enter(entry(**FAR))
    await leaves(street)
    await street.hear()
    street.street.pass_time(600)
    await street.enter(entry(**FAR))
    await street.go(street.street.bid + 400)
    assert len(street.street.chain_orders(1)) == 2


async def test_an_exit_ends_the_wait_for_a_re_entry(street: Desk) -> None:
    reentries(street, sl_hunt_enabled=True)
    await street.enter(entry(**FAR))
    await street.go(116_240)
    assert street.street.levels and street.street.alarms
    await leaves(street)
    assert street.street.levels == {} and street.street.alarms == {}
    assert await recovery(street) == ("ENDED", "exit_signal")


async def test_no_re_entry_is_waited_for_after_an_exit_that_was_heard_of_first(street: Desk) -> None:
    reentries(street, sl_hunt_enabled=True)
    await street.enter(entry(**FAR))
    street.street.tick(116_240)
    await leaves(street)
    await street.hear()
    await street.go(116_460)
    assert open_labels(street) == []
    assert await recovery(street) == ("ENDED", "exit_signal")


# --- re-entries


async def recovery(made: Desk) -> tuple[str, str | None]:
    (row,) = await made.bench.rows("SELECT state, reason FROM v3_reentry_chains")
    return row["state"], row["reason"]


async def test_a_re_entry_is_not_placed_at_a_price_that_has_gone_back(street: Desk) -> None:
    reentries(street, sl_hunt_enabled=True)
    await street.enter(entry(**FAR))
    await street.go(116_240)
    street.street.tick(116_430)
    street.street.tick(116_100)
    await street.hear()
    assert open_again(street) == [] and await recovery(street) == ("WATCHING", None)
    await street.go(116_440)
    assert len(open_again(street)) == 1


async def test_the_cooldown_is_slept_through(street: Desk) -> None:
    reentries(street, tp_continuation_enabled=True, continuation_cooldown_seconds=300.0)
    await street.enter(entry(**{**FAR, "tp2_price": 1.175, "tp1_price": 1.17}))
    await street.go(117_000)
    await street.go(117_505)
    before = street.waits
    for number in range(100):
        await street.go(117_530 + number % 3)
    assert street.waits == before and not street.street.levels
    await street.pass_time(301)
    await street.go(117_530)
    assert open_again(street) == ["ReEntry_1_tp_continuation"]


async def test_a_re_entry_whose_outcome_is_not_known_counts_as_open(street: Desk) -> None:
    reentries(street, sl_hunt_enabled=True, max_open=1)
    await street.enter(entry(**FAR))
    street.street.pass_time(400)
    await street.enter(entry(**{**FAR, "price": 1.16501}))
    await street.go(116_240)
    street.street.unsure = True
    await street.go(116_460)
    rows = await street.bench.rows("SELECT state, reason FROM v3_reentry_chains ORDER BY state")
    assert [(row["state"], row["reason"]) for row in rows] == [
        ("ENDED", "max_open"),
        ("PLANNED", "unresolved"),
    ]
    street.street.pass_time(3600)
    await street.bench.restart()
    rows = await street.bench.rows("SELECT state FROM v3_reentry_chains")
    assert [row["state"] for row in rows] == ["ENDED", "ENDED"]


async def test_a_long_pause_is_kept_to_its_end(street: Desk) -> None:
    reentries(street, sl_hunt_enabled=True, max_per_day=1, pause_hours=168.0)
    await street.enter(entry(**FAR))
    await street.go(116_240)
    await street.go(116_460)
    assert len(open_again(street)) == 1
    street.street.leave("Manual")
    await street.hear()
    street.street.pass_time(4 * 86_400)
    street.street.bid = 116_490
    await street.enter(entry(**FAR))
    await street.go(116_240)
    await street.go(116_460)
    assert open_again(street) == []
    rows = await street.bench.rows("SELECT reason FROM v3_reentry_chains ORDER BY started_at")
    assert rows[-1]["reason"] == "max_per_day"


async def test_a_re_entry_nobody_told_the_end_of_does_not_count_as_open_after_a_start(street: Desk) -> None:
    reentries(street, sl_hunt_enabled=True)
    await street.enter(entry(**FAR))
    await street.go(116_240)
    await street.go(116_460)
    order = next(one for one in street.street.held.values() if one.label.startswith("ReEntry_"))
    street.street.tick(order.sl)
    (update,) = street.street.queue
    street.street.queue.clear()
    await street.bench.restart()
    query = "SELECT closed_at IS NULL AS open, profit FROM v3_reentry_orders"
    assert await street.bench.rows(query) == [{"open": 0, "profit": None}]
    street.street.queue.append(update)
    await street.hear()
    (row,) = await street.bench.rows(query)
    assert row["profit"] < 0


# --- the figures of a day


def test_the_figures_of_a_day_are_found_by_their_times() -> None:
    connection = database()
    day = (stamp(START), stamp(START + timedelta(days=1)))
    for query in (daily._A_CLOSED, daily._B_CLOSED, daily._RESULTS, daily._ENTRIES):
        (plan, *_) = connection.execute(f"EXPLAIN QUERY PLAN {query}", day)
        assert "_time>?" in plan[3], plan
    connection.close()
