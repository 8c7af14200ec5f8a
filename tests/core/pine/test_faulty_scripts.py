"""What Pine itself would not read or run, and where a fault is when a function builds the message."""

import re
from pathlib import Path

import pytest

from zepix_core.pine.check import check_script
from zepix_core.pine.formats import known_kinds
from zepix_core.pine.world import World

NOW = 1_790_000_000_000_000_000
WORLD = World(kinds=known_kinds())
CLOSE = '\'{"action":"close","symbol":"\' + syminfo.ticker + \'"}\''
LACKING = {"missing_id", "missing_bar_time"}


def found(source: str) -> list[tuple[int, int, str]]:
    """Place and code of everything but what the message could have besides."""
    report = check_script(source, WORLD, NOW)
    return [(one.line, one.column, one.code) for one in report.findings if one.code not in LACKING]


@pytest.mark.parametrize(("plus", "behind"), [("' + syminfo", "syminfo"), ("ticker + '", "'\"}'")])
def test_a_call_without_one_of_its_plus_signs_is_an_error_there(plus: str, behind: str) -> None:
    source = f"alert({CLOSE.replace(plus, plus.replace(' +', ''))}, alert.freq_all)"
    assert found(source) == [(1, source.index(behind) + 1, "pine_syntax")]
    assert not check_script(source, WORLD, NOW).fine


@pytest.mark.parametrize(
    "head", ["alert(", "alertcondition(up, 't', ", "strategy.close('L', alert_message = "]
)
def test_a_call_without_its_bracket_is_an_error_at_its_end(head: str) -> None:
    source = f"if up\n    {head}{CLOSE}\nplot(close)\n"
    assert found(source) == [(2, 5 + len(head) + len(CLOSE), "pine_syntax")]


def test_a_bracket_lost_inside_a_call_is_an_error_at_the_end_of_the_call() -> None:
    source = f"alert({CLOSE} + str.tostring(close, alert.freq_all)"
    assert found(source) == [(1, len(source) + 1, "pine_syntax")]


def test_what_follows_a_call_that_is_never_closed_is_read_all_the_same() -> None:
    source = f"alert({CLOSE}\nplot(close)\nalert({CLOSE.replace('close', 'cloze')})"
    assert [(line, code) for line, _, code in found(source)] == [(1, "pine_syntax"), (3, "unknown_type")]


def test_a_message_that_is_put_together_wrongly_elsewhere_is_an_error_there() -> None:
    source = "m = " + CLOSE.replace("ticker +", "ticker") + "\nalert(m)"
    assert found(source) == [(1, source.index("'\"}'") + 1, "pine_syntax")]


def test_a_quote_that_is_never_closed_is_told_about_once() -> None:
    assert found('alert("x + close)\nplot(close)') == [(1, 7, "unclosed_text")]


def test_generic_calls_and_chained_methods_are_no_mistakes() -> None:
    source = 'all = array.new<string>(1, "x")\nm = all.copy().get(0)\nalert(m)\nalert(array.from(m).first())'
    assert [code for _, _, code in found(source)] == ["not_readable", "not_readable"]


def test_an_expression_that_is_too_deep_is_no_mistake() -> None:
    assert [code for _, _, code in found("alert(" + "(" * 60 + '"x"' + ")" * 60 + ")")] == ["not_readable"]


FUNCTION = (
    "order(string action, float lots) =>\n"
    '    \'{"action":"\' + action + \'","symbol":"EURUSD","sl":1,"lots":\' + str.tostring(lots) + \'}\'\n'
)


@pytest.mark.parametrize(
    ("arguments", "wrong", "code"),
    [
        ('"byu", 1', "byu", "unknown_type"),
        ('"buy", 0', "0", "invalid_lots"),
        ('"buy", -1', "-1", "invalid_lots"),
        ('"buy", syminfo.ticker', "syminfo", "malformed_json"),
    ],
)
def test_a_value_given_to_a_function_is_wrong_at_the_call(arguments: str, wrong: str, code: str) -> None:
    line = f"alert(order({arguments}))"
    assert found(FUNCTION + line) == [(3, line.index(wrong) + 1, code)]


def test_a_value_that_the_function_itself_writes_is_wrong_there() -> None:
    source = FUNCTION.replace('"sl":1', '"sl":-1') + 'alert(order("buy", 1))'
    assert [(line, code) for line, _, code in found(source)] == [(2, "invalid_stops")]


def test_a_sentence_given_to_a_function_is_reported_at_the_call() -> None:
    source = 'send(m) =>\n    alert(m)\nsend("New signal")\nsend(array.get(x, 0))'
    assert found(source) == [(3, 7, "not_a_message"), (4, 6, "not_readable")]


def formatted(text: str) -> list[tuple[int, int, str]]:
    """What is found when ``text``, which has no apostrophes but its own, is given to ``str.format``."""
    return found(_call(text))


def column_of(text: str, at: int) -> int:
    """The column in the script of a character of ``text``."""
    return _call(text[:at]).index(", syminfo")


def _call(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'alert(str.format("{escaped}", syminfo.ticker))'


def test_braces_in_apostrophes_are_sent() -> None:
    assert formatted("""'{'"action":"close","symbol":"{0}"'}'""") == []


@pytest.mark.parametrize(
    ("text", "brace"),
    [
        ('{"action":"close","symbol":"{0}"}', '{"action'),
        ("""'{'"action":"close","symbol":"{0}"}""", "}"),
        ('{{"action":"close","symbol":"{0}"}}', '{{"action'),
        ("""''{''"action":"close","symbol":"{0}"''}''""", "{''"),
        ("""'{'"action":"close","symbol":"{ticker}"'}'""", "{ticker"),
    ],
)
def test_a_brace_that_breaks_str_format_is_an_error_at_the_brace(text: str, brace: str) -> None:
    at = text.rindex(brace)
    assert (1, column_of(text, at), "str_format") in formatted(text)


@pytest.mark.parametrize(
    "text", ["""'{"action":"close","symbol":"{0}"}'""", """'{'"action":"close","symbol":"{1}"'}'"""]
)
def test_a_place_that_is_never_filled_in_is_an_error(text: str) -> None:
    at = max(text.find("{0}"), text.find("{1}"))
    assert formatted(text) == [(1, column_of(text, at), "str_format")]


def test_a_doubled_apostrophe_is_sent_as_one_and_a_single_one_is_a_warning() -> None:
    assert formatted("""'{'"action":"close","symbol":"it''s {0}"'}'""") == []
    text = """'{'"action":"close","symbol":"it's"}"""
    assert formatted(text) == [(1, column_of(text, text.index("'s")), "str_format")]
    assert check_script(_call(text), WORLD, NOW).fine


def test_a_sentence_that_begins_empty_is_a_sentence() -> None:
    source = 'msg = ""\nif close > open\n    msg += "hello " + syminfo.ticker\nif msg != ""\n    alert(msg)'
    assert found(source) == [(3, 13, "not_a_message")]


def test_what_begins_empty_and_with_a_value_cannot_be_told() -> None:
    assert found('alert("" + syminfo.ticker + "|x")') == [(1, 12, "not_readable")]


SENT = """'{'"action":"close","symbol":"EURUSD","tf":"5"""


def numbers(keys: str, *values: str) -> list[tuple[str, str]]:
    """Level and code of what is found when ``keys`` with places are filled with ``values``."""
    text = f"{SENT}\",{keys}'}}'".replace('"', '\\"')
    report = check_script(f'alert(str.format("{text}", {", ".join(values)}))', WORLD, NOW)
    return [(one.level, one.code) for one in report.findings if one.code not in LACKING]


def test_a_number_that_str_format_writes_for_people_is_a_warning_where_one_is_read() -> None:
    assert numbers('"price":{0}', "close") == [("warning", "number_format")]
    assert numbers('"price":{0,number,integer}', "close * 2") == [("warning", "number_format")]
    assert numbers('"price":{0,number,###,###.#}', "close") == [("warning", "number_format")]


def test_a_bar_time_with_commas_is_an_error_outside_quotes_and_a_warning_inside() -> None:
    assert numbers('"t":{0}', "time") == [("error", "number_format")]
    assert numbers('"t":"{0}"', "timenow") == [("warning", "number_format")]


def test_numbers_with_a_pattern_or_as_text_or_in_a_sentence_are_fine() -> None:
    assert numbers('"price":{0,number,#.#####},"t":{1,number,#}', "close", "time") == []
    assert numbers('"price":{0},"t":{1}', "str.tostring(close)", "str.tostring(time)") == []
    assert numbers('"id":"at {0} {1}"', "close", "time") == []
    assert numbers('"lots":{0}', "0.5") == []


def test_the_hint_names_the_pattern_and_the_function() -> None:
    source = 'alert(str.format("\'{\'\\"action\\":\\"close\\",\\"price\\":{0}\'}\'", close))'
    (finding,) = [one for one in check_script(source, WORLD, NOW).findings if one.code == "number_format"]
    assert finding.column == source.rindex("close") + 1
    assert "{0,number,#.#####}" in finding.hint
    assert "str.tostring(close)" in finding.hint


def test_a_number_as_written_is_sent_with_its_commas() -> None:
    assert ("error", "malformed_json") in numbers('"lots":{0}', "12345")


def test_a_field_of_a_pipe_message_that_is_one_number_is_told_about() -> None:
    source = 'alert(str.format("EXIT_BULLISH|EURUSD|5|{0}|15", close))'
    assert (1, source.rindex("close") + 1, "number_format") in found(source)


V6_SECTION = (Path(__file__).parents[3] / "examples/pine/zepix_v6_alerts.pine").read_text("utf-8")
SEPARATORS = [
    found.start()
    for found in re.finditer(r"\|", V6_SECTION)
    if found.start() > V6_SECTION.index("// ===== ALERTS")
]


@pytest.mark.parametrize("at", SEPARATORS[::11])
def test_one_replaced_separator_is_one_finding_a_place(at: int) -> None:
    source = V6_SECTION[:at] + ";" + V6_SECTION[at + 1 :]
    place = (source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at), "field_count")
    assert found(source) == [place]


def test_of_a_call_whose_fields_are_shifted_the_first_fault_is_told() -> None:
    source = "alert('EXIT_BULLISH|' + syminfo.ticker + '|x|y|z')"
    assert len(found(source)) == 1
