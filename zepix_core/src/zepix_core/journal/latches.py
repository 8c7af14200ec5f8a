"""Limits that were reached, losses that were forgiven, warnings that were given: they outlive a restart.

Each is of one account: another login has losses of its own.
"""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from zepix_core.clock import Clock, iso
from zepix_core.journal import events, host_state, outbox
from zepix_core.journal.totals import account_in_use
from zepix_core.model.limits import ACCOUNT, DAILY, LIFETIME, Latch, LimitRow, lift_command
from zepix_core.model.notice import Notice, Priority
from zepix_core.rules.tiers import Limit

log = logging.getLogger(__name__)
LATCH, FORGIVEN, WARNED = "latch:", "forgiven:", "warned:"
_STATE = "SELECT key, value FROM host_state WHERE key >= ? AND key < ?"
_RENAME = "UPDATE host_state SET key = ? WHERE key = ?"
# Keys of a kind stand between its prefix and the same prefix with the sign after the colon.
_AFTER = ";"


@attrs.frozen(kw_only=True)
class Forgiven:
    """Losses that a person lifted: they count no more. ``day_ns`` is 0 for the limit without end."""

    lost: int
    day_ns: int = 0


@attrs.frozen(kw_only=True)
class Kept:
    """What is kept about the limits of an account, by (which, scope)."""

    latches: Mapping[tuple[str, str], Latch] = attrs.field(factory=dict)
    forgiven: Mapping[tuple[str, str], Forgiven] = attrs.field(factory=dict)
    warned: Mapping[tuple[str, str], int] = attrs.field(factory=dict)


def read(connection: sqlite3.Connection, account: str) -> Kept:
    """All of an account; what an older version wrote in another form is left out."""
    return Kept(
        latches={key: Latch(**value) for key, value in _all(connection, LATCH, account).items()},
        forgiven={key: Forgiven(**value) for key, value in _all(connection, FORGIVEN, account).items()},
        warned=_all(connection, WARNED, account),
    )


def reached_limits(connection: sqlite3.Connection, now_ns: int) -> tuple[LimitRow, ...]:
    """The limits that stop entries now on the account in use, as they were reached."""
    return tuple(
        LimitRow(
            which=latch.which, scope=latch.scope, loss=latch.loss, limit=latch.limit, open_risk=0.0,
            remaining=0.0, reached=True, since=iso(latch.since_ns),
            until=None if latch.until_ns is None else iso(latch.until_ns),
            lift=lift_command(latch.which, latch.scope),
        )
        for latch in read(connection, account_in_use(connection)).latches.values()
        if latch.holds(now_ns)
    )  # fmt: skip


def close(connection: sqlite3.Connection, clock: Clock, account: str, reached: Iterable[Latch]) -> None:
    """Limits were reached: each is kept, written down and told, once."""
    known = read(connection, account).latches
    for latch in reached:
        before = known.get((latch.which, latch.scope))
        if before is None or not before.holds(latch.since_ns):
            _close(connection, clock, account, latch)


def _close(connection: sqlite3.Connection, clock: Clock, account: str, latch: Latch) -> None:
    host_state.write(connection, clock, _key(LATCH, latch.which, latch.scope, account), attrs.asdict(latch))
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
    log.critical("%s", text)
    outbox.put(connection, clock, Notice(type=kind, priority=Priority.CRITICAL, text=text, data=data))


def warn(connection: sqlite3.Connection, clock: Clock, account: str, limit: Limit, day: int) -> None:
    """Most of a daily limit is used: told once a day."""
    host_state.write(connection, clock, _key(WARNED, DAILY, limit.scope, account), day)
    percent = round(100 * limit.loss / limit.limit)
    data = {"scope": limit.scope, "loss": round(limit.loss, 2), "limit": limit.limit, "percent": percent}
    text = f"{limit.scope}: {percent} % of the daily loss limit, {limit.loss:.2f} of {limit.limit:g}"
    outbox.put(
        connection, clock,
        Notice(type="daily_loss_warning", priority=Priority.HIGH, text=text, data=data),
    )  # fmt: skip


def forgive(
    connection: sqlite3.Connection, clock: Clock, account: str, which: str, scope: str, forgiven: Forgiven,
    by: str, loss: float,
) -> None:  # fmt: skip
    """A person lifts a limit: what was lost until now counts no more."""
    host_state.write(connection, clock, _key(FORGIVEN, which, scope, account), attrs.asdict(forgiven))
    for kind in (LATCH, WARNED):
        host_state.remove(connection, _key(kind, which, scope, account))
    facts = {"action": f"reset_{which}", "scope": scope, "by": by, "from": round(loss, 2), "to": 0.0}
    events.append(connection, clock, "control", facts)
    text = f"{scope}: {which} loss of {loss:.2f} set to 0 by {by}"
    outbox.put(
        connection, clock, Notice(type="trading_state", priority=Priority.MEDIUM, text=text, data=facts)
    )


def give(connection: sqlite3.Connection, account: str, alone: bool) -> None:
    """Hand what version 1 kept without an account to the one it was kept on.

    Args:
        alone: No other account has traded. Otherwise nobody knows whose losses were forgiven: they count.
    """
    for kind in (LATCH, FORGIVEN, WARNED):
        for key, _ in connection.execute(_STATE, (kind, kind[:-1] + _AFTER)).fetchall():
            if len(key.removeprefix(kind).split(":")) != 2:
                continue
            if account and (alone or kind != FORGIVEN):
                connection.execute(_RENAME, (f"{key}:{account}", key))
            else:
                host_state.remove(connection, key)


def _key(kind: str, which: str, scope: str, account: str) -> str:
    return f"{kind}{which}:{'' if scope == ACCOUNT else scope}:{account}"


def _all(connection: sqlite3.Connection, kind: str, account: str) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for key, value in connection.execute(_STATE, (kind, kind[:-1] + _AFTER)):
        which, _, rest = key.removeprefix(kind).partition(":")
        scope, colon, of = rest.partition(":")
        if colon and of == account and which in (DAILY, LIFETIME):
            found[which, scope or ACCOUNT] = msgspec.json.decode(value)
    return found
