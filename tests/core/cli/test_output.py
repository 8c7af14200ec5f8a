"""Values read well in a table, and JSON keeps everything."""

import json

import pytest

from zepix_core.cli.alerts.send import read_bodies
from zepix_core.cli.output import cell, print_rows
from zepix_core.cli.status import age
from zepix_core.storage.sqlite_version import has_wal_defect


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (True, "yes"),
        (False, "no"),
        (0.1 + 0.2, "0.3"),
        (4518.869, "4518.869"),
        ({"a": 1, "b": {"c": None}}, "a=1, b={c=-}"),
        ([1, [2, 3], []], "1, [2, 3], -"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_cell(value: object, text: str) -> None:
    assert cell(value) == text


def test_json_has_the_columns_first_and_then_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"z": 1, "b": 2, "a": 3}], ("a", "b"), "json")
    assert list(json.loads(capsys.readouterr().out)[0]) == ["a", "b", "z"]


def test_no_rows_are_an_empty_list_or_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], ("a",), "json")
    print_rows([], ("a",), "json-lines")
    print_rows([], ("a",), "table", "None yet.")
    assert capsys.readouterr().out == "[]\nNone yet.\n"


def test_bodies_of_a_jsonl_file_are_texts_under_body_or_whole_lines() -> None:
    data = b'{"body": "A|B"}\n\n{"id": 1}\nnot json\n{"body": 5}\n'
    assert read_bodies(data) == [b"A|B", b'{"id": 1}', b"not json", b'{"body": 5}']


@pytest.mark.parametrize(
    ("seconds", "text"), [(9, "9s"), (250, "4m 10s"), (7500, "2h 5m"), (273_600, "3d 4h"), (0.4, "0s")]
)
def test_an_age(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
        ((3, 6, 9), False),
    ],
)
def test_the_sqlite_versions_with_the_wal_defect_are_known(version: tuple[int, ...], affected: bool) -> None:
    assert has_wal_defect(version) is affected
