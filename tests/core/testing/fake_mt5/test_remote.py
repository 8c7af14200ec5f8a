"""The double as the terminal of other processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zepix_core.broker.client import GatewayClient
from zepix_core.broker.gateway_calls import MT5 as MT5_KIND
from zepix_core.broker.gateway_calls import GatewayInit
from zepix_core.broker.mt5.settings import Mt5Settings
from zepix_core.clock import SystemClock
from zepix_core.model.market import Side
from zepix_core.model.order import Action, OrderRequest
from zepix_core.testing.fake_mt5 import MT5, FakeMT5
from zepix_core.testing.fake_mt5.remote import FakeTerminal, remote_module

OPENING = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "comment": "t:1:A"}


@pytest.fixture
def terminal() -> Iterator[FakeTerminal]:
    with FakeTerminal(FakeMT5(clock=SystemClock())) as serving:
        yield serving


def test_another_process_sees_the_same_module(terminal: FakeTerminal) -> None:
    mt5 = remote_module(terminal.port)
    assert mt5.positions_get() is None and mt5.last_error() == (-10004, "No IPC connection")
    assert mt5.initialize(login=50_001_234) and terminal.fake.initialize()
    assert mt5.order_send(OPENING).retcode == MT5.TRADE_RETCODE_DONE
    assert mt5.positions_get() == terminal.fake.positions_get() != ()
    assert mt5.symbol_info("EURUSD") == terminal.fake.symbol_info("EURUSD")
    assert mt5.symbol_info("NOSUCH") is None and mt5.last_error()[0] == -4
    assert len(mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M5, 0, 10)) == 10
    assert mt5.Close("EURUSD") is True


def test_each_process_has_its_own_connection(terminal: FakeTerminal) -> None:
    first, second = remote_module(terminal.port), remote_module(terminal.port)
    assert first.initialize()
    assert second.account_info() is None
    first.shutdown()
    assert second.initialize() and first.account_info() is None and second.account_info() is not None


def test_a_terminal_that_is_gone_fails_each_call(terminal: FakeTerminal) -> None:
    mt5 = remote_module(terminal.port)
    assert mt5.initialize()
    terminal.hang_up()
    assert mt5.account_info() is None and mt5.last_error() == (-10002, "IPC recv failed")


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal of POSIX")
async def test_a_killed_gateway_leaves_its_positions_in_the_terminal(
    terminal: FakeTerminal, tmp_path: Path
) -> None:
    account = Mt5Settings(login=50_001_234, password="demo", server="Fake-Demo", offset_hours=0.0)
    init = GatewayInit(kind=MT5_KIND, data=str(tmp_path), mt5=account)
    client = GatewayClient(
        init, tmp_path / "lock", SystemClock(), random=lambda: 0.0, start_child=terminal.start_child
    )
    back = asyncio.Event()
    client.on_link(lambda up: back.set() if up else None)
    try:
        hello = await client.start()
        assert hello.account.login == 50_001_234
        entry = OrderRequest(
            intent_id="7f3a4c2e5k", action=Action.OPEN, symbol="EURUSD", side=Side.BUY, lots=0.1, sl=1.0,
            comment="t:7f3a4c2e5k:A", magic=1_001_001,
        )  # fmt: skip
        reply = await client.submit(entry)
        assert reply.position and client.pid
        back.clear()
        os.kill(client.pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            await back.wait()
        assert [position.ticket for position in await client.positions()] == [reply.position]
    finally:
        await client.stop()


def test_the_whole_command_can_be_started_with_a_double(terminal: FakeTerminal) -> None:
    command = [sys.executable, "-m", "zepix_core.testing.fake_mt5.zepix", "--version"]
    known = {**os.environ, **terminal.environment}
    done = subprocess.run(command, env=known, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("zepix")
    lost = subprocess.run(command, capture_output=True, text=True, check=False)
    assert lost.returncode != 0 and "ZEPIX_FAKE_MT5" in lost.stderr
