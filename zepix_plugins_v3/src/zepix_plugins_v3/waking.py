"""From an event to what it touches: an update's rows are stored already, a wake is told apart by its key."""

from zepix_core import ServiceAPI, Wake
from zepix_plugins_v3 import chain as chains
from zepix_plugins_v3 import chain_store, follow, manage, manage_reentry, trailing
from zepix_plugins_v3.follow import Affected, FollowRules
from zepix_plugins_v3.manage import facts_of
from zepix_plugins_v3.trade import stamp

__all__ = ["carry_on", "facts_of", "woken"]


async def carry_on(affected: Affected, rules: FollowRules, api: ServiceAPI) -> None:
    """Do what is to be done after an event."""
    await manage.carry_on(affected, rules, api)
    if affected.recovery is not None:
        await manage_reentry.carry_on(affected.recovery, rules, api)


async def woken(wake: Wake, rules: FollowRules, api: ServiceAPI) -> None:
    """Take one wake; one that is nobody's any more changes nothing."""
    kind, _, rest = wake.key.partition(":")
    name = rest.split(":")[0]
    if kind == "book" and wake.price is not None:
        await _booked(int(name), wake.price, rules, api)
    elif kind == "trail" and wake.price is not None:
        price = wake.price
        change = follow.change_trail(
            int(name), lambda t: trailing.reached(t, price, rules.trailing), stamp(api.now())
        )
        await api.db.run(change)
        await carry_on(Affected(trail=int(name)), rules, api)
    elif kind in ("reentry", "window"):
        await manage_reentry.woken(name, wake, rules, api)


async def _booked(ticket: int, price: float, rules: FollowRules, api: ServiceAPI) -> None:
    chain = await api.db.read(lambda connection: chain_store.by_ticket(connection, ticket))
    facts = None if chain is None else await facts_of(chain.symbol, api)
    if chain is None or facts is None:
        return
    change = follow.change_chain(
        chain.id,
        lambda c: chains.reached(c, ticket, price, facts, rules.chain),
        rules.chain,
        stamp(api.now()),
    )
    await api.db.run(change)
    await carry_on(Affected(chain=chain.id), rules, api)
