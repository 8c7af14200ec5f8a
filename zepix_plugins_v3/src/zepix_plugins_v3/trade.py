"""One pair as it is remembered, and what a change of one of its orders makes of it: pure values."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from zepix_core import OrderRow, Realised, TradeUpdate, UpdateKind, exact, exact_sum, stamp
from zepix_plugins_v3 import routing, sizing
from zepix_plugins_v3.alert import V3Alert
from zepix_plugins_v3.rules import Rules

OPEN, PARTIAL, CLOSED = "OPEN", "PARTIAL", "CLOSED"
NEVER_PLACED = OrderRow()


@attrs.frozen(kw_only=True)
class Booking:
    """A part of an order that was closed early; percent of what was open then."""

    leg: str
    at: str
    percentage: float
    volume: float
    pips: float
    dollars: float
    reason: str

    @property
    def realised(self) -> Realised:
        """What it came to."""
        return Realised(volume=self.volume, pips=self.pips, money=self.dollars)


@attrs.frozen(kw_only=True)
class Trade:
    """A pair: the signal behind it, its two orders, and the sum of both.

    Attributes:
        id: Row, ``None`` before it is stored.
        costs: Commission and swap by the deal that caused them.
    """

    symbol: str
    direction: str
    entry_price: float
    entry_time: str
    signal_type: str
    id: int | None = None
    signal_timeframe: str | None = None
    consensus_score: int | None = None
    position_multiplier: float | None = None
    pillars: Mapping[str, int] | None = None
    mtf_raw_string: str | None = None
    logic_route: str | None = None
    logic_multiplier: float | None = None
    routing_reason: str | None = None
    a: OrderRow = NEVER_PLACED
    b: OrderRow = NEVER_PLACED
    exit_time: str | None = None
    status: str = OPEN
    total_profit_pips: float | None = None
    total_profit_dollars: float | None = None
    trend_bypass_used: bool = False
    is_entry_v3_signal: bool = False
    close_reason: str | None = None
    costs: Mapping[str, tuple[float, float]] = attrs.field(factory=dict)

    def leg(self, name: str) -> OrderRow:
        """Order ``A`` or ``B``."""
        return self.a if name == "A" else self.b

    def with_leg(self, name: str, order: OrderRow) -> "Trade":
        """The pair with one order replaced."""
        return attrs.evolve(self, a=order) if name == "A" else attrs.evolve(self, b=order)


def of_alert(alert: V3Alert, rules: Rules, at: datetime) -> Trade:
    """The pair that an entry alert leads to, before any order of it is known."""
    side = alert.side
    if side is None:
        raise ValueError(f"{alert.signal.id} opens no trade")
    logic, why = routing.route(alert, rules)
    votes = sizing.conviction(alert.score, side, rules.score_mode)
    return Trade(
        symbol=alert.symbol,
        direction=side.value,
        entry_price=float(alert.price),
        entry_time=stamp(at),
        signal_type=alert.signal.id,
        signal_timeframe=alert.timeframe,
        consensus_score=alert.score,
        position_multiplier=float(sizing.consensus_multiplier(votes, rules)),
        pillars=None if alert.trends is None else rules.pillars(alert.trends),
        mtf_raw_string=alert.trends_text,
        logic_route=logic,
        logic_multiplier=float(rules.logic_multipliers[logic]),
        routing_reason=why,
        trend_bypass_used=not rules.check_trends,
        is_entry_v3_signal=True,
    )


def of_update(update: TradeUpdate) -> Trade:
    """A pair of which nothing is known but a change of one of its orders."""
    return Trade(
        symbol=update.symbol,
        direction=update.side.value,
        entry_price=update.price_open or update.price,
        entry_time=stamp(update.at),
        signal_type="unknown",
    )


def leg_of(trade: Trade | None, update: TradeUpdate) -> str | None:
    """Which order a change is about: by its ticket, else by the leg's name; ``None`` when neither tells."""
    for name in ("A", "B"):
        if trade is not None and trade.leg(name).ticket == update.ticket:
            return name
    return update.leg if update.leg in ("A", "B") else None


def booking_of(update: TradeUpdate, leg: str) -> Booking:
    """The early closing of a part of an order."""
    before = exact(update.volume) + exact(update.closed_volume)
    share = exact(update.closed_volume) * 100 / before if before else Decimal(100)
    return Booking(
        leg=leg,
        at=stamp(update.at),
        percentage=float(share),
        volume=update.closed_volume,
        pips=update.profit_pips,
        dollars=update.profit,
        reason=update.reason,
    )


def opened(trade: Trade, leg: str, update: TradeUpdate) -> Trade:
    """The order is in: its ticket and levels, and the pair's entry when this is its first order."""
    known = trade.leg(leg)
    if known.ticket is None:
        trade = trade.with_leg(leg, OrderRow.filled(update.ticket, update.volume, update.sl, update.tp))
    if update.kind is UpdateKind.OPENED and _first(trade, leg) and update.price:
        trade = attrs.evolve(trade, entry_price=update.price, entry_time=stamp(update.at))
    return trade


def moved(trade: Trade, leg: str, update: TradeUpdate) -> Trade:
    """Stop and target of an order as they stand now, and what a second fill added to it."""
    trade = trade.with_leg(leg, trade.leg(leg).moved(update))
    if _first(trade, leg) and update.price_open:
        trade = attrs.evolve(trade, entry_price=update.price_open)
    return trade


def _first(trade: Trade, leg: str) -> bool:
    """Whether the pair's entry is this order's: A's, or B's while A is not in."""
    return leg == "A" or trade.a.ticket is None


def closed(trade: Trade, leg: str, update: TradeUpdate, bookings: Sequence[Booking]) -> Trade:
    """The order has ended: its result with what was booked before. A second time changes nothing."""
    known = trade.leg(leg)
    if known.status == CLOSED:
        return trade
    order = known.closed(update, [booking.realised for booking in bookings if booking.leg == leg])
    return attrs.evolve(trade.with_leg(leg, order), close_reason=update.reason or None)


def settled(trade: Trade, booked: bool) -> Trade:
    """The pair with its status, and its totals once both orders have ended."""
    if trade.a.status == CLOSED and trade.b.status == CLOSED:
        return attrs.evolve(
            trade,
            status=CLOSED,
            exit_time=max(filter(None, (trade.a.exit_time, trade.b.exit_time)), default=None),
            total_profit_pips=exact_sum((trade.a.pips, trade.b.pips)),
            total_profit_dollars=exact_sum((trade.a.dollars, trade.b.dollars)),
        )
    ended = any(order.ticket is not None and order.status == CLOSED for order in (trade.a, trade.b))
    return attrs.evolve(
        trade,
        status=PARTIAL if ended or booked else OPEN,
        exit_time=None,
        total_profit_pips=None,
        total_profit_dollars=None,
    )


def total_costs(trade: Trade) -> tuple[float, float]:
    """Commission and swap of the whole pair."""
    costs = trade.costs.values()
    return exact_sum(pair[0] for pair in costs), exact_sum(pair[1] for pair in costs)
