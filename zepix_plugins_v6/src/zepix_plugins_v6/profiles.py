"""The four plugins in figures: what differs between them besides their settings."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from zepix_plugins_v6.config import IntradayConfig, MomentumConfig, ScalpingConfig, SwingConfig, V6Config

_WHOLE = Decimal(1)


@attrs.frozen(kw_only=True)
class LegPlan:
    """One order of an entry: ``A`` or ``B``, and its target; the next one counts when one is missing."""

    leg: str
    targets: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Profile:
    """One plugin.

    Attributes:
        timeframe: Of the charts whose entries and exits it takes, as on the wire.
        routing: ``ORDER_A_ONLY``, ``ORDER_B_ONLY`` or ``DUAL_ORDERS``.
        legs: Its orders, A before B.
        filters: Codes in the order they are judged.
        strict_adx: ADX must be above the threshold; else it may equal it.
        trend_row: Trend row that ``tf_alignment`` asks, "" when it asks none.
        winners, others: Share of a position an exit closes, by whether it is in profit.
        keeps_runner: What an exit leaves runs until the pulse turns.
        table: Its trades.
        shipped: What its shipped file sets otherwise than the defaults, as the file's tables.
    """

    id: str
    timeframe: str
    routing: str
    legs: tuple[LegPlan, ...]
    filters: tuple[str, ...]
    strict_adx: bool = False
    trend_row: str = ""
    winners: Decimal = _WHOLE
    others: Decimal = _WHOLE
    keeps_runner: bool = False
    table: str
    config: type[V6Config]
    shipped: Mapping[str, Any]


def _shipped(**sections: Mapping[str, Any]) -> dict[str, Any]:
    return {"settings": {"supported_symbols": ["XAUUSD"], **sections}}


SCALPING = Profile(
    id="price_action_1m",
    timeframe="1",
    routing="ORDER_B_ONLY",
    legs=(LegPlan(leg="B", targets=("TP1",)),),
    filters=("adx", "confidence", "spread"),
    strict_adx=True,
    table="price_action_1m_trades",
    config=ScalpingConfig,
    shipped=_shipped(),
)
MOMENTUM = Profile(
    id="price_action_5m",
    timeframe="5",
    routing="DUAL_ORDERS",
    legs=(LegPlan(leg="A", targets=("TP2",)), LegPlan(leg="B", targets=("TP1",))),
    filters=("adx", "confidence", "tf_alignment", "momentum"),
    trend_row="15",
    winners=Decimal("0.8"),
    table="price_action_5m_trades",
    config=MomentumConfig,
    shipped=_shipped(),
)
INTRADAY = Profile(
    id="price_action_15m",
    timeframe="15",
    routing="ORDER_A_ONLY",
    legs=(LegPlan(leg="A", targets=("TP2",)),),
    filters=("adx", "market_state", "pulse", "confidence"),
    table="price_action_15m_trades",
    config=IntradayConfig,
    shipped=_shipped(
        entry_conditions={"adx_threshold": 22.0, "confidence_threshold": 65.0},
        risk_management={"risk_multiplier": 1.25},
    ),
)
SWING = Profile(
    id="price_action_1h",
    timeframe="60",
    routing="ORDER_A_ONLY",
    legs=(LegPlan(leg="A", targets=("TP3", "TP2")),),
    filters=("adx", "tf_alignment", "tf_alignment_1d", "confidence"),
    trend_row="240",
    winners=Decimal("0.5"),
    others=Decimal("0.5"),
    keeps_runner=True,
    table="price_action_1h_trades",
    config=SwingConfig,
    shipped=_shipped(risk_management={"risk_multiplier": 1.5}),
)

PROFILES = (SCALPING, MOMENTUM, INTRADAY, SWING)
BY_ID = {profile.id: profile for profile in PROFILES}
BY_TIMEFRAME = {profile.timeframe: profile for profile in PROFILES}
