"""What cannot run says so: one clear message with every mistake and a hint, exit code 4."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zepix_core.testing.process import COMMAND, RunningHost

BROKEN = """
[project]
name = "broken-one"
version = "1.0"
[project.entry-points."zepix.plugins"]
broken_one = "broken_one:Broken"
"""
MISTAKES = """\
broker = "nowhere"
daily_reset_time = "25:99"
colour = "red"

[webhook]
max_connections = 0

[paper]
balance = "much"

[inbox]
max_age_seconds = -5
"""


def run(home: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """``zepix run`` that is expected to end by itself."""
    return subprocess.run(
        [*COMMAND, "run", "--home", str(home), "--api-port", "0", *options],
        capture_output=True,
        text=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )


def refused(home: Path, *options: str) -> str:
    """The message of a start that is refused, on the error stream and without a traceback."""
    result = run(home, "--port", "0", *options)
    assert result.returncode == 4, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    return result.stderr


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        yield listener.getsockname()[1]


def test_settings_with_mistakes_name_all_of_them_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "zepix.toml").write_text(MISTAKES)
    message = refused(tmp_path)
    wrong = {
        1: "broker",
        2: "daily_reset_time",
        3: "colour",
        6: "max_connections",
        9: "balance",
        12: "max_age",
    }
    for line, key in wrong.items():
        found = [text for text in message.splitlines() if key in text and f":{line}" in text]
        assert found, f"{key} of line {line} is not in:\n{message}"
    assert message.count("zepix config validate") == 1
    assert not (tmp_path / "data" / "journal.db").exists()


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "zepix.toml").write_text('broker = "paper"\n[webhook\nport = 1\n')
    assert "zepix.toml:2" in refused(tmp_path)


def test_the_same_mistakes_are_told_by_config_validate(tmp_path: Path) -> None:
    (tmp_path / "zepix.toml").write_text(MISTAKES)
    result = subprocess.run(
        [*COMMAND, "config", "validate", "--home", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 4
    assert all(key in result.stderr + result.stdout for key in ("broker", "colour", "connections", "balance"))


@pytest.mark.parametrize(("option", "key"), [("--port", "webhook.port"), ("--api-port", "api.port")])
def test_a_port_in_use_is_named_with_the_way_out(
    tmp_path: Path, busy_port: int, option: str, key: str
) -> None:
    message = refused(tmp_path, option, str(busy_port))
    assert str(busy_port) in message
    assert key in message
    assert option in message


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("I am a file")
    message = refused(home)
    assert str(home) in message
    assert "--home" in message


def test_a_home_whose_data_folder_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("I am a file")
    assert str(tmp_path / "data") in refused(tmp_path)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permission bits do not bind this user"
)
def test_a_home_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o000)
    try:
        assert str(home) in refused(home)
    finally:
        home.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("ZEPIX_WEBHOOK_TOKEN=a-token-that-is-long-enough\n")
    env.chmod(0o644)
    message = refused(tmp_path)
    assert "chmod 600" in message
    assert "a-token-that" not in message


def test_a_second_host_on_the_same_home_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with RunningHost(tmp_path / "home") as first:
        first.start()
        message = refused(first.home)
        assert str(first.pid) in message
        assert "--home" in message
        assert first.health().status == 200
        assert first.ports()["webhook"] > 0


def test_faults_nobody_knows_are_refused_all_at_once(tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "run", "--home", str(tmp_path), "--port", "0", "--api-port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "ZEPIX_PAPER_FAULTS": "fire:1,partial:7"},
        check=False,
    )
    assert result.returncode == 4, result.stderr
    assert "fire" in result.stderr
    assert "partial" in result.stderr


def test_a_plugin_that_cannot_be_imported_is_listed_with_its_reason_and_the_rest_runs(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(BROKEN)
    (project / "broken_one.py").write_text("import a_module_that_is_nowhere\n")
    with RunningHost(tmp_path / "home") as host:
        host.start("--plugin-dev", str(project))
        rows = {row["id"]: row for row in host.rows("plugins", "list")}
        assert rows["broken_one"]["state"] == "failed"
        assert "a_module_that_is_nowhere" in rows["broken_one"]["reason"]
        assert rows["bracket"]["state"] == rows["combined_v3"]["state"] == "active"
        answer = host.post('{"id": "1", "symbol": "EURUSD", "action": "buy", "lots": 0.01, "sl": 1.0}')
        assert answer.status == 200
        (alert,) = host.settled()
        assert alert["state"] in ("done", "refused")
        assert alert["reason"] not in ("no_plugin", "plugin_unavailable")
