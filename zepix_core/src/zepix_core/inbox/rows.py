"""The rows of the inbox and its deliveries as the loop moves them; each function is one piece of a commit."""

import json
import sqlite3
from collections.abc import Collection, Sequence

import attrs

from zepix_core.clock import Clock, moment
from zepix_core.inbox.admission import pipe_price
from zepix_core.inbox.port import UNAVAILABLE, Route
from zepix_core.inbox.settlement import DeliveryState, Outcome, Settlement, settle
from zepix_core.journal.events import append
from zepix_core.journal.outbox import put
from zepix_core.model.alert import Alert, AlertClass
from zepix_core.model.notice import Notice, Priority

MAX_DEATHS = 3
_PRICED = (AlertClass.ENTRY, AlertClass.EXIT)
_WAITING = (
    "SELECT id, kind, timeframe, received_ns FROM inbox"
    " WHERE state IN ('new', 'claimed') AND state = 'new' ORDER BY id LIMIT ?"
)
_ALERT = "SELECT key, external_id, received_ns, kind, symbol, timeframe, price, body FROM inbox WHERE id = ?"
_CLAIM = "UPDATE inbox SET state = 'claimed', boot = ?, claimed_ns = ? WHERE id = ? AND state = 'new'"
_SETTLE = "UPDATE inbox SET state = ?, reason = ?, finished_ns = ? WHERE id = ? AND finished_ns IS NULL"
_DELIVERIES = "SELECT id, plugin, state, reason, tries FROM deliveries WHERE alert_id = ? ORDER BY id"
_HAND = "INSERT INTO deliveries (alert_id, plugin, state) VALUES (?, ?, 'new') RETURNING id"
_START = "UPDATE deliveries SET state = 'claimed', boot = ?, started_ns = ? WHERE id = ?"
_FINISH = "UPDATE deliveries SET state = ?, reason = ?, decision = ?, finished_ns = ? WHERE id = ?"
_DEATH = "UPDATE deliveries SET state = 'new', tries = tries + 1 WHERE id = ?"
_DIED = "UPDATE deliveries SET state = 'new', tries = ? WHERE id = ?"
_TRIES = "UPDATE inbox SET tries = (SELECT max(tries) FROM deliveries WHERE alert_id = inbox.id) WHERE id = ?"
_ORPHANS = (
    "SELECT id, alert_id, plugin FROM deliveries"
    " WHERE state IN ('new', 'claimed') AND state = 'claimed' AND boot IS NOT ?"
)
_FREE = (
    "UPDATE inbox SET state = 'new' WHERE state IN ('new', 'claimed') AND state = 'claimed' AND boot IS NOT ?"
)
_RELEASE_DELIVERIES = (
    "UPDATE deliveries SET state = 'new' WHERE state IN ('new', 'claimed') AND state = 'claimed'"
)
_RELEASE_ALERTS = "UPDATE inbox SET state = 'new' WHERE state IN ('new', 'claimed') AND state = 'claimed'"
_RETURN_DELIVERIES = (
    "UPDATE deliveries SET state = 'new' WHERE state IN ('new', 'claimed') AND state = 'claimed'"
    " AND alert_id NOT IN (SELECT value FROM json_each(?))"
)
_RETURN_ALERTS = (
    "UPDATE inbox SET state = 'new' WHERE state IN ('new', 'claimed') AND state = 'claimed'"
    " AND id NOT IN (SELECT value FROM json_each(?))"
)


@attrs.frozen
class Waiting:
    """An alert whose turn has not come; ``received_ns`` is its arrival."""

    id: int
    kind: str
    timeframe: str | None
    received_ns: int


@attrs.frozen(kw_only=True)
class Plan:
    """Whom an alert goes to; ``absent``: when to no plugin, who would have taken it and cannot."""

    alert_id: int
    routes: tuple[Route, ...]
    absent: tuple[str, ...] = ()

    @property
    def feeds(self) -> frozenset[str]:
        """The feeds among those it goes to."""
        return frozenset(route.plugin for route in self.routes if route.is_feed)


@attrs.define(kw_only=True)
class Delivery:
    """One alert on its way to one plugin.

    Attributes:
        id: Row of ``deliveries``.
        price: The price the alert named, if any.
        received_ns: Arrival of the alert.
        is_entry: An entry for this plugin: it expires.
        is_exit: An exit for this plugin: it stands behind no entry that waits.
        tries: Deaths of the worker or the host while this plugin had it.
        started: Its row says that the plugin is being asked.
        feed: As `Route.feed`; ``feeds``: who of all that have this alert are feeds.
    """

    id: int
    plugin: str
    alert: Alert
    price: float | None
    received_ns: int
    is_entry: bool
    is_exit: bool = False
    tries: int
    started: bool = False
    feed: str = ""
    feeds: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Claims:
    """How a claim is made: by which boot, at what age entries expire, who is free to be asked at once."""

    clock: Clock
    boot: str
    max_age_ns: int
    idle: frozenset[str]


def is_expired(received_ns: int, now_ns: int, max_age_ns: int) -> bool:
    """Too old for an entry."""
    return now_ns - received_ns > max_age_ns


def waiting(connection: sqlite3.Connection, limit: int) -> list[Waiting]:
    """The first alerts whose turn has not come, in order of arrival."""
    return [Waiting(*row) for row in connection.execute(_WAITING, (limit,))]


def claim(connection: sqlite3.Connection, claims: Claims, plans: Sequence[Plan]) -> list[Delivery]:
    """Claim alerts and write a delivery row per plugin; return what is to be delivered, in order.

    What needs no asking (no plugin, expired, three deaths) is settled here.
    """
    handed: list[Delivery] = []
    idle = set(claims.idle)
    for plan in plans:
        for delivery in _claim_one(connection, claims, plan):
            # Whoever waits for a feed is not being asked yet.
            waits = delivery.feed not in ("", delivery.plugin) and delivery.feed not in idle
            if delivery.plugin in idle and not waits:
                idle.discard(delivery.plugin)
                start(connection, claims.clock, claims.boot, delivery)
                delivery.started = True
            handed.append(delivery)
    return handed


def _claim_one(connection: sqlite3.Connection, claims: Claims, plan: Plan) -> list[Delivery]:
    now = claims.clock.now_ns()
    row = connection.execute(_ALERT, (plan.alert_id,)).fetchone()
    key, external_id, received_ns, kind, symbol, timeframe, price, body = row
    alert = Alert(
        id=plan.alert_id,
        key=key,
        kind=kind,
        body=body,
        received_at=moment(received_ns),
        external_id=external_id,
        symbol=symbol,
        timeframe=timeframe,
    )
    connection.execute(_CLAIM, (claims.boot, now, plan.alert_id))
    rows = connection.execute(_DELIVERIES, (plan.alert_id,)).fetchall()
    if not rows:
        for plugin in (*(route.plugin for route in plan.routes), *plan.absent):
            delivery_id = connection.execute(_HAND, (plan.alert_id, plugin)).fetchone()[0]
            rows.append((delivery_id, plugin, DeliveryState.NEW, None, 0))
    routes = {route.plugin: route for route in plan.routes}
    handed: list[Delivery] = []
    for delivery_id, plugin, state, reason, tries in rows:
        if not Outcome(DeliveryState(state), reason).open:
            continue
        route = routes.get(plugin)
        about = None if route is None else route.alert_class
        delivery = Delivery(
            id=delivery_id,
            plugin=plugin,
            alert=alert,
            price=pipe_price(body) if price is None and about in _PRICED else price,
            received_ns=received_ns,
            is_entry=about is AlertClass.ENTRY,
            is_exit=about is AlertClass.EXIT,
            tries=tries,
            feed="" if route is None else route.feed,
            feeds=plan.feeds,
        )
        outcome = _without_asking(delivery, route is not None, now, claims.max_age_ns)
        if outcome is None:
            handed.append(delivery)
        else:
            _close(connection, claims.clock, delivery, outcome, None)
    _settle(connection, claims.clock, alert, plan.feeds)
    return handed


def _without_asking(delivery: Delivery, available: bool, now: int, max_age_ns: int) -> Outcome | None:
    if delivery.tries >= MAX_DEATHS:
        return Outcome(DeliveryState.FAILED, "host_died")
    return refusal(delivery, available, now, max_age_ns)


def refusal(delivery: Delivery, available: bool, now: int, max_age_ns: int) -> Outcome | None:
    """Why a plugin is not asked (again), or ``None``."""
    if not available:
        return Outcome(DeliveryState.FAILED, UNAVAILABLE)
    if delivery.is_entry and is_expired(delivery.received_ns, now, max_age_ns):
        return Outcome(DeliveryState.EXPIRED, "expired")
    return None


def start(connection: sqlite3.Connection, clock: Clock, boot: str, delivery: Delivery) -> None:
    """Write down that the plugin is being asked."""
    connection.execute(_START, (boot, clock.now_ns(), delivery.id))


def died(connection: sqlite3.Connection, clock: Clock, delivery: Delivery, outcome: Outcome) -> None:
    """Write down that the worker died while the plugin had the alert, and of what."""
    # A commit may stand although it was said to have failed: written twice it is one death.
    connection.execute(_DIED, (delivery.tries + 1, delivery.id))
    connection.execute(_TRIES, (delivery.alert.id,))
    append(
        connection,
        clock,
        "worker_died",
        {"tries": delivery.tries + 1, "reason": outcome.reason, "error": outcome.error},
        alert_id=delivery.alert.id,
        plugin=delivery.plugin,
    )


def finish(
    connection: sqlite3.Connection, clock: Clock, delivery: Delivery, outcome: Outcome, decision: str | None
) -> None:
    """Store how a delivery ended, and settle the alert when it was the last."""
    _close(connection, clock, delivery, outcome, decision)
    _settle(connection, clock, delivery.alert, delivery.feeds)


def _close(
    connection: sqlite3.Connection, clock: Clock, delivery: Delivery, outcome: Outcome, decision: str | None
) -> None:
    connection.execute(_FINISH, (outcome.state, outcome.reason, decision, clock.now_ns(), delivery.id))
    append(
        connection,
        clock,
        "alert_answered",
        {
            "state": outcome.state,
            "reason": outcome.reason,
            **({"error": outcome.error} if outcome.error else {}),
        },
        alert_id=delivery.alert.id,
        plugin=delivery.plugin,
    )


def _settle(connection: sqlite3.Connection, clock: Clock, alert: Alert, feeds: frozenset[str]) -> None:
    rows = connection.execute(_DELIVERIES, (alert.id,)).fetchall()
    outcomes = [
        Outcome(DeliveryState(state), reason, feed=plugin in feeds) for _, plugin, state, reason, _ in rows
    ]
    settlement = settle(outcomes)
    if settlement is None:
        return
    result = (settlement.state, settlement.reason, clock.now_ns(), alert.id)
    if not connection.execute(_SETTLE, result).rowcount:
        return
    facts = {"state": settlement.state, "reason": settlement.reason}
    append(connection, clock, "alert_settled", facts, alert_id=alert.id)
    failed = [(row[1], row[3]) for row in rows if row[2] == DeliveryState.FAILED]
    if failed:
        put(connection, clock, _failure_notice(alert, settlement, *failed[0]))


def free(connection: sqlite3.Connection, clock: Clock, boot: str) -> None:
    """Give back what earlier boots claimed; each delivery they were in the middle of counts a death."""
    for delivery_id, alert_id, plugin in connection.execute(_ORPHANS, (boot,)).fetchall():
        connection.execute(_DEATH, (delivery_id,))
        connection.execute(_TRIES, (alert_id,))
        append(connection, clock, "host_died", {}, alert_id=alert_id, plugin=plugin)
    connection.execute(_FREE, (boot,))


def give_back(connection: sqlite3.Connection, held: Collection[int]) -> None:
    """Give back the claims of all alerts but those ``held``, which are on their way; nobody died."""
    kept = json.dumps(sorted(held))
    connection.execute(_RETURN_DELIVERIES, (kept,))
    connection.execute(_RETURN_ALERTS, (kept,))


def release(connection: sqlite3.Connection) -> None:
    """Give back every claim at a clean stop; nobody died."""
    connection.execute(_RELEASE_DELIVERIES)
    connection.execute(_RELEASE_ALERTS)


def _failure_notice(alert: Alert, settlement: Settlement, plugin: str, reason: str) -> Notice:
    dead = settlement.state == "dead"
    return Notice(
        type="alert_error",
        priority=Priority.CRITICAL if dead else Priority.HIGH,
        text=f"{plugin} failed on alert {alert.id} ({reason})" + (": the alert is dead." if dead else "."),
        data={"alert_type": alert.kind, "stage": "plugin", "error": reason},
        plugin=plugin,
        symbol=alert.symbol,
        alert_id=alert.id,
    )
