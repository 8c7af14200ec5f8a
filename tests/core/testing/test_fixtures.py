"""The fixtures that plugin authors get with the installed distribution."""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from zepix_core.clock import NS
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5
from zepix_core.testing.host import PaperHost
from zepix_core.testing.process import RunningHost

LOADED = (
    "import sys, zepix_core.testing.fixtures\n"
    "heavy = ('zepix_core.host', 'pytest_asyncio', 'litestar', 'psutil')\n"
    "heavy += ('zepix_core.testing.host', 'zepix_core.testing.fake_mt5')\n"
    "print([name for name in heavy if name in sys.modules])"
)


def test_loading_them_imports_no_host_and_no_other_plugin() -> None:
    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


async def test_a_paper_host_runs_on_the_virtual_clock_and_remembers_over_a_restart(
    paper_host: Callable[..., PaperHost], virtual_clock: VirtualClock
) -> None:
    async with paper_host() as paper:
        started = virtual_clock.now_ns()
        answer = await paper.post('{"type": "nobody takes this"}')
        assert (answer.status, answer.body["status"]) == (200, "accepted")
        await paper.settled()
        await paper.advance(90, step=10)
        assert virtual_clock.now_ns() - started == 90 * NS
    async with paper_host() as paper:
        (alert,) = await paper.alerts()
        assert (alert.state, alert.reason) == ("refused", "no_plugin")


async def test_a_paper_host_takes_settings_a_profile_and_a_writer_thread(
    paper_host: Callable[..., PaperHost],
) -> None:
    settings: dict[str, Any] = {"paper": {"balance": 123.0}}
    async with paper_host(profile="bench", settings=settings, same_thread=False) as paper:
        assert (await paper.host.broker.account()).balance == 123.0
        assert paper.host.front.state().profile == "bench"
        assert (await paper.post('{"type": "x"}', token="wrong")).status == 404
        assert (await paper.post('{"type": "x"}')).status == 200
        await paper.settled()


async def test_prices_stand_still_until_time_is_advanced(paper_host: Callable[..., PaperHost]) -> None:
    async with paper_host() as paper:
        before = await paper.host.broker.quote("EURUSD")
        await paper.settled()
        assert await paper.host.broker.quote("EURUSD") == before
        await paper.advance(60)
        assert await paper.host.broker.quote("EURUSD") != before


def test_a_running_host_answers_from_processes_of_its_own(running_host: Callable[..., RunningHost]) -> None:
    host = running_host().start()
    assert host.post('{"type": "nobody takes this"}').status == 200
    (alert,) = host.settled()
    assert alert["reason"] == "no_plugin"
    assert len(host.children()["gateway"]) == 1


def test_a_double_of_metatrader_is_installed_on_the_virtual_clock(
    fake_mt5: FakeMT5, virtual_clock: VirtualClock
) -> None:
    mt5 = import_module("MetaTrader5")
    assert mt5.initialize() and fake_mt5.clock is virtual_clock
