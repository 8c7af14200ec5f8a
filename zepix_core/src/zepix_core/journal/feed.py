"""Hands each plugin its trade updates and wakes, in order, by a cursor that moves after the hook returned."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable

import attrs
import msgspec

from zepix_core.clock import Clock
from zepix_core.errors import PluginError, StorageError, WorkerDied
from zepix_core.journal import events, outbox
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
Told = TradeUpdate | Wake
Deliver = Callable[[str, Told], Awaitable[None]]
TRIES = 3
BATCH = 64
BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_NEXT = (
    "SELECT seq, kind, payload FROM journal_events WHERE plugin = ?1 AND kind IN ('trade_update', 'wake')"
    " AND seq >"
    " (SELECT coalesce(max(seq), 0) FROM event_cursors WHERE plugin = ?1) ORDER BY seq LIMIT ?2"
)
_WAITING = (
    "SELECT DISTINCT plugin FROM journal_events e WHERE kind IN ('trade_update', 'wake')"
    " AND plugin IS NOT NULL AND seq >"
    " (SELECT coalesce(max(seq), 0) FROM event_cursors c WHERE c.plugin = e.plugin)"
)
_MOVE = (
    "INSERT INTO event_cursors (plugin, seq) VALUES (?, ?)"
    " ON CONFLICT (plugin) DO UPDATE SET seq = max(seq, excluded.seq)"
)


class UpdateFeed:
    """One task per plugin that has updates or wakes waiting; both are called updates here.

    A worker that died is tried again for as long as it takes; a hook that fails on one update is tried
    three times, then the update is noted as not taken and the cursor moves on.

    Args:
        takes: Whether a plugin is to be called now; updates of one that is not wait for the next `wake`.
    """

    def __init__(
        self,
        executor: Executor,
        clock: Clock,
        deliver: Deliver,
        takes: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._executor = executor
        self._clock = clock
        self._deliver = deliver
        self._takes = takes
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._stopped = False
        executor.watch(self._mended)

    async def start(self) -> None:
        """Deliver what an earlier life left."""
        self._stopped = False
        await self._wake_all()

    async def _wake_all(self) -> None:
        plugins = await self._executor.read(lambda c: [row[0] for row in c.execute(_WAITING)])
        for plugin in plugins:
            self.wake(plugin)

    def _mended(self, fault: StorageError | None) -> None:
        """A commit that was said to have failed may stand all the same: nobody was told of its updates."""
        looks = self._looking is not None and not self._looking.done()
        if fault is None and not (self._stopped or looks):
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        failures = 0
        while not self._stopped:
            try:
                return await self._wake_all()
            except StorageError as error:
                log.warning("updates that may wait were not looked for: %s", error)
                await self._clock.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
                failures += 1

    def wake(self, plugin: str) -> None:
        """There is something for ``plugin``."""
        if self._stopped:
            return
        task = self._tasks.get(plugin)
        if task is None or task.done():
            self._tasks[plugin] = asyncio.get_running_loop().create_task(self._serve(plugin))
        else:
            self._again.add(plugin)

    async def settled(self) -> None:
        """Wait until no task runs: all that could be delivered is delivered."""
        while running := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(running)

    async def stop(self) -> None:
        """Stop handing out; what was not taken stays for the next start."""
        self._stopped = True
        tasks = [task for task in (*self._tasks.values(), self._looking) if task and not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, plugin: str) -> None:
        failures = 0
        while not self._stopped:
            self._again.discard(plugin)
            try:
                rows = await self._executor.read(lambda c: list(c.execute(_NEXT, (plugin, BATCH))))
                if not rows and plugin not in self._again:
                    return
                for seq, kind, payload in rows:
                    if not self._takes(plugin):
                        return
                    await self._hand(plugin, seq, kind, payload)
                    failures = 0
            except (WorkerDied, StorageError) as error:
                log.warning("updates of %s wait: %s", plugin, error)
                await self._clock.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
                failures += 1

    async def _hand(self, plugin: str, seq: int, kind: str, payload: str) -> None:
        try:
            told = _read(seq, kind, payload)
        except msgspec.DecodeError as error:
            log.error("update %s of %s cannot be read and is left out: %s", seq, plugin, error)
            await self._executor.run(lambda connection: connection.execute(_MOVE, (plugin, seq)) and None)
            return
        for attempt in range(1, TRIES + 1):
            try:
                await self._deliver(plugin, told)
                break
            except WorkerDied:
                raise
            except PluginError as error:
                if not self._takes(plugin):
                    return
                log.warning("%s did not take update %s (try %s): %s", plugin, seq, attempt, error)
                if attempt == TRIES:
                    await self._executor.run(self._give_up(plugin, seq, told, error))
                    return
                await self._clock.sleep(BACKOFF[attempt - 1])
        await self._executor.run(lambda connection: connection.execute(_MOVE, (plugin, seq)) and None)

    def _give_up(
        self, plugin: str, seq: int, told: Told, error: PluginError
    ) -> Callable[[sqlite3.Connection], None]:
        if isinstance(told, Wake):
            hook, what, alert_id, intent_id = "on_wake", f"its wake {told.key}", None, None
        else:
            hook, what = "on_trade_update", f"an update of ticket {told.ticket}"
            alert_id, intent_id = told.alert_id, told.intent_id

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_MOVE, (plugin, seq))
            data = {"hook": hook, "error": error.message, "count": TRIES}
            events.append(
                connection, self._clock, "update_not_taken", {**data, "sequence": seq},
                alert_id=alert_id, plugin=plugin, intent_id=intent_id,
            )  # fmt: skip
            outbox.put(
                connection, self._clock,
                Notice(
                    type="plugin_error", priority=Priority.HIGH, plugin=plugin, symbol=told.symbol,
                    text=f"{plugin} did not take {what}: {error.message}", data=data,
                ),
            )  # fmt: skip

        return work


def _read(seq: int, kind: str, payload: str) -> Told:
    if kind == "wake":
        return msgspec.json.decode(payload, type=Wake)
    return attrs.evolve(msgspec.json.decode(payload, type=TradeUpdate), sequence=seq)
