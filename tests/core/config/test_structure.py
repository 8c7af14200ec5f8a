from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.config.json_schema import json_schema
from zepix_core.config.structure import find_faults, structure, to_plain
from zepix_core.errors import SettingsError
from zepix_core.model.setting import setting
from zepix_core.plugin import PluginConfig


class Mood(StrEnum):
    CALM = "calm"
    WILD = "wild"


@attrs.frozen(kw_only=True)
class Inner:
    """An inner table."""

    lots: float = setting(0.1, doc="Lots.", gt=0, le=10)
    names: tuple[str, ...] = setting((), doc="Names.")


@attrs.frozen(kw_only=True)
class Model:
    """A model of everything."""

    enabled: bool = setting(True, doc="Flag.", restart=True)
    count: int = setting(3, doc="Count.", ge=1)
    ratio: float = setting(0.5, doc="Ratio.")
    title: str = setting("x", doc="Title.", choices=("x", "y"))
    limit: float | None = setting(None, doc="Limit.", gt=0)
    mood: Mood = setting(Mood.CALM, doc="Mood.")
    at: datetime = setting(datetime(2026, 1, 1, tzinfo=UTC), doc="Moment.")
    money: Decimal = setting(Decimal(1), doc="Money.")
    inner: Inner = setting(factory=Inner, doc="Inner.")
    tiers: dict[str, Inner] = setting(factory=dict, doc="Tiers.")
    extra: dict[str, Any] = setting(factory=dict, doc="Anything.")
    tags: frozenset[str] = setting(frozenset(), doc="Tags.")


def faults(data: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        structure(data, Model)
    return caught.value.faults


def test_absent_keys_take_their_defaults() -> None:
    assert structure({}, Model) == Model()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"enabled": "no"}, "enabled: must be true or false, not 'no'"),
        ({"enabled": 1}, "enabled: must be true or false, not 1"),
        ({"count": 7.9}, "count: must be a whole number, not 7.9"),
        ({"count": True}, "count: must be a whole number, not true"),
        ({"count": "7"}, "count: must be a whole number, not '7'"),
        ({"count": 0}, "count: must be >= 1, not 0"),
        ({"ratio": "1"}, "ratio: must be a number, not '1'"),
        ({"ratio": float("nan")}, "ratio: must be a finite number, not nan"),
        ({"ratio": float("inf")}, "ratio: must be a finite number, not inf"),
        ({"ratio": 10**400}, "ratio: must be a finite number"),
        ({"title": 5}, "title: must be a text, not 5"),
        ({"title": "z"}, "title: must be one of x, y, not 'z'"),
        ({"limit": -1}, "limit: must be > 0, not -1"),
        ({"mood": "CALM"}, "mood: must be one of calm, wild, not 'CALM'"),
        ({"at": "2026-01-01T00:00:00"}, "at: must name its time zone"),
        ({"at": "soon"}, "at: must be a moment"),
        ({"money": "much"}, "money: must be a number"),
        ({"inner": {"names": "abc"}}, "inner.names: must be a list, not 'abc'"),
        ({"inner": []}, "inner: must be a table, not a list"),
        ({"tiers": {"5000": {"lots": 11}}}, "tiers.5000.lots: must be <= 10, not 11"),
        ({"tiers": 4}, "tiers: must be a table, not 4"),
        ({"inner": {"names": ["a", 1]}}, "inner.names.1: must be a text, not 1"),
        ({"enabeld": True}, "enabeld: unknown key; did you mean 'enabled'?"),
        ({"zzz": True}, "zzz: unknown key; it is not a setting"),
    ],
)
def test_a_wrong_value_is_named_with_its_path_and_what_is_expected(data: dict[str, Any], words: str) -> None:
    (fault,) = faults(data)
    assert fault.startswith(words)


def test_all_faults_are_told_at_once() -> None:
    told = faults({"count": 0, "title": "z", "inner": {"lots": 0, "nmes": []}, "mod": 1})
    assert [fault.split(":")[0] for fault in told] == ["count", "title", "inner.lots", "inner.nmes", "mod"]


def test_a_whole_number_is_fine_where_a_number_is_asked_for() -> None:
    assert structure({"limit": 3, "ratio": 2}, Model) == Model(limit=3.0, ratio=2.0)
    assert isinstance(structure({"ratio": 2}, Model).ratio, float)


def test_a_moment_is_kept_in_utc() -> None:
    made = structure({"at": "2026-01-01T05:30:00+05:30"}, Model)
    assert made.at == datetime(2026, 1, 1, tzinfo=UTC)
    assert made.at.tzinfo is UTC


def test_faults_carry_their_keys() -> None:
    assert find_faults({"tiers": {"a.b": {"lots": 0}}}, Model)[0].path == ("tiers", "a.b", "lots")
    assert find_faults({}, Model) == ()


def test_a_missing_key_without_a_default_is_named() -> None:
    @attrs.frozen(kw_only=True)
    class Needs:
        token: str = setting(doc="Token.")

    with pytest.raises(SettingsError) as caught:
        structure({}, Needs)
    assert caught.value.faults == ("token: is missing",)


def test_a_mistake_between_fields_is_told_at_the_table() -> None:
    @attrs.frozen(kw_only=True)
    class Span:
        low: int = 0
        high: int = attrs.field(default=1)

        @high.validator
        def _order(self, _: Any, value: int) -> None:
            if value <= self.low:
                raise ValueError("high must be above low")

    assert structure({"low": 1, "high": 2}, Span) == Span(low=1, high=2)
    with pytest.raises(SettingsError) as caught:
        structure({"low": 3, "high": 2}, Span)
    assert "high must be above low" in caught.value.faults[0]


@given(
    count=st.integers(1, 10**9),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    names=st.lists(st.text()),
    mood=st.sampled_from(Mood),
)
def test_plain_data_becomes_the_same_model_again(
    count: int, ratio: float, names: list[str], mood: Mood
) -> None:
    model = Model(count=count, ratio=ratio, mood=mood, inner=Inner(names=tuple(names)), tags=frozenset(names))
    assert structure(to_plain(model), Model) == model


def test_plain_data_holds_json_values_only() -> None:
    plain = to_plain(Model())
    assert plain["mood"] == "calm"
    assert type(plain["mood"]) is str
    assert plain["at"] == "2026-01-01T00:00:00Z"
    assert plain["money"] == "1"
    assert plain["inner"] == {"lots": 0.1, "names": []}


def test_the_schema_tells_type_default_bounds_and_documentation() -> None:
    schema = json_schema(Model)
    assert schema["additionalProperties"] is False
    fields = schema["properties"]
    assert fields["enabled"] == {
        "type": "boolean",
        "default": True,
        "description": "Flag.",
        "x-restart": True,
    }
    assert fields["count"]["minimum"] == 1
    assert fields["title"]["enum"] == ["x", "y"]
    assert fields["limit"]["anyOf"] == [{"type": "number"}, {"type": "null"}]
    assert fields["limit"]["exclusiveMinimum"] == 0
    assert fields["mood"]["enum"] == ["calm", "wild"]
    assert fields["tiers"]["additionalProperties"]["properties"]["lots"]["maximum"] == 10


def test_the_base_settings_of_a_plugin_cross_and_come_back() -> None:
    assert structure(to_plain(PluginConfig()), PluginConfig) == PluginConfig()
    assert "enabled" in json_schema(PluginConfig)["properties"]
