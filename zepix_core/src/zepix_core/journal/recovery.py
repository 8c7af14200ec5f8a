"""What a start does before the first alert: it is the same after a clean stop and after a crash."""

import logging
import sqlite3

import attrs

from zepix_core.broker.port import GatewayHello
from zepix_core.errors import BrokerOffline, SettingsError, StorageError
from zepix_core.journal import events, host_state, intent_rows
from zepix_core.journal.orders import OrderDesk, account_key
from zepix_core.journal.reconcile import Findings, Reconciler
from zepix_core.journal.unknown import unresolved
from zepix_core.model.order import Intent, IntentState

log = logging.getLogger(__name__)
ACCOUNT = "account"


@attrs.frozen(kw_only=True)
class Recovery:
    """What was left by an earlier life.

    Attributes:
        unknown: Intents whose outcome is being looked up; ``planned``: second legs that waited.
        compared: False when the broker was away; the books are compared when it is back.
    """

    unknown: int = 0
    planned: int = 0
    compared: bool = False
    findings: Findings = attrs.field(factory=Findings)


async def recover(desk: OrderDesk, hello: GatewayHello, reconciler: Reconciler) -> Recovery:
    """Bring the journal up to the broker's truth.

    Raises:
        SettingsError: The journal belongs to another account.
    """
    line = desk.line
    await claim_account(desk, hello)
    await line.control.load()
    # Totals of other days, or of an older version, are counted again here, not when the first alert waits.
    await line.risk.prepare()
    left = await line.executor.run(lambda connection: _abandon(connection, desk))
    compared, findings = True, Findings()
    try:
        findings = await reconciler.sweep()
    except (BrokerOffline, StorageError) as error:
        compared = line.link = False
        log.warning("the books could not be compared at the start: %s", error)
    planned = [intent for intent in left if intent.state is IntentState.PLANNED]
    for second in planned:
        await desk.finish_pair(second)
    still = await line.executor.read(lambda connection: unresolved(connection, line.account))
    asked = [intent for intent in still if intent.state is not IntentState.PLANNED]
    for intent in asked:
        desk.lookup.schedule(intent.intent_id)
    await desk.later.load()
    await line.executor.run(
        lambda connection: events.append(
            connection, line.clock, "recovered",
            {"account": line.account, "unknown": len(asked), "planned": len(planned), "compared": compared},
        )
    )  # fmt: skip
    return Recovery(unknown=len(asked), planned=len(planned), compared=compared, findings=findings)


async def claim_account(desk: OrderDesk, hello: GatewayHello) -> None:
    """The journal belongs to one login on one server, the first it met.

    Raises:
        SettingsError: The gateway is on another account.
    """
    line, present = desk.line, account_key(hello.account)

    def claim(connection: sqlite3.Connection) -> str:
        known: str | None = host_state.read(connection, ACCOUNT)
        if known is None:
            host_state.write(connection, line.clock, ACCOUNT, present)
        return known or present

    known = await line.executor.run(claim)
    if known != present or line.account != present:
        raise SettingsError(
            f"This home's journal belongs to account {known}; the gateway is on {present}.",
            "Use another --home for another account, or set the login and server back.",
        )


def _abandon(connection: sqlite3.Connection, desk: OrderDesk) -> tuple[Intent, ...]:
    """What was being sent when an earlier life ended has no known outcome."""
    left = unresolved(connection, desk.line.account)
    for intent in left:
        if intent.state is IntentState.SENDING:
            cause = {"why": "the host ended before the answer was written"}
            intent_rows.move(connection, desk.line.clock, intent.intent_id, IntentState.UNKNOWN, cause)
    return left
