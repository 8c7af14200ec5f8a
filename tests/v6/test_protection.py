"""The stop of leg A after the target of B: tried until it stands, and noted only then."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from zepix_core import Book, Side, TradeUpdate, UpdateKind
from zepix_core.errors import BrokerOffline
from zepix_core.testing.clock import VirtualClock
from zepix_plugins_v6 import protection
from zepix_plugins_v6 import trade as trades
from zepix_plugins_v6.profiles import MOMENTUM

from .desk import PRICE, SIDES, Desk, host


def update(kind: UpdateKind, leg: str, ticket: int, **more: Any) -> TradeUpdate:
    """A change of a bought pair whose entry was at 2035.18."""
    values: dict[str, Any] = {
        "sequence": ticket,
        "plugin": MOMENTUM.id,
        "intent_id": f"i{ticket}",
        "alert_key": "k",
        "alert_id": 1,
        "symbol": "XAUUSD",
        "side": Side.BUY,
        "label": "",
        "volume": 0.1,
        "price": 2035.18,
        "price_open": 2035.18,
        "time_ns": 1_768_219_500_000_000_000,
        "sl": 2026.6,
    }
    return TradeUpdate(kind=kind, leg=leg, ticket=ticket, **values | more)


def with_b_closed(reason: str) -> trades.Trade:
    opened = update(UpdateKind.OPENED, "B", 3)
    trade = trades.opened(trades.of_update(MOMENTUM, opened), "B", opened)
    return trades.closed(trade, "B", update(UpdateKind.CLOSED, "B", 3, reason=reason, price=2043.4))


@pytest.mark.parametrize("buffer", [0.0, 2.0])
async def test_the_row_says_so_once_the_stop_was_moved_also_to_the_entry_itself(
    tmp_path: Path, virtual_clock: VirtualClock, buffer: float
) -> None:
    rules = {MOMENTUM.id: {"settings": {"exit_rules": {"breakeven_buffer_pips": buffer}}}}
    async with host(tmp_path / "home", virtual_clock, shadow=False, plugins=rules) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        await desk.enter(MOMENTUM)
        await desk.price(PRICE + 9)
        (a,) = await desk.positions()
        assert a.sl == round(a.price_open + buffer / 10, 2)
        assert desk.table(MOMENTUM)[0]["breakeven_moved"] == 1


def test_a_stop_that_somebody_else_moves_beyond_the_entry_is_no_breakeven() -> None:
    opened = update(UpdateKind.OPENED, "A", 1)
    trade = trades.opened(trades.of_update(MOMENTUM, opened), "A", opened)
    moved = trades.moved(trade, "A", update(UpdateKind.MODIFIED, "A", 1, sl=2036.0))
    assert (moved.legs["A"].sl, moved.breakeven_moved) == (2036.0, False)


async def test_a_move_that_a_crash_kept_from_being_noted_is_noted_with_the_repeat(
    tmp_path: Path, virtual_clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise RuntimeError("here it crashes")

    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        await desk.enter(MOMENTUM)
        with monkeypatch.context() as patch:
            patch.setattr(protection, "_note", crash)
            await desk.price(PRICE + 9)
        assert desk.table(MOMENTUM)[0]["breakeven_moved"] == 0
    with closing(sqlite3.connect(home / "data" / "journal.db")) as journal:
        journal.execute("DELETE FROM event_cursors")
        journal.commit()
    async with host(home, virtual_clock, shadow=False) as paper:
        await paper.settled()
        assert Desk(paper, Book.LIVE).table(MOMENTUM)[0]["breakeven_moved"] == 1


@pytest.mark.parametrize("restart", [False, True])
async def test_a_broker_that_is_away_is_asked_again_until_the_stop_stands(
    tmp_path: Path, virtual_clock: VirtualClock, restart: bool
) -> None:
    async def away(*_: object, **__: object) -> Any:
        raise BrokerOffline("no line", "wait")

    home = tmp_path / "home"
    async with host(home, virtual_clock, shadow=False) as paper:
        desk, broker = Desk(paper, Book.LIVE), paper.host.broker
        await desk.trending()
        await desk.enter(MOMENTUM)
        submit = broker.submit
        broker.submit = away  # type: ignore[method-assign]
        await desk.price(PRICE + 9)
        await paper.advance(95)
        (a,) = await desk.positions()
        assert (a.sl, desk.table(MOMENTUM)[0]["breakeven_moved"]) == (2026.6, 0)
        broker.submit = submit  # type: ignore[method-assign]
        if not restart:
            await paper.advance(60)
            (a,) = await desk.positions()
            assert (a.sl, desk.table(MOMENTUM)[0]["breakeven_moved"]) == (2035.38, 1)
    if restart:
        async with host(home, virtual_clock, shadow=False) as paper:
            await paper.advance(60)
            (a,) = await paper.positions()
            assert a.sl == 2035.38


async def test_a_closed_leg_a_is_not_tried_again(tmp_path: Path, virtual_clock: VirtualClock) -> None:
    tries = 0

    async def away(*_: object, **__: object) -> Any:
        nonlocal tries
        tries += 1
        raise BrokerOffline("no line", "wait")

    async with host(tmp_path / "home", virtual_clock, shadow=False) as paper:
        desk, broker = Desk(paper, Book.LIVE), paper.host.broker
        await desk.trending()
        await desk.enter(MOMENTUM)
        submit = broker.submit
        broker.submit = away  # type: ignore[method-assign]
        await desk.price(PRICE + 9)
        broker.submit = submit  # type: ignore[method-assign]
        await desk.price(PRICE + 18)
        assert await desk.positions() == ()
        broker.submit = away  # type: ignore[method-assign]
        await paper.advance(300)
        assert tries == 1


@pytest.mark.parametrize(("reason", "waits"), [("TP1", True), ("SL", False), ("Exit_Signal", False)])
def test_a_leg_a_that_comes_in_after_the_target_of_b_is_protected(reason: str, waits: bool) -> None:
    closed = protection.awaited(update(UpdateKind.OPENED, "A", 1), with_b_closed(reason))
    assert closed is not None
    assert (closed.leg, closed.pair, closed.at_target) == ("B", "k", waits)


def test_a_leg_a_that_comes_in_as_usual_is_left_as_it_is() -> None:
    opened = update(UpdateKind.OPENED, "A", 1)
    assert protection.awaited(opened, trades.of_update(MOMENTUM, opened)) is None
    assert protection.awaited(opened, None) is None
    assert protection.awaited(update(UpdateKind.OPENED, "B", 3), with_b_closed("TP1")) is None


@SIDES
async def test_after_bs_target_the_stop_of_a_is_two_pips_beyond_its_entry(desk: Desk, side: Side) -> None:
    await desk.trending(side)
    await desk.enter(MOMENTUM, side)
    a, _ = await desk.positions()
    await desk.price(PRICE + side.sign * 9.0)
    (left,) = await desk.positions()
    assert (left.ticket, left.sl) == (a.ticket, round(a.price_open + side.sign * 0.20, 2))
    if desk.book is Book.LIVE:
        (trade,) = desk.table(MOMENTUM)
        assert (trade["status"], trade["breakeven_moved"]) == ("PARTIAL", 1)
        assert (trade["order_b_status"], trade["order_a_sl_price"]) == ("CLOSED", left.sl)


async def test_b_closed_by_hand_or_signal_moves_nothing(live: Desk) -> None:
    await live.trending()
    await live.enter(MOMENTUM)
    a, b = await live.positions()
    await live.paper.host.front.close_position(b.ticket, "tester")
    await live.paper.settled()
    (left,) = await live.positions()
    assert (left.ticket, left.sl) == (a.ticket, a.sl)


async def test_breakeven_can_be_switched_off(tmp_path: Path, virtual_clock: VirtualClock) -> None:
    off = {MOMENTUM.id: {"settings": {"exit_rules": {"move_to_breakeven_after_tp1": False}}}}
    async with host(tmp_path / "home", virtual_clock, shadow=False, plugins=off) as paper:
        desk = Desk(paper, Book.LIVE)
        await desk.trending()
        await desk.enter(MOMENTUM)
        a, _ = await desk.positions()
        await desk.price(PRICE + 9.0)
        (left,) = await desk.positions()
        assert left.sl == a.sl
