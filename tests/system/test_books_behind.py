"""The broker's books change behind the host's back: equal again in 35 s or at the start, without a trade.

`tox -e books` runs 500 scripts; ``ZEPIX_SCRIPTS=1 ZEPIX_SEED=n`` repeats one.
"""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from tests.system.campaigns import ALWAYS_OPEN, Around, count, entry, first_seed
from zepix_core.broker.paper.broker import PaperBroker
from zepix_core.broker.paper.store import read_deals
from zepix_core.broker.port import MovingBroker
from zepix_core.model.books import BookKind, BookRow
from zepix_core.model.market import Side
from zepix_core.model.order import Book, Position
from zepix_core.testing.host import PaperHost

WITHIN = 35.0
STEP = 0.5
SETTLED = {BookKind.SAME, BookKind.FOREIGN}


@attrs.define
class Figures:
    scripts: int = 0
    acts: int = 0
    down: int = 0
    silent: int = 0
    longest: float = 0.0
    kinds: set[str] = attrs.field(factory=set)

    def line(self) -> str:
        return (
            f"\nbooks: {self.scripts} scripts, {self.acts} changes behind the host's back"
            f" ({', '.join(sorted(self.kinds))}), {self.down} with the host down,"
            f" {self.silent} untold: equal in {self.longest:g} s at most, 0 repairing trades"
        )


async def test_the_books_become_equal_and_nothing_is_repaired_by_trading(tmp_path: Path) -> None:
    figures = Figures()
    for seed in range(first_seed(), first_seed() + count("ZEPIX_SCRIPTS", 3)):
        try:
            await Script(tmp_path / str(seed), seed, figures).play()
        except BaseException:
            print(f"\nthe script of seed {seed} failed: ZEPIX_SCRIPTS=1 ZEPIX_SEED={seed}")
            raise
    print(figures.line())
    assert figures.longest <= WITHIN


class Script:
    """One home, some trades, some changes by somebody else."""

    def __init__(self, home: Path, seed: int, figures: Figures) -> None:
        self.chance = random.Random(seed)
        self.figures = figures
        self.around: Around
        self.paper = PaperHost(
            home, only=("zepix-bracket",), settings=ALWAYS_OPEN, profile="bench", around=self._around
        )

    def _around(self, inner: MovingBroker) -> MovingBroker:
        self.around = Around(inner)
        return self.around

    async def play(self) -> None:
        self.figures.scripts += 1
        async with self.paper:
            for number in range(self.chance.randint(1, 4)):
                answer = await self.paper.post(entry(number, self.chance))
                assert answer.status == 200
            await self.paper.settled()
            down = self.chance.random() < 0.4
            if not down:
                await self._while_running()
        if down:
            await self._while_down()

    async def _while_running(self) -> None:
        asked = self._asked()
        self.around.silent = self.chance.random() < 0.5
        self.figures.silent += self.around.silent
        for _ in range(self.chance.randint(1, 4)):
            await self._act(self.paper.terminal)
            await self.paper.advance(self.chance.choice((0.0, 0.1, 1.0, 4.0)), 0.5)
        passed = 0.0
        while (await self._unequal() or await self._booked() != self._done()) and passed <= WITHIN:
            await self.paper.advance(STEP, STEP)
            passed += STEP
        await self._judge(asked, passed)

    async def _while_down(self) -> None:
        self.figures.down += 1
        asked = self._asked()
        self.paper.clock.advance(self.chance.choice((1.0, 600.0, 90_000.0)))
        async with self.paper.terminal_alone() as terminal:
            for _ in range(self.chance.randint(1, 5)):
                await self._act(terminal)
        async with self.paper:
            await self._judge(asked, 0.0)

    async def _act(self, terminal: PaperBroker) -> None:
        """One thing that somebody else does."""
        positions = [p for p in await terminal.positions() if p.magic]
        position = self.chance.choice(positions) if positions else None
        act = self.chance.choice(("close", "partial", "stop hit", "foreign", "stops moved"))
        if position is None or act == "foreign":
            act = "foreign"
            side = self.chance.choice((Side.BUY, Side.SELL))
            await terminal.by_hand_open(self.chance.choice(("EURUSD", "USDCAD")), side, 0.2)
        elif act == "close":
            await terminal.by_hand_close(position.ticket)
        elif act == "partial":
            await self._close_a_part(terminal, position)
        elif act == "stop hit":
            await terminal.observe(position.symbol, self._beyond(position))
        else:
            nearer = round(position.sl + position.side.sign * 0.001, 5)
            await terminal.by_hand_stops(position.ticket, nearer, position.tp)
        self.figures.acts += 1
        self.figures.kinds.add(act)

    async def _close_a_part(self, terminal: PaperBroker, position: Position) -> None:
        part = round(position.volume / 2, 2)
        await terminal.by_hand_close(position.ticket, part if 0 < part < position.volume else None)

    def _beyond(self, position: Position) -> float:
        level = self.chance.choice((position.sl, position.tp))
        sign = -1 if (level == position.sl) == (position.side is Side.BUY) else 1
        return round(level + sign * 0.002, 5)

    async def _rows(self) -> tuple[BookRow, ...]:
        reconciler = self.paper.host.front.reconciler
        assert reconciler is not None
        return await reconciler.compare()

    async def _unequal(self) -> list[BookRow]:
        return [row for row in await self._rows() if row.kind not in SETTLED]

    async def _judge(self, asked: int, passed: float) -> None:
        """Position by position, deal by deal, and nothing asked of the broker."""
        self.figures.longest = max(self.figures.longest, passed)
        assert await self._unequal() == []
        rows = {row.ticket: row for row in await self._rows()}
        for position in await self.paper.terminal.positions():
            row = rows.pop(position.ticket)
            if position.magic:
                assert row.kind is BookKind.SAME
                assert row.our_lots == pytest.approx(position.volume)
                assert (row.our_sl, row.our_tp) == (position.sl, position.tp)
            else:
                assert row.kind is BookKind.FOREIGN
        assert rows == {}
        assert await self._booked() == self._done()
        assert self._asked() == asked

    async def _booked(self) -> set[int]:
        return await self.paper.host.journal.read(
            lambda c: {ticket for (ticket,) in c.execute("SELECT ticket FROM deals")}
        )

    def _done(self) -> set[int]:
        """Every deal in the broker's own file."""
        with closing(sqlite3.connect(self.paper.home.paper_db)) as file:
            file.row_factory = None
            return {deal.ticket for deal in read_deals(file, Book.LIVE)}

    def _asked(self) -> int:
        """Orders that the host has asked for."""
        with closing(sqlite3.connect(self.paper.home.paper_db)) as file:
            (asked,) = file.execute("SELECT count(*) FROM orders WHERE intent_id != ''").fetchone()
        return int(asked)
