"""The broker's deals become the plugins' trade updates, each exactly once by its ticket."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence

from zepix_core.broker.port import Broker
from zepix_core.clock import NS, Clock
from zepix_core.errors import BrokerOffline, StorageError, ZepixError
from zepix_core.journal import deal_rows, host_state
from zepix_core.journal.deals import DealSettler
from zepix_core.model.order import Book, Deal, DealEntry, TradeUpdate
from zepix_core.storage.executor import Executor

log = logging.getLogger(__name__)
MARK = "deals_seen:"
DAY_NS = 86_400 * NS
FIRST_NS = 3 * DAY_NS
"""How far back the first read of an account goes: what was before was never ours."""
_NEWEST = "SELECT time_ns FROM deals WHERE +account = ? AND book = ? ORDER BY time_ns DESC LIMIT 1"
Listener = Callable[[str], None]


class Updates:
    """Books deals as they come, and catches up with those that did not come.

    The mark of a book is the last deal of a complete read; deals that came by themselves do not move it,
    so that a lost message is found at the next catch-up.
    """

    def __init__(self, executor: Executor, broker: Broker, clock: Clock, settler: DealSettler) -> None:
        self._executor = executor
        self._broker = broker
        self._clock = clock
        self._settler = settler
        self._waiting: list[Deal] = []
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._listeners: list[Listener] = []
        broker.on_deals(self._hear)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with a plugin's id when there is an update for it."""
        self._listeners.append(listener)

    def tell(self, plugins: Sequence[str]) -> None:
        """Wake the listeners for these plugins, after the commit."""
        for plugin in dict.fromkeys(plugins):
            for listener in self._listeners:
                listener(plugin)

    def emit(self, connection: sqlite3.Connection, update: TradeUpdate) -> None:
        """Write an update that no deal caused; `tell` its plugin after the commit."""
        self._settler.emit(connection, update)

    async def drain(self) -> None:
        """Book what has come so far."""
        async with self._lock:
            deals, self._waiting = self._waiting, []
            if not deals:
                return
            try:
                early = await self._book(deals, final=False)
            except ZepixError:
                self._waiting = deals + self._waiting
                raise
        if early:
            await self._fetch(early)

    async def _fetch(self, books: Sequence[Book]) -> None:
        """A deal has come before the one it follows: ask for that; if it cannot be had now, it is later."""
        try:
            await self.catch_up(*books)
        except (BrokerOffline, StorageError) as error:
            log.warning("a deal waits for the one before it: %s", error)

    async def ensure(self, ticket: int) -> None:
        """Book the deal with that ticket before going on, if the broker can tell it now."""
        account = self._settler.account
        try:
            await self.drain()
            if ticket and not await self._executor.read(lambda c: deal_rows.known(c, account, ticket)):
                await self.catch_up(Book.SHADOW if ticket < 0 else Book.LIVE)
        except (BrokerOffline, StorageError) as error:
            log.warning("deal %s will be booked later: %s", ticket, error)

    async def catch_up(self, *books: Book) -> int:
        """Read the deals since the mark and book those that are new; returns how many were read.

        Raises:
            BrokerOffline: Nothing was read, nothing is concluded.
        """
        count = 0
        for book in books or (Book.LIVE, Book.SHADOW):
            async with self._lock:
                count += await self._catch_up(book)
        return count

    async def sweep(self, book: Book, since_ns: int) -> int:
        """Read all deals since then and book the new ones, whatever their tickets; returns how many were new.

        Raises:
            BrokerOffline: Nothing was read, nothing is concluded.
        """
        async with self._lock:
            deals = await self._broker.deals(since_ns=since_ns, book=book)
            new = await self._executor.read(lambda connection: self._new(connection, deals))
            if new:
                await self._book(new, final=True)
        return len(new)

    async def unbooked(self, book: Book) -> tuple[Deal, ...]:
        """Deals since the mark that are not booked; nothing is changed.

        Raises:
            BrokerOffline: Nothing was read.
        """
        mark, since = await self._executor.read(lambda connection: self._mark(connection, book))
        deals = await self._broker.deals(after_ticket=mark, since_ns=since, book=book)
        return await self._executor.read(lambda connection: self._new(connection, deals))

    async def newest_ns(self, book: Book) -> int:
        """When the newest booked deal was made, 0 for none."""
        return await self._executor.read(lambda connection: self._newest(connection, book))

    async def stop(self) -> None:
        """Book what has come and stop listening."""
        if self._task is not None:
            await self._task
        await self.drain()

    async def _catch_up(self, book: Book) -> int:
        mark, since = await self._executor.read(lambda connection: self._mark(connection, book))
        deals = await self._broker.deals(after_ticket=mark, since_ns=since, book=book)
        if deals:
            await self._book(deals, final=True, mark=MARK + book.value)
        return len(deals)

    def _mark(self, connection: sqlite3.Connection, book: Book) -> tuple[int, int]:
        """From which ticket and which moment on deals have not been read whole."""
        mark: int | None = host_state.read(connection, MARK + book.value)
        if mark is None:
            return 0, max(0, self._clock.now_ns() - FIRST_NS)
        return mark, max(0, min(self._clock.now_ns(), self._newest(connection, book)) - DAY_NS)

    def _newest(self, connection: sqlite3.Connection, book: Book) -> int:
        row = connection.execute(_NEWEST, (self._settler.account, book.value)).fetchone()
        return 0 if row is None else int(row[0])

    def _new(self, connection: sqlite3.Connection, deals: Sequence[Deal]) -> tuple[Deal, ...]:
        account = self._settler.account
        return tuple(deal for deal in deals if not deal_rows.known(connection, account, deal.ticket))

    async def _book(self, deals: Sequence[Deal], final: bool, mark: str = "") -> tuple[Book, ...]:
        """Book deals in their order; in which books a close had to be left, because its opening has not come.

        The mark goes no further than to the first that had to be left.
        """
        ordered = sorted(deals, key=lambda deal: abs(deal.ticket))

        def work(connection: sqlite3.Connection) -> tuple[list[str], tuple[Book, ...]]:
            told: list[str | None] = []
            early: dict[Book, None] = {}
            left: set[int] = set()
            last: int | None = None
            for deal in ordered:
                if deal.position not in left:
                    told.append(self._settler.take(connection, deal, final))
                if not deal_rows.known(connection, self._settler.account, deal.ticket):
                    left.add(deal.position)
                    if deal.entry is DealEntry.OUT:
                        early[deal.book] = None
                last = last if left else deal.ticket
            if mark and last is not None:
                host_state.write(connection, self._clock, mark, last)
            return [plugin for plugin in told if plugin is not None], tuple(early)

        plugins, early = await self._executor.run(work)
        self.tell(plugins)
        return early

    def _hear(self, deals: tuple[Deal, ...]) -> None:
        self._waiting.extend(deals)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            try:
                await self.drain()
            except ZepixError as error:
                log.error("deals could not be booked: %s", error)
                return
