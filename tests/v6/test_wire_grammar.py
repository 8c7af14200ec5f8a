"""The V6 wire grammar: what is read, what is refused, and with which code."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core import Side
from zepix_plugins_v6.alert import MESSAGE_TYPES, parse
from zepix_plugins_v6.messages import (
    Entry,
    Exit,
    LevelBreak,
    Malformed,
    MomentumChange,
    NotV6,
    Screener,
    SidewaysBreakout,
    StateChange,
    TrendChange,
    TrendlineBreak,
    TrendPulse,
)

WEEK = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "v6_alerts.jsonl").read_text("utf-8").splitlines()
]
HEAD = "BULLISH_ENTRY|XAUUSD|5|2650.5|BUY|MODERATE|75|27.4|STRONG|"
PRICES = "2646.026|2654.974|2659.448|2663.922|"
FULL = HEAD + PRICES + "5/1|TL_OK|"


def code(body: str) -> str | None:
    """The refusal code of a body, ``None`` when it is read."""
    read = parse(body)
    return read.code if isinstance(read, Malformed) else None


def entry(body: str) -> Entry:
    read = parse(body)
    assert isinstance(read, Entry), read
    return read


@pytest.mark.parametrize("row", WEEK, ids=lambda row: row["body"][:40])
def test_a_week_of_messages_gets_the_verdicts_it_was_recorded_with(row: dict[str, object]) -> None:
    read = parse(str(row["body"]))
    assert (not isinstance(read, Malformed | NotV6)) is row["valid"]


def test_a_full_entry_is_read_to_the_last_decimal() -> None:
    assert entry(FULL) == Entry(
        type="BULLISH_ENTRY",
        ticker="XAUUSD",
        timeframe="5",
        price=Decimal("2650.5"),
        side=Side.BUY,
        conf_level="MODERATE",
        conf_score=75,
        adx=Decimal("27.4"),
        adx_strength="STRONG",
        sl=Decimal("2646.026"),
        tp1=Decimal("2654.974"),
        tp2=Decimal("2659.448"),
        tp3=Decimal("2663.922"),
        alignment=(5, 1),
        trendline="TL_OK",
    )


@pytest.mark.parametrize("end", ["", "|"])
@pytest.mark.parametrize("trendline", ["", "TL_BREAK"])
@pytest.mark.parametrize("pulse", ["", "2/3"])
@pytest.mark.parametrize("prices", ["", PRICES])
def test_the_three_tail_groups_switch_independently(
    prices: str, pulse: str, trendline: str, end: str
) -> None:
    tail = [part for part in (prices.rstrip("|"), pulse, trendline) if part]
    read = entry(HEAD + "|".join(tail) + end if tail else HEAD.rstrip("|") + end)
    assert (read.sl is not None) is bool(prices)
    assert read.alignment == ((2, 3) if pulse else None)
    assert read.trendline == (trendline or None)


def test_undefined_prices_are_absent_but_keep_their_places() -> None:
    read = entry(HEAD + "NaN|2654.974||NA|5/1|TL_OK|")
    assert (read.sl, read.tp1, read.tp2, read.tp3) == (None, Decimal("2654.974"), None, None)


def test_the_last_target_may_be_empty_before_the_trailing_separator() -> None:
    assert entry(HEAD + "2646|2654|2659||").tp3 is None


def test_a_missing_score_counts_fifty_and_a_missing_adx_is_absent() -> None:
    read = entry("BEARISH_ENTRY|EURUSD|60|1.0852|SELL|LOW||NaN|NA|")
    assert (read.conf_score, read.adx, read.side) == (50, None, Side.SELL)


def test_tickers_become_upper_case_and_blanks_around_the_body_are_dropped() -> None:
    assert entry(" \t\r\n" + FULL.replace("XAUUSD", "xauusd") + "\r\n").ticker == "XAUUSD"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (" \r\n", "empty"),
        ("|", "unknown_type"),
        ("UNKNOWN|EURUSD|5", "unknown_type"),
        ("bullish_entry|EURUSD|5", "unknown_type"),
        (FULL.replace("BUY", "SELL"), "direction_mismatch"),
        (FULL.replace("BUY", "LONG"), "bad_field:direction"),
        (FULL.replace("2650.5", "2,650.5"), "bad_field:price"),
        (FULL.replace("2650.5", "+2650.5"), "bad_field:price"),
        (FULL.replace("2650.5", "2.6505e3"), "bad_field:price"),
        (FULL.replace("2650.5", "02650.5"), "bad_field:price"),
        (FULL.replace("2650.5", "2650."), "bad_field:price"),
        (FULL.replace("2650.5", "inf"), "bad_field:price"),
        (FULL.replace("2650.5", "２６５０"), "bad_field:price"),
        (FULL.replace("2650.5", "0"), "bad_field:price"),
        (FULL.replace("2650.5", "NaN"), "bad_field:price"),
        (FULL.replace("|5|", "|5m|"), "bad_field:timeframe"),
        (FULL.replace("|5|", "|1h|"), "bad_field:timeframe"),
        (FULL.replace("|5|", "|0|"), "bad_field:timeframe"),
        (FULL.replace("XAUUSD", "OANDA:XAUUSD"), "bad_field:ticker"),
        (FULL.replace("XAUUSD", "X" * 33), "bad_field:ticker"),
        (FULL.replace("MODERATE", "MEDIUM"), "bad_field:conf_level"),
        (FULL.replace("|75|", "|75.0|"), "bad_field:conf_score"),
        (FULL.replace("|75|", "|-1|"), "bad_field:conf_score"),
        (FULL.replace("27.4", "100.1"), "bad_field:adx"),
        (FULL.replace("STRONG", "NaN"), "bad_field:adx_strength"),
        (FULL.replace("2646.026", "-2646.026"), "bad_field:sl"),
        (HEAD + "2646.026|2654.974|2659.448|5/1|TL_OK|", "bad_field:tp3"),
        (HEAD + "2646.026|2654.974|", "bad_tail"),
        (FULL.replace("5/1", "4/3"), "bad_field:alignment"),
        (FULL.replace("TL_OK", "TL_BROKEN"), "bad_tail"),
        (HEAD + "TL_OK|5/1|", "bad_tail"),
        (HEAD + "|5/1|TL_OK|", "bad_tail"),
        (FULL + "|", "field_count"),
        (HEAD + "5/1|TL_OK||", "bad_tail"),
        (FULL + "|||", "field_count"),
        (FULL + "\n" + FULL, "field_count"),
        ("BULLISH_ENTRY|XAUUSD|5|2650.5|BUY|MODERATE|75|27.4|", "field_count"),
        ("EXIT_BULLISH|XAUUSD|5|2655.1", "field_count"),
        ("EXIT_BULLISH|XAUUSD|5|2655.1|15||", "field_count"),
        ("EXIT_BULLISH|XAUUSD|5|2655.1|", "bad_field:bars"),
        ("TREND_PULSE|EURUSD|15|5|2||NEUTRAL", "bad_field:bear_count"),
        ("TREND_PULSE|EURUSD|15|7|0||NEUTRAL", "bad_field:bull_count"),
        ("TREND_PULSE|EURUSD|15|1|0|" + "x" * 201 + "|NEUTRAL", "bad_field:changes"),
        ("TREND_PULSE|EURUSD|15|1|0|a\x00b|NEUTRAL", "bad_field:changes"),
        ("STATE_CHANGE|EURUSD|15||NEUTRAL|3/2", "bad_field:state"),
        ("SCREENER_FULL_BULLISH|EURUSD|15|2|MACD", "bad_field:indicators"),
        ("SCREENER_FULL_BULLISH|EURUSD|15|0|MACD", "bad_field:count"),
        ("SIDEWAYS_BREAKOUT|EURUSD|5|BULLISH|27|WEAK|SIDEWAYS|INCREASING", "bad_field:adx_strength"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_code(body: str, expected: str) -> None:
    assert code(body) == expected


@pytest.mark.parametrize("body", ['{"type":"entry_v3"}', "[1|2]", "New Bullish Entry Signal on EURUSD 5"])
def test_other_formats_are_nobody_of_ours(body: str) -> None:
    assert parse(body) == NotV6("not_v6")


@pytest.mark.parametrize("timeframe", ["1", "15", "1440", "D", "1D", "1W", "1M", "30S", "100T"])
def test_every_chart_timeframe_of_the_right_shape_is_valid(timeframe: str) -> None:
    assert entry(FULL.replace("|5|", f"|{timeframe}|")).timeframe == timeframe


def test_an_exit_names_the_side_it_ends() -> None:
    read = parse("EXIT_BEARISH|EURUSD|15|1.0852|15")
    assert isinstance(read, Exit)
    assert (read.side, read.price, read.bars) == (Side.SELL, Decimal("1.0852"), Decimal(15))


@pytest.mark.parametrize(
    ("changes", "turned"),
    [
        (
            "15:BEAR→BULL,60:SIDE→BULL",
            (
                TrendChange(timeframe="15", old="BEAR", new="BULL"),
                TrendChange(timeframe="60", old="SIDE", new="BULL"),
            ),
        ),
        ("1D:BULL->SIDE,", (TrendChange(timeframe="1D", old="BULL", new="SIDE"),)),
        ("5m,15m", ()),
        ("", ()),
    ],
)
def test_a_pulse_keeps_its_changes_as_sent_and_reads_the_known_shape(
    changes: str, turned: tuple[TrendChange, ...]
) -> None:
    read = parse(f"TREND_PULSE|EURUSD|15|4|2|{changes}|MIXED_BULLISH")
    assert isinstance(read, TrendPulse)
    assert (read.changes, read.turned()) == (changes, turned)


@pytest.mark.parametrize("end", ["|", "||"])
def test_a_pulse_may_leave_its_state_out(end: str) -> None:
    read = parse("TREND_PULSE|EURUSD|15|4|2|15:BEAR→BULL" + end)
    assert isinstance(read, TrendPulse)
    assert (read.bull, read.bear, read.state) == (4, 2, "")


def test_state_and_momentum_changes_are_read() -> None:
    state = parse("STATE_CHANGE|EURUSD|15|TRENDING_BULLISH|NEUTRAL|5/1")
    assert isinstance(state, StateChange)
    assert (state.state, state.previous_state, state.bull, state.bear) == (
        "TRENDING_BULLISH",
        "NEUTRAL",
        5,
        1,
    )
    momentum = parse("MOMENTUM_CHANGE|XAUUSD|60|34.1|STRONG|0|NA|INCREASING")
    assert isinstance(momentum, MomentumChange)
    assert (momentum.adx, momentum.prev_adx, momentum.momentum) == (
        Decimal("34.1"),
        Decimal(0),
        "INCREASING",
    )


def test_the_messages_that_only_inform_are_read() -> None:
    sideways = parse("SIDEWAYS_BREAKOUT|EURUSD|5|BEARISH|27.1|STRONG|SIDEWAYS|INCREASING")
    trendline = parse("TRENDLINE_BULLISH_BREAK|EURUSD|5|1.0852|-0.00001|-1768799978655")
    level = parse("BREAKDOWN|GBPUSD|15|1.21963|2|22729|22752|")
    screener = parse("SCREENER_FULL_BEARISH|EURUSD|5|2|MACD,RSI")
    assert isinstance(sideways, SidewaysBreakout) and sideways.side is Side.SELL
    assert isinstance(trendline, TrendlineBreak) and trendline.age == -1768799978655
    assert isinstance(level, LevelBreak) and (level.tests, level.current_bar) == (2, 22752)
    assert isinstance(screener, Screener) and screener.indicators == ("MACD", "RSI")


FIELD = st.one_of(
    st.sampled_from(
        ["", "NA", "NaN", "EURUSD", "5", "1D", "1.1", "BUY", "SELL", "HIGH", "75", "STRONG", "5/1", "TL_OK"]
    ),
    st.text(max_size=8),
    st.decimals(allow_nan=True).map(str),
)


@given(st.one_of(st.text(), st.lists(FIELD, max_size=18).map("|".join)))
def test_no_text_whatever_raises(body: str) -> None:
    parse(body)


@given(st.sampled_from(MESSAGE_TYPES), st.lists(FIELD, max_size=16))
def test_no_tail_of_a_known_type_raises_and_reading_is_repeatable(kind: str, rest: list[str]) -> None:
    body = "|".join([kind, *rest])
    assert parse(body) == parse(body)


@given(st.sampled_from([row["body"] for row in WEEK if row["valid"]]), st.data())
def test_a_damaged_character_never_raises_and_never_changes_the_side(body: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    damaged = body[:at] + data.draw(st.characters()) + body[at + 1 :]
    before, after = parse(body), parse(damaged)
    if isinstance(before, Entry) and isinstance(after, Entry):
        assert after.side is before.side


@given(
    st.decimals(min_value="0.00001", max_value=99999, places=5),
    st.integers(0, 100),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_what_is_written_is_read_back(price: Decimal, score: int, counts: tuple[int, int]) -> None:
    body = f"BULLISH_ENTRY|EURUSD|5|{price:f}|BUY|LOW|{score}|NA|NA|{counts[0]}/{counts[1]}|"
    read = entry(body)
    assert (read.price, read.conf_score, read.alignment) == (price, score, counts)
