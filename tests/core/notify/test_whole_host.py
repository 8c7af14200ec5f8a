"""A whole host tells people: through the commands, over kills, and never the address itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.core.notify.receiver import Receiver, hangs, says

from zepix_core.cli.channels import channel_findings, channel_line, setting_findings
from zepix_core.cli.main import run
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.profiles import prepare
from zepix_core.model.channel import ChannelRow
from zepix_core.testing.process import RunningHost

DISCORD = """
[plugin_system]
enabled = false
[notify.webhook]
url = "${ZEPIX_NOTIFY_URL}"
template = '{"content": "{text}"}'
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, receiver: Receiver) -> Home:
    made = Home(tmp_path / "home")
    prepare(made)
    with made.settings_file.open("a", encoding="utf-8") as settings:
        settings.write(DISCORD)
    with made.env.open("a", encoding="utf-8") as variables:
        variables.write(f"ZEPIX_NOTIFY_URL={receiver.url}\n")
    return made


def test_people_are_told_through_a_kill_and_the_commands_say_how_it_went(
    home: Home, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    host = RunningHost(home.path)
    receiver.behaviours[0] = hangs
    host.start("--inline")
    assert run(["panic", "--level", "entries", "--home", str(home.path)]) == 0
    receiver.wait(1)
    host.kill()
    receiver.behaviours[0] = says(204)
    host.start("--inline")
    first, again = receiver.wait(2)
    capsys.readouterr()
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert "panic (entries) by " in again.json["content"]

    receiver.behaviours[0] = says(404, '{"message": "no very-secret-path"}')
    assert run(["notify", "test", "--home", str(home.path)]) == 1
    refused = capsys.readouterr().out
    assert "answered 404" in refused
    assert run(["notices", "list", "--home", str(home.path), "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["told"][0]["state"] for row in listed] == ["sent", "failed"]
    assert run(["status", "--home", str(home.path), "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)["channels"]
    assert [(one["state"], one["sent"], one["failed"]) for one in status] == [("refusing", 1, 1)]
    assert host.stop() == 0
    written = "".join(path.read_text("utf-8") for path in home.path.rglob("*.log"))
    assert "very-secret-path" not in f"{written}{refused}{listed}{status}"


def test_a_stopped_host_tries_the_channel_directly(
    home: Home, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["notify", "test", "--home", str(home.path), "--format", "json-lines"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["state"] == "sent"
    assert "No host runs" in told.err
    assert receiver.taken[0].json["content"].startswith("Zepix can reach you here.")


def test_without_a_channel_a_test_says_that_notices_stay_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    assert run(["notify", "test", "--home", str(home.path)]) == 1
    assert "notices stay on this machine" in capsys.readouterr().err
    assert run(["notices", "list", "--home", str(home.path)]) == 0
    assert capsys.readouterr().out == "No notices yet.\n"


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("", [("notices", "warning", "they stay on this machine")]),
        ("live = true", [("notices", "bad", "does not start on a real account")]),
        ("live = true\nnotify.no_channel_confirmed = true", [("notices", "warning", "they stay")]),
        ('notify.webhook.url = "{url}"', [("notice address", "ok", "can be reached")]),
        ('notify.webhook.url = "http://127.0.0.1:1/x"', [("notice address", "bad", "cannot be reached")]),
        (
            'notify.webhook.url = "http://notices.invalid/x"',
            [
                ("notice address", "bad", "the name notices.invalid is not known"),
                ("notice address", "warning", "stands in the settings"),
                ("notice address", "warning", "is plain http"),
            ],
        ),
    ],
)
def test_doctor_looks_at_the_way_of_notices(
    tmp_path: Path, receiver: Receiver, settings: str, found: list[tuple[str, str, str]]
) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    home.settings_file.write_text(settings.replace("{url}", receiver.url) + "\n", encoding="utf-8")
    findings = list(setting_findings(load_settings(home)))
    assert [(one.name, one.result) for one in findings] == [(name, result) for name, result, _ in found]
    for finding, (_, _, said) in zip(findings, found, strict=True):
        assert said in finding.detail


def row(**facts: Any) -> dict[str, Any]:
    values = {"channel": "webhook", "where": "https://h", "least": "HIGH", "state": "fine", **facts}
    return attrs.asdict(ChannelRow(**values))


@pytest.mark.parametrize(
    ("facts", "result", "said"),
    [
        ({"sent": 3}, "ok", "https://h: 3 sent"),
        ({"waiting": 2, "oldest": "10:00"}, "ok", "https://h: 0 sent, 2 waiting since 10:00"),
        ({"failed": 1}, "warning", "https://h: 0 sent, 1 failed"),
        (
            {"state": "retrying", "failing_since": "9:00", "error": "away", "dropped": 4},
            "warning",
            "https://h: does not take them since 9:00: away; 0 sent, 4 dropped",
        ),
        (
            {"state": "refusing", "failed": 1, "last_failure": "answered 404"},
            "bad",
            "https://h: refused the last one: answered 404; 0 sent, 1 failed",
        ),
        (
            {"state": "off"},
            "bad",
            "https://h: is off until the next start: see `zepix logs`; 0 sent",
        ),
    ],
)
def test_how_a_channel_stands_is_told_in_a_line(facts: dict[str, Any], result: str, said: str) -> None:
    (finding,) = channel_findings([row(**facts)])
    assert (finding.result, finding.detail) == (result, said)
    assert channel_line(row(**facts)) == said
