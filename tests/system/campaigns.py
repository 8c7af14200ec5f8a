"""Seeded campaigns: many short lives of a host in virtual time, a law held in each, one line of figures."""

import json
import os
import random
from collections.abc import Callable
from typing import Any

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.port import GatewayHello, MovingBroker
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import (
    Book,
    Deal,
    OrderReply,
    OrderRequest,
    Position,
    WorkingOrder,
)

PRICES = {"EURUSD": (1.085, 0.01), "GBPUSD": (1.264, 0.01), "AUDUSD": (0.655, 0.01), "USDCAD": (1.365, 0.01)}
ALWAYS_OPEN = {"paper": {"market_always_open": True, "tick_interval_seconds": 60.0}}


def count(variable: str, few: int) -> int:
    """How many scripts or alerts to run: ``few`` in the default run, more when the environment says so."""
    return int(os.environ.get(variable) or few)


def first_seed() -> int:
    """The first seed; ``ZEPIX_SEED`` repeats a script that failed."""
    return int(os.environ.get("ZEPIX_SEED") or 1)


def entry(number: int, chance: random.Random, symbol: str = "", lots: float = 0.1) -> str:
    """A bracket alert with an id of its own; stop and target are far from the price."""
    name = symbol or chance.choice(list(PRICES))
    price, distance = PRICES[name]
    sign = chance.choice((1, -1))
    body = {
        "id": f"C{number:07d}",
        "symbol": name,
        "action": "buy" if sign > 0 else "sell",
        "lots": lots,
        "price": price,
        "sl": round(price - sign * distance, 5),
        "tp": round(price + sign * 2 * distance, 5),
    }
    return json.dumps(body)


def leaving(number: int, symbol: str) -> str:
    """A bracket alert that closes what is open on the symbol."""
    return json.dumps(
        {"id": f"X{number:07d}", "symbol": symbol, "action": "close", "price": PRICES[symbol][0]}
    )


class Around(Listeners):
    """A broker around another: passes everything on; what is different a subclass, or an attribute, says.

    Attributes:
        silent: Deals and changes are not told: the messages are lost.
        submits: Answers requests in the broker's place, ``None`` to pass them on.
    """

    def __init__(self, inner: MovingBroker) -> None:
        super().__init__()
        self.inner = inner
        self.silent = False
        self.submits: Callable[[MovingBroker, OrderRequest], Any] | None = None
        inner.on_deals(lambda deals: None if self.silent else self.tell_deals(deals))
        inner.on_change(lambda: None if self.silent else self.tell_change())
        inner.on_ticks(self.tell_ticks)
        inner.on_link(self.tell_link)

    async def start(self) -> GatewayHello:
        return await self.inner.start()

    async def stop(self) -> None:
        await self.inner.stop()

    async def advance(self) -> None:
        await self.inner.advance()

    async def submit(self, request: OrderRequest) -> OrderReply:
        if self.submits is None:
            return await self.inner.submit(request)
        reply: OrderReply = await self.submits(self.inner, request)
        return reply

    async def account(self) -> AccountInfo:
        return await self.inner.account()

    async def quote(self, symbol: str) -> Tick | None:
        return await self.inner.quote(symbol)

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        return await self.inner.bars(symbol, timeframe_minutes, count)

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        return await self.inner.positions(book)

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        return await self.inner.orders(book)

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        return await self.inner.deals(after_ticket, since_ns, book)

    async def margin(self, symbol: str, lots: float) -> float | None:
        return await self.inner.margin(symbol, lots)

    async def observe(self, symbol: str, price: float) -> None:
        await self.inner.observe(symbol, price)
