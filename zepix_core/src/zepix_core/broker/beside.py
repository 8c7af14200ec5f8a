"""A shadow book beside a real account: the paper engine on the other broker's prices."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.port import Broker, GatewayHello
from zepix_core.broker.retcodes import Retcode
from zepix_core.errors import BrokerOffline, ZepixError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder

log = logging.getLogger(__name__)


class Fed(Broker, Protocol):
    """A paper broker that follows the prices it is fed."""

    def feed(self, ticks: tuple[Tick, ...]) -> None:
        """Take quotes; they count before whatever is asked next."""


class Beside(Listeners):
    """Implements the port: requests of the live book go to the one broker, those of the shadow book to the
    other. Account, prices and the link are the live broker's.

    Args:
        open_shadow: Makes the paper broker, not started, once the live one has told its symbols.
    """

    def __init__(self, live: Broker, open_shadow: Callable[[GatewayHello], Fed]) -> None:
        super().__init__()
        self._live = live
        self._open_shadow = open_shadow
        self._shadow: Fed | None = None
        live.on_deals(self.tell_deals)
        live.on_ticks(self._pass_ticks)
        live.on_link(self.tell_link)
        live.on_change(self.tell_change)
        live.on_storage(self.tell_storage)

    async def start(self) -> GatewayHello:
        hello = await self._live.start()
        try:
            shadow = self._open_shadow(hello)
            shadow.on_deals(self._pass_shadow_deals)
            shadow.on_change(self.tell_change)
            shadow.on_storage(self.tell_storage)
            await shadow.start()
        except BaseException:
            await self._live.stop()
            raise
        self._shadow = shadow
        return hello

    async def stop(self) -> None:
        shadow, self._shadow = self._shadow, None
        stopping = [self._live.stop(), *([shadow.stop()] if shadow is not None else [])]
        for failure in await asyncio.gather(*stopping, return_exceptions=True):
            if isinstance(failure, ZepixError):
                log.warning("a broker did not stop in order: %s", failure)
            elif failure is not None:
                raise failure

    async def submit(self, request: OrderRequest) -> OrderReply:
        if request.book is Book.LIVE:
            return await self._live.submit(request)
        shadow, tick = self._need(), await self._live.quote(request.symbol)
        if tick is None:
            return OrderReply(
                retcode=Retcode.PRICE_OFF, position=request.position, comment="the live market shows no price"
            )
        shadow.feed((tick,))
        return await shadow.submit(request)

    async def account(self) -> AccountInfo:
        return await self._live.account()

    async def quote(self, symbol: str) -> Tick | None:
        return await self._live.quote(symbol)

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        return await self._live.bars(symbol, timeframe_minutes, count)

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        return await self._of(book).positions(book)

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        return await self._of(book).orders(book)

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        return await self._of(book).deals(after_ticket, since_ns, book)

    async def margin(self, symbol: str, lots: float) -> float | None:
        return await self._live.margin(symbol, lots)

    async def observe(self, symbol: str, price: float) -> None:
        await self._live.observe(symbol, price)

    def _pass_ticks(self, ticks: tuple[Tick, ...]) -> None:
        if self._shadow is not None:
            self._shadow.feed(ticks)
        self.tell_ticks(ticks)

    def _pass_shadow_deals(self, deals: tuple[Deal, ...]) -> None:
        # The paper account that the same file may hold is not traded here.
        self.tell_deals(tuple(deal for deal in deals if deal.book is Book.SHADOW))

    def _of(self, book: Book) -> Broker:
        return self._live if book is Book.LIVE else self._need()

    def _need(self) -> Fed:
        if self._shadow is None:
            raise BrokerOffline("The shadow book is not open.", "It is opened with the account.")
        return self._shadow
