"""Settings of money and risk: tiers, limits, caps, protections.

Every model is frozen; the host embeds them in its settings and swaps the whole value at a change.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.model.setting import setting
from zepix_core.rules.trading_day import check_reset_time, check_timezone


@attrs.frozen(kw_only=True)
class RiskTierSettings:
    """Limits of one balance tier; money in account currency."""

    daily_loss_limit: float = setting(doc="Losses a trading day at which entries stop", gt=0)
    max_total_loss: float = setting(doc="Losses in all at which entries stop", gt=0)
    per_trade_cap: float | None = setting(
        None, doc="Most money one trade may lose; absent: per_trade_cap_percent of the balance", gt=0
    )


@attrs.frozen(kw_only=True)
class VolatilityRisk:
    """Risk of one trade for a volatility class."""

    risk_percent: float = setting(doc="Percent of the balance one trade may risk", ge=0, le=10)


@attrs.frozen(kw_only=True)
class RiskConfig:
    """Caps of the whole host on one order."""

    max_lot_size: float = setting(10.0, doc="Most lots of one order", gt=0)
    per_trade_cap_percent: float = setting(
        3.0,
        doc="Most of the balance one trade may lose, in percent, unless the tier names a sum",
        gt=0,
        le=100,
    )


@attrs.frozen(kw_only=True)
class StopGuard:
    """Pause a plugin's entries after several stop losses in a row of time."""

    max_stops: int = setting(0, doc="Stop losses in the window that start the pause; 0 is off", ge=0)
    window_minutes: int = setting(60, doc="Length of the window, minutes", ge=0)
    pause_minutes: int = setting(60, doc="Length of the pause, minutes", ge=0)


@attrs.frozen(kw_only=True)
class ProtectionSettings:
    """Brakes besides the limits."""

    cooldown_minutes: int = setting(0, doc="No entry on a symbol so long after a close; 0 is off", ge=0)
    stop_guard: StopGuard = setting(factory=StopGuard, doc="Pause after several stop losses")


@attrs.frozen(kw_only=True)
class RateSettings:
    """Entries a minute; a pair counts once, closes are free."""

    host_per_minute: int = setting(60, doc="Entries a minute of the whole host", ge=1)
    plugin_per_minute: int = setting(30, doc="Entries a minute of one plugin", ge=1)
    symbol_per_minute: int = setting(6, doc="Entries a minute on one symbol", ge=1)


@attrs.frozen(kw_only=True)
class DualOrderSettings:
    """How the host splits a total in two legs."""

    below_min: str = setting(
        "raise",
        doc="A leg below the minimum: raise both, place order_a_only, or refuse",
        choices=("raise", "order_a_only", "refuse"),
    )
    order_split_ratio: float = setting(0.5, doc="Part of the total that leg A gets", gt=0, lt=1)


@attrs.frozen(kw_only=True)
class MarketDataSettings:
    """How fresh a price must be."""

    max_tick_age_seconds: float = setting(
        10.0, doc="A quote older than this counts as missing; the paper broker has no such limit", ge=0
    )
    price_band_percent: float = setting(
        2.0, doc="An alert's price further from the market than this refuses the entry, percent", gt=0
    )


@attrs.frozen(kw_only=True)
class TrendPulseSettings:
    """The trend pulse that charts report."""

    max_age_minutes: int = setting(
        0, doc="A row older than this counts as absent, minutes; 0: never, 4320 spans a weekend", ge=0
    )


def shipped_tiers() -> dict[str, RiskTierSettings]:
    """The shipped tiers: tier name = balance threshold."""
    limits = {"5000": (100, 500), "10000": (200, 1000), "25000": (500, 2500), "50000": (1000, 5000),
              "100000": (2000, 10000)}  # fmt: skip
    return {
        name: RiskTierSettings(daily_loss_limit=float(daily), max_total_loss=float(total))
        for name, (daily, total) in limits.items()
    }


def shipped_fixed_lots() -> dict[str, float]:
    """The shipped lots per tier."""
    return {"5000": 0.01, "10000": 0.05, "25000": 0.10, "50000": 0.20, "100000": 0.50}


def shipped_volatility_risk() -> dict[str, dict[str, VolatilityRisk]]:
    """The shipped percent per tier and volatility class."""
    percents = {"5000": (1.5, 1.5, 1.0), "10000": (1.5, 1.5, 1.0), "25000": (2.0, 2.0, 1.5),
                "50000": (2.0, 2.0, 2.0), "100000": (2.0, 2.5, 3.0)}  # fmt: skip
    return {
        tier: {
            name: VolatilityRisk(risk_percent=percent)
            for name, percent in zip(("LOW", "MEDIUM", "HIGH"), row, strict=True)
        }
        for tier, row in percents.items()
    }


def tier_faults(data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What is wrong between the maps of tiers, as (dotted key, sentence); ``data`` holds plain values."""
    tiers = _names(data, "risk_tiers")
    faults: list[tuple[str, str]] = []
    for name, tier in tiers.items():
        key = f"risk_tiers.{name}"
        if not name.isdecimal():
            faults.append((key, "a tier is named by its balance, such as 5000"))
        if isinstance(tier, Mapping):
            daily, total = tier.get("daily_loss_limit"), tier.get("max_total_loss")
            if isinstance(daily, int | float) and isinstance(total, int | float) and daily > total:
                faults.append(
                    (f"{key}.daily_loss_limit", f"must not exceed max_total_loss {total:g}, not {daily:g}")
                )
    for key in ("fixed_lot_sizes", "manual_lot_overrides", "risk_by_account_tier"):
        faults += [
            (f"{key}.{name}", "names a tier that risk_tiers does not have")
            for name in _names(data, key)
            if name not in tiers
        ]
    default = data.get("default_risk_tier")
    if default is not None and default not in tiers:
        faults.append(("default_risk_tier", f"names a tier that risk_tiers does not have: {default}"))
    return tuple(faults)


def _names(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


@attrs.frozen(kw_only=True)
class RiskRules:
    """The keys about money that stand at the top level of the host's file."""

    risk_tiers: Mapping[str, RiskTierSettings] = setting(factory=shipped_tiers, doc="Limits per balance tier")
    fixed_lot_sizes: Mapping[str, float] = setting(factory=shipped_fixed_lots, doc="Fixed lots per tier")
    manual_lot_overrides: Mapping[str, float] = setting(
        factory=dict, doc="Lots per tier that replace the fixed ones"
    )
    risk_by_account_tier: Mapping[str, Mapping[str, VolatilityRisk]] = setting(
        factory=shipped_volatility_risk, doc="Risk in percent per tier and volatility class"
    )
    default_risk_tier: str | None = setting(None, doc="Tier to use whatever the balance; absent: by balance")
    risk_config: RiskConfig = setting(factory=RiskConfig, doc="Caps of the whole host")
    protections: ProtectionSettings = setting(factory=ProtectionSettings, doc="Brakes besides the limits")
    rates: RateSettings = setting(factory=RateSettings, doc="Entries a minute")
    dual_orders: DualOrderSettings = setting(factory=DualOrderSettings, doc="How a total is split")
    market_data: MarketDataSettings = setting(factory=MarketDataSettings, doc="How fresh a price must be")
    trend_pulse: TrendPulseSettings = setting(
        factory=TrendPulseSettings, doc="How long the trend pulse counts"
    )
    daily_reset_time: str = setting(
        "03:35", doc="Local time at which the trading day starts, HH:MM", validator=check_reset_time
    )
    timezone: str = setting("Asia/Kolkata", doc="IANA zone of daily_reset_time", validator=check_timezone)
    rr_ratio: float = setting(1.5, doc="Reward to risk where a plugin needs one", ge=0.1, le=20)


@attrs.frozen(kw_only=True)
class TradingSettings(RiskRules):
    """All that the order desk and the risk book read.

    Attributes:
        max_age_seconds: How long an entry may wait at the order gate (``inbox.max_age_seconds``).
        host_id: First part of the magic.
        lifted: The bench profile: rates, caps, exposure and loss limits do not apply.
    """

    max_age_seconds: float = setting(120.0, doc="Longest wait of an entry, seconds", ge=1)
    host_id: int = setting(1, doc="First part of the magic", ge=1, le=99, restart=True)
    lifted: bool = setting(False, doc="Rates, caps, exposure and loss limits do not apply (bench profile)")

    def __attrs_post_init__(self) -> None:
        faults = tier_faults(attrs.asdict(self))
        if faults:
            raise ValueError("; ".join(f"{key}: {text}" for key, text in faults))
