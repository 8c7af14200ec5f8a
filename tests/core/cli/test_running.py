"""Commands against a running host: real processes, free ports."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.testing.process import RunningHost

BODY = '{"id": "%s", "symbol": "EURUSD", "action": "buy", "lots": 0.01, "sl": 0.9, "tp": 1.9}'


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    host = RunningHost(tmp_path_factory.mktemp("running") / "home", profile="bench")
    host.start()
    yield host
    if host.alive:
        host.stop()


def told(host: RunningHost, *arguments: str) -> Any:
    return json.loads(host.cli(*arguments, "--format", "json", check=True).stdout)


def test_status_is_0_and_names_the_ports(host: RunningHost) -> None:
    done = host.cli("status", "--format", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"], told["profile"]) == (0, "running", "bench")
    assert (told["webhook_port"], told["api_port"]) == (host.ports()["webhook"], host.ports()["api"])


def test_status_and_doctor_say_that_the_journal_can_be_written(host: RunningHost) -> None:
    assert "storage         writable" in host.cli("status").stdout
    checks = {row["name"]: row for row in json.loads(host.cli("doctor", "--format", "json").stdout)["checks"]}
    assert (checks["storage"]["result"], checks["storage"]["detail"]) == ("ok", "writable")


def test_the_address_is_printed_with_the_real_port(host: RunningHost) -> None:
    port = host.ports()["webhook"]
    assert f"http://127.0.0.1:{port}/webhook/" in host.output()
    assert host.cli("url").stdout.startswith(f"http://127.0.0.1:{port}/webhook/")


def test_sent_alerts_are_listed_by_the_running_host(host: RunningHost, tmp_path: Path) -> None:
    lines = [{"body": BODY % "list-1"}, {"body": BODY % "list-1"}, {"body": "{{ticker}}"}]
    file = tmp_path / "alerts.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    done = host.cli("alerts", "send", str(file), "--format", "json")
    rows = json.loads(done.stdout)
    assert [(row["http"], row["status"]) for row in rows[:2]] == [(200, "accepted"), (200, "duplicate")]
    assert (rows[2]["http"], rows[2]["reason"]) == (422, "unresolved_placeholder")
    assert done.returncode == 1
    listed = host.rows("alerts", "list", "--all")
    assert [row["external_id"] for row in listed].count("list-1") == 1


def test_one_body_comes_from_standard_input(host: RunningHost) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "zepix_core",
            "alerts",
            "send",
            "-",
            "--format",
            "json",
            "--home",
            str(host.home),
        ],
        input=BODY % "stdin-1",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ,
    )
    assert json.loads(done.stdout)[0]["status"] == "accepted"


def test_pause_panic_and_resume(host: RunningHost) -> None:
    assert told(host, "pause") == {"paused": True, "panic": ""}
    facts = told(host, "panic", "--level", "flatten")
    assert (facts["level"], facts["not_closed"]) == ("flatten", 0)
    assert told(host, "status")["panic"] == "flatten"
    assert told(host, "resume") == {"paused": False, "panic": ""}


def test_limits_are_listed_and_lifted(host: RunningHost) -> None:
    rows = {(row["which"], row["scope"]): row for row in told(host, "limits", "list")}
    assert rows["daily", "account"]["remaining"] > 0
    assert not rows["daily", "account"]["reached"]
    lifted = told(host, "limits", "reset", "daily", "--yes")
    assert (lifted["scope"], lifted["now"]) == ("account", 0.0)
    assert host.cli("limits", "reset", "daily", "--plugin", "nobody", "--yes").returncode == 2
    assert host.cli("limits", "reset", "weekly").returncode == 2
    refused = host.cli("limits", "reset", "daily")
    assert (refused.returncode, refused.stdout, "--yes" in refused.stderr) == (2, "", True)


def test_a_panic_without_a_level_locks(host: RunningHost) -> None:
    facts = told(host, "panic")
    assert (facts["level"], facts["closing"]) == ("lock", False)
    status = told(host, "status")
    assert status["why"].startswith("panic (lock) by cli:")
    assert "zepix resume" in host.cli("status").stdout
    refused = host.cli("resume")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "End the lock" in refused.stderr
    assert refused.stderr.endswith("Say it with --yes.\n")
    assert told(host, "status")["panic"] == "lock"
    assert told(host, "resume", "--yes") == {"paused": False, "panic": ""}


def test_closing_what_is_not_open_is_1(host: RunningHost) -> None:
    done = host.cli("positions", "close", "987654")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: Position 987654 was not closed: there is no such position.\n")


def test_an_unknown_alert_is_1(host: RunningHost) -> None:
    assert host.cli("why", "no-such-alert").returncode == 1


def test_a_wrong_api_token_is_3(host: RunningHost) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zepix_core", "orders", "list", "--home", str(host.home)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "ZEPIX_API_TOKEN": "wrong"},
    )
    assert done.returncode == 3
    assert "token" in done.stderr


def test_ports_that_are_taken_are_4_with_the_option_that_helps(host: RunningHost, tmp_path: Path) -> None:
    for option, port in (("--port", host.ports()["webhook"]), ("--api-port", host.ports()["api"])):
        other = {"--port": "--api-port", "--api-port": "--port"}[option]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "zepix_core",
                "run",
                "--home",
                str(tmp_path / "h"),
                option,
                str(port),
                other,
                "0",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 4
        assert option in done.stderr


def test_the_log_holds_no_token(host: RunningHost) -> None:
    text = host.home.joinpath("logs", "zepix.log").read_text()
    assert host.token() not in text
    assert host.cli("logs", "--lines", "5").returncode == 0


def test_a_stopped_host_tells_the_same_rows(host: RunningHost) -> None:
    orders = host.rows("orders", "list", "--all")
    plugins = {row["id"] for row in host.rows("plugins", "list")}
    host.stop()
    assert host.rows("orders", "list", "--all") == orders
    assert {row["id"] for row in host.rows("plugins", "list")} == plugins
    assert host.cli("status").returncode == 3
    lines = host.output().splitlines()
    assert "Stopping; open positions keep their stops." in lines
    assert any(f"SQLite {sqlite3.sqlite_version}" in line for line in lines)


def test_new_plugins_are_named_with_the_command_that_lets_them_run(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    home.lock_file.write_text("")
    host = RunningHost(home.path)
    host.start()
    try:
        assert "none runs" in host.output()
        for row in host.rows("plugins", "list"):
            assert f"`zepix plugins enable {row['distribution']}` lets it run" in host.output()
    finally:
        host.stop()
    assert not any(row["enabled"] for row in host.rows("plugins", "list"))
