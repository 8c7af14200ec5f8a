"""Carrying out a decision that trades: ask the gate, close, place. It decides nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from zepix_core import DualResult, GroupResult, OrderResult, ServiceAPI
from zepix_plugins_v3.decision import Entry

NOTHING = GroupResult(success=True, closed_count=0)
LABELS = ("OrderA_TP_Trail", "OrderB_Profit_Trail")
LIMITS = {"DAILY_LIMIT": "daily_loss_limit", "LIFETIME_LIMIT": "lifetime_loss_limit"}
"""Words of this plugin for outcome codes that refuse an alert."""


@attrs.frozen(kw_only=True)
class Carried:
    """What came of an entry.

    Attributes:
        refusal: The result that ended it: a gate that said no, or order A refused; else ``None``.
        closes: Positions closed, or tried to, before placing.
        placed: The pair as placed, ``None`` when it did not come to that.
    """

    refusal: OrderResult | None = None
    closes: GroupResult = NOTHING
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
    closes = await close(closing, "Reversal", api) if checked.ok else NOTHING
    placed = await api.orders.place_dual_orders_v3(**_pair(symbol, entry, price, closes.closed))
    refused = not placed.ok and placed.a.code != "UNRESOLVED"
    return Carried(refusal=placed.a if refused else None, closes=closes, placed=placed)


async def close(tickets: tuple[int, ...], reason: str, api: ServiceAPI) -> GroupResult:
    """Close whole positions, one after the other."""
    return await api.orders.close_each(dict.fromkeys(tickets, 100.0), reason)


def orders_shown(placed: DualResult | None) -> list[dict[str, Any]]:
    """What became of each order, for the report."""
    if placed is None:
        return []
    pair = zip(LABELS, (placed.a, placed.b), strict=True)
    return [{"label": label, **result.shown()} for label, result in pair]


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
