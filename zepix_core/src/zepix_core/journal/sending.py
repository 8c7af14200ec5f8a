"""What closing and changing share: whose position it is, and one written, sent and settled request."""

import sqlite3
from collections.abc import Callable

import attrs

from zepix_core.errors import StorageError
from zepix_core.journal import intent_rows, outbox
from zepix_core.journal.deals import update_of
from zepix_core.journal.line import Correct, OrderLine, Sent
from zepix_core.journal.outcomes import SETTLED, settle
from zepix_core.journal.retcodes import BREAKER, NO_CHANGES, ReplyClass
from zepix_core.journal.unknown import LookUp
from zepix_core.journal.updates import Updates
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import Action, Intent, IntentState, UpdateKind
from zepix_core.services.context import CallContext
from zepix_core.services.gates import CORE

S = IntentState
PROTECT = "protect:"
"""Head of the keys under which a lost stop is set again."""


class Sending:
    """Requests about positions that exist.

    Attributes:
        on_settled: Is handed each request as it was settled.
    """

    def __init__(self, line: OrderLine, updates: Updates, lookup: LookUp) -> None:
        self.line = line
        self.updates = updates
        self._lookup = lookup
        self.on_settled: Callable[[Intent], None] = lambda _: None

    async def own(self, ctx: CallContext, ticket: int) -> tuple[Intent | None, str]:
        """The entry behind a ticket, or why it is none of the caller's."""
        account = self.line.account
        entry = await self.line.executor.read(lambda c: intent_rows.entry_of(c, account, ticket))
        if entry is None:
            return None, "NO_SUCH_POSITION"
        if entry.state is S.FOREIGN:
            return None, "NO_SUCH_POSITION"
        if ctx.plugin.id not in (CORE, entry.plugin):
            return None, "NOT_OWNER"
        return entry, ""

    async def write(self, intent: Intent) -> Intent:
        """Commit a new intent as `sending`."""

        def work(connection: sqlite3.Connection) -> Intent:
            written = intent_rows.add(connection, self.line.clock, intent)
            self.line.write_request(connection, written)
            return written

        return await self.line.executor.run(work)

    async def reopen(self, intent: Intent, lots: float) -> Intent:
        """Commit a further attempt of an intent that certainly was not executed."""

        def work(connection: sqlite3.Connection) -> Intent:
            again = intent_rows.move(
                connection, self.line.clock, intent.intent_id, S.SENDING,
                attempt=intent.attempt + 1, lots=lots, reason="",
            )  # fmt: skip
            self.line.write_request(connection, again)
            return again

        return await self.line.executor.run(work)

    async def trade(
        self, intent: Intent, correct: Correct | None = None, once: bool = False
    ) -> tuple[Intent, str]:
        """Send an intent committed as `sending`, commit its outcome, and say what the broker said."""
        line = self.line
        sent = await line.send(intent, still_wanted, correct, once)
        try:
            settled = await line.executor.run(lambda c: self._settle(c, sent))
        except StorageError:
            self._lookup.schedule(intent.intent_id)
            raise
        line.risk.forget_account()
        if sent.kind is ReplyClass.UNKNOWN or settled.state in (S.UNKNOWN, S.PLACED):
            self._lookup.schedule(settled.intent_id, ended=sent.ended)
        if sent.reply is not None and sent.reply.retcode in BREAKER:
            await line.control.trip(f"the broker answered {sent.message}")
        self.on_settled(settled)
        if intent.action is Action.CLOSE and settled.state in SETTLED:
            await self.updates.ensure(settled.deal_ticket)
            if not settled.deal_ticket:
                await self.updates.drain()
        if intent.action is Action.MODIFY and settled.state is S.CLOSED:
            self.updates.tell([settled.plugin])
        return settled, sent.message

    def _settle(self, connection: sqlite3.Connection, sent: Sent) -> Intent:
        self.line.write_reply(connection, sent)
        settled = settle(connection, self.line.clock, sent)
        no_change = sent.reply is not None and sent.reply.retcode == NO_CHANGES
        if settled.action is Action.MODIFY and settled.state is S.CLOSED and not no_change:
            self._changed(connection, settled)
        return settled

    def _changed(self, connection: sqlite3.Connection, intent: Intent) -> None:
        line = self.line
        entry = intent_rows.entry_of(connection, line.account, intent.position_id)
        if entry is None:
            return
        changed = intent_rows.move(
            connection, line.clock, entry.intent_id, entry.state, {"by": intent.intent_id},
            sl=intent.sl, tp=intent.tp,
        )  # fmt: skip
        update = update_of(changed, UpdateKind.MODIFIED, line.clock.now_ns())
        self.updates.emit(connection, attrs.evolve(update, label=changed.label))
        back = intent.alert_key.startswith(PROTECT)
        stop = f"{intent.sl:g} was gone and is set again" if back else f"{entry.sl:g} -> {intent.sl:g}"
        outbox.put(
            connection, line.clock,
            Notice(
                type="sl_modified", priority=Priority.HIGH if back else Priority.MEDIUM,
                plugin=changed.plugin, symbol=changed.symbol, alert_id=intent.alert_id,
                text=f"{changed.plugin}: {changed.symbol} stop {stop}",
                data={
                    "ticket": changed.position_id, "old_sl": 0.0 if back else entry.sl, "new_sl": intent.sl,
                    "why": "protection" if back else "plugin",
                },
            ),
        )  # fmt: skip


async def still_wanted(_: Intent) -> str:
    """Closing and changing stops is never given up because the market moved."""
    return ""
