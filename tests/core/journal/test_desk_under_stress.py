"""Any sequence of orders, answers that are lost, prices, deaths and restarts leaves the books agreeing."""

import asyncio
import contextlib
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.core.journal.conftest import House, context, open_house, pair, single

from zepix_core.config.risk import TradingSettings
from zepix_core.errors import StorageError
from zepix_core.journal.events import verify
from zepix_core.journal.ledger import open_entries
from zepix_core.model.order import (
    Action,
    Book,
    IntentState,
    OrderRequest,
    PluginOrder,
    TradeUpdate,
    UpdateKind,
)
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import CloseRequest, ModifyRequest
from zepix_core.services.context import CallContext
from zepix_core.testing.clock import VirtualClock

S = IntentState
moods = st.sampled_from(["fine", "fine", "fine", "lost_after", "lost_before", "offline", 10006, 10012, 10019])
steps = st.one_of(
    st.tuples(st.just("pair"), st.tuples(moods, moods)),
    st.tuples(st.just("single"), st.tuples(moods)),
    st.tuples(st.just("shadow"), st.tuples(moods)),
    st.tuples(st.just("again"), st.just(())),
    st.tuples(st.just("close"), st.tuples(moods)),
    st.tuples(st.just("part"), st.tuples(moods)),
    st.tuples(st.just("modify"), st.tuples(moods)),
    st.tuples(st.just("price"), st.tuples(st.sampled_from([1.0975, 1.0990, 1.1000, 1.1032, 1.1065]))),
    st.tuples(st.just("mute"), st.tuples(st.booleans())),
    st.tuples(st.just("wait"), st.tuples(st.sampled_from([1.0, 4.0]))),
    st.tuples(st.just("crash"), st.tuples(st.integers(1, 4), st.booleans())),
)


class Stress:
    """Plays steps against one house after another on the same files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock()
        self.number = 0
        self.requests: Counter[str] = Counter()
        self.unwritten: set[str] = set()
        self.whole: set[str] = set()
        self.taken: list[TradeUpdate] = []

    async def open(self) -> House:
        return await open_house(self.folder, self.clock, TradingSettings(lifted=True), taken=self.taken)

    def ctx(self, fresh: bool = True, shadow: bool = False) -> CallContext:
        self.number += fresh
        return context(self.clock, self.number, shadow=shadow, risk=RiskSettings())

    async def run(self, plan: list[tuple[str, tuple[object, ...]]]) -> None:
        house = await self.open()
        await house.price(1.1000)
        for name, arguments in plan:
            if name == "crash":
                house.journal.left, house.journal.after = arguments  # type: ignore[assignment]
                continue
            await self.step(house, name, arguments)
            if house.journal.dead:
                house = await self.restart(house)
        house.broker.moods.clear()
        house.journal.left = None
        house.broker.mute = False
        await house.pass_time(12.0)
        await house.reconciler.sweep()
        await house.pass_time(1.0)
        await self.check(house)
        await house.end()

    async def restart(self, house: House) -> House:
        self.note_requests(house)
        await house.end()
        again = await self.open()
        written = {intent.intent_id for intent in await again.intents()}
        # A whole close is sent although the journal is gone; nothing else is.
        self.unwritten |= self.whole - written
        again.broker.moods.clear()
        return again

    async def step(self, house: House, name: str, arguments: tuple[object, ...]) -> None:
        work = asyncio.ensure_future(self.act(house, name, arguments))
        for _ in range(40):
            if work.done():
                break
            await house.pass_time(0.5)
        with contextlib.suppress(StorageError):
            await work

    async def act(self, house: House, name: str, arguments: tuple[object, ...]) -> None:
        if name in ("price", "mute", "wait"):
            await self.world(house, name, arguments[0])
            return
        house.broker.moods.extend(arguments)  # type: ignore[arg-type]
        if name == "pair":
            await house.desk.place(self.ctx(), pair())
        elif name in ("single", "shadow"):
            await house.desk.place(self.ctx(shadow=name == "shadow"), single())
        elif name == "again":
            await house.desk.place(self.ctx(fresh=False), pair(key="again"))
        else:
            await self.change(house, name)
        house.broker.moods.clear()

    async def world(self, house: House, name: str, value: object) -> None:
        if name == "price":
            await house.price(float(str(value)))
        elif name == "mute":
            house.broker.mute = bool(value)
        else:
            await house.pass_time(float(str(value)))

    async def change(self, house: House, name: str) -> None:
        own = await house.desk.list(self.ctx())
        if not own:
            return
        ticket = own[-1].ticket
        if name == "modify":
            await house.desk.modify(self.ctx(), ModifyRequest(ticket=ticket, sl=1.0965))
        else:
            percentage = 100.0 if name == "close" else 40.0
            sent = len(house.broker.requests)
            try:
                await house.desk.close(self.ctx(), CloseRequest(ticket=ticket, percentage=percentage))
            finally:
                self.note_whole(house.broker.requests[sent:], own[-1])

    def note_whole(self, requests: list[OrderRequest], position: PluginOrder) -> None:
        """Keep which of the requests close the position as a whole."""
        self.whole.update(
            r.intent_id for r in requests
            if r.action is Action.CLOSE and r.position == position.ticket and r.lots > position.volume - 1e-9
        )  # fmt: skip

    async def check(self, house: House) -> None:
        self.note_requests(house)
        await self.check_books(house)
        intents = {intent.intent_id: intent for intent in await house.intents()}
        for one, count in self.requests.items():
            if one in self.unwritten and one not in intents:
                assert count == 1
                continue
            assert one in intents, "sent although it was not written down"
            assert count <= intents[one].attempt, "sent more often than it was written down"
        assert not [
            i for i in intents.values() if i.state in (S.SENDING, S.UNKNOWN, S.PLANNED, S.NEEDS_HUMAN)
        ]
        await house.feed.start()
        await house.feed.settled()
        opened = Counter(u.intent_id for u in self.of(UpdateKind.OPENED))
        closed = Counter(u.intent_id for u in self.of(UpdateKind.CLOSED))
        filled = {i.intent_id for i in intents.values() if i.action.value == "open" and i.fill_lots > 0}
        assert set(opened) == filled
        assert set(opened.values()) | set(closed.values()) <= {1}
        assert set(closed) == {i for i in filled if intents[i].state is S.CLOSED}
        await house.journal.read(verify)

    def of(self, kind: UpdateKind) -> list[TradeUpdate]:
        """Distinct updates of a kind; a repeat has the sequence of the first."""
        found = {u.sequence: u for u in self.taken if u.kind is kind}
        return list(found.values())

    def note_requests(self, house: House) -> None:
        """Count what the broker of this house was asked; each house has a broker object of its own."""
        self.requests.update(request.intent_id for request in house.broker.requests)

    async def check_books(self, house: House) -> None:
        entries = await house.journal.read(lambda c: open_entries(c, house.desk.line.account))
        for book in Book:
            positions = await house.broker.positions(book)
            ours = {e.intent.position_id: e for e in entries if e.intent.book is book and e.held}
            assert {p.ticket: p.volume for p in positions} == {t: e.remaining for t, e in ours.items()}
            assert all(p.sl > 0 for p in positions)
            assert all(
                (p.sl, p.tp) == (ours[p.ticket].intent.sl, ours[p.ticket].intent.tp) for p in positions
            )
            assert len({p.comment for p in positions}) == len(positions), "an intent opened twice"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=1, max_size=14))
@example(
    [("single", ("fine",)), ("crash", (1, False)), ("part", ("fine",)), ("wait", (4.0,)), ("part", ("fine",))]
)
@example([("single", ("fine",)), ("crash", (1, False)), ("close", ("fine",)), ("wait", (4.0,))])
def test_the_books_agree_in_the_end(plan: list[tuple[str, tuple[object, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Stress(Path(folder)).run(plan))
