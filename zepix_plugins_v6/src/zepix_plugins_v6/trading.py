"""Carrying out a decision that trades: place, close, move. It decides nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from zepix_core import CloseResult, OrderResult, ServiceAPI, ZepixError
from zepix_plugins_v6.decision import V6Decision
from zepix_plugins_v6.facts import OwnPosition
from zepix_plugins_v6.messages import Entry
from zepix_plugins_v6.plan import PlannedClose
from zepix_plugins_v6.rules import Rules, exact

_CAPS = {"DAILY_LIMIT": "cap_daily_loss"}
UNRESOLVED = "UNRESOLVED"
_RESTS = ("rest-1", "rest-2")


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


async def close(closes: Iterable[PlannedClose], reason: str, api: ServiceAPI) -> tuple[CloseResult, ...]:
    """Close positions one after the other; one that cannot be closed does not stop the rest. A repeat of the
    same closes goes on where the first one ended."""
    results = []
    for one in closes:
        whole = one.percent is None
        results.append(await (_whole(one.ticket, reason, api) if whole else _part(one, reason, api)))
    return tuple(results)


async def _part(one: PlannedClose, reason: str, api: ServiceAPI) -> CloseResult:
    """Close a share. A broker may fill a part of it only: what is missing is closed, too, if it can be."""
    closed = CloseResult(success=False, order_id=one.ticket)
    percent = one.percent or 0.0
    for key in (None, *_RESTS):
        try:
            result = await api.orders.close_position_partial(one.ticket, percent, reason, key=key)
        except ZepixError as error:
            result = CloseResult(success=False, order_id=one.ticket, code="CLOSE_FAILED", message=str(error))
        if not result.success:
            return closed if closed.success else result
        closed = _added(closed, result)
        # From the plan and the results alone, so that a repeat asks for the same.
        done = exact(closed.closed_volume)
        if done >= one.volume or done <= 0:
            break
        percent = float((one.volume - done) / (one.held - done) * 100)
    return closed


async def _whole(ticket: int, reason: str, api: ServiceAPI) -> CloseResult:
    """Close a whole position. A broker may fill a part of a close only: what is left is closed again."""
    closed = CloseResult(success=False, order_id=ticket)
    for key in (None, *_RESTS):
        try:
            closed = _added(closed, await api.orders.close_position(ticket, reason, key=key))
        except ZepixError as error:
            return attrs.evolve(closed, success=False, code="CLOSE_FAILED", message=str(error))
        if not closed.success or closed.remaining_volume <= 0:
            return closed
    left = f"{closed.remaining_volume:g} lots are left"
    return attrs.evolve(closed, success=False, code="PARTLY_CLOSED", message=left)


def _added(before: CloseResult, result: CloseResult) -> CloseResult:
    money = exact(before.profit_dollars) + exact(result.profit_dollars)
    volume = exact(before.closed_volume) + exact(result.closed_volume)
    return attrs.evolve(result, closed_volume=float(volume), profit_dollars=float(money))


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
            held=held[one.ticket].volume,
            percent=None if one.full else share(one.ticket),
        )
        for one in decision.closes
    )


def reason_of(code: str) -> str:
    """The reason of an alert for an order's outcome code."""
    return _CAPS.get(code, code.lower() or "order_refused")


def closes_shown(closes: Iterable[CloseResult]) -> list[dict[str, Any]]:
    """What became of each close, for the report."""
    return [
        {
            "ticket": result.order_id,
            "closed": result.success,
            "volume": result.closed_volume,
            "left": result.remaining_volume,
            "profit": result.profit_dollars,
            "code": result.code,
            "message": result.message,
        }
        for result in closes
    ]


def orders_shown(placed: Placed) -> list[dict[str, Any]]:
    """What became of each order, for the report."""
    return [
        {
            "leg": leg,
            "placed": result.ok,
            "ticket": result.ticket,
            "lots": result.volume,
            "price": result.price,
            "code": result.code,
            "message": result.message,
        }
        for leg, result in placed.results.items()
    ]
