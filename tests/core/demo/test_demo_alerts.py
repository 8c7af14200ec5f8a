"""The alerts that ``zepix run --demo`` plays, and the samples people copy."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from zepix_core import read_object

SAMPLES = Path(__file__).parents[3] / "examples" / "alerts"
DEMO = [
    json.loads(line)
    for line in files("zepix_core.demo").joinpath("v3_alerts.jsonl").read_text("utf-8").splitlines()
]
BODIES = [row["body"] for row in DEMO]


def readable(body: str) -> dict[str, Any] | None:
    return None if "{{" in body else read_object(body)


def test_each_line_has_a_title_and_a_body() -> None:
    assert len(DEMO) == 13
    assert all(set(row) == {"title", "body"} and row["title"] and row["body"] for row in DEMO)


def test_one_body_comes_twice_on_purpose_and_the_host_would_swallow_no_other() -> None:
    repeated = {body for body in BODIES if BODIES.count(body) > 1}
    assert len(repeated) == 1
    assert BODIES[1] == BODIES[2]


def test_no_other_two_entries_mean_the_same_to_v3() -> None:
    keys = [
        tuple(alert.get(name) for name in ("type", "signal_type", "symbol", "tf", "direction"))
        for body in dict.fromkeys(BODIES)
        if (alert := readable(body)) is not None
    ]
    assert len(keys) == len(set(keys))


def test_the_story_stays_within_five_open_trades() -> None:
    entries = [alert for body in set(BODIES) if (alert := readable(body)) and alert["type"] == "entry_v3"]
    traded = [alert for alert in entries if alert["symbol"] != "BTCUSD" and alert["symbol"] != "NZDUSD"]
    assert len(traded) == 6, "five at once: the reversal closes one before it opens"


@pytest.mark.parametrize("body", list(dict.fromkeys(BODIES)))
def test_each_demo_alert_is_also_a_sample_people_can_send(body: str) -> None:
    samples = {path.read_text("utf-8").rstrip("\n") for path in SAMPLES.glob("v3-*")}
    assert body in samples


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_every_json_sample_is_a_json_object(path: Path) -> None:
    assert read_object(path.read_text("utf-8"))


def test_the_week_has_a_title_and_a_body_on_every_line() -> None:
    lines = (SAMPLES / "v3_week.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 100
    assert all(set(json.loads(line)) == {"title", "body"} for line in lines)
