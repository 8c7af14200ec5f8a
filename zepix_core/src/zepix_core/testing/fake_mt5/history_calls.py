"""The module's functions about past orders and deals."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from zepix_core.testing.fake_mt5.constants import MT5
from zepix_core.testing.fake_mt5.core import Core, call, whole
from zepix_core.testing.fake_mt5.groups import in_group
from zepix_core.testing.fake_mt5.records import DealRecord, OrderRecord
from zepix_core.testing.fake_mt5.refusals import CallFailed
from zepix_core.testing.fake_mt5.structures import TradeDeal, TradeOrder

FILTERS = frozenset({"date_from", "date_to", "group", "ticket", "position"})
T = TypeVar("T", OrderRecord, DealRecord)


class HistoryCalls(Core):
    """The three forms of asking: a window in server time, an order's ticket, a position's identifier."""

    @call()
    def history_orders_total(self, date_from: Any, date_to: Any) -> int | None:
        """How many orders ended within the window."""
        return len(_within(self.ledger.past_orders, _ended, seconds(date_from), seconds(date_to)))

    @call()
    def history_orders_get(self, *window: Any, **filters: Any) -> tuple[TradeOrder, ...] | None:
        """Orders that are over, by window and ``group``, by ``ticket`` or by ``position``."""
        chosen = _select(self.ledger.past_orders, _ended, lambda one: one.ticket, window, filters)
        return tuple(order.snapshot(order.price) for order in chosen)

    @call()
    def history_deals_total(self, date_from: Any, date_to: Any) -> int | None:
        """How many deals were made within the window."""
        return len(_within(self.ledger.deals, _made, seconds(date_from), seconds(date_to)))

    @call()
    def history_deals_get(self, *window: Any, **filters: Any) -> tuple[TradeDeal, ...] | None:
        """Deals by window and ``group``, by the ``ticket`` of their *order* or by ``position``."""
        chosen = _select(self.ledger.deals, _made, lambda one: one.order, window, filters)
        return tuple(deal.snapshot() for deal in chosen)


def seconds(date: Any) -> float:
    """A date as the module reads it: an aware or naive (local) datetime, or seconds since the epoch."""
    if isinstance(date, datetime):
        return date.timestamp()
    if isinstance(date, bool) or not isinstance(date, int | float):
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid arguments")
    return float(date)


def _ended(order: OrderRecord) -> int:
    return order.time_done_msc


def _made(deal: DealRecord) -> int:
    return deal.time_msc


def _within(held: list[T], when: Callable[[T], int], begin: float, end: float) -> list[T]:
    return [one for one in held if begin <= when(one) // 1000 <= end]


def _select(
    held: list[T],
    when: Callable[[T], int],
    ticket_of: Callable[[T], int],
    window: tuple[Any, ...],
    filters: dict[str, Any],
) -> list[T]:
    if len(window) > 2 or filters.keys() - FILTERS:
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid arguments")
    if filters.get("ticket") is not None:
        ticket = whole(filters["ticket"], 'Invalid "ticket" argument')
        return [one for one in held if ticket_of(one) == ticket]
    if filters.get("position") is not None:
        position = whole(filters["position"], 'Invalid "position" argument')
        return [one for one in held if position and one.position_id == position]
    dates = dict(zip(("date_from", "date_to"), window, strict=False)) | filters
    if not {"date_from", "date_to"} <= dates.keys():
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, "Invalid arguments")
    found = _within(held, when, seconds(dates["date_from"]), seconds(dates["date_to"]))
    group = dates.get("group")
    if group is None:
        return found
    if not isinstance(group, str):
        raise CallFailed(MT5.RES_E_INVALID_PARAMS, 'Invalid "group" argument')
    return [one for one in found if in_group(one.symbol, group)]
