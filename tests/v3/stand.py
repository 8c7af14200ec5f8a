"""A small host for the plugin: answers its calls over the real codec and keeps a book of its own."""

import json
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from zepix_core import (
    Alert,
    Book,
    CloseResult,
    Decision,
    OrderResult,
    PluginOrder,
    RiskState,
    ServiceAPI,
    SymbolInfo,
)
from zepix_core.clock import moment, nanoseconds
from zepix_core.services.calls import CALLS, CloseRequest, PlaceReply, PlaceRequest
from zepix_core.services.host_view import HostView, view_of
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import PluginDatabase, migrate_plugin_file
from zepix_core.storage.pulse import PulseStore
from zepix_core.storage.trends import TrendStore
from zepix_core.testing.clock import VirtualClock
from zepix_core.wire.codec import through
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v3.plugin import CombinedV3

from .rows import START

EURUSD = SymbolInfo(
    name="EURUSD", digits=5, point=0.00001, pip_size=0.0001, pip_value=10.0, contract_size=100_000.0
)


class Stand:
    """Answers as a host would.

    Attributes:
        gate: Outcome code the gates answer with, ``""`` when they let everything pass.
        broker: Outcome code by leg that the broker answers with.
        stuck: Tickets that cannot be closed, with the code.
        shadow: Entries go to the shadow book.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.in_alert = True
        self.alert_key = ""
        self.alert_received: datetime | None = None
        self.balance: float | None = 10_000.0
        self.info: SymbolInfo | None = EURUSD
        self.orders: list[PluginOrder] = []
        self.gate = ""
        self.broker: dict[str, str] = {}
        self.stuck: dict[int, str] = {}
        self.shadow = False
        self._ticket = 100
        self._placed: dict[str, list[OrderResult]] = {}

    def names(self) -> list[str]:
        """Names of the calls that trade, in order."""
        return [name for name, _ in self.asked if name in ("orders.check", "orders.place", "orders.close")]

    def notices(self) -> list[Any]:
        """What people were told."""
        return [payload for name, payload in self.asked if name == "notice.send"]

    async def call(self, name: str, payload: Any) -> Any:
        kind, reply = CALLS[name]
        crossed = through(payload, kind)
        self.asked.append((name, crossed))
        return through(self._answer(name, crossed), reply)

    def _answer(self, name: str, payload: Any) -> Any:
        if name == "orders.place" and self.alert_key in self._placed:
            return PlaceReply(results=tuple(self._placed[self.alert_key]))
        if name in ("orders.check", "orders.place"):
            results = self._orders(name, payload)
            if name == "orders.place" and (results[0].ok or results[0].code == "UNRESOLVED"):
                self._placed[self.alert_key] = results
            return PlaceReply(results=tuple(results))
        if name == "orders.close":
            return self._close(payload)
        if name == "orders.results":
            return PlaceReply(results=tuple(self._placed.get(self.alert_key, ())))
        if name == "orders.list":
            return tuple(order for order in self.orders if order.symbol == payload.symbol)
        if name == "risk.state":
            return RiskState(
                balance=self.balance,
                equity=self.balance,
                margin_free=self.balance,
                daily_loss=0.0,
                lifetime_loss=0.0,
                plugin_daily_loss=0.0,
                tier=None,
            )
        if name == "market.symbol":
            return self.info
        if name in ("market.when", "clock.at"):
            return payload.key
        return {}

    def _orders(self, name: str, request: PlaceRequest) -> list[OrderResult]:
        results: list[OrderResult] = []
        for leg in request.legs:
            code = self.gate or (self.broker.get(leg.name, "") if name == "orders.place" else "")
            if results and results[0].code not in ("", "SHADOW"):
                code = results[0].code
            if code:
                results.append(OrderResult(ok=False, code=code, leg=leg.name))
                continue
            ticket = (
                self.open(request.symbol, request.side, leg.lots or 0.0) if name == "orders.place" else None
            )
            results.append(
                OrderResult(
                    ok=True,
                    ticket=ticket,
                    code="SHADOW" if self.shadow else "",
                    volume=leg.lots or 0.0,
                    price=request.price,
                    sl=leg.sl,
                    tp=leg.tp,
                    leg=leg.name,
                )
            )
        return results

    def open(self, symbol: str, side: Any, lots: float) -> int:
        """Put a position in the book."""
        self._ticket += 1
        ticket = -self._ticket if self.shadow else self._ticket
        self.orders.append(
            PluginOrder(
                ticket=ticket,
                symbol=symbol,
                type=side,
                volume=lots,
                price_open=1.0,
                sl=0.9,
                tp=1.1,
                profit=0.0,
                comment="",
                intent_id=f"i{ticket}",
                leg="A",
                label="",
                book=Book.SHADOW if self.shadow else Book.LIVE,
            )
        )
        return ticket

    def _close(self, request: CloseRequest) -> CloseResult:
        if request.ticket in self.stuck:
            return CloseResult(success=False, order_id=request.ticket, code=self.stuck[request.ticket])
        self.orders = [order for order in self.orders if order.ticket != request.ticket]
        return CloseResult(success=True, order_id=request.ticket, closed_volume=0.02)


class Bench:
    """A plugin with its API, its database and the stand; build it with `bench`."""

    def __init__(
        self, stand: Stand, clock: VirtualClock, database: PluginDatabase, trends: TrendStore
    ) -> None:
        self.stand, self.clock, self.database, self.trends = stand, clock, database, trends
        self.config = V3Config()
        self.host: dict[str, Any] = {}
        self._view: tuple[dict[str, Any], HostView] = ({}, view_of({}))
        self.api = ServiceAPI(
            "combined_v3", stand, clock, lambda: self.config, self._host_view, database, trends,
            PulseStore(database),
        )  # fmt: skip
        self.plugin = CombinedV3()
        self._alerts = 0

    def _host_view(self) -> HostView:
        if self._view[0] != self.host:
            self._view = (dict(self.host), view_of(self.host))
        return self._view[1]

    async def send(self, message: dict[str, Any] | str, key: str | None = None) -> Decision | None:
        """Deliver a message that arrives now."""
        self._alerts += 1
        return await self.deliver(self.alert(message, key or f"key-{self._alerts}"))

    async def deliver(self, alert: Alert) -> Decision | None:
        """Deliver an alert; the decision comes back over the codec."""
        self.stand.alert_key = alert.key
        decision = await self.plugin.on_alert(alert, self.api)
        return through(decision, Decision | None)  # type: ignore[no-any-return]

    def alert(self, message: dict[str, Any] | str, key: str) -> Alert:
        """A message as the inbox hands it over."""
        body = message if isinstance(message, str) else json.dumps(message, default=_number)
        kind = message["type"] if isinstance(message, dict) else "json"
        return Alert(id=self._alerts, key=key, kind=kind, body=body, received_at=self.now())

    def now(self) -> datetime:
        """The present moment."""
        return moment(self.clock.now_ns())

    async def restart(self) -> None:
        """The plugin ends and starts again on the same database."""
        self.plugin = CombinedV3()
        await self.plugin.on_start(self.api)

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the plugin's database."""

        def work(connection: Any) -> list[dict[str, Any]]:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

        return await self.database.read(work)

    def settings(self, section: str, **values: Any) -> None:
        """Change settings of one section."""
        settings = self.config.settings
        part = attrs.evolve(getattr(settings, section), **values)
        self.config = attrs.evolve(self.config, settings=attrs.evolve(settings, **{section: part}))


def empty_database(folder: Path, clock: VirtualClock) -> PluginDatabase:
    """The plugin's database, migrated and empty: a copy of a file that is made once."""
    path = folder / "v3.db"
    path.write_bytes(_migrated())
    return PluginDatabase(SameThread(path, Durability.NORMAL), "combined_v3", clock)


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "v3.db"
        migrate_plugin_file(path, "zepix_plugins_v3.migrations", VirtualClock(nanoseconds(START)))
        return path.read_bytes()


async def bench(folder: Path) -> Bench:
    """A started plugin on an empty database."""
    clock = VirtualClock(nanoseconds(START))
    database = empty_database(folder, clock)
    trends = TrendStore(database)
    await trends.load()
    made = Bench(Stand(), clock, database, trends)
    await made.plugin.on_start(made.api)
    return made


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is no JSON value")
