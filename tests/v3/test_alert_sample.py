"""A simulated market week of 200 messages, fed in file order."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from zepix_core import read_object
from zepix_core.inbox.admission import Refusal as HostRefusal
from zepix_core.inbox.admission import screen
from zepix_plugins_v3.alert import Refusal, parse
from zepix_plugins_v3.decide import decide
from zepix_plugins_v3.decision import Action
from zepix_plugins_v3.duplicates import NOT_ACCEPTED, Memory
from zepix_plugins_v3.rules import from_short_names
from zepix_plugins_v3.tables import SYMBOLS

from .messages import FACTS, state

LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "v3_alerts.jsonl").read_text(encoding="utf-8").splitlines()
]
RULES = from_short_names({})


def replay() -> dict[int, str | None]:
    """The reason of every message by its id, ``None`` when all was well."""
    memory, reasons = Memory(), {}
    for line in LINES:
        reason = reasons[line["id"]] = reason_of(line, memory)
        assert reason is None or reason == reason.lower()
    return reasons


def reason_of(line: dict[str, Any], memory: Memory) -> str | None:
    screened = screen(line["body"].encode(), frozenset())
    if isinstance(screened, HostRefusal):
        return screened.family
    alert = parse(read_object(screened.text), SYMBOLS)
    if isinstance(alert, Refusal):
        return alert.code
    at, key = datetime.fromisoformat(line["received_at"]), str(line["id"])
    decision = decide(alert, state(accepted=memory.before(key, at, RULES.duplicate_window)), RULES, FACTS)
    if decision.reason != "duplicate":
        memory.remember(key, at, alert)
    if decision.action in (Action.ENTER, Action.REVERSE):
        assert decision.entry is not None
    return decision.reason


REASONS = replay()


def test_the_sample_is_whole() -> None:
    assert len(LINES) == 200


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['id']}-{line['flag']}")
def test_a_message_of_the_sample_is_taken_as_it_is_flagged(line: dict[str, Any]) -> None:
    reason = REASONS[line["id"]]
    if line["flag"] == "malformed":
        assert reason == line["note"]
    elif line["flag"] == "duplicate":
        assert reason == "duplicate"
    else:
        assert reason not in NOT_ACCEPTED
        assert reason in (None, "no_open_position", "low_consensus_score")
