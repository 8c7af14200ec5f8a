"""The broker's server: the real paper engine, behind a line on which everything can go wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import TypeVar

import attrs

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.paper.broker import PaperBroker
from zepix_core.broker.paper.market import SyntheticMarket
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import paper_symbols
from zepix_core.broker.port import GatewayHello
from zepix_core.broker.retcodes import Retcode
from zepix_core.clock import Clock
from zepix_core.errors import BrokerOffline, OutcomeUnknown, ZepixError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import (
    Action,
    Book,
    Deal,
    OrderReply,
    OrderRequest,
    Position,
    WorkingOrder,
)
from zepix_core.storage.connection import Durability
from zepix_core.testing.simulator.disk import Disk
from zepix_core.testing.simulator.faults import Fault, Kind, Unit
from zepix_core.testing.simulator.processes import Process
from zepix_core.testing.simulator.trace import Trace
from zepix_core.testing.simulator.wire import Pipe

T = TypeVar("T")
TICK_SECONDS = 5.0
LINE_SECONDS = 0.02
LATE_SECONDS = (4.0, 16.0)
DELIVERED_SECONDS = (0.5, 9.5)
LOST_SECONDS = 3600.0
REFUSALS = (Retcode.REJECT, Retcode.NO_MONEY, Retcode.MARKET_CLOSED, Retcode.TOO_MANY_REQUESTS)
UNCERTAIN = (Retcode.ERROR, Retcode.TIMEOUT, Retcode.CONNECTION)
Arrived = Callable[[OrderRequest], None]


class Server:
    """One account at the broker's. It goes on while hosts and gateways come and go.

    Attributes:
        engine: The book; what a person at the terminal does is done to it.
        up: The line to the broker is there.
        executed: Requests that were carried out with success, in order.
        arrived: Called with each request of a gateway before it is carried out.
    """

    def __init__(
        self,
        process: Process,
        data: Path,
        settings: PaperSettings,
        clock: Clock,
        disk: Disk,
        chance: Random,
        trace: Trace,
    ) -> None:
        self.process = process
        self.up = True
        self.executed: list[tuple[OrderRequest, OrderReply]] = []
        self.arrived: Arrived = lambda _: None
        self._clock, self._disk, self._chance, self._trace = clock, disk, chance, trace
        self._sessions: list[Session] = []
        self._hanging: list[Process] = []
        symbols = paper_symbols(settings, {})
        market = SyntheticMarket(symbols, settings.seed, settings.tick_interval_seconds)
        book = disk.open(data / "paper.db", Durability.FULL, process, Unit.BOOK_COMMIT)
        self.steps = {symbol.info.name: symbol.info.volume_step for symbol in symbols}
        self.engine = PaperBroker(book, clock, settings, symbols, market)
        self.hello: GatewayHello

    async def start(self) -> None:
        """Open the account; its prices begin to move."""
        self.engine.on_ticks(lambda ticks: self._tell(None, lambda one: one.tell_ticks(ticks)))
        self.engine.on_deals(self._deals)
        self.engine.on_change(lambda: self._tell(None, lambda one: one.tell_change()))
        self.hello = await self.engine.start()
        self.process.spawn(self._move())

    async def _move(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self.attempt(self.engine.advance())

    async def attempt(self, work: Awaitable[object]) -> None:
        """A book that cannot be written for a while ends nothing."""
        try:
            await work
        except ZepixError as error:
            self._trace.add("broker", error.message)

    def session(self, gateway: Process, back: Pipe) -> "Session":
        """A gateway connects; ``back`` leads to its host."""
        session = Session(self, gateway, back)
        self._sessions = [one for one in self._sessions if one.gateway.alive] + [session]
        return session

    def switch(self, up: bool) -> None:
        """The line falls, or is back."""
        self.up = up
        self._trace.add("broker", "the line is " + ("back" if up else "down"))
        for session in self._sessions:
            # A gateway that looks late sees how it is by then.
            session.gateway.later(self._chance.random(), lambda one=session: one.tell_link(self.up))

    def _deals(self, deals: tuple[Deal, ...]) -> None:
        for deal in deals:
            self._trace.add(
                "broker",
                f"deal {deal.ticket} {deal.entry} {deal.side} {deal.volume:g} {deal.symbol}"
                f" position {deal.position} ({deal.reason})",
            )
        fault = self._disk.strike(Unit.NEWS)
        self._tell(fault, lambda one: one.tell_deals(deals))

    def _tell(self, fault: Fault | None, tell: Callable[["Session"], None]) -> None:
        """News on their way to whoever listens; nobody hears them while the line is down."""
        if fault is not None:
            self._trace.add("broker", str(fault))
        if not self.up or (fault is not None and fault.kind is Kind.NEWS_LOST):
            return
        late = 30.0 * fault.size if fault is not None and fault.kind is Kind.NEWS_LATE else 0.0
        for session in self._sessions:
            for _ in range(2 if fault is not None and fault.kind is Kind.NEWS_TWICE else 1):
                session.gateway.later(late + LINE_SECONDS * self._chance.random(), tell, session)

    async def ask(self, work: Callable[[PaperBroker], Awaitable[T]]) -> T:
        """A question on its way there and back.

        Raises:
            BrokerOffline: The line is down.
        """
        await self._travel()
        return await self._answer(work)

    async def _travel(self) -> None:
        if not self.up:
            raise _offline()
        await asyncio.sleep(LINE_SECONDS * self._chance.random())
        if not self.up:
            raise _offline()

    async def _answer(self, work: Callable[[PaperBroker], Awaitable[T]]) -> T:
        async def answer() -> T:
            return await work(self.engine)

        return await asyncio.shield(self.process.spawn(answer()))

    @property
    def hanging(self) -> bool:
        """A gateway waits for something that comes late or never."""
        return any(gateway.alive for gateway in self._hanging)

    async def _hang(self, gateway: Process, seconds: float) -> None:
        self._hanging.append(gateway)
        await asyncio.sleep(seconds)
        self._hanging.remove(gateway)

    async def question(self, gateway: Process, work: Callable[[PaperBroker], Awaitable[T]]) -> T:
        """As `ask`, struck by what questions suffer."""
        fault = self._disk.strike(Unit.QUESTION)
        if fault is not None:
            self._trace.add("broker", str(fault))
            if fault.kind is Kind.QUESTION_REFUSED:
                raise _offline()
            await self._hang(gateway, LOST_SECONDS)
        return await self.ask(work)

    async def submit(self, request: OrderRequest, gateway: Process, back: Pipe) -> OrderReply:
        """One request of a gateway, struck by what requests suffer."""
        if not self.up:
            raise _offline()
        fault = self._disk.strike(Unit.REQUEST)
        if fault is not None:
            self._trace.add("broker", f"{request.action} {request.intent_id}: {fault}")
        kind = None if fault is None else fault.kind
        size = 0.0 if fault is None else fault.size
        refusal = _refusal(kind, size, request)
        if kind is Kind.NOT_DELIVERED:
            await self._hang(gateway, LOST_SECONDS)
        if kind is Kind.NO_RESULT_UNSENT:
            raise OutcomeUnknown("The terminal gave no result (injected).", "Look for the order.")
        if kind is Kind.GATEWAY_CRASH_BEFORE:
            gateway.kill()
            await self._hang(gateway, LOST_SECONDS)
        if kind is Kind.DELIVERED_LATE:
            await self._hang(gateway, _between(DELIVERED_SECONDS, size))
        await self._travel()
        if refusal is not None:
            quote = await self.engine.quote(request.symbol)
            bid, ask = (quote.bid, quote.ask) if quote else (0.0, 0.0)
            return OrderReply(
                retcode=refusal, position=request.position, bid=bid, ask=ask, comment="injected"
            )
        reply = await self._executed(request, gateway, kind, size)
        back.twice = kind is Kind.REPLY_TWICE
        return reply

    async def _executed(
        self, request: OrderRequest, gateway: Process, kind: Kind | None, size: float
    ) -> OrderReply:
        asked = self._part(request) if kind is Kind.PARTIAL else request
        reply = await asyncio.shield(self.process.spawn(self._execute(asked)))
        if asked is not request and reply.retcode == Retcode.DONE:
            reply = attrs.evolve(reply, retcode=int(Retcode.DONE_PARTIAL), comment="partially")
        if kind is Kind.GATEWAY_CRASH_AFTER:
            gateway.kill()
        if kind in (Kind.REPLY_LOST, Kind.GATEWAY_CRASH_AFTER):
            await self._hang(gateway, LOST_SECONDS)
        if kind is Kind.NO_RESULT:
            raise OutcomeUnknown("The terminal gave no result (injected).", "Look for the order.")
        if kind is Kind.UNCERTAIN_CODE:
            return OrderReply(retcode=UNCERTAIN[int(size * len(UNCERTAIN))], comment="injected")
        await asyncio.sleep(LINE_SECONDS * self._chance.random())
        if kind is Kind.REPLY_LATE:
            await self._hang(gateway, _between(LATE_SECONDS, size))
        if not self.up:
            raise OutcomeUnknown("The line to the broker fell (injected).", "Look for the order.")
        return reply

    async def _execute(self, request: OrderRequest) -> OrderReply:
        self.arrived(request)
        reply = await self.engine.submit(request)
        self._trace.add(
            "broker",
            f"{request.action} {request.side} {request.lots:g} {request.symbol} {request.intent_id}"
            f" position {reply.position}: {reply.retcode} {reply.comment}",
        )
        if reply.retcode in (Retcode.DONE, Retcode.DONE_PARTIAL):
            self.executed.append((request, reply))
        return reply

    def _part(self, request: OrderRequest) -> OrderRequest:
        """Half of it on a step; the whole of what cannot be halved."""
        step = self.steps.get(request.symbol, 0.01)
        half = round(int(request.lots / step / 2 + 1e-9) * step, 8)
        if request.action is Action.MODIFY or half <= 0:
            return request
        return attrs.evolve(request, lots=half)


def _offline() -> BrokerOffline:
    return BrokerOffline("The line to the broker is down (injected).", "It comes back by itself.")


def _between(bounds: tuple[float, float], size: float) -> float:
    return bounds[0] + size * (bounds[1] - bounds[0])


def _refusal(kind: Kind | None, size: float, request: OrderRequest) -> Retcode | None:
    """The code of a request that the server does not carry out."""
    if kind is Kind.REQUOTE and request.action is not Action.MODIFY:
        return Retcode.REQUOTE
    if kind is Kind.STOPS_REFUSED and request.action is not Action.CLOSE:
        return Retcode.INVALID_STOPS
    if kind is Kind.REFUSED:
        return REFUSALS[int(size * len(REFUSALS))]
    return None


class Session(Listeners):
    """A gateway's connection to the server; implements `zepix_core.broker.port.MovingBroker`."""

    def __init__(self, server: Server, gateway: Process, back: Pipe) -> None:
        super().__init__()
        self.gateway = gateway
        self._server, self._back = server, back

    async def start(self) -> GatewayHello:
        """Log in; the terminal knows its account without the line, too."""
        if not self._server.up:
            self.gateway.later(LINE_SECONDS, self.tell_link, False)
        return self._server.hello

    async def stop(self) -> None:
        """Log off."""

    async def advance(self) -> None:
        """The server moves its prices itself."""

    async def submit(self, request: OrderRequest) -> OrderReply:
        return await self._server.submit(request, self.gateway, self._back)

    async def _ask(self, work: Callable[[PaperBroker], Awaitable[T]]) -> T:
        return await self._server.question(self.gateway, work)

    async def account(self) -> AccountInfo:
        return await self._ask(lambda engine: engine.account())

    async def quote(self, symbol: str) -> Tick | None:
        return await self._ask(lambda engine: engine.quote(symbol))

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        return await self._server.question(
            self.gateway, lambda engine: engine.bars(symbol, timeframe_minutes, count)
        )

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        return await self._ask(lambda engine: engine.positions(book))

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        return await self._ask(lambda engine: engine.orders(book))

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        return await self._server.question(
            self.gateway, lambda engine: engine.deals(after_ticket, since_ns, book)
        )

    async def margin(self, symbol: str, lots: float) -> float | None:
        return await self._ask(lambda engine: engine.margin(symbol, lots))

    async def observe(self, symbol: str, price: float) -> None:
        await self._ask(lambda engine: engine.observe(symbol, price))
