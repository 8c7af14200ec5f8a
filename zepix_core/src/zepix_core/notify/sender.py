"""Tells one channel what the outbox holds: at least once, the urgent first, whatever happens meanwhile.

Nothing that trades waits for it. What was told is written down afterwards, so a host that is killed in
between tells it again, under the same key.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import attrs

from zepix_core.clock import NS, Clock, iso
from zepix_core.errors import StorageError
from zepix_core.journal import anchors, channels, outbox
from zepix_core.journal.channels import Mark, StoredNotice, WaitingNotice
from zepix_core.model.channel import ChannelRow
from zepix_core.model.notice import Notice, Priority
from zepix_core.notify.channel import Channel, Later, Outcome, Refused
from zepix_core.notify.message import message_of
from zepix_core.notify.queue import Queue
from zepix_core.rules.backoff import Backoff
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
PAGE = 500
MARGIN_SECONDS = 0.1
LONG_NS = 60 * NS


class Sender:
    """The one task of a channel.

    Args:
        least: The least urgent priority it takes.
        random: Numbers from 0 to 1, for the jitter of pauses.

    Attributes:
        off: It failed too often and is not run any more.
    """

    def __init__(
        self, channel: Channel, journal: Executor, clock: Clock, least: Priority, random: Callable[[], float]
    ) -> None:
        self.off = False
        self._channel, self._journal, self._clock = channel, journal, clock
        self._least, self._random = least, random
        self._queue, self._seen, self._loaded = Queue(), 0, False
        self._unwritten: list[Mark] = []
        self._to_put: list[Notice] = []
        self._backoff = Backoff(random)
        self._rests_until, self._was_told_to_rest = 0.0, False
        self._error, self._failing_since, self._stale, self._refuses = "", 0, 0, False
        self._counts = channels.Counts()
        self._news = asyncio.Event()
        self._expected: dict[int, asyncio.Future[Mark]] = {}
        self._ill = False

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._channel.name

    @property
    def least(self) -> Priority:
        """The least urgent priority it takes."""
        return self._least

    def wake(self) -> None:
        """There may be something new."""
        self._news.set()

    def holds(self) -> tuple[int, ...] | None:
        """Ids of high and critical notices that are not told; ``None`` before it has looked."""
        if not self._loaded:
            return None
        return tuple(one.id for one in self._queue if one.priority >= Priority.HIGH)

    def row(self) -> ChannelRow:
        """How the channel stands."""
        oldest = min((one.created_ns for one in self._queue), default=0)
        wait = self._rests_until - self._clock.monotonic()
        resting = bool(self._error) and wait > 0
        return ChannelRow(
            channel=self.name,
            where=self._channel.where,
            least=self._least.name,
            state=self._state(),
            waiting=len(self._queue),
            oldest=iso(oldest) if oldest else None,
            sent=self._counts.sent,
            failed=self._counts.failed,
            dropped=self._counts.dropped,
            last_sent=iso(self._counts.last_sent_ns) if self._counts.last_sent_ns else None,
            error=self._error,
            failing_since=iso(self._failing_since) if self._failing_since else None,
            next_try=iso(self._clock.now_ns() + round(wait * NS)) if resting and not self.off else None,
            last_failure=self._counts.last_failure,
        )

    def _state(self) -> str:
        if self.off:
            return "off"
        if self._error:
            return "retrying"
        return "refusing" if self._refuses else "fine"

    async def join(self) -> None:
        """Begin where it stood; a channel that is new begins with what comes from now on."""
        join = partial(channels.join, clock=self._clock, channel=self.name)
        self._seen = await self._journal.run(join)

    async def recount(self) -> None:
        """Count again what the journal still holds."""
        self._counts = await self._journal.read(partial(channels.counts, channel=self.name))

    def expect(self, number: int) -> "asyncio.Future[Mark]":
        """What becomes of a notice with its next try."""
        return self._expected.setdefault(number, asyncio.get_running_loop().create_future())

    def forget(self, number: int) -> None:
        """Nobody waits for that one any more."""
        self._expected.pop(number, None)

    async def run(self) -> None:
        """Tell what there is, for ever; after an error of ours it may be run again."""
        self._queue, self._loaded, begun = Queue(), False, False
        while True:
            try:
                if not begun:
                    await self.join()
                    await self.recount()
                    begun = True
                await self._take_in()
                await self._drop_stale()
                await self._write(())
                if self._queue and self._may_try() and await self._tell_front():
                    continue
                self._ill = False
            except (StorageError, sqlite3.Error) as error:
                if not self._ill:
                    log.error("notices for %s wait, the journal cannot be used: %s", self.name, error)
                self._ill = True
            await self._nap()

    async def _take_in(self) -> None:
        """What was put since the last look. One that is critical ends a pause that nobody asked for."""
        while True:
            fresh, newest = await self._journal.read(self._fresh)
            written = {mark.id for mark in self._unwritten if mark.state != "waiting"}
            self._queue.add(one for one in fresh if one.id not in written)
            if not self._was_told_to_rest and any(one.priority is Priority.CRITICAL for one in fresh):
                self._rests_until = 0.0
            if len(fresh) < PAGE:
                self._seen = max(self._seen, newest)
                self._loaded = True
                return
            self._seen = fresh[-1].id

    def _fresh(self, connection: sqlite3.Connection) -> tuple[tuple[WaitingNotice, ...], int]:
        newest = channels.newest(connection)
        return channels.waiting(connection, self.name, self._seen, self._least, PAGE), newest

    async def _drop_stale(self) -> None:
        stale = self._queue.drop_stale(self._clock.now_ns())
        if stale:
            self._stale += len(stale)
            await self._write(
                [Mark(id=one.id, state="dropped", reason="older than 10 minutes") for one in stale]
            )

    async def _tell_front(self) -> bool:
        front = self._queue.front()
        found, chain = await self._journal.read(partial(_read, ids=[one.id for one in front]))
        gone = {one.id for one in front} - {one.id for one in found}
        if gone:
            self._queue.remove(gone)
            return True
        outcome = await self._channel.tell(message_of(found, self._clock.now_ns(), chain))
        await self._write(self._take_outcome(front, found, outcome))
        return True

    def _take_outcome(
        self, front: Sequence[WaitingNotice], found: Sequence[StoredNotice], outcome: Outcome
    ) -> list[Mark]:
        ids = [one.id for one in found]
        if isinstance(outcome, Later):
            self._rest(front, outcome)
            tries = 1 if outcome.seconds is None else 0
            return [
                Mark(id=number, state="waiting", tries=tries, status=outcome.status, reason=outcome.reason)
                for number in ids
            ]
        self._backoff, self._rests_until, self._was_told_to_rest = Backoff(self._random), 0.0, False
        self._refuses = isinstance(outcome, Refused)
        self._back()
        if isinstance(outcome, Refused):
            self._queue.remove(ids)
            self._counts = attrs.evolve(self._counts, last_failure=outcome.reason)
            log.error("%s refused notice %s for good: %s", self._channel.where, ids[0], outcome.reason)
            return [
                Mark(id=number, state="failed", tries=1, status=outcome.status, reason=outcome.reason)
                for number in ids
            ]
        self._queue.told(ids)
        with_first = [
            Mark(id=number, state="merged", status=outcome.status, reason=f"told with {ids[0]}")
            for number in ids[1:]
        ]
        return [Mark(id=ids[0], state="sent", tries=1, status=outcome.status), *with_first]

    def _rest(self, front: Sequence[WaitingNotice], outcome: Later) -> None:
        if not self._error:
            log.warning("notices for %s wait: %s", self._channel.where, outcome.reason)
            self._failing_since = self._clock.now_ns()
        self._error = outcome.reason
        if outcome.answered:
            self._queue.refused(front)
        self._was_told_to_rest = outcome.seconds is not None
        pause = self._backoff.after(0.0) if outcome.seconds is None else outcome.seconds + MARGIN_SECONDS
        self._rests_until = self._clock.monotonic() + pause

    def _back(self) -> None:
        """It answers; after a long time, or when something was dropped, that is a notice of its own."""
        self._error, since, stale = "", self._failing_since, self._stale
        self._failing_since = self._stale = 0
        away = self._clock.now_ns() - since if since else 0
        if away < LONG_NS and not stale:
            return
        parts = [f"took no notices for {away // NS} s"] if away >= LONG_NS else []
        parts += [f"{stale} of little weight were too old and are dropped"] if stale else []
        text = f"{self.name}: {', '.join(parts)}"
        data = {"channel": self.name, "seconds": away // NS, "dropped": stale}
        notice = Notice(type="delivery_trouble", priority=Priority.MEDIUM, text=text, data=data)
        log.warning("%s", text)
        self._to_put.append(notice)

    async def _write(self, marks: Iterable[Mark]) -> None:
        """Keep what became of notices. What cannot be written now is kept here, and not told again."""
        fresh = list(marks)
        self._unwritten += fresh
        self._count(fresh)
        batch, to_put = tuple(self._unwritten), tuple(self._to_put)
        if not batch:
            return
        first = self._queue.first_id
        cursor = self._seen if first is None else first - 1

        def work(connection: sqlite3.Connection) -> None:
            channels.write(connection, self._clock, self.name, batch)
            channels.move(connection, self.name, cursor)
            for notice in to_put:
                outbox.put(connection, self._clock, notice)

        await self._journal.run(work)
        self._unwritten, self._to_put = self._unwritten[len(batch) :], self._to_put[len(to_put) :]

    def _count(self, marks: Iterable[Mark]) -> None:
        for mark in marks:
            told = mark.state in ("sent", "merged")
            self._counts = attrs.evolve(
                self._counts,
                sent=self._counts.sent + told,
                failed=self._counts.failed + (mark.state == "failed"),
                dropped=self._counts.dropped + (mark.state == "dropped"),
                last_sent_ns=self._clock.now_ns() if told else self._counts.last_sent_ns,
            )
            waiter = self._expected.pop(mark.id, None)
            if waiter is not None and not waiter.done():
                waiter.set_result(mark)

    def _may_try(self) -> bool:
        return self._clock.monotonic() >= self._rests_until

    async def _nap(self) -> None:
        rest = self._rests_until - self._clock.monotonic()
        seconds = min(LOOK_SECONDS, rest) if self._queue and rest > 0 else LOOK_SECONDS
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._news.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._news.clear()
            for one in waits:
                one.cancel()


def _read(connection: sqlite3.Connection, ids: Iterable[int]) -> tuple[tuple[StoredNotice, ...], str]:
    """Notices, and how far the chain has come."""
    return channels.notices(connection, ids), anchors.shown(*anchors.newest(connection))
