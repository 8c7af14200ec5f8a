"""The shadow book beside a live account: its own book, the live broker's prices."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.core.broker.mt5.asking import Heard, closing, opening

from zepix_core.broker.beside import Beside
from zepix_core.broker.client import GatewayClient
from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.broker.paper.fed import FedMarket, open_fed
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.port import GatewayHello
from zepix_core.broker.retcodes import Retcode
from zepix_core.clock import SystemClock
from zepix_core.errors import BrokerOffline, StorageError
from zepix_core.model.market import Side, SymbolInfo, Tick
from zepix_core.model.order import Book, Deal, DealReason
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5

Make = Callable[..., Mt5Broker]


class World:
    """A terminal, the live adapter, and the shadow book beside it."""

    def __init__(self, make: Make, fake: FakeMT5, clock: VirtualClock, folder: Path) -> None:
        self.fake, self.clock = fake, clock
        self.live = make()
        self.shadow: InlineBroker
        self.both = Beside(self.live, self._open)
        self._folder = folder

    def _open(self, hello: GatewayHello) -> InlineBroker:
        shadow, market = open_fed(
            self._folder, PaperSettings(market_always_open=True), hello.symbols, self.clock, same_thread=True
        )
        self.shadow = InlineBroker(shadow, feed=market.feed)
        return self.shadow

    async def quote(self, bid: float) -> None:
        """A quote at the terminal, seen by both."""
        self.clock.advance(1)
        self.fake.push_quote("EURUSD", bid)
        await self.live.advance()
        await self.shadow.advance()


@pytest.fixture
async def world(make: Make, fake: FakeMT5, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[World]:
    made = World(make, fake, clock, tmp_path / "data")
    await made.both.start()
    yield made
    await made.both.stop()


async def test_each_book_has_its_orders_and_exits_follow_their_book(world: World) -> None:
    live = await world.both.submit(opening())
    shadow = await world.both.submit(opening(book=Book.SHADOW))
    assert live.position > 0 > shadow.position
    assert live.price == shadow.price == 1.0851, "both fill at the terminal's ask"
    assert len(world.fake.ledger.positions) == 1
    await world.both.submit(closing(shadow, book=Book.SHADOW))
    assert await world.both.positions(Book.SHADOW) == ()
    assert [position.ticket for position in await world.both.positions()] == [live.position]


async def test_a_stop_of_the_shadow_book_is_met_by_the_terminals_quotes(world: World) -> None:
    deals: list[Deal] = []
    changes: list[int] = []
    opened = await world.both.submit(opening(sl=1.083, book=Book.SHADOW))
    world.both.on_deals(deals.extend)
    world.both.on_change(lambda: changes.append(1))
    await world.quote(1.084)
    await world.quote(1.082)
    (deal,) = deals
    assert (deal.position, deal.reason, deal.price) == (opened.position, DealReason.SL, 1.082)
    assert changes == [1]


async def test_without_a_live_price_no_shadow_order_is_filled(world: World) -> None:
    reply = await world.both.submit(opening(symbol="NOSUCH", book=Book.SHADOW))
    assert reply.retcode == Retcode.PRICE_OFF
    world.fake.kill_terminal()
    with pytest.raises(BrokerOffline):
        await world.both.submit(opening(book=Book.SHADOW))
    assert await world.both.positions(Book.SHADOW) == (), "and what is read of it is the truth"


async def test_link_account_and_prices_are_the_live_brokers(world: World) -> None:
    heard = Heard(world.both)  # type: ignore[arg-type]
    await world.quote(1.0852)
    assert [tick.bid for tick in heard.ticks] == [1.0852]
    world.fake.disconnect()
    with pytest.raises(BrokerOffline):
        await world.live.advance()
    assert heard.links == [False]
    for ask in (world.both.account(), world.both.margin("EURUSD", 0.1), world.both.bars("EURUSD", 60, 1)):
        with pytest.raises(BrokerOffline):
            await ask


async def test_a_paper_account_in_the_same_file_is_not_traded_and_not_told(world: World) -> None:
    heard = Heard(world.both)  # type: ignore[arg-type]
    await world.quote(1.085)
    await world.shadow.submit(opening())
    assert heard.deals == [] and await world.both.positions() == ()


async def test_where_the_shadow_book_cannot_be_opened_nothing_is_left_running(
    make: Make, tmp_path: Path
) -> None:
    live = make()

    def broken(hello: GatewayHello) -> InlineBroker:
        (tmp_path / "data").write_text("a file where a folder belongs")
        shadow, market = open_fed(tmp_path / "data", PaperSettings(), hello.symbols, VirtualClock())
        return InlineBroker(shadow, feed=market.feed)

    with pytest.raises((StorageError, OSError)):
        await Beside(live, broken).start()
    with pytest.raises(BrokerOffline):
        await live.positions()


def test_older_quotes_do_not_turn_a_fed_market_back() -> None:
    market = FedMarket()
    market.feed([Tick(symbol="EURUSD", bid=1.1, ask=1.2, time_ns=ns) for ns in (5, 4, 6)])
    assert [tick.time_ns for tick in market.advance(0)] == [5, 6]
    assert market.advance(0) == () and market.quote("EURUSD").time_ns == 6  # type: ignore[union-attr]


async def test_a_shadow_gateway_in_a_process_of_its_own_follows_what_it_is_fed(tmp_path: Path) -> None:
    info = SymbolInfo(
        name="EURUSD", digits=5, point=0.00001, pip_size=0.0001, pip_value=10.0, contract_size=100_000.0,
        always_open=True,
    )  # fmt: skip
    init = GatewayInit(kind="shadow", data=str(tmp_path), fed=(info,))
    client = GatewayClient(init, tmp_path / "gateway.lock", SystemClock())
    client.feed((Tick(symbol="EURUSD", bid=1.0, ask=1.1, time_ns=1),))  # nobody is there yet
    await client.start()
    told: list[Deal] = []
    client.on_deals(told.extend)
    client.feed((Tick(symbol="EURUSD", bid=1.085, ask=1.0851, time_ns=2),))
    opened = await client.submit(opening(Side.BUY, sl=1.08, book=Book.SHADOW))
    assert (opened.retcode, opened.price, opened.position < 0) == (Retcode.DONE, 1.0851, True)
    client.feed((Tick(symbol="EURUSD", bid=1.07, ask=1.0701, time_ns=3),))
    async with asyncio.timeout(10):
        while len(told) < 2:  # noqa: ASYNC110 - stops act when the prices move
            await asyncio.sleep(0.01)
    assert told[-1].reason is DealReason.SL
    await client.stop()
