"""The database groups of one worker: each file opened once, held by an operating-system lock."""

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import attrs

from zepix_core.clock import Clock
from zepix_core.errors import PluginError
from zepix_core.model.storage import StorageNews
from zepix_core.plugin import DatabaseSettings
from zepix_core.plugins.file_health import FileHealth
from zepix_core.storage.backup import back_up
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import Executor, WriterThread
from zepix_core.storage.migrations import current
from zepix_core.storage.plugin_database import ExecutorFactory, PluginDatabase, open_plugin_database
from zepix_core.storage.pulse import PulseStore
from zepix_core.storage.trends import TrendStore
from zepix_core.wire.holder import take

GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
LOCK_PATIENCE = 2.0
BACKUPS = "backups"

log = logging.getLogger(__name__)


class Guard(Protocol):
    """What keeps others from a group."""

    def release(self) -> None:
        """Give the group back."""


@attrs.frozen(kw_only=True)
class Files:
    """How files are written, and how a group is held by one process alone."""

    executor: ExecutorFactory = WriterThread
    hold: Callable[[Path, float, Clock], Guard] = take


@attrs.frozen
class OpenedDatabase:
    """What one plugin gets of its group.

    Attributes:
        handle: The file under the plugin's name.
        schema_version: Of the group's own tables, 0 without migrations.
    """

    handle: PluginDatabase
    trend: TrendStore
    pulse: PulseStore
    schema_version: int


@attrs.frozen
class _Group:
    path: Path
    migrations: str
    database: PluginDatabase
    trend: TrendStore
    pulse: PulseStore
    schema_version: int
    guard: Guard
    health: FileHealth


class Databases:
    """Groups by name.

    Args:
        migrates: Told in the loop when a file in use begins to be backed up and migrated (True), and when
            that is over.
        on_storage: Told in the loop when a file cannot be written, and when it can be again.
    """

    def __init__(
        self,
        clock: Clock,
        migrates: Callable[[bool], None],
        files: Files,
        on_storage: Callable[[StorageNews], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._migrates, self._on_storage = migrates, on_storage
        self._files = files
        self._groups: dict[str, _Group] = {}

    async def open(
        self, plugin_id: str, group: str, migrations: str, settings: DatabaseSettings, folder: Path
    ) -> OpenedDatabase:
        """The plugin's view of its group; the first plugin of a group opens and migrates it.

        Raises:
            PluginError: The group's name or path cannot be, or plugins of the group disagree.
            WireError: Another process holds the group.
            StorageError: The file cannot be used.
        """
        if not GROUP.fullmatch(group):
            raise PluginError(f"{group!r} is no name of a database group.", "Use letters, digits, _ and -.")
        path = _inside(folder, settings.path or f"zepix_{group}.db")
        held = self._groups.get(group)
        if held is None:
            held = self._groups[group] = await self._open(group, path, migrations, folder)
        elif held.path != path or held.migrations != migrations:
            raise PluginError(
                f"plugins of the database group {group} disagree about its file or its migrations.",
                "Declare the same migrations and database.path in each.",
            )
        self._groups[group].health.plugins.add(plugin_id)
        return self.view(group, plugin_id)

    def view(self, group: str, name: str) -> OpenedDatabase:
        """An open group as somebody else of it sees it."""
        held = self._groups[group]
        return OpenedDatabase(held.database.of(name), held.trend, held.pulse, held.schema_version)

    async def close(self) -> None:
        """Close every file and give the groups back."""
        groups, self._groups = self._groups, {}
        for group in groups.values():
            await group.health.close()
            await group.database.close()
            group.guard.release()

    def _back_up(self, path: Path, folder: Path) -> None:
        log.info("%s gets new tables; backup: %s", path.name, back_up(path, folder, self._clock))

    async def _open(self, group: str, path: Path, migrations: str, folder: Path) -> _Group:
        lock = folder / "locks" / f"group-{group}.lock"
        guard = await asyncio.to_thread(self._files.hold, lock, LOCK_PATIENCE, self._clock)
        loop = asyncio.get_running_loop()
        migrated: list[Path] = []
        made: list[Executor] = []

        def executor(file: Path, durability: Durability) -> Executor:
            made.append(self._files.executor(file, durability))
            return made[-1]

        def before_migration(file: Path) -> None:
            migrated.append(file)
            loop.call_soon_threadsafe(self._migrates, True)
            self._back_up(file, folder.parent / BACKUPS)

        try:
            database = await asyncio.to_thread(
                open_plugin_database,
                path,
                group,
                migrations,
                executor=executor,
                clock=self._clock,
                before_migration=before_migration,
            )
            trend = TrendStore(database)
            await trend.load()
            pulse = PulseStore(database)
            await pulse.load()
            version = await database.read(current)
        except BaseException:
            guard.release()
            raise
        finally:
            if migrated:
                self._migrates(False)
        health = FileHealth(made[-1], self._clock, self._on_storage)
        return _Group(path, migrations, database, trend, pulse, int(version or 0), guard, health)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PluginError(f"database.path {name} leads out of the data folder.", "Name a file inside it.")
    return path
