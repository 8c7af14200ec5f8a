"""Keys of settings files are found again by their line."""

from zepix_core.config.lines import json_lines, line_of, toml_lines


def test_toml_keys_and_tables_have_lines() -> None:
    lines = toml_lines(
        'a = 1\n\n# b = 2\n[t."x.y"]\nk = """\nnot = a key\n"""\n"q r" = 3\nn.m = 4\n[[list]]\nz = 1\n'
    )
    assert lines[("a",)] == 1
    assert lines[("t", "x.y")] == 4
    assert lines[("t", "x.y", "q r")] == 8
    assert lines[("t", "x.y", "n", "m")] == 9
    assert lines[("list", "z")] == 11
    assert ("t", "x.y", "not") not in lines


def test_json_keys_have_lines_and_values_do_not() -> None:
    lines = json_lines('{\n "a": {"b": ["a", "b"],\n  "c": "a"},\n "d": 1\n}')
    assert lines == {("a",): 2, ("a", "b"): 2, ("a", "c"): 3, ("d",): 4}


def test_a_key_without_a_line_takes_the_table_around_it() -> None:
    assert line_of({("a",): 3}, ("a", "b", "c")) == 3
    assert line_of({}, ("a",)) is None
