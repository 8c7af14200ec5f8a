"""The broker port: what the host asks of an account, whichever adapter serves it."""

from collections.abc import Callable
from typing import Protocol

import attrs

from zepix_core.errors import OutcomeUnknown
from zepix_core.model.account import AccountInfo
from zepix_core.model.market import Bar, SymbolInfo, Tick
from zepix_core.model.order import Book, Deal, OrderReply, OrderRequest, Position, WorkingOrder
from zepix_core.model.storage import StorageNews


@attrs.frozen(kw_only=True)
class GatewayHello:
    """What a gateway says first.

    Attributes:
        afterlife_seconds: A request may still be executed that long after the gateway's process has ended:
            the terminal behind it carries its call to the end. 0.0: nothing outlives the gateway.
    """

    account: AccountInfo
    symbols: tuple[SymbolInfo, ...]
    synthetic_prices: bool = False
    pid: int = 0
    afterlife_seconds: float = 0.0


class GatewayEnded(OutcomeUnknown):
    """The gateway ended in the middle of the request: see `GatewayHello.afterlife_seconds`."""


class Broker(Protocol):
    """One account. It owes its caller:

    * `submit` either returns the broker's reply, or raises `OutcomeUnknown` when it cannot know whether
      the request was executed; it never sends twice.
    * A read returns the whole truth or raises `BrokerOffline`; an empty answer means that there is none.
    * Every deal is handed to `on_deals` listeners after it is durable at the broker; `deals` repeats
      them, so that a lost message changes nothing. Deal tickets are unique and grow per book.
    * `on_change` listeners hear of every change of positions and orders that no `submit` made, after it is
      durable; a change missed while the link is down is covered by `on_link`.
    * Ticks handed to `on_ticks` carry both sides; per symbol their time never steps back.
    """

    async def start(self) -> GatewayHello:
        """Connect and verify the account."""

    async def stop(self) -> None:
        """Let go of the account; positions stay."""

    async def submit(self, request: OrderRequest) -> OrderReply:
        """Execute one request.

        Raises:
            OutcomeUnknown: It may or may not have been executed; `GatewayEnded`: or later.
            BrokerOffline: It certainly was not sent.
        """

    async def account(self) -> AccountInfo:
        """The account as it stands."""

    async def quote(self, symbol: str) -> Tick | None:
        """The newest tick, ``None`` when the symbol has no price."""

    async def bars(self, symbol: str, timeframe_minutes: int, count: int) -> tuple[Bar, ...]:
        """The newest ``count`` bars of that width that are over, oldest first; fewer when fewer exist.

        Bids, at the broker's own digits; bars without a quote are left out. An unknown symbol has none.

        Args:
            timeframe_minutes: One of `zepix_core.rules.timeframes.MINUTES`; bars begin at its multiples
                since midnight UTC.
        """

    async def positions(self, book: Book = Book.LIVE) -> tuple[Position, ...]:
        """All open positions of that book, foreign ones included."""

    async def orders(self, book: Book = Book.LIVE) -> tuple[WorkingOrder, ...]:
        """Orders accepted and not executed yet, foreign ones included."""

    async def deals(
        self, after_ticket: int = 0, since_ns: int = 0, book: Book = Book.LIVE
    ) -> tuple[Deal, ...]:
        """Deals with a ticket beyond ``after_ticket`` (by size, shadow tickets are negative) and not
        older than ``since_ns``, oldest first."""

    async def margin(self, symbol: str, lots: float) -> float | None:
        """Money an order would bind, ``None`` when the broker cannot say."""

    async def observe(self, symbol: str, price: float) -> None:
        """An alert named a price. Synthetic prices continue from it; other brokers ignore it."""

    def on_deals(self, listener: Callable[[tuple[Deal, ...]], None]) -> None:
        """Call ``listener`` with new deals, in the caller's loop."""

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when something else than `submit` changed the broker's books: a person, a
        stop, an expiry. It says that, not what: read the books."""

    def on_ticks(self, listener: Callable[[tuple[Tick, ...]], None]) -> None:
        """Call ``listener`` with batches of ticks, in the caller's loop."""

    def on_storage(self, listener: Callable[[StorageNews], None]) -> None:
        """Call ``listener`` when a file that the adapter keeps itself cannot be written, and when it can be
        again. Adapters without files of their own never do."""

    def on_link(self, listener: Callable[[bool], None]) -> None:
        """Call ``listener`` when the broker is lost (False) and when it is back (True)."""


class MovingBroker(Broker, Protocol):
    """A broker whose prices somebody has to move: the paper broker."""

    async def advance(self) -> None:
        """Make the prices of this moment and let stops, targets and the margin rule act on them."""
