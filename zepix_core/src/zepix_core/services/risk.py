"""Loss limits and the risk of one trade, judged from facts."""

from zepix_core.config.risk import RiskTierSettings, TradingSettings
from zepix_core.rules.tiers import Limit, smart_lot, tier_for, tightest
from zepix_core.services.calls import LimitState, RiskState, RiskVerdict
from zepix_core.services.facts import PluginFacts
from zepix_core.services.gate_facts import RiskFacts

NO_BALANCE = "the balance is not readable"
DAILY, LIFETIME, PLUGIN = "daily", "lifetime", "plugin"


def tier_of(facts: RiskFacts, settings: TradingSettings) -> tuple[str, RiskTierSettings] | None:
    """The account's tier, ``None`` without a balance or a tier."""
    if facts.balance is None:
        return None
    name = tier_for(facts.balance, settings.risk_tiers, settings.default_risk_tier)
    return None if name is None or name not in settings.risk_tiers else (name, settings.risk_tiers[name])


def daily_limits(facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts) -> tuple[Limit, ...]:
    """The account's limit and the plugin's own; empty without a tier."""
    tier = tier_of(facts, settings)
    if tier is None:
        return ()
    limits = [Limit(scope="account", loss=facts.daily_loss, limit=tier[1].daily_loss_limit)]
    if plugin.risk.daily_loss_limit is not None:
        limits.append(
            Limit(scope=plugin.id, loss=facts.plugin_daily_loss, limit=plugin.risk.daily_loss_limit)
        )
    return tuple(limits)


def lifetime_limit(facts: RiskFacts, settings: TradingSettings) -> Limit | None:
    """The account's limit without end; ``None`` without a tier."""
    tier = tier_of(facts, settings)
    return tier and Limit(scope="account", loss=facts.lifetime_loss, limit=tier[1].max_total_loss)


def reached(facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts) -> frozenset[str]:
    """Limits that are reached now or were latched earlier."""
    found = set(facts.latched)
    for limit in daily_limits(facts, settings, plugin):
        if not limit.open:
            found.add(DAILY if limit.scope == "account" else PLUGIN)
    lifetime = lifetime_limit(facts, settings)
    if lifetime is not None and not lifetime.open:
        found.add(LIFETIME)
    return frozenset(found)


def state(facts: RiskFacts, settings: TradingSettings) -> RiskState:
    """Money facts as a plugin may read them."""
    tier = tier_of(facts, settings)
    return RiskState(
        balance=facts.balance,
        equity=facts.equity,
        margin_free=facts.margin_free,
        daily_loss=facts.daily_loss,
        lifetime_loss=facts.lifetime_loss,
        plugin_daily_loss=facts.plugin_daily_loss,
        tier=None if tier is None else tier[0],
        currency=facts.currency,
    )


def limit_state(which: str, facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts) -> LimitState:
    """``check_daily_limit`` (``which`` is ``daily``) or ``check_lifetime_limit`` (``lifetime``)."""
    tier = tier_of(facts, settings)
    lifetime = lifetime_limit(facts, settings)
    if tier is None or lifetime is None:
        return LimitState(
            scope="account",
            loss=0.0,
            limit=0.0,
            remaining=0.0,
            can_trade=False,
            risk_tier=None,
            error=NO_BALANCE,
        )
    limits = daily_limits(facts, settings, plugin) if which == DAILY else (lifetime,)
    shut = reached(facts, settings, plugin) & ({DAILY, PLUGIN} if which == DAILY else {LIFETIME})
    least = tightest(limits)
    return LimitState(
        scope=least.scope,
        loss=round(least.loss, 2),
        limit=least.limit,
        remaining=round(least.remaining, 2),
        can_trade=settings.lifted or not shut,
        risk_tier=tier[0],
    )


def trade_cap(facts: RiskFacts, settings: TradingSettings) -> float | None:
    """Most money one trade may lose: the tier's sum, else percent of the balance."""
    tier = tier_of(facts, settings)
    if tier is None or facts.balance is None:
        return None
    if tier[1].per_trade_cap is not None:
        return tier[1].per_trade_cap
    return round(facts.balance * settings.risk_config.per_trade_cap_percent / 100, 2)


def room_left(facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts) -> float | None:
    """Most money the next trade may lose: the least of what each limit leaves after the open risk, and the
    cap of one trade; ``None`` without a balance."""
    lifetime, cap = lifetime_limit(facts, settings), trade_cap(facts, settings)
    if lifetime is None or cap is None:
        return None
    rooms = [
        limit.remaining - (facts.open_risk if limit.scope == "account" else facts.plugin_open_risk)
        for limit in daily_limits(facts, settings, plugin)
    ]
    return min(*rooms, lifetime.remaining - facts.open_risk, cap)


def judge_risk(
    potential_loss: float,
    lots: float,
    facts: RiskFacts,
    settings: TradingSettings,
    plugin: PluginFacts,
    *,
    volume_min: float,
    volume_step: float,
) -> RiskVerdict:
    """Judge a trade that loses ``potential_loss`` at its stops; ``lots`` is the total of its legs."""
    if lots <= 0 or potential_loss <= 0:
        return RiskVerdict(valid=False, reason="INVALID_STOPS")
    lifetime, room = lifetime_limit(facts, settings), room_left(facts, settings, plugin)
    if lifetime is None or room is None:
        return RiskVerdict(valid=False, reason="NO_BALANCE", potential_loss=potential_loss)
    limits = daily_limits(facts, settings, plugin)
    reason = _risk_reason(potential_loss, room, reached(facts, settings, plugin))
    if settings.lifted:
        reason = ""
    fits = smart_lot(room, potential_loss / lots, volume_min, volume_step)
    return RiskVerdict(
        valid=not reason,
        reason=reason,
        potential_loss=round(potential_loss, 2),
        open_risk=round(facts.open_risk, 2),
        remaining_daily=round(tightest(limits).remaining, 2),
        remaining_lifetime=round(lifetime.remaining, 2),
        smart_lot=fits if reason else None,
    )


def _risk_reason(potential: float, room: float, shut: frozenset[str]) -> str:
    if shut & {DAILY, PLUGIN}:
        return "DAILY_LIMIT"
    if LIFETIME in shut:
        return "LIFETIME_LIMIT"
    return "RISK_TOO_LARGE" if potential > room + 1e-9 else ""
