"""Letting plugins of a stopped host run, or run no more: the files that its next start reads."""

from contextlib import closing
from typing import Any

import attrs
from packaging.utils import canonicalize_name

from zepix_core.cli.client import who
from zepix_core.cli.plugin_names import unknown
from zepix_core.clock import SystemClock
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import remember_plugins, remembered
from zepix_core.journal import commands
from zepix_core.model.command import HumanCommand
from zepix_core.plugins.discovery import discover
from zepix_core.plugins.lockfile import read_lock, take_in, write_lock
from zepix_core.plugins.states import VERDICTS_FILE, PluginState, read_verdicts, write_verdicts
from zepix_core.storage.connection import Durability, open_writer

ORIGIN = "files of the stopped host"


def switch_files(home: Home, name: str, enabled: bool) -> list[dict[str, Any]]:
    """Switch a plugin, or all plugins of a distribution, for the next start; their rows as listed then.

    Raises:
        NotFound: There is neither a plugin nor a distribution of that name.
        SettingsError: A host has just started on this home, or a file cannot be read or written.
    """
    from zepix_core.cli.plugins.list import stopped_rows

    with home.held():
        if enabled and read_lock(home.lock_file) is not None:
            take_in(home.lock_file, discover(), load_settings(home).settings.plugin_system.auto_discover)
        rows = stopped_rows(home)
        chosen = [row for row in rows if row["distribution"] == canonicalize_name(name)]
        chosen = chosen or [row for row in rows if row["id"] == name]
        if not chosen:
            known = {row["id"] for row in rows} | {row["distribution"] for row in rows}
            raise unknown(name, known)
        note(home, f"plugins/{name}/toggle", {"name": name, "enabled": enabled})
        if enabled:
            _allow(home, str(chosen[0]["distribution"]))
        ids = {str(row["id"]) for row in chosen}
        _judge(home, ids, enabled)
        return [row for row in stopped_rows(home) if row["id"] in ids]


def note(home: Home, name: str, arguments: dict[str, Any]) -> None:
    """Write into the journal of a stopped host what a person asks for; a home that never ran has none.

    Args:
        name: Of the command, as a running host notes it.

    Raises:
        StorageError: The journal cannot be written.
    """
    if not home.journal_db.exists():
        return
    command = HumanCommand(name=name, by=who(), origin=ORIGIN, arguments=arguments)
    with closing(open_writer(home.journal_db, Durability.FULL)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        commands.write(connection, SystemClock(), command)
        connection.execute("COMMIT")


def _allow(home: Home, distribution: str) -> None:
    """Without a lock the first start lets all that is installed run."""
    lock = read_lock(home.lock_file)
    if lock is not None and distribution in lock and not lock[distribution].enabled:
        write_lock(home.lock_file, {**lock, distribution: attrs.evolve(lock[distribution], enabled=True)})


def _judge(home: Home, ids: set[str], enabled: bool) -> None:
    home.data.mkdir(parents=True, exist_ok=True)
    path = home.data / VERDICTS_FILE
    verdicts = read_verdicts(path)
    kept = {name: why for name, why in verdicts.quarantined.items() if not enabled or name not in ids}
    disabled = verdicts.disabled - ids if enabled else verdicts.disabled | ids
    write_verdicts(path, attrs.evolve(verdicts, quarantined=kept, disabled=disabled))
    if not enabled:
        return
    # What stopped them last holds no more; whether they run now is for the next start to say.
    told = remembered(home)
    fresh = {"state": PluginState.DISCOVERED.value, "reason": ""}
    if any(row["id"] in ids for row in told):
        remember_plugins(home, [{**row, **fresh} if row["id"] in ids else row for row in told])
