"""A simulated week of 200 alerts, played to a whole host in virtual time; its books, kept for tests."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from zepix_core.clock import NS, nanoseconds
from zepix_core.journal.listing import AlertRow, OrderRow, TradeRow
from zepix_core.model.order import Deal, Position
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.host import PaperHost
from zepix_core.testing.process import Answer

FILE = Path(__file__).parents[1] / "v3" / "data" / "v3_alerts.jsonl"
LINES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
STEPS_BETWEEN = 4


@attrs.frozen(kw_only=True)
class Week:
    """What the host answered, by line, and how every book stands after the last one."""

    answers: dict[int, Answer]
    alerts: dict[int, AlertRow]
    orders: tuple[OrderRow, ...]
    trades: tuple[TradeRow, ...]
    positions: tuple[Position, ...]
    deals: tuple[Deal, ...]
    pairs: list[dict[str, Any]]
    signals: list[dict[str, Any]]

    def alert_of(self, line: dict[str, Any]) -> AlertRow:
        """The alert that a line became."""
        return self.alerts[self.answers[line["id"]].body["id"]]


def play(home: Path) -> Week:
    """Post every line at its time and read all books."""
    return asyncio.run(_play(home))


async def _play(home: Path) -> Week:
    clock = VirtualClock(_moment(LINES[0]))
    answers = {}
    async with PaperHost(home, only=("zepix-plugins-v3",), clock=clock) as paper:
        for line in LINES:
            gap = (_moment(line) - clock.now_ns()) / NS
            await paper.advance_to(_moment(line), step=max(1.0, gap / STEPS_BETWEEN))
            answers[line["id"]] = await paper.post(line["body"])
            await paper.settled()
        plugin = paper.home.data / "zepix_combined_v3.db"
        return Week(
            answers=answers,
            alerts={row.id: row for row in await paper.alerts()},
            orders=await paper.orders(),
            trades=await paper.trades(),
            positions=await paper.positions(),
            deals=await paper.deals(),
            pairs=_rows(plugin, "SELECT * FROM combined_v3_trades ORDER BY id"),
            signals=_rows(plugin, "SELECT * FROM v3_signals_log ORDER BY id"),
        )


def _moment(line: dict[str, Any]) -> int:
    return nanoseconds(datetime.fromisoformat(line["received_at"]))


def _rows(path: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]
