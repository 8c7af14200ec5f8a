"""Notices as people and programs list them, with what became of each in every channel."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from zepix_core.clock import iso
from zepix_core.model.notice import Priority

_NEWEST = (
    "SELECT id, created_ns, type, priority, plugin, symbol, alert_id, text, data FROM outbox"
    " ORDER BY id DESC LIMIT ?"
)
_TOLD = (
    "SELECT notice_id, channel, state, tries, status, reason, at_ns FROM outbox_deliveries"
    " WHERE notice_id IN (SELECT value FROM json_each(?)) ORDER BY channel"
)
_CURSORS = "SELECT channel, cursor FROM outbox_channels ORDER BY channel"


@attrs.frozen(kw_only=True)
class ToldRow:
    """What became of a notice in one channel.

    Attributes:
        state: ``waiting``, ``sent``, ``merged`` (told with another one), ``failed`` (refused for good) or
            ``dropped`` (of little weight, and too old).
        tries: How often it was sent; ``status``: the HTTP status of the last answer, 0 without one.
        at: Of the last try, ISO 8601 UTC, ``None`` before one.
    """

    channel: str
    state: str
    tries: int = 0
    status: int = 0
    reason: str = ""
    at: str | None = None


@attrs.frozen(kw_only=True)
class NoticeRow:
    """One notice. ``told`` is empty when it is of too little weight for every channel, or there is none."""

    id: int
    at: str
    priority: str
    type: str
    plugin: str | None
    symbol: str | None
    alert_id: int | None
    text: str
    told: tuple[ToldRow, ...] = ()
    data: dict[str, Any] = attrs.field(factory=dict)


def list_notices(
    connection: sqlite3.Connection, limit: int | None = None, *, least: Mapping[str, Priority]
) -> tuple[NoticeRow, ...]:
    """The newest ``limit`` notices (all when ``None``), oldest first.

    Args:
        least: The channels that are set, and the least urgent priority each takes.
    """
    rows = connection.execute(_NEWEST, (-1 if limit is None else limit,)).fetchall()[::-1]
    cursors = dict(connection.execute(_CURSORS).fetchall())
    told: dict[int, list[ToldRow]] = {}
    ids = json.dumps([row[0] for row in rows])
    for number, channel, state, tries, status, reason, at_ns in connection.execute(_TOLD, (ids,)):
        one = ToldRow(channel=channel, state=state, tries=tries, status=status, reason=reason, at=iso(at_ns))
        told.setdefault(number, []).append(one)
    for number, _, _, priority, *_ in rows:
        known = {one.channel for one in told.get(number, ())}
        for channel, bound in least.items():
            if channel not in known and priority >= bound and number > cursors.get(channel, number):
                told.setdefault(number, []).append(ToldRow(channel=channel, state="waiting"))
    return tuple(
        NoticeRow(
            id=number, at=iso(at_ns), priority=Priority(priority).name, type=kind, plugin=plugin,
            symbol=symbol, alert_id=alert_id, text=text, told=tuple(told.get(number, ())),
            data=msgspec.json.decode(data),
        )
        for number, at_ns, kind, priority, plugin, symbol, alert_id, text, data in rows
    )  # fmt: skip
