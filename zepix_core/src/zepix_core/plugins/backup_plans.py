"""How often each plugin's file is backed up, as its settings say."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from zepix_core.journal.backups import SECONDS, BackupPlan
from zepix_core.plugins.states import PluginStatus


def backup_plans(statuses: Iterable[PluginStatus], data: Path) -> Iterator[BackupPlan]:
    """A plan for each file in the folder ``data``; plugins that share one get what the most careful wants."""
    wanted: dict[Path, float] = {}
    whose: dict[Path, list[str]] = {}
    for status in statuses:
        if status.hello is None or not status.hello.database_group:
            continue
        database = status.hello.config.get("database", {})
        every = SECONDS.get(database.get("backup_frequency", "daily"))
        if every is None or not database.get("backup_enabled", True):
            continue
        path = data / (database.get("path") or f"zepix_{status.hello.database_group}.db")
        wanted[path] = min(every, wanted.get(path, every))
        whose.setdefault(path, []).append(status.id)
    return (BackupPlan(path=path, every=every, plugins=tuple(whose[path])) for path, every in wanted.items())
