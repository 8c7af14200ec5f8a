"""A broker on a bad day, fault by fault and all at once: one order a leg, whatever became of the reply.

`tox -e faults` runs 500 alerts a row; ``ZEPIX_ALERTS=n ZEPIX_SEED=m`` runs others.
"""

import os
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from tests.system.campaigns import PRICES, count, entry, first_seed, leaving
from tests.system.killing import pair
from zepix_core.broker.paper.faults import DISCONNECT, PROBABLE
from zepix_core.model.books import BookKind
from zepix_core.model.order import Action
from zepix_core.testing.host import PaperHost

SURE = {name: f"{name}:1" for name in ("timeout_after_execute", "none_after_send", "late_reply")}
ROWS = {
    **{name: SURE.get(name, f"{name}:0.5") for name in PROBABLE},
    DISCONNECT: f"{DISCONNECT}:7",
    "nameless": "timeout_after_execute:1,rewrite_comment:1",
    "mixed": ",".join([*(f"{name}:0.15" for name in PROBABLE), f"{DISCONNECT}:60"]),
}
FEW = ("timeout_after_execute", "partial", "mixed")
HELD = ("filled", "partly_filled", "closed", "adopted")
NOTHING = ("denied", "rejected", "dropped", "not_sent")
LEFT = 0.1
"""A share of the alerts asks to close what is open on a symbol."""


@attrs.define
class Figures:
    """What the books show after a row."""

    alerts: int = 0
    legs: int = 0
    once: int = 0
    denied: int = 0
    never: int = 0
    people: int = 0
    doubled: int = 0
    lost: int = 0

    def line(self, name: str) -> str:
        return (
            f"\nfaults: {name}: {self.alerts} alerts, {self.legs} legs: {self.once} executed once,"
            f" {self.denied} denied before, {self.never} not executed and said so,"
            f" {self.people} wait for a person, {self.doubled} doubled, {self.lost} lost"
        )


@pytest.mark.parametrize("name", ROWS if "ZEPIX_ALERTS" in os.environ else FEW)
async def test_each_leg_is_executed_once_or_not_at_all(tmp_path: Path, name: str) -> None:
    figures = await campaign(tmp_path / "home", ROWS[name], count("ZEPIX_ALERTS", 5))
    print(figures.line(name))
    assert (figures.doubled, figures.lost) == (0, 0)
    assert figures.legs > 0
    if name in ("timeout_after_execute", "none_after_send"):  # executed, and the reply lost
        assert figures.once == figures.legs - figures.denied
        assert (figures.never, figures.people) == (0, 0)


async def campaign(home: Path, faults: str, alerts: int) -> Figures:
    """Send the alerts, wait until every outcome is certain, and count both books."""
    chance = random.Random(first_seed())
    settings = {"paper": {"market_always_open": True, "seed": first_seed(), "balance": 1_000_000.0}}
    paper = PaperHost(
        home, only=("zepix-bracket", "zepix-plugins-v3"), settings=settings, profile="bench", faults=faults
    )
    async with paper:
        for number in range(alerts):
            assert (await paper.post(_body(number, chance))).status == 200
            await paper.advance(chance.choice((0.0, 0.5, 2.0)), 0.5)
            if number % 20 == 19:
                await _quiet(paper)
        await _quiet(paper)
        reconciler = paper.host.front.reconciler
        assert reconciler is not None
        await _linked(paper)
        rows = await reconciler.compare()
        legal = (BookKind.SAME, BookKind.NEEDS_HUMAN)
        assert [row for row in rows if row.kind not in legal] == []
        return await _count(paper, alerts)


def _body(number: int, chance: random.Random) -> str:
    draw = chance.random()
    if draw < LEFT:
        return leaving(number, chance.choice(list(PRICES)))
    return pair(number, chance) if draw < 0.4 else entry(number, chance, lots=0.04)


async def _quiet(paper: PaperHost) -> None:
    """Every outcome is certain; a close that a shut door refused may still wait."""
    await paper.settled(900.0)


async def _linked(paper: PaperHost) -> None:
    for _ in range(200):
        if paper.host.front.link and paper.host.desk.line.link:
            return
        await paper.advance(1.0)
    raise AssertionError("the broker does not come back")


async def _count(paper: PaperHost, alerts: int) -> Figures:
    """Entries of the journal beside the orders in the broker's own file."""
    done = _executed(paper.home.paper_db)
    figures = Figures(alerts=alerts)
    known = set()
    for row in await paper.orders():
        if row.action != Action.OPEN:
            continue
        figures.legs += 1
        known.add(row.intent_id)
        times = done[row.intent_id]
        figures.doubled += times > 1
        if row.state in HELD:
            figures.once += times == 1
            figures.lost += times == 0
        elif row.state == "needs_human":
            figures.people += 1
        else:
            assert row.state in NOTHING, row
            figures.denied += row.state == "denied" and times == 0
            figures.never += row.state != "denied" and times == 0
            figures.lost += times > 0
    figures.lost += len(done.keys() - known)
    return figures


def _executed(file: Path) -> Counter[str]:
    """How often the broker has opened a position for each intent."""
    with closing(sqlite3.connect(file)) as book:
        rows = book.execute("SELECT intent_id FROM orders WHERE action = 'open' AND filled > 0").fetchall()
    return Counter(one for (one,) in rows)


def test_the_rows_name_every_fault_there_is() -> None:
    assert set(ROWS) == {*PROBABLE, DISCONNECT, "nameless", "mixed"}
    assert all(name in ROWS["mixed"] for name in PROBABLE)
