"""What a plugin author needs, and nothing else. Names are loaded on first use, so importing is cheap."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "5.0.0"

if TYPE_CHECKING:
    from zepix_core.api import ServiceAPI, create_service_api
    from zepix_core.errors import BadArgument, ZepixError
    from zepix_core.hookspecs import hookimpl
    from zepix_core.model.account import AccountInfo
    from zepix_core.model.alert import Alert, AlertClass, read_object, text_field
    from zepix_core.model.change import Change
    from zepix_core.model.decision import Decision, Gate, Step, Verdict, reason_of
    from zepix_core.model.market import Bar, Quote, Side, SymbolInfo, Tick, TradeMode, TradingHours
    from zepix_core.model.notice import Notice, Priority
    from zepix_core.model.order import (
        Book,
        ClosedPart,
        CloseResult,
        DualResult,
        GroupResult,
        OrderResult,
        PluginOrder,
        TradeUpdate,
        UpdateKind,
    )
    from zepix_core.model.plain import as_json, encodable, shown
    from zepix_core.model.setting import setting
    from zepix_core.model.trend_pulse import HigherTrend, MarketState, TrendPulseData
    from zepix_core.model.volatility import PriceRange, Volatility, VolatilityState
    from zepix_core.model.wake import Wake
    from zepix_core.plugin import (
        Capability,
        DatabaseSettings,
        GroupFeed,
        LogicPlugin,
        Metadata,
        Notifications,
        PluginConfig,
        RiskSettings,
    )
    from zepix_core.rules.decimals import exact, rounded
    from zepix_core.rules.realised import Realised, exact_sum, win_rate, with_costs
    from zepix_core.rules.trading_day import TradingDays
    from zepix_core.rules.trend_pulse import (
        fresh_rows,
        market_state,
        pulse_aligned,
        pulse_sums,
        pulse_timeframe,
        state_matches,
        state_received,
    )
    from zepix_core.services.calls import Leg, LimitState, RiskState, RiskVerdict
    from zepix_core.storage.core_tables import one_row
    from zepix_core.storage.order_row import OrderRow
    from zepix_core.storage.stamps import read_stamp, stamp

_HOMES = {
    "zepix_core.api": ("ServiceAPI", "create_service_api"),
    "zepix_core.errors": ("BadArgument", "ZepixError"),
    "zepix_core.hookspecs": ("hookimpl",),
    "zepix_core.model.account": ("AccountInfo",),
    "zepix_core.model.alert": ("Alert", "AlertClass", "read_object", "text_field"),
    "zepix_core.model.change": ("Change",),
    "zepix_core.model.decision": ("Decision", "Gate", "Step", "Verdict", "reason_of"),
    "zepix_core.model.market": ("Bar", "Quote", "Side", "SymbolInfo", "Tick", "TradeMode", "TradingHours"),
    "zepix_core.model.notice": ("Notice", "Priority"),
    "zepix_core.model.order": (
        "Book",
        "ClosedPart",
        "CloseResult",
        "DualResult",
        "GroupResult",
        "OrderResult",
        "PluginOrder",
        "TradeUpdate",
        "UpdateKind",
    ),
    "zepix_core.model.plain": ("as_json", "encodable", "shown"),
    "zepix_core.model.setting": ("setting",),
    "zepix_core.model.trend_pulse": ("HigherTrend", "MarketState", "TrendPulseData"),
    "zepix_core.model.volatility": ("PriceRange", "Volatility", "VolatilityState"),
    "zepix_core.model.wake": ("Wake",),
    "zepix_core.plugin": (
        "Capability",
        "DatabaseSettings",
        "GroupFeed",
        "LogicPlugin",
        "Metadata",
        "Notifications",
        "PluginConfig",
        "RiskSettings",
    ),
    "zepix_core.rules.decimals": ("exact", "rounded"),
    "zepix_core.rules.realised": ("Realised", "exact_sum", "win_rate", "with_costs"),
    "zepix_core.rules.trading_day": ("TradingDays",),
    "zepix_core.rules.trend_pulse": (
        "fresh_rows",
        "market_state",
        "pulse_aligned",
        "pulse_sums",
        "pulse_timeframe",
        "state_matches",
        "state_received",
    ),
    "zepix_core.services.calls": ("Leg", "LimitState", "RiskState", "RiskVerdict"),
    "zepix_core.storage.core_tables": ("one_row",),
    "zepix_core.storage.order_row": ("OrderRow",),
    "zepix_core.storage.stamps": ("read_stamp", "stamp"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AccountInfo",
    "Alert",
    "AlertClass",
    "BadArgument",
    "Bar",
    "Book",
    "Capability",
    "Change",
    "CloseResult",
    "ClosedPart",
    "DatabaseSettings",
    "Decision",
    "DualResult",
    "Gate",
    "GroupFeed",
    "GroupResult",
    "HigherTrend",
    "Leg",
    "LimitState",
    "LogicPlugin",
    "MarketState",
    "Metadata",
    "Notice",
    "Notifications",
    "OrderResult",
    "OrderRow",
    "PluginConfig",
    "PluginOrder",
    "PriceRange",
    "Priority",
    "Quote",
    "Realised",
    "RiskSettings",
    "RiskState",
    "RiskVerdict",
    "ServiceAPI",
    "Side",
    "Step",
    "SymbolInfo",
    "Tick",
    "TradeMode",
    "TradeUpdate",
    "TradingDays",
    "TradingHours",
    "TrendPulseData",
    "UpdateKind",
    "Verdict",
    "Volatility",
    "VolatilityState",
    "Wake",
    "ZepixError",
    "__version__",
    "as_json",
    "create_service_api",
    "encodable",
    "exact",
    "exact_sum",
    "fresh_rows",
    "hookimpl",
    "market_state",
    "one_row",
    "pulse_aligned",
    "pulse_sums",
    "pulse_timeframe",
    "read_object",
    "read_stamp",
    "reason_of",
    "rounded",
    "setting",
    "shown",
    "stamp",
    "state_matches",
    "state_received",
    "text_field",
    "win_rate",
    "with_costs",
]


def __getattr__(name: str) -> Any:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'zepix_core' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value
