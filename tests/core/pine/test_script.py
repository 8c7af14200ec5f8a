"""Pine as tokens and lines, and the messages a script can build."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.pine.evaluation import Evaluator, Names
from zepix_core.pine.expression import Node, parse_expression
from zepix_core.pine.parts import Hole, Literal, Ways
from zepix_core.pine.reading import read_alerts
from zepix_core.pine.script import Places, read_script, text_value


def messages(source: str) -> list[str]:
    """Every message, each hole as ``<expression>``."""
    return [
        "".join(f"<{part.name}>" if isinstance(part, Hole) else part.text for part in way.parts)
        for sent in read_alerts(read_script(source))
        for way in sent.ways
    ]


def test_a_comment_mark_inside_a_text_begins_no_comment() -> None:
    assert messages('alert("a//b") // alert("no")') == ["a//b"]


@pytest.mark.parametrize("written", [r"'{\"a\"}'", r'"{\"a\"}"', "'{\"a\"}'"])
def test_both_quotes_and_their_escapes_are_read(written: str) -> None:
    assert messages(f"alert({written})") == ['{"a"}']


def test_each_character_of_a_text_knows_its_place_in_the_script() -> None:
    source = r"x = 'a\'b'"
    (line,) = read_script(source).lines
    text, offsets = text_value(line.tokens[-1])
    assert text == "a'b"
    assert [source[at] for at in offsets] == ["a", "\\", "b"]


def test_a_line_goes_on_inside_brackets_after_an_operator_and_by_odd_indentation() -> None:
    assert messages('alert("a" +\n  "b",\n  alert.freq_all)\nx = "c" +\n     "d"\nalert(x)') == ["ab", "cd"]
    assert messages('x = "a"\n  + "b"\nalert(x)') == ["ab"]


def test_a_text_without_its_quote_is_found() -> None:
    assert [token.at for token in read_script('x = "abc\ny = 1').unclosed] == [4]


def test_places_count_lines_and_columns_from_one() -> None:
    places = Places("ab\r\ncd\n")
    assert [places.place(at) for at in (0, 1, 4, 7)] == [(1, 1), (1, 2), (2, 1), (3, 1)]


def test_a_name_is_followed_to_what_was_put_into_it() -> None:
    assert messages('x = "a"\nx += "b"\nx := x + str.tostring(close)\nalert(x)') == [
        "ab<str.tostring(close)>"
    ]


def test_each_branch_of_an_if_is_a_message_of_its_own() -> None:
    source = 'm = ""\nif up\n    m := "U"\nelse if down\n    m := "D"\nalert(m)'
    assert messages(source) == ["U", "D", ""]


def test_conditions_that_contradict_each_other_are_not_combined() -> None:
    source = 'a = up ? "buy" : "sell"\nb = up ? "1" : "-1"\nalert(a + b)'
    assert messages(source) == ["buy1", "sell-1"]


def test_names_set_in_one_branch_stay_together() -> None:
    source = (
        'a = ""\nb = ""\nif up\n    a := "U"\n    b := "u"\nelse\n    a := "D"\n    b := "d"\nalert(a + b)'
    )
    assert messages(source) == ["Uu", "Dd"]


def test_a_function_is_followed_with_its_arguments() -> None:
    function = 'f(string a, string b = "z") =>\n    string c = a + b\n    c + "!"\n'
    assert messages(f'{function}alert(f("x"))\nalert(f("x", b = "y"))') == ["xz!", "xy!"]


def test_a_comparison_of_known_texts_chooses_the_branch() -> None:
    assert messages('f(d) => d == "buy" ? "up" : "down"\nalert(f("sell"))') == ["down"]


def test_a_switch_gives_each_of_its_cases() -> None:
    assert messages('x = switch\n    up => "U"\n    => "D"\nalert(x)') == ["U", "D"]


def test_an_alert_inside_a_function_is_found_by_its_calls_and_without_any() -> None:
    assert messages('send(m) => alert(m)\nsend("x")') == ["x"]
    assert messages('send(m) => alert("x" + m)') == ["x<m>"]


def test_a_var_holds_at_the_next_bar_what_it_was_given() -> None:
    source = 'var s = "A"\nif s == "B"\n    alert("seen")\ns := up ? "A" : "B"'
    assert messages(source) == ["seen"]


def test_str_format_fills_its_places_and_keeps_quoted_braces() -> None:
    assert messages("alert(str.format(\"'{'{0},{1,number,#.#}'}'\", \"a\", x))") == ["{a,<x>}"]


def test_the_messages_of_conditions_and_orders_are_found() -> None:
    source = (
        'alertcondition(up, "t", "m")\n'
        'strategy.entry("L", strategy.long, alert_message = "e")\n'
        'strategy.exit("X", "L", alert_profit = "p", alert_loss = "l")'
    )
    assert messages(source) == ["m", "e", "p", "l"]


@given(st.text(alphabet="ab=:+?()[]{}\"'\\\n \t,.<>0if else=>", max_size=120))
def test_no_text_breaks_the_reader(source: str) -> None:
    read_alerts(read_script(source))


def test_deep_nesting_does_not_break_the_reader() -> None:
    read_alerts(read_script("x = " + "(" * 5000 + "1" + ")" * 5000))
    read_alerts(read_script("x = " + "a ? b : " * 5000 + "c"))
    read_alerts(read_script("f() => f()\nf()"))
    read_alerts(read_script("".join(" " * 4 * n + "if a\n" for n in range(400))))


def test_an_empty_text_is_no_part_of_a_message() -> None:
    (sent,) = read_alerts(read_script('alert("" + "{" + "" + x)'))
    (way,) = sent.ways
    assert [part.name if isinstance(part, Hole) else part.text for part in way.parts] == ["{", "x"]


@pytest.mark.parametrize("operator", ["and", "or"])
def test_each_term_of_a_condition_is_looked_at_once(operator: str) -> None:
    terms = [f"c{number}" for number in range(30)]
    looked: list[str] = []

    class Watched(Evaluator):
        def ways(self, node: Node, names: Names) -> Ways:
            looked.append(type(node).__name__)
            return super().ways(node, names)

    source = f" {operator} ".join(terms)
    (line,) = read_script(source).lines
    Watched(source, lambda call, names: None).truth(parse_expression(line.tokens), Names({}))
    assert looked.count("Leaf") == len(terms)
    assert len(looked) < 2 * len(terms)


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [("true and false", "no"), ("true and true", "yes"), ("up or true", "yes"), ("up and false", "no")],
)
def test_a_condition_that_is_known_chooses_its_branch(condition: str, chosen: str) -> None:
    assert messages(f'alert({condition} ? "yes" : "no")') == [chosen]


def test_a_message_inside_a_message_is_gone_through_once() -> None:
    source = "alert(" * 25 + '"x"' + ")" * 25
    assert [way.literal for sent in read_alerts(read_script(source)) for way in sent.ways].count("x") == 1


def test_a_function_that_calls_itself_is_not_followed_again() -> None:
    source = 'f(x) =>\n    a = f(1) + f(2) + f(3)\n    alert("m")\n    a\nf(1)'
    assert messages(source) == ["m"]


@pytest.mark.parametrize(
    ("written", "sent"),
    [("-(-1)", "1"), ("-1.5", "-1.5"), ("-(-(-2))", "-2")],
)
def test_a_sign_goes_with_a_number_only(written: str, sent: str) -> None:
    assert messages(f'alert("n" + {written})') == [f"n{sent}"]


def test_a_sign_before_a_text_is_read_as_something_unknown() -> None:
    (sent,) = read_alerts(read_script('alert("n" + -("1" + "2"))'))
    assert [type(part) for part in sent.ways[0].parts] == [Literal, Hole]
