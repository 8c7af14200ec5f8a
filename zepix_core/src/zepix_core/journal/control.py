"""Whether entries are let through: pause, panic, breaker. It outlives a restart; every change is audited."""

import logging
import sqlite3
from collections.abc import Callable

import attrs

from zepix_core.clock import NS, Clock
from zepix_core.errors import StorageError, UsageError, ZepixError
from zepix_core.journal import events, host_state, outbox
from zepix_core.model.alert import Alert
from zepix_core.model.notice import Notice, Priority
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
KEY = "trading"
# A datetime holds microseconds, and a float of seconds not all of them.
SLACK = 10_000
HUMAN = "human:"
LEVELS = ("entries", "flatten", "lock")
LOCK = "lock"
BREAKER = "breaker"


class Locked(ZepixError):
    """A plain resume does not end a lock."""

    exit_code = 1


@attrs.frozen(kw_only=True)
class ControlState:
    """How trading stands.

    Attributes:
        panic: The level of the stop in force, ``""`` for none or a plain pause.
        by: Who did it; ``since_ns``: when, UTC nanoseconds.
        closing: Positions are still being closed, and will be after a restart, until nothing is left.
    """

    paused: bool = False
    panic: str = ""
    by: str = ""
    reason: str = ""
    since_ns: int = 0
    closing: bool = False

    @property
    def why(self) -> str:
        """Why entries are stopped, ``""`` when they are not."""
        if not self.paused:
            return ""
        what = f"panic ({self.panic})" if self.panic else "paused"
        return " ".join(part for part in (what, f"by {self.by}" if self.by else "", self.reason) if part)


class Control:
    """Holds the state in memory and in the journal; closing never asks it.

    A stop is in force before it is written, and stays so when the journal cannot be written.
    """

    def __init__(self, executor: Executor, clock: Clock) -> None:
        self._executor = executor
        self._clock = clock
        self._kept = ControlState()
        self._held = ""
        self._unwritten: tuple[str, ControlState] | None = None

    @property
    def state(self) -> ControlState:
        """How trading stands now."""
        if not self._held or self._kept.paused:
            return self._kept
        return attrs.evolve(self._kept, paused=True, by=self._held, reason="")

    def arrived_before(self, alert: Alert | None) -> str:
        """Why an alert that came before entries were let through again opens nothing, ``""`` if it may.

        Who stops trading does not expect yesterday's entries once it runs again.
        """
        kept = self._kept
        if alert is None or kept.paused or round(alert.received_at.timestamp() * NS) >= kept.since_ns - SLACK:
            return ""
        return f"the alert came before trading was resumed by {kept.by}"

    async def load(self) -> ControlState:
        """Read what an earlier life left."""
        found = await self._executor.read(lambda connection: host_state.read(connection, KEY))
        self._kept = ControlState() if found is None else ControlState(**found)
        return self.state

    async def pause(self, by: str, reason: str = "") -> None:
        """Let no entry through until `resume`; a panic in force stays what it is."""
        await self._stop("pause", attrs.evolve(self._kept, paused=True, by=by, reason=reason))

    async def resume(self, by: str, confirmed: bool = True) -> None:
        """Let entries through again; ends pause, panic and breaker, and what waited for a person.

        Raises:
            Locked: A lock is in force and the wish to end it is not ``confirmed``.
        """
        before = self._kept
        if before.panic == LOCK and not confirmed:
            raise Locked(
                f"Trading is locked ({before.why}).",
                "Confirm that the lock is to end: `zepix resume --yes`.",
            )
        stopped = before.paused or bool(self._held)
        state = ControlState(by=by, since_ns=self._clock.now_ns() if stopped else before.since_ns)
        await self._executor.run(self._write("resume", state))
        self._held = ""
        if self._kept is before:  # a stop that came meanwhile was written after this
            self._kept, self._unwritten = state, None

    async def panic(self, level: str, by: str, reason: str = "") -> None:
        """Stop entries at one of `LEVELS`; closing positions for ``flatten`` and ``lock`` is the desk's.

        A level never falls: one that is lower than the one in force leaves that and its closing.

        Raises:
            UsageError: There is no such level.
        """
        if level not in LEVELS:
            raise UsageError(f"There is no panic level {level!r}.", f"Levels: {', '.join(LEVELS)}.")
        before = self._kept
        highest = max((level, before.panic or level), key=LEVELS.index)
        closing = before.closing or level != LEVELS[0]
        await self._stop(
            "panic", ControlState(paused=True, panic=highest, by=by, reason=reason, closing=closing)
        )

    async def flat(self, closed: int) -> None:
        """Nothing of ours is open any more after a panic; ``closed`` positions were closed.

        Raises:
            StorageError: It could not be written, and is to be found out again.
        """
        # A panic that could not be written when it came would be written over its own end.
        await self.keep()
        before = self._kept
        if not before.closing:
            return
        state = attrs.evolve(before, closing=False)
        await self._executor.run(self._write("flat", state, closed=closed))
        if self._kept is before:
            self._kept = state

    async def trip(self, reason: str) -> None:
        """Stop entries because of what the broker said; does nothing when they are stopped already."""
        if not self._kept.paused:
            await self._stop("breaker", ControlState(paused=True, by=BREAKER, reason=reason))

    def hold(self, by: str) -> None:
        """Let no entry through in this run; nothing is written, the next start knows nothing of it."""
        self._held = by

    async def keep(self) -> None:
        """Write a stop that could not be written when it came.

        Raises:
            StorageError: The journal still cannot be written.
        """
        if self._unwritten is not None:
            unwritten = self._unwritten
            await self._executor.run(self._write(*unwritten))
            if self._unwritten is unwritten:
                self._unwritten = None

    async def _stop(self, action: str, state: ControlState) -> None:
        state = attrs.evolve(state, since_ns=self._clock.now_ns())
        self._kept = state
        self._unwritten = (action, state)
        try:
            await self.keep()
        except StorageError as error:
            log.critical("%s is in force, but a restart would not know of it: %s", state.why, error)

    def _write(self, action: str, state: ControlState, **facts: int) -> Callable[[sqlite3.Connection], None]:
        payload = {"action": action, **attrs.asdict(state), **facts}
        if action in ("panic", "breaker", "flat"):
            kind, priority = "emergency_stop", Priority.CRITICAL
        else:
            kind, priority = "trading_state", Priority.MEDIUM
        text = state.why or f"running, resumed by {state.by}"
        if action == "flat":
            text = f"{text}: nothing is open any more, {facts['closed']} closed"
        notice = Notice(type=kind, priority=priority, text=text, data=payload)

        def write(connection: sqlite3.Connection) -> None:
            host_state.write(connection, self._clock, KEY, attrs.asdict(state))
            events.append(connection, self._clock, "control", payload)
            outbox.put(connection, self._clock, notice)
            if action == "resume":
                host_state.erase(connection, HUMAN)

        return write
