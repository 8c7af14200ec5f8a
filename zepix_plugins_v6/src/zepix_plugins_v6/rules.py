"""The settings as the rules use them: decimals, upper-case symbols, what is off is ``None``."""

from decimal import Decimal

import attrs

from zepix_core import exact
from zepix_plugins_v6.config import V6Config
from zepix_plugins_v6.profiles import BY_ID, LegPlan, Profile
from zepix_plugins_v6.sections import Threshold


@attrs.frozen(kw_only=True)
class Rules:
    """Everything a decision depends on besides the message and the facts.

    Attributes:
        cooldown: Seconds in which the same message is a duplicate.
        symbols: Symbols entries may trade; empty means all.
        adx, confidence, max_spread: Thresholds, ``None`` when off; the spread in pips.
        required: Codes of the switchable filters that are on.
        allow_missing: A trend or momentum that was never received passes.
        risk_percent: Base risk by its factor, percent of the balance.
        max_lots: Of a trade, a pair together.
        breakeven_pips: Beyond A's entry; ``None``: A's stop stays.
    """

    profile: Profile
    shadow: bool
    cooldown: float
    symbols: frozenset[str]
    adx: Decimal | None
    confidence: Decimal | None
    max_spread: Decimal | None
    required: frozenset[str]
    allow_missing: bool
    legs: tuple[LegPlan, ...]
    share_of_a: Decimal
    base_risk: Decimal
    multiplier: Decimal
    max_lots: Decimal
    max_open_trades: int
    max_daily_trades: int
    daily_loss_limit: Decimal
    breakeven_pips: Decimal | None

    @classmethod
    def of(cls, config: V6Config) -> "Rules":
        """The rules that ``config`` asks for."""
        profile, settings = BY_ID[config.plugin_id], config.settings
        entry, orders, risk = (
            settings.entry_conditions,
            settings.order_configuration,
            settings.risk_management,
        )
        breakeven = settings.breakeven_pips
        return cls(
            profile=profile,
            shadow=config.shadow_mode,
            cooldown=config.signal_cooldown_seconds,
            symbols=frozenset(config.symbols_allowed()),
            adx=_threshold(entry.adx_threshold),
            confidence=_threshold(entry.confidence_threshold),
            max_spread=_threshold(entry.spread_limit),
            required=entry.required,
            allow_missing=entry.missing_trend_policy == "allow",
            legs=_legs(profile, extended=orders.extended_target),
            share_of_a=exact(orders.share_of_a),
            base_risk=exact(risk.base_risk_percentage),
            multiplier=exact(risk.risk_multiplier),
            max_lots=exact(risk.max_lot_size),
            max_open_trades=risk.max_open_trades,
            max_daily_trades=risk.max_daily_trades,
            daily_loss_limit=exact(risk.daily_loss_limit),
            breakeven_pips=None if breakeven is None else exact(breakeven),
        )

    @property
    def risk_percent(self) -> Decimal:
        """Risk of a trade in percent of the balance."""
        return self.base_risk * self.multiplier


def _threshold(value: Threshold) -> Decimal | None:
    return None if value is None or isinstance(value, str) else exact(float(value))


def _legs(profile: Profile, *, extended: bool) -> tuple[LegPlan, ...]:
    if extended:
        return profile.legs
    return tuple(
        attrs.evolve(plan, targets=tuple(target for target in plan.targets if target != "TP3"))
        for plan in profile.legs
    )
