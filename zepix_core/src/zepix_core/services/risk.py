"""Loss limits and the risk of one trade, judged from facts."""

from zepix_core.clock import iso
from zepix_core.config.risk import RiskTierSettings, TradingSettings
from zepix_core.model.limits import ACCOUNT, DAILY, LIFETIME
from zepix_core.model.market import SymbolInfo
from zepix_core.rules.hours import side_allowed
from zepix_core.rules.tiers import Limit, smart_lot, tier_for, tightest
from zepix_core.services.calls import LimitState, RiskCheck, RiskCheckRequest, RiskState, RiskVerdict
from zepix_core.services.facts import PluginFacts
from zepix_core.services.gate_facts import RiskFacts

NO_BALANCE = "the balance is not readable"
RISK_UNKNOWN = "RISK_UNKNOWN"
PLUGIN, PLUGIN_LIFETIME = "plugin", "plugin_lifetime"
NAMES = {(DAILY, True): DAILY, (DAILY, False): PLUGIN, (LIFETIME, True): LIFETIME,
         (LIFETIME, False): PLUGIN_LIFETIME}  # fmt: skip
"""Short name of a limit by what it counts and whether it is the account's."""


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
    limits = [Limit(scope=ACCOUNT, loss=facts.daily_loss, limit=tier[1].daily_loss_limit)]
    if plugin.risk.daily_loss_limit is not None:
        limits.append(
            Limit(scope=plugin.id, loss=facts.plugin_daily_loss, limit=plugin.risk.daily_loss_limit)
        )
    return tuple(limits)


def lifetime_limit(facts: RiskFacts, settings: TradingSettings) -> Limit | None:
    """The account's limit without end; ``None`` without a tier."""
    tier = tier_of(facts, settings)
    return tier and Limit(scope=ACCOUNT, loss=facts.lifetime_loss, limit=tier[1].max_total_loss)


def lifetime_limits(facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts) -> tuple[Limit, ...]:
    """The account's limit without end and the plugin's own, if it has one; empty without a tier."""
    account, own = lifetime_limit(facts, settings), plugin.risk.max_total_loss
    if account is None:
        return ()
    if own is None:
        return (account,)
    return account, Limit(scope=plugin.id, loss=facts.plugin_lifetime_loss, limit=own)


def name_of(which: str, limit: Limit) -> str:
    """The short name of a limit, as `RiskFacts.latched` has it."""
    return NAMES[which, limit.scope == ACCOUNT]


def all_limits(
    facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts
) -> tuple[tuple[str, Limit], ...]:
    """Every limit that holds for the plugin with what it counts, ``daily`` or ``lifetime``."""
    daily = ((DAILY, limit) for limit in daily_limits(facts, settings, plugin))
    lifetime = ((LIFETIME, limit) for limit in lifetime_limits(facts, settings, plugin))
    return *daily, *lifetime


def reached(facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts) -> frozenset[str]:
    """Limits that are reached now or were latched earlier."""
    now = {name_of(which, limit) for which, limit in all_limits(facts, settings, plugin) if not limit.open}
    return facts.latched | now


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
    names = reached(facts, settings, plugin)
    shut = [] if settings.lifted else [limit for limit in limits if name_of(which, limit) in names]
    least = tightest(shut or limits)
    latch = next((one for one in facts.latches if (one.which, one.scope) == (which, least.scope)), None)
    until = facts.day_end_ns if shut and which == DAILY else None
    if latch is not None:
        until = latch.until_ns
    return LimitState(
        scope=least.scope,
        loss=round(least.loss, 2),
        limit=least.limit,
        remaining=0.0 if shut else round(least.remaining, 2),
        can_trade=not shut,
        risk_tier=tier[0],
        until=iso(until) if until else None,
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
    limits, cap = all_limits(facts, settings, plugin), trade_cap(facts, settings)
    if not limits or cap is None:
        return None
    return min(*(limit.remaining - open_risk_of(limit, facts) for _, limit in limits), cap)


def unknown_risk(facts: RiskFacts) -> str:
    """Why the open risk is not known, ``""`` when it is."""
    if not facts.unvalued:
        return ""
    return f"open positions in {', '.join(facts.unvalued)} cannot be valued: put it back into symbol_config"


def open_risk_of(limit: Limit, facts: RiskFacts) -> float:
    """The open risk that counts in a limit."""
    return facts.open_risk if limit.scope == ACCOUNT else facts.plugin_open_risk


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
    lifetime, room = lifetime_limits(facts, settings, plugin), room_left(facts, settings, plugin)
    if not lifetime or room is None:
        return RiskVerdict(valid=False, reason="NO_BALANCE", potential_loss=potential_loss)
    limits = daily_limits(facts, settings, plugin)
    reason = _risk_reason(potential_loss, room, reached(facts, settings, plugin))
    if facts.unvalued and reason in ("", "RISK_TOO_LARGE"):
        reason, room = RISK_UNKNOWN, 0.0
    if settings.lifted:
        reason = ""
    fits = smart_lot(room, potential_loss / lots, volume_min, volume_step)
    return RiskVerdict(
        valid=not reason,
        reason=reason,
        potential_loss=round(potential_loss, 2),
        open_risk=round(facts.open_risk, 2),
        remaining_daily=round(tightest(limits).remaining, 2),
        remaining_lifetime=round(tightest(lifetime).remaining, 2),
        smart_lot=fits if reason else None,
    )


def _risk_reason(potential: float, room: float, shut: frozenset[str]) -> str:
    if shut & {DAILY, PLUGIN}:
        return "DAILY_LIMIT"
    if shut & {LIFETIME, PLUGIN_LIFETIME}:
        return "LIFETIME_LIMIT"
    return "RISK_TOO_LARGE" if potential > room + 1e-9 else ""


def judge_more(
    more: float, whole: float, facts: RiskFacts, settings: TradingSettings, plugin: PluginFacts
) -> tuple[str, str] | None:
    """Judge money put at risk beside what is: code and sentence of a refusal, ``None`` when it fits."""
    if settings.lifted or more <= 0:
        return None
    limits, cap = all_limits(facts, settings, plugin), trade_cap(facts, settings)
    if not limits or cap is None:
        return "NO_BALANCE", NO_BALANCE
    if unknown := unknown_risk(facts):
        return RISK_UNKNOWN, unknown
    room = min(limit.remaining - open_risk_of(limit, facts) for _, limit in limits)
    reason = _risk_reason(more, room, reached(facts, settings, plugin))
    if not reason and whole > cap + 1e-9:
        reason, room = "RISK_TOO_LARGE", cap
    return (reason, f"{more:.2f} more at risk, {max(0.0, room):.2f} left") if reason else None


def check_limits(
    request: RiskCheckRequest,
    facts: RiskFacts,
    settings: TradingSettings,
    plugin: PluginFacts,
    info: SymbolInfo,
    margin: float | None,
) -> RiskCheck:
    """``check_risk_limits``; ``margin`` is what the trade would bind, ``None`` when nobody can say."""
    shut = frozenset[str]() if settings.lifted else reached(facts, settings, plugin)
    daily_ok = facts.balance is not None and not shut & {DAILY, PLUGIN}
    violations = [] if facts.balance is not None else [f"NO_BALANCE: {NO_BALANCE}"]
    if (unknown := unknown_risk(facts)) and not settings.lifted:
        violations.append(f"{RISK_UNKNOWN}: {unknown}")
    violations += [f"DAILY_LIMIT: {name} limit reached" for name in sorted(shut & {DAILY, PLUGIN})]
    violations += [
        f"LIFETIME_LIMIT: {name} limit reached" for name in sorted(shut & {LIFETIME, PLUGIN_LIFETIME})
    ]
    volume = _volume_fault(request.lot_size, settings, plugin, info)
    left = None if margin is None or facts.margin_free is None else facts.margin_free - margin
    margin_ok = left is not None and left > 0
    if volume:
        violations.append(volume)
    if not margin_ok:
        told = "the broker gave no margin" if left is None else f"free margin would be {left:.2f}"
        violations.append(f"NO_MARGIN: {told}")
    if request.direction is not None and not side_allowed(info.trade_mode, request.direction):
        violations.append(f"SIDE_NOT_ALLOWED: {info.name} is {info.trade_mode.value}")
    return RiskCheck(
        allowed=not violations,
        violations=tuple(violations),
        daily_limit_ok=daily_ok,
        lot_size_ok=not volume,
        margin_ok=margin_ok,
    )


def _volume_fault(lots: float, settings: TradingSettings, plugin: PluginFacts, info: SymbolInfo) -> str:
    if lots < info.volume_min - info.volume_step * 1e-6:
        return f"VOLUME_TOO_SMALL: {lots:g} is below {info.volume_min:g}"
    caps = [info.volume_max]
    if not settings.lifted:
        caps += [settings.risk_config.max_lot_size, plugin.risk.max_lot_size or info.volume_max]
    if lots > min(caps) + 1e-9:
        return f"VOLUME_TOO_LARGE: {lots:g} is above {min(caps):g}"
    return ""
