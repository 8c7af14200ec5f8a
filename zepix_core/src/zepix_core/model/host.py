"""How a host and its plugins stand, as people see it."""

import hashlib

import attrs

from zepix_core.model.storage import StorageFault

PROBE_MARK = "zepix-doctor-"
"""How the wrong token begins that ``zepix doctor --public`` tries; no token that is made begins so."""


@attrs.frozen(kw_only=True)
class PluginRow:
    """One plugin as ``zepix plugins list`` shows it.

    Attributes:
        state: One of the plugin states; ``reason`` says why when it does not run.
        alerts: Alert kinds taken, with their class.
    """

    id: str
    name: str
    distribution: str
    version: str
    state: str
    reason: str = ""
    enabled: bool = True
    shadow_mode: bool = False
    priority: int = 2
    alerts: dict[str, str] = attrs.field(factory=dict)
    timeframes: tuple[str, ...] = ()
    pid: int | None = None


@attrs.frozen(kw_only=True)
class HostOptions:
    """How this run of the host differs from the settings.

    Attributes:
        inline: Everything in one process, through the same codec.
        safe: No entries, whatever the journal says; closing and exits go on.
        plugin_dev: Source folder of a plugin distribution to run in place.
        trace_hooks: Log every hook call.
    """

    inline: bool = False
    safe: bool = False
    plugin_dev: str | None = None
    trace_hooks: bool = False


@attrs.frozen(kw_only=True)
class HostState:
    """How the host stands.

    Attributes:
        ready: Alerts can be taken; ``reason`` says what is missing otherwise.
        paused: No entries until a person resumes; ``panic`` names the level in force, else ``""``; ``why`` is
            both in words, with who did it.
        closing: A panic is still closing positions.
        waiting: Alerts whose turn has not come.
        storage: What keeps the journal from being written, ``""`` while it can be.
        storage_since_ns: Since when it cannot be, UTC nanoseconds.
        storage_faults: Every fault of a database file or the disk that stops entries now.
        boot: Name of this run of the host, another one at each start.
    """

    version: str
    pid: int
    ready: bool
    reason: str = ""
    started_ns: int = 0
    uptime_seconds: float = 0.0
    paused: bool = False
    panic: str = ""
    why: str = ""
    closing: bool = False
    broker: str = "paper"
    broker_connected: bool = False
    waiting: int = 0
    webhook_port: int = 0
    api_port: int = 0
    profile: str = "default"
    inline: bool = False
    storage: str = ""
    storage_since_ns: int = 0
    storage_faults: tuple[StorageFault, ...] = ()
    boot: str = ""


def boot_mark(boot: str) -> str:
    """What ``/health`` shows of a boot, so that a caller who knows it can tell whom it reached."""
    return hashlib.sha256(boot.encode()).hexdigest()[:8]
