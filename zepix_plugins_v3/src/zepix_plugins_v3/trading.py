"""Carrying out a decision that trades: ask the gate, close, place. It decides nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from zepix_core import CloseResult, DualResult, OrderResult, ServiceAPI, ZepixError
from zepix_plugins_v3.decision import Entry
from zepix_plugins_v3.rules import exact

LABELS = ("OrderA_TP_Trail", "OrderB_Profit_Trail")
_LIMITS = {"DAILY_LIMIT": "daily_loss_limit", "LIFETIME_LIMIT": "lifetime_loss_limit"}


@attrs.frozen(kw_only=True)
class Carried:
    """What came of an entry.

    Attributes:
        refusal: The result that ended it: a gate that said no, or order A refused; else ``None``.
        closes: Positions closed, or tried to, before placing.
        placed: The pair as placed, ``None`` when it did not come to that.
    """

    refusal: OrderResult | None = None
    closes: tuple[CloseResult, ...] = ()
    placed: DualResult | None = None

    @property
    def unresolved(self) -> bool:
        """Whether order A may have been executed without anyone knowing yet."""
        return self.placed is not None and self.placed.a.code == "UNRESOLVED"

    @property
    def shadow(self) -> bool:
        """Whether the pair went to the shadow book."""
        return self.placed is not None and (self.placed.a.ticket or 0) < 0

    @property
    def tickets(self) -> tuple[int, ...]:
        """Tickets of the orders that went in."""
        return () if self.placed is None else tuple(ticket for ticket in self.placed if ticket is not None)


async def enter(
    symbol: str,
    entry: Entry,
    price: float,
    closing: tuple[int, ...],
    api: ServiceAPI,
    *,
    leave: Callable[[], Awaitable[None]],
    repeated: bool = False,
) -> Carried:
    """Place a pair. The host's gates are asked before the first close: a refusal closes nothing.

    Args:
        leave: Called when the gates let the pair pass, before the first close.
        repeated: The alert was delivered before. The pair may be in already and fill the very caps the
            gate then names; placing once more returns the first result, or is refused by the same gates.
    """
    checked = await api.orders.check_dual_orders_v3(**_pair(symbol, entry, price, closing))
    if not checked.ok and not repeated:
        return Carried(refusal=checked.a)
    if checked.ok:
        await leave()
    closes = await close(closing, "Reversal", api) if checked.ok else ()
    gone = tuple(result.order_id for result in closes if result.success)
    placed = await api.orders.place_dual_orders_v3(**_pair(symbol, entry, price, gone))
    refused = not placed.ok and placed.a.code != "UNRESOLVED"
    return Carried(refusal=placed.a if refused else None, closes=closes, placed=placed)


async def close(tickets: tuple[int, ...], reason: str, api: ServiceAPI) -> tuple[CloseResult, ...]:
    """Close positions one after the other; one that cannot be closed does not stop the rest."""
    return tuple([await _close(ticket, reason, api) for ticket in tickets])


async def _close(ticket: int, reason: str, api: ServiceAPI) -> CloseResult:
    """Close a whole position. A broker may fill a part of a close only: what is left is closed again."""
    closed = CloseResult(success=False, order_id=ticket)
    for key in (None, "rest-1", "rest-2"):
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


def reason_of(code: str) -> str:
    """The reason of an alert for an order's outcome code."""
    return _LIMITS.get(code, code.lower() or "order_refused")


def closes_shown(closes: tuple[CloseResult, ...]) -> list[dict[str, Any]]:
    """What became of each close, for the report."""
    return [
        {
            "ticket": result.order_id,
            "closed": result.success,
            "volume": result.closed_volume,
            "profit": result.profit_dollars,
            "code": result.code,
            "message": result.message,
        }
        for result in closes
    ]


def orders_shown(placed: DualResult | None) -> list[dict[str, Any]]:
    """What became of each order, for the report."""
    if placed is None:
        return []
    return [
        {
            "leg": leg,
            "label": label,
            "placed": result.ok,
            "ticket": result.ticket,
            "lots": result.volume,
            "price": result.price,
            "code": result.code,
            "message": result.message,
        }
        for leg, label, result in zip("AB", LABELS, (placed.a, placed.b), strict=True)
    ]


def _pair(symbol: str, entry: Entry, price: float, closing: tuple[int, ...]) -> dict[str, Any]:
    a, b = entry.order_a, entry.order_b
    return {
        "symbol": symbol,
        "direction": entry.side.value,
        "lot_size_total": float(a.lots + b.lots),
        "order_a_sl": float(a.sl),
        "order_a_tp": float(a.tp),
        "order_b_sl": float(b.sl),
        "order_b_tp": float(b.tp),
        "logic_route": entry.logic_route,
        "lots": (float(a.lots), float(b.lots)),
        "labels": LABELS,
        "price": price,
        "closing": closing,
    }
