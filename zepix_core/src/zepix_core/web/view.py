"""What the faces ask of a running host."""

from typing import Protocol

from zepix_core.broker.port import Broker
from zepix_core.clock import Clock
from zepix_core.config.home import Home
from zepix_core.config.settings import HostSettings
from zepix_core.model.books import BooksReport, Decided
from zepix_core.model.channel import ChannelAnswer, ChannelRow
from zepix_core.model.command import HumanCommand
from zepix_core.model.host import HostState, PluginRow
from zepix_core.model.limits import LimitRow
from zepix_core.model.order import CloseResult
from zepix_core.model.report import Report
from zepix_core.model.shadow import ShadowSwitch
from zepix_core.plugins.implementation import HookMetrics
from zepix_core.storage.executor import Executor

PANIC_LEVELS = ("entries", "flatten", "lock")


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

    def reports(self) -> tuple[Report, ...]:
        """What plugins report of themselves now, the gravest first."""

    def hook_metrics(self) -> tuple[HookMetrics, ...]:
        """How often each hook of each plugin was called, how often it failed, how long it took."""

    def channels(self) -> tuple[ChannelRow, ...]:
        """The ways to people as they stand; none when notices stay on this machine."""

    async def test_channels(self, actor: str) -> tuple[ChannelAnswer, ...]:
        """Put a test notice for every channel, and say what becomes of each."""

    def note_command(self, command: HumanCommand) -> None:
        """Write down what a person asks for, before it is carried out; nothing waits for that."""

    async def close_position(self, ticket: int, actor: str) -> CloseResult:
        """Close one position fully, whoever opened it; ``success`` False with a code when there is none."""

    async def reconcile(self) -> BooksReport:
        """Compare the host's books with the broker's, settle what deals explain, and say how they stand.

        Raises:
            BrokerOffline: Nothing was compared.
        """

    async def decide(self, choice: str, which: str, actor: str) -> Decided:
        """Do what a person decides about a contradiction: ``adopt``, ``close`` or ``forget`` what a ticket or
        an intent names.

        Raises:
            UsageError: There is nothing of that name to decide about.
        """

    async def pause(self, actor: str) -> None:
        """Let no entry through until `resume`; closing goes on."""

    async def resume(self, actor: str, confirmed: bool = False) -> None:
        """Let entries through again; also ends a panic.

        Raises:
            ZepixError: A lock is in force and ending it is not ``confirmed``.
        """

    async def limits(self) -> tuple[LimitRow, ...]:
        """Every loss limit as it stands."""

    async def reset_limit(self, which: str, scope: str, actor: str) -> float:
        """Lift a limit (``daily`` or ``lifetime``) of the ``account`` or of a plugin; losses until now count
        no more. Returns what they were."""

    async def switch_plugin(self, name: str, enabled: bool, actor: str) -> tuple[PluginRow, ...]:
        """Let a plugin, or all plugins of a distribution, run or run no more; how they stand then.

        Raises:
            PluginError: There is none of that name.
        """

    async def shadow_plugin(self, name: str, on: bool, actor: str) -> ShadowSwitch:
        """Switch a plugin's shadow mode, in its settings file and in force.

        Raises:
            ZepixError: There is no such plugin, or its settings cannot be changed.
        """

    async def panic(self, level: str, actor: str) -> tuple[CloseResult, ...]:
        """``entries``: pause. ``flatten``: and close every position of ours, until nothing is left. ``lock``:
        and only a confirmed `resume` ends it. All stay over restarts. Returns what was closed at once."""


class Face(Protocol):
    """A face of the host. The host starts its faces first (a port that is taken ends it at once), writes
    their ports into ``data/ports.json``, announces readiness when recovery is done, and stops them first."""

    name: str
    """``webhook``, ``api`` or what else it is; key of ``data/ports.json`` for those that listen."""

    @property
    def port(self) -> int | None:
        """The port it listens on, ``None`` for a face that does not listen."""

    async def start(self, host: HostView) -> None:
        """Listen; what cannot be answered before the host is ready is answered with that.

        Raises:
            SettingsError: The port is taken.
        """

    def announce(self, ready: bool) -> None:
        """The host became able to take alerts, or stops being so."""

    async def stop(self) -> None:
        """Stop listening; requests in flight are answered."""
