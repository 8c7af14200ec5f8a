"""The settings: keys, defaults, ranges, what is fixed, and what they come to."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from zepix_core.config.json_schema import json_schema
from zepix_core.config.structure import find_faults, structure, to_plain
from zepix_core.errors import SettingsError
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, PROFILES, SCALPING, SWING, Profile
from zepix_plugins_v6.rules import Rules

from .messages import rules

D = Decimal
EACH = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)


def loaded(profile: Profile, plain: Mapping[str, Any]) -> Rules:
    return Rules.of(structure(plain, profile.config))


COLUMNS = [
    "adx",
    "confidence",
    "max_spread",
    "multiplier",
    "base_risk",
    "max_lots",
    "max_open",
    "max_daily",
    "loss",
]
DEFAULTS = {
    "price_action_1m": "20 80 2.0 0.5 1.0 0.10 3 20 200",
    "price_action_5m": "25 70 - 1.0 1.5 0.20 4 12 300",
    "price_action_15m": "- 60 - 1.0 1.5 0.25 3 8 400",
    "price_action_1h": "- 60 - 0.6 2.0 0.30 2 5 500",
}
SHIPPED = {
    **DEFAULTS,
    "price_action_15m": "22 65 - 1.25 1.5 0.25 3 8 400",
    "price_action_1h": "- 60 - 1.5 2.0 0.30 2 5 500",
}


def figures(found: Rules) -> dict[str, Decimal | None]:
    values = (
        *(found.adx, found.confidence, found.max_spread, found.multiplier, found.base_risk, found.max_lots),
        *(D(found.max_open_trades), D(found.max_daily_trades), found.daily_loss_limit),
    )
    return dict(zip(COLUMNS, values, strict=True))


def expected(line: str) -> dict[str, Decimal | None]:
    cells = [None if cell == "-" else D(cell) for cell in line.split()]
    return dict(zip(COLUMNS, cells, strict=True))


@EACH
def test_an_empty_file_means_the_plugins_own_defaults(profile: Profile) -> None:
    assert structure({}, profile.config) == profile.config()
    found = loaded(profile, {})
    assert figures(found) == expected(DEFAULTS[profile.id])
    assert (found.symbols, found.shadow, found.cooldown) == (frozenset(), True, 60.0)


@EACH
def test_the_shipped_file_says_what_it_sets_otherwise(profile: Profile) -> None:
    found = loaded(profile, profile.shipped)
    assert figures(found) == expected(SHIPPED[profile.id])
    assert (found.symbols, found.shadow) == (frozenset({"XAUUSD"}), True)


def test_only_the_filters_of_the_plan_are_on_by_default() -> None:
    assert [set(loaded(profile, {}).required) for profile in PROFILES] == [
        set(),
        {"tf_alignment"},
        {"market_state", "pulse"},
        {"tf_alignment"},
    ]


@EACH
def test_settings_survive_being_written_and_read(profile: Profile) -> None:
    config = structure(profile.shipped, profile.config)
    assert structure(to_plain(config), profile.config) == config


@EACH
def test_every_setting_is_documented(profile: Profile) -> None:
    def undocumented(schema: dict[str, Any], path: str = "") -> list[str]:
        found = []
        for name, part in schema.get("properties", {}).items():
            here = f"{path}.{name}"
            found += [] if part.get("description") else [here]
            found += undocumented(part, here)
        return found

    assert undocumented(json_schema(profile.config)) == []


@EACH
def test_the_caps_the_host_enforces_are_those_of_the_file(profile: Profile) -> None:
    config = structure({"settings": {"supported_symbols": ["xauusd"]}}, profile.config)
    risk, found = config.risk_settings(), Rules.of(config)
    assert (risk.max_open_trades, risk.max_daily_trades) == (found.max_open_trades, found.max_daily_trades)
    assert risk.daily_loss_limit == float(found.daily_loss_limit)
    assert risk.max_lot_size == float(found.max_lots)
    assert config.symbols_allowed() == ("XAUUSD",)


@pytest.mark.parametrize("off", [None, "off"])
def test_the_three_thresholds_can_be_switched_off(off: str | None) -> None:
    keys = ("adx_threshold", "confidence_threshold", "max_spread_pips")
    found = rules(SCALPING, entry_conditions=dict.fromkeys(keys, off))
    assert (found.adx, found.confidence, found.max_spread) == (None, None, None)


FIXED = [
    (SCALPING, "order_configuration.use_order_a", True),
    (SCALPING, "order_configuration.use_order_b", False),
    (SCALPING, "order_configuration.target_level", "TP2"),
    (SCALPING, "order_configuration.quick_exit_enabled", False),
    (SCALPING, "order_routing", "DUAL_ORDERS"),
    (SCALPING, "supported_timeframes", ["5"]),
    (MOMENTUM, "order_configuration.use_order_b", False),
    (MOMENTUM, "order_configuration.order_a_target", "TP3"),
    (MOMENTUM, "order_configuration.order_b_target", "TP2"),
    (MOMENTUM, "order_configuration.same_sl_for_both", False),
    (INTRADAY, "order_configuration.target_level", "TP1"),
    (INTRADAY, "order_configuration.use_order_b", True),
    (SWING, "order_configuration.target_level", "TP1"),
    (SWING, "order_routing", "ORDER_B_ONLY"),
]
WRONG = [
    (SCALPING, "entry_conditions.adx_threshold", 101.0),
    (SCALPING, "entry_conditions.adx_threshold", "high"),
    (SCALPING, "entry_conditions.confidence_threshold", -1.0),
    (SCALPING, "entry_conditions.max_spread_pips", 0.0),
    (SCALPING, "entry_conditions.max_spread_pips", 1000.0),
    (SCALPING, "entry_conditions.adx_strength_required", "HUGE"),
    (SCALPING, "entry_conditions.missing_trend_policy", "maybe"),
    (SCALPING, "entry_conditions.missing_trend_policy", None),
    (SCALPING, "trend_pulse_integration.min_bull_count_for_buy", 7),
    (SCALPING, "exit_rules.tp1_pips", 0.0),
    (SCALPING, "exit_rules.max_hold_time_minutes", -1),
    (MOMENTUM, "order_configuration.split_ratio", 1.0),
    (MOMENTUM, "exit_rules.breakeven_buffer_pips", -0.1),
    (SWING, "entry_conditions.higher_tf_weight", 0.0),
    (INTRADAY, "risk_management.risk_multiplier", 5.1),
    (INTRADAY, "risk_management.base_risk_percentage", 0.0),
    (INTRADAY, "risk_management.max_lot_size", 0.001),
    (INTRADAY, "risk_management.max_open_trades", 0),
    (INTRADAY, "risk_management.max_daily_trades", 0),
    (INTRADAY, "risk_management.daily_loss_limit", 0.0),
    *((INTRADAY, f"risk_management.{key}", None) for key in ("max_lot_size", "daily_loss_limit")),
    *((SWING, f"risk_management.{key}", None) for key in ("risk_multiplier", "max_open_trades")),
    (INTRADAY, "entry_conditions.require_pulse_alignment", None),
    (INTRADAY, "entry_conditions.max_spread_pips", 2.0),
    (SWING, "entry_conditions.require_15m_alignment", True),
    (SWING, "max_lots", 1.0),
]


@pytest.mark.parametrize(("profile", "key", "value"), [*FIXED, *WRONG])
def test_a_wrong_or_contradicting_setting_is_refused_by_its_name(
    profile: Profile, key: str, value: object
) -> None:
    *tables, name = key.split(".")
    plain: dict[str, Any] = {name: value}
    for table in reversed(tables):
        plain = {table: plain}
    faults = find_faults({"settings": plain}, profile.config)
    assert [fault.path for fault in faults] == [("settings", *key.split("."))]
    with pytest.raises(SettingsError):
        structure({"settings": plain}, profile.config)


def test_settings_that_contradict_each_other_are_refused() -> None:
    for profile, settings, words in (
        (SWING, {"order_configuration": {"target_level": "TP3", "extended_tp_enabled": False}}, "extended"),
        (SWING, {"trend_pulse_integration": {"use_traditional_tf_trends": False}}, "traditional"),
        (MOMENTUM, {"exit_rules": {"tp1_pips": 30.0}}, "tp2_pips"),
    ):
        faults = find_faults({"settings": settings}, profile.config)
        assert words in " ".join(map(str, faults))


@EACH
def test_the_table_of_the_trades_cannot_be_moved(profile: Profile) -> None:
    assert structure({"database": {"table_name": profile.table}}, profile.config) == profile.config()
    assert find_faults({"database": {"table_name": "trades"}}, profile.config)


TEMPLATES: list[tuple[Profile, dict[str, Any]]] = [
    (
        SCALPING,
        {
            "order_routing": "ORDER_B_ONLY",
            "supported_timeframes": ["1"],
            "entry_conditions": {"adx_strength_required": "STRONG", "require_market_state_alignment": False},
            "order_configuration": {"use_order_a": False, "target_level": "TP1", "quick_exit_enabled": True},
            "trend_pulse_integration": {
                "enabled": False,
                "require_pulse_alignment": False,
                "min_bull_count_for_buy": 6,
                "min_bear_count_for_sell": 0,
            },
            "exit_rules": {
                "tp1_pips": 5.0,
                "sl_pips": 9.0,
                "use_trailing_stop": True,
                "max_hold_time_minutes": 0,
            },
        },
    ),
    (
        MOMENTUM,
        {
            "entry_conditions": {"adx_strength_required": "NONE"},
            "order_configuration": {
                "order_a_target": "TP2",
                "order_b_target": "TP1",
                "same_sl_for_both": True,
            },
            "trend_pulse_integration": {"enabled": False, "require_pulse_alignment": False},
            "exit_rules": {"tp1_pips": 5.0, "tp2_pips": 9.0},
        },
    ),
    (INTRADAY, {"trend_pulse_integration": {"enabled": False, "check_bull_bear_ratio": False}}),
    (
        SWING,
        {
            "entry_conditions": {"higher_tf_weight": 0.1},
            "order_configuration": {"target_level": "TP3"},
            "trend_pulse_integration": {"enabled": True, "use_traditional_tf_trends": False},
        },
    ),
]


@pytest.mark.parametrize(("profile", "settings"), TEMPLATES, ids=lambda value: getattr(value, "id", ""))
def test_keys_of_older_files_are_taken_and_change_nothing(profile: Profile, settings: dict[str, Any]) -> None:
    assert rules(profile, **settings) == rules(profile)


def test_what_has_an_effect_reaches_the_rules() -> None:
    momentum = rules(
        MOMENTUM,
        entry_conditions={
            "require_15m_alignment": False,
            "require_momentum_increasing": True,
            "missing_trend_policy": "allow",
        },
        order_configuration={"split_ratio": 0.7},
        exit_rules={"breakeven_buffer_pips": 1.5},
    )
    assert (momentum.required, momentum.allow_missing) == (frozenset({"momentum"}), True)
    assert (momentum.share_of_a, momentum.breakeven_pips) == (D("0.7"), D("1.5"))
    assert rules(MOMENTUM, exit_rules={"move_to_breakeven_after_tp1": False}).breakeven_pips is None
    swing = rules(SWING, order_configuration={"extended_tp_enabled": False})
    assert [plan.targets for plan in swing.legs] == [("TP2",)]
    assert [plan.targets for plan in rules(SWING).legs] == [("TP3", "TP2")]
