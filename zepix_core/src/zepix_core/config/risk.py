"""Settings of money and risk: what the order gates hold every plugin to."""

import zoneinfo
from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core.model.setting import setting


def _zone(_: Any, field: "attrs.Attribute[Any]", value: str) -> None:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{field.name} must be an IANA name such as Asia/Kolkata, not {value!r}") from error


def _time_of_day(_: Any, field: "attrs.Attribute[Any]", value: str) -> None:
    hours, _sep, minutes = value.partition(":")
    fine = len(hours) == 2 and len(minutes) == 2 and (hours + minutes).isdecimal()
    if not fine or int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"{field.name} must be a time as HH:MM, not {value!r}")


@attrs.frozen(kw_only=True)
class RiskTier:
    """Loss limits of accounts of one size; money in account currency."""

    daily_loss_limit: float = setting(doc="Losses a trading day after which entries stop, money.", gt=0)
    max_total_loss: float = setting(doc="Losses without end after which entries stop, money.", gt=0)
    per_trade_cap: float | None = setting(None, doc="Most money one trade may lose; none by default.", gt=0)


@attrs.frozen(kw_only=True)
class VolatilityRisk:
    """Risk of one trade on symbols of one volatility class."""

    risk_percent: float = setting(1.5, doc="Percent of the balance one trade risks.", ge=0, le=10)


@attrs.frozen(kw_only=True)
class RiskConfig:
    """Caps on one order."""

    max_lot_size: float = setting(10.0, doc="Most lots of one order.", gt=0, le=1000)
    per_trade_cap_percent: float = setting(
        3.0, doc="Most one trade may lose, in percent of the balance.", gt=0, le=100
    )
    price_band_percent: float = setting(
        2.0, doc="Entries whose price is farther from the market are refused, in percent.", gt=0, le=100
    )
    lifted: bool = setting(
        False, doc="Rates, caps, exposure and loss limits are off (bench profile); refused on a live account."
    )


@attrs.frozen(kw_only=True)
class StopGuard:
    """A pause for a plugin that was stopped out too often."""

    max_stops: int = setting(0, doc="Stops within the window that start the pause; 0: off.", ge=0)
    window_minutes: int = setting(60, doc="The window, in minutes.", ge=0)
    pause_minutes: int = setting(60, doc="How long the plugin opens nothing, in minutes.", ge=0)


@attrs.frozen(kw_only=True)
class Protections:
    """Brakes on entries; closing is always free."""

    cooldown_minutes: int = setting(
        0, doc="No entry on a symbol so long after a close, in minutes; 0: off.", ge=0
    )
    stop_guard: StopGuard = setting(factory=StopGuard, doc="Pause after several stops.")


@attrs.frozen(kw_only=True)
class Rates:
    """Entries a minute; a dual order counts once, closing is always free."""

    host_per_minute: int = setting(60, doc="Entries a minute in all.", ge=1)
    plugin_per_minute: int = setting(30, doc="Entries a minute of one plugin.", ge=1)
    symbol_per_minute: int = setting(6, doc="Entries a minute on one symbol.", ge=1)


@attrs.frozen(kw_only=True)
class MarketData:
    """When a price counts."""

    max_tick_age_seconds: float = setting(
        10.0,
        doc="Older quotes count as missing, in seconds; 0: any age. The paper broker has no limit.",
        ge=0,
    )


@attrs.frozen(kw_only=True)
class DualOrders:
    """How a pair is split."""

    below_min: str = setting(
        "raise",
        doc="What becomes of a leg below the symbol's smallest volume.",
        choices=("raise", "order_a_only", "refuse"),
    )


def _tiers() -> dict[str, RiskTier]:
    rows = (
        (5000, 100, 500),
        (10000, 200, 1000),
        (25000, 500, 2500),
        (50000, 1000, 5000),
        (100000, 2000, 10000),
    )
    return {
        str(threshold): RiskTier(daily_loss_limit=float(daily), max_total_loss=float(total))
        for threshold, daily, total in rows
    }


def _fixed_lots() -> dict[str, float]:
    return {"5000": 0.01, "10000": 0.05, "25000": 0.10, "50000": 0.20, "100000": 0.50}


def _percents() -> dict[str, dict[str, VolatilityRisk]]:
    rows = {
        "5000": (1.5, 1.5, 1.0),
        "10000": (1.5, 1.5, 1.0),
        "25000": (2.0, 2.0, 1.5),
        "50000": (2.0, 2.0, 2.0),
        "100000": (2.0, 2.5, 3.0),
    }
    return {
        tier: {
            name: VolatilityRisk(risk_percent=percent)
            for name, percent in zip(("LOW", "MEDIUM", "HIGH"), row, strict=True)
        }
        for tier, row in rows.items()
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
    """The host's keys about money; `HostSettings` has them at its top level.

    A tier's name is the smallest balance it is for; below the lowest the lowest is used (services.md 5.2).
    """

    risk_tiers: dict[str, RiskTier] = setting(factory=_tiers, doc="Loss limits by balance.")
    fixed_lot_sizes: dict[str, float] = setting(factory=_fixed_lots, doc="Fixed lots by tier.")
    manual_lot_overrides: dict[str, float] = setting(
        factory=dict, doc="Lots by tier that win over the fixed ones."
    )
    risk_by_account_tier: dict[str, dict[str, VolatilityRisk]] = setting(
        factory=_percents, doc="Risk of one trade by tier and volatility class."
    )
    default_risk_tier: str | None = setting(None, doc="Tier used whatever the balance; none: by balance.")
    risk_config: RiskConfig = setting(factory=RiskConfig, doc="Caps on one order.")
    daily_reset_time: str = setting(
        "03:35", doc="When the trading day starts, HH:MM.", validator=_time_of_day
    )
    timezone: str = setting("Asia/Kolkata", doc="Zone of the daily reset, IANA name.", validator=_zone)
    rr_ratio: float = setting(
        1.5, doc="Reward in terms of risk where an alert names no target.", ge=0.1, le=20
    )
    protections: Protections = setting(factory=Protections, doc="Brakes on entries.")
    rates: Rates = setting(factory=Rates, doc="Entries a minute.")
    market_data: MarketData = setting(factory=MarketData, doc="When a price counts.")
    dual_orders: DualOrders = setting(factory=DualOrders, doc="How a pair is split.")
