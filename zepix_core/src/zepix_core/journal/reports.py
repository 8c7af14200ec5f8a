"""What plugins report of themselves: a few lines each, in the journal and here in memory."""

import asyncio
import sqlite3
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

import attrs

from zepix_core.clock import Clock, iso
from zepix_core.errors import BadArgument
from zepix_core.journal import host_state
from zepix_core.model.report import Report, ReportLevel
from zepix_core.services.calls import ReportRequest
from zepix_core.storage.executor import Executor

MOST = 50
PREFIX = "report:"
_GRAVEST = (ReportLevel.ERROR, ReportLevel.WARNING, ReportLevel.INFO)
Rows = tuple[Report, ...]


class Reports:
    """At most `MOST` of a plugin; what is told again unchanged costs no write."""

    def __init__(self, executor: Executor, clock: Clock) -> None:
        self._executor = executor
        self._clock = clock
        self._kept: dict[str, Rows] = {}
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Take up what an earlier life was told."""
        rows = await self._executor.read(stored)
        plugins = {report.plugin for report in rows}
        self._kept = {plugin: tuple(r for r in rows if r.plugin == plugin) for plugin in plugins}

    def now(self) -> Rows:
        """Every report that holds now, the gravest first, then by plugin and name."""
        return in_force((report for rows in self._kept.values() for report in rows), self._clock.now_ns())

    async def take(self, plugin: str, request: ReportRequest) -> None:
        """Keep or clear one report.

        Raises:
            BadArgument: The plugin has `MOST` others that hold.
        """
        async with self._turn:
            await self._take(plugin, request, self._clock.now_ns())

    async def _take(self, plugin: str, request: ReportRequest, now_ns: int) -> None:
        before = {report.name: report for report in in_force(self._kept.get(plugin, ()), now_ns)}
        after = dict(before)
        after.pop(request.name, None)
        if request.text and (request.until_ns is None or request.until_ns > now_ns):
            if len(after) >= MOST:
                raise BadArgument(
                    f"{plugin} reports {MOST} things already.", "Clear what does not hold any more."
                )
            after[request.name] = _report(plugin, request, before.get(request.name), now_ns)
        if after != before:
            await self._set(plugin, tuple(after.values()))

    async def keep(self, plugins: Collection[str]) -> None:
        """Forget the reports of all others: they are not installed any more."""
        async with self._turn:
            for plugin in set(self._kept) - set(plugins):
                await self._set(plugin, ())

    async def _set(self, plugin: str, rows: Rows) -> None:
        await self._executor.run(partial(self._write, plugin, rows))
        self._kept[plugin] = rows

    def _write(self, plugin: str, rows: Rows, connection: sqlite3.Connection) -> None:
        key = PREFIX + plugin
        if rows:
            host_state.write(connection, self._clock, key, [attrs.asdict(report) for report in rows])
        else:
            host_state.remove(connection, key)


def stored(connection: sqlite3.Connection) -> Rows:
    """Every report in the journal, also those that have ended."""
    found: list[dict[str, Any]] = []
    for key in host_state.keys(connection, PREFIX):
        found += host_state.read(connection, key)
    return tuple(Report(**{**row, "level": ReportLevel(row["level"])}) for row in found)


def in_force(reports: Iterable[Report], now_ns: int) -> Rows:
    """Those that have not ended, the gravest first, then by plugin and name."""
    now = iso(now_ns)
    holding = [report for report in reports if report.until is None or now < report.until]
    return tuple(sorted(holding, key=lambda r: (_GRAVEST.index(r.level), r.plugin, r.name)))


def _report(plugin: str, request: ReportRequest, before: Report | None, now_ns: int) -> Report:
    same = before is not None and (before.text, before.level) == (request.text, request.level)
    return Report(
        plugin=plugin,
        name=request.name,
        text=request.text,
        level=request.level,
        next=request.next,
        since=before.since if before is not None and same else iso(now_ns),
        until=None if request.until_ns is None else iso(request.until_ns),
    )
