"""What host and worker say to each other: the first words, the hooks, the calls."""

from typing import Any

import attrs

from zepix_core.model.alert import Alert, AlertClass
from zepix_core.model.change import Change
from zepix_core.model.decision import Decision
from zepix_core.model.market import Tick
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake
from zepix_core.plugin import RiskSettings


@attrs.frozen(kw_only=True)
class WorkerInit:
    """The host's first words to a worker.

    Attributes:
        distribution, version: Which distribution's plugins it hosts.
        entry_points: Plugin id to ``module:Class``.
        data_dir: Folder of the databases.
        boot: Identity of the host's run.
        configs: Plugin id to its settings as plain values.
        host: Settings of the host that plugins may read, without anything secret.
        paths: Folders of packages that are put in front, with their ``.pth`` files (slots, tests).
        without_feeds: Database groups whose feed is not to run: it was quarantined.
        check_only: Import and judge; open no database and call no hook.
    """

    distribution: str
    version: str
    entry_points: dict[str, str]
    data_dir: str
    boot: str = ""
    configs: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    host: dict[str, Any] = attrs.field(factory=dict)
    paths: tuple[str, ...] = ()
    without_feeds: tuple[str, ...] = ()
    check_only: bool = False


@attrs.frozen(kw_only=True)
class PluginHello:
    """What a worker says of one plugin, or of the feed of a database group.

    Attributes:
        feed: It is no plugin but the feed of the group of that name.
        state: ``loaded`` or ``failed``; then ``error`` says why and ``faults`` name wrong settings.
        hooks: The hooks it implements.
        alerts, timeframes, symbols, capabilities, plugin_type, database_group: As it declares them.
        risk, symbols_allowed, enabled, shadow: As its settings say.
        schema_version: Version of its database after migration, 0 for none.
        config: Its settings in force as plain values; ``config_schema``: their JSON schema.
    """

    id: str
    name: str = ""
    feed: bool = False
    state: str = "loaded"
    error: str = ""
    faults: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    alerts: dict[str, AlertClass] = attrs.field(factory=dict)
    timeframes: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    risk: RiskSettings = attrs.field(factory=RiskSettings)
    symbols_allowed: tuple[str, ...] = ()
    enabled: bool = True
    shadow: bool = False
    database_group: str = ""
    schema_version: int = 0
    plugin_type: str = "CUSTOM"
    config: dict[str, Any] = attrs.field(factory=dict)
    config_schema: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class WorkerHello:
    """A worker's first words."""

    pid: int
    distribution: str
    version: str
    plugins: tuple[PluginHello, ...]


@attrs.frozen(kw_only=True)
class HookRequest:
    """Run one hook of one plugin; which argument is set depends on the hook.

    Attributes:
        call: Number of this call; service calls made meanwhile name it.
        ticks: A batch, oldest first; ``on_tick`` is called once for each.
    """

    call: int
    plugin: str
    hook: str
    alert: Alert | None = None
    ticks: tuple[Tick, ...] = ()
    update: TradeUpdate | None = None
    changes: tuple[Change, ...] = ()
    wake: Wake | None = None


@attrs.frozen(kw_only=True)
class HookReply:
    """The hook returned. ``own_seconds``: its time without waiting for the host's answers."""

    decision: Decision | None = None
    own_seconds: float = 0.0


@attrs.frozen(kw_only=True)
class Began:
    """The worker starts to run this call; its own time counts from here."""

    call: int


@attrs.frozen(kw_only=True)
class ServiceCall:
    """A plugin asks the host. ``call``: the hook that is running, 0 outside of any.

    ``payload`` is the request of `zepix_core.services.calls.CALLS` under ``name``, encoded.
    """

    plugin: str
    call: int
    name: str
    payload: bytes


@attrs.frozen(kw_only=True)
class ServiceReply:
    """The answer, encoded as `zepix_core.services.calls.CALLS` says."""

    payload: bytes


@attrs.frozen(kw_only=True)
class ConfigRequest:
    """New settings for one plugin; ``check_only`` asks only whether they are valid."""

    plugin: str
    config: dict[str, Any]
    check_only: bool = False


@attrs.frozen(kw_only=True)
class ConfigReply:
    """``faults`` when refused: the old settings stay. Else what the plugin is with the new ones."""

    faults: tuple[str, ...] = ()
    hello: PluginHello | None = None


@attrs.frozen(kw_only=True)
class HostUpdate:
    """Settings of the host that plugins may read have changed."""

    host: dict[str, Any]


@attrs.frozen(kw_only=True)
class Migrating:
    """The worker backs a database up and brings it up to date (``on``), or has done so; large ones take
    minutes."""

    on: bool


@attrs.frozen(kw_only=True)
class Nothing:
    """Nothing to say."""
