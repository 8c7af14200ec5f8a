"""The paper broker over time: restarts, files, and what it tells."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.store import SCHEMA_VERSION, read_orders
from zepix_core.broker.port import MovingBroker
from zepix_core.broker.retcodes import Retcode
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.errors import SettingsError, StorageError
from zepix_core.model.market import Side
from zepix_core.model.order import Action, Book, Deal, DealReason, OrderRequest
from zepix_core.storage.connection import open_reader
from zepix_core.testing.clock import VirtualClock

Make = Callable[..., MovingBroker]


def entry(**changes: object) -> OrderRequest:
    request = OrderRequest(
        intent_id="7f3a4c2e5k", action=Action.OPEN, symbol="EURUSD", side=Side.BUY, lots=0.1, comment="t:i:A"
    )
    return attrs.evolve(request, **changes)  # type: ignore[arg-type]


async def test_book_and_prices_survive_a_restart(paper: Make, clock: VirtualClock) -> None:
    first = paper()
    await first.start()
    await first.observe("EURUSD", 1.2)
    await first.submit(entry(sl=1.1, tp=1.3))
    await first.submit(entry(book=Book.SHADOW))
    clock.advance(1)
    await first.advance()
    before = [await first.positions(book) for book in Book]
    money, quote = await first.account(), await first.quote("EURUSD")
    await first.stop()

    second = paper()
    await second.start()
    assert [await second.positions(book) for book in Book] == before
    assert (await second.account(), await second.quote("EURUSD")) == (money, quote)
    await second.stop()


async def test_tickets_go_on_after_a_restart(paper: Make) -> None:
    first = paper()
    await first.start()
    old = await first.submit(entry())
    await first.submit(entry(action=Action.CLOSE, position=old.position))
    last = (await first.deals())[-1].ticket
    await first.stop()
    second = paper()
    await second.start()
    new = await second.submit(entry())
    assert new.position > last
    assert [d.ticket for d in await second.deals(after_ticket=last)] == [new.deal]
    await second.stop()


async def test_what_was_answered_is_on_disk_without_a_stop(paper: Make, tmp_path: Path) -> None:
    broker = paper()
    await broker.start()
    reply = await broker.submit(entry())
    with sqlite3.connect(tmp_path / "data" / "paper.db") as other:
        assert other.execute("SELECT ticket FROM positions").fetchall() == [(reply.position,)]
        assert other.execute("SELECT ticket FROM deals").fetchall() == [(reply.deal,)]
    await broker.stop()


async def test_a_new_balance_in_the_settings_does_not_touch_an_old_account(paper: Make) -> None:
    first = paper()
    await first.start()
    await first.stop()
    second = paper(PaperSettings(balance=50.0))
    hello = await second.start()
    assert hello.account.balance == 10_000.0
    await second.stop()


async def test_prices_of_another_source_are_not_carried_over(paper: Make, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text("1,EURUSD,1.5,1.6\n2,GBPUSD,1.7,1.8\n")
    first = paper()
    await first.start()
    await first.stop()
    second = paper(PaperSettings(prices="ticks.csv"))
    hello = await second.start()
    assert not hello.synthetic_prices
    assert await second.quote("EURUSD") is None
    await second.advance()
    quote = await second.quote("EURUSD")
    assert quote is not None and (quote.bid, quote.ask) == (1.5, 1.6)
    assert (await second.submit(entry(symbol="XAUUSD"))).retcode == Retcode.PRICE_OFF
    await second.stop()


async def test_prices_move_only_when_asked(paper: Make, clock: VirtualClock) -> None:
    broker = paper()
    await broker.start()
    before = await broker.quote("XAUUSD")
    clock.advance(60)
    assert await broker.quote("XAUUSD") == before
    await broker.advance()
    assert await broker.quote("XAUUSD") != before
    await broker.stop()


async def test_stops_are_carried_out_by_ticks_and_told_once(paper: Make, clock: VirtualClock) -> None:
    broker = paper()
    await broker.start()
    quote = await broker.quote("EURUSD")
    assert quote is not None
    await broker.submit(entry(sl=round(quote.bid - 0.0001, 5), tp=round(quote.bid + 0.0001, 5)))
    told: list[Deal] = []
    broker.on_deals(told.extend)
    for _ in range(2_000):
        clock.advance(1)
        await broker.advance()
        if not await broker.positions():
            break
    (deal,) = told
    assert deal.reason in {DealReason.SL, DealReason.TP}
    assert (await broker.account()).balance == pytest.approx(10_000 + deal.profit)
    await broker.stop()


async def test_a_caller_that_gives_up_leaves_book_and_file_agreeing(paper: Make) -> None:
    broker = paper(same_thread=False)
    await broker.start()
    asking = asyncio.create_task(broker.submit(entry()))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    reply = await broker.submit(entry())
    assert [p.ticket for p in await broker.positions()] == [reply.position - 2, reply.position]
    assert len(await broker.deals()) == 2
    await broker.stop()


async def test_the_file_lists_what_was_ordered(paper: Make, tmp_path: Path) -> None:
    broker = paper()
    await broker.start()
    opened = await broker.submit(entry(magic=5))
    await broker.submit(entry(lots=0.015))
    await broker.submit(entry(action=Action.MODIFY, position=opened.position, sl=1.0, comment="t:j:A"))
    await broker.submit(entry(action=Action.CLOSE, position=opened.position, lots=0.05, comment="t:k:A"))
    await broker.stop()
    reader = open_reader(tmp_path / "data" / "paper.db")
    orders = read_orders(reader)
    reader.close()
    assert [(o.action, o.side, o.filled, o.comment) for o in reversed(orders)] == [
        (Action.OPEN, Side.BUY, 0.1, "t:i:A"),
        (Action.MODIFY, Side.BUY, 0.0, "t:j:A"),
        (Action.CLOSE, Side.SELL, 0.05, "t:k:A"),
    ]
    assert {o.position for o in orders} == {opened.position}


async def test_a_file_of_a_newer_version_is_refused(paper: Make, tmp_path: Path) -> None:
    broker = paper()
    await broker.start()
    await broker.stop()
    with sqlite3.connect(tmp_path / "data" / "paper.db") as other:
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    newer = paper()
    with pytest.raises(StorageError, match="version 2"):
        await newer.start()


async def test_the_operators_symbols_are_traded(paper: Make) -> None:
    broker = paper(
        PaperSettings(market_always_open=True), {"BTCUSD": SymbolSettings(digits=2, contract_size=1)}
    )
    hello = await broker.start()
    assert "BTCUSD" in {info.name for info in hello.symbols}
    assert (await broker.submit(entry(symbol="BTCUSD"))).retcode == Retcode.PRICE_OFF
    await broker.observe("BTCUSD", 60_000.0)
    reply = await broker.submit(entry(symbol="BTCUSD"))
    assert (reply.retcode, reply.bid) == (Retcode.DONE, 60_000.0)
    await broker.stop()


def test_settings_that_cannot_be_used_make_no_file(paper: Make, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        paper(PaperSettings(prices="missing.csv"))
    assert not (tmp_path / "data").exists()
