"""One character of a valid message is damaged: what the parsers refuse is reported, at its place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix_core.pine.fault import Fault
from zepix_core.pine.message import judge
from zepix_core.pine.world import World

from .pine_parsers import bodies, refusal, shapes

BODIES, SHAPES = bodies(), shapes()
CHARACTERS = '"{}[],:|\\ 0159-.xAn_/\n\x00é→'
OPTIONAL = {"missing_id", "missing_bar_time"}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[^\s",:{}\[\]|]+|.', re.DOTALL)


def near(text: str, at: int, faults: tuple[Fault, ...]) -> bool:
    """Whether one of the faults is reported at the token that holds ``at``, or at one that touches it."""
    tokens = [found.span() for found in _TOKEN.finditer(text)]
    held = [number for number, (start, end) in enumerate(tokens) if start <= at <= end] or [len(tokens)]
    for fault in faults:
        reach = range(fault.at, fault.at + fault.length + 1)
        told = [n for n, (start, end) in enumerate(tokens) if start < reach.stop and end > reach.start]
        told = told or [len(tokens)]
        if min(told) - 1 <= max(held) and max(told) >= min(held):
            return True
    return False


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:60])
def test_an_undamaged_message_gets_the_verdict_of_the_parsers(body: str) -> None:
    verdict = judge(body, World(kinds=None))
    if refusal(body) is None:
        assert [fault for fault in verdict.faults if fault.code not in OPTIONAL] == []
    else:
        assert verdict.faults


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_damage_of_one_character_is_reported_where_it_is(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(SHAPES))
    at = data.draw(st.integers(0, len(body) - 1))
    put = data.draw(st.sampled_from(["", *CHARACTERS]))
    end = at if put and data.draw(st.booleans()) else at + 1
    damaged = body[:at] + put + body[end:]
    grave = tuple(fault for fault in judge(damaged, World()).faults if fault.grave)
    if refusal(damaged) is None:
        assert not grave
    else:
        assert grave
        assert near(damaged, at, grave)


@pytest.mark.parametrize("body", [body for body in SHAPES if not body.startswith("{")])
def test_every_lost_character_of_a_pipe_message_is_reported_where_it_was(body: str) -> None:
    for at in range(len(body)):
        damaged = body[:at] + body[at + 1 :]
        grave = tuple(fault for fault in judge(damaged, World()).faults if fault.grave)
        assert bool(grave) is (refusal(damaged) is not None), damaged
        assert not grave or near(damaged, at, grave), damaged


@given(st.text(max_size=200))
def test_no_text_breaks_the_judge(text: str) -> None:
    judge(text, World())
    judge("{" + text, World())
    judge("TREND_PULSE|" + text, World())
