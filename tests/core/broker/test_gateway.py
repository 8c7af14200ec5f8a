"""The gateway as a real process: killed, frozen, silent."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import attrs
import psutil
import pytest

from zepix_core.broker.client import GatewayClient
from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.broker.paper.settings import PaperSettings
from zepix_core.clock import SystemClock
from zepix_core.errors import BrokerOffline, OutcomeUnknown, SettingsError
from zepix_core.model.market import Side, Tick
from zepix_core.model.order import Action, Book, OrderRequest

QUIET = PaperSettings(market_always_open=True, tick_interval_seconds=60.0)
Make = Callable[..., GatewayClient]


def entry(**changes: object) -> OrderRequest:
    request = OrderRequest(
        intent_id="7f3a4c2e5k", action=Action.OPEN, symbol="EURUSD", side=Side.BUY, lots=0.1, sl=1.0
    )
    return attrs.evolve(request, **changes)  # type: ignore[arg-type]


def at_once() -> float:
    """No pause before a restart."""
    return 0.0


def never() -> float:
    """So long a pause that nothing is started again."""
    return 7200.0


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[GatewayClient] = []

    def make(
        faults: str = "",
        settings: PaperSettings = QUIET,
        deadline: float = 10.0,
        random: Callable[[], float] = at_once,
    ) -> GatewayClient:
        init = GatewayInit(data=str(tmp_path / "data"), paper=settings, faults=faults)
        lock = tmp_path / "gateway.lock"
        made.append(GatewayClient(init, lock, SystemClock(), deadline=deadline, random=random))
        return made[-1]

    yield make
    for client in made:
        await client.stop()


class Links:
    """Waits for the link to fall or return."""

    def __init__(self, client: GatewayClient) -> None:
        self.seen: list[bool] = []
        self._news = asyncio.Event()
        client.on_link(self._note)

    def _note(self, up: bool) -> None:
        self.seen.append(up)
        self._news.set()

    async def until(self, *expected: bool) -> None:
        async with asyncio.timeout(30):
            while self.seen[: len(expected)] != list(expected):
                self._news.clear()
                await self._news.wait()


def ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_it_runs_in_a_process_of_its_own(gateway: Make) -> None:
    client = gateway()
    hello = await client.start()
    assert hello.pid == client.pid != os.getpid()
    assert hello.synthetic_prices and len(hello.symbols) == 11


async def test_ticks_arrive_by_themselves(gateway: Make) -> None:
    client = gateway(settings=attrs.evolve(QUIET, tick_interval_seconds=0.05))
    arrived: asyncio.Queue[tuple[Tick, ...]] = asyncio.Queue()
    client.on_ticks(arrived.put_nowait)
    await client.start()
    async with asyncio.timeout(10):
        first, second = await arrived.get(), await arrived.get()
    assert len(first) == len(second) == 11
    assert all(a.time_ns <= b.time_ns for a, b in zip(first, second, strict=True))


async def test_what_was_executed_survives_kill_9(gateway: Make) -> None:
    client = gateway()
    await client.start()
    links = Links(client)
    kept = await client.submit(entry())
    closed = await client.submit(entry())
    await client.submit(entry(action=Action.CLOSE, position=closed.position))
    await client.submit(entry(book=Book.SHADOW))
    before = [await client.positions(book) for book in Book]
    deals, account = await client.deals(), await client.account()
    assert client.pid is not None
    psutil.Process(client.pid).kill()
    await links.until(False, True)
    assert [await client.positions(book) for book in Book] == before
    assert (await client.deals(), await client.account()) == (deals, account)
    again = await client.submit(entry())
    assert again.position > kept.position and again.deal > max(deal.ticket for deal in deals)


async def test_while_it_is_away_every_call_is_refused_at_once(gateway: Make) -> None:
    client = gateway()
    await client.start()
    links = Links(client)
    assert client.pid is not None
    psutil.Process(client.pid).kill()
    await links.until(False)
    for ask in (client.submit(entry()), client.positions(), client.quote("EURUSD")):
        with pytest.raises(BrokerOffline):
            await ask
    await links.until(False, True)
    assert await client.positions() == ()


async def test_a_kill_in_the_middle_leaves_one_position_or_none(gateway: Make) -> None:
    client = gateway()
    await client.start()
    for round_number in range(4):
        links = Links(client)
        before = {p.ticket for p in await client.positions()}
        asking = [asyncio.create_task(client.submit(entry())) for _ in range(6)]
        await asyncio.sleep(0.002 * round_number)
        assert client.pid is not None
        psutil.Process(client.pid).kill()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        await links.until(False, True)
        after = {p.ticket for p in await client.positions()} - before
        answered = {a.position for a in answers if not isinstance(a, BaseException)}
        assert answered <= after and len(after) <= len(asking)
        lost = [a for a in answers if isinstance(a, BaseException)]
        assert all(isinstance(error, OutcomeUnknown | BrokerOffline) for error in lost)


@pytest.mark.parametrize(("fault", "executed"), [("timeout_after_execute", 1), ("timeout_before_execute", 0)])
async def test_silence_past_the_deadline_is_unknown_and_ends_the_gateway(
    gateway: Make, fault: str, executed: int
) -> None:
    client = gateway(faults=f"{fault}:1", deadline=1.5)
    await client.start()
    links = Links(client)
    first = client.pid
    with pytest.raises(OutcomeUnknown):
        await client.submit(entry())
    await links.until(False, True)
    assert first is not None and ended(first) and client.pid != first
    assert len(await client.positions()) == executed


async def test_no_result_is_unknown_but_the_gateway_lives_on(gateway: Make) -> None:
    client = gateway(faults="none_after_send:1")
    await client.start()
    before = client.pid
    with pytest.raises(OutcomeUnknown):
        await client.submit(entry())
    assert len(await client.positions()) == 1
    assert client.pid == before


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP on Windows")
async def test_a_frozen_gateway_is_offline_to_readers_and_is_replaced(gateway: Make) -> None:
    client = gateway(deadline=1.5)
    await client.start()
    links = Links(client)
    frozen = client.pid
    assert frozen is not None
    os.kill(frozen, signal.SIGSTOP)
    with pytest.raises(BrokerOffline):
        await client.positions()
    await links.until(False, True)
    assert ended(frozen)
    assert await client.positions() == ()


async def test_a_lost_broker_link_is_told_and_refused(gateway: Make) -> None:
    client = gateway(faults="disconnect:2")
    await client.start()
    links = Links(client)
    await links.until(False)
    with pytest.raises(BrokerOffline):
        await client.submit(entry())
    await links.until(False, True)
    assert await client.positions() == ()


async def test_a_second_client_ends_the_first_gateway_before_it_looks(gateway: Make) -> None:
    first, second = gateway(random=never), gateway()
    await first.start()
    pid = first.pid
    await first.submit(entry())
    await second.start()
    assert pid is not None and ended(pid)
    assert len(await second.positions()) == 1


async def test_settings_that_cannot_be_used_are_told_to_the_host(gateway: Make, tmp_path: Path) -> None:
    for client in (
        gateway(faults="nonsense:1"),
        gateway(settings=attrs.evolve(QUIET, prices="missing.csv")),
        GatewayClient(GatewayInit(kind="mt4", data="x"), tmp_path / "gateway.lock", SystemClock()),
        GatewayClient(
            GatewayInit(data="x", faults="requote:1", live=True), tmp_path / "gateway.lock", SystemClock()
        ),
    ):
        with pytest.raises(SettingsError):
            await client.start()


async def test_a_clean_stop_leaves_no_process_behind(gateway: Make) -> None:
    client = gateway()
    await client.start()
    pid = client.pid
    await client.stop()
    assert pid is not None and ended(pid)
    with pytest.raises(BrokerOffline):
        await client.positions()
