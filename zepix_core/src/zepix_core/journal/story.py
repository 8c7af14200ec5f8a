"""The whole story of one alert, from its arrival to the deals, or of one order that no alert asked for."""

import json
import sqlite3
from typing import Any

import attrs
import msgspec

from zepix_core.clock import iso
from zepix_core.journal.listing import (
    AlertRow,
    OrderRow,
    TradeRow,
    find_alerts,
    find_order,
    followers_of,
    orders_of_alert,
    trades_of,
    trades_of_alert,
)
from zepix_core.model.decision import Decision

_DECISIONS = "SELECT plugin, decision FROM deliveries WHERE alert_id = ? AND decision IS NOT NULL ORDER BY id"
_EVENTS = (
    "SELECT seq, at_ns, mono_ns, kind, plugin, intent_id, payload FROM journal_events"
    " WHERE alert_id = ?1 OR intent_id IN (SELECT intent_id FROM intents WHERE alert_id = ?1)"
    " OR intent_id IN (SELECT value FROM json_each(?2)) ORDER BY seq"
)


@attrs.frozen(kw_only=True)
class StoryEvent:
    """One row of the journal's events.

    Attributes:
        at: ISO 8601 UTC; ``after_ms``: milliseconds since the event before, on the monotonic clock, ``None``
            for the first and after a restart.
    """

    sequence: int
    at: str
    after_ms: float | None
    kind: str
    plugin: str | None
    intent_id: str | None
    payload: dict[str, Any]


@attrs.frozen(kw_only=True)
class Story:
    """All that is known about one alert.

    Attributes:
        decisions: By plugin: fields read, gates with numbers, steps of arithmetic, outcome.
        orders: Intents of this alert; ``trades``: the positions they opened.
        followers: Intents without an alert that grew from them, such as a chain's levels.
        others: Ids of other alerts that go by the same name.
    """

    alert: AlertRow
    decisions: dict[str, Decision]
    orders: tuple[OrderRow, ...]
    trades: tuple[TradeRow, ...]
    events: tuple[StoryEvent, ...]
    others: tuple[int, ...] = ()
    followers: tuple[OrderRow, ...] = ()
    follower_trades: tuple[TradeRow, ...] = ()


@attrs.frozen(kw_only=True)
class OrderStory:
    """All that is known about an order that no alert asked for.

    Attributes:
        origin: The order it grew from; ``None`` when its label names none.
        followers: What grew from it.
    """

    order: OrderRow
    origin: OrderRow | None
    trades: tuple[TradeRow, ...]
    events: tuple[StoryEvent, ...]
    followers: tuple[OrderRow, ...] = ()


def tell_any(connection: sqlite3.Connection, name: str) -> Story | OrderStory | None:
    """The story of an alert (see `tell`), else of the order with that intent id (its alert's, if any)."""
    story = tell(connection, name)
    if story is not None:
        return story
    order = find_order(connection, name)
    if order is None:
        return None
    if order.alert_id is not None:
        return tell(connection, str(order.alert_id))
    origin = order.label.rpartition("@")[2].rpartition("_")[2] if "@" in order.label else order.group
    followers = followers_of(connection, (order,))
    ids = (order.intent_id, order.group, *(one.intent_id for one in followers))
    return OrderStory(
        order=order,
        origin=None if origin in ("", order.intent_id) else find_order(connection, origin),
        trades=trades_of(connection, (order, *followers)),
        events=_events(connection, None, ids),
        followers=followers,
    )


def tell(connection: sqlite3.Connection, name: str) -> Story | None:
    """The story of the alert with that id, own id or key; the newest when several share it.

    ``None``: there is no such alert.
    """
    alerts = find_alerts(connection, name)
    if not alerts:
        return None
    exact = [alert for alert in alerts if str(alert.id) == name]
    alert = exact[0] if exact else alerts[-1]
    orders = orders_of_alert(connection, alert.id)
    followers = followers_of(connection, orders) if orders else ()
    return Story(
        alert=alert,
        decisions=_decisions(connection, alert.id),
        orders=orders,
        trades=trades_of_alert(connection, alert.id),
        events=_events(connection, alert.id, tuple(order.intent_id for order in followers)),
        others=tuple(other.id for other in alerts if other.id != alert.id),
        followers=followers,
        follower_trades=trades_of(connection, followers) if followers else (),
    )


def _decisions(connection: sqlite3.Connection, alert_id: int) -> dict[str, Decision]:
    rows = connection.execute(_DECISIONS, (alert_id,))
    return {plugin: msgspec.json.decode(text, type=Decision) for plugin, text in rows}


def _events(
    connection: sqlite3.Connection, alert_id: int | None, intents: tuple[str, ...]
) -> tuple[StoryEvent, ...]:
    events: list[StoryEvent] = []
    before: int | None = None
    rows = connection.execute(_EVENTS, (alert_id, json.dumps(intents)))
    for sequence, at, mono, kind, plugin, intent_id, payload in rows:
        after = None if before is None or mono < before else round((mono - before) / 1e6, 3)
        before = mono
        events.append(
            StoryEvent(
                sequence=sequence,
                at=iso(at),
                after_ms=after,
                kind=kind,
                plugin=plugin,
                intent_id=intent_id,
                payload=msgspec.json.decode(payload),
            )
        )
    return tuple(events)
