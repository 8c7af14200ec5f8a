"""Carrying out re-entries: waiting for the price and the window's end, and placing."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import attrs

from zepix_core import OrderResult, ServiceAPI, Wake, stamp
from zepix_plugins_v3 import follow, labels, reentry, reentry_store, trends
from zepix_plugins_v3.follow import FollowRules
from zepix_plugins_v3.manage import closing_quote, facts_of, in_market, undecided, when
from zepix_plugins_v3.reentry import Recovery, ReState

BEFORE = timedelta(days=2)
"""Before the longest pause: the whole trading day in which a limit was reached."""


async def carry_on(name: str, rules: FollowRules, api: ServiceAPI) -> None:
    """Do what the state of a chain of re-entries asks for."""
    recovery = await api.db.read(lambda connection: reentry_store.load(connection, name))
    if recovery is None:
        return
    if recovery.state is ReState.PLANNED:
        recovery = await _place(recovery, rules, api)
    if recovery is None:
        return
    if recovery.state is ReState.WATCHING:
        await _wait(recovery, api)
    else:
        await stop_waiting(recovery, api)


async def stop_waiting(recovery: Recovery, api: ServiceAPI) -> None:
    """Wait no longer for a price or a time."""
    for handle in filter(None, (recovery.watch, recovery.timer)):
        await api.market.cancel(handle)
    if recovery.watch is not None or recovery.timer is not None:
        await _change(recovery.id, partial(attrs.evolve, watch=None, timer=None), api)


async def _wait(recovery: Recovery, api: ServiceAPI) -> None:
    """Wait for the window's beginning; then for the price, and for the window's end."""
    watch, timer = recovery.watch, recovery.timer
    early = api.now() < recovery.not_before
    if watch is None and not early:
        key = labels.reentry_key(recovery.id, recovery.tries)
        watch = await when(recovery.symbol, recovery.side, recovery.price, key, api)
    if timer is None:
        key = labels.window_key(recovery.id, recovery.tries)
        timer = await api.clock.at(recovery.not_before if early else recovery.deadline, key=key)
    if (watch, timer) != (recovery.watch, recovery.timer):
        await _change(recovery.id, partial(attrs.evolve, watch=watch, timer=timer), api)


async def left(names: tuple[str, ...], api: ServiceAPI) -> None:
    """Chains of re-entries were ended with their side."""
    for name in names:
        recovery = await api.db.read(partial(reentry_store.load, chain_id=name))
        if recovery is not None:
            await stop_waiting(recovery, api)


async def woken(name: str, wake: Wake, rules: FollowRules, api: ServiceAPI) -> None:
    """The price, or the window's beginning or end, has come."""
    known = await api.db.read(lambda connection: reentry_store.load(connection, name))
    if known is None:
        return
    at, found = api.now().replace(microsecond=0), api.trend.get_mtf_trends(known.symbol)
    price = None if wake.price is None else await closing_quote(known.symbol, known.side, api)
    aligned = trends.aligned(found, known.side) >= rules.entry.min_alignment

    def change(connection: sqlite3.Connection, recovery: Recovery) -> Recovery:
        waited = recovery.timer if wake.price is None else recovery.watch
        if waited not in (None, wake.handle):
            return recovery
        if wake.price is None:
            return reentry.timed_out(recovery, at)
        since = at - timedelta(hours=rules.reentry.pause_hours) - BEFORE
        counts = reentry_store.counts(connection, since)
        days = {moment: api.trading_days.day_of(moment) for moment in (at, *counts.placed, *counts.lost)}
        return reentry.reached(
            recovery, price, at, aligned=aligned, counts=counts, days=days, rules=rules.reentry
        )

    await api.db.run(follow.change_recovery(name, change, stamp(at)))
    await carry_on(name, rules, api)


async def _place(recovery: Recovery, rules: FollowRules, api: ServiceAPI) -> Recovery | None:
    if recovery.reason == reentry.UNRESOLVED:
        return recovery
    at = api.now()
    price = await closing_quote(recovery.symbol, recovery.side, api)
    if at > recovery.deadline:
        return await _change(recovery.id, partial(reentry.over, reason="too_late"), api)
    if not reentry.there(recovery, price):
        return await _change(recovery.id, reentry.not_there, api)
    result = await _order(recovery, rules, api)

    def change(connection: sqlite3.Connection, present: Recovery) -> Recovery:
        if present.state is not ReState.PLANNED:
            return present
        if undecided(result):
            return reentry.unresolved(present)
        if not in_market(result):
            return reentry.over(present, result.code.lower() or "refused")
        present = reentry.placed(present, result.ticket or 0, result.sl)
        reentry_store.add(connection, present, result.ticket or 0, None, stamp(at))
        return present

    return await api.db.run(follow.change_recovery(recovery.id, change, stamp(at)))


async def _order(recovery: Recovery, rules: FollowRules, api: ServiceAPI) -> OrderResult:
    quote = await api.market.get_current_price_data(recovery.symbol)
    facts = await facts_of(recovery.symbol, api)
    if quote is None or facts is None:
        return OrderResult(ok=False, code="NO_PRICE")
    if rules.entry.shadow:
        return OrderResult(ok=False, code="SHADOW")
    price = quote.ask if recovery.side.sign > 0 else quote.bid
    sl, tp = reentry.stops(recovery, price, facts, rules.reentry)
    lots = reentry.lots(recovery, rules.entry.min_lot, rules.entry.lot_step, rules.reentry)
    return await api.orders.place_single_order_a(
        recovery.symbol,
        recovery.side.value,
        float(lots),
        sl,
        tp,
        labels.reentry_label(recovery.id, recovery.level, recovery.mode.value),
        price=price,
        key=f"reentry:{recovery.id}:{recovery.level}:{recovery.mode.value}",
    )


async def _change(name: str, change: Callable[[Recovery], Recovery], api: ServiceAPI) -> Recovery | None:
    at: datetime = api.now()
    return await api.db.run(follow.change_recovery(name, lambda _, recovery: change(recovery), stamp(at)))
