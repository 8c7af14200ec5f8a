"""From an event to what it touches: an update's rows are stored already, a wake is told apart by its key."""

from zepix_core import ServiceAPI, Wake, stamp
from zepix_plugins_v3 import chain as chains
from zepix_plugins_v3 import chain_store, follow, manage, manage_reentry, trailing
from zepix_plugins_v3.chain import Chain
from zepix_plugins_v3.follow import Affected, FollowRules
from zepix_plugins_v3.manage import facts_of
from zepix_plugins_v3.trailing import Trail

__all__ = ["carry_on", "facts_of", "woken"]


async def carry_on(affected: Affected, rules: FollowRules, api: ServiceAPI) -> None:
    """Do what is to be done after an event."""
    await manage.carry_on(affected, rules, api)
    if affected.recovery is not None:
        await manage_reentry.carry_on(affected.recovery, rules, api)


async def woken(wake: Wake, rules: FollowRules, api: ServiceAPI) -> None:
    """Take one wake; one that is nobody's any more changes nothing."""
    kind, *rest = wake.key.split(":")
    name = rest[0] if rest else ""
    if kind == "book" and wake.price is not None:
        await _booked(int(name), wake, rules, api)
    elif kind == "trail" and wake.price is not None:
        await _trailed(int(name), wake, wake.price, rules, api)
    elif kind in ("reentry", "window"):
        await manage_reentry.woken(name, wake, rules, api)
    elif kind == "again" and len(rest) > 2:
        what, name, tries = rest[0], rest[1], int(rest[2]) + 1
        if what == "chain":
            await carry_on(Affected(chain=name, again=tries), rules, api)
        elif what == "trail":
            await carry_on(Affected(trail=int(name), again=tries), rules, api)


async def _trailed(ticket: int, wake: Wake, price: float, rules: FollowRules, api: ServiceAPI) -> None:
    """A stop follows the best price there was, wherever it is by now."""

    def change(trail: Trail) -> Trail:
        if trail.watch not in (None, wake.handle):
            return trail
        return trailing.reached(trail, price, rules.trailing)

    await api.db.run(follow.change_trail(ticket, change, stamp(api.now())))
    await carry_on(Affected(trail=ticket), rules, api)


async def _booked(ticket: int, wake: Wake, rules: FollowRules, api: ServiceAPI) -> None:
    """The price came to a level; the order is booked at the price of now, so that is what counts."""
    chain = await api.db.read(lambda connection: chain_store.by_ticket(connection, ticket))
    facts = None if chain is None else await facts_of(chain.symbol, api)
    if chain is None or facts is None:
        return
    price = await manage.closing_quote(chain.symbol, chain.side, api)

    def change(chain: Chain) -> Chain:
        order = chain.by_ticket(ticket)
        if order is None or order.watch not in (None, wake.handle):
            return chain
        return chains.reached(chain, ticket, price, facts, rules.chain)

    await api.db.run(follow.change_chain(chain.id, change, rules.chain, stamp(api.now())))
    await carry_on(Affected(chain=chain.id), rules, api)
