"""Names and states of intents, numbers of plugins, classes of return codes."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.broker.retcodes import Retcode
from zepix_core.errors import StorageError
from zepix_core.journal.intents import (
    MOVES,
    can_move,
    comment_of,
    intent_id,
    intent_in,
    magic_of,
    ours,
)
from zepix_core.journal.numbers import number_of, short_tag
from zepix_core.journal.retcodes import ReplyClass, classify
from zepix_core.model.order import Action, IntentState
from zepix_core.storage.journal_schema import TABLES

S = IntentState
names = st.text(max_size=30)


@given(names, names, st.sampled_from(["A", "B"]), st.sampled_from(list(Action)))
def test_an_intent_id_is_ten_lower_case_base32_characters(
    key: str, plugin: str, leg: str, action: Action
) -> None:
    one = intent_id(key, plugin, leg, action)
    assert one == intent_id(key, plugin, leg, action)
    assert len(one) == 10
    assert set(one) <= set("abcdefghijklmnopqrstuvwxyz234567")


@given(names, st.text(max_size=20), names)
def test_a_comment_fits_and_leads_back_to_its_intent(plugin: str, leg: str, key: str) -> None:
    one = intent_id(key, plugin, leg, Action.OPEN)
    comment = comment_of(short_tag(plugin), one, leg)
    assert len(comment) <= 26
    assert comment.isascii()
    assert intent_in(comment) == one


@pytest.mark.parametrize(
    "comment", ["", "[sl 1.08500]", "a:b", "so: 50%", "x:TOOLONGNAME:A", "x:ABCDEFGHIJ:A"]
)
def test_other_comments_lead_nowhere(comment: str) -> None:
    assert intent_in(comment) is None


def test_a_magic_holds_host_plugin_and_leg() -> None:
    assert magic_of(1, 12, "A") == 1_012_001
    assert magic_of(99, 999, "B") < 2**31
    assert ours(1_012_001, 1)
    assert not ours(0, 0)
    assert not ours(2_000_001, 1)


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(IntentState)


@pytest.mark.parametrize(
    ("old", "new", "fine"),
    [
        (S.PLANNED, S.SENDING, True),
        (S.PLANNED, S.FILLED, False),
        (S.SENDING, S.UNKNOWN, True),
        (S.UNKNOWN, S.SENDING, False),
        (S.UNKNOWN, S.NOT_SENT, True),
        (S.NOT_SENT, S.DROPPED, True),
        (S.UNKNOWN, S.REJECTED, False),
        (S.FILLED, S.CLOSED, True),
        (S.CLOSED, S.FILLED, False),
        (S.DROPPED, S.ADOPTED, True),
        (S.DENIED, S.NEEDS_HUMAN, True),
    ],
)
def test_moves_follow_the_table(old: IntentState, new: IntentState, fine: bool) -> None:
    assert can_move(old, new) is fine


@pytest.mark.parametrize(
    ("plugin", "tag"),
    [("price_action_15m", "pa-15m"), ("combined_v3", "c-v3"), ("bracket", "bracket"), ("Ünïcode!", "n-code")],
)
def test_a_tag_is_short_and_ascii(plugin: str, tag: str) -> None:
    assert short_tag(plugin) == tag


@given(names)
def test_every_tag_has_one_to_seven_characters_and_no_colon(plugin: str) -> None:
    assert 1 <= len(short_tag(plugin)) <= 7
    assert ":" not in short_tag(plugin)


def test_numbers_and_tags_are_given_once_and_differ() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    first = number_of(connection, "alpha_beta_one")
    second = number_of(connection, "a_b_one")
    assert first == number_of(connection, "alpha_beta_one")
    assert first.number != second.number
    assert first.tag != second.tag
    connection.execute("UPDATE plugin_numbers SET number = 999 WHERE plugin = 'a_b_one'")
    with pytest.raises(StorageError):
        number_of(connection, "third")


CLASSES = {
    ReplyClass.DONE: (10008, 10009, 10010),
    ReplyClass.UNKNOWN: (10011, 10012, 10023, 10031, 0, 1, 99999),
    ReplyClass.MOVED: (10004, 10020, 10021),
    ReplyClass.WAIT: (10024, 10028, 10029),
    ReplyClass.FIX: (10013, 10014, 10015, 10016, 10022, 10030, 10035, 10038, 10045),
    ReplyClass.STOP: (
        10006,
        10007,
        10017,
        10018,
        10019,
        10026,
        10027,
        10032,
        10033,
        10034,
        10040,
        10041,
        10042,
    ),
}
CASES = [(code, kind) for kind, codes in CLASSES.items() for code in codes]


@pytest.mark.parametrize(("retcode", "kind"), CASES)
def test_return_codes_have_their_class(retcode: int, kind: ReplyClass) -> None:
    assert classify(retcode, Action.OPEN) is kind


def test_benign_codes_are_done_for_their_action_alone() -> None:
    assert classify(10025, Action.MODIFY) is ReplyClass.DONE
    assert classify(10025, Action.OPEN) is ReplyClass.UNKNOWN
    assert classify(10036, Action.CLOSE) is ReplyClass.DONE
    assert classify(10039, Action.CLOSE) is ReplyClass.DONE
    assert classify(10036, Action.MODIFY) is ReplyClass.STOP


def test_every_named_return_code_is_dealt_with() -> None:
    known_unknown = {Retcode.ERROR, Retcode.TIMEOUT, Retcode.ORDER_CHANGED, Retcode.CONNECTION}
    for code in Retcode:
        if classify(code, Action.CLOSE) is ReplyClass.UNKNOWN:
            assert code in known_unknown or code is Retcode.NO_CHANGES
