"""V3's week and V6's, laid over each other and played to one host in virtual time; its books."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from zepix_core.clock import NS, nanoseconds
from zepix_core.journal.listing import AlertRow, OrderRow, TradeRow
from zepix_core.model.order import Deal, Position
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost
from zepix_core.testing.process import Answer
from zepix_plugins_v6.profiles import PROFILES

DATA = Path(__file__).parents[1]
LATER = timedelta(days=7)
STEPS_BETWEEN = 4
PRICED = ("BULLISH_ENTRY", "BEARISH_ENTRY", "EXIT_BULLISH", "EXIT_BEARISH")
SAME = timedelta(seconds=60)


@attrs.frozen(kw_only=True)
class Line:
    """One message of one of the files; V6's week is moved onto V3's."""

    family: str
    number: int
    at: datetime
    body: str
    valid: bool = True


def read_lines() -> list[Line]:
    """The messages of both files in the order of receipt."""
    found = []
    for family, later in (("v3", timedelta(0)), ("v6", LATER)):
        file = DATA / family / "data" / f"{family}_alerts.jsonl"
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines()):
            told = json.loads(text)
            at = datetime.fromisoformat(told["received_at"]) - later
            valid = told.get("valid", True)
            found.append(Line(family=family, number=number, at=at, body=told["body"], valid=valid))
    return sorted(found, key=lambda line: line.at)


LINES = read_lines()
V6_LINES = [line for line in LINES if line.family == "v6"]


@attrs.frozen(kw_only=True)
class Both:
    """What the host answered, by line, and how every book stands after the last one.

    Attributes:
        sent: What was posted: V6's prices are moved to where the market is.
        tables: Rows by table, of both plugin files.
    """

    answers: dict[Line, Answer]
    sent: dict[Line, str]
    alerts: dict[int, AlertRow]
    orders: tuple[OrderRow, ...]
    trades: tuple[TradeRow, ...]
    positions: tuple[Position, ...]
    deals: tuple[Deal, ...]
    tables: dict[str, list[dict[str, Any]]]

    def alert_of(self, line: Line) -> AlertRow:
        """The alert that a line became."""
        return self.alerts[self.answers[line].body["id"]]


def play(home: Path) -> Both:
    """Post every line at its time and read all books."""
    return asyncio.run(_play(home))


async def _play(home: Path) -> Both:
    clock = VirtualClock(nanoseconds(LINES[0].at))
    answers: dict[Line, Answer] = {}
    sent: dict[Line, str] = {}
    live = {profile.id: {"shadow_mode": False} for profile in PROFILES}
    paper = PaperHost(
        home,
        only=("zepix-plugins-v3", "zepix-plugins-v6"),
        plugin_settings=live,
        settings={"paper": {"balance": 120_000.0}},
        clock=clock,
    )
    async with paper:
        for line in LINES:
            gap = (nanoseconds(line.at) - clock.now_ns()) / NS
            await paper.advance_to(nanoseconds(line.at), step=max(1.0, gap / STEPS_BETWEEN))
            sent[line] = await _body(line, sent, paper)
            answers[line] = await paper.post(sent[line])
            await paper.settled()
        return Both(
            answers=answers,
            sent=sent,
            alerts={row.id: row for row in await paper.alerts()},
            orders=await paper.orders(),
            trades=await paper.trades(),
            positions=await paper.positions(),
            deals=await paper.deals(),
            tables=_tables(paper.home.data),
        )


async def _body(line: Line, sent: dict[Line, str], paper: PaperHost) -> str:
    """The line's text; prices of V6 entries and exits are moved to the market, all by one distance. The same
    text within a minute stays the same."""
    fields = line.body.split("|")
    if line.family == "v3" or not line.valid or fields[0] not in PRICED:
        return line.body
    again = [s for s in sent if s.body == line.body and line.at - s.at < SAME]
    if again:
        return sent[again[0]]
    quote = await paper.host.broker.quote(fields[1])
    if quote is None:
        return line.body
    move = Decimal(repr(quote.bid)) - Decimal(fields[3])
    return "|".join(
        f"{Decimal(field) + move:f}" if place in _prices(fields) else field
        for place, field in enumerate(fields)
    )


def _prices(fields: list[str]) -> set[int]:
    levels = fields[9:13] if len(fields) >= 13 else []
    full = bool(levels) and all(level.replace(".", "", 1).isdigit() for level in levels)
    return {3, *(range(9, 13) if full and fields[0].endswith("ENTRY") else ())}


def _tables(data: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name in ("zepix_combined_v3.db", "zepix_price_action.db"):
        with closing(sqlite3.connect(data / name)) as connection:
            connection.row_factory = sqlite3.Row
            query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            for (table,) in connection.execute(query).fetchall():
                rows = [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]
                found[f"{name.removeprefix('zepix_').removesuffix('.db')}.{table}"] = rows
    return found
