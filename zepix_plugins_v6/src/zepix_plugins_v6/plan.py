"""What an alert is about to do, written down first: after a crash the same is done, not something else."""

import json
from decimal import Decimal
from typing import Any

import attrs

from zepix_plugins_v6.decision import Action, Close, Observed, Order, V6Decision
from zepix_plugins_v6.messages import Entry, Exit

_DECIMALS = ("adx", "spread_pips")


@attrs.frozen(kw_only=True)
class PlannedClose:
    """A position to close, in the words of the moment it was decided.

    Attributes:
        volume: Lots to close.
        percent: The rule's own share, ``None`` for a whole close.
    """

    ticket: int
    volume: Decimal
    percent: float | None = None


def of_entry(decision: V6Decision) -> str:
    """The orders of an entry and the facts it was decided by."""
    orders = [
        {**attrs.asdict(o), "lots": str(o.lots), "sl": str(o.sl), "tp": str(o.tp)} for o in decision.orders
    ]
    data: dict[str, Any] = {"action": decision.action.value, "routing": decision.routing, "orders": orders}
    if decision.observed is not None:
        seen = attrs.asdict(decision.observed)
        data["observed"] = seen | {name: _text(seen[name]) for name in _DECIMALS}
    return json.dumps(data)


def entry(text: str, message: Entry) -> V6Decision | None:
    """The decision that was written down; ``None`` when it was none about an entry."""
    data = json.loads(text)
    if "orders" not in data:
        return None
    numbers = ("lots", "sl", "tp")
    orders = tuple(Order(**o | {name: Decimal(o[name]) for name in numbers}) for o in data["orders"])
    return V6Decision(
        action=Action(data["action"]),
        message=message,
        side=message.side,
        routing=data["routing"],
        orders=orders,
        observed=observed(text),
    )


def observed(text: str | None) -> Observed | None:
    """The facts that were written down with an entry."""
    seen = None if text is None else json.loads(text).get("observed")
    if seen is None:
        return None
    decimals = {name: None if seen[name] is None else Decimal(seen[name]) for name in _DECIMALS}
    pulse = seen["pulse"]
    return Observed(**seen | decimals | {"pulse": None if pulse is None else (pulse[0], pulse[1])})


def of_exit(decision: V6Decision, closes: tuple[PlannedClose, ...]) -> str:
    """The closes of an exit."""
    rows = [{**attrs.asdict(c), "volume": str(c.volume)} for c in closes]
    return json.dumps({"action": decision.action.value, "reason": decision.close_reason, "closes": rows})


def leaving(text: str, message: Exit) -> tuple[V6Decision, tuple[PlannedClose, ...]] | None:
    """The exit that was written down and its closes; ``None`` when it was none."""
    data: dict[str, Any] = json.loads(text)
    if "closes" not in data:
        return None
    closes = tuple(
        PlannedClose(ticket=c["ticket"], volume=Decimal(c["volume"]), percent=c["percent"])
        for c in data["closes"]
    )
    decision = V6Decision(
        action=Action(data["action"]),
        message=message,
        side=message.side,
        closes=tuple(Close(ticket=c.ticket, volume=c.volume, full=c.percent is None) for c in closes),
        close_reason=data["reason"],
    )
    return decision, closes


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
