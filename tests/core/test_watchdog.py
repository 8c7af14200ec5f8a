"""Signs of life to the outer supervisor, and the end of a process that gives none."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zepix_core.testing.process import RunningHost
from zepix_core.watchdog import FEWEST_LOOKS, LOOKS, Watchdog

POSIX = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no unix sockets here")


class Supervisor:
    """A socket as systemd holds it."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "n")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(30)

    def heard(self) -> list[str]:
        """The next datagram's lines."""
        return self._socket.recv(4096).decode().splitlines()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.close()


@POSIX
def test_what_is_sent_is_what_systemd_reads(supervisor: Supervisor) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": supervisor.path})
    watchdog.ready()
    watchdog.beat()
    watchdog.stopping()
    assert "READY=1" in supervisor.heard()
    assert supervisor.heard() == ["WATCHDOG=1"]
    assert "STOPPING=1" in supervisor.heard()


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_socket_is_told_as_well() -> None:
    name = f"zepix-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}")
        Watchdog({"NOTIFY_SOCKET": f"@{name}"}).beat()
        assert heard.recv(100) == b"WATCHDOG=1"


def test_without_a_supervisor_nothing_happens(tmp_path: Path) -> None:
    for environ in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": str(tmp_path / "nobody")}):
        watchdog = Watchdog(environ)
        watchdog.ready()
        watchdog.beat()
        watchdog.stopping()


@POSIX
def test_a_supervisor_that_does_not_read_holds_nobody_up(supervisor: Supervisor) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": supervisor.path})
    for _ in range(2000):
        watchdog.beat()


@pytest.mark.parametrize(
    ("given", "looks"),
    [("20000000", 20), ("60000000", 60), ("1000000", FEWEST_LOOKS), ("", LOOKS), ("nonsense", LOOKS)],
)
def test_patience_is_the_supervisors_but_longer_than_an_idle_loop_is_silent(given: str, looks: int) -> None:
    assert Watchdog({"WATCHDOG_USEC": given}).looks == looks


HANGS = """
import time
from zepix_core.watchdog import Watchdog
watchdog = Watchdog({})
watchdog.guard(0.01)
time.sleep(60)
"""
LIVES = """
import time
from zepix_core.watchdog import Watchdog
watchdog = Watchdog({})
watchdog.guard(0.05)
for _ in range(120):
    watchdog.beat()
    time.sleep(0.02)
watchdog.stopping()
time.sleep(1.5)
"""


@pytest.mark.parametrize(("program", "code"), [(HANGS, 70), (LIVES, 0)])
def test_a_process_without_a_sign_of_life_ends_with_70(program: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", program], timeout=50, check=False, capture_output=True)
    assert done.returncode == code, done.stderr


@POSIX
def test_a_host_tells_that_it_takes_alerts_that_it_lives_and_that_it_stops(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    host = RunningHost(tmp_path / "home", env={"NOTIFY_SOCKET": supervisor.path})
    with host.start():
        heard = [line for _ in range(2) for line in supervisor.heard()]
        assert {"READY=1", "WATCHDOG=1"} <= set(heard)
        host.post("{}")
        assert host.stop() == 0
    end = time.monotonic() + 30
    while "STOPPING=1" not in supervisor.heard():
        assert time.monotonic() < end
