"""The host's settings: every key of ``zepix.toml``."""

from typing import Any
from urllib.parse import urlsplit

import attrs

from zepix_core.broker.mt5.settings import Mt5Settings
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.config.health import HealthSettings
from zepix_core.config.inbox import InboxSettings
from zepix_core.config.notify import NotifySettings
from zepix_core.config.risk import RiskRules, TradingSettings
from zepix_core.config.secrets import Secret
from zepix_core.config.webhook import WebhookSettings
from zepix_core.model.setting import setting

PROFILES = ("default", "bench")
SHIPPED_PRIORITIES = {"combined_v3": 1}
OTHER_PRIORITY = 2


def _public_url(_: Any, field: "attrs.Attribute[Any]", value: str) -> None:
    if not value:
        return
    parts = urlsplit(value)
    if "webhook" in parts.path.split("/"):
        # The value may hold the token: it is not shown.
        raise ValueError(
            f"{field.name} must end before /webhook and hold no token, such as https://alerts.example.org: "
            "Zepix adds both"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{field.name} must be an address such as https://alerts.example.org, not {value!r}")


@attrs.frozen(kw_only=True)
class ApiSettings:
    """The port of the command line and the REST API; it is served on the loopback address alone."""

    port: int = setting(8081, doc="Port to listen on; 0 takes any free one", ge=0, le=65535, restart=True)


@attrs.frozen(kw_only=True)
class WebSettings:
    """How the world reaches this host."""

    public_url: str = setting(
        "",
        doc="Address TradingView calls, such as https://alerts.example.org, without /webhook and the token",
        validator=_public_url,
    )


@attrs.frozen(kw_only=True)
class PluginSystemSettings:
    """The plugin host as a whole."""

    enabled: bool = setting(True, doc="Run plugins at all", restart=True)
    auto_discover: bool = setting(True, doc="Look for installed plugin distributions at start", restart=True)
    max_plugin_execution_time: float = setting(
        5.0, doc="Own time a plugin has for one hook, in seconds", ge=0.1, le=60
    )
    dual_core_mode: bool = setting(True, doc="V3 and V6 side by side; informative")


@attrs.frozen(kw_only=True)
class PluginSwitch:
    """What the host's file says of one plugin; absent keys leave it to the plugin's own file."""

    enabled: bool | None = setting(None, doc="false: it does not run, whatever its own file says")
    shadow_mode: bool | None = setting(None, doc="true: it fills in the shadow book only")
    priority: int | None = setting(None, doc="Lower is asked first; V3 1, others 2", ge=0, le=1000)


@attrs.frozen(kw_only=True)
class LogicRoute:
    """One of V3's three logics as older files name them; read by the V3 plugin only."""

    enabled: bool = setting(True, doc="Use this logic")
    lot_multiplier: float = setting(1.0, doc="Factor on the lots", ge=0.1, le=5)
    risk_per_trade: float = setting(1.0, doc="Percent of the balance one trade risks", gt=0, le=10)
    max_daily_trades: int = setting(10, doc="Most trades a trading day", ge=1)
    logic_route: str = setting("LOGIC1", doc="The logic meant", choices=("LOGIC1", "LOGIC2", "LOGIC3"))


def shipped_logics() -> dict[str, LogicRoute]:
    """The three logics with their shipped numbers."""
    rows = ((1.25, 1.5, 10), (1.0, 1.0, 8), (0.625, 2.0, 5))
    return {
        f"combinedlogic-{n}": LogicRoute(
            lot_multiplier=lots, risk_per_trade=risk, max_daily_trades=trades, logic_route=f"LOGIC{n}"
        )
        for n, (lots, risk, trades) in enumerate(rows, 1)
    }


@attrs.frozen(kw_only=True)
class ProfitBookingConfig:
    """V3's profit chains as older files name them; read by the V3 plugin only, whose own file wins."""

    enabled: bool = setting(True, doc="Start profit chains")
    min_profit: float = setting(
        7.0, doc="Profit at which an order is closed, account currency", gt=0, le=1_000_000
    )
    max_level: int = setting(4, doc="Highest level; order B is level 0", ge=0, le=4)


def shipped_symbols() -> dict[str, SymbolSettings]:
    """Facts of symbols that are set from the start: gold's widest spread."""
    return {"XAUUSD": SymbolSettings(max_spread_pips=3.0)}


@attrs.frozen(kw_only=True)
class HostSettings(RiskRules):
    """All keys of the host's file. A frozen value: a change makes a new one."""

    profile: str = setting(
        "default",
        doc="bench lifts rates, caps, exposure and loss limits for measuring; refused when live",
        choices=PROFILES,
        restart=True,
    )
    host_id: int = setting(1, doc="First part of every order's magic number", ge=1, le=99, restart=True)
    live: bool = setting(False, doc="Allow a REAL account", restart=True)
    broker: str = setting(
        "paper", doc="Where orders go: paper or mt5", choices=("paper", "mt5"), restart=True
    )
    webhook: WebhookSettings = setting(factory=WebhookSettings, doc="Where alerts come in")
    api: ApiSettings = setting(factory=ApiSettings, doc="The command line's port")
    web: WebSettings = setting(factory=WebSettings, doc="How the world reaches this host")
    inbox: InboxSettings = setting(factory=InboxSettings, doc="How long alerts count")
    health: HealthSettings = setting(factory=HealthSettings, doc="What a plugin's worker may use")
    notify: NotifySettings = setting(factory=NotifySettings, doc="How people hear of what happens")
    paper: PaperSettings = setting(factory=PaperSettings, doc="The paper broker")
    mt5_login: int = setting(0, doc="Number of the account at MetaTrader 5", ge=0, restart=True)
    mt5_password: Secret = setting(
        Secret(""),
        doc="Its password: write ${MT5_PASSWORD} and put the password into .env",
        restart=True,
    )
    mt5_server: str = setting("", doc="The broker's server as the terminal names it", restart=True)
    mt5_path: str = setting(
        "", doc="terminal64.exe; empty: the terminal found first. Name it where several stand", restart=True
    )
    mt5_portable: bool = setting(
        False, doc="The terminal keeps its data in its own folder, as several on a machine need", restart=True
    )
    mt5_retries: int = setting(
        3, doc="How often connecting is tried again at the start", ge=0, le=10, restart=True
    )
    mt5_wait: float = setting(5.0, doc="Seconds between those tries", ge=0, le=60, restart=True)
    mt5_server_offset_hours: float | None = setting(
        None,
        doc="The server's clock ahead of UTC, in hours; without it, it is measured",
        ge=-14,
        le=14,
        restart=True,
    )
    mt5_record: bool = setting(
        False,
        doc="Write every call of the terminal to data/mt5-calls.jsonl, without the password, for a report",
        restart=True,
    )
    symbol_mapping: dict[str, str] = setting(
        factory=dict, doc="TradingView's name = the broker's name, such as XAUUSD = \"GOLD\"", restart=True
    )
    symbol_config: dict[str, SymbolSettings] = setting(
        factory=shipped_symbols, doc="Facts of symbols that override the broker's"
    )
    plugin_system: PluginSystemSettings = setting(
        factory=PluginSystemSettings, doc="The plugin host as a whole"
    )
    plugins: dict[str, PluginSwitch] = setting(factory=dict, doc="Switches by plugin id")
    bot_config: dict[str, LogicRoute] = setting(
        factory=shipped_logics, doc="V3's three logics as older files name them"
    )
    profit_booking_config: ProfitBookingConfig = setting(
        factory=ProfitBookingConfig, doc="V3's profit chains as older files name them"
    )

    @property
    def lifted(self) -> bool:
        """True in the bench profile: rates, caps, exposure and loss limits do not apply."""
        return self.profile == "bench"

    @property
    def mt5(self) -> Mt5Settings:
        """The account at MetaTrader 5 as its gateway is told, with the password in clear."""
        return Mt5Settings(
            login=self.mt5_login,
            password=self.mt5_password.reveal(),
            server=self.mt5_server,
            path=self.mt5_path,
            portable=self.mt5_portable,
            retries=self.mt5_retries,
            wait=self.mt5_wait,
            mapping=self.symbol_mapping,
            offset_hours=self.mt5_server_offset_hours,
            record=self.mt5_record,
        )

    @property
    def trading(self) -> TradingSettings:
        """What the order desk and the risk book read."""
        shared = {field.name: getattr(self, field.name) for field in attrs.fields(RiskRules)}
        return TradingSettings(
            **shared,
            max_age_seconds=self.inbox.max_age_seconds,
            host_id=self.host_id,
            lifted=self.lifted,
        )

    def priority(self, plugin_id: str) -> int:
        """Place of a plugin in the order of asking; lower is asked first."""
        switch = self.plugins.get(plugin_id)
        if switch is not None and switch.priority is not None:
            return switch.priority
        return SHIPPED_PRIORITIES.get(plugin_id, OTHER_PRIORITY)
