"""Log lines: one JSON object a line, bound fields, and no secrets anywhere."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zepix_core import logs

TOKEN = "123456789:" + "A" * 35


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    level, excepthook = root.level, threading.excepthook
    yield
    logs.configure_host(console=False)
    root.setLevel(level)
    threading.excepthook = excepthook
    logging.captureWarnings(False)
    logs._secrets.clear()


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_a_record_is_one_line_of_json_with_what_is_bound(tmp_path: Path) -> None:
    logs.configure_host(file=tmp_path / "logs" / "zepix.log", console=False)
    with logs.bound(alert_id=7), logs.bound(plugin="v3"):
        logging.getLogger("some").info("two\nlines of %s", "text")
    logging.getLogger("some").info("later")
    first, second = lines_of(tmp_path / "logs" / "zepix.log")
    assert (first["event"], first["alert_id"], first["plugin"]) == ("two\nlines of text", 7, "v3")
    assert (first["level"], first["logger"]) == ("info", "some")
    assert first["at"].endswith("Z")
    assert "alert_id" not in second


def test_secrets_and_bot_tokens_are_masked_even_in_tracebacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    logs.keep_secret("hunter22")
    logs.configure_host(file=tmp_path / "zepix.log")
    with logs.bound(url=f"https://example.org/bot{TOKEN}/send"):
        try:
            raise ValueError("the token hunter22 is wrong")
        except ValueError:
            logging.getLogger("some").exception("failed with hunter22")
    for text in (screen.getvalue(), (tmp_path / "zepix.log").read_text()):
        assert "failed with ***" in text
        assert "ValueError" in text
        assert "hunter22" not in text
        assert TOKEN not in text


def test_a_secret_too_short_to_mask_is_not_kept() -> None:
    logs.keep_secret("abc")
    assert logs.mask("abcdef") == "abcdef"


def test_the_console_may_show_less_than_the_file_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    logs.configure_host(file=tmp_path / "zepix.log", console_level="WARNING")
    logging.getLogger("some").info("quiet")
    logging.getLogger("some").warning("loud")
    assert [line["event"] for line in lines_of(tmp_path / "zepix.log")] == ["quiet", "loud"]
    assert "quiet" not in screen.getvalue()
    assert "loud" in screen.getvalue()


def test_a_childs_line_keeps_level_event_and_fields(tmp_path: Path) -> None:
    logs.configure_host(file=tmp_path / "zepix.log", console=False)
    said = {
        "at": "x",
        "level": "warning",
        "logger": "their.module",
        "event": "100% slow",
        "name": "n",
        "plugin": "v6",
    }
    logs.relay("v6", json.dumps(said))
    line = lines_of(tmp_path / "zepix.log")[0]
    assert (line["level"], line["event"], line["plugin"], line["name"]) == ("warning", "100% slow", "v6", "n")
    assert (line["logger"], line["said_by"]) == ("zepix.v6", "their.module")


@pytest.mark.parametrize(
    "text", ["plain % text", '{"no": "event"}', "[1]", "7", '{"event": 1, "level": "odd"}']
)
def test_a_childs_line_of_any_other_form_is_kept_too(tmp_path: Path, text: str) -> None:
    logs.configure_host(file=tmp_path / "zepix.log", console=False)
    logs.relay("v6", text)
    line = lines_of(tmp_path / "zepix.log")[0]
    assert line["level"] == "info"
    assert line["event"] in (text, "1")


def test_configuring_again_doubles_nothing(tmp_path: Path) -> None:
    for _ in range(3):
        logs.configure_host(file=tmp_path / "zepix.log", console=False)
    logging.getLogger("some").info("once")
    assert len(lines_of(tmp_path / "zepix.log")) == 1


def test_the_level_is_kept_and_chatty_libraries_are_quieter(tmp_path: Path) -> None:
    logs.configure_host("DEBUG", tmp_path / "zepix.log", console=False)
    logging.getLogger("some").debug("fine")
    logging.getLogger("httpx").info("GET https://…/bot…")
    assert [line["event"] for line in lines_of(tmp_path / "zepix.log")] == ["fine"]


def test_values_json_does_not_know_are_written_as_text(tmp_path: Path) -> None:
    logs.configure_host(file=tmp_path / "zepix.log", console=False)
    with logs.bound(path=tmp_path):
        logging.getLogger("some").info("x")
    assert lines_of(tmp_path / "zepix.log")[0]["path"] == str(tmp_path)


def test_a_thread_that_dies_is_in_the_log(tmp_path: Path) -> None:
    logs.configure_host(file=tmp_path / "zepix.log", console=False)

    def die() -> None:
        raise ValueError("no")

    thread = threading.Thread(target=die, name="some-thread")
    thread.start()
    thread.join()
    line = lines_of(tmp_path / "zepix.log")[0]
    assert (line["level"], line["event"]) == ("critical", "the thread some-thread died")
    assert "ValueError: no" in line["exception"]
