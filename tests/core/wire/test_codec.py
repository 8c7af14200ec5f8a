"""Values cross a border unchanged, and nothing else crosses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix_core.errors import WireError
from zepix_core.model.decision import Decision, Gate, Step, Verdict
from zepix_core.model.market import Side, Tick
from zepix_core.model.order import Book, OrderRequest
from zepix_core.wire.codec import decode, encode, through

finite = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**63 - 1)
texts = st.text(max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | whole | finite | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.builds(Tick, symbol=texts, bid=finite, ask=finite, time_ns=whole))
def test_a_tick_crosses_unchanged(tick: Tick) -> None:
    assert through(tick, Tick) == tick


@settings(deadline=None)
@given(
    st.builds(
        Decision,
        verdict=st.sampled_from(Verdict),
        action=texts,
        reason=st.none() | texts,
        fields=st.dictionaries(texts, json_values, max_size=4),
        gates=st.lists(st.builds(Gate, texts, st.booleans(), st.none() | finite | texts), max_size=3).map(
            tuple
        ),
        steps=st.lists(st.builds(Step, texts, texts, texts), max_size=3).map(tuple),
        tickets=st.lists(whole, max_size=3).map(tuple),
    )
)
def test_a_decision_crosses_unchanged(decision: Decision) -> None:
    assert through(decision, Decision) == decision


@settings(deadline=None)
@given(
    st.builds(
        OrderRequest,
        intent_id=texts,
        action=st.sampled_from(["open", "close"]),
        symbol=texts,
        side=st.sampled_from(Side),
        lots=finite,
        book=st.sampled_from(Book),
    )
)
def test_enums_cross_as_enums(request: OrderRequest) -> None:
    crossed = through(request, OrderRequest)
    assert crossed == request
    assert isinstance(crossed.side, Side)


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_an_aware_moment_crosses_unchanged(at: datetime) -> None:
    crossed = through(at, datetime)
    assert crossed == at
    assert crossed.utcoffset() == timedelta()


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([Tick, Decision, OrderRequest, int, Any]))
def test_any_bytes_are_either_a_value_of_the_kind_or_refused(data: bytes, kind: Any) -> None:
    try:
        value = decode(data, kind)
    except WireError:
        return
    assert kind is Any or isinstance(value, kind)


def test_a_value_changed_after_it_crossed_changes_nothing_on_the_other_side() -> None:
    fields = {"a": [1]}
    crossed = through(Decision(verdict=Verdict.ACTED, action="enter", fields=fields), Decision)
    fields["a"].append(2)
    assert crossed.fields == {"a": [1]}


@attrs.frozen
class _Holds:
    value: Any


@pytest.mark.parametrize(
    "value",
    [object(), lambda: None, _Holds(object()), 2**80, "\ud800", {1: {2: open}}],
    ids=lambda v: type(v).__name__,
)
def test_what_cannot_cross_is_refused(value: Any) -> None:
    with pytest.raises(WireError, match="cannot cross"):
        encode(value)


def test_a_value_nested_too_deep_is_refused_on_both_sides() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(WireError):
        encode(nested)
    with pytest.raises(WireError):
        decode(b"\x91" * 100_000 + b"\xc0", Any)


def test_a_value_of_another_kind_is_refused_with_both_named() -> None:
    with pytest.raises(WireError, match="is not a Tick"):
        decode(encode("text"), Tick)
