"""Carrying out what chains, trails and re-entries ask for. It decides nothing; every request is keyed.

What is to be done is read anew from what is stored after each step, so it makes no difference where a crash
comes between: the same update or wake is delivered again, and goes on from there.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import attrs

from zepix_core import BadArgument, OrderResult, ServiceAPI, Side, exact, rounded, stamp
from zepix_plugins_v3 import again, chain_work, follow, labels, sizing, trailing, trends
from zepix_plugins_v3 import chain as chains
from zepix_plugins_v3.chain import Chain
from zepix_plugins_v3.chain_store import load as load_chain
from zepix_plugins_v3.facts import symbol_facts
from zepix_plugins_v3.follow import Affected, FollowRules
from zepix_plugins_v3.stops import SymbolFacts
from zepix_plugins_v3.trailing_store import load as load_trail

ROUNDS = 8


async def facts_of(symbol: str, api: ServiceAPI) -> SymbolFacts | None:
    """What prices are computed with."""
    info = await api.market.get_symbol_info(symbol)
    return None if info is None else symbol_facts(info)


async def carry_on(affected: Affected, rules: FollowRules, api: ServiceAPI) -> None:
    """Do what is to be done now."""
    if affected.trail is not None:
        await _trail(affected.trail, affected.again, rules, api)
    if affected.runner is not None:
        await _runner(affected.runner, rules, api)
    if affected.chain is not None:
        await _chain(affected.chain, affected.again, rules, api)


async def _runner(ticket: int, rules: FollowRules, api: ServiceAPI) -> None:
    """Order A after the profit of its order B."""
    wanted = rules.after_b
    key = f"after_b:{ticket}"
    if wanted.book_percent_of_order_a > 0:
        await api.profit.book_profit(ticket, wanted.book_percent_of_order_a, "TP1", key=key)
    if wanted.move_order_a_to_breakeven:
        await api.profit.move_to_breakeven(ticket, wanted.breakeven_buffer_pips, key=key)


async def _trail(ticket: int, tries: int, rules: FollowRules, api: ServiceAPI) -> None:
    trail = await api.db.read(lambda connection: load_trail(connection, ticket))
    facts = None if trail is None else await facts_of(trail.symbol, api)
    if trail is None or facts is None:
        return
    for one in trailing.work(trail, facts.digits, rules.trailing):
        changes: dict[str, Any] = {}
        if isinstance(one, trailing.Move):
            key = f"trail:{ticket}:{trail.steps}"
            result = await api.orders.modify(ticket, new_sl=one.sl, key=key)
            if result.ok:
                changes = {"sl": one.sl}
            elif result.code not in again.FINAL:
                await again.later("trail", str(ticket), tries, api)
        elif isinstance(one, trailing.WatchStep):
            key = labels.trail_key(ticket, one.tries)
            changes = {"watch": await when(trail.symbol, trail.side, one.price, key, api)}
        else:
            await api.market.cancel(one.handle)
            changes = {"watch": None}
        now = stamp(api.now())
        await api.db.run(follow.change_trail(ticket, partial(attrs.evolve, **changes), now))


async def _chain(chain_id: str, tries: int, rules: FollowRules, api: ServiceAPI) -> None:
    """Work until the chain asks for nothing that was not tried."""
    chain = await api.db.read(lambda connection: load_chain(connection, chain_id))
    for _ in range(ROUNDS):
        if chain is None:
            return
        before, facts = chain, await facts_of(chain.symbol, api)
        if chains.wants_next(chain):
            chain = await _next_level(chain, rules, api)
        else:
            for one in chain_work.work(chain, facts, rules.chain):
                chain = await _chain_step(before, one, facts, tries, rules, api)
        if chain == before:
            return


async def _next_level(chain: Chain, rules: FollowRules, api: ServiceAPI) -> Chain | None:
    found = api.trend.get_mtf_trends(chain.symbol)
    aligned = trends.aligned(found, chain.side) >= rules.entry.min_alignment
    balance = (await api.risk.state()).balance
    lots = None
    if balance is not None and balance > 0 and chain.logic is not None and not rules.entry.shadow:
        base = sizing.base_lot(sizing.tier_of(exact(float(balance)), rules.entry), rules.entry)
        factor = rules.entry.logic_multipliers[chain.logic]
        if base is not None:
            total = min(base * factor, rules.entry.max_lot)
            lots = sizing.leg_lots(total, exact(1.0), rules.entry)
    now = api.now()
    return await _changed(
        chain.id, lambda c: chains.opened_level(c, lots, aligned, now, rules.chain), rules, api
    )


async def _chain_step(
    chain: Chain,
    one: chain_work.Work,
    facts: SymbolFacts | None,
    tries: int,
    rules: FollowRules,
    api: ServiceAPI,
) -> Chain | None:
    if isinstance(one, chain_work.Place):
        return await _place(chain, one, facts, rules, api)
    if isinstance(one, chain_work.Watch):
        key = labels.book_key(one.ticket, one.waits)
        handle = await when(chain.symbol, chain.side, one.price, key, api)
        return await _changed(chain.id, lambda c: _with(c, one.ticket, watch=handle), rules, api)
    if isinstance(one, chain_work.Retarget):
        moved = await api.orders.modify(one.ticket, new_tp=one.tp, key=f"target:{one.ticket}")
        if not moved.ok and moved.code not in again.FINAL:
            await again.later("chain", chain.id, tries, api)
        tp = one.tp if moved.ok else None
        return await _changed(
            chain.id, lambda c: c if tp is None else _with(c, one.ticket, tp=tp), rules, api
        )
    if isinstance(one, chain_work.Book):
        return await _book(chain, one, facts, tries, rules, api)
    await api.market.cancel(one.handle)
    return await _changed(chain.id, lambda c: _unwatched(c, one.level, one.slot), rules, api)


async def _book(
    chain: Chain,
    one: chain_work.Book,
    facts: SymbolFacts | None,
    tries: int,
    rules: FollowRules,
    api: ServiceAPI,
) -> Chain | None:
    """Close an order while the price is still there; what has no outcome yet is looked at again later."""
    price = await closing_quote(chain.symbol, chain.side, api)
    if price is None or facts is None:
        await again.later("chain", chain.id, tries, api)
        return chain
    change = chains.missed
    if chains.at_level(chain, one.ticket, price, facts, rules.chain):
        key = labels.book_key(one.ticket, one.tries)
        result = await api.orders.close_position(one.ticket, "TP1", key=key)
        if result.success:
            return chain
        if result.code in (again.OFFLINE, again.UNRESOLVED):
            await again.later("chain", chain.id, tries, api)
            return chain
        change = chains.not_booked
    return await _changed(chain.id, lambda c: change(c, one.ticket), rules, api)


async def _place(
    chain: Chain, one: chain_work.Place, facts: SymbolFacts | None, rules: FollowRules, api: ServiceAPI
) -> Chain | None:
    place = labels.Place(chain.id, one.level, one.slot)
    quote = await api.market.get_current_price_data(chain.symbol)
    if chains.late(chain, one.level, api.now(), rules.chain):
        result = OrderResult(ok=False, code="TOO_LATE")
    elif quote is None or facts is None:
        result = OrderResult(ok=False, code="NO_PRICE")
    else:
        price = quote.ask if chain.side.sign > 0 else quote.bid
        lots, sign = exact(one.lots), chain.side.sign
        risked = chains.distance(rules.chain.stop(chain.logic), lots, facts)
        won = chains.distance(rules.chain.min_profit, lots, facts)
        result = await api.orders.place_single_order_b(
            chain.symbol,
            chain.side.value,
            one.lots,
            float(rounded(exact(price) - sign * risked, facts.digits)),
            float(rounded(exact(price) + sign * won, facts.digits)),
            labels.chain_label(place),
            price=price,
            key=labels.chain_key(place),
        )

    if not in_market(result) and not undecided(result):
        # One name for all chains: a plugin may report only so many things.
        text = f"{chain.id}: order {one.slot} of level {one.level} was not placed: {result.code or 'refused'}"
        until = api.now() + timedelta(days=1)
        hint = f"zepix why {result.intent_id}" if result.intent_id else ""
        await api.report("profit chain", text, level="warning", until=until, next=hint)

    def change(chain: Chain) -> Chain:
        if in_market(result):
            return chains.filled(
                chain, one.level, one.slot, ticket=result.ticket or 0, lots=result.volume,
                entry=result.price, tp=result.tp,
            )  # fmt: skip
        if undecided(result):
            return chain
        return chains.refused(chain, one.level, one.slot, result.code.lower() or "refused")

    return await _changed(chain.id, change, rules, api)


async def _changed(
    chain_id: str, change: Callable[[Chain], Chain], rules: FollowRules, api: ServiceAPI
) -> Chain | None:
    return await api.db.run(follow.change_chain(chain_id, change, rules.chain, stamp(api.now())))


def _with(chain: Chain, ticket: int, **changes: Any) -> Chain:
    order = chain.by_ticket(ticket)
    return chain if order is None else chain.with_order(attrs.evolve(order, **changes))


def _unwatched(chain: Chain, level: int, slot: int) -> Chain:
    order = chain.order(level, slot)
    return chain if order is None else chain.with_order(attrs.evolve(order, watch=None))


def in_market(result: OrderResult) -> bool:
    """Whether an order is filled, and not in the shadow book."""
    return result.ok and (result.ticket or 0) > 0 and result.volume > 0


def undecided(result: OrderResult) -> bool:
    """Whether an update will tell what became of an order."""
    return result.code == again.UNRESOLVED or (result.ok and result.volume <= 0 and (result.ticket or 0) >= 0)


async def closing_quote(symbol: str, side: Side, api: ServiceAPI) -> float | None:
    """What a position would be closed at now; ``None`` without a fresh price."""
    quote = await api.market.get_current_price_data(symbol)
    if quote is None:
        return None
    return quote.bid if side is Side.BUY else quote.ask


async def when(symbol: str, side: Side, price: float, key: str, api: ServiceAPI) -> str | None:
    """Be woken when the closing quote is at a price or beyond it, in the direction of a profit.

    ``None`` when it cannot be waited for: the order then has its stop and target alone.
    """
    try:
        if side is Side.BUY:
            return await api.market.when(symbol, above=price, key=key, quote="bid")
        return await api.market.when(symbol, below=price, key=key, quote="ask")
    except BadArgument as error:
        api.log(f"{symbol} {price} is not waited for: {error}", "warning")
        return None
