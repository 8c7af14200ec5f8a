"""A broker on a bad day: the faults of ``ZEPIX_PAPER_FAULTS`` around a broker that has none."""

import math

import attrs

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.paper.broker import PaperBroker
from zepix_core.broker.paper.faults import LATE_SECONDS, FaultDice, FaultPlan
from zepix_core.broker.port import GatewayHello
from zepix_core.broker.retcodes import Retcode
from zepix_core.clock import Clock
from zepix_core.errors import BrokerOffline, OutcomeUnknown
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Action, Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder

SILENCE_SECONDS = 3600.0
LOST = "The paper broker lost its connection (injected)."


class FaultyBroker(Listeners):
    """Implements the port. Faults strike requests of the live book; reads are true or refused.

    Args:
        silent: A request that times out is never answered, so that the caller's own deadline is tried.
            Without it `OutcomeUnknown` is raised at once, for callers in the same process.

    Attributes:
        engine: The broker without its faults.
    """

    def __init__(self, inner: PaperBroker, plan: FaultPlan, seed: int, clock: Clock, *, silent: bool) -> None:
        super().__init__()
        self.engine = inner
        self._plan = plan
        self._seed = seed
        self._dice = FaultDice(plan, seed)
        self._clock = clock
        self._silent = silent
        self._steps: dict[str, float] = {}
        self._began = 0.0
        self._up = True
        inner.on_deals(self._pass_deals)
        inner.on_ticks(self._pass_ticks)
        inner.on_change(self._pass_change)
        inner.on_storage(self.tell_storage)

    async def start(self) -> GatewayHello:
        hello = await self.engine.start()
        self._steps = {info.name: info.volume_step for info in hello.symbols}
        self._began = self._clock.monotonic()
        self._dice = FaultDice(self._plan, self._seed, self.engine.starts)
        return hello

    async def stop(self) -> None:
        await self.engine.stop()

    async def advance(self) -> None:
        """Let prices move, and the link fall or return."""
        self._look()
        await self.engine.advance()

    async def submit(self, request: OrderRequest) -> OrderReply:
        self._need_link()
        struck = self._dice.strikes(request.intent_id) if request.book is Book.LIVE else {}
        if "timeout_before_execute" in struck:
            return await self._never()
        if "requote" in struck and request.action is not Action.MODIFY:
            return await self._refuse(request, Retcode.REQUOTE, "Requote")
        if "reject_stops" in struck and request.action is not Action.CLOSE and (request.sl or request.tp):
            return await self._refuse(request, Retcode.INVALID_STOPS, "Invalid stops")
        reply = await self._execute(request, struck)
        if "timeout_after_execute" in struck:
            return await self._never()
        if "none_after_send" in struck:
            raise OutcomeUnknown("The paper broker gave no result (injected).", "Look for the order.")
        if "late_reply" in struck:
            low, high = LATE_SECONDS
            await self._clock.sleep(low + struck["late_reply"] * (high - low))
        return reply

    async def _execute(self, request: OrderRequest, struck: dict[str, float]) -> OrderReply:
        if "rewrite_comment" in struck:
            request = attrs.evolve(request, comment=_rewritten(request.comment, struck["rewrite_comment"]))
        part = self._part(request) if "partial" in struck and request.action is not Action.MODIFY else None
        if part is None:
            return await self.engine.submit(request)
        reply = await self.engine.submit(attrs.evolve(request, lots=part))
        if reply.retcode != Retcode.DONE:
            return reply
        return attrs.evolve(reply, retcode=int(Retcode.DONE_PARTIAL), comment="Request executed partially")

    def _part(self, request: OrderRequest) -> float | None:
        """Half the volume on a step, ``None`` when there is nothing to halve."""
        step = self._steps.get(request.symbol, 0.01)
        half = math.floor(request.lots / step / 2 + 1e-9)
        return round(half * step, 8) if half > 0 else None

    async def _refuse(self, request: OrderRequest, code: Retcode, comment: str) -> OrderReply:
        quote = await self.engine.quote(request.symbol)
        return OrderReply(
            retcode=code,
            position=request.position,
            bid=quote.bid if quote else 0.0,
            ask=quote.ask if quote else 0.0,
            comment=comment,
        )

    async def _never(self) -> OrderReply:
        if self._silent:
            await self._clock.sleep(SILENCE_SECONDS)
        raise OutcomeUnknown("The paper broker did not answer (injected).", "Look for the order.")

    async def account(self) -> AccountInfo:
        self._need_link()
        return await self.engine.account()

    async def quote(self, symbol: str) -> Tick | None:
        self._need_link()
        return await self.engine.quote(symbol)

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        self._need_link()
        return await self.engine.bars(symbol, timeframe_minutes, count)

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        self._need_link()
        return await self.engine.positions(book)

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        self._need_link()
        return await self.engine.orders(book)

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        self._need_link()
        return await self.engine.deals(after_ticket, since_ns, book)

    async def margin(self, symbol: str, lots: float) -> float | None:
        self._need_link()
        return await self.engine.margin(symbol, lots)

    async def observe(self, symbol: str, price: float) -> None:
        await self.engine.observe(symbol, price)

    def _look(self) -> None:
        up = self._dice.connected(self._clock.monotonic() - self._began)
        if up is not self._up:
            self._up = up
            self.tell_link(up)

    def _need_link(self) -> None:
        self._look()
        if not self._up:
            raise BrokerOffline(LOST, "It comes back by itself.")

    def _pass_deals(self, deals: tuple[Deal, ...]) -> None:
        if self._up:
            self.tell_deals(deals)

    def _pass_change(self) -> None:
        if self._up:
            self.tell_change()

    def _pass_ticks(self, ticks: tuple[Tick, ...]) -> None:
        if self._up:
            self.tell_ticks(ticks)


def _rewritten(comment: str, draw: float) -> str:
    """What servers do to comments: cut them, put their own words before them, or drop them."""
    if draw < 1 / 3:
        return comment[:16]
    return f"srv {comment}"[:31] if draw < 2 / 3 else ""
