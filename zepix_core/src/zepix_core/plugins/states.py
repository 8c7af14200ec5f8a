"""How a plugin stands, as people and the rest of the host see it."""

import json
from enum import StrEnum
from pathlib import Path

import attrs

from zepix_core.config.atomic import write_atomic
from zepix_core.config.structure import structure
from zepix_core.errors import SettingsError
from zepix_core.model.storage import StorageNews
from zepix_core.plugins.hello import PluginHello


class PluginState(StrEnum):
    """The states of a plugin, and no others."""

    DISCOVERED = "discovered"
    LOADED = "loaded"
    ACTIVE = "active"
    DEGRADED = "degraded"
    BACKOFF = "backoff"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"
    FAILED = "failed"

    @property
    def takes_alerts(self) -> bool:
        """Alerts are routed to it; while its worker is away they wait."""
        return self in (PluginState.LOADED, PluginState.ACTIVE, PluginState.DEGRADED, PluginState.BACKOFF)

    @property
    def registry(self) -> str:
        """``plugins_registry.status``: ACTIVE, DISABLED or ERROR."""
        if self.takes_alerts:
            return "ACTIVE"
        failed = self in (PluginState.FAILED, PluginState.QUARANTINED)
        return "ERROR" if failed else "DISABLED"


@attrs.frozen(kw_only=True)
class PluginStatus:
    """One plugin as it stands.

    Attributes:
        error, faults: Why it failed, was quarantined, or what its last error was.
        hello: What its worker said last, ``None`` before it ever did.
        calls, errors: Hook calls and failed ones since the host started; ``deaths``: of its worker, charged
            to it.
        own_seconds_max: Longest own time of a hook, seconds.
        last_call_ns: End of the newest hook call, UTC nanoseconds, 0 before any.
    """

    id: str
    distribution: str
    version: str
    state: PluginState
    enabled: bool
    shadow: bool
    priority: int
    error: str = ""
    faults: tuple[str, ...] = ()
    pid: int = 0
    calls: int = 0
    errors: int = 0
    deaths: int = 0
    own_seconds_max: float = 0.0
    last_call_ns: int = 0
    hello: PluginHello | None = None


class EventKind(StrEnum):
    """What happens to plugins."""

    DISCOVERED = "discovered"
    VERSION = "version_changed"
    LOADED = "loaded"
    FAILED = "failed"
    DEGRADED = "degraded"
    RECOVERED = "recovered"
    DIED = "died"
    QUARANTINED = "quarantined"
    ENABLED = "enabled"
    DISABLED = "disabled"
    STORAGE = "storage"


@attrs.frozen(kw_only=True)
class PluginEvent:
    """Something happened; ``plugin`` is empty where it concerns a whole distribution. ``storage``: what its
    worker tells of a database file."""

    kind: EventKind
    distribution: str
    plugin: str = ""
    text: str = ""
    storage: StorageNews | None = None


@attrs.frozen(kw_only=True)
class Verdicts:
    """What outlives a restart: quarantine (with its reason), and what a person switched off."""

    quarantined: dict[str, str] = attrs.field(factory=dict)
    disabled: frozenset[str] = frozenset()


VERDICTS_FILE = "plugin_states.json"
"""In the home's data: quarantine and what people switched off."""


def read_verdicts(path: Path) -> Verdicts:
    """The verdicts kept in a file, none without it.

    Raises:
        SettingsError: The file cannot be read: a plugin that was stopped must not start by accident.
    """
    try:
        return structure(json.loads(path.read_text(encoding="utf-8")), Verdicts)
    except FileNotFoundError:
        return Verdicts()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Repair or delete it.") from error


def write_verdicts(path: Path, verdicts: Verdicts) -> None:
    """Keep the verdicts."""
    plain = {"quarantined": verdicts.quarantined, "disabled": sorted(verdicts.disabled)}
    write_atomic(path, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
