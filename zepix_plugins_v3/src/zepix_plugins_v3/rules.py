"""The settings as the rules use them: decimals, canonical names, maps merged with their defaults."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from zepix_core import exact
from zepix_plugins_v3 import checks, tables, timeframes, trends
from zepix_plugins_v3.config import SignalHandling, V3Config
from zepix_plugins_v3.signals import GOLDEN_POCKET, SIDEWAYS, all_named, named


@attrs.frozen(kw_only=True)
class HostRules:
    """What the host's own settings say about V3 decisions.

    Attributes:
        rr_ratio: Target of order A by its stop distance, when the alert has no target.
        tiers: Names of the account tiers, rising; each is the balance it starts at.
        default_risk_tier: Replaces the tier chosen by balance.
        base_lots: Lots by tier; ``manual_lot_overrides`` replace single ones.
        logic_multipliers: Factors the host's file sets otherwise than shipped; the plugin's own win.
        stopped_logics: Routes the operator switched off.
    """

    rr_ratio: Decimal = Decimal("1.5")
    tiers: tuple[str, ...] = tables.TIERS
    default_risk_tier: str | None = None
    base_lots: Mapping[str, Decimal] = attrs.field(factory=lambda: _lots(tables.BASE_LOTS))
    manual_lot_overrides: Mapping[str, Decimal] = attrs.field(factory=dict)
    logic_multipliers: Mapping[str, float] = attrs.field(factory=dict)
    stopped_logics: frozenset[str] = frozenset()

    @classmethod
    def read(cls, get: Callable[[str, Any], Any]) -> "HostRules":
        """Read them with ``get(key, default)``; what the host does not say keeps its default."""
        routes: Mapping[str, Any] = get("bot_config", None) or {}
        factors, stopped = {}, set()
        for name, entry in routes.items():
            route = checks.logic(entry.get("logic_route") or name)
            factor = entry.get("lot_multiplier")
            if factor is not None and factor != tables.LOGIC_MULTIPLIERS[route]:
                factors[route] = float(factor)
            if entry.get("enabled") is False:
                stopped.add(route)
        named_tiers = {str(tier) for tier in get("risk_tiers", None) or {} if str(tier).isdecimal()}
        return cls(
            rr_ratio=exact(float(get("rr_ratio", 1.5))),
            tiers=tuple(sorted(named_tiers | set(tables.TIERS), key=int)),
            default_risk_tier=get("default_risk_tier", None),
            base_lots=_lots({**tables.BASE_LOTS, **(get("fixed_lot_sizes", None) or {})}),
            manual_lot_overrides=_lots(get("manual_lot_overrides", None) or {}),
            logic_multipliers=factors,
            stopped_logics=frozenset(stopped),
        )


def _lots(values: Mapping[str, float]) -> dict[str, Decimal]:
    return {str(tier): exact(float(lots)) for tier, lots in values.items()}


@attrs.frozen(kw_only=True)
class Rules:
    """Everything a decision depends on besides the alert and the state. Lots, prices and money are
    Decimal; signals are canonical ids, routes LOGIC1..3, timeframes those of the wire.

    Attributes:
        least_conviction: By signal, where it differs from ``min_consensus_score``.
        overrides: Route by (signal, timeframe); a timeframe of ``None`` means all.
        pillar_names, pillar_places: Which value of a six-value trend string is which pillar.
        check_trends: Entries must be aligned.
        stop_distances: Price distance of a table stop by (symbol, tier), before the logic's factor.
    """

    enabled: bool
    shadow: bool
    signals: frozenset[str]
    score_mode: str
    exit_mode: str
    min_consensus_score: int
    least_conviction: Mapping[str, int]
    duplicate_window: float
    squeeze_seconds: float
    timeframes: frozenset[str]
    overrides: Mapping[tuple[str, str | None], str]
    routes: Mapping[str, str]
    logic_multipliers: Mapping[str, Decimal]
    pairs: bool
    split_ratio: Decimal
    order_b_dollars: Decimal
    stop_distances: Mapping[tuple[str, str], Decimal]
    check_trends: bool
    min_alignment: int
    pillar_names: tuple[str, ...]
    pillar_places: tuple[int, ...]
    multiplier_range: tuple[Decimal, Decimal]
    min_lot: Decimal
    max_lot: Decimal
    lot_step: Decimal
    host: HostRules

    @classmethod
    def of(cls, config: V3Config, host: HostRules | None = None) -> "Rules":
        """The rules that ``config`` asks for."""
        settings = config.settings
        signals, pair, sizes = settings.signal_handling, settings.dual_order_system, settings.position_sizing
        pillars, low_high = settings.mtf_4_pillar_system, sizes.consensus_multiplier_range
        host = host or HostRules()
        return cls(
            enabled=config.enabled,
            shadow=config.shadow_mode,
            signals=_signals(signals),
            score_mode=signals.score_mode,
            exit_mode=signals.exit_mode,
            min_consensus_score=signals.min_consensus_score,
            least_conviction=_least_conviction(signals),
            duplicate_window=signals.duplicate_window_seconds,
            squeeze_seconds=signals.squeeze_alert_seconds,
            timeframes=frozenset(map(_timeframe, settings.supported_timeframes)),
            overrides=_overrides(settings.routing_matrix.priority_1_overrides),
            routes={
                _timeframe(key): checks.logic(route)
                for key, route in settings.routing_matrix.priority_2_timeframe_routing.items()
            },
            logic_multipliers=_multipliers(
                settings.routing_matrix.logic_multipliers, host, sizes.apply_logic_multiplier
            ),
            pairs=pair.enabled,
            split_ratio=exact(pair.order_split_ratio),
            order_b_dollars=exact(pair.order_b_settings.fixed_sl_dollars),
            stop_distances=_stop_distances(pair.sl_tables, pair.active_sl_system),
            check_trends=pillars.enabled and not settings.trend_bypass_logic.enabled,
            min_alignment=pillars.min_aligned_for_entry,
            pillar_names=pillars.pillars,
            pillar_places=pillars.extraction_indices,
            multiplier_range=(exact(low_high[0]), exact(low_high[1])),
            min_lot=exact(sizes.min_lot_size),
            max_lot=exact(sizes.max_lot_size),
            lot_step=exact(sizes.lot_step),
            host=host,
        )

    def pillars(self, values: tuple[int, ...]) -> dict[str, int]:
        """The pillars in an alert's trend values."""
        return trends.pillars(values, self.pillar_names, self.pillar_places)


def _timeframe(text: str) -> str:
    return timeframes.normalise(text) or text


def _signals(handling: SignalHandling) -> frozenset[str]:
    """Ids of the signals taken; the twelfth has a switch of its own."""
    taken = all_named((*handling.entry_signals, *handling.exit_signals, *handling.info_signals))
    return taken if handling.signal_12_enabled else taken - {SIDEWAYS.id}


def _least_conviction(handling: SignalHandling) -> dict[str, int]:
    merged = {"institutional_launchpad": 7} | handling.min_consensus_by_signal
    return {signal.id: score for name, score in merged.items() for signal in named(name)}


def _overrides(configured: Mapping[str, str]) -> dict[tuple[str, str | None], str]:
    found: dict[tuple[str, str | None], str] = {(GOLDEN_POCKET.id, None): "LOGIC2"}
    for key, route in configured.items():
        ids, timeframe = checks.override(key)
        found.update({(id_, timeframe): checks.logic(route) for id_ in ids})
    return found


def _multipliers(configured: Mapping[str, float], host: HostRules, apply: bool) -> dict[str, Decimal]:
    """Old names come from a file, so they win over the default that stands beside them."""
    if not apply:
        return {logic: Decimal(1) for logic in tables.LOGICS}
    own = dict(tables.LOGIC_MULTIPLIERS)
    for name in sorted(configured, key=lambda name: name not in tables.LOGICS):
        own[checks.logic(name)] = configured[name]
    return {
        logic: exact(
            host.logic_multipliers.get(logic, factor) if factor == tables.LOGIC_MULTIPLIERS[logic] else factor
        )
        for logic, factor in own.items()
    }


def _stop_distances(
    configured: Mapping[str, Mapping[str, tuple[float, ...]]], system: str
) -> dict[tuple[str, str], Decimal]:
    rows: dict[str, tuple[float, ...]] = {**tables.STOP_TABLES[system], **configured.get(system, {})}
    return {
        (symbol, tier): exact(pips) * exact(tables.PIP_SIZES[symbol])
        for symbol, row in rows.items()
        if symbol in tables.PIP_SIZES
        for tier, pips in zip(tables.TIERS, row, strict=True)
    }


_NAMES = {
    "enabled": ("enabled",),
    "shadow_mode": ("shadow_mode",),
    "score_mode": ("settings", "signal_handling", "score_mode"),
    "exit_mode": ("settings", "signal_handling", "exit_mode"),
    "min_consensus_score": ("settings", "signal_handling", "min_consensus_score"),
    "min_consensus_by_signal": ("settings", "signal_handling", "min_consensus_by_signal"),
    "bypass_for_entry_v3": ("settings", "trend_bypass_logic", "enabled"),
    "min_alignment": ("settings", "mtf_4_pillar_system", "min_aligned_for_entry"),
    "active_sl_system": ("settings", "dual_order_system", "active_sl_system"),
    "order_b_fixed_sl_dollars": ("settings", "dual_order_system", "order_b_settings", "fixed_sl_dollars"),
    "split_ratio": ("settings", "dual_order_system", "order_split_ratio"),
    "min_lot": ("settings", "position_sizing", "min_lot_size"),
    "max_lot": ("settings", "position_sizing", "max_lot_size"),
    "lot_step": ("settings", "position_sizing", "lot_step"),
    "duplicate_window_seconds": ("settings", "signal_handling", "duplicate_window_seconds"),
    "squeeze_alert_seconds": ("settings", "signal_handling", "squeeze_alert_seconds"),
}
"""Short names of the V3 sheet and the keys they stand for; `HostRules` has the other three."""


def from_short_names(values: Mapping[str, Any]) -> Rules:
    """Rules from the V3 sheet's short names, the rest at its defaults.

    Raises:
        ValueError: A name is unknown or a value out of range.
    """
    config, host = V3Config(), HostRules()
    for name, value in values.items():
        if name in _NAMES:
            config = _evolve(config, _NAMES[name], _plain(value))
        elif name == "rr_ratio":
            host = attrs.evolve(host, rr_ratio=exact(_plain(value)))
        elif name == "default_risk_tier":
            host = attrs.evolve(host, default_risk_tier=value)
        elif name == "manual_lot_overrides":
            lots = {tier: exact(_plain(lots)) for tier, lots in value.items()}
            host = attrs.evolve(host, manual_lot_overrides=lots)
        else:
            raise ValueError(f"{name!r} is no setting of combined_v3")
    return Rules.of(config, host)


def _evolve(value: Any, path: tuple[str, ...], new: Any) -> Any:
    head, *rest = path
    return attrs.evolve(value, **{head: _evolve(getattr(value, head), tuple(rest), new) if rest else new})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return float(value) if isinstance(value, Decimal) else value
