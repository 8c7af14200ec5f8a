"""A real host in its own processes, for tests that start, ask, kill and start again."""

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import attrs
import psutil

COMMAND = [sys.executable, "-m", "zepix_core"]


@attrs.frozen
class Answer:
    """An HTTP answer: status and the JSON body (``{}`` when it is not JSON)."""

    status: int
    body: dict[str, Any]


class RunningHost:
    """``zepix run`` on a home of its own, on free loopback ports.

    Args:
        home: Home folder; it is made by ``zepix init`` when it holds no settings.
        profile: Profile for a new home.
        env: More environment variables for the host, such as ``ZEPIX_PAPER_FAULTS``.
        module: What stands for ``zepix``, such as ``zepix_core.testing.fake_mt5.zepix``.
    """

    def __init__(
        self,
        home: Path,
        profile: str = "default",
        env: dict[str, str] | None = None,
        module: str = "zepix_core",
    ) -> None:
        self.home = home
        self._command = [*COMMAND[:2], module]
        self._env = {**os.environ, **(env or {}), "NO_COLOR": "1"}
        self._process: subprocess.Popen[bytes] | None = None
        if not (home / "zepix.toml").exists():
            self.cli("init", "--profile", profile, "--yes", check=True)

    @property
    def pid(self) -> int:
        """Process id of the host."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *options: str, timeout: float = 30.0, ready: bool = True) -> "RunningHost":
        """Start the host and wait until it takes alerts.

        Raises:
            TimeoutError: It did not become ready, or ended; its output stands in the message.
        """
        (self.home / "data" / "ports.json").unlink(missing_ok=True)
        log = (self.home / "run.log").open("ab")
        arguments = [
            *self._command,
            "run",
            "--home",
            str(self.home),
            "--port",
            "0",
            "--api-port",
            "0",
            *options,
        ]
        self._process = subprocess.Popen(  # noqa: S603
            arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env, start_new_session=True
        )
        log.close()
        if ready:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until ``GET /health`` answers 200."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if not self.alive:
                break
            try:
                if self.health().status == 200:
                    return
            except (OSError, KeyError, ValueError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise TimeoutError(f"the host did not become ready:\n{self.output()}")

    def output(self) -> str:
        """What the host printed so far (last 6,000 characters)."""
        path = self.home / "run.log"
        return path.read_text(errors="replace")[-6000:] if path.exists() else ""

    def ports(self) -> dict[str, int]:
        """The ports it listens on: ``webhook`` and ``api``."""
        ports: dict[str, int] = json.loads((self.home / "data" / "ports.json").read_text())
        return ports

    def token(self) -> str:
        """The webhook token, from the environment or the home's ``.env``."""
        if token := self._env.get("ZEPIX_WEBHOOK_TOKEN"):
            return token
        for line in (self.home / ".env").read_text().splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "ZEPIX_WEBHOOK_TOKEN":
                return value.strip().strip("'\"")
        raise KeyError("ZEPIX_WEBHOOK_TOKEN")

    def post(self, body: str | bytes, *, token: str | None = None, timeout: float = 10.0) -> Answer:
        """Send one alert to the webhook."""
        data = body.encode() if isinstance(body, str) else body
        connection = http.client.HTTPConnection("127.0.0.1", self.ports()["webhook"], timeout=timeout)
        try:
            connection.request("POST", f"/webhook/{token or self.token()}", data)
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def health(self) -> Answer:
        """``GET /health`` of the webhook port."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports()["webhook"], timeout=2.0)
        try:
            connection.request("GET", "/health")
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def cli(
        self, *arguments: str, check: bool = False, timeout: float = 60.0
    ) -> "subprocess.CompletedProcess[str]":
        """Run a ``zepix`` command on this home."""
        result = subprocess.run(  # noqa: S603
            [*self._command, *arguments, "--home", str(self.home)],
            capture_output=True,
            text=True,
            env=self._env,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if check and result.returncode != 0:
            raise AssertionError(f"zepix {' '.join(arguments)} ended {result.returncode}:\n{result.stderr}")
        return result

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """The rows of a listing command."""
        rows: list[dict[str, Any]] = json.loads(
            self.cli(*arguments, "--all", "--format", "json", check=True).stdout
        )
        return rows

    def settled(self, timeout: float = 30.0) -> list[dict[str, Any]]:
        """Wait until every alert has its final state; returns the rows of ``alerts list``."""
        until = time.monotonic() + timeout
        while True:
            rows = self.rows("alerts", "list")
            if all(row["state"] not in ("new", "claimed") for row in rows):
                return rows
            if time.monotonic() > until:
                raise TimeoutError(f"alerts are still open: {rows[-3:]}\n{self.output()}")
            time.sleep(0.1)

    def children(self) -> dict[str, list[int]]:
        """Process ids of the children by kind: ``gateway`` and ``worker``."""
        found: dict[str, list[int]] = {"gateway": [], "worker": []}
        for child in psutil.Process(self.pid).children(recursive=True):
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:
                continue
            for kind, module in (("gateway", ".gateway"), ("worker", "plugins.worker")):
                if module in line:
                    found[kind].append(child.pid)
        return found

    def kill(self) -> None:
        """SIGKILL the host alone; its children have to notice by themselves."""
        process = self._running()
        process.kill()
        process.wait(10)

    def stop(self, timeout: float = 25.0) -> int:
        """Ask the host to stop and return its exit code."""
        process = self._running()
        if self.alive:
            process.terminate()
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("the host was not started")
        return self._process

    def __enter__(self) -> "RunningHost":
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.stop()


def _answer(response: http.client.HTTPResponse) -> Answer:
    data = response.read()
    try:
        body = json.loads(data)
    except ValueError:
        body = {}
    return Answer(response.status, body if isinstance(body, dict) else {})
