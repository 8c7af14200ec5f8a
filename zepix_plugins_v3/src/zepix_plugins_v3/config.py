"""The settings of ``combined_v3``: every key, its default, its range and what it means."""

import attrs

from zepix_core import DatabaseSettings, Metadata, Notifications, PluginConfig, RiskSettings, setting
from zepix_plugins_v3 import checks, tables, timeframes
from zepix_plugins_v3.profit_config import AfterOrderB, ProfitBooking, ReEntry, TrailingSettings

_TARGETS = ("TP1", "TP2", "TP3")


@attrs.frozen(kw_only=True)
class SignalHandling:
    """Which signals are taken, and how scores and exits are read."""

    entry_signals: tuple[str, ...] = setting(
        (
            "Institutional_Launchpad",
            "Liquidity_Trap",
            "Momentum_Ignition",
            "Mitigation_Block",
            "Golden_Pocket",
            "Screener",
            "entry_v3",
        ),
        doc="Entry signals taken, by any of their names; entry_v3 means all of them",
        validator=checks.signal_names,
    )
    exit_signals: tuple[str, ...] = setting(
        ("Exit_Bullish", "Exit_Bearish"), doc="Exit signals taken", validator=checks.signal_names
    )
    info_signals: tuple[str, ...] = setting(
        ("Volatility_Squeeze", "Trend_Pulse"), doc="Info signals taken", validator=checks.signal_names
    )
    signal_12_enabled: bool = setting(True, doc="Take the twelfth signal")
    signal_12_name: str = setting("Sideways_Breakout", doc="Name of the twelfth signal")
    score_mode: str = setting(
        "directional",
        doc="directional: a sell counts bearish votes; literal: the raw score, for comparison runs",
        choices=("directional", "literal"),
    )
    exit_mode: str = setting(
        "pine",
        doc="pine: a bullish exit closes longs; legacy: it closes shorts",
        choices=("pine", "legacy"),
    )
    min_consensus_score: int = setting(5, doc="Least conviction of an entry", ge=0, le=9)
    min_consensus_by_signal: dict[str, int] = setting(
        factory=lambda: {"institutional_launchpad": 7},
        doc="Least conviction of single signals; what is named here adds to the default",
        validator=checks.signal_scores,
    )
    duplicate_window_seconds: float = setting(
        300.0, doc="Seconds in which the same meaning counts as a duplicate (strictly less)", ge=0
    )
    squeeze_alert_seconds: float = setting(300.0, doc="Seconds a squeeze marks its symbol", ge=0)


@attrs.frozen(kw_only=True)
class RoutingMatrix:
    """How an entry finds its logic."""

    priority_1_overrides: dict[str, str] = setting(
        factory=lambda: {"Screener": "LOGIC3", "Golden_Pocket_1H": "LOGIC3", "Golden_Pocket_4H": "LOGIC3"},
        doc="Route by signal, perhaps on one timeframe; golden pocket goes to LOGIC2 elsewhere",
        validator=checks.overrides,
    )
    priority_2_timeframe_routing: dict[str, str] = setting(
        factory=lambda: {"5": "LOGIC1", "15": "LOGIC2", "60": "LOGIC3", "240": "LOGIC3"},
        doc="Route by timeframe; others go to LOGIC2",
        validator=checks.timeframe_routes,
    )
    logic_multipliers: dict[str, float] = setting(
        factory=lambda: dict(tables.LOGIC_MULTIPLIERS),
        doc="Factor of the lots by logic, 0.1..5",
        validator=checks.logic_factors,
    )


@attrs.frozen(kw_only=True)
class OrderASettings:
    """Order A: accepted and checked; its stop and target are fixed by the rules."""

    use_v3_smart_sl: bool = setting(True, doc="Stop from the alert (always)")
    target_level: str = setting("TP2", doc="Target (always TP2)", choices=_TARGETS)
    trailing_enabled: bool = setting(True, doc="Trail this order's stop, as `trailing` says")


@attrs.frozen(kw_only=True)
class OrderBSettings:
    """Order B: a stop of fixed money."""

    use_fixed_sl: bool = setting(True, doc="Stop of fixed money (always)")
    fixed_sl_dollars: float = setting(
        10.0, doc="Money at risk of order B, account currency", gt=0, le=1_000_000
    )
    target_level: str = setting("TP1", doc="Target (always TP1)", choices=_TARGETS)
    trailing_enabled: bool = setting(False, doc="Trail this order's stop, as `trailing` says")


@attrs.frozen(kw_only=True)
class DualOrderSystem:
    """The pair of orders of an entry."""

    enabled: bool = setting(True, doc="Place pairs; off: every entry is refused")
    order_split_ratio: float = setting(0.5, doc="Share of order A in the lots", gt=0, lt=1)
    order_a_settings: OrderASettings = setting(factory=OrderASettings, doc="Order A")
    order_b_settings: OrderBSettings = setting(factory=OrderBSettings, doc="Order B")
    active_sl_system: str = setting(
        "sl-1", doc="Stop table used when an alert has no stop", choices=tuple(tables.STOP_TABLES)
    )
    sl_tables: dict[str, dict[str, tuple[float, ...]]] = setting(
        factory=lambda: {system: dict(rows) for system, rows in tables.STOP_TABLES.items()},
        doc="Stops in pips (gold: 0.10) by system and symbol, for tiers 5000 10000 25000 50000 100000",
        validator=checks.stop_tables,
    )


@attrs.frozen(kw_only=True)
class MtfPillars:
    """The trend check; it works only with the bypass off."""

    enabled: bool = setting(True, doc="Check trends when the bypass is off")
    pillars: tuple[str, ...] = setting(
        ("15m", "1h", "4h", "1d"), doc="Pillars, in the order of their places", validator=checks.four_pillars
    )
    extraction_indices: tuple[int, ...] = setting(
        (2, 3, 4, 5), doc="Places of the pillars in a six-value string", validator=checks.places(4)
    )
    ignore_indices: tuple[int, ...] = setting((0, 1), doc="Places left out", validator=checks.places(2))
    min_aligned_for_entry: int = setting(3, doc="Pillars that must agree", ge=1, le=4)
    alignment_weight: dict[str, float] = setting(
        factory=lambda: {"15m": 1.0, "1h": 1.5, "4h": 2.0, "1d": 2.5}, doc="Weights, for display"
    )

    def __attrs_post_init__(self) -> None:
        if set(self.extraction_indices) & set(self.ignore_indices):
            raise ValueError("extraction_indices and ignore_indices must not share a place")


@attrs.frozen(kw_only=True)
class PositionSizing:
    """How many lots."""

    base_risk_percentage: float = setting(1.5, doc="Risk a trade in percent, for display", gt=0, le=10)
    consensus_score_range: tuple[int, ...] = setting(
        (0, 9), doc="Range of scores, for display", validator=checks.rising_pair(0, 9)
    )
    consensus_multiplier_range: tuple[float, ...] = setting(
        (0.2, 1.0), doc="Bounds of the consensus multiplier", validator=checks.rising_pair(0.01, 5)
    )
    apply_logic_multiplier: bool = setting(True, doc="Multiply lots by the logic's factor")
    min_lot_size: float = setting(0.01, doc="Least lots of one order", gt=0, le=50)
    max_lot_size: float = setting(1.0, doc="Most lots of a pair, before the split", gt=0, le=50)
    lot_step: float = setting(0.01, doc="Lots are whole multiples of this", gt=0, le=50)

    def __attrs_post_init__(self) -> None:
        if self.min_lot_size > self.max_lot_size:
            raise ValueError(
                f"min_lot_size ({self.min_lot_size:g}) must not be above max_lot_size ({self.max_lot_size:g})"
            )


@attrs.frozen(kw_only=True)
class TrendBypass:
    """Whether entries skip the trend check."""

    enabled: bool = setting(True, doc="Entries skip the trend check")
    bypass_signals: tuple[str, ...] = setting(
        ("entry_v3",), doc="Accepted without effect", validator=checks.signal_names
    )
    require_trend_signals: tuple[str, ...] = setting(
        ("Institutional_Launchpad", "Liquidity_Trap", "Momentum_Ignition"),
        doc="Accepted without effect",
        validator=checks.signal_names,
    )


@attrs.frozen(kw_only=True)
class RiskManagement:
    """Caps the host enforces for this plugin."""

    max_open_trades: int = setting(5, doc="Most open trades; a pair is one trade", ge=1)
    max_daily_trades: int = setting(10, doc="Most trades a trading day", ge=1)
    max_symbol_exposure: float = setting(0.30, doc="Most lots open on one symbol", gt=0)
    daily_loss_limit: float = setting(
        500.0, doc="Losses a day, account currency; of the two keys of this name the smaller is used", gt=0
    )


@attrs.frozen(kw_only=True)
class V3Settings:
    """What `combined_v3` does with an alert."""

    supported_symbols: tuple[str, ...] = setting(
        tables.SYMBOLS, doc="Symbols entries may trade; empty: every configured one"
    )
    supported_timeframes: tuple[str, ...] = setting(
        timeframes.TIMEFRAMES, doc="Timeframes entries are taken from", validator=checks.timeframe_list
    )
    max_lot_size: float = setting(1.0, doc="Most lots of one order, enforced by the host", ge=0.01, le=50)
    daily_loss_limit: float = setting(500.0, doc="Losses a day, account currency", gt=0)
    signal_handling: SignalHandling = setting(factory=SignalHandling, doc="Signals")
    routing_matrix: RoutingMatrix = setting(factory=RoutingMatrix, doc="Routing")
    dual_order_system: DualOrderSystem = setting(factory=DualOrderSystem, doc="The pair of orders")
    mtf_4_pillar_system: MtfPillars = setting(factory=MtfPillars, doc="Trends")
    position_sizing: PositionSizing = setting(factory=PositionSizing, doc="Lots")
    trend_bypass_logic: TrendBypass = setting(factory=TrendBypass, doc="Trend bypass")
    risk_management: RiskManagement = setting(factory=RiskManagement, doc="Caps")
    trailing: TrailingSettings = setting(factory=TrailingSettings, doc="Stops that follow the price")
    after_order_b: AfterOrderB = setting(factory=AfterOrderB, doc="Order A after order B's profit")
    profit_booking: ProfitBooking = setting(factory=ProfitBooking, doc="The profit chain behind order B")
    re_entry: ReEntry = setting(factory=ReEntry, doc="Entering again after order A has ended")


@attrs.frozen(kw_only=True)
class V3Config(PluginConfig):
    """The settings of `combined_v3`."""

    plugin_id: str = setting("combined_v3", doc="Must equal the entry point's name", restart=True)
    metadata: Metadata = setting(
        factory=lambda: Metadata(
            name="V3 Combined Logic",
            description="Twelve Pine V3 signals, routed to three logics, each traded as a pair of orders",
            category="V3_COMBINED",
            logic_type="LEGACY_V3",
        ),
        doc="Who the plugin is",
    )
    notifications: Notifications = setting(
        factory=lambda: Notifications(use_voice_alerts=True, telegram_bot="controller"),
        doc="What it tells people",
    )
    database: DatabaseSettings = setting(factory=DatabaseSettings, doc="Its own database file")
    settings: V3Settings = setting(factory=V3Settings, doc="What it does with an alert")

    def symbols_allowed(self) -> tuple[str, ...]:
        """TradingView names entries may trade; empty means all configured symbols."""
        return self.settings.supported_symbols

    def risk_settings(self) -> RiskSettings:
        """The caps the host enforces."""
        risk = self.settings.risk_management
        return RiskSettings(
            max_open_trades=risk.max_open_trades,
            max_daily_trades=risk.max_daily_trades,
            max_symbol_exposure=risk.max_symbol_exposure,
            daily_loss_limit=min(risk.daily_loss_limit, self.settings.daily_loss_limit),
            max_lot_size=self.settings.max_lot_size,
        )
