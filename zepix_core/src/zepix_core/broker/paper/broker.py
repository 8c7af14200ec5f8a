"""The paper broker: a hedging account with a book of its own, on made or recorded prices."""

import asyncio
import sqlite3
from collections.abc import Iterable

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.paper import store
from zepix_core.broker.paper.bar_store import load_charts, save_pages
from zepix_core.broker.paper.book import Change, PaperBook, valued, weigh
from zepix_core.broker.paper.charts import Charts
from zepix_core.broker.paper.execution import Facts, execute, stopped_out, triggered
from zepix_core.broker.paper.market import Market
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import PaperSymbol
from zepix_core.broker.port import GatewayHello
from zepix_core.clock import Clock
from zepix_core.errors import BrokerOffline, OutcomeUnknown, StorageError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position
from zepix_core.rules.matching import StopFill
from zepix_core.rules.valuation import margin
from zepix_core.storage.executor import Executor

SERVER = "Zepix-Paper"
SAVE_PRICES_NS = 10_000_000_000


class PaperBroker(Listeners):
    """Implements `zepix_core.broker.port.Broker`.

    Nothing moves by itself: `advance` makes the next prices and lets stops, targets and the margin rule
    act on them. Every change is on disk before its reply or its event leaves. As at a real broker, the
    same request twice is two positions.

    Attributes:
        starts: How many times this account has been started, 0 before the first.
    """

    def __init__(
        self,
        executor: Executor,
        clock: Clock,
        settings: PaperSettings,
        symbols: Iterable[PaperSymbol],
        market: Market,
        stop_fill: StopFill = StopFill.QUOTE,
    ) -> None:
        super().__init__()
        self._executor = executor
        self._clock = clock
        self._settings = settings
        known = tuple(symbols)
        self._infos = {symbol.info.name: symbol.info for symbol in known}
        self._market = market
        self._charts = Charts(known, settings.seed if market.synthetic else None)
        self._stop_fill = stop_fill
        self._books: dict[Book, PaperBook] = {}
        self._prices_due_ns = 0
        self.starts = 0
        self._turn = asyncio.Lock()

    async def start(self) -> GatewayHello:
        """Read the book and begin with the prices.

        Raises:
            StorageError: ``paper.db`` cannot be read or written.
        """
        saved = await self._executor.run(self._load)
        charts = await self._executor.run(lambda c: load_charts(c, self._settings.prices))
        self.starts = await self._executor.run(store.count_start)
        self._books = dict(saved.books)
        now = self._clock.now_ns()
        self._market.start(now, saved.quotes, saved.position)
        self._charts.start(charts, filter(None, map(self._market.quote, self._infos)))
        self._prices_due_ns = now
        return GatewayHello(
            account=await self.account(),
            symbols=tuple(self._infos.values()),
            synthetic_prices=self._market.synthetic,
        )

    async def stop(self) -> None:
        async with self._turn:
            quotes, position = self._market.snapshot()
            source, pages = self._settings.prices, self._charts.unsaved()

            def write(connection: sqlite3.Connection) -> None:
                store.save_prices(connection, source, quotes, position)
                save_pages(connection, pages)

            try:
                await self._executor.run(write)
            finally:
                await self._executor.close()

    async def submit(self, request: OrderRequest) -> OrderReply:
        # A caller that stops waiting must not stop what has begun, or the book and the file would differ.
        return await asyncio.shield(asyncio.create_task(self._submit(request)))

    async def _submit(self, request: OrderRequest) -> OrderReply:
        async with self._turn:
            await self._reload()
            done = execute(self._book(request.book), request, self._facts())
            if done.change is not None:
                try:
                    await self._commit((done.change,))
                except StorageError as error:
                    raise OutcomeUnknown(
                        f"The paper broker could not write what it did: {error}", error.hint
                    ) from error
        if done.change is not None:
            self.tell_deals(done.change.deals)
        return done.reply

    async def account(self) -> AccountInfo:
        worth = weigh(self._book(Book.LIVE), self._infos, self._market.quote, self._settings.leverage)
        return AccountInfo(
            login=self._settings.login,
            server=SERVER,
            name="Paper account",
            currency=self._settings.currency,
            balance=float(worth.balance),
            equity=float(worth.equity),
            margin=float(worth.margin),
            margin_free=float(worth.free),
            margin_level=None if worth.level is None else round(float(worth.level), 2),
            profit=float(worth.profit),
            leverage=self._settings.leverage,
        )

    async def quote(self, symbol: str) -> Tick | None:
        return self._market.quote(symbol)

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        return self._charts.bars(symbol, timeframe_minutes, count, self._clock.now_ns())

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        open_ones = self._book(book).positions.values()
        return tuple(valued(position, self._infos, self._market.quote) for position in open_ones)

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        found: list[Deal] = []
        while True:
            page = await self._deals(found[-1].ticket if found else after_ticket, since_ns, book)
            found += page
            if len(page) < store.PAGE:
                return tuple(found)

    async def _deals(self, after_ticket: int, since_ns: int, book: Book) -> tuple[Deal, ...]:
        try:
            return await self._executor.read(lambda c: store.read_deals(c, book, after_ticket, since_ns))
        except StorageError as error:
            raise BrokerOffline(f"The paper book cannot be read: {error}", error.hint) from error

    async def margin(self, symbol: str, lots: float) -> float | None:
        info, quote = self._infos.get(symbol), self._market.quote(symbol)
        if info is None or quote is None:
            return None
        return float(margin(info, lots, quote.ask, self._settings.leverage))

    async def observe(self, symbol: str, price: float) -> None:
        await asyncio.shield(asyncio.create_task(self._observe(symbol, price)))

    async def _observe(self, symbol: str, price: float) -> None:
        async with self._turn:
            tick = self._market.observe(symbol, price, self._clock.now_ns())
            self._charts.take((tick,) if tick else ())
            try:
                deals = await self._act((tick,)) if tick else ()
            except StorageError as error:
                raise BrokerOffline(f"The paper book cannot be written: {error}", error.hint) from error
        if tick:
            self.tell_ticks((tick,))
            self.tell_deals(deals)

    async def advance(self) -> None:
        """Make the prices of this moment and let the broker act on them.

        Raises:
            StorageError: What the broker did could not be written; it did nothing.
        """
        await asyncio.shield(asyncio.create_task(self._advance()))

    async def _advance(self) -> None:
        async with self._turn:
            ticks = self._market.advance(self._clock.now_ns())
            self._charts.take(ticks)
            deals = await self._act(ticks)
        self.tell_ticks(ticks)
        self.tell_deals(deals)

    async def _act(self, ticks: tuple[Tick, ...]) -> tuple[Deal, ...]:
        await self._reload()
        facts = self._facts()
        changes: list[Change] = []
        for kind in Book:
            book = self._book(kind)
            for tick in ticks:
                book, made = triggered(book, tick, facts)
                changes += made
            if kind is Book.LIVE and ticks:
                book, made = stopped_out(book, facts, self._settings.stop_out_percent)
                changes += made
        if changes or facts.now_ns >= self._prices_due_ns:
            await self._commit(tuple(changes))
        return tuple(deal for change in changes for deal in change.deals)

    async def _commit(self, changes: tuple[Change, ...]) -> None:
        quotes, position = self._market.snapshot()
        source, now = self._settings.prices, self._clock.now_ns()
        pages = self._charts.unsaved() if self._charts.due(now) else ()

        def write(connection: sqlite3.Connection) -> None:
            store.save(connection, changes)
            store.save_prices(connection, source, quotes, position)
            save_pages(connection, pages)

        try:
            await self._executor.run(write)
        except StorageError:
            # Whether a failed commit reached the disk only the file can say.
            self._books = {}
            raise
        for change in changes:
            self._books[change.book] = self._book(change.book).apply(change)
        self._charts.saved(pages, now)
        self._prices_due_ns = now + SAVE_PRICES_NS

    async def _reload(self) -> None:
        if self._books:
            return
        try:
            self._books = dict((await self._executor.run(self._load)).books)
        except StorageError as error:
            raise BrokerOffline(f"The paper book cannot be read: {error}", error.hint) from error

    def _load(self, connection: sqlite3.Connection) -> store.Saved:
        store.create(connection)
        return store.load(connection, self._settings.balance, self._settings.prices)

    def _book(self, kind: Book) -> PaperBook:
        if kind not in self._books:
            raise BrokerOffline("The paper book is not loaded.", "Check free disk space and the data folder.")
        return self._books[kind]

    def _facts(self) -> Facts:
        return Facts(
            infos=self._infos,
            quotes=self._market.quote,
            now_ns=self._clock.now_ns(),
            leverage=self._settings.leverage,
            stop_fill=self._stop_fill,
        )
