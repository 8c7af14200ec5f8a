"""The broker is away for ten minutes while alerts come in: entries expire, exits go out on its return.

Each script is a host in virtual time with positions open before. ``ZEPIX_SCRIPTS`` and ``ZEPIX_ALERTS``
say how many and how large (tox -e away); ``ZEPIX_SEED`` repeats one.
"""

import random
from pathlib import Path

import pytest

from tests.system.campaigns import ALWAYS_OPEN, PRICES, Around, count, entry, first_seed, leaving
from zepix_core.broker.port import MovingBroker
from zepix_core.errors import BrokerOffline
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder
from zepix_core.testing.host import PaperHost

AWAY_SECONDS = 600.0
SOON_SECONDS = 5.0
GONE = "The broker is away."


class Leaving(Around):
    """A broker that can be away: what is asked of it then gets no answer, and nothing was done."""

    def __init__(self, inner: MovingBroker) -> None:
        super().__init__(inner)
        self.up = True
        self.sent: list[OrderRequest] = []

    def go(self, up: bool) -> None:
        self.up = up
        self.tell_link(up)

    def _need(self) -> None:
        if not self.up:
            raise BrokerOffline(GONE)

    async def submit(self, request: OrderRequest) -> OrderReply:
        self._need()
        self.sent.append(request)
        return await super().submit(request)

    async def account(self) -> AccountInfo:
        self._need()
        return await super().account()

    async def quote(self, symbol: str) -> Tick | None:
        self._need()
        return await super().quote(symbol)

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        self._need()
        return await super().positions(book)

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        self._need()
        return await super().orders(book)

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        self._need()
        return await super().deals(after_ticket, since_ns, book)

    async def margin(self, symbol: str, lots: float) -> float | None:
        self._need()
        return await super().margin(symbol, lots)


class Script:
    """One host, one absence."""

    def __init__(self, home: Path, seed: int, alerts: int) -> None:
        self.chance = random.Random(seed)
        self.alerts = alerts
        self.brokers: list[Leaving] = []
        self.paper = PaperHost(
            home, only=("zepix-bracket",), settings=ALWAYS_OPEN, profile="bench", around=self._around
        )

    def _around(self, inner: MovingBroker) -> MovingBroker:
        self.brokers.append(Leaving(inner))
        return self.brokers[-1]

    async def run(self) -> None:
        async with self.paper as paper:
            for number, symbol in enumerate(PRICES):
                await paper.post(entry(number, self.chance, symbol))
            await paper.settled()
            opened = {position.symbol for position in await paper.positions()}
            assert opened == set(PRICES)
            (broker,) = self.brokers
            broker.go(False)
            before = len(broker.sent)
            entries, exits = await self._come_in(paper, opened)
            assert len(broker.sent) == before, "nothing is asked of a broker that is away"
            broker.go(True)
            await paper.advance(SOON_SECONDS)
            await self._judge(paper, entries, exits)

    async def _come_in(self, paper: PaperHost, opened: set[str]) -> tuple[list[int], dict[str, int]]:
        """Alerts at random moments of the absence; the last 125 s see exits alone, so that every entry is old
        when the broker is back."""
        moments = sorted(
            self.chance.uniform(0.0, AWAY_SECONDS - 125.0) for _ in range(self.alerts - len(opened))
        )
        entries: list[int] = []
        passed = 0.0
        for number, moment in enumerate(moments, 100):
            await paper.advance(moment - passed, step=30.0)
            passed = moment
            entries.append(int((await paper.post(entry(number, self.chance))).body["id"]))
        exits: dict[str, int] = {}
        for number, symbol in enumerate(sorted(opened), 9000):
            await paper.advance(5.0)
            passed += 5.0
            exits[symbol] = int((await paper.post(leaving(number, symbol))).body["id"])
        await paper.advance(AWAY_SECONDS - passed, step=30.0)
        return entries, exits

    async def _judge(self, paper: PaperHost, entries: list[int], exits: dict[str, int]) -> None:
        ends = {row.id: (row.state, row.reason) for row in await paper.alerts()}
        assert {ends[one] for one in entries} == {("refused", "expired")}
        assert {ends[one] for one in exits.values()} == {("done", None)}
        assert await paper.positions() == ()
        query = "SELECT type FROM outbox WHERE type LIKE 'broker_%' ORDER BY id"
        told = await paper.host.journal.read(lambda c: [row[0] for row in c.execute(query)])
        assert told == ["broker_lost", "broker_back"]


SCRIPTS = range(first_seed(), first_seed() + count("ZEPIX_SCRIPTS", 1))


@pytest.mark.parametrize("seed", SCRIPTS)
async def test_entries_expire_exits_go_out_and_people_hear_once_each_way(tmp_path: Path, seed: int) -> None:
    await Script(tmp_path / "home", seed, count("ZEPIX_ALERTS", 20)).run()
