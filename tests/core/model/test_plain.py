"""Values of a report: whatever comes in, JSON and the wire can hold it."""

import json
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import as_json, encodable, shown
from zepix_core.wire.codec import through

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=30)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


class Word(StrEnum):
    ENTER = "enter"


@given(VALUES)
def test_whatever_it_is_it_crosses_and_is_json(value: Any) -> None:
    plain = as_json(value)
    json.dumps(plain).encode()
    assert through(plain, Any) == plain
    assert as_json(plain) == plain


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Decimal("0.1"), 0.1),
        (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (True, True),
        (None, None),
        (Word.ENTER, "enter"),
        ((1, Decimal("2.5")), [1, 2.5]),
        ({Decimal("1.5"): "x\ud800"}, {"1.5": "x?"}),
    ],
)
def test_nothing_is_lost_that_json_can_hold(value: Any, plain: Any) -> None:
    assert as_json(value) == plain
    assert type(as_json(value)) is type(plain)


def test_a_long_text_is_cut_for_people() -> None:
    assert shown("x" * 300) == "x" * 200
    assert shown(Decimal("2.50")) == 2.5
    assert (shown(None), shown(False)) == (None, False)
    assert encodable("a\udfffb") == "a?b"
