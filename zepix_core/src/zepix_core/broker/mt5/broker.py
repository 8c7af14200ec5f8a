"""The MetaTrader 5 adapter: a terminal behind the broker port."""

import logging
import random as chance
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from zepix_core.broker.listeners import Listeners
from zepix_core.broker.mt5.failures import LinkLost
from zepix_core.broker.mt5.module import Module, load_module
from zepix_core.broker.mt5.polling import News, Poller
from zepix_core.broker.mt5.reading import Reader
from zepix_core.broker.mt5.replies import with_fill
from zepix_core.broker.mt5.rows import account_of
from zepix_core.broker.mt5.session import Session
from zepix_core.broker.mt5.settings import AFTERLIFE_SECONDS, CONNECT_SECONDS, Mt5Settings
from zepix_core.broker.mt5.trading import Traded, Trader
from zepix_core.broker.mt5.worker import Worker
from zepix_core.broker.port import GatewayHello
from zepix_core.broker.symbol_settings import SymbolSettings
from zepix_core.clock import Clock
from zepix_core.errors import BrokerOffline, OutcomeUnknown, SettingsError, ZepixError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder
from zepix_core.rules.backoff import Backoff

log = logging.getLogger(__name__)
T = TypeVar("T")

POLL_SECONDS = 0.25
MEASURE_LOOKS = 20
FILL_LOOKS, FILL_PAUSE = 10, 0.1
PATIENCE_SECONDS = 60.0
REFUSED_SECONDS = 300.0
SHADOW = "MetaTrader 5 keeps no shadow book."


class Mt5Broker(Listeners):
    """Implements `zepix_core.broker.port.MovingBroker`: `advance` is one look at the terminal.

    The module is used by one thread. Login and server are verified at every connection, at every look and
    right before every request. While the terminal is away every call is refused at once.

    Args:
        memory: File that keeps what was learned of the server; ``None`` keeps nothing.
        live: A real account may be traded.
        hung: Called when a call into the module does not come back.
    """

    def __init__(
        self,
        settings: Mt5Settings,
        symbols: Mapping[str, SymbolSettings],
        clock: Clock,
        *,
        memory: Path | None = None,
        live: bool = False,
        load: Callable[[], Module] = load_module,
        random: Callable[[], float] = chance.random,
        hung: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._clock = clock
        self._session = Session(settings, symbols, clock, memory=memory, live=live, load=load)
        self._reader = Reader(self._session)
        self._trader = Trader(self._session)
        self._poller = Poller(self._session)
        self._worker = Worker(hung)
        self._backoff = Backoff(random)
        self._up = False
        self._up_since = self._lost_at = self._try_at = 0.0

    async def start(self) -> GatewayHello:
        """Connect, verify the account, choose the symbols, and measure the broker's clock.

        Raises:
            SettingsError: The package is missing, the login is refused, or a real account is not allowed.
            BrokerOffline: The terminal or its server is not there.
        """
        await self._open()
        self._set_up()
        symbols = await self._worker.run(self._session.choose_symbols)
        for _ in range(MEASURE_LOOKS):
            self._tell(await self._worker.run(self._poller.look))
            open_now = any(map(self._session.is_open, self._session.digits))
            if self._session.offsets.current is not None or not open_now:
                break
            await self._clock.sleep(POLL_SECONDS)
        account = await self.account()
        log.info("account %s on %s, %s, %s", account.login, account.server, account.trade_mode,
                 account.margin_mode)  # fmt: skip
        if self._session.offsets.current is None:
            log.warning("the broker's clock is not known until its market is open")
        return GatewayHello(account=account, symbols=symbols, afterlife_seconds=AFTERLIFE_SECONDS)

    async def stop(self) -> None:
        if self._worker.closed:
            return
        self._up = False
        try:
            await self._worker.run(self._session.close)
        except (BrokerOffline, OutcomeUnknown) as error:
            log.warning("the terminal was not let go: %s", error)
        self._worker.close()

    async def submit(self, request: OrderRequest) -> OrderReply:
        if request.book is not Book.LIVE:
            raise BrokerOffline(SHADOW, "The paper gateway beside it does.")
        traded = await self._ask(partial(self._trader.trade, request))
        self.tell_deals(traded.deals)
        for _ in range(FILL_LOOKS):
            if not traded.waits:
                break
            await self._clock.sleep(FILL_PAUSE)
            traded = await self._look_for_fill(traded)
        return with_fill(traded.reply, None) if traded.waits else traded.reply

    async def _look_for_fill(self, traded: Traded) -> Traded:
        """Look again; whatever happens now, the answer to the request is known already."""
        try:
            found = await self._ask(partial(self._trader.look, traded))
        except (BrokerOffline, OutcomeUnknown) as error:
            log.warning("the fill of order %s cannot be read now: %s", traded.reply.order, error)
            return traded
        self.tell_deals(found.deals)
        return found

    async def account(self) -> AccountInfo:
        return account_of(await self._read(self._session.verify))

    async def quote(self, symbol: str) -> Tick | None:
        return await self._read(partial(self._reader.quote, symbol))

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        return await self._read(partial(self._reader.bars, symbol, timeframe_minutes, count))

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        return await self._read(self._reader.positions) if book is Book.LIVE else ()

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        return await self._read(self._reader.orders) if book is Book.LIVE else ()

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        if book is not Book.LIVE:
            return ()
        return await self._read(partial(self._reader.deals, after_ticket, since_ns))

    async def margin(self, symbol: str, lots: float) -> float | None:
        return await self._read(partial(self._reader.margin, symbol, lots))

    async def observe(self, symbol: str, price: float) -> None:
        """The market makes its prices itself."""

    async def advance(self) -> None:
        """Look at the terminal, or while it is away try to reach it.

        Raises:
            BrokerOffline: It is away.
        """
        if not self._up:
            await self._reconnect()
            return
        try:
            self._tell(await self._read(self._poller.look))
        except SettingsError as error:
            self._lose(error)

    # The link.

    async def _open(self) -> None:
        for left in range(self._settings.retries, -1, -1):
            try:
                await self._worker.run(self._session.open, CONNECT_SECONDS)
                return
            except BrokerOffline as error:
                if not left:
                    raise
                log.warning("%s It is tried again in %g s.", error, self._settings.wait)
            await self._clock.sleep(self._settings.wait)

    async def _reconnect(self) -> None:
        now = self._clock.monotonic()
        if now < self._try_at:
            return
        # A terminal that runs finds its way back to the server by itself.
        anew = now - self._lost_at >= PATIENCE_SECONDS
        try:
            await self._worker.run(partial(self._back, anew), CONNECT_SECONDS)
        except BrokerOffline as error:
            self._try_at = self._clock.monotonic() + self._backoff.after(0.0)
            log.debug("still away: %s", error)
            return
        except SettingsError as error:
            self._try_at = self._clock.monotonic() + REFUSED_SECONDS
            log.error("%s It is tried again in %g s.", error, REFUSED_SECONDS)
            return
        except Exception:
            self._try_at = self._clock.monotonic() + self._backoff.after(0.0)
            log.exception("MetaTrader 5 could not be reached again")
            return
        self._set_up()
        log.info("the terminal is back")
        self.tell_link(True)

    def _back(self, anew: bool) -> None:
        session = self._session
        try:
            session.verify()
        except LinkLost as lost:
            if lost.waits and not anew:
                raise
            session.open()
        session.choose_symbols()

    def _set_up(self) -> None:
        self._up = True
        self._up_since = self._clock.monotonic()

    def _lose(self, error: Exception) -> None:
        if not self._up:
            return
        now = self._clock.monotonic()
        self._up = False
        self._lost_at = now
        self._try_at = now + self._backoff.after(now - self._up_since)
        log.error("%s", error)
        self.tell_link(False)

    async def _ask(self, job: Callable[[], T]) -> T:
        if not self._up:
            raise BrokerOffline("MetaTrader 5 is not connected.", "It is tried again and again.")
        try:
            return await self._worker.run(job)
        except LinkLost as error:
            self._lose(error)
            raise
        except SettingsError as error:
            self._lose(error)
            raise BrokerOffline(error.message, error.hint) from error
        except ZepixError:
            raise
        except Exception as error:
            log.exception("a call of MetaTrader 5 was not understood")
            raise OutcomeUnknown(
                f"An answer of MetaTrader 5 was not understood: {type(error).__name__}: {error}.",
                "Look for the order.",
            ) from error

    async def _read(self, job: Callable[[], T]) -> T:
        try:
            return await self._ask(job)
        except OutcomeUnknown as error:
            raise BrokerOffline(error.message, error.hint) from error

    def _tell(self, news: News) -> None:
        self.tell_ticks(news.ticks)
        self.tell_deals(news.deals)
        if news.changed:
            self.tell_change()
