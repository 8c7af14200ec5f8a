"""ServiceAPIs on a real desk: names of earlier versions, and services that keep nothing of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.journal.conftest import House, alert, plugin

from zepix_core.api import ServiceAPI, create_service_api
from zepix_core.errors import BadArgument
from zepix_core.model.market import Side
from zepix_core.plugin import PluginConfig, RiskSettings
from zepix_core.services.calls import CALLS
from zepix_core.services.context import CallContext
from zepix_core.services.facts import PluginFacts
from zepix_core.services.worker_old import LotSize
from zepix_core.storage.executor import SameThread
from zepix_core.storage.plugin_database import open_plugin_database
from zepix_core.storage.pulse import PulseStore
from zepix_core.storage.trends import TrendStore
from zepix_core.wire.codec import through


class Door:
    """A plugin's way to the desk of a house; every value crosses the codec."""

    def __init__(self, house: House, facts: PluginFacts, number: int) -> None:
        self._house = house
        self._context = CallContext(plugin=facts, alert=alert(house.clock, number))
        self.in_alert = True
        self.alert_key = f"key-{number}"
        self.alert_received: datetime | None = None

    async def call(self, name: str, payload: Any) -> Any:
        kind, reply = CALLS[name]
        context = self._context if self.in_alert else attrs.evolve(self._context, alert=None)
        return through(await self._house.services.call(context, name, through(payload, kind)), reply)


class Capped(PluginConfig):
    def risk_settings(self) -> RiskSettings:
        return RiskSettings(max_lot_size=0.10)


Make = Callable[..., ServiceAPI]


@pytest.fixture
async def make(house: House, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes an API of a plugin; two of one plugin share its file, as a restart would."""
    files = {}
    for name in ("first", "second", "core"):
        db = open_plugin_database(tmp_path / f"zepix_{name}.db", name, executor=SameThread)
        trends, pulse = TrendStore(db), PulseStore(db)
        await trends.load()
        await pulse.load()
        files[name] = (db, trends, pulse)

    def make(name: str, number: int = 1, config: PluginConfig | None = None, **facts: Any) -> ServiceAPI:
        door = Door(house, plugin(id=name, **facts), number)
        settings = config or PluginConfig(plugin_id=name)
        return create_service_api(
            door, *files[name], plugin_id=name, clock=house.clock, config=lambda: settings
        )

    yield make
    for db, _, _ in files.values():
        await db.close()


ENTRY = ("EURUSD", "BUY", 0.05, 1.09500, 1.11000)


async def test_two_apis_interleave_and_share_nothing(make: Make) -> None:
    first, second = make("first", 1), make("second", 2, Capped(plugin_id="second"))
    mine, theirs = await asyncio.gather(first.place_order(*ENTRY), second.place_order(*ENTRY))
    assert mine.ok and theirs.ok and mine.ticket != theirs.ticket
    assert mine.ticket is not None and theirs.ticket is not None
    assert [o.ticket for o in await first.get_plugin_orders()] == [mine.ticket]
    assert [o.ticket for o in await second.get_plugin_orders()] == [theirs.ticket]
    assert (await first.close_position(theirs.ticket)).code == "NOT_OWNER"
    assert not (await second.modify(mine.ticket, new_sl=1.09)).ok
    asked = [api.calculate_lot_size_async("EURUSD", 1.0, 20.0, 10_000.0) for api in (first, second, first)]
    assert await asyncio.gather(*asked) == [0.5, 0.10, 0.5]
    assert await first.update_trend("EURUSD", "1h", "bull")
    assert first.get_mtf_trends("EURUSD")["1h"] == 1
    assert second.get_mtf_trends("EURUSD")["1h"] == 0
    await first.update_trend_pulse("EURUSD", "15", 5, 1)
    assert first.check_pulse_alignment("EURUSD", "BUY") and not second.check_pulse_alignment("EURUSD", "BUY")
    assert await first.get_atr("EURUSD") == await second.get_atr("EURUSD")
    assert (await first.close_positions()).closed_count == 1
    assert [o.ticket for o in await second.get_plugin_orders()] == [theirs.ticket]


async def test_an_author_can_ask_what_the_orders_of_an_alert_came_to(house: House, make: Make) -> None:
    api = make("first")
    assert await api.get_order_results() == ()
    house.broker.moods.append("lost_before")
    unsure = await api.place_order(*ENTRY)
    assert unsure.code == "UNRESOLVED"
    assert await make("first").get_order_results() == (unsure,)
    assert await make("second").get_order_results() == ()
    assert await make("first", 2).get_order_results() == ()
    await house.pass_time(6.0)
    (known,) = await api.get_order_results()
    assert (known.ok, known.code) == (False, "BROKER_OFFLINE")


async def test_results_of_a_pair_come_a_before_b_also_when_they_were_refused(
    make: Make, house: House
) -> None:
    api = make("first", capabilities=frozenset({"place_dual_orders_v6"}))
    house.broker.moods.append(10006)
    pair = await api.place_dual_orders_v6("EURUSD", "BUY", 0.10, 1.09500, 1.10500, 1.11000)
    a, b = await api.get_order_results()
    assert (a.leg, b.leg) == ("A", "B")
    assert (a.code, pair.a.code) == ("BROKER_REJECT", "BROKER_REJECT")
    assert not b.ok


async def test_another_api_of_the_same_plugin_goes_on_where_the_first_was(make: Make) -> None:
    before = make("first")
    placed = await before.place_order(*ENTRY)
    after = make("first")
    assert await after.place_order(*ENTRY) == placed  # the same alert, the same order
    assert placed.ticket is not None
    moved = await after.modify(placed.ticket, new_sl=1.09600)
    (order,) = await before.get_plugin_orders()
    assert moved.ok and order.sl == 1.09600
    assert (await after.close_position(placed.ticket)).success
    assert await before.get_plugin_orders() == ()


async def test_a_factory_makes_the_api_of_the_core(house: House, make: Make, tmp_path: Path) -> None:
    db = open_plugin_database(tmp_path / "zepix_c.db", "c", executor=SameThread)
    made = create_service_api(Door(house, PluginFacts(id="core"), 1), db, TrendStore(db), PulseStore(db))
    await make("first").place_order(*ENTRY)
    assert made.plugin_id == "core"
    assert len(await made.get_open_trades()) == 1
    assert await make("second", 2).get_open_trades() == ()
    await db.close()


async def test_calls_of_each_service_are_counted(make: Make) -> None:
    api = make("first")
    await api.get_atr("EURUSD")
    await api.market.get_current_spread("EURUSD")
    await api.get_price("EURUSD")
    with pytest.raises(BadArgument):
        await api.get_atr("EURUSD", 0)
    api.get_mtf_trends("EURUSD")
    health = api.check_health()
    assert health.healthy
    assert {name: (one.calls, one.errors) for name, one in health.services.items()} == {
        "orders": (0, 0),
        "market": (4, 1),
        "risk": (0, 0),
        "trend": (1, 0),
        "profit": (0, 0),
    }
    assert api.services.get("market") is api.market


async def test_old_names_of_money_and_price(make: Make, house: House) -> None:
    api = make("first")
    assert await api.get_price("EURUSD") == 1.1
    assert await api.get_price("NOSUCH") == 0.0
    assert (await api.get_balance(), await api.get_equity()) == (10_000.0, 10_000.0)
    house.broker.blind = True
    house.desk.line.risk.forget_account()
    assert (await api.get_balance(), await api.get_equity()) == (0.0, 0.0)
    assert await api.calculate_lot_size() == LotSize(lot_size=0.0, balance=0.0)


async def test_old_names_of_orders(make: Make) -> None:
    api = make("first")
    ticket = (await api.place_order(*ENTRY)).ticket
    assert ticket is not None
    assert await api.modify_order(ticket, sl=1.09600)
    (order,) = await api.get_open_trades()
    assert (order.ticket, order.type, order.sl, order.tp) == (ticket, Side.BUY, 1.09600, 1.11000)
    assert await api.close_trade(ticket)
    assert await api.get_open_trades() == ()
    assert not await api.close_trade(987_654)
    with pytest.raises(BadArgument):
        await api.modify_order(ticket)


async def test_old_names_pass_through_the_same_checks(make: Make) -> None:
    owner, other = make("first"), make("second", 2)
    ticket = (await owner.place_order(*ENTRY)).ticket
    assert ticket is not None
    assert not await other.close_trade(ticket)
    assert not await other.modify_order(ticket, sl=1.09600)
    door = owner.old._orders._calls
    assert isinstance(door, Door)
    door.in_alert = False
    with pytest.raises(BadArgument, match="key"):
        await owner.close_trade(ticket)
    assert await owner.close_trade(ticket, key="mine")


async def test_old_names_of_sizes(make: Make) -> None:
    api = make("first")
    assert await api.calculate_lot_size() == LotSize(lot_size=0.05, balance=10_000.0)
    assert await api.calculate_lot_size("EURUSD", 35.0) == LotSize(lot_size=0.28, balance=10_000.0)
    assert await api.calculate_lot_size(account_balance=25_000.0) == LotSize(lot_size=0.10, balance=25_000.0)
    with pytest.raises(BadArgument, match="symbol"):
        await api.calculate_lot_size(stop_loss_pips=35.0)


@pytest.mark.parametrize(
    ("price", "direction", "symbol", "stop"),
    [(1.1, "BUY", "EURUSD", 1.095), (1.1, "sell", "EURUSD", 1.105), (2030.5, "BUY", "XAUUSD", 2025.5)],
)
async def test_an_old_stop_is_fifty_pips_away(
    make: Make, price: float, direction: str, symbol: str, stop: float
) -> None:
    assert await make("first").calculate_sl_price(price, direction, 0.10, symbol) == stop


@pytest.mark.parametrize("arguments", [(0.0, "BUY", 0.1, "EURUSD"), (1.1, "UP", 0.1, "EURUSD"),
                                       (1.1, "BUY", 0.0, "EURUSD"), (1.1, "BUY", 0.1, "NOSUCH")])  # fmt: skip
async def test_an_old_stop_of_nothing_raises(make: Make, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(BadArgument):
        await make("first").calculate_sl_price(*arguments)


async def test_atr_stops_are_on_the_side_of_the_loss(make: Make) -> None:
    api = make("first")
    assert await api.calculate_atr_sl("XAUUSD", "BUY", 2030.50, 4.20) == 2024.20
    assert await api.calculate_atr_tp("XAUUSD", "BUY", 2030.50, 4.20) == 2038.90
    assert await api.calculate_atr_sl("XAUUSD", "SELL", 2030.50, 4.20) == 2036.80
    assert await api.calculate_atr_tp("XAUUSD", "SELL", 2030.50, 4.20) == 2022.10
