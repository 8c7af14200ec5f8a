"""Limits that were reached, losses that were forgiven, warnings that were given: they outlive a restart."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from zepix_core.clock import Clock, iso
from zepix_core.journal import events, host_state, outbox
from zepix_core.model.limits import ACCOUNT, DAILY, LIFETIME, Latch, LimitRow, lift_command
from zepix_core.model.notice import Notice, Priority

LATCH, FORGIVEN, WARNED = "latch:", "forgiven:", "warned:"
_STATE = "SELECT key, value FROM host_state WHERE key >= ? AND key < ?"
# Keys of a kind stand between its prefix and the same prefix with the sign after the colon.
_AFTER = ";"


@attrs.frozen(kw_only=True)
class Forgiven:
    """Losses that a person lifted: they count no more. ``day_ns`` is 0 for the limit without end."""

    lost: int
    day_ns: int = 0


@attrs.frozen(kw_only=True)
class Kept:
    """What is kept about limits, by (which, scope)."""

    latches: Mapping[tuple[str, str], Latch] = attrs.field(factory=dict)
    forgiven: Mapping[tuple[str, str], Forgiven] = attrs.field(factory=dict)
    warned: Mapping[tuple[str, str], int] = attrs.field(factory=dict)


def read(connection: sqlite3.Connection) -> Kept:
    """All of it; what an older version wrote in another form is left out."""
    return Kept(
        latches={
            key: Latch(**value) for key, value in _all(connection, LATCH).items() if isinstance(value, dict)
        },
        forgiven={key: Forgiven(**value) for key, value in _all(connection, FORGIVEN).items()},
        warned=_all(connection, WARNED),
    )


def reached_limits(connection: sqlite3.Connection, now_ns: int) -> tuple[LimitRow, ...]:
    """The limits that stop entries now, as they were reached."""
    return tuple(
        LimitRow(
            which=latch.which, scope=latch.scope, loss=latch.loss, limit=latch.limit, open_risk=0.0,
            remaining=0.0, reached=True, since=iso(latch.since_ns),
            until=None if latch.until_ns is None else iso(latch.until_ns),
            lift=lift_command(latch.which, latch.scope),
        )
        for latch in read(connection).latches.values()
        if latch.holds(now_ns)
    )  # fmt: skip


def close(connection: sqlite3.Connection, clock: Clock, reached: Iterable[Latch]) -> None:
    """Limits were reached: each is kept, written down and told, once."""
    known = read(connection).latches
    for latch in reached:
        before = known.get((latch.which, latch.scope))
        if before is None or not before.holds(latch.since_ns):
            _close(connection, clock, latch)


def _close(connection: sqlite3.Connection, clock: Clock, latch: Latch) -> None:
    host_state.write(connection, clock, _key(LATCH, latch.which, latch.scope), attrs.asdict(latch))
    resumes = None if latch.until_ns is None else iso(latch.until_ns)
    data = {
        "which": latch.which, "scope": latch.scope, "loss": latch.loss, "limit": latch.limit,
        "resumes_at": resumes,
    }  # fmt: skip
    events.append(connection, clock, "control", {"action": "limit_reached", **data})
    kind = f"{latch.which}_loss_limit"
    when = "until a person lifts it" if resumes is None else f"until {resumes}"
    text = (
        f"{latch.scope}: {latch.which} loss limit reached, {latch.loss:.2f} of {latch.limit:g};"
        f" no entries {when} ({lift_command(latch.which, latch.scope)})"
    )
    outbox.put(connection, clock, Notice(type=kind, priority=Priority.CRITICAL, text=text, data=data))


def warn(
    connection: sqlite3.Connection, clock: Clock, scope: str, loss: float, limit: float, day: int
) -> None:
    """Most of a daily limit is used: told once a day."""
    host_state.write(connection, clock, _key(WARNED, DAILY, scope), day)
    percent = round(100 * loss / limit)
    data = {"scope": scope, "loss": round(loss, 2), "limit": limit, "percent": percent}
    text = f"{scope}: {percent} % of the daily loss limit, {loss:.2f} of {limit:g}"
    outbox.put(
        connection, clock,
        Notice(type="daily_loss_warning", priority=Priority.HIGH, text=text, data=data),
    )  # fmt: skip


def forgive(
    connection: sqlite3.Connection, clock: Clock, which: str, scope: str, forgiven: Forgiven, by: str,
    loss: float,
) -> None:  # fmt: skip
    """A person lifts a limit: what was lost until now counts no more."""
    host_state.write(connection, clock, _key(FORGIVEN, which, scope), attrs.asdict(forgiven))
    for kind in (LATCH, WARNED):
        connection.execute("DELETE FROM host_state WHERE key = ?", (_key(kind, which, scope),))
    facts = {"action": f"reset_{which}", "scope": scope, "by": by, "from": round(loss, 2), "to": 0.0}
    events.append(connection, clock, "control", facts)
    text = f"{scope}: {which} loss of {loss:.2f} set to 0 by {by}"
    outbox.put(
        connection, clock, Notice(type="trading_state", priority=Priority.MEDIUM, text=text, data=facts)
    )


def _key(kind: str, which: str, scope: str) -> str:
    return f"{kind}{which}:{'' if scope == ACCOUNT else scope}"


def _all(connection: sqlite3.Connection, kind: str) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for key, value in connection.execute(_STATE, (kind, kind[:-1] + _AFTER)):
        which, colon, scope = key.removeprefix(kind).partition(":")
        if colon and which in (DAILY, LIFETIME):
            found[which, scope or ACCOUNT] = msgspec.json.decode(value)
    return found
