"""The host's side of a gateway: one child process, its deadline, its restarts."""

import asyncio
import logging
import random as chance
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zepix_core.broker import gateway_calls as calls
from zepix_core.broker.gateway_calls import DealsQuery, GatewayInit, MarginQuery, Observation
from zepix_core.broker.listeners import Listeners
from zepix_core.broker.port import GatewayEnded, GatewayHello
from zepix_core.clock import Clock
from zepix_core.errors import BrokerOffline, OutcomeUnknown, SettingsError, StorageError, ZepixError
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder
from zepix_core.model.storage import StorageNews
from zepix_core.rules.backoff import Backoff
from zepix_core.wire.channel import ChannelClosed, Handler
from zepix_core.wire.process import Child, StartChild, spawn

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 10.0
CLOSE_SECONDS = 5.0
REFUSED_SECONDS = 300.0


class GatewayClient(Listeners):
    """Implements the port over a gateway process.

    A gateway that misses its deadline is ended and started again, with growing pauses; meanwhile every
    call is refused at once with `BrokerOffline`. Nothing that trades is ever sent twice. `on_link(True)`
    comes after the new gateway has said hello; which deals happened in between, `deals` tells.

    Args:
        lock: Lock file of the account; whoever holds it is ended before a gateway is started.
        deadline: Seconds a request may take.
        start_child: Another way to start the gateway's process (the simulator's).
    """

    def __init__(
        self,
        init: GatewayInit,
        lock: Path,
        clock: Clock,
        *,
        deadline: float = DEADLINE_SECONDS,
        random: Callable[[], float] = chance.random,
        log_name: str = "gateway",
        start_child: StartChild = spawn,
    ) -> None:
        super().__init__()
        self._init = init
        self._lock = lock
        self._clock = clock
        self._deadline = deadline
        self._log_name = log_name
        self._start_child = start_child
        self._backoff = Backoff(random)
        self._child: Child | None = None
        self._hello: GatewayHello | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._up = False

    @property
    def pid(self) -> int | None:
        """Process id of the gateway, ``None`` while there is none."""
        return self._child.pid if self._child is not None else None

    async def start(self) -> GatewayHello:
        """Start the gateway and open its account.

        Raises:
            SettingsError, StorageError: The account cannot be opened as configured.
            BrokerOffline: The gateway did not start.
        """
        try:
            child, hello = await self._spawn()
        except (SettingsError, StorageError):
            raise
        except (ZepixError, TimeoutError, OSError) as error:
            raise BrokerOffline(f"The gateway did not start: {error}.", "Its log lines tell why.") from error
        self._hello = hello
        self._up = True
        self._child = child
        self._keeper = asyncio.create_task(self._keep(child), name="gateway keeper")
        return hello

    async def stop(self) -> None:
        keeper, self._keeper = self._keeper, None
        child, self._child = self._child, None
        self._up = False
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        if child is None:
            return
        try:
            await self._let_go(child)
        except asyncio.CancelledError:
            child.kill()
            raise

    async def _let_go(self, child: Child) -> None:
        try:
            await child.channel.request(calls.CLOSE, None, timeout=CLOSE_SECONDS)
        except (ZepixError, TimeoutError) as error:
            log.warning("the gateway did not close its book itself: %s", error)
        await child.stop(CLOSE_SECONDS)

    async def submit(self, request: OrderRequest) -> OrderReply:
        child = self._need()
        try:
            reply: OrderReply = await child.channel.request(calls.SUBMIT, request, OrderReply, self._deadline)
        except (BrokerOffline, OutcomeUnknown):
            raise
        except TimeoutError as error:
            self._end(child)
            raise GatewayEnded(
                f"The gateway did not answer {request.intent_id} within {self._deadline:g} s.",
                "It was ended; look for the order once it is back.",
            ) from error
        except ChannelClosed as error:
            if not error.sent:
                raise BrokerOffline(f"The gateway is gone: {error}") from error
            raise GatewayEnded(f"The gateway ended while {request.intent_id} was on its way.") from error
        except ZepixError as error:
            raise OutcomeUnknown(f"The gateway failed on {request.intent_id}: {error}", error.hint) from error
        return reply

    async def account(self) -> AccountInfo:
        answer: AccountInfo = await self._read(calls.ACCOUNT, None, AccountInfo)
        return answer

    async def quote(self, symbol: str) -> Tick | None:
        answer: Tick | None = await self._read(calls.QUOTE, symbol, Tick | None)
        return answer

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        query = calls.BarsQuery(symbol=symbol, minutes=timeframe_minutes, count=count)
        answer: tuple[Bar, ...] = await self._read(calls.BARS, query, tuple[Bar, ...])
        return answer

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        answer: tuple[Position, ...] = await self._read(calls.POSITIONS, book, tuple[Position, ...])
        return answer

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        answer: tuple[WorkingOrder, ...] = await self._read(calls.ORDERS, book, tuple[WorkingOrder, ...])
        return answer

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        found: list[Deal] = []
        while True:
            query = DealsQuery(
                after_ticket=found[-1].ticket if found else after_ticket, since_ns=since_ns, book=book
            )
            page: tuple[Deal, ...] = await self._read(calls.DEALS, query, tuple[Deal, ...])
            found += page
            if len(page) < calls.PAGE:
                return tuple(found)

    async def margin(self, symbol: str, lots: float) -> float | None:
        query = MarginQuery(symbol=symbol, lots=lots)
        answer: float | None = await self._read(calls.MARGIN, query, float | None)
        return answer

    async def observe(self, symbol: str, price: float) -> None:
        await self._read(calls.OBSERVE, Observation(symbol=symbol, price=price), None)

    def feed(self, ticks: tuple[Tick, ...]) -> None:
        """Hand quotes to a gateway that follows them; one that is away misses them."""
        if self._child is not None and not self._child.channel.closed.is_set():
            self._child.channel.notify(calls.FEED, ticks)

    async def _read(self, name: str, payload: Any, kind: Any) -> Any:
        child = self._need()
        try:
            return await child.channel.request(name, payload, kind, self._deadline)
        except BrokerOffline:
            raise
        except TimeoutError as error:
            self._end(child)
            raise BrokerOffline(f"The gateway did not answer {name} within {self._deadline:g} s.") from error
        except ZepixError as error:
            raise BrokerOffline(f"The gateway could not answer {name}: {error}", error.hint) from error

    def _need(self) -> Child:
        if self._child is None or self._child.channel.closed.is_set():
            raise BrokerOffline("The gateway is not running.", "It is being started again.")
        return self._child

    def _end(self, child: Child) -> None:
        """End a gateway that missed its deadline; the keeper sees it go and starts the next."""
        child.kill()
        if child is self._child:
            self._say(False)

    async def _keep(self, child: Child) -> None:
        """Start the gateway again whenever it has ended."""
        began = self._clock.monotonic()
        while True:
            await child.wait()
            self._child = None
            self._say(False)
            log.warning("the gateway ended with code %s", child.returncode)
            child = await self._restart(self._clock.monotonic() - began)
            began = self._clock.monotonic()
            self._child = child
            self._say(True)

    async def _restart(self, lived_seconds: float) -> Child:
        while True:
            await self._clock.sleep(self._backoff.after(lived_seconds))
            lived_seconds = 0.0
            try:
                child, hello = await self._spawn()
            except SettingsError as error:
                # A broker locks an account after too many logins that it refused.
                pause = REFUSED_SECONDS if self._init.kind == calls.MT5 else 0.0
                log.error("the gateway was refused, %g s until the next try: %s", pause, error)
                await self._clock.sleep(pause)
                continue
            except Exception as error:  # whatever it was: without a gateway nothing is ever closed
                log.warning("the gateway could not be started again: %s", error)
                continue
            if self._same_account(hello):
                return child
            log.error("the gateway came back on account %s; refused", hello.account.login)
            child.kill()
            await child.wait()

    def _same_account(self, hello: GatewayHello) -> bool:
        first = self._hello
        return first is None or (first.account.login, first.account.server) == (
            hello.account.login,
            hello.account.server,
        )

    async def _spawn(self) -> tuple[Child, GatewayHello]:
        handlers = {
            calls.TICKS: Handler(tuple[Tick, ...], self.tell_ticks),
            calls.NEW_DEALS: Handler(tuple[Deal, ...], self.tell_deals),
            calls.LINK: Handler(bool, self._say),
            calls.CHANGED: Handler(None, lambda _: self.tell_change()),
            calls.STORAGE: Handler(StorageNews, self.tell_storage),
        }
        child = await self._start_child(
            calls.MODULE, lock=self._lock, log_name=self._log_name, handlers=handlers
        )
        try:
            hello = await child.channel.request(
                calls.OPEN, self._init, GatewayHello, self._init.start_seconds
            )
        except BaseException:
            child.kill()
            await asyncio.shield(child.wait())
            raise
        return child, hello

    def _say(self, up: bool) -> None:
        if up is not self._up:
            self._up = up
            self.tell_link(up)
