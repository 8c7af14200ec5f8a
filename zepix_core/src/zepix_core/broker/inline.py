"""A broker in the host's own process, behind the same codec as a gateway."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.moving import keep_moving
from zepix_core.broker.port import GatewayHello, MovingBroker
from zepix_core.clock import Clock
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder
from zepix_core.model.storage import StorageNews
from zepix_core.wire.codec import through


class InlineBroker(Listeners):
    """Implements the port: what cannot cross a border, or is changed after crossing, fails here too.

    Args:
        clock: With it, prices move by themselves every ``interval_seconds``; without it, only when
            somebody calls `advance`.
        feed: Takes the prices of another broker, where the inner one follows them.
    """

    def __init__(
        self,
        inner: MovingBroker,
        clock: Clock | None = None,
        interval_seconds: float = 1.0,
        *,
        feed: Callable[[Iterable[Tick]], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._inner = inner
        self._feed = feed
        self._clock = clock
        self._interval = interval_seconds
        self._mover: asyncio.Task[None] | None = None
        inner.on_deals(lambda deals: self.tell_deals(through(deals, tuple[Deal, ...])))
        inner.on_ticks(lambda ticks: self.tell_ticks(through(ticks, tuple[Tick, ...])))
        inner.on_link(self.tell_link)
        inner.on_change(self.tell_change)
        inner.on_storage(lambda news: self.tell_storage(through(news, StorageNews)))

    async def start(self) -> GatewayHello:
        hello: GatewayHello = through(await self._inner.start(), GatewayHello)
        if self._clock is not None:
            self._mover = asyncio.create_task(keep_moving(self._inner, self._clock, self._interval))
        return hello

    async def stop(self) -> None:
        mover, self._mover = self._mover, None
        if mover is not None:
            mover.cancel()
            await asyncio.gather(mover, return_exceptions=True)
        await self._inner.stop()

    async def advance(self) -> None:
        """Make the prices of this moment."""
        await self._inner.advance()

    def feed(self, ticks: tuple[Tick, ...]) -> None:
        """Hand quotes of another broker on."""
        self._feed(through(ticks, tuple[Tick, ...]))

    async def submit(self, request: OrderRequest) -> OrderReply:
        reply: OrderReply = through(await self._inner.submit(through(request, OrderRequest)), OrderReply)
        return reply

    async def account(self) -> AccountInfo:
        answer: AccountInfo = through(await self._inner.account(), AccountInfo)
        return answer

    async def quote(self, symbol: str) -> Tick | None:
        answer: Tick | None = through(await self._inner.quote(through(symbol, str)), Tick | None)
        return answer

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        asked = (through(symbol, str), through(timeframe_minutes, int), through(count, int))
        return _all(await self._inner.bars(*asked), Bar)

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        return _all(await self._inner.positions(through(book, Book)), Position)

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        return _all(await self._inner.orders(through(book, Book)), WorkingOrder)

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        return _all(await self._inner.deals(after_ticket, since_ns, through(book, Book)), Deal)

    async def margin(self, symbol: str, lots: float) -> float | None:
        answer: float | None = through(
            await self._inner.margin(through(symbol, str), through(lots, float)), float | None
        )
        return answer

    async def observe(self, symbol: str, price: float) -> None:
        await self._inner.observe(through(symbol, str), through(price, float))


def _all(values: tuple[Any, ...], kind: Any) -> tuple[Any, ...]:
    answer: tuple[Any, ...] = through(values, tuple[kind, ...])
    return answer
