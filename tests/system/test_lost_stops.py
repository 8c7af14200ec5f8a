"""Stops that are refused, cancelled or vanish: no position is without one for more than 5 s while connected.

`tox -e stops` runs 1,000 scripts, five in one life of a host; ``ZEPIX_SCRIPTS=5 ZEPIX_SEED=n`` repeats one.
"""

import random
from collections import Counter
from pathlib import Path

import attrs

from tests.system.campaigns import ALWAYS_OPEN, PRICES, Around, count, entry, first_seed
from zepix_core.broker.port import MovingBroker
from zepix_core.errors import OutcomeUnknown
from zepix_core.journal.listing import OrderRow
from zepix_core.model.order import Action, Book, OrderReply, OrderRequest, Position
from zepix_core.testing.host import PaperHost

LONGEST = 5.0
STEP = 0.2
IN_ONE_LIFE = 5
LOOKED_AT = 7.0
WAYS = (
    "cancelled",
    "vanished",
    "left out",
    "cancelled and refused",
    "vanished and refused",
    "left out and refused",
)
REFUSALS = (10004, 10006, 10013, 10016, 10021, 10024, 10028, 10029, "lost", "lost after")
SYMBOLS = list(PRICES)


@attrs.define
class Figures:
    scripts: int = 0
    ways: Counter[str] = attrs.field(factory=Counter)
    set_again: int = 0
    closed: int = 0
    longest: float = 0.0

    def line(self) -> str:
        ways = ", ".join(f"{name} {times}" for name, times in sorted(self.ways.items()))
        return (
            f"\nstops: {self.scripts} scripts ({ways}): {self.set_again} set again, {self.closed} closed;"
            f" longest time without a stop {self.longest:.1f} s"
        )


async def test_no_position_is_without_its_stop_for_long(tmp_path: Path) -> None:
    figures = Figures()
    lives = -(-count("ZEPIX_SCRIPTS", 5) // IN_ONE_LIFE)
    for seed in range(first_seed(), first_seed() + lives):
        try:
            await Life(tmp_path / str(seed), seed, figures).play()
        except BaseException:
            print(f"\nthe life of seed {seed} failed: ZEPIX_SCRIPTS=5 ZEPIX_SEED={seed}")
            raise
    print(figures.line())
    assert figures.longest <= LONGEST


class Life:
    """A host whose broker takes stops away, and refuses to set them."""

    def __init__(self, home: Path, seed: int, figures: Figures) -> None:
        self.chance = random.Random(seed)
        self.figures = figures
        self.around: Around
        self.refusing: list[int | str] = []
        self.leave_out = False
        self.busy = 0
        self.number = 0
        self.bare: dict[int, float] = {}
        self.paper = PaperHost(
            home, only=("zepix-bracket",), settings=ALWAYS_OPEN, profile="bench", around=self._around
        )

    def _around(self, inner: MovingBroker) -> MovingBroker:
        self.around = Around(inner)
        self.around.submits = self._submit
        return self.around

    async def _submit(self, inner: MovingBroker, request: OrderRequest) -> OrderReply:
        if request.action is Action.OPEN and self.busy:
            self.busy -= 1
            return OrderReply(retcode=10024)
        if request.action is Action.OPEN and self.leave_out:
            self.leave_out = False
            return await inner.submit(attrs.evolve(request, sl=0.0))
        if request.action is Action.MODIFY and self.refusing:
            refusal = self.refusing.pop(0)
            if isinstance(refusal, int):
                return OrderReply(retcode=refusal, comment="refused")
            if refusal == "lost after":
                await inner.submit(request)
            raise OutcomeUnknown("No answer.")
        return await inner.submit(request)

    async def play(self) -> None:
        async with self.paper:
            for _ in range(IN_ONE_LIFE):
                await self._script()

    async def _script(self) -> None:
        way = self.chance.choice(WAYS)
        self.figures.scripts += 1
        self.figures.ways[way] += 1
        self.around.silent = way.startswith("vanished")
        self.refusing = []
        if way.endswith("refused"):
            self.refusing = self.chance.choices(REFUSALS, k=self.chance.randint(1, 4))
        symbol = SYMBOLS[self.number % len(SYMBOLS)]
        self.leave_out = way.startswith("left out")
        await self._enter(symbol)
        position = await self._newest()
        if not way.startswith("left out"):
            await self._watch(self.chance.uniform(0.0, 3.0))
            await self.paper.terminal.by_hand_stops(position.ticket, 0.0, position.tp)
            if self.chance.random() < 0.3:  # somebody else's order waits for a busy server meanwhile
                self.busy = 3
                await self._post(SYMBOLS[(self.number + 1) % len(SYMBOLS)])
        await self._watch(LOOKED_AT)
        await self._judge(position)

    async def _enter(self, symbol: str) -> None:
        await self._post(symbol)
        for _ in range(5):
            await self._watch(STEP)
            if any(p.symbol == symbol for p in await self.paper.terminal.positions()):
                return
        raise AssertionError(f"no position in {symbol}: {(await self.paper.orders())[-1]}")

    async def _post(self, symbol: str) -> None:
        self.number += 1
        assert (await self.paper.post(entry(self.number, self.chance, symbol))).status == 200

    async def _newest(self) -> Position:
        return max(await self.paper.terminal.positions(), key=lambda position: position.ticket)

    async def _watch(self, seconds: float) -> None:
        """Let time pass; every position without a stop is timed, the step it is seen in included."""
        for _ in range(max(1, round(seconds / STEP))):
            await self.paper.advance(STEP, STEP)
            now = self.paper.clock.monotonic()
            bare = {p.ticket for p in await self.paper.terminal.positions(Book.LIVE) if not p.sl}
            for ticket in list(self.bare):
                if ticket not in bare:
                    self._note(now - self.bare.pop(ticket))
            for ticket in bare:
                self.bare.setdefault(ticket, now - STEP)

    def _note(self, seconds: float) -> None:
        self.figures.longest = max(self.figures.longest, seconds)
        assert seconds <= LONGEST, f"{seconds:.1f} s without a stop"

    async def _judge(self, position: Position) -> None:
        """The stop stands where it was, or the position is closed and people were told; the rest goes."""
        assert self.bare == {}
        shown = {p.ticket: p for p in await self.paper.terminal.positions()}
        if position.ticket in shown:
            self.figures.set_again += 1
            assert shown[position.ticket].sl == (await self._order(position.ticket)).sl
        else:
            self.figures.closed += 1
            assert f"unprotected:{position.ticket}" in await self._told()
        self.refusing, self.busy, self.around.silent = [], 0, False
        for other in shown.values():
            await self.paper.terminal.by_hand_close(other.ticket)
        await self.paper.advance(1.0, STEP)

    async def _order(self, ticket: int) -> OrderRow:
        return next(row for row in await self.paper.orders() if row.ticket == ticket and row.action == "open")

    async def _told(self) -> set[str]:
        query = "SELECT key FROM outbox WHERE type = 'risk_alert'"
        return await self.paper.host.journal.read(lambda c: {key for (key,) in c.execute(query)})
