"""Injected faults: what each one does, and that no other thing happens."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.broker.paper.faults import PROBABLE, FaultDice, FaultPlan, parse_faults
from zepix_core.broker.port import MovingBroker
from zepix_core.broker.retcodes import Retcode
from zepix_core.errors import BrokerOffline, OutcomeUnknown, SettingsError
from zepix_core.model.market import Side
from zepix_core.model.order import Action, Book, Deal, OrderRequest
from zepix_core.storage.connection import open_reader
from zepix_core.testing.clock import VirtualClock

Make = Callable[..., MovingBroker]


def entry(**changes: object) -> OrderRequest:
    request = OrderRequest(
        intent_id="7f3a4c2e5k",
        action=Action.OPEN,
        symbol="EURUSD",
        side=Side.BUY,
        lots=0.1,
        sl=1.0,
        comment="v6-15m:7f3a4c2e5k:A",
    )
    return attrs.evolve(request, **changes)  # type: ignore[arg-type]


def test_faults_are_read_from_their_text() -> None:
    assert parse_faults("") == FaultPlan() and not FaultPlan()
    plan = parse_faults("timeout_after_execute:0.5, requote:1,disconnect:2.5")
    assert plan == FaultPlan(
        probabilities={"timeout_after_execute": 0.5, "requote": 1.0}, disconnect_seconds=2.5
    )


def test_every_mistake_of_the_text_is_told() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_faults("requot:0.5,partial:2,late_reply,disconnect:-1,requote:0.1")
    assert len(caught.value.faults) == 4


@given(st.integers(0, 5), st.text(max_size=10), st.floats(0, 1))
def test_the_same_seed_and_request_fall_the_same_way(seed: int, intent: str, probability: float) -> None:
    plan = FaultPlan(probabilities=dict.fromkeys(PROBABLE, probability))
    one, other = FaultDice(plan, seed), FaultDice(plan, seed)
    assert [one.strikes(intent) for _ in range(3)] == [other.strikes(intent) for _ in range(3)]


def test_a_probability_is_met_over_many_requests() -> None:
    dice = FaultDice(FaultPlan(probabilities={"requote": 0.25}), 1)
    struck = sum(bool(dice.strikes(f"intent{n}")) for n in range(2_000))
    assert 400 < struck < 600


def test_a_request_struck_once_is_not_struck_at_every_start() -> None:
    plan = FaultPlan(probabilities={"timeout_before_execute": 0.5})
    falls = {bool(FaultDice(plan, 1, start).strikes("7f3a4c2e5k")) for start in range(20)}
    assert falls == {True, False}


async def test_every_start_of_an_account_is_counted(paper: Make, tmp_path: Path) -> None:
    for _ in range(3):
        broker = paper()
        await broker.start()
        await broker.stop()
    reader = open_reader(tmp_path / "data" / "paper.db")
    assert reader.execute("SELECT number FROM starts").fetchall() == [(3,)]
    reader.close()


def test_probability_zero_never_and_one_always_strikes() -> None:
    dice = FaultDice(FaultPlan(probabilities={"requote": 0.0, "partial": 1.0}), 1)
    assert all(set(dice.strikes(f"i{n}")) == {"partial"} for n in range(100))


async def started(make: Make, faults: str, silent: bool = False) -> MovingBroker:
    broker = make(faults=faults, silent=silent)
    await broker.start()
    return broker


@pytest.mark.parametrize(
    ("fault", "executed"),
    [("timeout_after_execute", True), ("none_after_send", True), ("timeout_before_execute", False)],
)
async def test_an_answer_that_is_lost_leaves_the_truth_at_the_broker(
    paper: Make, fault: str, executed: bool
) -> None:
    broker = await started(paper, f"{fault}:1")
    with pytest.raises(OutcomeUnknown):
        await broker.submit(entry())
    assert len(await broker.positions()) == executed == len(await broker.deals())
    await broker.stop()


async def test_a_silent_time_out_really_never_answers(paper: Make, clock: VirtualClock) -> None:
    broker = await started(paper, "timeout_after_execute:1", silent=True)
    asking = asyncio.create_task(broker.submit(entry()))
    while not await broker.positions():  # noqa: ASYNC110 - each turn lets the broker work
        await asyncio.sleep(0)
    clock.advance(60)
    await asyncio.sleep(0)
    assert not asking.done()
    asking.cancel()
    await broker.stop()


async def test_a_late_reply_is_late_and_true(paper: Make, clock: VirtualClock) -> None:
    broker = await started(paper, "late_reply:1")
    asking = asyncio.create_task(broker.submit(entry()))
    while not clock.sleeping:  # noqa: ASYNC110 - each turn lets the broker work
        await asyncio.sleep(0)
    assert len(await broker.positions()) == 1 and not asking.done()
    clock.advance(12)
    assert (await asking).retcode == Retcode.DONE
    await broker.stop()


async def test_a_requote_executes_nothing(paper: Make) -> None:
    broker = await started(paper, "requote:1")
    reply = await broker.submit(entry())
    assert reply.retcode == Retcode.REQUOTE and 0 < reply.bid < reply.ask
    assert await broker.positions() == ()
    await broker.stop()


async def test_a_partial_fill_tells_what_was_filled(paper: Make) -> None:
    broker = await started(paper, "partial:1")
    reply = await broker.submit(entry(lots=0.05))
    assert (reply.retcode, reply.volume) == (Retcode.DONE_PARTIAL, 0.02)
    assert [(p.volume, p.sl) for p in await broker.positions()] == [(0.02, 1.0)]
    assert (await broker.submit(entry(lots=0.01))).retcode == Retcode.DONE
    await broker.stop()


async def test_a_rewritten_comment_stands_on_the_position(paper: Make) -> None:
    broker = await started(paper, "rewrite_comment:1")
    for number in range(12):
        await broker.submit(entry(intent_id=f"intent{number}"))
    comments = {p.comment for p in await broker.positions()}
    assert comments == {"v6-15m:7f3a4c2e5", "srv v6-15m:7f3a4c2e5k:A", ""}
    await broker.stop()


async def test_refused_stops_refuse_the_entry_but_never_a_close(paper: Make) -> None:
    broker = await started(paper, "reject_stops:1")
    assert (await broker.submit(entry())).retcode == Retcode.INVALID_STOPS
    bare = await broker.submit(entry(sl=0.0))
    assert bare.retcode == Retcode.DONE
    close = entry(action=Action.CLOSE, position=bare.position)
    assert (await broker.submit(close)).retcode == Retcode.DONE
    await broker.stop()


async def test_the_shadow_book_has_no_bad_days(paper: Make) -> None:
    broker = await started(paper, ",".join(f"{name}:1" for name in PROBABLE))
    assert (await broker.submit(entry(book=Book.SHADOW))).retcode == Retcode.DONE
    await broker.stop()


async def test_a_lost_link_refuses_everything_and_comes_back_with_the_truth(
    paper: Make, clock: VirtualClock
) -> None:
    broker = await started(paper, "disconnect:5")
    links: list[bool] = []
    told: list[Deal] = []
    broker.on_link(links.append)
    broker.on_deals(told.extend)
    await broker.submit(entry())
    clock.advance(6)
    await broker.advance()
    for ask in (broker.submit(entry()), broker.positions(), broker.deals(), broker.account()):
        with pytest.raises(BrokerOffline):
            await ask
    await broker.observe("EURUSD", 0.9)
    clock.advance(5)
    await broker.advance()
    assert links == [False, True]
    assert await broker.positions() == ()
    assert len(told) == 1 and len(await broker.deals()) == 2
    await broker.stop()
