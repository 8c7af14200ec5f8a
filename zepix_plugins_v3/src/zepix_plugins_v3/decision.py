"""What the plugin knows when it decides, and what it decided: frozen values."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs

from zepix_core import Gate, Side, Step
from zepix_plugins_v3.alert import V3Alert
from zepix_plugins_v3.sizing import Size
from zepix_plugins_v3.stops import Leg

PLUGIN_ID = "combined_v3"


class Action(StrEnum):
    """What is to be done."""

    ENTER = "enter"
    REVERSE = "reverse"
    CLOSE = "close"
    NO_ACTION = "no_action"
    NOTIFY = "notify"
    TREND_UPDATE = "trend_update"
    REJECT = "reject"
    IGNORE = "ignore"


@attrs.frozen(kw_only=True)
class OpenPosition:
    """An open position; ``plugin`` is the id of the plugin that opened it."""

    ticket: int
    symbol: str
    side: Side
    plugin: str = PLUGIN_ID


@attrs.frozen(kw_only=True)
class Accepted:
    """An alert accepted before, ``age`` seconds ago; ``meaning`` as in `duplicates.meaning`."""

    age: float
    meaning: tuple[Any, ...]


@attrs.frozen(kw_only=True)
class State:
    """What is known at the moment of the decision. Money in account currency, losses positive.

    Attributes:
        balance, daily_loss, lifetime_loss: ``None`` when not known.
        trends: The trend store, by symbol: pillars -1, 0, 1. A symbol never set is absent.
    """

    balance: Decimal | None = None
    daily_loss: Decimal | None = None
    lifetime_loss: Decimal | None = None
    positions: tuple[OpenPosition, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    trends: Mapping[str, Mapping[str, int]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Entry:
    """A finished pair of orders.

    Attributes:
        pillars: From the alert alone, ``None`` when it has none.
    """

    side: Side
    logic_route: str
    routing_reason: str
    conviction: int
    size: Size
    aggressive: bool
    pillars: Mapping[str, int] | None
    order_a: Leg
    order_b: Leg


@attrs.frozen(kw_only=True)
class V3Decision:
    """What to do about one alert, with every test and number.

    Attributes:
        reason: Lower-case code, ``None`` when all is well.
        close_tickets: Positions to close, in the order they were handed in.
        trends: For a pulse: pillar to bullish, bearish or neutral.
        notify: For a pulse: whether people hear of it.
        shadow: Nothing of this reaches the broker's book.
    """

    action: Action
    reason: str | None = None
    alert: V3Alert | None = None
    entry: Entry | None = None
    close_side: Side | None = None
    close_tickets: tuple[int, ...] = ()
    high_alert_seconds: float | None = None
    trends: Mapping[str, str] | None = None
    changed_pillars: tuple[str, ...] = ()
    notify: bool | None = None
    shadow: bool = False
    gates: tuple[Gate, ...] = ()
    steps: tuple[Step, ...] = ()

    def facts(self) -> dict[str, Any]:
        """The decision under the names of the V3 sheet, section 16."""
        facts: dict[str, Any] = {"action": self.action.value, "reason": self.reason}
        if self.action in (Action.REJECT, Action.IGNORE) or self.alert is None:
            return facts
        facts |= {
            "signal": self.alert.signal.id,
            "category": self.alert.signal.category.value,
            "symbol": self.alert.symbol,
            "timeframe": self.alert.timeframe,
        }
        if self.entry is not None:
            facts |= _entry_facts(self.entry) | {"close_tickets": list(self.close_tickets)}
        if self.close_side is not None:
            facts |= {"close_side": self.close_side.value, "close_tickets": list(self.close_tickets)}
        if self.high_alert_seconds is not None:
            facts["high_alert_seconds"] = self.high_alert_seconds
        if self.trends is not None:
            facts |= {
                "trends": dict(self.trends),
                "changed_pillars": list(self.changed_pillars),
                "notify": self.notify,
            }
        return facts | ({"shadow": True} if self.shadow else {})


def _entry_facts(entry: Entry) -> dict[str, Any]:
    size = entry.size
    return {
        "side": entry.side.value,
        "logic_route": entry.logic_route,
        "routing_reason": entry.routing_reason,
        "conviction": entry.conviction,
        "consensus_multiplier": size.consensus_multiplier,
        "logic_multiplier": size.logic_multiplier,
        "risk_tier": size.tier,
        "base_lot": size.base_lot,
        "total_lot": size.total,
        "aggressive": entry.aggressive,
        "pillars": None if entry.pillars is None else dict(entry.pillars),
        "order_a": _leg_facts(entry.order_a),
        "order_b": _leg_facts(entry.order_b),
    }


def _leg_facts(leg: Leg) -> dict[str, Any]:
    return {
        "side": leg.side.value,
        "lots": leg.lots,
        "sl": leg.sl,
        "tp": leg.tp,
        "sl_source": leg.sl_source,
        "tp_source": leg.tp_source,
    }
