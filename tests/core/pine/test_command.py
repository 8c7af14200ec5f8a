"""``zepix pine check`` as it is called."""

import io
import json
import sys
from pathlib import Path

import pytest

from zepix_core.cli.main import run
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import remember_plugins
from zepix_core.pine.formats import known_kinds

GOOD = '{"action":"close","symbol":"EURUSD","id":"7","t":1790000000,"tf":"15"}'


@pytest.fixture
def home(tmp_path: Path) -> str:
    home = Home(tmp_path / "home")
    home.data.mkdir(parents=True)
    rows = [
        {"id": plugin, "state": "active", "alerts": dict.fromkeys(sorted(known_kinds((plugin,))), "entry")}
        for plugin in ("bracket", "combined_v3", "price_action_5m")
    ]
    remember_plugins(home, rows)
    return str(home.path)


def check(home: str, path: Path, *more: str) -> int:
    return run(["pine", "check", str(path), "--home", home, *more])


def test_a_good_message_ends_with_0(home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "message.json"
    path.write_text(GOOD, "utf-8")
    assert check(home, path) == 0
    assert "Fine. 0 errors, 0 warnings." in capsys.readouterr().out


def test_a_bad_message_ends_with_1_and_names_its_place(
    home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "message.json"
    path.write_text(GOOD.replace('"EURUSD"', "5"), "utf-8")
    assert check(home, path) == 1
    assert f"{path}:1:28: error invalid_symbol" in capsys.readouterr().out


def test_standard_input_is_read(
    home: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert run(["pine", "check", "-", "--home", home, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["fine"], told["file"], told["findings"]) == (True, "<stdin>", [])
    assert told["templates"][0]["kinds"] == ["close"]


def test_the_sample_alone_goes_to_standard_output(
    home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "script.pine"
    path.write_text('alert(\'{"action":"close","symbol":"\' + syminfo.ticker + \'"}\')', "utf-8")
    assert check(home, path, "--sample") == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {"action": "close", "symbol": "EURUSD"}
    assert "missing_id" in told.err


def test_no_sample_is_printed_of_a_script_that_fails(
    home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "script.pine"
    path.write_text(f"alert('{GOOD}')\nalert('{{\"action\":\"cloze\"}}')", "utf-8")
    assert check(home, path, "--sample") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "constant_id" in told.err
    assert "No sample is printed: alerts would fail." in told.err


def test_the_sample_is_a_field_of_the_json(
    home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "message.json"
    path.write_text(GOOD, "utf-8")
    assert check(home, path, "--sample", "--format", "json") == 0
    assert json.loads(json.loads(capsys.readouterr().out)["sample"])["action"] == "close"
    path.write_text(GOOD.replace('"close"', '"cloze"'), "utf-8")
    assert check(home, path, "--sample", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["sample"] is None


def test_an_alert_that_cannot_be_read_ends_with_1(
    home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "script.pine"
    path.write_text("if up\n    alert('x' close)", "utf-8")
    assert check(home, path) == 1
    assert f"{path}:2:15: error pine_syntax" in capsys.readouterr().out


def test_what_is_not_utf_8_or_not_there_is_a_mistake_in_the_call(home: str, tmp_path: Path) -> None:
    path = tmp_path / "message.txt"
    path.write_bytes(b"\xff")
    assert check(home, path) == 2
    assert check(home, tmp_path / "none.pine") == 2


def test_no_home_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "message.json"
    path.write_text('{"type":"x","id":"1","t":1790000000}', "utf-8")
    assert check(str(tmp_path / "none"), path) in (0, 1)
    assert not (tmp_path / "none").exists()


def test_a_script_without_alerts_may_come_through_standard_input(
    home: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"plot(close)\n")))
    assert run(["pine", "check", "-", "--home", home]) == 0
    assert "warning no_alert" in capsys.readouterr().out
