"""pytest fixtures for plugin authors; pytest loads them through the installed distribution.

``virtual_clock``: a clock that moves only when told to.

``paper_host``: makes hosts that run inline on virtual time, for tests that are coroutines (any asyncio
plugin of pytest will do)::

    async def test_a_bracket_becomes_a_position(paper_host):
        async with paper_host(only=("zepix-bracket",)) as paper:
            await paper.post('{"id": "1", "symbol": "EURUSD", "action": "buy", "lots": 0.1, "sl": 1.07}')
            await paper.settled()
            assert len(await paper.positions()) == 1

``running_host``: makes hosts in processes of their own on free ports, stopped after the test::

    def test_the_host_answers(running_host):
        host = running_host().start()
        assert host.post("{}").status == 200

``fake_mt5``: a MetaTrader 5 terminal in memory, installed as the module ``MetaTrader5`` for one test::

    def test_a_stop_is_set(fake_mt5):
        import MetaTrader5 as mt5
        mt5.initialize()
        fake_mt5.push_quote("EURUSD", 1.0850, 1.0851)

``simulate``: runs a plugin through crashes, a bad broker and a failing disk, one run a seed::

    def test_my_plugin_survives(simulate):
        simulate(MyPlugin, alerts=['{"type": "enter", "symbol": "EURUSD"}'], seeds=range(1, 21))

Everything of Zepix is imported when a fixture is first used, so pytest starts as fast as without.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from zepix_core.testing.clock import VirtualClock
    from zepix_core.testing.fake_mt5 import FakeMT5
    from zepix_core.testing.host import PaperHost
    from zepix_core.testing.process import RunningHost
    from zepix_core.testing.simulator.campaign import Tally


@pytest.fixture
def virtual_clock() -> "VirtualClock":
    """A clock that moves only when it is told to; `paper_host` runs on the same one."""
    from zepix_core.testing.clock import VirtualClock

    return VirtualClock()


@pytest.fixture
def paper_host(tmp_path: Path, virtual_clock: "VirtualClock") -> "Callable[..., PaperHost]":
    """Makes `zepix_core.testing.host.PaperHost` objects, with its arguments.

    All of them live in one home on one clock unless told otherwise, so a second one sees a restart.
    """
    from zepix_core.testing.host import PaperHost

    def make(home: Path | None = None, **options: Any) -> "PaperHost":
        return PaperHost(home or tmp_path / "paper-home", **{"clock": virtual_clock, **options})

    return make


@pytest.fixture
def running_host(tmp_path: Path) -> "Iterator[Callable[..., RunningHost]]":
    """Makes `zepix_core.testing.process.RunningHost` objects, with its arguments, each in a new home."""
    from zepix_core.testing.process import RunningHost

    made: list[RunningHost] = []

    def make(home: Path | None = None, **options: Any) -> "RunningHost":
        host = RunningHost(home or tmp_path / f"running-home-{len(made) + 1}", **options)
        made.append(host)
        return host

    yield make
    for host in made:
        if host.alive:
            host.stop()


@pytest.fixture
def fake_mt5(virtual_clock: "VirtualClock") -> "Iterator[FakeMT5]":
    """A `zepix_core.testing.fake_mt5.FakeMT5` on the virtual clock, in place of ``MetaTrader5``."""
    from zepix_core.testing.fake_mt5 import FakeMT5

    with FakeMT5(clock=virtual_clock).installed() as fake:
        yield fake


@pytest.fixture
def simulate() -> "Callable[..., Tally]":
    """`zepix_core.testing.simulator.simulate`, with its arguments."""
    from zepix_core.testing.simulator import simulate

    return simulate
