"""Which bodies may enter the inbox."""

import json
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.inbox.admission import Refusal, Screened, alert_key, pipe_price, screen
from zepix_core.model.alert import read_object

HEADS = frozenset({"BULLISH_ENTRY", "EXIT_BULLISH"})
DEEP = "[" * 15
VECTORS = Path(__file__).parents[2] / "vectors" / "v3_vectors.json"

REFUSED = [
    (b"", 400, "empty", "malformed_json"),
    (b" \r\n\t", 400, "empty", "malformed_json"),
    (b'{"symbol":"{{ticker}}","price":{{close}}}', 422, "unresolved_placeholder", "unresolved_placeholder"),
    (b"\xff{{", 422, "unresolved_placeholder", "unresolved_placeholder"),
    (b'{"a":"\xff"}', 400, "malformed_json", "malformed_json"),
    (b'{"a":"\0"}', 400, "malformed_json", "malformed_json"),
    (b'{"a":1,"a":2}', 400, "malformed_json", "malformed_json"),
    (b'{"a":{"b":1,"b":2}}', 400, "malformed_json", "malformed_json"),
    (b'{"a":[{"b":1,"b":1}]}', 400, "malformed_json", "malformed_json"),
    (b'{"a":1', 400, "malformed_json", "malformed_json"),
    (b'{"a":"x|y"', 400, "malformed_json", "malformed_json"),
    (b"[1,2]", 400, "malformed_json", "malformed_json"),
    (b"[1|2]", 400, "malformed_json", "malformed_json"),
    (b"buy now", 400, "malformed_json", "malformed_json"),
    (b"null", 400, "malformed_json", "malformed_json"),
    (b"\xef\xbb\xbf{}", 400, "malformed_json", "malformed_json"),
    (b'{"a":"\\ud800"}', 400, "malformed_json", "malformed_json"),
    (b'{"a":["\\u0000"]}', 400, "malformed_json", "malformed_json"),
    (b'{"a":1e99999999999999999999}', 400, "malformed_json", "malformed_json"),
    (b'{"a":' + b"9" * 5000 + b"}", 400, "malformed_json", "malformed_json"),
    (b'{"a":' + DEEP.encode() + b"{}" + b"]" * 15 + b"}", 400, "malformed_json", "malformed_json"),
    (b'{"a":' * 5000, 400, "malformed_json", "malformed_json"),
    (b'{"a":1,"t":"yesterday"}', 422, "unreadable_time", "unreadable_time"),
    (b'{"a":1,"t":true}', 422, "unreadable_time", "unreadable_time"),
    (b"UNHEARD_OF|EURUSD|5", 422, "unknown_type", "unknown_type"),
    (b"|", 422, "unknown_type", "unknown_type"),
    (b"bullish_entry|EURUSD", 422, "unknown_type", "unknown_type"),
]


@pytest.mark.parametrize(("body", "status", "code", "family"), REFUSED)
def test_a_bad_body_is_refused_with_its_code(body: bytes, status: int, code: str, family: str) -> None:
    assert screen(body, HEADS) == Refusal(status=status, code=code, family=family)


def test_sixteen_brackets_deep_is_taken_and_brackets_in_strings_do_not_count() -> None:
    assert isinstance(screen(b'{"a":' + DEEP.encode() + b"]" * 15 + b"}", HEADS), Screened)
    assert isinstance(screen(json.dumps({"a": "[{" * 500 + '"'}).encode(), HEADS), Screened)


def test_the_facts_of_a_json_alert_are_read() -> None:
    body = (
        b'{"type":"entry_v3","symbol":"XAUUSD","tf":"15","price":2650.5,"sl_price":NaN,'
        b'"id":"XAUUSD-15-1","t":1768219200000}'
    )
    assert screen(body, HEADS) == Screened(
        kind="entry_v3",
        text=body.decode(),
        symbol="XAUUSD",
        timeframe="15",
        price=2650.5,
        external_id="XAUUSD-15-1",
        bar_time_ns=1_768_219_200_000_000_000,
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"type":"entry_v3","action":"buy"}', "entry_v3"),
        (b'{"type":1,"action":"buy"}', "buy"),
        (b'{"type":" ","action":"close"}', "close"),
        (b"{}", "json"),
        (b" EXIT_BULLISH|EURUSD|5|1.1|14\n", "EXIT_BULLISH"),
    ],
)
def test_the_kind_is_type_else_action_else_json_or_the_head(body: bytes, kind: str) -> None:
    screened = screen(body, HEADS)
    assert isinstance(screened, Screened)
    assert screened.kind == kind


def test_pipe_text_shows_its_symbol_and_timeframe() -> None:
    screened = screen(b"BULLISH_ENTRY|XAUUSD|1D|2650.5|BUY", HEADS)
    assert isinstance(screened, Screened)
    assert (screened.symbol, screened.timeframe, screened.own_id) == ("XAUUSD", "1D", False)


@pytest.mark.parametrize(
    "price", ['"1.1"', "true", "0", "-1", "NaN", "Infinity", "1e999999999", "1" + "0" * 400]
)
def test_a_price_that_is_no_positive_finite_number_is_absent(price: str) -> None:
    screened = screen(f'{{"price":{price}}}'.encode(), HEADS)
    assert isinstance(screened, Screened)
    assert screened.price is None


@pytest.mark.parametrize("name", ["id", "alert_id"])
def test_the_alerts_own_id_is_a_text_or_a_whole_number(name: str) -> None:
    for value, expected in (('"A1"', "A1"), ("17", "17"), ("1.5", None), ("true", None), ('""', None)):
        screened = screen(f'{{"{name}":{value}}}'.encode(), HEADS)
        assert isinstance(screened, Screened)
        assert screened.external_id == expected


def test_every_vector_body_the_host_must_refuse_is_refused_and_every_other_taken() -> None:
    vectors = json.loads(VECTORS.read_text())["vectors"]
    hosts_own = {"malformed_json", "unresolved_placeholder"}
    for vector in vectors:
        given = vector["input"]
        body = given["body"] if "body" in given else json.dumps(given["alert"])
        screened = screen(body.encode(), HEADS)
        reason = vector["expected"].get("reason")
        if isinstance(screened, Refusal):
            assert screened.family == reason, vector["name"]
        else:
            assert reason not in hosts_own, vector["name"]


def test_numbers_beyond_all_measure_are_judged_at_once() -> None:
    for number in ("1e999999999", "-1e-999999999", "9" * 4000, "0." + "9" * 15000, "1e" + "9" * 15000):
        screen(f'{{"price":{number},"t":{number},"id":{number}}}'.encode(), HEADS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
FIELDS = st.sampled_from(["type", "action", "symbol", "tf", "price", "id", "alert_id", "t", "x"])


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:|\\u0d8e1NaN ').map(str.encode))
def test_any_bytes_are_judged_and_never_with_a_5xx(body: bytes) -> None:
    judged = screen(body, HEADS)
    if isinstance(judged, Refusal):
        assert 400 <= judged.status < 500


@given(st.dictionaries(FIELDS, JSON))
def test_what_is_taken_can_be_stored_and_read_by_a_plugin(fields: dict[str, object]) -> None:
    screened = screen(json.dumps(fields).encode(), HEADS)
    if isinstance(screened, Screened):
        for value in attrs.asdict(screened).values():
            str(value).encode()
        read_object(screened.text)


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_key_depends_on_token_and_body(body: str, other: str) -> None:
    one = alert_key("a", Screened(kind="json", text=body))
    assert one == alert_key("a", Screened(kind="json", text=body))
    assert (one == alert_key("a", Screened(kind="json", text=other))) == (body == other)
    assert one != alert_key("b", Screened(kind="json", text=body))


def test_an_id_is_the_key_only_together_with_a_bar_time() -> None:
    both = Screened(kind="json", text="1", external_id="A", bar_time_ns=5)
    assert alert_key("t", both).startswith("id:")
    assert alert_key("t", both) == alert_key("t", attrs.evolve(both, text="2"))
    alone = attrs.evolve(both, bar_time_ns=None)
    assert alert_key("t", alone) != alert_key("t", attrs.evolve(alone, text="2"))


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("BULLISH_ENTRY|XAUUSD|5|2650.5|BUY|", 2650.5),
        (" EXIT_BULLISH|EURUSD|5|1.1|14\n", 1.1),
        ("ANY|X|5|.5882|", 0.5882),
        ("ANY | X | 5 | 1.25 | BUY", 1.25),
        ("ANY|X|5|1.25\n", 1.25),
        ("ANY|X|5|1. 25|", None),
        ("ANY|X|5|NaN|", None),
        ("ANY|X|5|NA|", None),
        ("ANY|X|5||", None),
        ("ANY|X|5|0|", None),
        ("ANY|X|5|-3|", None),
        ("ANY|X|5|1e5|", None),
        ("ANY|X|5|1_0|", None),
        ("ANY|X|5|٣|", None),
        ("ANY|X|5", None),
        ('{"a": "b|c|d|5"}', None),
        ("", None),
    ],
)
def test_pipe_text_of_an_entry_names_its_price_after_the_timeframe(text: str, price: float | None) -> None:
    assert pipe_price(text) == price
