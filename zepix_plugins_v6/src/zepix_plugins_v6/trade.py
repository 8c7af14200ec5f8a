"""One trade as it is remembered, and what a change of one of its orders makes of it: pure values."""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core import OrderResult, OrderRow, Realised, TradeUpdate, UpdateKind, exact_sum, stamp
from zepix_plugins_v6.decision import Observed
from zepix_plugins_v6.exits import EXIT_REASON
from zepix_plugins_v6.messages import Entry
from zepix_plugins_v6.profiles import MOMENTUM, SCALPING, SWING, Profile

OPEN, PARTIAL, CLOSED = "OPEN", "PARTIAL", "CLOSED"


@attrs.frozen(kw_only=True)
class Booking:
    """A part of an order that was closed early; ``key`` names the deal that did it."""

    key: str
    leg: str
    at: str
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
    """An entry's orders and what was known when it was decided.

    Attributes:
        id: Row, ``None`` before it is stored.
        legs: By name, those its plugin plans, A before B.
        facts: What its plugin's table keeps of the decision, by column; ``None`` where nobody knows any more.
        costs: Commission and swap by the deal that caused them.
        runner: What an exit left runs until the pulse turns.
    """

    symbol: str
    direction: str
    entry_price: float
    entry_time: str
    legs: Mapping[str, OrderRow]
    id: int | None = None
    status: str = OPEN
    exit_time: str | None = None
    close_reason: str | None = None
    facts: Mapping[str, Any] = attrs.field(factory=dict)
    booked: tuple[Booking, ...] = ()
    costs: Mapping[str, tuple[float, float]] = attrs.field(factory=dict)
    runner: bool = False
    breakeven_moved: bool = False

    def with_leg(self, name: str, leg: OrderRow) -> "Trade":
        """The trade with one order replaced."""
        return attrs.evolve(self, legs={**self.legs, name: leg})

    @property
    def ended(self) -> bool:
        """Whether every order has ended."""
        return all(leg.status == CLOSED for leg in self.legs.values())

    @property
    def dollars(self) -> float | None:
        """Money of the whole trade, ``None`` while it is open."""
        if not self.ended:
            return None
        return exact_sum(leg.dollars for leg in self.legs.values())


def of_entry(profile: Profile, entry: Entry, observed: Observed | None, at: str) -> Trade:
    """The trade an entry leads to, before any order of it is known.

    Args:
        observed: ``None`` when only the message is left of the decision.
    """
    return Trade(
        symbol=entry.ticker,
        direction=entry.side.value,
        entry_price=float(entry.price),
        entry_time=at,
        legs=_planned(profile),
        facts={} if observed is None else facts_of(profile, observed, entry.side.sign),
    )


def of_update(profile: Profile, update: TradeUpdate) -> Trade:
    """A trade of which nothing is known but a change of one of its orders."""
    return Trade(
        symbol=update.symbol,
        direction=update.side.value,
        entry_price=update.price_open or update.price,
        entry_time=stamp(update.at),
        legs=_planned(profile),
    )


def _planned(profile: Profile) -> dict[str, OrderRow]:
    return {plan.leg: OrderRow() for plan in profile.legs}


def facts_of(profile: Profile, seen: Observed, sign: int) -> dict[str, Any]:
    """The columns of a plugin's table that tell what its decision was based on."""
    adx = None if seen.adx is None else float(seen.adx)
    score = {"confidence_score": seen.conf_score}
    if profile is SWING:
        leans = seen.trend_4h
        aligned = None if leans is None else leans == sign
        return {**score, "trend_4h": leans, "trend_1d": seen.trend_1d, "higher_tf_aligned": aligned}
    if profile is SCALPING:
        spread = None if seen.spread_pips is None else float(seen.spread_pips)
        return {
            "adx": adx,
            "adx_strength": seen.adx_strength,
            **score,
            "confidence_level": seen.confidence_level,
            "spread_pips": spread,
            "market_state": seen.market_state,
        }
    if profile is MOMENTUM:
        return {
            "adx": adx,
            "adx_strength": seen.adx_strength,
            **score,
            "trend_15m_aligned": None if seen.trend_15m is None else seen.trend_15m == sign,
            "momentum_increasing": seen.momentum_increasing,
        }
    bull, bear = (None, None) if seen.pulse is None else seen.pulse
    return {
        "adx": adx,
        **score,
        "market_state": seen.market_state,
        "pulse_bull_count": bull,
        "pulse_bear_count": bear,
        "pulse_alignment_ok": seen.pulse_alignment_ok,
    }


def placed(trade: Trade, results: Mapping[str, OrderResult]) -> Trade:
    """The trade with the orders that were filled, unless an update told of them before."""
    for leg, result in results.items():
        if trade.legs[leg].ticket is None and result.ticket is not None:
            row = OrderRow.filled(result.ticket, result.volume, result.sl, result.tp)
            trade = trade.with_leg(leg, row)
            if _first(trade, leg) and result.price:
                trade = attrs.evolve(trade, entry_price=result.price)
    return trade


def leg_of(trade: Trade | None, update: TradeUpdate, profile: Profile) -> str | None:
    """Which order a change is about: by its ticket, else by the leg's name; ``None`` when neither tells."""
    for name, leg in () if trade is None else trade.legs.items():
        if leg.ticket == update.ticket:
            return name
    return update.leg if update.leg in _planned(profile) else None


def opened(trade: Trade, leg: str, update: TradeUpdate) -> Trade:
    """The order is in: its ticket and levels, and the trade's entry when this is its first order."""
    if trade.legs[leg].ticket is None:
        trade = trade.with_leg(leg, OrderRow.filled(update.ticket, update.volume, update.sl, update.tp))
    if update.kind is UpdateKind.OPENED and _first(trade, leg) and update.price:
        trade = attrs.evolve(trade, entry_price=update.price, entry_time=stamp(update.at))
    return trade


def moved(trade: Trade, leg: str, update: TradeUpdate) -> Trade:
    """Stop and target of an order as they stand now, and what a second fill added to it."""
    trade = trade.with_leg(leg, trade.legs[leg].moved(update))
    if _first(trade, leg) and update.price_open:
        trade = attrs.evolve(trade, entry_price=update.price_open)
    return trade


def _first(trade: Trade, leg: str) -> bool:
    """Whether the trade's entry is this order's: A's, or B's where A is not in."""
    a = trade.legs.get("A")
    return leg == "A" or a is None or a.ticket is None


def partly_closed(trade: Trade, leg: str, update: TradeUpdate, profile: Profile) -> Trade:
    """A part of the order was closed; the same deal again changes nothing."""
    key = update.deal_key
    if any(booking.key == key for booking in trade.booked):
        return trade
    booking = Booking(
        key=key,
        leg=leg,
        at=stamp(update.at),
        volume=update.closed_volume,
        pips=update.profit_pips,
        dollars=update.profit,
        reason=update.reason,
    )
    runner = trade.runner or (profile.keeps_runner and update.reason == EXIT_REASON)
    return attrs.evolve(trade, booked=(*trade.booked, booking), runner=runner)


def closed(trade: Trade, leg: str, update: TradeUpdate) -> Trade:
    """The order has ended: its result with what was booked before. A second time changes nothing."""
    known = trade.legs[leg]
    if known.status == CLOSED:
        return trade
    row = known.closed(update, [booking.realised for booking in trade.booked if booking.leg == leg])
    return attrs.evolve(trade.with_leg(leg, row), close_reason=update.reason or None)


def settled(trade: Trade) -> Trade:
    """The trade with its status, and its end once every order has ended. One order has no part status."""
    if trade.ended:
        ends = [leg.exit_time for leg in trade.legs.values() if leg.exit_time]
        return attrs.evolve(trade, status=CLOSED, exit_time=max(ends, default=None))
    over = any(leg.ticket is not None and leg.status == CLOSED for leg in trade.legs.values())
    partial = len(trade.legs) > 1 and (over or bool(trade.booked))
    return attrs.evolve(trade, status=PARTIAL if partial else OPEN, exit_time=None)
