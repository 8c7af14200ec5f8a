"""What a trade update or a wake means for the chain, the trail and the re-entries of its order.

Every function takes the connection of its transaction, so that the trade's row and what follows it are stored
together. What is then to be done with the broker stands in `manage`.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from zepix_core import OrderRow, TradeUpdate, UpdateKind, exact, stamp
from zepix_plugins_v3 import chain as chains
from zepix_plugins_v3 import (
    chain_store,
    labels,
    leaving,
    reentry,
    reentry_store,
    trade_store,
    trailing,
    trailing_store,
)
from zepix_plugins_v3.chain import Chain, ChainRules, ChainState
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v3.profit_config import AfterOrderB, ReEntry
from zepix_plugins_v3.reentry import Exit, Recovery, ReState
from zepix_plugins_v3.rules import Rules
from zepix_plugins_v3.stops import SymbolFacts
from zepix_plugins_v3.trade import OPEN, Trade
from zepix_plugins_v3.trailing import Trail, TrailingRules


@attrs.frozen(kw_only=True)
class FollowRules:
    """Everything that happens after an entry depends on these settings."""

    entry: Rules
    chain: ChainRules
    trailing: TrailingRules
    trailed: frozenset[str]
    after_b: AfterOrderB
    reentry: ReEntry

    @classmethod
    def of(cls, config: V3Config, entry: Rules, booking: Mapping[str, Any] | None = None) -> "FollowRules":
        """The rules that ``config`` asks for; ``booking`` is the host's word on profit chains."""
        settings = config.settings
        pair = settings.dual_order_system
        legs = {"A": pair.order_a_settings.trailing_enabled, "B": pair.order_b_settings.trailing_enabled}
        return cls(
            entry=entry,
            chain=ChainRules.of(settings.profit_booking, booking),
            trailing=TrailingRules.of(settings.trailing),
            trailed=frozenset(leg for leg, on in legs.items() if on),
            after_b=settings.after_order_b,
            reentry=settings.re_entry,
        )


@attrs.frozen(kw_only=True)
class Affected:
    """What an update or a wake touched.

    Attributes:
        runner: Ticket of order A whose order B has just ended in profit.
        again: How often what failed was tried again before.
    """

    chain: str | None = None
    trail: int | None = None
    recovery: str | None = None
    runner: int | None = None
    again: int = 0


def parent(connection: sqlite3.Connection, update: TradeUpdate) -> Trade | None:
    """The new row of an order that follows a pair: the pair's signal, and no order yet."""
    place, again = labels.chain_place(update.label), labels.reentry_chain(update.label)
    trade_id = None
    if place is not None:
        chain = chain_store.load(connection, place.chain_id)
        trade_id = None if chain is None else chain.trade_id
    elif again is not None:
        recovery = reentry_store.load(connection, again)
        trade_id = None if recovery is None else recovery.trade_id
    found = None if trade_id is None else trade_store.load(connection, trade_id)
    if found is None:
        return None
    return attrs.evolve(
        found,
        id=None,
        entry_price=update.price_open or update.price,
        entry_time=stamp(update.at),
        a=OrderRow(),
        b=OrderRow(),
        exit_time=None,
        status=OPEN,
        total_profit_pips=None,
        total_profit_dollars=None,
        trend_bypass_used=False,
        is_entry_v3_signal=False,
        close_reason=None,
        costs={},
    )


def take(
    connection: sqlite3.Connection,
    update: TradeUpdate,
    trade: Trade | None,
    facts: SymbolFacts | None,
    rules: FollowRules,
    now: str,
) -> Affected:
    """Bring all that follows the order of an update up to date; a repeat changes nothing.

    Args:
        trade: The row of the update's order, ``None`` when there is none.
    """
    chain = _chain(connection, update, trade, rules.chain, now)
    trail = _trail(connection, update, trade, rules, now)
    recovery = _recovery(connection, update, trade, facts, rules, now)
    return Affected(
        chain=None if chain is None else chain.id,
        trail=None if trail is None else trail.ticket,
        recovery=None if recovery is None else recovery.id,
        runner=_runner(update, trade),
    )


def _chain(
    connection: sqlite3.Connection, update: TradeUpdate, trade: Trade | None, rules: ChainRules, now: str
) -> Chain | None:
    place = labels.chain_place(update.label)
    if place is not None:
        chain = chain_store.load(connection, place.chain_id)
    elif update.leg != "B" or labels.follows(update.label):
        return None
    else:
        place = labels.Place(labels.chain_id(update.symbol, update.intent_id), 0, 1)
        chain = chain_store.load(connection, place.chain_id) or _new(update, trade, place, rules)
    if chain is None:
        return None
    chain = _after(chain, place, update)
    if chain.state is ChainState.ACTIVE:
        why = leaving.left(connection, chain.trade_id, chain.symbol, chain.side)
        chain = chains.judged(chain, rules) if why is None else chains.stopped(chain, why)
    order = chain.order(place.level, place.slot)
    if order is not None and order.trade_id is None and trade is not None:
        chain = chain.with_order(attrs.evolve(order, trade_id=trade.id))
    return chain_store.save(connection, chain, now)


def _new(update: TradeUpdate, trade: Trade | None, place: labels.Place, rules: ChainRules) -> Chain | None:
    if update.kind is not UpdateKind.OPENED or not rules.enabled or 0 not in rules.levels:
        return None
    if trade is None or trade.id is None or trade.logic_route is None:
        return None
    return chains.started(place.chain_id, trade.id, update.symbol, update.side, trade.logic_route)


def _after(chain: Chain, place: labels.Place, update: TradeUpdate) -> Chain:
    deal = update.deal_key
    if update.kind is UpdateKind.REJECTED:
        return chains.refused(chain, place.level, place.slot, update.reason or "refused")
    if update.kind in (UpdateKind.OPENED, UpdateKind.MODIFIED):
        return chains.filled(
            chain,
            place.level,
            place.slot,
            ticket=update.ticket,
            lots=update.volume,
            entry=update.price_open or update.price,
            tp=update.tp,
        )
    if update.kind is UpdateKind.PARTLY_CLOSED:
        return chains.part_closed(chain, update.ticket, deal, update.profit)
    if update.kind is UpdateKind.CLOSED:
        return chains.closed(chain, update.ticket, deal, update.profit, update.reason, update.at)
    return chain


def _trail(
    connection: sqlite3.Connection, update: TradeUpdate, trade: Trade | None, rules: FollowRules, now: str
) -> Trail | None:
    if labels.follows(update.label) or update.kind in (UpdateKind.REJECTED, UpdateKind.UNRESOLVED):
        return None
    trail = trailing_store.load(connection, update.ticket)
    if trail is None:
        if update.kind is not UpdateKind.OPENED or update.leg not in rules.trailed:
            return None
        if trade is None or trade.id is None:
            return None
        trail = trailing.begun(
            ticket=update.ticket,
            trade_id=trade.id,
            leg=update.leg,
            symbol=update.symbol,
            side=update.side,
            entry=update.price_open or update.price,
            sl=update.sl,
            tp=update.tp,
        )
        return None if trail is None else trailing_store.save(connection, trail, now)
    if update.kind is UpdateKind.MODIFIED:
        trail = trailing.moved(trail, entry=update.price_open, sl=update.sl, tp=update.tp)
    elif update.kind is UpdateKind.CLOSED:
        trail = trailing.ended(trail)
    return trailing_store.save(connection, trail, now)


def _recovery(
    connection: sqlite3.Connection,
    update: TradeUpdate,
    trade: Trade | None,
    facts: SymbolFacts | None,
    rules: FollowRules,
    now: str,
) -> Recovery | None:
    again = labels.reentry_chain(update.label)
    if again is not None:
        return _of_reentry(connection, update, trade, facts, again, rules, now)
    wanted = rules.reentry.sl_hunt_enabled or rules.reentry.tp_continuation_enabled
    if not wanted or update.kind is not UpdateKind.CLOSED or update.leg != "A":
        return None
    if labels.follows(update.label) or trade is None or trade.id is None or facts is None:
        return None
    name = labels.chain_id(update.symbol, update.intent_id)
    known = reentry_store.load(connection, name)
    if known is not None:
        return known
    recovery = reentry.first(
        name,
        trade_id=trade.id,
        symbol=update.symbol,
        side=update.side,
        logic=trade.logic_route,
        distance=_first_distance(connection, update, trade),
        lots=trade.a.lots or update.closed_volume,
        ended=_exit(update, trade),
        facts=facts,
        rules=rules.reentry,
    )
    if recovery is None:
        return None
    return reentry_store.save(connection, leaving.unless_left(connection, recovery), now)


def _of_reentry(
    connection: sqlite3.Connection,
    update: TradeUpdate,
    trade: Trade | None,
    facts: SymbolFacts | None,
    name: str,
    rules: FollowRules,
    now: str,
) -> Recovery | None:
    recovery = reentry_store.load(connection, name)
    if recovery is None:
        return None
    if update.kind is UpdateKind.REJECTED and recovery.state is ReState.PLANNED:
        recovery = reentry.over(recovery, update.reason or "refused")
    elif update.kind is UpdateKind.OPENED:
        # One that is noted was in before: its update comes again.
        if not reentry_store.known(connection, update.ticket):
            recovery = reentry.placed(recovery, update.ticket, update.sl)
        if recovery.ticket == update.ticket and trade is not None:
            reentry_store.add(connection, recovery, update.ticket, trade.id, stamp(update.at))
    elif update.kind is UpdateKind.CLOSED and trade is not None:
        reentry_store.end(connection, update.ticket, trade.a.dollars or 0.0, stamp(update.at))
        if recovery.ticket == update.ticket and recovery.state is ReState.OPEN and facts is not None:
            recovery = reentry.following(recovery, _exit(update, trade), facts, rules.reentry)
            recovery = leaving.unless_left(connection, recovery)
    return reentry_store.save(connection, recovery, now)


def _first_distance(connection: sqlite3.Connection, update: TradeUpdate, trade: Trade) -> float:
    """The stop distance order A began with; without a trail its present one."""
    trail = trailing_store.load(connection, update.ticket)
    if trail is not None:
        return trail.distance
    return float(max(update.side.sign * (exact(update.price_open) - exact(trade.a.sl or 0.0)), exact(0.0)))


def _exit(update: TradeUpdate, trade: Trade) -> Exit:
    return Exit(
        at=update.at.replace(microsecond=0),
        reason=update.reason,
        profit=trade.a.dollars or 0.0,
        sl=trade.a.sl or 0.0,
        tp=trade.a.tp or 0.0,
    )


def _runner(update: TradeUpdate, trade: Trade | None) -> int | None:
    """Order A of the pair, when this update ends its order B in profit by the market's own doing."""
    if update.kind is not UpdateKind.CLOSED or update.leg != "B" or labels.follows(update.label):
        return None
    if trade is None or update.reason not in chains.BY_MARKET or (trade.b.dollars or 0.0) <= 0:
        return None
    return trade.a.ticket if trade.a.status == OPEN else None


def change_chain(
    chain_id: str, change: Callable[[Chain], Chain], rules: ChainRules, now: str
) -> Callable[[sqlite3.Connection], Chain | None]:
    """A transaction that changes a chain and judges it anew; gives the chain as it is then."""

    def work(connection: sqlite3.Connection) -> Chain | None:
        chain = chain_store.load(connection, chain_id)
        if chain is None:
            return None
        return chain_store.save(connection, chains.judged(change(chain), rules), now)

    return work


def change_trail(
    ticket: int, change: Callable[[Trail], Trail], now: str
) -> Callable[[sqlite3.Connection], Trail | None]:
    """A transaction that changes a trail."""

    def work(connection: sqlite3.Connection) -> Trail | None:
        trail = trailing_store.load(connection, ticket)
        return None if trail is None else trailing_store.save(connection, change(trail), now)

    return work


def change_recovery(
    chain_id: str, change: Callable[[sqlite3.Connection, Recovery], Recovery], now: str
) -> Callable[[sqlite3.Connection], Recovery | None]:
    """A transaction that changes a chain of re-entries."""

    def work(connection: sqlite3.Connection) -> Recovery | None:
        recovery = reentry_store.load(connection, chain_id)
        if recovery is None:
            return None
        return reentry_store.save(connection, change(connection, recovery), now)

    return work
