"""0 fine · 1 the answer is no · 2 usage · 3 host not reachable · 4 settings invalid · 70 our fault."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zepix_core.cli.main import run
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    prepare(home)
    return home


def zepix(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "zepix_core", *arguments, "--home", str(home.path)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def test_fine_is_0(home: Home) -> None:
    done = zepix(home, "alerts", "list", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_an_alert_that_is_not_there_is_1(home: Home) -> None:
    done = zepix(home, "why", "7")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: There is no alert or order 7.\n")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["alerts", "list", "--format", "xml"], ["positions", "close", "x"], ["why"]]
)
def test_wrong_usage_is_2(home: Home, arguments: list[str]) -> None:
    done = zepix(home, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr


@pytest.mark.parametrize(
    "arguments", [["plugins", "shadow", "price_action_5m", "off"], ["init", "--profile", "bench"]]
)
def test_what_would_ask_is_refused_where_nobody_can_be_asked(home: Home, arguments: list[str]) -> None:
    before = {path: path.read_bytes() for path in home.path.rglob("*.toml")}
    done = zepix(home, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("Nobody can be asked: the input is no terminal.\nSay it with --yes.\n")
    assert {path: path.read_bytes() for path in home.path.rglob("*.toml")} == before


def test_a_mistyped_command_is_told_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pauze"]) == 2
    assert "Did you mean 'pause'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["pause"], ["resume"], ["panic"], ["positions", "close", "1"], ["alerts", "send", __file__], ["status"]],
)
def test_what_needs_a_running_host_is_3_without_one(
    home: Home, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--home", str(home.path)]) == 3
    told = capsys.readouterr()
    assert "zepix run" in told.err or "stopped" in told.out


def test_a_stale_ports_file_is_no_running_host(home: Home) -> None:
    home.ports_file.write_text('{"webhook": 1, "api": 1, "pid": 1}')
    assert run(["pause", "--home", str(home.path)]) == 3
    assert run(["alerts", "list", "--home", str(home.path)]) == 0


@pytest.mark.parametrize(
    "arguments", [["run"], ["config", "validate"], ["config", "show"], ["url"], ["account"]]
)
def test_mistakes_in_the_settings_are_4_and_all_named(
    home: Home, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    home.settings_file.write_text("[webhook]\nport = 70000\n[inbox]\nmax_age_seconds = 0\nmax_ag = 1\n")
    assert run([*arguments, "--home", str(home.path)]) == 4
    told = capsys.readouterr().err
    for part in (
        "Error: ",
        "zepix.toml:2: webhook.port",
        "zepix.toml:4: inbox.max_age",
        "zepix.toml:5: inbox",
    ):
        assert part in told
    assert "Traceback" not in told


def test_a_home_that_is_not_there_is_4_and_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["alerts", "list", "--home", str(tmp_path / "none")]) == 4
    assert "zepix init" in capsys.readouterr().err


def test_a_home_that_is_a_file_is_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    for arguments in (["run"], ["init"], ["status"]):
        assert run([*arguments, "--home", str(tmp_path / "file")]) == 4
    assert capsys.readouterr().err.count("Error: ") == 3


def test_a_second_host_on_the_same_home_is_4(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with home.held():
        done = zepix(home, "run", "--port", "0", "--api-port", "0")
    assert done.returncode == 4
    assert "already runs" in done.stderr


def test_faults_on_a_live_account_are_4(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings_file.write_text("live = true\n")
    monkeypatch.setenv("ZEPIX_PAPER_FAULTS", "late_reply:1")
    assert run(["run", "--home", str(home.path)]) == 4


def test_a_plugin_that_is_not_there_is_1_with_the_near_name(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.plugins_cache.write_text('[{"id": "bracket"}]')
    assert run(["config", "show", "brakket", "--home", str(home.path)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "Error: There is no plugin brakket.\nDid you mean 'bracket'?\n"


def test_settings_of_a_plugin_that_is_not_installed_are_a_mistake(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.plugins_cache.write_text('[{"id": "bracket"}]')
    (home.plugins / "bracket.toml").write_text("")
    assert run(["config", "validate", "--home", str(home.path)]) == 0
    (home.plugins / "brakket.toml").write_text("")
    assert run(["config", "validate", "--home", str(home.path)]) == 4
    told = capsys.readouterr().err
    assert "plugins/brakket.toml: no plugin brakket is installed; did you mean 'bracket'?" in told


@pytest.mark.parametrize(("used", "warned"), [(True, True), (False, False)])
def test_a_lost_webhook_token_is_told(
    home: Home, used: bool, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    home.env.unlink()
    if used:
        home.journal_db.touch()
    home.settings_file.write_text("[webhook]\nport = 70000\n")
    assert run(["run", "--home", str(home.path)]) == 4
    assert ("The address changed: TradingView's" in capsys.readouterr().err) is warned
    assert run(["run", "--home", str(home.path)]) == 4
    assert "The address changed" not in capsys.readouterr().err


def test_listening_beyond_this_machine_needs_a_proxy(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.settings_file.write_text('[webhook]\nhost = "0.0.0.0"\n')
    assert run(["run", "--home", str(home.path)]) == 4
    assert "--behind-proxy" in capsys.readouterr().err


def test_our_own_faults_are_70_with_the_place_of_the_details(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.journal_db.write_bytes(b"")
    monkeypatch.setenv("ZEPIX_HOME", str(home.path))
    monkeypatch.setattr("zepix_core.journal.listing.list_alerts", lambda *_: 1 / 0)
    assert run(["alerts", "list"]) == 70
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told
    assert "Traceback" not in told
    assert "crash.log" in told
    assert "ZeroDivisionError" in (home.logs / "crash.log").read_text()


@pytest.mark.parametrize(
    "arguments", [["alerts", "list", "--home", "{}"], ["--home", "{}", "alerts", "list"]]
)
def test_a_home_that_cannot_be_read_is_4_with_a_hint_however_it_is_named(
    home: Home, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    home.path.chmod(0)
    try:
        if os.access(home.path, os.R_OK):
            pytest.skip("this user may read every folder")
        assert run([argument.format(home.path) for argument in arguments]) == 4
    finally:
        home.path.chmod(0o700)
    told = capsys.readouterr().err
    assert f"The home folder {home.path} cannot be used: it cannot be read." in told
    assert "Check its owner and mode" in told


def test_a_short_webhook_token_is_taken_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(tmp_path / "home")
    assert run(["init", "--home", home, "--webhook-token", "short"]) == 0
    assert "Warning: a webhook token of 5 characters can be guessed" in capsys.readouterr().err
    assert run(["init", "--home", home, "--webhook-token", "x" * 16]) == 0
    assert capsys.readouterr().err == ""
