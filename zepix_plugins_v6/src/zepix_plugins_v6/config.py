"""The settings of the four plugins, as their files ``plugins/<id>.toml`` hold them.

The defaults here are the plugins' own. What the shipped files set otherwise is `profiles.Profile.shipped`.
"""

from functools import partial

import attrs

from zepix_core import DatabaseSettings, Metadata, Notifications, PluginConfig, RiskSettings, setting
from zepix_plugins_v6 import sections
from zepix_plugins_v6.checks import only

_TIMEFRAME = "Chart timeframe of entries and exits; fixed by the routing"
_ROUTING = "Which orders an entry places; fixed"
_TABLE = "Table of the trades; fixed"
_ID = "Must equal the entry point's name"
_WHO = "Who the plugin is"
_TOLD = "What it tells people"
_FILE = "The file the four plugins share"
_DOES = "What it does with an alert"
_GROUP = "V6_PRICE_ACTION"


@attrs.frozen(kw_only=True)
class V6Settings:
    """What a plugin does with an alert."""

    supported_symbols: tuple[str, ...] = setting(
        (), doc="Symbols entries may trade; empty: every configured one"
    )
    entry_conditions: sections.EntryConditions = setting(factory=sections.EntryConditions, doc="Filters")
    order_configuration: sections.OrderConfiguration = setting(
        factory=sections.OrderConfiguration, doc="Orders"
    )
    risk_management: sections.RiskManagement = setting(factory=sections.RiskManagement, doc="Size and caps")

    @property
    def breakeven_pips(self) -> float | None:
        """Pips beyond its entry at which A's stop goes once B reached its target; ``None``: it stays."""
        return None


@attrs.frozen(kw_only=True)
class ScalpingSettings(V6Settings):
    """What `price_action_1m` does with an alert."""

    supported_timeframes: tuple[str, ...] = setting(("1",), doc=_TIMEFRAME, validator=only(("1",)))
    order_routing: str = setting("ORDER_B_ONLY", doc=_ROUTING, validator=only("ORDER_B_ONLY"))
    entry_conditions: sections.ScalpingConditions = setting(
        factory=sections.ScalpingConditions, doc="Filters"
    )
    order_configuration: sections.ScalpingOrders = setting(factory=sections.ScalpingOrders, doc="Orders")
    risk_management: sections.ScalpingRisk = setting(factory=sections.ScalpingRisk, doc="Size and caps")
    trend_pulse_integration: sections.ScalpingPulse = setting(factory=sections.ScalpingPulse, doc="Unused")
    exit_rules: sections.ScalpingExits = setting(factory=sections.ScalpingExits, doc="Unused")


@attrs.frozen(kw_only=True)
class MomentumSettings(V6Settings):
    """What `price_action_5m` does with an alert."""

    supported_timeframes: tuple[str, ...] = setting(("5",), doc=_TIMEFRAME, validator=only(("5",)))
    order_routing: str = setting("DUAL_ORDERS", doc=_ROUTING, validator=only("DUAL_ORDERS"))
    entry_conditions: sections.MomentumConditions = setting(
        factory=sections.MomentumConditions, doc="Filters"
    )
    order_configuration: sections.MomentumOrders = setting(factory=sections.MomentumOrders, doc="Orders")
    risk_management: sections.RiskManagement = setting(factory=sections.RiskManagement, doc="Size and caps")
    trend_pulse_integration: sections.MomentumPulse = setting(factory=sections.MomentumPulse, doc="Unused")
    exit_rules: sections.MomentumExits = setting(factory=sections.MomentumExits, doc="After B's target")

    @property
    def breakeven_pips(self) -> float | None:
        """Pips beyond its entry at which A's stop goes once B reached its target; ``None``: it stays."""
        rules = self.exit_rules
        return rules.breakeven_buffer_pips if rules.move_to_breakeven_after_tp1 else None


@attrs.frozen(kw_only=True)
class IntradaySettings(V6Settings):
    """What `price_action_15m` does with an alert."""

    supported_timeframes: tuple[str, ...] = setting(("15",), doc=_TIMEFRAME, validator=only(("15",)))
    order_routing: str = setting("ORDER_A_ONLY", doc=_ROUTING, validator=only("ORDER_A_ONLY"))
    entry_conditions: sections.IntradayConditions = setting(
        factory=sections.IntradayConditions, doc="Filters"
    )
    order_configuration: sections.IntradayOrders = setting(factory=sections.IntradayOrders, doc="Orders")
    risk_management: sections.IntradayRisk = setting(factory=sections.IntradayRisk, doc="Size and caps")
    trend_pulse_integration: sections.IntradayPulse = setting(factory=sections.IntradayPulse, doc="Unused")


@attrs.frozen(kw_only=True)
class SwingSettings(V6Settings):
    """What `price_action_1h` does with an alert."""

    supported_timeframes: tuple[str, ...] = setting(("60",), doc=_TIMEFRAME, validator=only(("60",)))
    order_routing: str = setting("ORDER_A_ONLY", doc=_ROUTING, validator=only("ORDER_A_ONLY"))
    entry_conditions: sections.SwingConditions = setting(factory=sections.SwingConditions, doc="Filters")
    order_configuration: sections.SwingOrders = setting(factory=sections.SwingOrders, doc="Orders")
    risk_management: sections.SwingRisk = setting(factory=sections.SwingRisk, doc="Size and caps")
    trend_pulse_integration: sections.SwingPulse = setting(factory=sections.SwingPulse, doc="Unused")


@attrs.frozen(kw_only=True)
class ScalpingDatabase(DatabaseSettings):
    """The database file the four plugins share."""

    table_name: str = setting("price_action_1m_trades", doc=_TABLE, validator=only("price_action_1m_trades"))


@attrs.frozen(kw_only=True)
class MomentumDatabase(DatabaseSettings):
    """The database file the four plugins share."""

    table_name: str = setting("price_action_5m_trades", doc=_TABLE, validator=only("price_action_5m_trades"))


@attrs.frozen(kw_only=True)
class IntradayDatabase(DatabaseSettings):
    """The database file the four plugins share."""

    table_name: str = setting(
        "price_action_15m_trades", doc=_TABLE, validator=only("price_action_15m_trades")
    )


@attrs.frozen(kw_only=True)
class SwingDatabase(DatabaseSettings):
    """The database file the four plugins share."""

    table_name: str = setting("price_action_1h_trades", doc=_TABLE, validator=only("price_action_1h_trades"))


@attrs.frozen(kw_only=True)
class V6Config(PluginConfig):
    """What the settings of the four plugins have in common."""

    shadow_mode: bool = setting(True, doc="Decide as live, fill in the shadow book only")
    signal_cooldown_seconds: float = setting(
        60.0, doc="Seconds in which the same message counts as a duplicate (strictly less)", ge=0
    )
    settings: V6Settings = setting(factory=V6Settings, doc=_DOES)

    def symbols_allowed(self) -> tuple[str, ...]:
        """TradingView names entries may trade; empty means all configured symbols."""
        return tuple(symbol.upper() for symbol in self.settings.supported_symbols)

    def risk_settings(self) -> RiskSettings:
        """The caps the host enforces."""
        risk = self.settings.risk_management
        return RiskSettings(
            max_open_trades=risk.max_open_trades,
            max_daily_trades=risk.max_daily_trades,
            daily_loss_limit=risk.daily_loss_limit,
            max_lot_size=risk.max_lot_size,
        )


@attrs.frozen(kw_only=True)
class ScalpingConfig(V6Config):
    """The settings of `price_action_1m`."""

    plugin_id: str = setting("price_action_1m", doc=_ID, restart=True)
    metadata: Metadata = setting(
        factory=partial(
            Metadata,
            name="V6 1M Scalping",
            description="Order B at TP1 on 1-minute entries",
            category=_GROUP,
            timeframe="1m",
        ),
        doc=_WHO,
    )
    notifications: Notifications = setting(factory=Notifications, doc=_TOLD)
    database: ScalpingDatabase = setting(factory=ScalpingDatabase, doc=_FILE)
    settings: ScalpingSettings = setting(factory=ScalpingSettings, doc=_DOES)


@attrs.frozen(kw_only=True)
class MomentumConfig(V6Config):
    """The settings of `price_action_5m`."""

    plugin_id: str = setting("price_action_5m", doc=_ID, restart=True)
    metadata: Metadata = setting(
        factory=partial(
            Metadata,
            name="V6 5M Momentum",
            description="A pair at TP2 and TP1 on 5-minute entries, breakeven after TP1",
            category=_GROUP,
            timeframe="5m",
        ),
        doc=_WHO,
    )
    notifications: Notifications = setting(factory=Notifications, doc=_TOLD)
    database: MomentumDatabase = setting(factory=MomentumDatabase, doc=_FILE)
    settings: MomentumSettings = setting(factory=MomentumSettings, doc=_DOES)


@attrs.frozen(kw_only=True)
class IntradayConfig(V6Config):
    """The settings of `price_action_15m`."""

    plugin_id: str = setting("price_action_15m", doc=_ID, restart=True)
    metadata: Metadata = setting(
        factory=partial(
            Metadata,
            name="V6 15M Intraday",
            description="Order A at TP2 on 15-minute entries",
            category=_GROUP,
            timeframe="15m",
        ),
        doc=_WHO,
    )
    notifications: Notifications = setting(factory=Notifications, doc=_TOLD)
    database: IntradayDatabase = setting(factory=IntradayDatabase, doc=_FILE)
    settings: IntradaySettings = setting(factory=IntradaySettings, doc=_DOES)


@attrs.frozen(kw_only=True)
class SwingConfig(V6Config):
    """The settings of `price_action_1h`."""

    plugin_id: str = setting("price_action_1h", doc=_ID, restart=True)
    metadata: Metadata = setting(
        factory=partial(
            Metadata,
            name="V6 1H Swing",
            description="Order A at TP3 on 1-hour entries; half of it runs until the pulse turns",
            category=_GROUP,
            timeframe="1h",
        ),
        doc=_WHO,
    )
    notifications: Notifications = setting(factory=partial(Notifications, use_voice_alerts=True), doc=_TOLD)
    database: SwingDatabase = setting(factory=SwingDatabase, doc=_FILE)
    settings: SwingSettings = setting(factory=SwingSettings, doc=_DOES)
