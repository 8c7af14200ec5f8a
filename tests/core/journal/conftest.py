"""A house on paper: a real journal and a real paper broker on virtual time, and a broker with bad moments."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from zepix_core.broker.inline import InlineBroker
from zepix_core.broker.listeners import Listeners
from zepix_core.broker.paper.opening import open_paper
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.port import Broker, GatewayHello
from zepix_core.clock import moment
from zepix_core.config.risk import TradingSettings
from zepix_core.errors import BrokerOffline, OutcomeUnknown, StorageError
from zepix_core.journal import intent_rows
from zepix_core.journal.feed import UpdateFeed
from zepix_core.journal.orders import OrderDesk, account_key
from zepix_core.journal.reconcile import Reconciler
from zepix_core.journal.recovery import Recovery, recover
from zepix_core.journal.reports import Reports
from zepix_core.journal.service_desk import ServiceDesk
from zepix_core.journal.wakes import Wakes
from zepix_core.model.account import AccountInfo
from zepix_core.model.alert import Alert
from zepix_core.model.market import Bar, Side, Tick
from zepix_core.model.order import (
    Book,
    Deal,
    Intent,
    OrderReply,
    OrderRequest,
    Position,
    TradeUpdate,
    WorkingOrder,
)
from zepix_core.model.wake import Wake
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import Leg, PlaceRequest
from zepix_core.services.context import CallContext
from zepix_core.services.facts import PluginFacts
from zepix_core.storage.commit import T, Work
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.storage.journal_schema import TABLES
from zepix_core.storage.script import run_script
from zepix_core.testing.clock import VirtualClock

CAPABILITIES = frozenset({"place_dual_orders_v3", "place_single_order_a", "place_order"})


Mood = Callable[[InlineBroker, OrderRequest], Awaitable[OrderReply]]


class MoodyBroker(Listeners):
    """Passes everything on; for each waiting mood, the next submit goes as the mood says.

    Moods: ``lost_after`` (done, no answer), ``nameless`` (the same, and the broker lost the comment),
    ``lost_before`` (not done, no answer), ``offline``, a return code, or what answers in the broker's place.
    ``mute`` holds deals back, ``blind`` refuses reads, ``working`` are orders that wait, ``hidden`` positions
    that are not shown.
    """

    def __init__(self, inner: InlineBroker) -> None:
        super().__init__()
        self.inner = inner
        self.moods: deque[str | int | Mood] = deque()
        self.requests: list[OrderRequest] = []
        self.working: list[WorkingOrder] = []
        self.hidden: set[int] = set()
        self.mute = False
        self.blind = False
        self.no_margin = False
        self.no_positions = False
        inner.on_deals(self._deals)
        inner.on_ticks(self.tell_ticks)
        inner.on_link(self.tell_link)
        inner.on_change(self.tell_change)

    def _deals(self, deals: tuple[Deal, ...]) -> None:
        if not self.mute:
            self.tell_deals(deals)

    async def start(self) -> GatewayHello:
        return await self.inner.start()

    async def stop(self) -> None:
        await self.inner.stop()

    async def submit(self, request: OrderRequest) -> OrderReply:
        self.requests.append(request)
        mood = self.moods.popleft() if self.moods else "fine"
        if mood == "offline":
            raise BrokerOffline("The broker is away.")
        if mood == "lost_before":
            raise OutcomeUnknown("No answer.")
        if isinstance(mood, int):
            return OrderReply(retcode=mood, comment="moody")
        if callable(mood):
            return await mood(self.inner, request)
        if mood == "nameless":
            request = attrs.evolve(request, comment="")
        reply = await self.inner.submit(request)
        if mood in ("lost_after", "nameless"):
            raise OutcomeUnknown("No answer.")
        return reply

    def _see(self) -> None:
        if self.blind:
            raise BrokerOffline("The broker cannot be read.")

    async def account(self) -> AccountInfo:
        self._see()
        return await self.inner.account()

    async def quote(self, symbol: str) -> Tick | None:
        self._see()
        return await self.inner.quote(symbol)

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        self._see()
        return await self.inner.bars(symbol, timeframe_minutes, count)

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        self._see()
        if self.no_positions:
            raise BrokerOffline("The positions cannot be read.")
        return tuple(p for p in await self.inner.positions(book) if p.ticket not in self.hidden)

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        self._see()
        return (*await self.inner.orders(book), *(order for order in self.working if order.book is book))

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        self._see()
        return await self.inner.deals(after_ticket, since_ns, book)

    async def margin(self, symbol: str, lots: float) -> float | None:
        self._see()
        return None if self.no_margin else await self.inner.margin(symbol, lots)

    async def observe(self, symbol: str, price: float) -> None:
        await self.inner.observe(symbol, price)

    async def advance(self) -> None:
        await self.inner.advance()


class Crash(StorageError):
    """The host is gone at this very commit."""


class CrashingJournal(SameThread):
    """Dies at its n-th commit from now on, before it or right after it, and stays dead."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, Durability.NORMAL)
        self.left: int | None = None
        self.after = False
        self.dead = False

    async def run(self, work: Work[T]) -> T:
        if self.dead:
            raise Crash("the host is gone")
        if self.left is None:
            return await super().run(work)
        self.left -= 1
        self.dead = self.left <= 0
        if not self.dead:
            return await super().run(work)
        if self.after:
            await super().run(work)
        raise Crash("the host is gone")

    async def read(self, work: Work[T]) -> T:
        if self.dead:
            raise Crash("the host is gone")
        return await super().read(work)


@attrs.define
class House:
    """One life of the desk on files that outlive it."""

    folder: Path
    clock: VirtualClock
    broker: MoodyBroker
    journal: CrashingJournal
    desk: OrderDesk
    services: ServiceDesk
    reconciler: Reconciler
    hello: GatewayHello
    recovery: Recovery
    feed: UpdateFeed
    taken: list[TradeUpdate]

    async def price(self, bid: float, symbol: str = "EURUSD") -> None:
        """The market goes there, and what rests at the broker acts."""
        await self.broker.observe(symbol, bid)
        await asyncio.sleep(0)
        await self.desk.updates.drain()

    async def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let virtual time pass in small steps, with all tasks running between them."""
        for _ in range(round(seconds / step)):
            for _ in range(20):
                await asyncio.sleep(0)
            self.clock.advance(step)
        for _ in range(20):
            await asyncio.sleep(0)

    async def intents(self) -> list[Intent]:
        rows = await self.journal.read(
            lambda c: intent_rows.find(c, intent_rows.SELECT + " ORDER BY sequence")
        )
        return list(rows)

    async def updates(self) -> list[TradeUpdate]:
        """What the plugins have been given by now."""
        await self.feed.settled()
        return self.taken

    async def events(self, kind: str) -> int:
        query = "SELECT count(*) FROM journal_events WHERE kind = ?"
        return int(await self.journal.read(lambda c: c.execute(query, (kind,)).fetchone()[0]))

    async def notices(self) -> list[str]:
        return await self.journal.read(
            lambda c: [r[0] for r in c.execute("SELECT type FROM outbox ORDER BY id")]
        )

    async def end(self) -> None:
        """End this life without a word, as a crash does; the files stay."""
        await self.feed.stop()
        await self.reconciler.stop()
        await self.desk.flattening.stop()
        await self.desk.lookup.stop()
        await self.broker.stop()
        await self.journal.close()


async def open_house(
    folder: Path,
    clock: VirtualClock,
    settings: TradingSettings | None = None,
    paper: PaperSettings | None = None,
    started: Callable[[MoodyBroker], None] | None = None,
    taken: list[TradeUpdate] | None = None,
) -> House:
    inner = open_paper(folder, paper or PaperSettings(balance=10_000.0), {}, clock, same_thread=True)
    broker = MoodyBroker(InlineBroker(inner))
    hello = await broker.start()
    if started is not None:
        started(broker)
    journal = CrashingJournal(folder / "journal.db")
    await journal.run(lambda c: run_script(c, TABLES))
    desk = OrderDesk(journal, broker, clock, settings or TradingSettings(), account_key(hello.account))
    desk.take_hello(hello, any_tick_age=True)
    received: list[TradeUpdate] = [] if taken is None else taken

    async def deliver(_: str, told: TradeUpdate | Wake) -> None:
        if isinstance(told, TradeUpdate):
            received.append(told)

    feed = UpdateFeed(journal, clock, deliver)
    desk.updates.listen(feed.wake)
    services = ServiceDesk(desk, Wakes(journal, clock, feed.wake), Reports(journal, clock))
    reconciler = Reconciler(desk)
    recovery = await recover(desk, hello, reconciler)
    await feed.start()
    return House(folder, clock, broker, journal, desk, services, reconciler, hello, recovery, feed, received)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def house(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[House]:
    built = await open_house(tmp_path, clock)
    await built.price(1.10000)
    yield built
    await built.end()


def filling(lots: float, *, answer: bool = True) -> Mood:
    """The broker fills only that much; without ``answer`` nobody hears of it."""

    async def mood(inner: InlineBroker, request: OrderRequest) -> OrderReply:
        reply = await inner.submit(attrs.evolve(request, lots=lots))
        if not answer:
            raise OutcomeUnknown("No answer.")
        return attrs.evolve(reply, retcode=10010)

    return mood


def plugin(**changes: Any) -> PluginFacts:
    facts = PluginFacts(id="bracket", capabilities=CAPABILITIES, risk=RiskSettings())
    return attrs.evolve(facts, **changes)


def alert(clock: VirtualClock, number: int = 1) -> Alert:
    return Alert(id=number, key=f"key-{number}", kind="entry", body="{}", received_at=moment(clock.now_ns()))


def context(clock: VirtualClock, number: int = 1, **changes: Any) -> CallContext:
    return CallContext(plugin=plugin(**changes), alert=alert(clock, number))


def pair(**changes: Any) -> PlaceRequest:
    """A pair on EURUSD around 1.10000: A aims farther than B."""
    request = PlaceRequest(
        method="place_dual_orders_v3",
        symbol="EURUSD",
        side=Side.BUY,
        legs=(
            Leg(name="A", sl=1.09800, tp=1.10600, lots=0.03, label="TP2"),
            Leg(name="B", sl=1.09700, tp=1.10300, lots=0.03, label="TP1"),
        ),
        logic="LOGIC1",
    )
    return attrs.evolve(request, **changes)


def single(**changes: Any) -> PlaceRequest:
    request = PlaceRequest(
        method="place_single_order_a",
        symbol="EURUSD",
        side=Side.BUY,
        legs=(Leg(name="A", sl=1.09800, tp=1.10600, lots=0.05),),
    )
    return attrs.evolve(request, **changes)


__all__ = [
    "Broker", "House", "Mood", "MoodyBroker", "alert", "context", "filling", "open_house", "pair", "plugin",
    "single",
]  # fmt: skip
