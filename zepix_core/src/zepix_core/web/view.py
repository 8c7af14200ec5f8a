"""What the faces ask of a running host."""

from typing import Protocol

import attrs

from zepix_core.broker.port import Broker
from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.model.order import CloseResult
from zepix_core.storage.executor import Executor

PANIC_LEVELS = ("entries", "flatten", "lock")


@attrs.frozen(kw_only=True)
class PluginRow:
    """One plugin as ``zepix plugins list`` shows it.

    Attributes:
        state: One of the plugin states (reliability.md 4); ``reason`` says why when it does not run.
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
class HostState:
    """How the host stands.

    Attributes:
        ready: Alerts can be taken; ``reason`` says what is missing otherwise.
        paused: No entries until a person resumes; ``panic`` names the level in force, else ``""``.
        waiting: Alerts whose turn has not come.
    """

    version: str
    pid: int
    ready: bool
    reason: str = ""
    started_ns: int = 0
    uptime_seconds: float = 0.0
    paused: bool = False
    panic: str = ""
    broker: str = "paper"
    broker_connected: bool = False
    waiting: int = 0
    webhook_port: int = 0
    api_port: int = 0
    profile: str = "default"
    inline: bool = False


class HostView(Protocol):
    """A running host, as its faces see it."""

    @property
    def home(self) -> Home:
        """Its folder."""

    @property
    def settings(self) -> HostSettings:
        """The settings in force."""

    @property
    def clock(self) -> Clock:
        """Its clock."""

    @property
    def journal(self) -> Executor:
        """``journal.db``; faces only read."""

    @property
    def broker(self) -> Broker:
        """The account."""

    def state(self) -> HostState:
        """How the host stands now."""

    def plugin_rows(self) -> tuple[PluginRow, ...]:
        """Every plugin known, those that failed included."""

    async def close_position(self, ticket: int, actor: str) -> CloseResult:
        """Close one position fully, whoever opened it; ``success`` False with a code when there is none."""

    async def pause(self, actor: str) -> None:
        """Let no entry through until `resume`; closing goes on."""

    async def resume(self, actor: str) -> None:
        """Let entries through again; also ends a panic."""

    async def panic(self, level: str, actor: str) -> tuple[CloseResult, ...]:
        """``entries``: pause. ``flatten``: and close every position of ours. ``lock``: and stay so over
        restarts until `resume`. Returns what was closed."""


class Face(Protocol):
    """A face of the host: started when the host is ready to be asked, stopped before it ends."""

    async def start(self, host: HostView) -> None:
        """Listen.

        Raises:
            SettingsError: The port is taken.
        """

    async def stop(self) -> None:
        """Stop listening; requests in flight are answered."""
