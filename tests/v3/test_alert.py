"""From the wire to a frozen alert."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import Side, read_object
from zepix_plugins_v3.alert import Refusal, V3Alert, parse
from zepix_plugins_v3.tables import SYMBOLS

from .messages import code_of, entry, leave, pulse, read, squeeze

D = Decimal
HUGE = D("1e999999999")
TINY = D("1e-999999999")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (entry(type="BULLISH_ENTRY"), "not_v3"),
        (entry(type=["entry_v3"]), "not_v3"),
        (entry(signal_type="momentum_breakout"), "unknown_signal"),
        (entry(signal_type=...), "unknown_signal"),
        (entry(signal_type={}), "unknown_signal"),
        (entry(type="exit_v3"), "type_signal_mismatch"),
        (entry(symbol="BTCUSD"), "unknown_symbol"),
        (entry(symbol=7), "unknown_symbol"),
        (entry(symbol=None), "unknown_symbol"),
        (entry(tf=...), "missing_timeframe"),
        (entry(tf=None), "missing_timeframe"),
        (entry(tf="  "), "missing_timeframe"),
        (entry(tf="1M"), "invalid_timeframe"),
        (entry(tf=D("15.0")), "invalid_timeframe"),
        (entry(tf=10**400), "invalid_timeframe"),
        (entry(tf=True), "invalid_timeframe"),
        (entry(tf=["15"]), "invalid_timeframe"),
        (entry(price=None), "invalid_price"),
        (entry(price="1.1"), "invalid_price"),
        (entry(price=True), "invalid_price"),
        (entry(price=0), "invalid_price"),
        (entry(price=10**9), "invalid_price"),
        (entry(price=HUGE), "invalid_price"),
        (entry(consensus_score=HUGE), "invalid_consensus_score"),
        (entry(consensus_score=TINY), "invalid_consensus_score"),
        (entry(consensus_score=True), "invalid_consensus_score"),
        (entry(consensus_score=D("7.5")), "invalid_consensus_score"),
        (entry(consensus_score=-1), "invalid_consensus_score"),
        (entry(position_multiplier=D("2.1")), "invalid_position_multiplier"),
        (entry(position_multiplier="1"), "invalid_position_multiplier"),
        (entry(position_multiplier=HUGE), "invalid_position_multiplier"),
        (squeeze(position_multiplier=D("0.05")), "invalid_position_multiplier"),
        (entry(mtf_trends="1,1,1,1"), "invalid_mtf_trends"),
        (entry(mtf_trends=[1, 1, 1, 1, 1]), "invalid_mtf_trends"),
        (entry(mtf_trends=""), "invalid_mtf_trends"),
        (entry(mtf_trends="1,1,,1,1"), "invalid_mtf_trends"),
        (entry(mtf_trends="+1,1,1,1,1"), "invalid_mtf_trends"),
        (pulse(current_trends=None), "invalid_mtf_trends"),
        (pulse(current_trends="1,1,1,1,1"), "invalid_mtf_trends"),
        (entry(direction="BUY"), "invalid_direction"),
        (entry(direction=...), "invalid_direction"),
        (leave(direction=7), "invalid_direction"),
        (leave(direction="buy"), "direction_mismatch"),
        (entry(signal_type="Screener_Full_Bearish"), "direction_mismatch"),
    ],
)
def test_a_wrong_message_is_refused_with_its_own_code(message: dict[str, Any], code: str) -> None:
    assert code_of(message) == code


WRONG_IN_ORDER = [
    ("type", "nonsense", "not_v3"),
    ("signal_type", "nonsense", "unknown_signal"),
    ("symbol", "NOPE", "unknown_symbol"),
    ("tf", "7", "invalid_timeframe"),
    ("price", -1, "invalid_price"),
    ("consensus_score", 11, "invalid_consensus_score"),
    ("position_multiplier", 9, "invalid_position_multiplier"),
    ("mtf_trends", "x", "invalid_mtf_trends"),
    ("direction", "up", "invalid_direction"),
]


@pytest.mark.parametrize("first", range(len(WRONG_IN_ORDER)))
def test_the_first_failing_check_names_the_reason(first: int) -> None:
    wrong = {key: value for key, value, _ in WRONG_IN_ORDER[first:]}
    assert code_of(entry(**wrong)) == WRONG_IN_ORDER[first][2]


def test_a_disabled_plugin_ignores_what_is_its_own_and_only_that() -> None:
    disabled = parse(entry(signal_type="nonsense"), SYMBOLS, enabled=False)
    other = parse(entry(type="other"), SYMBOLS, enabled=False)
    assert isinstance(disabled, Refusal)
    assert isinstance(other, Refusal)
    assert (disabled.code, disabled.ignored) == ("plugin_disabled", True)
    assert (other.code, other.ignored) == ("not_v3", True)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("15", "15"),
        (15, "15"),
        (" 1h ", "60"),
        ("1H", "60"),
        ("4h", "240"),
        ("D", "1D"),
        ("1d", "1D"),
        (5, "5"),
    ],
)
def test_spellings_of_a_timeframe_mean_the_same(written: Any, read_as: str) -> None:
    assert read(entry(tf=written)).timeframe == read_as


def test_the_exchange_and_the_case_of_a_symbol_do_not_matter() -> None:
    assert read(entry(symbol="OANDA:FX: eurusd ")).symbol == "EURUSD"


def test_exits_and_screeners_have_their_direction_by_nature() -> None:
    assert read(leave(direction=...)).side is Side.SELL
    assert read(entry(signal_type="Screener_Full_Bullish", direction=None)).side is Side.BUY


def test_an_integral_score_with_a_fraction_is_a_score() -> None:
    assert read(entry(consensus_score=D("8.0"))).score == 8


def test_a_level_of_null_or_zero_is_absent_and_one_that_cannot_be_is_kept_as_faulty() -> None:
    stops = read(entry(sl_price=None, tp1_price=0, tp2_price="7")).stops
    assert (stops.sl, stops.tp1, stops.tp2, stops.faulty) == (None, None, None, ("tp2_price",))


@pytest.mark.parametrize("value", [-5, True, "x", HUGE, 10**9, [], D("-0.1")])
def test_a_level_that_no_price_can_be_is_faulty(value: Any) -> None:
    assert read(entry(sl_price=value)).stops.faulty == ("sl_price",)


def test_bare_nan_counts_as_absent_for_every_key() -> None:
    text = json.dumps({key: str(value) if isinstance(value, D) else value for key, value in entry().items()})
    text = text.replace('"1.16482"', "1.16482").replace('"1.1633"', "NaN").replace('"1.1671"', "-Infinity")
    text = text.replace('"1.16938"', "Infinity").replace('"0.8"', "NaN")
    stops = read(read_object(text)).stops
    assert (stops.sl, stops.tp1, stops.tp2, stops.faulty) == (None, None, None, ())


def test_a_price_keeps_every_decimal_it_was_sent_with() -> None:
    body = '{"type":"squeeze_v3","signal_type":"Volatility_Squeeze","symbol":"XAUUSD","tf":"5",'
    assert read(read_object(body + '"price":4470.6107681880001,"consensus_score":4}')).price == D(
        "4470.6107681880001"
    )


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from([HUGE, TINY, D("-1e999999999"), 10**4000])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.text(max_size=6) | st.sampled_from(sorted(entry())), JSON, max_size=20))
def test_whatever_the_json_it_is_read_or_refused(payload: dict[str, Any]) -> None:
    assert isinstance(parse(payload, SYMBOLS), V3Alert | Refusal)


@given(
    st.sampled_from([entry(), leave(), squeeze(), pulse()]),
    st.dictionaries(st.sampled_from(sorted(entry() | pulse())), JSON, max_size=4),
)
def test_whatever_stands_under_a_known_key_it_is_read_or_refused(
    message: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert isinstance(parse(message | changes, SYMBOLS), V3Alert | Refusal)
