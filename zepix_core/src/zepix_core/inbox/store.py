"""The inbox as the webhook sees it: an alert is committed, then answered."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from functools import partial

import attrs

from zepix_core.clock import NS, Clock
from zepix_core.config.inbox import InboxSettings
from zepix_core.errors import StorageError, ZepixError
from zepix_core.inbox.admission import Refusal, Screened, alert_key
from zepix_core.inbox.bar_time import is_stale, oldest_seconds
from zepix_core.inbox.port import Plugins
from zepix_core.inbox.rate import Bucket
from zepix_core.journal.events import append
from zepix_core.journal.outbox import put
from zepix_core.journal.storage_guard import StorageGuard
from zepix_core.model.alert import AlertClass
from zepix_core.model.notice import Notice, Priority
from zepix_core.storage.commit import Piece
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
DAY_NS = 86_400 * NS
# A body that comes again as an alert of its own has a key of its own, which begins with the first one's
# and ends with its arrival: the order of the keys is the order of arrival.
_LATEST = (
    "SELECT id, received_ns, state FROM inbox WHERE key >= ?1 AND key < ?1 || '$'"
    " ORDER BY key DESC, received_ns DESC LIMIT 1"
)
_AGAIN = "UPDATE inbox SET duplicates = duplicates + 1 WHERE id = ?"
_WAITING = "SELECT count(*) FROM inbox WHERE state IN ('new', 'claimed')"
_INSERT = (
    "INSERT INTO inbox (key, token_id, external_id, received_ns, kind, symbol, timeframe, price, body,"
    " state, reason, finished_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)


class InboxFull(ZepixError):
    """Too many alerts wait; this one was not stored."""


@attrs.frozen(kw_only=True)
class Taken:
    """What became of a stored alert.

    Attributes:
        id: Row of the inbox; of a duplicate, the row of the first.
        status: ``accepted`` or ``duplicate``.
        refused: The host's reason when it was stored as refused at once, else ``None``.
    """

    id: int
    status: str
    refused: str | None = None


@attrs.frozen(kw_only=True)
class _Arrival:
    """All that the writing thread needs, decided before it is asked."""

    key: str
    token_id: str
    received_ns: int
    screened: Screened
    over_rate: bool
    settings: InboxSettings
    strict: bool


class InboxStore:
    """Takes alerts; `settings` and `strict` may be replaced while it runs.

    Args:
        executor: Runs work on ``journal.db``; alerts that wait at the same time share one commit.
        plugins: Tells what an alert is about; exits have no rate.
        strict: Refuse alerts that carry neither an id nor a time of their own.
        guard: Knows whether the journal can be written.
    """

    def __init__(
        self,
        executor: Executor,
        clock: Clock,
        settings: InboxSettings,
        plugins: Plugins,
        strict: bool = False,
        guard: StorageGuard | None = None,
    ) -> None:
        self.strict = strict
        self._guard = guard or StorageGuard(executor, clock)
        self._executor = executor
        self._clock = clock
        self._settings = settings
        self._plugins = plugins
        self._buckets: dict[str, Bucket] = {}

    @property
    def healthy(self) -> bool:
        """The last write succeeded."""
        return self._guard.journal is None

    @property
    def settings(self) -> InboxSettings:
        """The settings in force."""
        return self._settings

    @settings.setter
    def settings(self, settings: InboxSettings) -> None:
        self._settings = settings
        self._buckets.clear()

    async def take(self, token_id: str, screened: Screened) -> Taken:
        """Store an alert and return after the commit.

        Raises:
            InboxFull: Too many wait; not stored.
            StorageError: Not stored.
        """
        waiter: asyncio.Future[Taken | BaseException] = asyncio.get_running_loop().create_future()
        self.submit(token_id, screened, lambda outcome: None if waiter.done() else waiter.set_result(outcome))
        outcome = await waiter
        if isinstance(outcome, sqlite3.Error):
            raise StorageError(f"an alert could not be stored: {outcome}.") from outcome
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def submit(
        self, token_id: str, screened: Screened, then: Callable[[Taken | BaseException], None]
    ) -> None:
        """As `take`, for who cannot wait: ``then`` is told after the commit what became of it; an error of
        the database comes as `sqlite3.Error`, too.

        Raises:
            StorageError: Not stored.
        """
        arrival = _Arrival(
            key=alert_key(token_id, screened),
            token_id=token_id,
            received_ns=self._clock.now_ns(),
            screened=screened,
            over_rate=not self._within_rate(token_id) and not self._is_exit(screened),
            settings=self._settings,
            strict=self.strict,
        )
        self._executor.submit(
            partial(_take, clock=self._clock, arrival=arrival), partial(self._committed, then)
        )

    def _committed(self, then: Callable[[Taken | BaseException], None], piece: Piece) -> None:
        error = piece.error
        if error is None or isinstance(error, StorageError | sqlite3.Error):
            self._guard.note_journal(error)
        then(piece.result if error is None else error)

    async def note_refusal(self, token_id: str, refusal: Refusal, size: int) -> None:
        """Write down that a body was refused at the door: its code and size, never the body itself.

        Refusals share the token's rate with its alerts; what is over it is not written.
        """
        if self._within_rate(token_id):
            await self._executor.run(
                partial(_note_refusal, clock=self._clock, token_id=token_id, refusal=refusal, size=size)
            )

    async def tell(self, notice: Notice) -> None:
        """Put a notice of the door's into the outbox."""
        await self._executor.run(partial(_tell, clock=self._clock, notice=notice))

    def _within_rate(self, token_id: str) -> bool:
        if self._settings.unlimited:
            return True
        bucket = self._buckets.get(token_id)
        if bucket is None:
            bucket = Bucket(self._clock, self._settings.rate_per_minute, self._settings.burst)
            self._buckets[token_id] = bucket
        return bucket.take()

    def _is_exit(self, screened: Screened) -> bool:
        routes = self._plugins.routes(screened.kind, screened.timeframe)
        return any(route.alert_class is AlertClass.EXIT for route in routes)


def _take(connection: sqlite3.Connection, *, clock: Clock, arrival: _Arrival) -> Taken:
    latest = connection.execute(_LATEST, (arrival.key,)).fetchone()
    if latest is not None:
        alert_id, received_ns, state = latest
        # A clock set back makes the age negative; it counts by its size then.
        age = abs(arrival.received_ns - received_ns)
        if state in ("new", "claimed") or age < arrival.settings.duplicate_window_seconds * NS:
            return _duplicate(connection, clock, arrival, alert_id)
    age_ns = None if latest is None else arrival.received_ns - latest[1]
    reason = _refusal_of(arrival, age_ns)
    if reason is None:
        waiting = connection.execute(_WAITING).fetchone()[0]
        if waiting >= arrival.settings.waiting_limit:
            raise InboxFull(f"{waiting} alerts wait already.", "Look at what the plugins are doing.")
    if latest is not None:
        # Not the earlier alert over again: its orders and decisions must not be taken for this one's.
        arrival = attrs.evolve(arrival, key=f"{arrival.key}#{arrival.received_ns}")
    return _insert(connection, clock, arrival, reason, _numbers(arrival, reason, age_ns))


def _refusal_of(arrival: _Arrival, age_ns: int | None) -> str | None:
    """The host's reason not to act on it, ``age_ns`` being that of the last alert with this identity."""
    screened = arrival.screened
    if arrival.strict and not screened.recognisable:
        return "strict"
    if age_ns is not None and screened.recognisable and age_ns < arrival.settings.replay_days * DAY_NS:
        return "replayed"
    if screened.bar_time_ns is not None and is_stale(
        screened.bar_time_ns, screened.timeframe, arrival.received_ns
    ):
        return "stale"
    return "rate_limited" if arrival.over_rate else None


def _numbers(arrival: _Arrival, reason: str | None, age_ns: int | None) -> dict[str, float]:
    """What a refusal was measured by."""
    if reason == "stale" and arrival.screened.bar_time_ns is not None:
        age = (arrival.received_ns - arrival.screened.bar_time_ns) / NS
        limit = oldest_seconds(arrival.screened.timeframe)
        return {"age_seconds": round(age, 3), "limit_seconds": limit}
    if reason == "replayed" and age_ns is not None:
        return {"age_seconds": round(age_ns / NS, 3), "limit_seconds": arrival.settings.replay_days * 86_400}
    if reason == "rate_limited":
        return {"rate_per_minute": arrival.settings.rate_per_minute, "burst": arrival.settings.burst}
    return {}


def _duplicate(connection: sqlite3.Connection, clock: Clock, arrival: _Arrival, alert_id: int) -> Taken:
    connection.execute(_AGAIN, (alert_id,))
    if not arrival.over_rate:
        append(connection, clock, "alert_duplicate", {"token": arrival.token_id}, alert_id=alert_id)
    return Taken(id=alert_id, status="duplicate")


def _insert(
    connection: sqlite3.Connection,
    clock: Clock,
    arrival: _Arrival,
    reason: str | None,
    numbers: dict[str, float],
) -> Taken:
    screened, received_ns = arrival.screened, arrival.received_ns
    state, finished_ns = ("new", None) if reason is None else ("refused", received_ns)
    row = (
        arrival.key, arrival.token_id, screened.external_id, received_ns, screened.kind, screened.symbol,
        screened.timeframe, screened.price, screened.text, state, reason, finished_ns,
    )  # fmt: skip
    alert_id: int = connection.execute(_INSERT, row).fetchone()[0]
    facts = {"kind": screened.kind, "key": arrival.key, "token": arrival.token_id}
    if reason is None:
        append(connection, clock, "alert_taken", facts, alert_id=alert_id)
    else:
        append(connection, clock, "alert_refused", {**facts, "reason": reason, **numbers}, alert_id=alert_id)
    if reason == "rate_limited":
        put(connection, clock, _rate_notice(arrival, alert_id))
    return Taken(id=alert_id, status="accepted", refused=reason)


def _rate_notice(arrival: _Arrival, alert_id: int) -> Notice:
    return Notice(
        type="alert_ignored",
        priority=Priority.MEDIUM,
        text="More alerts than the rate allows: entries and infos over it are refused.",
        data={"alert_type": arrival.screened.kind, "why": "rate_limited"},
        symbol=arrival.screened.symbol,
        alert_id=alert_id,
        key=f"rate_limited:{arrival.token_id}",
    )


def _note_refusal(
    connection: sqlite3.Connection, *, clock: Clock, token_id: str, refusal: Refusal, size: int
) -> None:
    append(connection, clock, "alert_invalid", {"token": token_id, "code": refusal.code, "size": size})
    put(
        connection,
        clock,
        Notice(
            type="alert_invalid",
            priority=Priority.MEDIUM,
            text=f"An alert was refused: {refusal.code}.",
            data={"error": refusal.code, "size": size},
            key=f"{token_id}:{refusal.code}",
        ),
    )


def _tell(connection: sqlite3.Connection, *, clock: Clock, notice: Notice) -> None:
    put(connection, clock, notice)
