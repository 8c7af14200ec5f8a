"""What every broker adapter owes its caller, as tests.

Subclass `BrokerContract` in a test module and give it a fixture ``broker``: started, without positions,
market open, a price for `BrokerContract.symbol`, and nobody else trading on the account.

    class TestMyBroker(BrokerContract):
        @pytest.fixture
        async def broker(self):
            broker = MyBroker(...)
            await broker.start()
            yield broker
            await broker.stop()
"""

# ruff: noqa: S101 - these are tests

import asyncio
import itertools
from collections.abc import Callable

import attrs
import pytest

from zepix_core.broker.port import Broker
from zepix_core.broker.retcodes import Retcode
from zepix_core.clock import NS
from zepix_core.model.market import Side
from zepix_core.model.order import (
    Action,
    Book,
    Deal,
    DealEntry,
    DealReason,
    OrderReply,
    OrderRequest,
    Position,
)

MINUTE_NS = 60 * NS
_numbers = itertools.count(1)


class BrokerContract:
    """Obligations of `zepix_core.broker.port.Broker`.

    Attributes:
        symbol: A symbol with a price; ``far``: a price distance no quote crosses during a test.
        lots: A volume that can be halved; ``off_step``: one that is refused.
        has_shadow_book: The adapter keeps the shadow book too.
        least_bars: Bars of every timeframe that there are from the start.
    """

    symbol = "EURUSD"
    far = 0.01
    lots = 0.10
    off_step = 0.015
    has_shadow_book = True
    least_bars = 100

    async def move_price(self, broker: Broker, price: float) -> None:
        """Make ``price`` the bid of `symbol`. Override, or skip, where alerts do not make prices."""
        await broker.observe(self.symbol, price)

    async def close_by_hand(self, broker: Broker, position: Position) -> None:
        """Close ``position`` as a person at the terminal does. Override, where nobody could in a test,
        with a skip."""
        await broker.by_hand_close(position.ticket)  # type: ignore[attr-defined]

    def opening(self, side: Side = Side.BUY, **changes: object) -> OrderRequest:
        """A market order without stops and with an intent of its own."""
        number = next(_numbers)
        request = OrderRequest(
            intent_id=f"contract{number:02d}",
            action=Action.OPEN,
            symbol=self.symbol,
            side=side,
            lots=self.lots,
            magic=1_001_001,
            comment=f"test:contract{number:02d}:A",
        )
        return attrs.evolve(request, **changes)  # type: ignore[arg-type]

    def closing(self, position: Position, **changes: object) -> OrderRequest:
        """An order that closes the whole position."""
        request = self.opening(position.side.opposite, action=Action.CLOSE, symbol=position.symbol)
        request = attrs.evolve(request, position=position.ticket, lots=position.volume, book=position.book)
        return attrs.evolve(request, **changes)  # type: ignore[arg-type]

    def stops(self, position: Position, sl: float, tp: float) -> OrderRequest:
        """An order that writes both stops."""
        return self.closing(position, action=Action.MODIFY, sl=sl, tp=tp)

    async def opened(self, broker: Broker, request: OrderRequest | None = None) -> Position:
        """Open a position and read it back."""
        reply = await broker.submit(request or self.opening())
        assert reply.retcode == Retcode.DONE, reply
        return await self.position(broker, reply)

    async def position(self, broker: Broker, reply: OrderReply, book: Book = Book.LIVE) -> Position:
        """The position of a reply."""
        (found,) = [p for p in await broker.positions(book) if p.ticket == reply.position]
        return found

    async def test_the_account_says_who_it_is_and_what_it_holds(self, broker: Broker) -> None:
        account = await broker.account()
        assert account.login and account.server and account.currency
        assert account.balance > 0
        assert account.equity == pytest.approx(account.balance + account.profit, abs=0.01)

    async def test_a_quote_has_both_sides_and_an_unknown_symbol_none(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None and 0 < quote.bid <= quote.ask and quote.time_ns > 0
        assert await broker.quote("NOSUCHSYMBOL") is None

    async def test_a_flat_account_has_no_positions(self, broker: Broker) -> None:
        assert await broker.positions() == ()

    @pytest.mark.parametrize("side", list(Side))
    async def test_an_entry_carries_its_stops_and_its_names(self, broker: Broker, side: Side) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None
        price = quote.opening(side)
        request = self.opening(
            side, sl=round(price - side.sign * self.far, 5), tp=round(price + side.sign * self.far, 5)
        )
        position = await self.opened(broker, request)
        assert (position.sl, position.tp) == (request.sl, request.tp)
        assert (position.side, position.volume) == (side, self.lots)
        assert (position.magic, position.comment) == (request.magic, request.comment)

    async def test_a_buy_fills_at_the_ask_and_a_sell_at_the_bid(self, broker: Broker) -> None:
        buy = await broker.submit(self.opening(Side.BUY))
        sell = await broker.submit(self.opening(Side.SELL))
        assert buy.price == buy.ask
        assert sell.price == sell.bid

    async def test_the_same_request_twice_is_two_positions(self, broker: Broker) -> None:
        request = self.opening()
        one, other = await broker.submit(request), await broker.submit(request)
        assert one.position != other.position
        assert len(await broker.positions()) == 2

    async def test_requests_at_the_same_time_are_all_carried_out(self, broker: Broker) -> None:
        replies = await asyncio.gather(*(broker.submit(self.opening()) for _ in range(5)))
        assert len({reply.position for reply in replies}) == 5
        assert {p.ticket for p in await broker.positions()} == {reply.position for reply in replies}

    async def test_a_close_ends_the_position_with_a_deal(self, broker: Broker) -> None:
        position = await self.opened(broker)
        reply = await broker.submit(self.closing(position))
        assert (reply.retcode, reply.position, reply.volume) == (Retcode.DONE, position.ticket, self.lots)
        assert await broker.positions() == ()
        deal = (await broker.deals())[-1]
        assert (deal.ticket, deal.position, deal.entry) == (reply.deal, position.ticket, DealEntry.OUT)
        assert (deal.side, deal.volume) == (position.side.opposite, self.lots)

    async def test_a_partial_close_leaves_the_rest_with_its_stops(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None
        position = await self.opened(broker, self.opening(sl=round(quote.bid - self.far, 5)))
        await broker.submit(self.closing(position, lots=self.lots / 2))
        (rest,) = await broker.positions()
        assert (rest.ticket, rest.sl) == (position.ticket, position.sl)
        assert rest.volume == pytest.approx(self.lots / 2)

    async def test_more_than_the_position_holds_cannot_be_closed(self, broker: Broker) -> None:
        position = await self.opened(broker)
        reply = await broker.submit(self.closing(position, lots=self.lots * 2))
        assert reply.retcode == Retcode.INVALID_CLOSE_VOLUME
        assert len(await broker.positions()) == 1

    async def test_a_change_writes_both_stops_whole(self, broker: Broker) -> None:
        position = await self.opened(broker)
        low, high = round(position.price_open - self.far, 5), round(position.price_open + self.far, 5)
        assert (await broker.submit(self.stops(position, low, high))).retcode == Retcode.DONE
        assert (await broker.submit(self.stops(position, low, 0.0))).retcode == Retcode.DONE
        (changed,) = await broker.positions()
        assert (changed.sl, changed.tp) == (low, 0.0)

    async def test_a_change_to_the_same_stops_is_no_change(self, broker: Broker) -> None:
        position = await self.opened(broker)
        reply = await broker.submit(self.stops(position, position.sl, position.tp))
        assert reply.retcode == Retcode.NO_CHANGES

    async def test_a_position_that_is_gone_cannot_be_closed_or_changed(self, broker: Broker) -> None:
        position = await self.opened(broker)
        await broker.submit(self.closing(position))
        before = await broker.deals()
        assert (await broker.submit(self.closing(position))).retcode == Retcode.POSITION_CLOSED
        changed = await broker.submit(self.stops(position, 0.0, round(position.price_open + self.far, 5)))
        assert changed.retcode == Retcode.POSITION_CLOSED
        assert await broker.deals() == before

    async def test_a_volume_the_symbol_does_not_allow_is_refused(self, broker: Broker) -> None:
        for lots in (self.off_step, 0.0, 1_000_000.0):
            reply = await broker.submit(self.opening(lots=lots))
            assert reply.retcode == Retcode.INVALID_VOLUME, lots
        assert await broker.positions() == ()

    async def test_stops_on_the_wrong_side_refuse_the_entry(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None
        wrong = self.opening(sl=round(quote.ask + self.far, 5))
        assert (await broker.submit(wrong)).retcode == Retcode.INVALID_STOPS
        assert await broker.positions() == () == await broker.deals()

    async def test_an_unknown_symbol_is_refused(self, broker: Broker) -> None:
        assert (await broker.submit(self.opening(symbol="NOSUCHSYMBOL"))).retcode == Retcode.INVALID

    async def test_a_stop_that_is_reached_closes_at_the_broker(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None
        position = await self.opened(broker, self.opening(sl=round(quote.bid - self.far, 5)))
        await self.move_price(broker, round(quote.bid - self.far * 2, 5))
        assert await broker.positions() == ()
        deal = (await broker.deals())[-1]
        assert (deal.position, deal.reason, deal.entry) == (position.ticket, DealReason.SL, DealEntry.OUT)
        assert deal.profit < 0

    async def test_a_target_that_is_reached_pays(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None
        target = round(quote.ask + self.far, 5)
        await self.opened(broker, self.opening(tp=target))
        await self.move_price(broker, round(quote.bid + self.far * 2, 5))
        deal = (await broker.deals())[-1]
        assert (deal.reason, deal.price) == (DealReason.TP, target)
        assert deal.profit > 0

    async def test_deals_are_told_once_and_can_be_read_again(self, broker: Broker) -> None:
        told: list[Deal] = []
        broker.on_deals(told.extend)
        position = await self.opened(broker)
        await broker.submit(self.closing(position))
        await self.until(lambda: len(told) == 2)
        assert tuple(told) == await broker.deals()
        assert [deal.entry for deal in told] == [DealEntry.IN, DealEntry.OUT]

    async def test_an_account_at_rest_has_no_working_orders(self, broker: Broker) -> None:
        assert await broker.orders() == ()
        await self.opened(broker)
        assert await broker.orders() == (), "a market order that was done waits no more"

    async def test_a_change_by_somebody_else_is_told(self, broker: Broker) -> None:
        told: list[int] = []
        position = await self.opened(broker)
        broker.on_change(lambda: told.append(1))
        await self.close_by_hand(broker, position)
        await self.until(lambda: bool(told))
        assert await broker.positions() == ()
        deal = (await broker.deals())[-1]
        assert (deal.position, deal.entry, deal.reason) == (
            position.ticket,
            DealEntry.OUT,
            DealReason.CLIENT,
        )

    async def test_a_stop_that_is_reached_is_told_as_a_change(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None
        await self.opened(broker, self.opening(sl=round(quote.bid - self.far, 5)))
        told: list[int] = []
        broker.on_change(lambda: told.append(1))
        await self.move_price(broker, round(quote.bid - self.far * 2, 5))
        await self.until(lambda: bool(told))
        assert await broker.positions() == ()

    async def test_deals_are_read_from_a_ticket_on(self, broker: Broker) -> None:
        for _ in range(3):
            await self.opened(broker)
        deals = await broker.deals()
        assert [deal.ticket for deal in deals] == sorted({deal.ticket for deal in deals})
        assert await broker.deals(after_ticket=deals[0].ticket) == deals[1:]
        assert await broker.deals(after_ticket=deals[-1].ticket) == ()
        assert await broker.deals(since_ns=deals[-1].time_ns + 1) == ()

    async def test_ticks_are_told(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        assert quote is not None
        heard: list[float] = []
        broker.on_ticks(lambda ticks: heard.extend(t.bid for t in ticks if t.symbol == self.symbol))
        await self.move_price(broker, round(quote.bid + self.far, 5))
        await self.until(lambda: bool(heard))
        assert heard[0] == round(quote.bid + self.far, 5)

    @pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240, 1440])
    async def test_bars_that_are_over_come_oldest_first(self, broker: Broker, minutes: int) -> None:
        bars = await broker.bars(self.symbol, minutes, max(self.least_bars, 1))
        assert len(bars) >= self.least_bars
        times = [bar.time_ns for bar in bars]
        assert times == sorted(set(times))
        for bar in bars:
            assert bar.time_ns % (minutes * MINUTE_NS) == 0
            assert (bar.symbol, bar.timeframe) == (self.symbol, str(minutes))
            assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high

    async def test_bars_end_where_the_quotes_begin(self, broker: Broker) -> None:
        quote = await broker.quote(self.symbol)
        bars = await broker.bars(self.symbol, 1, 1)
        assert quote is not None
        for bar in bars:
            assert abs(bar.close - quote.bid) < self.far

    async def test_wide_bars_are_made_of_narrow_ones(self, broker: Broker) -> None:
        wide = await broker.bars(self.symbol, 60, 3)
        narrow = await broker.bars(self.symbol, 1, 300)
        for bar in wide:
            parts = [b for b in narrow if bar.time_ns - 60 * MINUTE_NS < b.time_ns <= bar.time_ns]
            assert (parts[0].open, parts[-1].close) == (bar.open, bar.close)
            assert (max(b.high for b in parts), min(b.low for b in parts)) == (bar.high, bar.low)

    async def test_the_newest_bars_are_given_and_no_more_than_asked_for(self, broker: Broker) -> None:
        few = await broker.bars(self.symbol, 1, 3)
        more = await broker.bars(self.symbol, 1, 6)
        assert len(few) <= 3 and len(more) <= 6
        assert few[1:] == tuple(bar for bar in more if bar in few[1:])  # a bar may have ended in between

    async def test_an_unknown_symbol_has_no_bars(self, broker: Broker) -> None:
        assert await broker.bars("NOSUCHSYMBOL", 60, 5) == ()

    async def test_money_of_deals_is_money_of_the_account(self, broker: Broker) -> None:
        before = await broker.account()
        position = await self.opened(broker)
        await self.move_price(broker, round(position.price_open + self.far, 5))
        assert (await broker.account()).profit > 0
        await broker.submit(self.closing(position))
        after = await broker.account()
        earned = sum(deal.profit + deal.commission + deal.swap for deal in await broker.deals())
        assert after.balance == pytest.approx(before.balance + earned, abs=0.005)
        assert after.equity == after.balance

    async def test_margin_grows_with_the_volume_and_binds_money(self, broker: Broker) -> None:
        one, two = await broker.margin(self.symbol, 0.10), await broker.margin(self.symbol, 0.20)
        assert one is not None and two is not None and 0 < one < two
        await self.opened(broker)
        account = await broker.account()
        assert account.margin > 0 and account.margin_level is not None
        assert account.margin_free == pytest.approx(account.equity - account.margin, abs=0.01)

    async def test_more_than_the_money_allows_is_refused(self, broker: Broker) -> None:
        reply = await broker.submit(self.opening(lots=50.0))
        assert reply.retcode == Retcode.NO_MONEY
        assert await broker.positions() == ()

    async def test_the_shadow_book_is_a_book_of_its_own(self, broker: Broker) -> None:
        if not self.has_shadow_book:
            pytest.skip("this adapter keeps no shadow book")
        before = await broker.account()
        reply = await broker.submit(self.opening(lots=50.0, book=Book.SHADOW))
        assert (reply.retcode, reply.position < 0, reply.deal < 0) == (Retcode.DONE, True, True)
        assert await broker.positions() == () == await broker.deals()
        position = await self.position(broker, reply, Book.SHADOW)
        assert position.book is Book.SHADOW
        await broker.submit(self.closing(position))
        opened, closed = await broker.deals(book=Book.SHADOW)
        assert closed.ticket < opened.ticket < 0
        assert await broker.deals(after_ticket=opened.ticket, book=Book.SHADOW) == (closed,)
        assert await broker.account() == before

    @staticmethod
    async def until(condition: Callable[[], bool]) -> None:
        """Wait for news that travel by themselves, 10 s at most."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - the broker under test knows no event of ours
                await asyncio.sleep(0.005)
