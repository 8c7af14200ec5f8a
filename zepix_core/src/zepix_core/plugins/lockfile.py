"""``zepix.lock``: which plugin distributions are allowed to run, in which version they were last seen."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import attrs

from zepix_core.config.atomic import write_atomic
from zepix_core.config.structure import structure
from zepix_core.errors import SettingsError
from zepix_core.plugins.discovery import FoundDistribution

HEAD = "# Plugin distributions of this home. Written by Zepix; `zepix plugins enable` lets a new one run.\n"


@attrs.frozen(kw_only=True)
class LockEntry:
    """One distribution; ``sha256`` is of its RECORD. ``enabled``: a person lets it run."""

    name: str
    version: str
    sha256: str = ""
    enabled: bool = False


@attrs.frozen(kw_only=True)
class _File:
    distribution: tuple[LockEntry, ...] = ()


class LockChangeKind(StrEnum):
    """What the environment has done since the lock was written."""

    TAKEN_IN = "taken in"
    DISCOVERED = "discovered"
    CHANGED = "changed by pip"
    MISSING = "missing"


@attrs.frozen(kw_only=True)
class LockChange:
    """One difference between the lock and the environment."""

    kind: LockChangeKind
    name: str
    before: str = ""
    after: str = ""


Lock = Mapping[str, LockEntry]


def read_lock(path: Path) -> dict[str, LockEntry] | None:
    """Entries by name, ``None`` when there is no file yet.

    Raises:
        SettingsError: The file cannot be read.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}.", "Put it back from a backup; without it no plugin may run."
        ) from error
    return {entry.name: entry for entry in structure(data, _File).distribution}


def write_lock(path: Path, lock: Lock) -> None:
    """Write the entries, by name, in one step.

    Raises:
        SettingsError: The file cannot be written; the old one stands.
    """
    parts = [HEAD]
    for name in sorted(lock):
        entry = lock[name]
        parts.append(
            "\n[[distribution]]\n"
            f"name = {json.dumps(entry.name)}\n"
            f"version = {json.dumps(entry.version)}\n"
            f"sha256 = {json.dumps(entry.sha256)}\n"
            f"enabled = {json.dumps(entry.enabled)}\n"
        )
    write_atomic(path, "".join(parts))


def reconcile(
    lock: Lock | None, found: Iterable[FoundDistribution]
) -> tuple[dict[str, LockEntry], tuple[LockChange, ...]]:
    """The lock as it has to be now, and what changed.

    Without a lock (an empty home) all that is installed is taken in; later, a new distribution is listed
    and waits for a person. A new version of a known one is taken over.
    """
    entries = dict(lock or {})
    changes: list[LockChange] = []
    seen = set()
    for distribution in found:
        name = distribution.name
        seen.add(name)
        known = entries.get(name)
        if known is None:
            kind = LockChangeKind.TAKEN_IN if lock is None else LockChangeKind.DISCOVERED
            changes.append(LockChange(kind=kind, name=name, after=distribution.version))
            entries[name] = LockEntry(
                name=name, version=distribution.version, sha256=distribution.sha256, enabled=lock is None
            )
        elif known.version != distribution.version or known.sha256 != distribution.sha256:
            changes.append(
                LockChange(
                    kind=LockChangeKind.CHANGED, name=name, before=known.version, after=distribution.version
                )
            )
            entries[name] = attrs.evolve(known, version=distribution.version, sha256=distribution.sha256)
    for name in sorted(set(entries) - seen):
        changes.append(LockChange(kind=LockChangeKind.MISSING, name=name, before=entries[name].version))
    return entries, tuple(changes)


@attrs.frozen(kw_only=True)
class Allowed:
    """What the environment offers to a home.

    Attributes:
        found: Without what the settings do not let in by itself.
        entries: The lock as it has to be now; what runs from its source (`development`) stands in none.
    """

    found: tuple[FoundDistribution, ...]
    entries: dict[str, LockEntry]
    changes: tuple[LockChange, ...]


def take_in(path: Path, found: Iterable[FoundDistribution], auto_discover: bool) -> Allowed:
    """Hold the environment against a home's lock, and write what changed.

    Raises:
        SettingsError: The lock cannot be read or written.
    """
    known = read_lock(path)
    offered = tuple(d for d in found if known is None or auto_discover or d.name in known)
    entries, changes = reconcile(known, [d for d in offered if not d.development])
    if changes or known is None:
        write_lock(path, entries)
    return Allowed(found=offered, entries=entries, changes=changes)
