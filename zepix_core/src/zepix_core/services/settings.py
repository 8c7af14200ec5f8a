"""The money settings under the name the services know them by."""

from zepix_core.config.risk import (
    DualOrderSettings,
    MarketDataSettings,
    ProtectionSettings,
    RateSettings,
    RiskConfig,
    RiskTierSettings,
    StopGuard,
    TradingSettings,
    VolatilityRisk,
    shipped_fixed_lots,
    shipped_tiers,
    shipped_volatility_risk,
)

__all__ = [
    "DualOrderSettings",
    "MarketDataSettings",
    "ProtectionSettings",
    "RateSettings",
    "RiskConfig",
    "RiskTierSettings",
    "StopGuard",
    "TradingSettings",
    "VolatilityRisk",
    "shipped_fixed_lots",
    "shipped_tiers",
    "shipped_volatility_risk",
]
