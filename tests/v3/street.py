"""A broker and its host in a few lines: one symbol, a price that is set, orders that end at their levels.

It answers the plugin's calls over the real codec, gives each keyed request one outcome, and queues what the
plugin is to hear. A call can be made to die, before it acts or after, as a process does.
"""

from collections import deque
from pathlib import Path
from typing import Any

import attrs

from zepix_core import (
    CloseResult,
    OrderResult,
    PluginOrder,
    Quote,
    RiskState,
    Side,
    TradeUpdate,
    UpdateKind,
    Wake,
)
from zepix_core.clock import moment, nanoseconds
from zepix_core.errors import StorageError
from zepix_core.services.calls import CALLS, PlaceReply, PlaceRequest
from zepix_core.storage.trends import TrendStore
from zepix_core.testing.clock import VirtualClock
from zepix_core.wire.codec import through

from .rows import START
from .stand import EURUSD, Bench, Stand, empty_database

POINT = 100_000
SPREAD = 10
"""Points of EURUSD."""


class Death(Exception):
    """The plugin's process ended in the middle of a call."""


@attrs.define(kw_only=True)
class Held:
    """One position, prices in points."""

    ticket: int
    key: str
    label: str
    leg: str
    side: Side
    lots: float
    entry: int
    sl: int
    tp: int
    intent: str
    open: bool = True
    reason: str = ""
    profit: float = 0.0


class Street(Stand):
    """See the module.

    Attributes:
        bid: The price, in points.
        queue: What the plugin has not heard yet.
        told: What it has.
        die_at: The call that dies, counted down; ``die_after``: after it acted.
        refuse: Outcome code of every order outside an alert.
        refuse_modify, refuse_close: Outcome codes of the next changes and closes, which then do nothing.
        refuse_wait: How many of the next waits cannot be written down.
        unsure: The outcome of orders outside an alert is not known, and no update tells it.
    """

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.in_alert = False
        self.clock = clock
        self.bid = 116_490
        self.held: dict[int, Held] = {}
        self.queue: deque[TradeUpdate | Wake] = deque()
        self.told: list[TradeUpdate | Wake] = []
        self.die_at = 0
        self.die_after = False
        self.refuse = ""
        self.refuse_modify: list[str] = []
        self.refuse_close: list[str] = []
        self.refuse_wait = 0
        self.unsure = False
        self.balance = 10_000.0
        self.levels: dict[str, tuple[bool, str, int, str]] = {}
        self.alarms: dict[str, tuple[int, str]] = {}
        self._handles: dict[str, str] = {}
        self._done: dict[str, Any] = {}
        self._sequence = 0

    @property
    def ask(self) -> int:
        return self.bid + SPREAD

    async def call(self, name: str, payload: Any) -> Any:
        dying = self.die_at == 1
        self.die_at = max(0, self.die_at - 1)
        if dying and not self.die_after:
            raise Death(name)
        kind, reply = CALLS[name]
        crossed = through(payload, kind)
        self.asked.append((name, crossed))
        result = through(self._respond(name, crossed), reply)
        if dying:
            raise Death(name)
        return result

    def _respond(self, name: str, payload: Any) -> Any:
        if name == "orders.place":
            return PlaceReply(results=tuple(self._place(payload)))
        if name == "orders.check":
            return PlaceReply(results=tuple(OrderResult(ok=True, leg=leg.name) for leg in payload.legs))
        if name == "orders.modify":
            return self._modify(payload)
        if name == "orders.close":
            return self._close_once(payload)
        if name == "orders.list":
            return tuple(_shown(one) for one in self.held.values() if one.open)
        if name == "market.quote":
            return Quote(
                symbol="EURUSD", bid=self.bid / POINT, ask=self.ask / POINT, spread_pips=1.0,
                time_ns=self.clock.now_ns(),
            )  # fmt: skip
        if name == "market.symbol":
            return EURUSD
        if name == "risk.state":
            return RiskState(
                balance=self.balance, equity=self.balance, margin_free=self.balance, daily_loss=0.0,
                lifetime_loss=0.0, plugin_daily_loss=0.0, tier=None,
            )  # fmt: skip
        if name == "market.when":
            level = (payload.above, payload.quote, round(payload.price * POINT), payload.key)
            return self._wait(payload.key, self.levels, level)
        if name == "clock.at":
            return self._wait(payload.key, self.alarms, (payload.due_ns, payload.key))
        if name in ("market.cancel", "clock.cancel"):
            gone = self.levels.pop(payload.handle, None) or self.alarms.pop(payload.handle, None)
            return gone is not None
        return {}

    def _wait(self, key: str, book: dict[str, Any], entry: Any) -> str:
        if self.refuse_wait:
            self.refuse_wait -= 1
            raise StorageError("the journal cannot be written")
        if key not in self._handles:
            self._handles[key] = f"w{len(self._handles) + 1}"
            book[self._handles[key]] = entry
        return self._handles[key]

    def _place(self, request: PlaceRequest) -> list[OrderResult]:
        results = []
        for leg in request.legs:
            key = f"{request.key or self.alert_key}/{leg.name}"
            if key not in self._done:
                self._done[key] = self._open_one(key, request, leg)
            results.append(self._done[key])
        return results

    def _open_one(self, key: str, request: PlaceRequest, leg: Any) -> OrderResult:
        if self.refuse and request.key:
            return OrderResult(ok=False, code=self.refuse, leg=leg.name)
        if self.unsure and request.key:
            return OrderResult(ok=False, code="UNRESOLVED", leg=leg.name)
        self._ticket += 1
        one = Held(
            ticket=self._ticket, key=key, label=leg.label, leg=leg.name, side=request.side, lots=leg.lots,
            entry=self.ask if request.side is Side.BUY else self.bid, sl=round(leg.sl * POINT),
            tp=round(leg.tp * POINT), intent=f"i{self._ticket}",
        )  # fmt: skip
        self.held[one.ticket] = one
        self._tell(one, UpdateKind.OPENED)
        return OrderResult(
            ok=True, ticket=one.ticket, volume=one.lots, price=one.entry / POINT, sl=leg.sl, tp=leg.tp,
            leg=leg.name,
        )  # fmt: skip

    def _modify(self, request: Any) -> OrderResult:
        if self.refuse_modify:
            return OrderResult(ok=False, ticket=request.ticket, code=self.refuse_modify.pop(0))
        one = self.held.get(request.ticket)
        if one is None or not one.open:
            return OrderResult(ok=False, ticket=request.ticket, code="NO_SUCH_POSITION")
        one.sl = one.sl if request.sl is None else round(request.sl * POINT)
        one.tp = one.tp if request.tp is None else round(request.tp * POINT)
        self._tell(one, UpdateKind.MODIFIED)
        return OrderResult(ok=True, ticket=one.ticket)

    def _close_once(self, request: Any) -> CloseResult:
        if self.refuse_close:
            code = self.refuse_close.pop(0)
            return CloseResult(success=False, order_id=request.ticket, code=code)
        one = self.held[request.ticket]
        if one.open and request.percentage >= 100:
            self._end(one, self.bid if one.side is Side.BUY else self.ask, request.reason)
        return CloseResult(success=True, order_id=request.ticket, closed_volume=one.lots)

    def _end(self, one: Held, price: int, reason: str) -> None:
        one.open, one.reason = False, reason
        one.profit = round(one.side.sign * (price - one.entry) * one.lots, 2)
        self._tell(one, UpdateKind.CLOSED, price=price)

    def _tell(self, one: Held, kind: UpdateKind, price: int = 0) -> None:
        self._sequence += 1
        ended = kind is UpdateKind.CLOSED
        self.queue.append(
            TradeUpdate(
                sequence=self._sequence,
                kind=kind,
                plugin="combined_v3",
                intent_id=one.intent,
                alert_key="" if one.key.count(":") else one.key.rpartition("/")[0],
                alert_id=None,
                ticket=one.ticket,
                symbol="EURUSD",
                side=one.side,
                leg=one.leg,
                label=one.label,
                volume=0.0 if ended else one.lots,
                price=(price or one.entry) / POINT,
                time_ns=self.clock.now_ns(),
                closed_volume=one.lots if ended else 0.0,
                price_open=one.entry / POINT,
                sl=one.sl / POINT,
                tp=one.tp / POINT,
                profit=one.profit,
                profit_pips=round(one.profit / one.lots / 10, 2) if ended else 0.0,
                reason=one.reason,
                deal=self._sequence,
            )
        )

    def tick(self, bid: int) -> None:
        """Set the price: stops and targets that it reaches end their orders, levels wake the plugin."""
        self.bid = bid
        for one in list(self.held.values()):
            quote = bid if one.side is Side.BUY else self.ask
            if one.open and one.side.sign * (quote - one.sl) <= 0:
                self._end(one, one.sl, "SL")
            elif one.open and one.tp and one.side.sign * (quote - one.tp) >= 0:
                self._end(one, one.tp, "TP2" if one.leg == "A" else "TP1")
        for handle, (above, side, level, key) in list(self.levels.items()):
            quote = bid if side == "bid" else self.ask
            if quote >= level if above else quote <= level:
                del self.levels[handle]
                self.queue.append(
                    Wake(
                        key=key,
                        at=moment(self.clock.now_ns()),
                        symbol="EURUSD",
                        price=quote / POINT,
                        handle=handle,
                    )
                )

    def pass_time(self, seconds: float) -> None:
        """Let time pass; alarms that are due wake the plugin."""
        self.clock.advance(seconds)
        for handle, (due, key) in list(self.alarms.items()):
            if due <= self.clock.now_ns():
                del self.alarms[handle]
                self.queue.append(Wake(key=key, at=moment(due), handle=handle))

    def leave(self, reason: str) -> None:
        """Somebody closes everything."""
        for one in list(self.held.values()):
            if one.open:
                self._end(one, self.bid if one.side is Side.BUY else self.ask, reason)

    def chain_orders(self, level: int) -> list[Held]:
        """Orders of a level that were ever placed."""
        return [one for one in self.held.values() if one.label.startswith(f"Chain_{level}_")]


def _shown(one: Held) -> PluginOrder:
    return PluginOrder(
        ticket=one.ticket, symbol="EURUSD", type=one.side, volume=one.lots, price_open=one.entry / POINT,
        sl=one.sl / POINT, tp=one.tp / POINT, profit=0.0, comment="", intent_id=one.intent, leg=one.leg,
        label=one.label,
    )  # fmt: skip


class Desk:
    """The plugin on the street; build it with `desk`."""

    def __init__(self, street: Street, bench: Bench) -> None:
        self.street, self.bench = street, bench

    async def hear(self) -> None:
        """Deliver all that is queued, at least once: what died is delivered again after a restart."""
        queue = self.street.queue
        while queue:
            try:
                await self._tell(queue[0])
            except Death:
                await self.bench.restart()
                continue
            self.street.told.append(queue.popleft())

    async def repeat(self, back: int) -> None:
        """Deliver something that was delivered before once more."""
        if self.street.told:
            self.street.queue.appendleft(self.street.told[-1 - back % len(self.street.told)])
            await self.hear()

    @property
    def waits(self) -> int:
        """How many prices and times were ever asked for."""
        return sum(name in ("market.when", "clock.at") for name, _ in self.street.asked)

    async def pass_time(self, seconds: float) -> None:
        """Time passes, and the plugin hears of what is due."""
        self.street.pass_time(seconds)
        await self.hear()

    async def _tell(self, told: TradeUpdate | Wake) -> None:
        if isinstance(told, Wake):
            await self.bench.plugin.on_wake(told, self.bench.api)
        else:
            await self.bench.plugin.on_trade_update(told, self.bench.api)

    async def enter(self, message: dict[str, Any]) -> None:
        """An alert comes in and its orders are filled."""
        self.street.in_alert = True
        await self.bench.send(message)
        self.street.in_alert, self.street.alert_key = False, ""
        await self.hear()

    async def go(self, bid: int) -> None:
        """The price moves, and the plugin hears of all that follows."""
        self.street.tick(bid)
        await self.hear()

    async def trends(self, value: str) -> None:
        """All four pillars are set."""
        for name in ("15m", "1h", "4h", "1d"):
            await self.bench.api.trend.update_trend("EURUSD", name, value)

    async def chain(self) -> tuple[str, str | None, int]:
        """State, reason and level of the only chain."""
        (row,) = await self.bench.rows("SELECT state, reason, level FROM v3_profit_chains")
        return row["state"], row["reason"], row["level"]


async def desk(folder: Path) -> Desk:
    """A started plugin on an empty database."""
    clock = VirtualClock(nanoseconds(START))
    database = empty_database(folder, clock)
    trends = TrendStore(database)
    await trends.load()
    street = Street(clock)
    bench = Bench(street, clock, database, trends)
    await bench.plugin.on_start(bench.api)
    return Desk(street, bench)
