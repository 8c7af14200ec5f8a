"""The adapter in a gateway's process, its terminal in another: hung calls, kills, and what outlives both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import attrs
import psutil
import pytest
from tests.core.broker.mt5.asking import closing, opening
from tests.core.broker.mt5.conftest import ACCOUNT

from zepix_core.broker.client import GatewayClient
from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.broker.kinds import open_broker
from zepix_core.broker.port import GatewayEnded
from zepix_core.clock import SystemClock
from zepix_core.errors import BrokerOffline, SettingsError
from zepix_core.testing.fake_mt5 import FakeMT5
from zepix_core.testing.fake_mt5.remote import FakeTerminal

Make = Callable[..., GatewayClient]


@pytest.fixture
def terminal() -> Iterator[FakeTerminal]:
    """A terminal in this process; gateways come and go."""
    with FakeTerminal(FakeMT5(clock=SystemClock(), server_offset=7200)) as served:
        yield served


@pytest.fixture
async def gateway(terminal: FakeTerminal, tmp_path: Path) -> AsyncIterator[Make]:
    made: list[GatewayClient] = []

    def make(*, deadline: float = 10.0, **changes: object) -> GatewayClient:
        init = GatewayInit(
            kind="mt5",
            data=str(tmp_path),
            mt5=attrs.evolve(ACCOUNT, **changes),  # type: ignore[arg-type]
        )
        client = GatewayClient(
            init, tmp_path / "gateway.lock", SystemClock(), deadline=deadline, random=lambda: 0.0,
            start_child=terminal.start_child,
        )  # fmt: skip
        made.append(client)
        return client

    yield make
    terminal.fake.release()
    for client in made:
        await client.stop()


async def back(client: GatewayClient, gone: int | None) -> None:
    """Wait until another gateway serves the account."""
    async with asyncio.timeout(30):
        while client.pid in (None, gone):  # noqa: ASYNC110 - the client tells of links, not of processes
            await asyncio.sleep(0.02)


async def test_a_call_that_hangs_ends_the_gateway_and_may_still_be_executed(
    gateway: Make, terminal: FakeTerminal
) -> None:
    client, fake = gateway(deadline=1.0), terminal.fake
    hello = await client.start()
    assert hello.afterlife_seconds == 30.0
    hung = client.pid
    fake.hang()
    with pytest.raises(GatewayEnded):
        await client.submit(opening())
    await back(client, hung)
    assert hung is not None and not psutil.pid_exists(hung)
    assert await client.positions() == ()
    fake.release()
    async with asyncio.timeout(10):
        while not (found := await client.positions()):  # noqa: ASYNC110 - a terminal tells nothing by itself
            await asyncio.sleep(0.02)
    assert [position.comment for position in found] == [opening().comment], "ended is not the same as undone"


async def test_a_read_that_hangs_ends_the_gateway_and_the_next_one_goes_on(
    gateway: Make, terminal: FakeTerminal
) -> None:
    client = gateway(deadline=1.0)
    await client.start()
    opened = await client.submit(opening())
    hung = client.pid
    terminal.fake.hang(function="positions_get")
    with pytest.raises(BrokerOffline):
        await client.positions()
    with pytest.raises(BrokerOffline):
        await client.account()
    await back(client, hung)
    assert [position.ticket for position in await client.positions()] == [opened.position]
    assert (await client.submit(closing(opened))).retcode == 10009


async def test_a_refused_login_is_told_to_the_host(gateway: Make) -> None:
    with pytest.raises(SettingsError, match="refused the login") as caught:
        await gateway(password="wrong").start()
    assert "mt5_server" in caught.value.hint


@pytest.mark.parametrize(
    ("init", "words"),
    [
        (GatewayInit(kind="mt5", data="", mt5=ACCOUNT, faults="requote:1"), "the broker is mt5"),
        (GatewayInit(kind="paper", data="", live=True, faults="requote:1"), "live is true"),
        (GatewayInit(kind="mt5", data=""), "no broker"),
    ],
)
def test_what_is_asked_for_and_cannot_be_is_refused(init: GatewayInit, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        open_broker(init, SystemClock())
