"""Every state of an order and every class of answer is reached, and every return code has its class."""

import json
from itertools import product
from pathlib import Path

import pytest
from tests.core.journal.conftest import House, context, single
from tests.core.journal.life_scenarios import SCENARIOS, Scenario, only, replied, running, visited

from zepix_core.broker.retcodes import Retcode
from zepix_core.journal.retcodes import ASKED_AGAIN, BREAKER, ReplyClass, classify
from zepix_core.model.order import Action, IntentState

S = IntentState
R = ReplyClass
SHEET = json.loads((Path(__file__).parent / "data" / "mt5_retcodes.json").read_text(encoding="utf-8"))
CODES = {int(code): name for code, name in SHEET["classes"].items()}
CLASSES = {
    "OK": {R.DONE},
    "BENIGN": {R.DONE, R.STOP, R.UNKNOWN},
    "RETRY": {R.MOVED, R.WAIT},
    "UNKNOWN": {R.UNKNOWN},
    "FIX": {R.FIX},
    "STOP": {R.STOP},
}
BENIGN = {10025: Action.MODIFY, 10036: Action.CLOSE, 10039: Action.CLOSE}


# --- the table of return codes


def test_the_codes_are_those_of_the_terminal() -> None:
    numbers = {**SHEET["constants"], **SHEET["not_exported"]}
    named = {f"TRADE_RETCODE_{code.name}": code.value for code in Retcode}
    assert named == numbers


@pytest.mark.parametrize(("code", "action"), list(product(CODES, Action)))
def test_a_code_has_the_class_of_the_sheet(code: int, action: Action) -> None:
    kind = classify(code, action)
    assert kind in CLASSES[CODES[code]]
    if code in BENIGN:
        assert (kind is R.DONE) == (action is BENIGN[code])


@pytest.mark.parametrize("code", [0, 10000, 10005, 10037, 10047, -1])
def test_a_code_that_is_not_in_the_sheet_says_nothing(code: int) -> None:
    assert code not in CODES
    assert {classify(code, action) for action in Action} == {R.UNKNOWN}


def test_a_moved_price_and_a_busy_server_are_told_apart() -> None:
    moved = {code for code in CODES if classify(code, Action.OPEN) is R.MOVED}
    waits = {code for code in CODES if classify(code, Action.OPEN) is R.WAIT}
    assert (moved, waits) == ({10004, 10020, 10021}, {10024, 10028, 10029})
    assert {10017, 10026, 10027} == BREAKER
    assert Action.OPEN not in ASKED_AGAIN


ENDS = {
    R.DONE: (S.FILLED, S.PLACED, S.PARTLY_FILLED),
    R.MOVED: (S.FILLED,),
    R.WAIT: (S.FILLED,),
    R.FIX: (S.REJECTED,),
    R.STOP: (S.REJECTED,),
    R.UNKNOWN: (S.UNKNOWN,),
}


@pytest.mark.parametrize("code", [code for code in CODES if classify(code, Action.OPEN) is not R.DONE])
async def test_an_entry_that_is_answered_with_a_code_ends_as_its_class_says(house: House, code: int) -> None:
    house.broker.moods.append(code)
    await running(house, house.desk.place(context(house.clock), single()), 1.0)
    kind, intent = classify(code, Action.OPEN), await only(house)
    assert intent.state in ENDS[kind]
    again = kind in (R.MOVED, R.WAIT)
    assert (intent.attempt, len(house.broker.requests)) == ((2, 2) if again else (1, 1))
    assert house.desk.control.state.paused == (code in BREAKER)


# --- the states


@pytest.mark.parametrize("life", SCENARIOS, ids=lambda life: life.name)
async def test_a_life_goes_through_its_states(house: House, life: Scenario) -> None:
    await life.play(house)
    assert await house.journal.read(visited) == life.states
    assert await house.journal.read(replied) == life.replies


def test_every_state_and_every_class_of_answer_is_reached() -> None:
    states = {state: [life.name for life in SCENARIOS if state in life.states] for state in S}
    answers = {
        (action, kind): [life.name for life in SCENARIOS if (action, kind) in life.replies]
        for action, kind in product(Action, R)
        if any(classify(code, action) is kind for code in CODES)
    }
    print(_report(states, answers))
    assert not [state.value for state, lives in states.items() if not lives]
    assert not [f"{action.value} {kind.value}" for (action, kind), lives in answers.items() if not lives]


def _report(states: dict[IntentState, list[str]], answers: dict[tuple[Action, ReplyClass], list[str]]) -> str:
    return (
        f"\nstate table: {sum(map(bool, states.values()))} of {len(states)} states,"
        f" {sum(map(bool, answers.values()))} of {len(answers)} classes of answer by action,"
        f" {len(CODES)} return codes, {len(SCENARIOS)} lives"
    )
