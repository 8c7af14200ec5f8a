"""The paper broker: a hedging account with a book of its own, on made or recorded prices."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.paper import store
from zepix_core.broker.paper.bar_store import load_charts, save_pages
from zepix_core.broker.paper.book import Change, PaperBook, valued, weigh
from zepix_core.broker.paper.by_hand import by_hand, closing, opening, stops
from zepix_core.broker.paper.charts import Charts
from zepix_core.broker.paper.execution import Execution, Facts, execute, stopped_out, triggered
from zepix_core.broker.paper.market import Market
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.broker.paper.symbols import PaperSymbol
from zepix_core.broker.port import GatewayHello
from zepix_core.clock import Clock
from zepix_core.errors import BrokerOffline, OutcomeUnknown, StorageError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Side, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder
from zepix_core.model.storage import news_of
from zepix_core.rules.matching import StopFill
from zepix_core.rules.valuation import margin
from zepix_core.storage.executor import Executor

SERVER = "Zepix-Paper"
SAVE_PRICES_NS = 10_000_000_000
TRY_SECONDS = 5.0


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
        self._ill, self._next_try = False, 0.0
        executor.watch(self._heard)

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
            await self._write(done)
        if done.change is not None:
            self.tell_deals(done.change.deals)
        return done.reply

    async def _write(self, done: Execution) -> None:
        if done.change is None:
            return
        try:
            await self._commit((done.change,))
        except StorageError as error:
            raise OutcomeUnknown(
                f"The paper broker could not write what it did: {error}", error.hint
            ) from error

    async def by_hand_open(
        self, symbol: str, side: Side, lots: float, sl: float = 0.0, tp: float = 0.0, book: Book = Book.LIVE
    ) -> OrderReply:
        """Open a position as a person at the terminal does: no magic, no comment of ours."""
        return await self._by_hand(book, lambda _: opening(symbol, side, lots, sl, tp, book))

    async def by_hand_close(self, ticket: int, lots: float | None = None) -> OrderReply:
        """Close a position, or ``lots`` of it, as a person at the terminal does."""
        return await self._by_hand(_book_of(ticket), lambda book: closing(book, ticket, lots))

    async def by_hand_stops(self, ticket: int, sl: float, tp: float) -> OrderReply:
        """Write both stops of a position as a person at the terminal does; 0.0 takes one away."""
        return await self._by_hand(_book_of(ticket), lambda book: stops(book, ticket, sl, tp))

    async def _by_hand(self, kind: Book, ask: Callable[[PaperBook], OrderRequest]) -> OrderReply:
        return await asyncio.shield(asyncio.create_task(self._do_by_hand(kind, ask)))

    async def _do_by_hand(self, kind: Book, ask: Callable[[PaperBook], OrderRequest]) -> OrderReply:
        async with self._turn:
            await self._reload()
            book = self._book(kind)
            done = by_hand(execute(book, ask(book), self._facts()))
            await self._write(done)
        if done.change is not None:
            self.tell_deals(done.change.deals)
            self.tell_change()
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

    def held(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        """Open positions as they were last changed, at once; none while the book is being read again."""
        return tuple(self._books[book].positions.values()) if book in self._books else ()

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        self._book(book)
        return ()  # what it takes it executes at once

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
            self._tell_own(deals)

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
        self._tell_own(deals)

    def _tell_own(self, deals: tuple[Deal, ...]) -> None:
        """Tell of what no request made: stops, targets and the margin rule."""
        if deals:
            self.tell_deals(deals)
            self.tell_change()

    def _heard(self, fault: StorageError | None) -> None:
        self.tell_storage(news_of(self._executor.path.name, fault))
        self._ill, self._next_try = fault is not None, self._clock.monotonic() + TRY_SECONDS

    async def _act(self, ticks: tuple[Tick, ...]) -> tuple[Deal, ...]:
        if self._ill and self._clock.monotonic() < self._next_try:
            return ()
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
        if changes or self._ill or facts.now_ns >= self._prices_due_ns:
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
            self._next_try = self._clock.monotonic() + TRY_SECONDS
            with suppress(BrokerOffline):
                await self._reload()
            raise
        for change in changes:
            self._books[change.book] = self._book(change.book).apply(change)
        self._charts.saved(pages, now)
        self._prices_due_ns = now + SAVE_PRICES_NS

    async def _reload(self) -> None:
        if self._books:
            return
        try:
            saved = await self._executor.read(lambda c: store.read(c, self._settings.prices))
            self._books = dict(saved.books)
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


def _book_of(ticket: int) -> Book:
    return Book.SHADOW if ticket < 0 else Book.LIVE
