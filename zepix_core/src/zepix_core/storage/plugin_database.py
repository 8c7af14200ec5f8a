"""The database object a plugin gets: its group's file, and only that."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import attrs

from zepix_core.clock import Clock, SystemClock, moment
from zepix_core.storage import core_tables
from zepix_core.storage.connection import Durability, open_writer
from zepix_core.storage.core_tables import Row
from zepix_core.storage.executor import Executor, WriterThread
from zepix_core.storage.migrations import Applied, core_steps, history, migrate, pending, read_steps
from zepix_core.storage.stamps import stamp

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
ExecutorFactory = Callable[[Path, Durability], Executor]


@attrs.frozen(kw_only=True)
class DatabaseStats:
    """What was asked of a database file since it was opened.

    Attributes:
        connections: Open connections: the writer and the readers opened so far.
        last_query: Moment of the last call, aware UTC, ``None`` before the first.
    """

    queries: int = 0
    inserts: int = 0
    updates: int = 0
    selects: int = 0
    errors: int = 0
    connections: int = 1
    last_query: datetime | None = None


class _Counts:
    def __init__(self) -> None:
        self.inserts = self.updates = self.selects = self.other = self.errors = self.last_ns = 0


class PluginDatabase:
    """One database group, as one of its plugins sees it.

    Every method that writes returns after the commit. What is written under the plugin's name is read
    under it: plugins that share a file do not see each other's trades here.

    Attributes:
        group: Name of the database group.
        plugin: The plugin whose rows are written and read.
    """

    def __init__(self, executor: Executor, group: str, clock: Clock, plugin: str = "") -> None:
        self.group = group
        self.plugin = plugin or group
        self._executor = executor
        self._clock = clock
        self._counts = _Counts()

    def of(self, plugin: str) -> "PluginDatabase":
        """The same file as another plugin of the group sees it; counts are shared."""
        view = PluginDatabase(self._executor, self.group, self._clock, plugin)
        view._counts = self._counts
        return view

    def now(self) -> str:
        """This moment as the tables hold it: UTC text ``YYYY-MM-DD HH:MM:SS``."""
        return stamp(self._clock.now_ns())

    async def run(self, work: Work[T]) -> T:
        """Run ``work(connection)`` in one write transaction, all or nothing; returns after the commit.

        ``work`` is a plain function; it neither commits nor awaits. What it raises is raised here, and
        undoes all it did.

        Raises:
            StorageError: The commit failed; nothing was stored.
        """
        return await self._do("other", self._executor.run(work))

    transaction = run

    async def read(self, work: Work[T]) -> T:
        """Run ``work(connection)`` on a read-only connection, in one read transaction."""
        return await self._do("selects", self._executor.read(work))

    async def save_trade(self, trade: Mapping[str, Any]) -> int:
        """Store a trade in ``trades`` and return its id; a ticket stored before keeps its row.

        ``symbol``, ``direction``, ``lot_size`` and ``entry_price`` are required; ``signal_data`` is stored
        as JSON; ``entry_time`` defaults to now.

        Raises:
            BadArgument: A column that does not exist, is missing, or holds a value it cannot.
        """
        now = self.now()
        return await self._insert(lambda c: core_tables.save_trade(c, self.plugin, trade, now))

    async def update_trade(self, trade_id: int, changes: Mapping[str, Any]) -> bool:
        """Change a trade's ``exit_time exit_price profit_pips profit_dollars commission swap status
        close_reason sl_price tp_price``; False when there is no such trade.

        Raises:
            BadArgument: Another column, or a value it cannot hold.
        """
        now = self.now()
        return await self._update(lambda c: core_tables.update_trade(c, trade_id, changes, now))

    async def close_trade(
        self, trade_id: int, exit_price: float, profit_dollars: float, close_reason: str
    ) -> bool:
        """Mark a trade closed now; False when it is closed already, or not there."""
        now = self.now()
        return await self._update(
            lambda c: core_tables.close_trade(c, trade_id, exit_price, profit_dollars, close_reason, now)
        )

    async def get_trade(self, trade_id: int) -> Row | None:
        """The trade with that id."""
        return await self.read(lambda c: core_tables.get_trade(c, trade_id))

    async def get_trade_by_ticket(self, ticket: int) -> Row | None:
        """The trade with that MT5 ticket."""
        return await self.read(lambda c: core_tables.get_trade_by_ticket(c, ticket))

    async def get_open_trades(self) -> list[Row]:
        """Trades that still have lots open (OPEN and PARTIAL), oldest first."""
        return await self.read(lambda c: core_tables.get_open_trades(c, self.plugin))

    async def get_trades_by_date(self, day: date | str) -> list[Row]:
        """Trades entered on that UTC day, oldest first."""
        return await self.read(lambda c: core_tables.get_trades_by_date(c, self.plugin, day))

    async def log_signal(self, signal: Mapping[str, Any]) -> int:
        """Note a signal in ``signals_log`` and return its row's id; the same ``alert_key`` updates its row.

        Raises:
            BadArgument: As for `save_trade`; ``signal_type`` and ``symbol`` are required.
        """
        now = self.now()
        return await self._insert(lambda c: core_tables.log_signal(c, self.plugin, signal, now))

    async def update_daily_stats(self, day: date | str, stats: Mapping[str, Any]) -> None:
        """Set figures of a day in ``daily_stats``; those not named stay as they are."""
        now = self.now()
        await self._update(lambda c: core_tables.update_daily_stats(c, self.plugin, day, stats, now))

    async def get_daily_stats(self, day: date | str) -> Row | None:
        """The figures of a day, ``None`` when there are none."""
        return await self.read(lambda c: core_tables.get_daily_stats(c, self.plugin, day))

    async def note_start(self, version: str) -> None:
        """Write down that the plugin starts (``plugin_info``)."""
        now = self.now()
        await self._update(lambda c: core_tables.note_start(c, self.plugin, version, now))

    async def note_stop(self, hours: float) -> None:
        """Add the hours the plugin ran (``plugin_info``)."""
        await self._update(lambda c: core_tables.note_stop(c, self.plugin, hours))

    def get_stats(self) -> DatabaseStats:
        """What was asked of the file since it was opened, by all plugins of the group."""
        counts = self._counts
        return DatabaseStats(
            queries=counts.inserts + counts.updates + counts.selects + counts.other,
            inserts=counts.inserts,
            updates=counts.updates,
            selects=counts.selects,
            errors=counts.errors,
            connections=self._executor.connections,
            last_query=moment(counts.last_ns) if counts.last_ns else None,
        )

    async def close(self) -> None:
        """Finish what was submitted, checkpoint, close. The worker does this at its end."""
        await self._executor.close()

    async def _insert(self, work: Work[T]) -> T:
        return await self._do("inserts", self._executor.run(work))

    async def _update(self, work: Work[T]) -> T:
        return await self._do("updates", self._executor.run(work))

    async def _do(self, kind: str, doing: Awaitable[T]) -> T:
        counts = self._counts
        setattr(counts, kind, getattr(counts, kind) + 1)
        counts.last_ns = self._clock.now_ns()
        try:
            return await doing
        except Exception:
            counts.errors += 1
            raise


def open_plugin_database(
    path: Path,
    group: str,
    migrations: str = "",
    *,
    executor: ExecutorFactory = WriterThread,
    clock: Clock | None = None,
    before_migration: Callable[[Path], None] | None = None,
) -> PluginDatabase:
    """Create or open a group's file, bring its tables up to date, and start its executor. Blocks.

    Args: as for `migrate_plugin_file`.

    Raises:
        StorageError: The file cannot be used, or a migration failed.
    """
    clock = clock or SystemClock()
    migrate_plugin_file(path, migrations, clock, before_migration)
    return PluginDatabase(executor(path, Durability.NORMAL), group, clock)


def migrate_plugin_file(
    path: Path,
    migrations: str,
    clock: Clock,
    before_migration: Callable[[Path], None] | None = None,
) -> tuple[Applied, ...]:
    """Create a group's file or bring its tables up to date: the core tables, then the group's own. Blocks.

    Args:
        migrations: Dotted name of the package with the group's own ``NNN_name.sql``, ``""`` for none.
        before_migration: Called with the path when a file that is in use is about to be migrated, for a
            backup; an exception stops the migration.

    Returns:
        What was applied now.

    Raises:
        StorageError: The file cannot be used, or a script failed; those before it stay.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = open_writer(path, Durability.NORMAL)
    try:
        sets = (core_steps(), read_steps(migrations) if migrations else ())
        waiting = [step for steps in sets for step in pending(connection, steps)]
        if waiting and before_migration is not None and history(connection):
            before_migration(path)
        return tuple(row for steps in sets for row in migrate(connection, steps, clock))
    finally:
        connection.close()
