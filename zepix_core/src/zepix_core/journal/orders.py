"""The order desk: what plugins and people ask about orders of one account, one request at a time."""

import asyncio
import sqlite3
from collections.abc import Coroutine
from typing import Any, TypeVar

from zepix_core.broker.port import Broker, GatewayHello
from zepix_core.clock import Clock
from zepix_core.config.risk import TradingSettings
from zepix_core.journal.closing import Closing
from zepix_core.journal.control import LEVELS, Control
from zepix_core.journal.deals import DealSettler
from zepix_core.journal.flattening import Flattening
from zepix_core.journal.later import Later
from zepix_core.journal.ledger import OpenEntry, closed_parts, open_entries
from zepix_core.journal.line import OrderLine
from zepix_core.journal.modifying import Modifying
from zepix_core.journal.placing import Placing
from zepix_core.journal.quotes import Quotes
from zepix_core.journal.risk import RiskBook
from zepix_core.journal.sending import Sending
from zepix_core.journal.unknown import LookUp, unresolved
from zepix_core.journal.updates import Updates
from zepix_core.model.account import AccountInfo
from zepix_core.model.order import (
    Action,
    ClosedPart,
    CloseResult,
    Intent,
    IntentState,
    OrderResult,
    PluginOrder,
)
from zepix_core.plugin import RiskSettings
from zepix_core.rules.valuation import profit
from zepix_core.services.calls import CloseRequest, ModifyRequest, PlaceReply, PlaceRequest
from zepix_core.services.context import CallContext
from zepix_core.services.facts import PluginFacts
from zepix_core.services.gates import CORE
from zepix_core.storage.executor import Executor

T = TypeVar("T")


def account_key(account: AccountInfo) -> str:
    """How the journal names an account."""
    return f"{account.login}@{account.server}"


def core_context(call_key: str) -> CallContext:
    """The host itself or its operator as the caller; it may do everything."""
    return CallContext(plugin=PluginFacts(id=CORE, risk=RiskSettings()), call_key=call_key)


class OrderDesk:
    """Places, changes, closes and lists orders; what it starts it finishes, even if the caller is gone.

    Attributes:
        settings: The settings in force; assign a new value at a change.
        any_tick_age: Quotes of any age count as fresh (paper broker).
    """

    def __init__(
        self, executor: Executor, broker: Broker, clock: Clock, settings: TradingSettings, account: str
    ) -> None:
        self.line = OrderLine(executor, broker, clock, settings, account)
        settler = DealSettler(
            clock=clock, account=account, symbols=self.line.quotes.symbol,
            day_start=self.line.risk.day_start, host_id=settings.host_id,
        )  # fmt: skip
        self.updates = Updates(executor, broker, clock, settler)
        self.lookup = LookUp(self.line, self.updates)
        self._placing = Placing(self.line, self.updates, self.lookup)
        sending = Sending(self.line, self.updates, self.lookup)
        self._closing = Closing(sending)
        self._modifying = Modifying(sending)
        self.later = Later(self.line, {Action.CLOSE: self.resolved, Action.MODIFY: self._change_again})
        sending.on_settled = self.later.add
        self.flattening = Flattening(self.line, self._close_now)
        self._running: set[asyncio.Task[Any]] = set()
        self.lookup.on_resolved(self.resolved)
        self.updates.listen(lambda _: self.line.risk.forget_account())
        broker.on_link(self._linked)

    @property
    def settings(self) -> TradingSettings:
        return self.line.settings

    @settings.setter
    def settings(self, settings: TradingSettings) -> None:
        self.line.settings = settings

    @property
    def control(self) -> Control:
        """Pause and panic."""
        return self.line.control

    @property
    def risk(self) -> RiskBook:
        """Money facts and limits."""
        return self.line.risk

    @property
    def quotes(self) -> Quotes:
        """Prices and symbols."""
        return self.line.quotes

    def take_hello(self, hello: GatewayHello, any_tick_age: bool) -> None:
        """Learn the symbols and the kind of prices from a gateway that has started."""
        self.line.quotes.configure(hello.symbols)
        self.line.synthetic_prices = hello.synthetic_prices
        self.line.hedging = hello.account.hedging
        self.line.any_tick_age = any_tick_age
        self.line.afterlife_seconds = hello.afterlife_seconds

    async def place(self, ctx: CallContext, request: PlaceRequest) -> PlaceReply:
        """See `Placing.place`."""
        return await self._whole(self._placing.place(ctx, request))

    async def check(self, ctx: CallContext, request: PlaceRequest) -> PlaceReply:
        """See `Placing.check`."""
        return await self._placing.check(ctx, request)

    async def results(self, ctx: CallContext, key: str | None) -> tuple[OrderResult, ...]:
        """See `Placing.results`."""
        return await self._placing.results(ctx, key)

    def hurry(self, plugin: str | None = None) -> None:
        """See `Placing.hurry`."""
        self._placing.hurry(plugin)

    async def modify(self, ctx: CallContext, request: ModifyRequest) -> OrderResult:
        """See `Modifying.modify`."""
        return await self._whole(self._modifying.modify(ctx, request))

    async def restore(self, entry: Intent, key: str) -> OrderResult:
        """See `Modifying.restore`."""
        return await self._whole(self._modifying.restore(entry, key))

    async def close(self, ctx: CallContext, request: CloseRequest) -> CloseResult:
        """See `Closing.close`."""
        return await self._whole(self._closing.close(ctx, request))

    async def list(self, ctx: CallContext, symbol: str | None = None) -> tuple[PluginOrder, ...]:
        """Open positions of the caller, oldest first; ``core`` sees those of every plugin."""
        account = self.line.account

        def read(connection: sqlite3.Connection) -> tuple[list[OpenEntry], dict[int, tuple[ClosedPart, ...]]]:
            shown = [
                entry
                for entry in open_entries(connection, account)
                if entry.held
                and ctx.plugin.id in (CORE, entry.intent.plugin)
                and symbol in (None, entry.intent.symbol)
            ]
            tickets = [entry.intent.position_id for entry in shown]
            return shown, closed_parts(connection, account, tickets) if tickets else {}

        entries, parts = await self.line.executor.read(read)
        return tuple(self._order(entry, parts.get(entry.intent.position_id, ())) for entry in entries)

    async def pause(self, by: str, reason: str = "") -> None:
        """Let no entry through; what waits for its rate is refused."""
        await self.control.pause(by, reason)
        self.hurry()

    async def panic(self, level: str, by: str, reason: str = "") -> tuple[CloseResult, ...]:
        """Stop entries; for ``flatten`` and ``lock`` close every position of ours and say how it went.

        What could not be closed is tried again until nothing is left, after a restart too.

        Raises:
            UsageError: There is no such level.
        """
        await self.control.panic(level, by, reason)
        self.hurry()
        return () if level == LEVELS[0] else await self._whole(self.flattening.begin(by))

    async def resolved(self, intent: Intent) -> None:
        """An outcome became certain late: go on with what waited for it."""
        if intent.action.value == "close":
            await self._whole(self._closing.again(intent))
            return
        waiting = await self.line.executor.read(lambda c: self._waiting(c, intent))
        for second in waiting:
            await self.finish_pair(second)

    async def finish_pair(self, second: Intent) -> None:
        """Send or deny a planned second leg, by what became of the first."""
        shadow = second.book.value == "shadow"
        ctx = CallContext(plugin=PluginFacts(id=second.plugin, shadow=shadow), call_key=second.alert_key)
        await self._whole(self._placing.finish_pair(second, ctx))

    async def go_on(self) -> None:
        """Take up what was left open: a look-up that failed, a second leg, a stop that is not written yet.

        Raises:
            StorageError: The journal cannot be read or written.
        """
        await self.control.keep()
        self.flattening.go_on()
        async with self.line.lock:  # nothing is being sent: what stands as `sending` has no answer to come
            left = await self.line.executor.read(lambda c: unresolved(c, self.line.account))
        for intent in left:
            if intent.state is IntentState.PLANNED:
                await self.finish_pair(intent)
            else:
                self.lookup.schedule(intent.intent_id)

    async def stop(self) -> None:
        """Open nothing more, finish what is being sent, stop looking; the rest is for the next start."""
        self.line.ending.set()
        self.control.hold("the host's end")
        await self.flattening.stop()
        await self.later.stop()
        if self._running:
            await asyncio.wait(self._running)
        await self.lookup.stop()
        await self.updates.stop()
        await self.control.keep()

    async def _change_again(self, intent: Intent) -> None:
        await self._whole(self._modifying.again(intent))

    async def _close_now(self, key: str, ticket: int) -> CloseResult:
        return await self.close(core_context(key), CloseRequest(ticket=ticket, reason="Emergency"))

    def _waiting(self, connection: Any, intent: Intent) -> tuple[Intent, ...]:
        return tuple(
            entry.intent
            for entry in open_entries(connection, self.line.account)
            if entry.intent.state is IntentState.PLANNED and entry.intent.group == intent.group
        )

    def _order(self, entry: OpenEntry, parts: tuple[ClosedPart, ...]) -> PluginOrder:
        intent = entry.intent
        info, tick = self.quotes.symbol(intent.symbol), self.quotes.newest(intent.symbol)
        money = 0.0
        if info is not None and tick is not None:
            price = tick.closing(intent.side)
            money = float(profit(info, intent.side, entry.remaining, intent.fill_price, price))
        return PluginOrder(
            ticket=intent.position_id, symbol=intent.symbol, type=intent.side, volume=entry.remaining,
            price_open=intent.fill_price, sl=intent.sl, tp=intent.tp, profit=money, comment=intent.comment,
            intent_id=intent.intent_id, leg=intent.leg, label=intent.label, book=intent.book,
            alert_key=intent.alert_key, parts=parts,
        )  # fmt: skip

    def _linked(self, up: bool) -> None:
        """Back is only who has been compared (`Reconciler.sweep`)."""
        self.line.risk.forget_account()
        if not up:
            self.line.link = False
            self.line.losses += 1

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end whatever becomes of the caller: half an order is worse than a late answer."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)
