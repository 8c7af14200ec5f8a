"""Answers the calls of the ServiceAPI that need the host: orders, risk, market, wakes, notices, reports."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from zepix_core.clock import NS, moment
from zepix_core.errors import BadArgument, BrokerOffline
from zepix_core.journal import outbox
from zepix_core.journal.levels import Level
from zepix_core.journal.orders import OrderDesk
from zepix_core.journal.reports import Reports
from zepix_core.journal.wake_rows import Wish
from zepix_core.journal.wakes import Wakes
from zepix_core.model.market import Bar, Quote, SymbolInfo, TradingHours
from zepix_core.model.notice import Notice, Priority
from zepix_core.model.order import CloseResult, OrderResult, PluginOrder
from zepix_core.rules.hours import trading_hours
from zepix_core.rules.pips import spread_pips
from zepix_core.services.calls import (
    CALLS,
    AlarmRequest,
    BarsRequest,
    CloseRequest,
    Empty,
    HandleRequest,
    KeyRequest,
    LevelRequest,
    LimitRequest,
    LimitState,
    ModifyRequest,
    PlaceReply,
    PlaceRequest,
    ReportRequest,
    RiskCheck,
    RiskCheckRequest,
    RiskRequest,
    RiskState,
    RiskVerdict,
    SymbolRequest,
)
from zepix_core.services.context import CallContext

Answer = Callable[[CallContext, Any], Awaitable[Any]]


class ServiceDesk:
    """One method a call; `call` finds it by the name in `CALLS`."""

    def __init__(self, desk: OrderDesk, wakes: Wakes, reports: Reports) -> None:
        self._desk = desk
        self._wakes = wakes
        self._reports = reports
        self._line = desk.line
        self._answers: dict[str, Answer] = {
            "orders.place": self._place,
            "orders.check": self._check,
            "orders.modify": self._modify,
            "orders.close": self._close,
            "orders.list": self._list,
            "orders.results": self._results,
            "risk.state": self._state,
            "risk.limit": self._limit,
            "risk.validate": self._validate,
            "risk.check": self._check_limits,
            "market.quote": self._quote,
            "market.symbol": self._symbol,
            "market.hours": self._hours,
            "market.bars": self._bars,
            "market.when": self._when,
            "market.cancel": self._cancel,
            "clock.at": self._at,
            "clock.cancel": self._cancel,
            "notice.send": self._notice,
            "status.report": self._report,
        }

    async def call(self, ctx: CallContext, name: str, payload: Any) -> Any:
        """Answer one call of a plugin.

        Raises:
            BadArgument: There is no such call, the payload is not its request, or the request is a mistake.
        """
        answer = self._answers.get(name)
        if answer is None:
            raise BadArgument(f"There is no call {name!r}.", "The plugin was built for another zepix-core.")
        if not isinstance(payload, CALLS[name][0]):
            raise BadArgument(f"{name} takes a {CALLS[name][0].__name__}, not a {type(payload).__name__}.")
        return await answer(ctx, payload)

    async def _place(self, ctx: CallContext, request: PlaceRequest) -> PlaceReply:
        return await self._desk.place(ctx, request)

    async def _check(self, ctx: CallContext, request: PlaceRequest) -> PlaceReply:
        return await self._desk.check(ctx, request)

    async def _modify(self, ctx: CallContext, request: ModifyRequest) -> OrderResult:
        return await self._desk.modify(ctx, request)

    async def _close(self, ctx: CallContext, request: CloseRequest) -> CloseResult:
        return await self._desk.close(ctx, request)

    async def _list(self, ctx: CallContext, request: SymbolRequest) -> tuple[PluginOrder, ...]:
        return await self._desk.list(ctx, request.symbol)

    async def _results(self, ctx: CallContext, request: KeyRequest) -> PlaceReply:
        return PlaceReply(results=await self._desk.results(ctx, request.key))

    async def _state(self, ctx: CallContext, _: Empty) -> RiskState:
        return await self._desk.risk.state(ctx.plugin)

    async def _limit(self, ctx: CallContext, request: LimitRequest) -> LimitState:
        return await self._desk.risk.limit(ctx.plugin, request.which)

    async def _validate(self, ctx: CallContext, request: RiskRequest) -> RiskVerdict:
        return await self._desk.risk.validate(ctx.plugin, request)

    async def _check_limits(self, ctx: CallContext, request: RiskCheckRequest) -> RiskCheck:
        return await self._desk.risk.check(ctx.plugin, request)

    async def _quote(self, _: CallContext, request: SymbolRequest) -> Quote | None:
        """The newest quote; ``None`` for an unknown symbol, no price, or one that is too old."""
        info = self._known(request)
        if info is None:
            return None
        try:
            tick = await self._desk.quotes.ask(info.name)
        except BrokerOffline:
            tick = self._desk.quotes.newest(info.name)
        age = self._line.settings.market_data.max_tick_age_seconds
        limited = age > 0 and not self._line.any_tick_age
        if tick is None or (limited and self._line.clock.now_ns() - tick.time_ns > age * NS):
            return None
        spread = spread_pips(tick.bid, tick.ask, info.pip_size)
        return Quote(symbol=info.name, bid=tick.bid, ask=tick.ask, spread_pips=spread, time_ns=tick.time_ns)

    async def _symbol(self, _: CallContext, request: SymbolRequest) -> SymbolInfo | None:
        return self._known(request)

    async def _hours(self, _: CallContext, request: SymbolRequest) -> TradingHours | None:
        info = self._known(request)
        if info is None:
            return None
        return trading_hours(info.name, moment(self._line.clock.now_ns()), info.always_open)

    async def _when(self, ctx: CallContext, request: LevelRequest) -> str:
        if self._known(SymbolRequest(symbol=request.symbol)) is None:
            raise BadArgument(
                f"{request.symbol} is not configured, so it has no ticks to wait for.",
                "Use a name of symbol_config.",
            )
        level = Level(symbol=request.symbol, quote=request.quote, above=request.above, price=request.price)
        return await self._ask(ctx, Wish(plugin=ctx.plugin.id, key=request.key, level=level))

    async def _at(self, ctx: CallContext, request: AlarmRequest) -> str:
        return await self._ask(ctx, Wish(plugin=ctx.plugin.id, key=request.key, due_ns=request.due_ns))

    async def _ask(self, ctx: CallContext, wish: Wish) -> str:
        return await self._wakes.ask(attrs.evolve(wish, alert_id=ctx.alert_id))

    async def _cancel(self, ctx: CallContext, request: HandleRequest) -> bool:
        return await self._wakes.cancel(ctx.plugin.id, request.handle)

    async def _bars(self, _: CallContext, request: BarsRequest) -> tuple[Bar, ...]:
        """Closed bars; none for an unknown symbol, or while the broker is away."""
        if self._desk.quotes.symbol(request.symbol) is None:
            return ()
        try:
            return await self._line.bars.ask(request.symbol, request.minutes, request.count)
        except BrokerOffline:
            return ()

    async def _notice(self, ctx: CallContext, notice: Notice) -> Empty:
        """A plugin's notice; only the core sends CRITICAL."""
        told = attrs.evolve(
            notice,
            plugin=ctx.plugin.id,
            priority=Priority(min(notice.priority, Priority.HIGH)),
            alert_id=notice.alert_id if notice.alert_id is not None else ctx.alert_id,
        )

        def write(connection: sqlite3.Connection) -> None:
            outbox.put(connection, self._line.clock, told)

        await self._line.executor.run(write)
        return Empty()

    async def _report(self, ctx: CallContext, request: ReportRequest) -> Empty:
        await self._reports.take(ctx.plugin.id, request)
        return Empty()

    def _known(self, request: SymbolRequest) -> SymbolInfo | None:
        if request.symbol is None:
            raise BadArgument("This call is about one symbol; name it.")
        return self._desk.quotes.symbol(request.symbol)
