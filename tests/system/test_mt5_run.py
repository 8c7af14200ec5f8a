"""``zepix run`` with broker = mt5: a terminal in memory, everything else as it runs for a trader."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.system.bad_alerts import BRACKET, changed
from zepix_core.clock import SystemClock
from zepix_core.testing.fake_mt5 import FakeAccount, FakeMT5
from zepix_core.testing.fake_mt5.remote import FakeTerminal
from zepix_core.testing.process import RunningHost
from zepix_core.wire.holder import read_holder

PASSWORD = "hunter2hunter2"
SETTINGS = """
broker = "mt5"
mt5_login = 50001234
mt5_password = "${MT5_PASSWORD}"
mt5_server = "Fake-Demo"
mt5_wait = 0.0
[symbol_config.EURUSD]
always_open = true
[symbol_config.GBPUSD]
always_open = true
"""


@pytest.fixture
def fake() -> Iterator[FakeMT5]:
    """A broker three hours ahead of UTC, whose market moves."""
    accounts = (FakeAccount(password=PASSWORD),)
    made = FakeMT5(clock=SystemClock(), server_offset=3 * 3600, accounts=accounts)
    over = threading.Event()

    def move() -> None:
        while not over.wait(0.05):
            made.push_quote("EURUSD", 1.085)
            made.push_quote("GBPUSD", 1.27)

    mover = threading.Thread(target=move)
    mover.start()
    yield made
    made.release()
    over.set()
    mover.join()


def until(condition: Callable[[], Any], host: RunningHost) -> Any:
    """Wait for something a minute at most."""
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end and host.alive, host.output()
        time.sleep(0.05)
    return found


def gateway_pid(host: RunningHost) -> int:
    holder = read_holder(host.home / "data" / "locks" / "gateway-mt5.lock")
    assert holder is not None
    return holder.pid


def test_an_alert_becomes_an_order_at_the_terminal_and_a_killed_gateway_loses_and_doubles_none(
    fake: FakeMT5, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "zepix.toml").write_text(SETTINGS)
    (home / ".env").write_text(f"MT5_PASSWORD={PASSWORD}\n")
    (home / ".env").chmod(0o600)
    held = fake.ledger.positions
    with FakeTerminal(fake) as terminal:
        module = "zepix_core.testing.fake_mt5.zepix"
        with RunningHost(home, env=terminal.environment, module=module) as host:
            host.start()
            assert host.post(changed(BRACKET, id="1")).status == 200
            (first,) = until(lambda: list(held.values()), host)
            assert (first.sl, first.tp, first.volume) == (1.08, 1.1, 0.01)
            assert first.comment.endswith(":A") and first.magic > 1_000_000

            fake.hang()
            assert host.post(changed(BRACKET, id="2")).status == 200
            until(lambda: not fake.faults.waiting(), host)
            killed = gateway_pid(host)
            psutil.Process(killed).kill()
            fake.release()
            until(lambda: len(held) == 2 and gateway_pid(host) != killed, host)

            assert host.post(changed(BRACKET, id="3")).status == 200
            until(lambda: len(held) == 3, host)
            host.settled()
            rows = {row["ticket"]: row for row in host.rows("positions", "list")}
            assert set(rows) == set(held)
            assert {row["plugin"] for row in rows.values()} == {"bracket"}
            assert host.stop() == 0
        secret = [
            path for path in home.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
        ]
        assert secret == [home / ".env"], "the password stands nowhere else"
        assert len(held) == 3, "stopping the host closes nothing"
