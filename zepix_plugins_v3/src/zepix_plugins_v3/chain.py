"""The profit chain behind an order B: what it is, and what each event makes of it. Pure values.

Level 0 is order B itself. An order is booked when its own profit reaches a fixed sum of money. When all
orders of a level have ended well, the next level opens more of them. What is to be done is read from the
state alone (see `chain_work`), so a repeat of any event, or a restart between two, leads to the same orders.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

import attrs

from zepix_core import Side, exact
from zepix_plugins_v3.profit_config import ProfitBooking
from zepix_plugins_v3.stops import SymbolFacts

BY_MARKET = frozenset({"TP1", "TP2", "TP3", "SL", "Trailing", "Breakeven"})
"""Close reasons that are the market's verdict; others mean that somebody wanted out."""


class ChainState(StrEnum):
    """Whether a chain opens more levels."""

    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"


class Slot(StrEnum):
    """One order of a chain: to be placed, placed, to be booked, and how it ended. ``TAKEN``: closed by a
    signal or a person."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    BOOKING = "BOOKING"
    WON = "WON"
    LOST = "LOST"
    EVEN = "EVEN"
    TAKEN = "TAKEN"
    REFUSED = "REFUSED"

    @property
    def over(self) -> bool:
        """Nothing more comes of it."""
        return self not in (Slot.PLANNED, Slot.OPEN, Slot.BOOKING)


@attrs.frozen(kw_only=True)
class ChainRules:
    """The settings of profit booking as the rules use them; money in account currency."""

    enabled: bool
    min_profit: Decimal
    levels: frozenset[int]
    orders: tuple[int, ...]
    stop_money: Mapping[str, Decimal]
    fixed_money: Decimal
    partial_share: Decimal | None
    require_trend: bool
    most_age: timedelta

    @classmethod
    def of(cls, settings: ProfitBooking, host: Mapping[str, Any] | None = None) -> "ChainRules":
        """The rules that the settings ask for.

        Args:
            host: ``profit_booking_config`` of the host's file; it counts where the plugin's is as shipped.
        """
        shipped = ProfitBooking()
        kept = {
            name: value
            for name, value in (host or {}).items()
            if hasattr(shipped, name) and getattr(settings, name) == getattr(shipped, name)
        }
        settings = attrs.evolve(settings, **kept)
        by_logic = settings.sl_system == "SL-1.1"
        return cls(
            enabled=settings.enabled,
            min_profit=exact(settings.min_profit),
            levels=frozenset(level for level in settings.enabled_levels if level <= settings.max_level),
            orders=settings.orders_per_level,
            stop_money={k: exact(v) for k, v in settings.sl_by_logic.items()} if by_logic else {},
            fixed_money=exact(settings.fixed_sl_dollars),
            partial_share=exact(settings.partial_threshold) if settings.allow_partial_progression else None,
            require_trend=settings.require_trend,
            most_age=timedelta(seconds=settings.next_level_within_seconds),
        )

    def stop(self, logic: str | None) -> Decimal:
        """Money at risk of one order."""
        return self.stop_money.get(logic or "", self.fixed_money)


@attrs.frozen(kw_only=True)
class ChainOrder:
    """One order of a chain.

    Attributes:
        entry, tp: Prices; ``None`` before it is filled, and without a target.
        tries: How often booking it was tried; the next try is a request of its own.
        waits: Counts the waits for a price, so that each has a key of its own.
        deals: Money of each deal that closed a part, by the deal's number.
        watch: Handle of the price level that is waited for.
        trade_id: Its row among the trades.
        closed_at: When it ended, whole seconds of UTC.
    """

    level: int
    slot: int
    state: Slot
    lots: float
    ticket: int | None = None
    entry: float | None = None
    tp: float | None = None
    tries: int = 0
    waits: int = 0
    deals: Mapping[str, float] = attrs.field(factory=dict)
    reason: str | None = None
    watch: str | None = None
    trade_id: int | None = None
    closed_at: datetime | None = None

    @property
    def profit(self) -> Decimal:
        """Money its deals brought."""
        return sum(map(exact, self.deals.values()), Decimal(0))


@attrs.frozen(kw_only=True)
class Chain:
    """A chain with all its orders, in order of level and slot.

    Attributes:
        id: Made of the symbol and the intent that opened order B: the same after a restart.
        trade_id: Row of the pair it grew from.
        level: The newest level.
        reason: Why it ended.
    """

    id: str
    trade_id: int
    symbol: str
    side: Side
    logic: str | None
    orders: tuple[ChainOrder, ...]
    level: int = 0
    state: ChainState = ChainState.ACTIVE
    reason: str | None = None

    def order(self, level: int, slot: int) -> ChainOrder | None:
        """The order at a place."""
        return next((o for o in self.orders if (o.level, o.slot) == (level, slot)), None)

    def by_ticket(self, ticket: int) -> ChainOrder | None:
        """The order with a ticket."""
        return next((o for o in self.orders if o.ticket == ticket), None)

    def with_order(self, order: ChainOrder) -> "Chain":
        """The chain with one order replaced."""
        place = (order.level, order.slot)
        orders = tuple(order if (o.level, o.slot) == place else o for o in self.orders)
        return attrs.evolve(self, orders=orders)

    @property
    def alive(self) -> bool:
        """It may open more, or has orders that have not ended."""
        return self.state is ChainState.ACTIVE or any(not o.state.over for o in self.orders)


def started(chain_id: str, trade_id: int, symbol: str, side: Side, logic: str | None) -> Chain:
    """A chain whose level 0 waits for order B."""
    first = ChainOrder(level=0, slot=1, state=Slot.PLANNED, lots=0.0)
    return Chain(id=chain_id, trade_id=trade_id, symbol=symbol, side=side, logic=logic, orders=(first,))


def filled(
    chain: Chain, level: int, slot: int, *, ticket: int, lots: float, entry: float, tp: float | None
) -> Chain:
    """An order is in, or another fill or target of it became known. One that is over stays over."""
    order = chain.order(level, slot)
    if order is None or (order.state.over and order.state is not Slot.REFUSED):
        return chain
    state = order.state if order.state is Slot.BOOKING else Slot.OPEN
    return chain.with_order(
        attrs.evolve(order, state=state, ticket=ticket, lots=lots, entry=entry, tp=tp or None, reason=None)
    )


def refused(chain: Chain, level: int, slot: int, code: str) -> Chain:
    """An order did not come to be."""
    order = chain.order(level, slot)
    if order is None or order.state is not Slot.PLANNED:
        return chain
    return chain.with_order(attrs.evolve(order, state=Slot.REFUSED, reason=code))


def booking_price(order: ChainOrder, side: Side, facts: SymbolFacts, rules: ChainRules) -> Decimal | None:
    """The closing quote from which on the order's own profit is at least the sum to book."""
    if order.entry is None or order.lots <= 0:
        return None
    away = distance(rules.min_profit, exact(order.lots), facts)
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    price = exact(order.entry) + side.sign * away
    return price.quantize(Decimal(1).scaleb(-facts.digits), rounding=rounding)


def distance(money: Decimal, lots: Decimal, facts: SymbolFacts) -> Decimal:
    """How far in price ``lots`` win or lose that money."""
    return money / (lots * facts.pip_value) * facts.pip_size


def at_level(chain: Chain, ticket: int, price: float | None, facts: SymbolFacts, rules: ChainRules) -> bool:
    """Whether an order's own profit is at least the sum to book at a closing quote; no quote is none."""
    order = chain.by_ticket(ticket)
    level = None if order is None else booking_price(order, chain.side, facts, rules)
    if level is None or price is None:
        return False
    return chain.side.sign * (exact(price) - level) >= 0


def reached(chain: Chain, ticket: int, price: float | None, facts: SymbolFacts, rules: ChainRules) -> Chain:
    """The wait for a price is over: with the closing quote there, the order is to be booked, else it is
    waited on."""
    order = chain.by_ticket(ticket)
    if order is None or order.state is not Slot.OPEN:
        return chain
    order = attrs.evolve(order, watch=None, waits=order.waits + 1)
    if at_level(chain, ticket, price, facts, rules):
        order = attrs.evolve(order, state=Slot.BOOKING)
    return chain.with_order(order)


def not_booked(chain: Chain, ticket: int) -> Chain:
    """Booking was refused: the level is waited for again."""
    order = chain.by_ticket(ticket)
    if order is None or order.state is not Slot.BOOKING:
        return chain
    return missed(chain.with_order(attrs.evolve(order, tries=order.tries + 1)), ticket)


def missed(chain: Chain, ticket: int) -> Chain:
    """The price went back before an order was booked: the level is waited for again."""
    order = chain.by_ticket(ticket)
    if order is None or order.state is not Slot.BOOKING:
        return chain
    return chain.with_order(attrs.evolve(order, state=Slot.OPEN, waits=order.waits + 1, watch=None))


def part_closed(chain: Chain, ticket: int, deal: str, profit: float) -> Chain:
    """A part of an order was closed; what is left of one that is being booked is booked by a new request."""
    order = chain.by_ticket(ticket)
    if order is None or order.state.over or deal in order.deals:
        return chain
    again = 1 if order.state is Slot.BOOKING else 0
    deals = {**order.deals, deal: profit}
    return chain.with_order(attrs.evolve(order, deals=deals, tries=order.tries + again))


def closed(chain: Chain, ticket: int, deal: str, profit: float, reason: str, at: datetime) -> Chain:
    """An order has ended. A second time changes nothing."""
    order = chain.by_ticket(ticket)
    if order is None or order.state.over:
        return chain
    deals = {**order.deals, deal: profit}
    order = attrs.evolve(order, deals=deals, reason=reason or None, closed_at=at.replace(microsecond=0))
    return chain.with_order(attrs.evolve(order, state=_end(order, reason)))


def _end(order: ChainOrder, reason: str) -> Slot:
    if reason not in BY_MARKET:
        return Slot.TAKEN
    if order.profit > 0:
        return Slot.WON
    return Slot.LOST if order.profit < 0 else Slot.EVEN


def judged(chain: Chain, rules: ChainRules) -> Chain:
    """The chain stopped or completed when its newest level says so; a stopped chain opens nothing more."""
    if chain.state is not ChainState.ACTIVE:
        return chain
    level = [o for o in chain.orders if o.level == chain.level]
    states = [o.state for o in level if o.state is not Slot.REFUSED]
    if Slot.TAKEN in states:
        return stopped(chain, "closed")
    if Slot.LOST in states and rules.partial_share is None:
        return stopped(chain, "loss")
    if any(not state.over for state in states):
        return chain
    if not states:
        return stopped(chain, level[0].reason or "refused")
    won = Decimal(states.count(Slot.WON)) / len(states)
    if rules.partial_share is not None and Slot.LOST in states and won < rules.partial_share:
        return stopped(chain, "loss")
    if not rules.enabled:
        return stopped(chain, "switched_off")
    if chain.level + 1 not in rules.levels:
        return attrs.evolve(chain, state=ChainState.COMPLETED, reason="last_level")
    return chain


def wants_next(chain: Chain) -> bool:
    """Whether an active, judged chain is ready for its next level."""
    newest = [o for o in chain.orders if o.level == chain.level]
    return chain.state is ChainState.ACTIVE and all(o.state.over for o in newest)


def late(chain: Chain, level: int, now: datetime, rules: ChainRules) -> bool:
    """Whether the level before ended too long ago for orders of ``level`` to be placed now."""
    ends = [o.closed_at for o in chain.orders if o.level == level - 1 and o.closed_at is not None]
    return bool(ends) and now - max(ends) > rules.most_age


def opened_level(
    chain: Chain, lots: Decimal | None, aligned: bool, now: datetime, rules: ChainRules
) -> Chain:
    """The next level planned; the chain ends when it is too late, the trend does not agree or lots are not
    known."""
    if not wants_next(chain):
        return chain
    if late(chain, chain.level + 1, now, rules):
        return stopped(chain, "too_late")
    if rules.require_trend and not aligned:
        return attrs.evolve(chain, state=ChainState.COMPLETED, reason="trend_not_aligned")
    if lots is None:
        return stopped(chain, "no_base_lot")
    level = chain.level + 1
    planned = tuple(
        ChainOrder(level=level, slot=slot, state=Slot.PLANNED, lots=float(lots))
        for slot in range(1, rules.orders[level] + 1)
    )
    return attrs.evolve(chain, level=level, orders=chain.orders + planned)


def stopped(chain: Chain, reason: str) -> Chain:
    """An active chain ended: what was not placed yet is not placed any more.

    An order that turns out to be in is managed on.
    """
    if chain.state is not ChainState.ACTIVE:
        return chain
    orders = tuple(
        attrs.evolve(o, state=Slot.REFUSED, reason=reason) if o.state is Slot.PLANNED and o.level > 0 else o
        for o in chain.orders
    )
    return attrs.evolve(chain, state=ChainState.STOPPED, reason=reason, orders=orders)
