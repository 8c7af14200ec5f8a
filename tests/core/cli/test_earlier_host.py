"""Commands against a host that was started before the update: a sentence instead of a crash."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from zepix_core import __version__
from zepix_core.cli.main import run
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare

EARLIER = {
    "pid": 1, "ready": True, "uptime_seconds": 5.0, "paused": False, "panic": "", "broker": "paper",
    "broker_connected": True, "webhook_port": 1, "api_port": 2, "profile": "default", "plugins": [],
}  # fmt: skip


class Earlier:
    """A host of an earlier version, as far as commands see it: its API port."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.status: dict[str, Any] = {**EARLIER, "version": "0.0.1"}
        self.asked: list[tuple[str, Any]] = []
        host = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({"ok": True, "version": host.status["version"], **host.status})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                host.asked.append((self.path, body))
                self._answer({**host.status, "panic": ""})

            def _answer(self, value: object) -> None:
                data = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                return None

        self.server = HTTPServer(("127.0.0.1", 0), Answers)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        ports = {"webhook": 1, "api": self.server.server_port, "pid": 1}
        home.ports_file.write_text(json.dumps(ports), "utf-8")

    def run(self, *arguments: str) -> int:
        return run([*arguments, "--home", str(self.home.path)])

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Earlier]:
    home = Home(tmp_path / "home")
    prepare(home, "default")
    earlier = Earlier(home)
    yield earlier
    earlier.stop()


def test_status_shows_what_is_said_and_the_version(host: Earlier, capsys: pytest.CaptureFixture[str]) -> None:
    assert host.run("status") == 0
    shown = capsys.readouterr()
    assert "running" in shown.out
    assert f"The host runs version 0.0.1, this command is version {__version__}. Restart" in shown.err
    assert shown.err.count("Restart") == 1


def test_another_build_of_the_same_version_is_told_too(
    host: Earlier, capsys: pytest.CaptureFixture[str]
) -> None:
    host.status["version"] = __version__
    assert host.run("status") == 0
    assert "The host runs an earlier build" in capsys.readouterr().err


def test_the_doctor_warns_of_it(host: Earlier, capsys: pytest.CaptureFixture[str]) -> None:
    host.run("doctor", "--format", "json")
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)["checks"]}
    assert (found["host version"]["result"], found["host"]["ok"]) == ("warning", True)
    assert "0.0.1" in found["host version"]["detail"]
    assert "Restart" in found["host version"]["next"]


def test_the_public_round_trip_is_not_tried(host: Earlier, capsys: pytest.CaptureFixture[str]) -> None:
    assert host.run("doctor", "--public", "--format", "json") == 1
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)["checks"]}
    assert "not tried. The host runs version 0.0.1" in found["public address"]["detail"]


@pytest.mark.parametrize(("panic", "confirm"), [("", False), ("flatten", False), ("lock", True)])
def test_only_a_lock_that_was_seen_is_ended(host: Earlier, panic: str, confirm: bool) -> None:
    host.status["panic"] = panic
    assert host.run("resume", "--yes") == 0
    assert host.asked == [("/api/resume", {"confirm": confirm})]
