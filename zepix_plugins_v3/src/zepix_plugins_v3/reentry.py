"""Entering again after order A has ended: what is waited for, and what each event makes of it. Pure values.

After a stop the price must come back beyond it (`Mode.SL_HUNT`, once a pair); after a target it must go on
(`Mode.TP_CONTINUATION`). A re-entry that ends is followed by the next one, as order A was.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

import attrs

from zepix_core import Side, exact, rounded
from zepix_plugins_v3.profit_config import ReEntry
from zepix_plugins_v3.stops import SymbolFacts

SL_HUNT_MINUTES = 30.0
UNRESOLVED = "unresolved"
TARGETS = ("TP1", "TP2", "TP3")


class Mode(StrEnum):
    """What a re-entry waits for."""

    SL_HUNT = "sl_hunt"
    TP_CONTINUATION = "tp_continuation"


class ReState(StrEnum):
    """Waiting for the price, to be placed, placed, or ended."""

    WATCHING = "WATCHING"
    PLANNED = "PLANNED"
    OPEN = "OPEN"
    ENDED = "ENDED"


@attrs.frozen(kw_only=True)
class Recovery:
    """One chain of re-entries of a pair.

    Attributes:
        distance: First stop distance of order A, in price; ``stop_distance``: of the next re-entry.
        level: Of the next re-entry, or of the one that is open; 1 is the first.
        recoveries: How many stops were hunted; one is the most.
        lots: Of order A.
        price: The level waited for: a bid for a buy, an ask for a sell.
        sl: Stop of the re-entry that is open.
        tries: Counts the waits, so that each has a key of its own.
    """

    id: str
    trade_id: int
    symbol: str
    side: Side
    logic: str | None
    mode: Mode
    distance: float
    stop_distance: float
    lots: float
    price: float
    not_before: datetime
    deadline: datetime
    started_at: datetime
    level: int = 1
    recoveries: int = 0
    state: ReState = ReState.WATCHING
    reason: str | None = None
    ticket: int | None = None
    sl: float | None = None
    tries: int = 0
    watch: str | None = None
    timer: str | None = None


@attrs.frozen(kw_only=True)
class Exit:
    """How order A, or a re-entry, ended.

    Attributes:
        sl, tp: Its stop and target as they stood, 0.0 for none.
    """

    at: datetime
    reason: str
    profit: float
    sl: float
    tp: float


@attrs.frozen(kw_only=True)
class Counts:
    """Re-entries so far: when each was placed, when each that lost was closed, and how many are open."""

    placed: tuple[datetime, ...] = ()
    lost: tuple[datetime, ...] = ()
    open: int = 0


def first(
    chain_id: str,
    *,
    trade_id: int,
    symbol: str,
    side: Side,
    logic: str | None,
    distance: float,
    lots: float,
    ended: Exit,
    facts: SymbolFacts,
    rules: ReEntry,
) -> Recovery | None:
    """The wait after order A; ``None`` when its end is none to enter again after."""
    blank = Recovery(
        id=chain_id, trade_id=trade_id, symbol=symbol, side=side, logic=logic, mode=Mode.SL_HUNT,
        distance=distance, stop_distance=distance, lots=lots, price=0.0, not_before=ended.at,
        deadline=ended.at, started_at=ended.at, level=0,
    )  # fmt: skip
    waiting = following(blank, ended, facts, rules)
    return waiting if waiting.state is ReState.WATCHING else None


def following(recovery: Recovery, ended: Exit, facts: SymbolFacts, rules: ReEntry) -> Recovery:
    """The wait after an order that ended, or the chain's end."""
    level = recovery.level + 1
    done = attrs.evolve(recovery, ticket=None)
    if level > rules.max_levels:
        return over(done, "max_levels")
    if ended.reason == "SL" and ended.profit < 0:
        if not rules.sl_hunt_enabled or recovery.recoveries or ended.sl <= 0 or recovery.distance <= 0:
            return over(done, "stopped_out")
        minutes = rules.sl_hunt_window_minutes.get(recovery.symbol, SL_HUNT_MINUTES)
        back = exact(recovery.distance) * exact(rules.recovery_percent) / 100
        stop = exact(recovery.distance) * exact(rules.recovery_sl_percent) / 100
        return _waiting(
            done, Mode.SL_HUNT, level, exact(ended.sl) + recovery.side.sign * back, stop,
            ended.at, ended.at + timedelta(minutes=minutes), facts,
        )  # fmt: skip
    if ended.reason in TARGETS and rules.tp_continuation_enabled and ended.tp > 0:
        pips = rules.continuation_gap_by_symbol.get(recovery.symbol, rules.continuation_gap_pips)
        stop = exact(recovery.distance) * (1 - exact(rules.sl_reduction_percent) / 100) ** (level - 1)
        return _waiting(
            done, Mode.TP_CONTINUATION, level,
            exact(ended.tp) + recovery.side.sign * exact(pips) * facts.pip_size, stop,
            ended.at + timedelta(seconds=rules.continuation_cooldown_seconds),
            ended.at + timedelta(minutes=rules.continuation_window_minutes), facts,
        )  # fmt: skip
    return over(done, "closed")


def _waiting(
    recovery: Recovery, mode: Mode, level: int, price: Decimal, stop: Decimal, not_before: datetime,
    deadline: datetime, facts: SymbolFacts,
) -> Recovery:  # fmt: skip
    return attrs.evolve(
        recovery,
        mode=mode,
        level=level,
        recoveries=recovery.recoveries + (mode is Mode.SL_HUNT),
        price=float(rounded(price, facts.digits)),
        stop_distance=float(stop),
        not_before=not_before,
        deadline=deadline,
        state=ReState.WATCHING,
        reason=None,
        sl=None,
        tries=recovery.tries + 1,
        watch=None,
        timer=None,
    )


def reached(
    recovery: Recovery,
    price: float | None,
    at: datetime,
    *,
    aligned: bool,
    counts: Counts,
    days: Mapping[datetime, date],
    rules: ReEntry,
) -> Recovery:
    """The price came to a level: the re-entry is planned, waited on, or given up.

    Args:
        price: The closing quote as it is now, ``None`` when there is none.
        days: The trading day of ``at`` and of each moment in ``counts``.
    """
    if recovery.state is not ReState.WATCHING:
        return recovery
    if at > recovery.deadline:
        return over(recovery, "too_late")
    if at < recovery.not_before or not there(recovery, price):
        return attrs.evolve(recovery, watch=None, tries=recovery.tries + 1)
    enabled = rules.sl_hunt_enabled if recovery.mode is Mode.SL_HUNT else rules.tp_continuation_enabled
    if not enabled:
        return over(recovery, "switched_off")
    if not aligned:
        return over(recovery, "trend_not_aligned")
    limit = limited(counts, at, days, rules)
    if limit is not None:
        return over(recovery, limit)
    return attrs.evolve(recovery, state=ReState.PLANNED, watch=None)


def there(recovery: Recovery, price: float | None) -> bool:
    """Whether a quote is at the level that is waited for, or beyond."""
    return price is not None and recovery.side.sign * (exact(price) - exact(recovery.price)) >= 0


def timed_out(recovery: Recovery, at: datetime) -> Recovery:
    """The window's beginning or its end came."""
    if recovery.state is not ReState.WATCHING:
        return recovery
    recovery = attrs.evolve(recovery, timer=None, tries=recovery.tries + 1)
    return recovery if at < recovery.deadline else over(recovery, "too_late")


def not_there(recovery: Recovery) -> Recovery:
    """The price went back before the re-entry was placed: it is waited on."""
    if recovery.state is not ReState.PLANNED:
        return recovery
    return attrs.evolve(recovery, state=ReState.WATCHING, watch=None, tries=recovery.tries + 1)


def unresolved(recovery: Recovery) -> Recovery:
    """Nobody knows yet whether the re-entry is in; an update will tell."""
    return attrs.evolve(recovery, reason=UNRESOLVED) if recovery.state is ReState.PLANNED else recovery


def placed(recovery: Recovery, ticket: int, sl: float) -> Recovery:
    """The re-entry is in; also one that was given up, or waited on again, before its outcome was told."""
    if recovery.state is ReState.OPEN:
        return recovery
    return attrs.evolve(recovery, state=ReState.OPEN, reason=None, ticket=ticket, sl=sl)


def over(recovery: Recovery, reason: str) -> Recovery:
    """Nothing more comes of it."""
    return attrs.evolve(recovery, state=ReState.ENDED, reason=reason)


def limited(counts: Counts, at: datetime, days: Mapping[datetime, date], rules: ReEntry) -> str | None:
    """Which limit holds a re-entry back."""
    if counts.open >= rules.max_open:
        return "max_open"
    pause = timedelta(hours=rules.pause_hours)
    for name, moments, most in (
        ("max_per_day", counts.placed, rules.max_per_day),
        ("max_losses_per_day", counts.lost, rules.max_losses_per_day),
    ):
        hit = _hit(moments, most, days)
        if any(days[moment] == days[at] or at < moment + pause for moment in hit):
            return name
    return None


def _hit(moments: Sequence[datetime], most: int, days: Mapping[datetime, date]) -> list[datetime]:
    """When each trading day's limit was reached."""
    by_day: dict[date, list[datetime]] = {}
    for moment in sorted(moments):
        by_day.setdefault(days[moment], []).append(moment)
    return [found[most - 1] for found in by_day.values() if len(found) >= most]


def lots(recovery: Recovery, least: Decimal, step: Decimal, rules: ReEntry) -> Decimal:
    """Lots of a re-entry: less for each level, never below its share, half up to the lot step."""
    share = 1 - exact(rules.lot_reduction_percent) / 100 * recovery.level
    share = max(share, exact(rules.least_lot_percent) / 100)
    found = (exact(recovery.lots) * share / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
    return max(found, least)


def stops(recovery: Recovery, price: float, facts: SymbolFacts, rules: ReEntry) -> tuple[float, float]:
    """Stop and target of a re-entry at an opening quote."""
    away = exact(recovery.stop_distance)
    sl = exact(price) - recovery.side.sign * away
    tp = exact(price) + recovery.side.sign * away * exact(rules.rr_ratio)
    return float(rounded(sl, facts.digits)), float(rounded(tp, facts.digits))
