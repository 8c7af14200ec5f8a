"""Carrying out a decision that trades: place, close, move. It decides nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from zepix_core import GroupResult, OrderResult, ServiceAPI
from zepix_plugins_v6.decision import V6Decision
from zepix_plugins_v6.facts import OwnPosition
from zepix_plugins_v6.messages import Entry
from zepix_plugins_v6.plan import PlannedClose
from zepix_plugins_v6.rules import Rules

CAPS = {"DAILY_LIMIT": "cap_daily_loss"}
"""Words of these plugins for outcome codes that refuse an alert."""
UNRESOLVED = "UNRESOLVED"


@attrs.frozen(kw_only=True)
class Placed:
    """What came of the orders of an entry, by leg, A before B. The first decides: it is sent first."""

    results: Mapping[str, OrderResult]

    @property
    def first(self) -> OrderResult:
        """The leg that was sent first."""
        return next(iter(self.results.values()))

    @property
    def refused(self) -> bool:
        """Nothing went in, for certain."""
        return not self.first.ok and self.first.code != UNRESOLVED

    @property
    def unresolved(self) -> bool:
        """The first leg may have been executed without anyone knowing yet."""
        return self.first.code == UNRESOLVED

    @property
    def shadow(self) -> bool:
        """They went to the shadow book."""
        return (self.first.ticket or 0) < 0

    def shown(self) -> list[dict[str, Any]]:
        """What became of each order, for the report."""
        return [result.shown() for result in self.results.values()]

    @property
    def tickets(self) -> tuple[int, ...]:
        """Tickets of the orders that went in."""
        return tuple(r.ticket for r in self.results.values() if r.ticket is not None)


async def enter(entry: Entry, decision: V6Decision, api: ServiceAPI) -> Placed:
    """Place the orders of an entry, with one call; a repeat of the alert returns the first result."""
    orders = decision.orders
    label = {order.leg: f"Order{order.leg}_{order.tp_level}" for order in orders}
    symbol, side, price = entry.ticker, entry.side.value, float(entry.price)
    if len(orders) == 2:
        a, b = orders
        pair = await api.orders.place_dual_orders_v6(
            symbol,
            side,
            float(decision.total_lots),
            float(a.sl),
            float(b.tp),
            float(a.tp),
            lots=(float(a.lots), float(b.lots)),
            labels=(label["A"], label["B"]),
            price=price,
        )
        return Placed(results={"A": pair.a, "B": pair.b})
    (order,) = orders
    place = api.orders.place_single_order_a if order.leg == "A" else api.orders.place_single_order_b
    result = await place(
        symbol, side, float(order.lots), float(order.sl), float(order.tp), label[order.leg], price=price
    )
    return Placed(results={order.leg: result})


async def close(closes: Iterable[PlannedClose], reason: str, api: ServiceAPI) -> GroupResult:
    """Close positions, or a share of them, one after the other. A repeat of the same closes goes on where the
    first one ended."""
    shares = {one.ticket: 100.0 if one.percent is None else one.percent for one in closes}
    return await api.orders.close_each(shares, reason)


def plan(decision: V6Decision, positions: Iterable[OwnPosition], rules: Rules) -> tuple[PlannedClose, ...]:
    """The closes of a decision. A share is the rule's own number, not worked out from the volumes, so that a
    repeat asks for the same."""
    profile, held = rules.profile, {position.ticket: position for position in positions}

    def share(ticket: int) -> float:
        return float((profile.winners if held[ticket].profit > 0 else profile.others) * 100)

    return tuple(
        PlannedClose(
            ticket=one.ticket,
            volume=one.volume,
            percent=None if one.full else share(one.ticket),
        )
        for one in decision.closes
    )
