"""Which settings a start finds, and what differs from the start before: rows ``config`` and ``secret``."""

import getpass
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.notify import without_addresses
from zepix_core.config.plugin_files import plugin_ids, read_plugin_file
from zepix_core.config.secrets import API_TOKEN, WEBHOOK_TOKEN, environment, mask_known, masked, read_env
from zepix_core.config.settings import HostSettings
from zepix_core.config.structure import to_plain
from zepix_core.journal import events, host_state

KNOWN = "settings:"
SECRETS = "secrets"
MOST_CHANGES = 25
_encoder = msgspec.json.Encoder(order="sorted")


def in_force(home: Home, settings: HostSettings) -> dict[str, dict[str, Any]]:
    """Every settings file by name, as flat values with secrets masked; of the host's, what is in force.

    Raises:
        SettingsError: ``.env`` or a plugin's file cannot be read.
    """
    host = masked(without_addresses(to_plain(settings)))
    files: dict[str, Any] = {home.settings_file.name: host}
    variables = environment(home.env)
    for plugin in plugin_ids(home):
        document = read_plugin_file(home, plugin, variables)
        files[document.name] = masked(document.data)
    flat = {name: dict(_flat(mask_known(values, home.env), ())) for name, values in files.items()}
    # As JSON gives them back: dates, for one, come back as texts.
    plain: dict[str, dict[str, Any]] = msgspec.json.decode(_encoder.encode(flat))
    return plain


def fingerprints(home: Home) -> dict[str, str]:
    """Four digits of the hash of every secret: enough to see that one was changed, too few to guess it by.

    Raises:
        SettingsError: ``.env`` cannot be read.
    """
    variables = environment(home.env)
    names = {*read_env(home.env), *(name for name in (WEBHOOK_TOKEN, API_TOKEN) if name in variables)}
    return {name: hashlib.sha256(variables[name].reveal().encode()).hexdigest()[:4] for name in sorted(names)}


def note(
    connection: sqlite3.Connection,
    clock: Clock,
    files: Mapping[str, Mapping[str, Any]],
    secrets: Mapping[str, str],
    by: str,
) -> None:
    """Write down, inside the caller's transaction, what is not as the last start found it."""
    for name, values in files.items():
        known = host_state.read(connection, KNOWN + name)
        if known != values:
            _note_file(connection, clock, name, known, values, by)
    for key in host_state.keys(connection, KNOWN):
        name = key.removeprefix(KNOWN)
        if name not in files:
            facts = {"file": name, "old": _hash(host_state.read(connection, key)), "new": "", "by": by}
            events.append(connection, clock, "config", facts)
            host_state.remove(connection, key)
    before = host_state.read(connection, SECRETS)
    if before == secrets:
        return
    for name in sorted({*(before or ()), *secrets}) if before is not None else ():
        old, new = before.get(name, ""), secrets.get(name, "")
        if old != new:
            events.append(connection, clock, "secret", {"name": name, "old": old, "new": new, "by": by})
    host_state.write(connection, clock, SECRETS, dict(secrets))


def starter() -> str:
    """Who started this program, as far as the machine knows."""
    try:
        return f"start:{getpass.getuser()}"
    except (OSError, KeyError, ImportError):
        return "start"


def _note_file(
    connection: sqlite3.Connection, clock: Clock, name: str, known: Any, values: Mapping[str, Any], by: str
) -> None:
    facts: dict[str, Any] = {"file": name, "old": _hash(known), "new": _hash(values), "by": by}
    if isinstance(known, dict):
        changes = {
            key: [known.get(key), values.get(key)]
            for key in sorted({*known, *values})
            if known.get(key) != values.get(key)
        }
        facts["changed"] = dict(list(changes.items())[:MOST_CHANGES])
        if len(changes) > MOST_CHANGES:
            facts["more"] = len(changes) - MOST_CHANGES
    events.append(connection, clock, "config", facts)
    host_state.write(connection, clock, KNOWN + name, dict(values))


def _hash(values: Any) -> str:
    return "" if values is None else hashlib.sha256(_encoder.encode(values)).hexdigest()[:16]


def _flat(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, (*path, str(key)))
        else:
            yield ".".join((*path, str(key))), value
