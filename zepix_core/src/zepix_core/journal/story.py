"""The whole story of one alert, from its arrival to the deals."""

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
    orders_of_alert,
    trades_of_alert,
)
from zepix_core.model.decision import Decision

_DECISIONS = "SELECT plugin, decision FROM deliveries WHERE alert_id = ? AND decision IS NOT NULL ORDER BY id"
_EVENTS = (
    "SELECT seq, at_ns, mono_ns, kind, plugin, intent_id, payload FROM journal_events"
    " WHERE alert_id = ?1 OR intent_id IN (SELECT intent_id FROM intents WHERE alert_id = ?1) ORDER BY seq"
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
        others: Ids of other alerts that go by the same name.
    """

    alert: AlertRow
    decisions: dict[str, Decision]
    orders: tuple[OrderRow, ...]
    trades: tuple[TradeRow, ...]
    events: tuple[StoryEvent, ...]
    others: tuple[int, ...] = ()


def tell(connection: sqlite3.Connection, name: str) -> Story | None:
    """The story of the alert with that id, own id or key; the newest when several share it.

    ``None``: there is no such alert.
    """
    alerts = find_alerts(connection, name)
    if not alerts:
        return None
    exact = [alert for alert in alerts if str(alert.id) == name]
    alert = exact[0] if exact else alerts[-1]
    return Story(
        alert=alert,
        decisions=_decisions(connection, alert.id),
        orders=orders_of_alert(connection, alert.id),
        trades=trades_of_alert(connection, alert.id),
        events=_events(connection, alert.id),
        others=tuple(other.id for other in alerts if other.id != alert.id),
    )


def _decisions(connection: sqlite3.Connection, alert_id: int) -> dict[str, Decision]:
    rows = connection.execute(_DECISIONS, (alert_id,))
    return {plugin: msgspec.json.decode(text, type=Decision) for plugin, text in rows}


def _events(connection: sqlite3.Connection, alert_id: int) -> tuple[StoryEvent, ...]:
    events: list[StoryEvent] = []
    before: int | None = None
    for sequence, at, mono, kind, plugin, intent_id, payload in connection.execute(_EVENTS, (alert_id,)):
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
