"""Carrying out re-entries: waiting for the price and the window's end, and placing."""

import sqlite3
from datetime import datetime, timedelta
from functools import partial

import attrs

from zepix_core import OrderResult, ServiceAPI, Wake
from zepix_plugins_v3 import follow, labels, reentry, reentry_store, trends
from zepix_plugins_v3.follow import FollowRules
from zepix_plugins_v3.manage import facts_of, in_market, undecided, when
from zepix_plugins_v3.reentry import Recovery, ReState
from zepix_plugins_v3.trade import stamp

BEFORE = timedelta(days=3)


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
    elif recovery.watch is not None or recovery.timer is not None:
        for handle in filter(None, (recovery.watch, recovery.timer)):
            await api.market.cancel(handle)
        await _change(recovery.id, partial(attrs.evolve, watch=None, timer=None), api)


async def _wait(recovery: Recovery, api: ServiceAPI) -> None:
    """Wait for the price, and for the window's end."""
    watch, timer = recovery.watch, recovery.timer
    if watch is None:
        key = labels.reentry_key(recovery.id, recovery.tries)
        watch = await when(recovery.symbol, recovery.side, recovery.price, key, api)
    if timer is None:
        key = labels.window_key(recovery.id, recovery.level, recovery.mode.value)
        timer = await api.clock.at(recovery.deadline, key=key)
    if (watch, timer) != (recovery.watch, recovery.timer):
        await _change(recovery.id, partial(attrs.evolve, watch=watch, timer=timer), api)


async def woken(name: str, wake: Wake, rules: FollowRules, api: ServiceAPI) -> None:
    """The price or the window's end has come."""
    known = await api.db.read(lambda connection: reentry_store.load(connection, name))
    if known is None:
        return
    at, found = api.now().replace(microsecond=0), api.trend.get_mtf_trends(known.symbol)
    aligned = trends.aligned(found, known.side) >= rules.entry.min_alignment

    def change(connection: sqlite3.Connection, recovery: Recovery) -> Recovery:
        if wake.price is None:
            ended = reentry.timed_out(recovery, at)
            return attrs.evolve(ended, timer=None)
        counts = reentry_store.counts(connection, at - BEFORE)
        days = {moment: api.trading_days.day_of(moment) for moment in (at, *counts.placed, *counts.lost)}
        return reentry.reached(
            recovery, wake.price, at, aligned=aligned, counts=counts, days=days, rules=rules.reentry
        )

    await api.db.run(follow.change_recovery(name, change, stamp(at)))
    await carry_on(name, rules, api)


async def _place(recovery: Recovery, rules: FollowRules, api: ServiceAPI) -> Recovery | None:
    result = await _order(recovery, rules, api)
    at = api.now()

    def change(connection: sqlite3.Connection, present: Recovery) -> Recovery:
        if present.state is not ReState.PLANNED or undecided(result):
            return present
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


async def _change(name: str, change: "partial[Recovery]", api: ServiceAPI) -> None:
    at: datetime = api.now()
    await api.db.run(follow.change_recovery(name, lambda _, recovery: change(recovery), stamp(at)))
