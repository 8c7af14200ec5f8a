"""The price an alert names moves the paper market only when a plugin acts on the alert."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.core.plugins.conftest import Site
from zepix_core.model.market import Tick
from zepix_core.testing.host import PaperHost

READER = """
from zepix_core import AlertClass, Decision, LogicPlugin, Verdict, hookimpl


class Reader(LogicPlugin):
    alerts = {"pulse": AlertClass.INFO, "peek": AlertClass.ENTRY, "glance": AlertClass.ENTRY}

    @hookimpl
    async def on_alert(self, alert, api):
        if alert.kind == "pulse":
            return Decision(verdict=Verdict.NOTHING, action="note")
        symbol = "EURUSD" if alert.kind == "peek" else "GBPUSD"
        quote = await api.get_current_price_data(symbol)
        return Decision(verdict=Verdict.REJECTED, action="reject", reason=f"bid_{quote.bid:g}")
"""
ENTRY = '{"id":"%s","symbol":"EURUSD","action":"buy","lots":0.01,"price":%s,"sl":%s,"tp":%s}'
GOOD = ENTRY % ("good", 1.0850, 1.0830, 1.0890)
REFUSED = ENTRY % ("refused", 1.9, 1.95, 2.0)
OTHER = '{"id":"%s","type":"%s","symbol":"OANDA:EURUSD","price":1.9}'


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[PaperHost]:
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    site.install("reader", {"reader": "reader:Reader"}, source=READER)
    async with PaperHost(
        tmp_path / "home", only=("zepix-bracket", "reader"), paths=(str(site.path),)
    ) as host:
        yield host


async def bid(host: PaperHost) -> float:
    tick = await host.host.broker.quote("EURUSD")
    assert isinstance(tick, Tick)
    return tick.bid


async def send(host: PaperHost, body: str) -> str | None:
    """The reason the alert ended with."""
    await host.post(body)
    await host.settled()
    return (await host.alerts())[-1].reason


async def test_a_refused_alert_leaves_positions_and_quotes_alone(host: PaperHost) -> None:
    await send(host, GOOD)
    before = await bid(host)
    assert await send(host, REFUSED) == "invalid_stops"
    assert await bid(host) == before
    assert len(await host.positions()) == 1


async def test_an_order_is_made_at_the_price_of_its_alert_however_far_away(host: PaperHost) -> None:
    assert await send(host, ENTRY % ("far", 1.9, 1.89, 1.92)) is None
    assert await bid(host) == pytest.approx(1.9)
    (position,) = await host.positions()
    assert position.price_open == pytest.approx(1.9, abs=0.001)


async def test_an_alert_that_is_only_noted_moves_the_quote(host: PaperHost) -> None:
    await send(host, OTHER % ("p", "pulse"))
    assert await bid(host) == pytest.approx(1.9)


async def test_a_plugin_that_asks_for_the_price_sees_that_of_its_alert(host: PaperHost) -> None:
    assert await send(host, OTHER % ("a", "peek")) == "bid_1.9"


async def test_a_plugin_that_asks_for_another_symbol_moves_neither(host: PaperHost) -> None:
    before = await bid(host)
    reason = await send(host, OTHER % ("a", "glance"))
    assert reason is not None
    assert reason != "bid_1.9"
    assert await bid(host) == before
