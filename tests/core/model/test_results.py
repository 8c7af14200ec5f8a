"""What order results say of themselves, and a decision that was not carried out."""

import pytest

from zepix_core import CloseResult, Decision, Gate, GroupResult, OrderResult, Verdict, reason_of


def test_results_show_what_became_of_them() -> None:
    order = OrderResult(ok=True, ticket=7, volume=0.1, price=1.1, leg="A", intent_id="i")
    assert order.shown() == {
        "leg": "A", "placed": True, "ticket": 7, "lots": 0.1, "price": 1.1, "code": "", "message": ""
    }  # fmt: skip
    close = CloseResult(
        success=False, order_id=7, closed_volume=0.06, remaining_volume=0.04, code="PARTLY_CLOSED"
    )
    assert close.shown() == {
        "ticket": 7, "closed": False, "volume": 0.06, "left": 0.04, "profit": 0.0, "code": "PARTLY_CLOSED",
        "message": "",
    }  # fmt: skip


def test_a_group_tells_apart_what_closed_and_what_did_not() -> None:
    done, stuck = (
        CloseResult(success=True, order_id=1),
        CloseResult(success=False, order_id=2, code="UNRESOLVED"),
    )
    group = GroupResult(success=False, closed_count=1, results=(done, stuck))
    assert (group.closed, group.failed) == ((1,), (stuck,))
    assert [row["ticket"] for row in group.shown()] == [1, 2]


def test_a_code_becomes_a_reason_and_the_plugins_own_word_wins() -> None:
    assert reason_of("BROKER_REJECT") == "broker_reject"
    assert reason_of("DAILY_LIMIT", {"DAILY_LIMIT": "cap_daily_loss"}) == "cap_daily_loss"
    assert reason_of("") == "order_refused"


def test_a_decision_that_was_turned_down_keeps_what_it_knew() -> None:
    first, gate = Gate("score", True, 7), Gate("broker", False, "BROKER_REJECT")
    decision = Decision(
        verdict=Verdict.ACTED, action="enter", gates=(first,), data={"score": 7}, tickets=(1, 2)
    )
    told = decision.turned_down("broker_reject", gate, tickets=(3,))
    assert (told.verdict, told.action, told.reason) == (Verdict.REJECTED, "reject", "broker_reject")
    assert (told.gates, told.data, told.tickets) == ((first, gate), {"score": 7}, (3,))


def test_results_of_closes_are_read_like_the_dictionaries_they_once_were() -> None:
    one = CloseResult(success=True, order_id=7, closed_volume=0.1)
    group = GroupResult(success=True, closed_count=1, results=(one,))
    assert (group["closed_count"], group["results"][0]["closed_volume"]) == (1, 0.1)
    with pytest.raises(KeyError):
        group["failed"]
