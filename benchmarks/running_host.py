"""A real host on a home of its own, for as long as a measurement lasts."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import psutil

PROFILE = "bench"
ZEPIX = (sys.executable, "-m", "zepix_core")
READY_SECONDS = 30.0
STOP_SECONDS = 30.0


@attrs.frozen(kw_only=True)
class RunningHost:
    """A host that takes alerts.

    Attributes:
        port: Of the webhook; ``path`` is the request path with the token.
        ready_after: Seconds from starting the process until alerts could be taken.
    """

    home: Path
    process: psutil.Process
    port: int
    path: str
    ready_after: float

    def gateway(self) -> psutil.Process:
        """The paper gateway's process."""
        (found,) = (p for p in self._children() if "gateway" in " ".join(p.cmdline()))
        return found

    def workers(self) -> list[psutil.Process]:
        """The plugin distributions' processes."""
        return [p for p in self._children() if "worker" in " ".join(p.cmdline())]

    def _children(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)

    def listing(self, *command: str) -> list[dict[str, object]]:
        """Rows of a ``zepix`` listing."""
        done = subprocess.run(
            [*ZEPIX, *command, "--all", "--format", "json-lines", "--home", str(self.home)],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


@contextmanager
def running_host(profile: str | None = PROFILE, home: Path | None = None) -> Iterator[RunningHost]:
    """Start a host on a new home; profile ``None``: an empty home, which ``zepix run`` fills by itself.

    ``home``: one that stays, and is made with the profile if it is not there.
    """
    folder = Path(tempfile.mkdtemp(prefix="zepix-bench-"))
    home = home or folder / "home"
    if profile is not None and not home.exists():
        init = [*ZEPIX, "init", "--home", str(home), "--profile", profile, "--yes"]
        subprocess.run(init, check=True, capture_output=True, timeout=60)
    command = [*ZEPIX, "run", "--home", str(home), "--port", "0", "--api-port", "0"]
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            port = _wait_ready(home, process, started, folder / "output.txt")
            yield RunningHost(
                home=home,
                process=psutil.Process(process.pid),
                port=port,
                path=f"/webhook/{_token(home)}",
                ready_after=time.monotonic() - started,
            )
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _wait_ready(home: Path, process: "subprocess.Popen[bytes]", started: float, output: Path) -> int:
    while time.monotonic() - started < READY_SECONDS:
        if process.poll() is not None:
            raise SystemExit(f"the host ended with {process.returncode}:\n{output.read_text('utf-8')}")
        try:
            port = int(json.loads((home / "data" / "ports.json").read_text("utf-8"))["webhook"])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return port
        except (OSError, ValueError, KeyError, urllib.error.URLError):
            time.sleep(0.01)
    raise SystemExit(f"the host was not ready in {READY_SECONDS:g} s:\n{output.read_text('utf-8')}")


def _token(home: Path) -> str:
    for line in (home / ".env").read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "ZEPIX_WEBHOOK_TOKEN":
            return value.strip().strip("\"'")
    raise SystemExit("the home has no webhook token")


@attrs.frozen
class Answer:
    """One alert's answer: HTTP status (0: none came), and seconds from the request's first byte to the
    answer's last one."""

    status: int
    seconds: float


@attrs.frozen
class AloneAnswer(Answer):
    """The answer to an alert that came while nothing else did; ``seconds`` as above.

    Attributes:
        seconds_with_connect: From the wish to connect to the answer's last byte.
    """

    seconds_with_connect: float


def send_alone(host: RunningHost, body: str) -> AloneAnswer:
    """Send one alert over a bare socket: no event loop on the sender's side is measured along with it."""
    request = _request(host, body)
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", host.port), 10) as connection:
        connected = time.perf_counter()
        connection.sendall(request)
        answer = connection.recv(65_536)
        ended = time.perf_counter()
    return AloneAnswer(int(answer.split(b" ", 2)[1]), ended - connected, ended - started)


def _request(host: RunningHost, body: str) -> bytes:
    data = body.encode()
    head = (
        f"POST {host.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + data


async def send(host: RunningHost, body: str) -> Answer:
    """Send one alert over a connection of its own."""
    request = _request(host, body)
    started = time.perf_counter()
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
            started = time.perf_counter()
            writer.write(request)
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return Answer(0, time.perf_counter() - started)
    return Answer(int(answer.split(b" ", 2)[1]), time.perf_counter() - started)
