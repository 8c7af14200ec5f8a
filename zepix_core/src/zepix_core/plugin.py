"""The base class of a plugin: what it declares about itself, and the settings every plugin has."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import attrs

from zepix_core.model.alert import Alert, AlertClass
from zepix_core.model.decision import Decision
from zepix_core.model.setting import setting

if TYPE_CHECKING:
    from zepix_core.api import ServiceAPI


class Capability(StrEnum):
    """What a plugin may ask of the host besides reading, modifying and closing its own orders."""

    PLACE_DUAL_ORDERS_V3 = "place_dual_orders_v3"
    PLACE_DUAL_ORDERS_V6 = "place_dual_orders_v6"
    PLACE_SINGLE_ORDER_A = "place_single_order_a"
    PLACE_SINGLE_ORDER_B = "place_single_order_b"
    PLACE_ORDER = "place_order"


@attrs.frozen(kw_only=True)
class Metadata:
    """Who a plugin is, for people."""

    name: str = setting("", doc="Name shown to people")
    description: str = setting("", doc="What the plugin does, in a sentence")
    author: str = setting("", doc="Who wrote it")
    created: str = setting("", doc="Date it was made")
    category: str = setting("", doc="V3_COMBINED, V6_PRICE_ACTION or empty")
    timeframe: str = setting("", doc="Chart timeframe the plugin stands for, or empty")
    logic_type: str = setting("", doc="Name of the logic, or empty")


@attrs.frozen(kw_only=True)
class Notifications:
    """What this plugin tells people."""

    notify_on_entry: bool = setting(True, doc="Put notices of its entries in the outbox")
    notify_on_exit: bool = setting(True, doc="Put notices of its exits, stops and targets in the outbox")
    notify_on_error: bool = setting(
        True, doc="Put notices of its errors in the outbox; critical ones always are"
    )
    notify_on_routing: bool = setting(True, doc="Put notices in the outbox of how an alert was routed")
    use_voice_alerts: bool = setting(False, doc="Speak notices of this plugin")
    telegram_bot: str = setting(
        "notification",
        doc="Accepted without effect: the priority decides the bot",
        choices=("controller", "notification", "analytics"),
    )


@attrs.frozen(kw_only=True)
class DatabaseSettings:
    """The plugin's own database file."""

    path: str = setting("", doc="File inside the data folder; empty: zepix_<group>.db", restart=True)
    backup_enabled: bool = setting(True, doc="Back the file up")
    sync_to_central: bool = setting(True, doc="Copy trades to the central file")
    backup_frequency: str = setting(
        "daily", doc="How often to back up", choices=("hourly", "daily", "weekly", "off")
    )
    sync_interval_minutes: int = setting(5, doc="Minutes between copies to the central file", ge=1, le=1440)


@attrs.frozen(kw_only=True)
class RiskSettings:
    """Caps the host enforces for this plugin; ``None``: no cap of its own."""

    max_open_trades: int | None = setting(None, doc="Most open trades; a pair is one trade", ge=1)
    max_daily_trades: int | None = setting(None, doc="Most trades a trading day", ge=1)
    max_symbol_exposure: float | None = setting(None, doc="Most lots open on one symbol", gt=0)
    daily_loss_limit: float | None = setting(None, doc="Losses a day, account currency", gt=0)
    max_total_loss: float | None = setting(
        None, doc="Losses in all, account currency; only a person lifts it", gt=0
    )
    max_lot_size: float | None = setting(None, doc="Most lots of one order", gt=0)


@attrs.frozen(kw_only=True)
class PluginConfig:
    """Settings every plugin has; subclass it and add your own fields.

    A subclass that has a ``settings`` field with ``supported_symbols`` or ``risk_management`` overrides
    `symbols_allowed` and `risk_settings` so that the host can enforce them.
    """

    plugin_id: str = setting("", doc="Must equal the entry point's name", restart=True)
    version: str = setting("", doc="Informative; the truth is the distribution's version")
    enabled: bool = setting(True, doc="Run this plugin")
    shadow_mode: bool = setting(False, doc="Decide as live, fill in the shadow book only")
    metadata: Metadata = setting(factory=Metadata, doc="Who the plugin is")
    notifications: Notifications = setting(factory=Notifications, doc="What it tells people")
    database: DatabaseSettings = setting(factory=DatabaseSettings, doc="Its own database file")

    def symbols_allowed(self) -> tuple[str, ...]:
        """TradingView names this plugin may trade; empty means all configured symbols."""
        return ()

    def risk_settings(self) -> RiskSettings:
        """The caps the host enforces for this plugin."""
        return RiskSettings()


class GroupFeed(ABC):
    """Takes alerts for a database group as a whole: once each, before any plugin of the group sees them.

    One object per group, in the worker of its plugins; they name its class as `LogicPlugin.group_feed`. It
    goes by the group's name, so the group must not be called like a plugin. It runs while a plugin of the
    group is loaded, be it disabled or in shadow, and may place no orders. Its decision is told by
    ``zepix why`` like a plugin's; it is the alert's outcome when no plugin takes the alert.

    Attributes:
        alerts: Alert kinds taken, on any timeframe, each with its class: an entry expires like a plugin's.
    """

    alerts: ClassVar[Mapping[str, AlertClass]] = {}

    async def on_start(self, api: "ServiceAPI") -> None:
        """The group's plugins have started; nothing was delivered before."""
        return None

    @abstractmethod
    async def on_alert(self, alert: Alert, api: "ServiceAPI") -> Decision | None:
        """Take one alert; may come again after a crash with the same `key`."""


class LogicPlugin:
    """Base class of every plugin. Override the declarations and the hooks you need.

    Attributes:
        name: Display name.
        alerts: Alert kinds taken, each with its class: the text under ``type`` (else ``action``) of a
            JSON alert, or the head of a pipe-separated one.
        timeframes: Wire timeframes taken, empty for all.
        symbols: TradingView names wanted in ``on_tick``; empty: no ticks at all.
        capabilities: What the plugin may ask of the host (see `Capability`).
        config_model: Its settings.
        database_group: Name of its database file ``zepix_<group>.db``; empty: the plugin id. Plugins of
            one distribution may share a group.
        group_feed: Takes alerts for the whole group; the plugins of a group name the same class or none.
        migrations: Dotted name of a package that holds ``NNN_name.sql`` files; empty: none.
        plugin_type: ``V3_COMBINED``, ``V6_PRICE_ACTION`` or ``CUSTOM``.
    """

    name: ClassVar[str] = ""
    alerts: ClassVar[Mapping[str, AlertClass]] = {}
    timeframes: ClassVar[tuple[str, ...]] = ()
    symbols: ClassVar[tuple[str, ...]] = ()
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    config_model: ClassVar[type[PluginConfig]] = PluginConfig
    database_group: ClassVar[str] = ""
    group_feed: ClassVar[type[GroupFeed] | None] = None
    migrations: ClassVar[str] = ""
    plugin_type: ClassVar[str] = "CUSTOM"
