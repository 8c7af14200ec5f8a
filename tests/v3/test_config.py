"""The settings: keys, defaults, ranges, and what they come to."""

from decimal import Decimal
from typing import Any

import pytest

from zepix_core.config.json_schema import json_schema
from zepix_core.config.structure import find_faults, structure, to_plain
from zepix_core.errors import SettingsError
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v3.rules import HostRules, Rules, from_short_names
from zepix_plugins_v3.tables import SYMBOLS

D = Decimal


def loaded(**settings: Any) -> Rules:
    return Rules.of(structure({"settings": settings}, V3Config))


def test_an_empty_file_means_the_defaults_of_the_sheet() -> None:
    assert structure({}, V3Config) == V3Config()
    rules = Rules.of(V3Config())
    assert (rules.min_consensus_score, rules.least_conviction) == (5, {"institutional_launchpad": 7})
    assert (rules.score_mode, rules.exit_mode, rules.shadow, rules.check_trends) == (
        "directional",
        "pine",
        False,
        False,
    )
    assert (rules.min_lot, rules.max_lot, rules.lot_step) == (D("0.01"), D("1.0"), D("0.01"))
    assert (rules.split_ratio, rules.order_b_dollars, rules.min_alignment) == (D("0.5"), D("10.0"), 3)
    assert (rules.duplicate_window, rules.squeeze_seconds) == (300.0, 300.0)


def test_settings_survive_being_written_and_read() -> None:
    assert structure(to_plain(V3Config()), V3Config) == V3Config()


def test_every_setting_is_documented() -> None:
    def undocumented(schema: dict[str, Any], path: str = "") -> list[str]:
        found = []
        for name, part in schema.get("properties", {}).items():
            here = f"{path}.{name}"
            found += [] if part.get("description") else [here]
            found += undocumented(part, here)
        return found

    assert undocumented(json_schema(V3Config)) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"position_sizing": {"min_lot_size": 2.0}}, "min_lot_size"),
        ({"position_sizing": {"consensus_multiplier_range": [1.0, 0.2]}}, "rising"),
        ({"position_sizing": {"lot_step": 0}}, "lot_step"),
        ({"signal_handling": {"entry_signals": ["Moon_Shot"]}}, "Moon_Shot"),
        ({"profit_booking": {"enabled_levels": [0, 5]}}, "enabled_levels"),
        ({"profit_booking": {"orders_per_level": [2, 2, 4, 8, 16]}}, "orders_per_level"),
        ({"profit_booking": {"sl_by_logic": {"LOGIC4": 10.0}}}, "LOGIC4"),
        ({"profit_booking": {"partial_threshold": 0.0}}, "partial_threshold"),
        ({"trailing": {"step_percent": 0.0}}, "step_percent"),
        ({"re_entry": {"sl_hunt_window_minutes": {"EURUSD": 0.0}}}, "EURUSD"),
        ({"after_order_b": {"book_percent_of_order_a": 101.0}}, "book_percent_of_order_a"),
        ({"signal_handling": {"min_consensus_by_signal": {"liquidity_trap": 11}}}, "0..9"),
        ({"signal_handling": {"score_mode": "upside"}}, "directional"),
        ({"routing_matrix": {"logic_multipliers": {"LOGIC4": 1.0}}}, "LOGIC4"),
        ({"routing_matrix": {"priority_1_overrides": {"Golden_Pocket_9H": "LOGIC1"}}}, "Golden_Pocket_9H"),
        ({"routing_matrix": {"priority_2_timeframe_routing": {"7": "LOGIC1"}}}, "7"),
        ({"dual_order_system": {"order_split_ratio": 1.0}}, "order_split_ratio"),
        ({"dual_order_system": {"active_sl_system": "sl-3"}}, "sl-1"),
        ({"dual_order_system": {"sl_tables": {"sl-1": {"EURUSD": [1.0]}}}}, "EURUSD"),
        ({"mtf_4_pillar_system": {"pillars": ["15m", "1h", "4h", "4h"]}}, "four pillars"),
        ({"mtf_4_pillar_system": {"extraction_indices": [0, 1, 2, 9]}}, "0..5"),
        ({"mtf_4_pillar_system": {"extraction_indices": [1, 3, 4, 5]}}, "share"),
        ({"max_lot": 1.0}, "unknown key"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(settings: dict[str, Any], words: str) -> None:
    faults = find_faults({"settings": settings}, V3Config)
    assert words in " ".join(map(str, faults))
    with pytest.raises(SettingsError):
        structure({"settings": settings}, V3Config)


def test_the_caps_the_host_enforces_are_those_of_the_file() -> None:
    config = structure({"settings": {"daily_loss_limit": 250.0}}, V3Config)
    risk = config.risk_settings()
    assert (risk.max_open_trades, risk.max_daily_trades, risk.max_symbol_exposure) == (5, 10, 0.30)
    assert (risk.daily_loss_limit, risk.max_lot_size) == (250.0, 1.0)
    assert config.symbols_allowed() == SYMBOLS


def test_naming_one_least_score_does_not_drop_launchpads() -> None:
    rules = loaded(signal_handling={"min_consensus_by_signal": {"Liquidity_Trap": 6}})
    assert rules.least_conviction == {"institutional_launchpad": 7, "liquidity_trap": 6}


def test_old_names_of_the_logics_are_understood() -> None:
    rules = loaded(
        routing_matrix={
            "logic_multipliers": {"LOGIC1": 1.25, "combinedlogic-1": 2.0},
            "priority_2_timeframe_routing": {"15m": "combinedlogic-3"},
        }
    )
    assert rules.logic_multipliers == {"LOGIC1": D("2.0"), "LOGIC2": D("1.0"), "LOGIC3": D("0.625")}
    assert rules.routes == {"15": "LOGIC3"}


def test_logic_multipliers_can_be_left_out_of_the_lots() -> None:
    rules = loaded(position_sizing={"apply_logic_multiplier": False})
    assert set(rules.logic_multipliers.values()) == {D(1)}


def test_an_override_may_name_a_signal_on_all_timeframes_or_on_one() -> None:
    rules = loaded(
        routing_matrix={"priority_1_overrides": {"Golden_Pocket": "LOGIC1", "Sideways_Breakout_5m": "LOGIC3"}}
    )
    assert rules.overrides == {
        ("golden_pocket_flip", None): "LOGIC1",
        ("sideways_breakout", "5"): "LOGIC3",
    }


HOST: dict[str, Any] = {
    "rr_ratio": 2.0,
    "default_risk_tier": "25000",
    "manual_lot_overrides": {"5000": 0.04},
    "fixed_lot_sizes": {"5000": 0.02},
    "risk_tiers": {"5000": {}, "250000": {}},
    "bot_config": {
        "combinedlogic-1": {"enabled": False, "lot_multiplier": 1.25, "logic_route": "LOGIC1"},
        "combinedlogic-2": {"enabled": True, "lot_multiplier": 3.0, "logic_route": "LOGIC2"},
    },
}


def test_the_hosts_own_keys_reach_the_rules() -> None:
    host = HostRules.read(lambda key, default: HOST.get(key, default))
    assert (host.rr_ratio, host.default_risk_tier, host.stopped_logics) == (
        D("2.0"),
        "25000",
        frozenset({"LOGIC1"}),
    )
    assert (host.base_lots["5000"], host.base_lots["10000"]) == (D("0.02"), D("0.05"))
    assert host.manual_lot_overrides == {"5000": D("0.04")}
    assert host.tiers == ("5000", "10000", "25000", "50000", "100000", "250000")
    assert Rules.of(V3Config(), host).logic_multipliers["LOGIC2"] == D("3.0")


def test_a_host_that_says_nothing_leaves_the_defaults() -> None:
    assert HostRules.read(lambda _, default: default) == HostRules()


def test_an_unknown_short_name_is_refused() -> None:
    with pytest.raises(ValueError, match="lots"):
        from_short_names({"lots": 1})
