"""Sizes, routes, stops and trends: the tables of the V3 sheet, cell by cell."""

from decimal import Decimal

import pytest

from zepix_core import Side
from zepix_plugins_v3 import routing, sizing, stops, tables, trends
from zepix_plugins_v3.alert import Stops
from zepix_plugins_v3.rules import Rules, from_short_names
from zepix_plugins_v3.signals import BY_NAME, SIGNALS, Category

from .messages import FACTS, entry, read

D = Decimal
RULES = from_short_names({})
LEGS = """
10000  LOGIC1 .01 .01 .01 .02 .02 .02 .03 .03 .03 .03
10000  LOGIC2 .01 .01 .01 .01 .02 .02 .02 .02 .02 .03
10000  LOGIC3 .01 .01 .01 .01 .01 .01 .01 .01 .01 .02
25000  LOGIC1 .01 .02 .03 .03 .04 .04 .05 .05 .06 .06
25000  LOGIC2 .01 .02 .02 .03 .03 .04 .04 .04 .05 .05
25000  LOGIC3 .01 .01 .01 .02 .02 .02 .03 .03 .03 .03
50000  LOGIC1 .03 .04 .05 .06 .08 .09 .10 .11 .11 .13
50000  LOGIC2 .02 .03 .04 .05 .06 .07 .08 .09 .09 .10
50000  LOGIC3 .01 .02 .03 .03 .04 .04 .05 .05 .06 .06
100000 LOGIC1 .06 .09 .13 .16 .19 .22 .25 .27 .28 .31
100000 LOGIC2 .05 .08 .10 .13 .15 .18 .20 .21 .23 .25
100000 LOGIC3 .03 .05 .06 .08 .09 .11 .13 .13 .14 .16
"""
ROWS = [line.split() for line in LEGS.strip().splitlines()]
ROWS += [["5000", logic, *[".01"] * 10] for logic in tables.LOGICS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_lots_of_a_leg_by_tier_logic_and_conviction(row: list[str]) -> None:
    tier, logic, *cells = row
    for votes, cell in enumerate(cells):
        size = sizing.size(tier, RULES.host.base_lots[tier], votes, logic, RULES)
        assert (size.lots_a, size.lots_b) == (D(cell), D(cell)), f"conviction {votes}"


@pytest.mark.parametrize(
    ("balance", "tier"),
    [
        ("0.01", "5000"),
        ("4999", "5000"),
        ("9999.99", "5000"),
        ("10000", "10000"),
        ("24999.99", "10000"),
        ("25000", "25000"),
        ("50000", "50000"),
        ("99999.99", "50000"),
        ("100000", "100000"),
        ("9e9", "100000"),
    ],
)
def test_the_tier_of_a_balance(balance: str, tier: str) -> None:
    assert sizing.tier_of(D(balance), RULES) == tier


def test_each_leg_rounds_by_itself_so_together_they_may_exceed_the_total_by_one_step() -> None:
    assert [sizing.leg_lots(D("0.09"), D("0.5"), RULES) for _ in "AB"] == [D("0.05"), D("0.05")]


def test_the_total_is_capped_before_the_split() -> None:
    size = sizing.size("100000", D("2"), 9, "LOGIC1", RULES)
    assert (size.total, size.lots_a, size.lots_b) == (D("1"), D("0.5"), D("0.5"))


L1, L2, L3 = tables.LOGICS
PLAIN = [L2, L1, L2, L2, L3, L3, L2]
TIMES = ["1", "5", "15", "30", "60", "240", "1D"]
ROUTES = {
    "Institutional_Launchpad": PLAIN,
    "Liquidity_Trap_Reversal": PLAIN,
    "Momentum_Breakout": PLAIN,
    "Mitigation_Test_Entry": PLAIN,
    "Sideways_Breakout": PLAIN,
    "Golden_Pocket_Flip": [L2, L2, L2, L2, L3, L3, L2],
    "Screener_Full_Bullish": [L3] * 7,
    "Screener_Full_Bearish": [L3] * 7,
}


@pytest.mark.parametrize("name", ROUTES)
def test_the_route_of_a_signal_on_each_timeframe(name: str) -> None:
    side = ... if BY_NAME[name].side else "buy"
    found = [routing.route(read(entry(signal_type=name, tf=tf, direction=side)), RULES)[0] for tf in TIMES]
    assert found == ROUTES[name]


def test_every_entry_signal_has_a_row_in_the_routing_matrix() -> None:
    entries = {signal.names[0] for signal in SIGNALS if signal.category is Category.ENTRY}
    assert entries == set(ROUTES)


@pytest.mark.parametrize(
    ("lots", "symbol", "pips"),
    [
        ("0.01", "EURUSD", "100"),
        ("0.02", "USDJPY", "54.95"),
        ("0.05", "USDCAD", "25"),
        ("0.10", "EURJPY", "10.53"),
        ("0.25", "GBPJPY", "4.44"),
        ("0.02", "AUDJPY", "54.35"),
        ("0.10", "XAUUSD", "10"),
    ],
)
def test_order_b_has_its_ten_dollars_away_whatever_the_symbol(lots: str, symbol: str, pips: str) -> None:
    facts = FACTS[symbol]
    price = D(100)
    leg = stops.order_b(stops=Stops(), price=price, side=Side.BUY, lots=D(lots), facts=facts, rules=RULES)
    assert abs((price - leg.sl) / facts.pip_size - D(pips)) < D("0.06")


def test_gold_has_the_same_stops_whether_its_pip_is_a_cent_or_ten() -> None:
    cents = stops.SymbolFacts(pip_size=D("0.01"), pip_value=D("1"), digits=2)
    for facts in (cents, FACTS["XAUUSD"]):
        leg = stops.order_b(
            stops=Stops(), price=D("4601.32"), side=Side.BUY, lots=D("0.05"), facts=facts, rules=RULES
        )
        assert leg.sl == D("4599.32")
    assert RULES.stop_distances["XAUUSD", "5000"] == D("10")


@pytest.mark.parametrize("system", ["sl-1", "sl-2"])
def test_every_symbol_has_a_stop_for_every_tier(system: str) -> None:
    rules = from_short_names({"active_sl_system": system})
    cells = {(symbol, tier) for symbol in tables.SYMBOLS for tier in tables.TIERS}
    assert set(rules.stop_distances) == cells


def test_five_values_are_read_backwards_and_six_forwards() -> None:
    assert trends.pillars((1, -1, 1, 1, -1)) == {"15m": 1, "1h": 1, "4h": -1, "1d": 1}
    assert trends.pillars((1, 1, -1, 1, 1, 1)) == {"15m": -1, "1h": 1, "4h": 1, "1d": 1}


def test_neutral_pillars_count_for_neither_side() -> None:
    found = {"15m": 1, "1h": 1, "4h": 0, "1d": -1}
    assert (trends.aligned(found, Side.BUY), trends.aligned(found, Side.SELL)) == (2, 1)


def test_changed_timeframes_name_pillars_and_the_small_ones_drop_out() -> None:
    assert trends.changed_pillars("1,5,15,240,1D,15,") == ("15m", "4h", "1d")
    assert trends.changed_pillars(None) == ()


def test_the_literal_mode_counts_the_raw_score_for_both_sides() -> None:
    assert [sizing.conviction(2, Side.SELL, mode) for mode in ("directional", "literal")] == [7, 2]


def test_rules_are_the_same_value_for_the_same_settings() -> None:
    assert from_short_names({}) == RULES
    assert isinstance(RULES, Rules)
