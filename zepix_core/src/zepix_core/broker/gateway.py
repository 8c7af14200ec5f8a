"""The gateway process of one account: serves a broker to the host, and nothing else."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from zepix_core.broker import gateway_calls as calls
from zepix_core.broker.gateway_calls import BarsQuery, DealsQuery, GatewayInit, MarginQuery, Observation
from zepix_core.broker.kinds import open_broker
from zepix_core.broker.moving import keep_moving
from zepix_core.broker.port import GatewayHello, MovingBroker
from zepix_core.clock import SystemClock
from zepix_core.errors import BrokerOffline, SettingsError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder
from zepix_core.wire.channel import Channel, Handler
from zepix_core.wire.child import serve

log = logging.getLogger(__name__)
HUNG = 5


class Gateway:
    """Answers the host's requests and pushes ticks, deals and the state of the link."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._clock = SystemClock()
        self._broker: MovingBroker | None = None
        self._feed: Callable[[Iterable[Tick]], None] | None = None
        self._mover: asyncio.Task[None] | None = None

    def handlers(self) -> Mapping[str, Handler]:
        """What this process serves."""
        return {
            calls.OPEN: Handler(GatewayInit, self.open),
            calls.CLOSE: Handler(None, self.close),
            calls.SUBMIT: Handler(OrderRequest, self.submit),
            calls.ACCOUNT: Handler(None, self.account),
            calls.QUOTE: Handler(str, self.quote),
            calls.POSITIONS: Handler(Book, self.positions),
            calls.ORDERS: Handler(Book, self.orders),
            calls.DEALS: Handler(DealsQuery, self.deals),
            calls.BARS: Handler(BarsQuery, self.bars),
            calls.MARGIN: Handler(MarginQuery, self.margin),
            calls.OBSERVE: Handler(Observation, self.observe),
            calls.FEED: Handler(tuple[Tick, ...], self.feed),
        }

    async def open(self, init: GatewayInit) -> GatewayHello:
        if self._broker is not None:
            raise SettingsError(
                "This gateway serves an account already.", "Start another gateway for another."
            )
        served = open_broker(init, self._clock, silent=True, hung=_hung)
        broker = served.broker
        broker.on_ticks(lambda ticks: self._push(calls.TICKS, ticks))
        broker.on_deals(lambda deals: self._push(calls.NEW_DEALS, deals))
        broker.on_link(lambda up: self._push(calls.LINK, up))
        broker.on_change(lambda: self._push(calls.CHANGED, None))
        broker.on_storage(lambda news: self._push(calls.STORAGE, news))
        hello = await broker.start()
        self._broker, self._feed = broker, served.feed
        self._mover = asyncio.create_task(keep_moving(broker, self._clock, served.interval))
        return attrs.evolve(hello, pid=os.getpid())

    async def close(self, _: None) -> None:
        broker, self._broker = self._broker, None
        if self._mover is not None:
            self._mover.cancel()
        if broker is not None:
            await broker.stop()

    async def submit(self, request: OrderRequest) -> OrderReply:
        return await self._open_broker().submit(request)

    async def account(self, _: None) -> AccountInfo:
        return await self._open_broker().account()

    async def quote(self, symbol: str) -> Tick | None:
        return await self._open_broker().quote(symbol)

    async def bars(self, query: BarsQuery) -> tuple[Bar, ...]:
        return await self._open_broker().bars(query.symbol, query.minutes, query.count)

    async def positions(self, book: Book) -> tuple[Position, ...]:
        return await self._open_broker().positions(book)

    async def orders(self, book: Book) -> tuple[WorkingOrder, ...]:
        return await self._open_broker().orders(book)

    async def deals(self, query: DealsQuery) -> tuple[Deal, ...]:
        found = await self._open_broker().deals(query.after_ticket, query.since_ns, query.book)
        return found[: calls.PAGE]

    async def margin(self, query: MarginQuery) -> float | None:
        return await self._open_broker().margin(query.symbol, query.lots)

    async def observe(self, seen: Observation) -> None:
        await self._open_broker().observe(seen.symbol, seen.price)

    def feed(self, ticks: tuple[Tick, ...]) -> None:
        if self._feed is not None:
            self._feed(ticks)

    def _open_broker(self) -> MovingBroker:
        if self._broker is None:
            raise BrokerOffline("The gateway serves no account.", "Its first request must be open.")
        return self._broker

    def _push(self, name: str, news: Any) -> None:
        if not self._channel.closed.is_set():
            self._channel.notify(name, news)


def _hung() -> None:
    """A call that nothing in this process can end: the host starts another gateway and looks what it did."""
    log.error("MetaTrader 5 does not come back from a call; this gateway ends")
    os._exit(HUNG)


if __name__ == "__main__":
    serve(lambda channel: Gateway(channel).handlers())
