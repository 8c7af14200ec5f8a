"""At the start: re-entries of which no update ever came must not count as open for good."""

import sqlite3

from zepix_core import ServiceAPI, ZepixError, stamp
from zepix_plugins_v3 import labels, reentry, reentry_store


async def reconcile(api: ServiceAPI) -> None:
    """Compare re-entries that count as open with the plugin's own positions.

    An update that still comes corrects what is noted here.
    """
    tickets, planned = await api.db.read(reentry_store.open_now)
    if not tickets and not planned:
        return
    try:
        own = await api.orders.get_plugin_orders()
    except ZepixError as error:
        api.log(f"re-entries are not compared with the positions: {error}", "warning")
        return
    now, held = api.now(), {order.ticket for order in own}
    known = {order.label for order in own}
    gone = [ticket for ticket in tickets if ticket not in held]
    given_up = [
        recovery
        for recovery in planned
        if now > recovery.deadline
        and labels.reentry_label(recovery.id, recovery.level, recovery.mode.value) not in known
    ]

    def work(connection: sqlite3.Connection) -> None:
        for ticket in gone:
            reentry_store.lost_sight(connection, ticket, stamp(now))
        for recovery in given_up:
            reentry_store.save(connection, reentry.over(recovery, reentry.UNRESOLVED), stamp(now))

    await api.db.run(work)
    for ticket in gone:
        api.log(f"re-entry {ticket} is no open position any more; nothing told how it ended", "warning")
