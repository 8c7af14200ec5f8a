"""What was decided, with every test and number: frozen values."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs

from zepix_core import Gate, Side, Step, TrendPulseData
from zepix_plugins_v6.messages import Malformed, NotV6, V6Message

Body = V6Message | Malformed | NotV6
"""What `alert.parse` makes of a message's text."""


class Action(StrEnum):
    """What is to be done."""

    ENTRY = "entry"
    SHADOW_ENTRY = "shadow_entry"
    EXIT = "exit"
    SHADOW_EXIT = "shadow_exit"
    MODIFY = "modify"
    NONE = "none"
    REJECT = "reject"
    IGNORED = "ignored"
    MALFORMED = "malformed"
    TREND_UPDATE = "trend_update"
    MOMENTUM_UPDATE = "momentum_update"


@attrs.frozen(kw_only=True)
class Order:
    """One market order. Prices are rounded to the symbol's digits.

    Attributes:
        tp_level: ``TP1``, ``TP2`` or ``TP3``.
        raised_to_min: The lots were lifted to the symbol's least lot.
    """

    leg: str
    lots: Decimal
    sl: Decimal
    tp: Decimal
    tp_level: str
    raised_to_min: bool = False


@attrs.frozen(kw_only=True)
class Close:
    """A position to close.

    Attributes:
        volume: Lots to close; ``full``: nothing remains.
        runner: What remains runs until the pulse turns; mark it when the close went through.
    """

    ticket: int
    volume: Decimal
    full: bool
    runner: bool = False


@attrs.frozen(kw_only=True)
class Move:
    """A stop to move; the target stays."""

    ticket: int
    sl: Decimal


@attrs.frozen(kw_only=True)
class Observed:
    """The facts of an entry that the trade tables keep; recomputed classes, not the sender's words.

    Attributes:
        spread_pips: Rounded to a tenth, ``None`` when not known.
        market_state, pulse_alignment_ok: ``None`` when nobody knows any more.
        pulse: Bullish and bearish counts over all rows of the symbol, ``None`` likewise.
        trend_15m, trend_4h, trend_1d: Net directions of those rows, ``None`` without the row.
        momentum_increasing: ``None`` when no momentum was received.
    """

    adx: Decimal | None
    adx_strength: str
    conf_score: int
    confidence_level: str
    spread_pips: Decimal | None = None
    market_state: str | None = None
    pulse: tuple[int, int] | None = None
    pulse_alignment_ok: bool | None = None
    trend_15m: int | None = None
    trend_4h: int | None = None
    trend_1d: int | None = None
    momentum_increasing: bool | None = None


@attrs.frozen(kw_only=True)
class V6Decision:
    """What to do about one message or one closed leg.

    Attributes:
        reason: Why nothing is done: a filter's code, an ignore reason or a malformed code; ``None`` when
            something is.
        detail: For ``levels``: which one.
        orders: A before B; empty unless an entry.
        closes: In the order the positions were handed in.
        close_reason: What the closes are for, "" without any.
        row: The trend row as the message leaves it.
        momentum: The word of a momentum message.
    """

    action: Action
    message: Body | None = None
    reason: str | None = None
    detail: str | None = None
    side: Side | None = None
    routing: str = ""
    orders: tuple[Order, ...] = ()
    closes: tuple[Close, ...] = ()
    close_reason: str = ""
    move: Move | None = None
    row: TrendPulseData | None = None
    momentum: str | None = None
    observed: Observed | None = None
    gates: tuple[Gate, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def total_lots(self) -> Decimal:
        """Lots of all orders together."""
        return sum((order.lots for order in self.orders), Decimal(0))

    @property
    def raised_to_min(self) -> bool:
        """Whether an order was lifted to the least lot."""
        return any(order.raised_to_min for order in self.orders)

    @property
    def skip_reason(self) -> str | None:
        """What the signals log keeps: why no real trade came of it."""
        return "shadow" if self.action is Action.SHADOW_ENTRY else self.reason

    def facts(self) -> dict[str, Any]:
        """The decision as plain names and decimals."""
        facts: dict[str, Any] = {"action": self.action.value}
        if self.reason is not None:
            facts["reason"] = self.reason
        if self.detail is not None:
            facts["detail"] = self.detail
        if self.orders and isinstance(self.message, V6Message):
            facts |= {
                "symbol": self.message.ticker,
                "direction": None if self.side is None else self.side.value,
                "routing": self.routing,
                "orders": [_order(order) for order in self.orders],
                "raised_to_min": self.raised_to_min,
            }
        if self.action in (Action.EXIT, Action.SHADOW_EXIT, Action.TREND_UPDATE):
            facts["closes"] = [
                {"ticket": close.ticket, "volume": close.volume, "full": close.full} for close in self.closes
            ]
        if self.move is not None:
            facts |= {"ticket": self.move.ticket, "sl": self.move.sl}
        return facts


def _order(order: Order) -> dict[str, Any]:
    return {
        "leg": order.leg,
        "lots": order.lots,
        "sl": order.sl,
        "tp": order.tp,
        "tp_level": order.tp_level,
    }
