"""Facts under which everything passes, to be changed one at a time."""

from typing import Any

import attrs

from zepix_core.clock import NS
from zepix_core.config.risk import TradingSettings
from zepix_core.model.market import Side, SymbolInfo, Tick
from zepix_core.plugin import RiskSettings
from zepix_core.services.calls import Leg, PlaceRequest
from zepix_core.services.facts import PluginFacts
from zepix_core.services.gate_facts import GateFacts, RiskFacts

NOON = 1_768_219_500 * NS  # a Monday, 12:05 UTC
GOLD = SymbolInfo(
    name="XAUUSD",
    digits=2,
    point=0.01,
    pip_size=0.1,
    pip_value=10.0,
    contract_size=100.0,
    max_spread_pips=3.0,
)
EURO = SymbolInfo(
    name="EURUSD", digits=5, point=0.00001, pip_size=0.0001, pip_value=10.0, contract_size=100_000.0
)
METHODS = frozenset({"place_dual_orders_v3", "place_single_order_a", "place_single_order_b", "place_order"})


def tick(bid: float = 1.10000, ask: float = 1.10010, symbol: str = "EURUSD") -> Tick:
    return Tick(symbol=symbol, bid=bid, ask=ask, time_ns=NOON - NS)


def plugin(**changes: Any) -> PluginFacts:
    return attrs.evolve(PluginFacts(id="tester", capabilities=METHODS, risk=RiskSettings()), **changes)


def facts(**changes: Any) -> GateFacts:
    base = GateFacts(
        settings=TradingSettings(),
        plugin=plugin(),
        now_ns=NOON,
        info=EURO,
        tick=tick(),
        risk=RiskFacts(balance=10_000.0, equity=10_000.0, margin_free=10_000.0),
        max_tick_age_seconds=10.0,
    )
    return attrs.evolve(base, **changes)


def single(**changes: Any) -> PlaceRequest:
    base = PlaceRequest(
        method="place_single_order_a",
        symbol="EURUSD",
        side=Side.BUY,
        legs=(Leg(name="A", sl=1.09800, tp=1.10600, lots=0.10),),
    )
    return attrs.evolve(base, **changes)


def dual(total: float | None = None, **changes: Any) -> PlaceRequest:
    lots = 0.05 if total is None else None
    base = PlaceRequest(
        method="place_dual_orders_v3",
        symbol="EURUSD",
        side=Side.BUY,
        legs=(
            Leg(name="A", sl=1.09800, tp=1.10600, lots=lots),
            Leg(name="B", sl=1.09800, tp=1.10300, lots=lots),
        ),
        total=total,
    )
    return attrs.evolve(base, **changes)
