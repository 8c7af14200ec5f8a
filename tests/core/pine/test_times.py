"""Bar times in a message: without the timeframe an alert on a longer chart is stale."""

import json

import pytest

from zepix_core.inbox.admission import Screened, screen
from zepix_core.inbox.bar_time import is_stale
from zepix_core.pine.check import check_message, check_script
from zepix_core.pine.formats import known_kinds
from zepix_core.pine.report import Report
from zepix_core.pine.world import World

NOW = 1_790_000_000_000_000_000
WORLD = World(kinds=known_kinds())
START = '{"action":"close","symbol":"EURUSD"'
BEFORE_TIME = f'alert(\'{START},"id":"\' + str.tostring(time) + \'",'


def sent(time: str, timeframe: str = "") -> Report:
    """A script that sends ``time`` for ``t``, with what ``timeframe`` adds."""
    whole = BEFORE_TIME.replace(START, START + timeframe) + '"t":\' + ' + time + " + '}')"
    return check_script(whole, WORLD, NOW)


@pytest.mark.parametrize(
    "time", ["str.tostring(time)", "str.tostring(time / 1000)", 'str.tostring(time("D"))']
)
def test_the_opening_of_a_bar_without_a_timeframe_is_an_error_at_t(time: str) -> None:
    (finding,) = sent(time).findings
    assert (finding.level, finding.code) == ("error", "missing_timeframe")
    assert finding.column == len(BEFORE_TIME) + 1
    assert '"tf": timeframe.period' in finding.hint


def test_a_name_is_followed_to_the_opening_of_the_bar() -> None:
    source = "began = time\n" + BEFORE_TIME + "\"t\":' + str.tostring(began) + '}')"
    report = check_script(source, WORLD, NOW)
    assert [finding.code for finding in report.findings] == ["missing_timeframe"]


@pytest.mark.parametrize("time", ["str.tostring(timenow)", "str.tostring(time_close)"])
def test_the_moment_of_the_alert_needs_no_timeframe(time: str) -> None:
    assert sent(time).findings == ()


def test_a_time_with_its_timeframe_is_fine() -> None:
    assert sent("str.tostring(time)", ',"tf":"15"').findings == ()
    assert not sent("str.tostring(time)", ',"tf":"chart"').fine


@pytest.mark.parametrize("box", [True, False], ids=["box", "alertcondition"])
def test_where_tradingview_fills_in_the_hints_name_its_placeholders(box: bool) -> None:
    def check(more: str) -> Report:
        text = START + more + "}"
        if box:
            return check_message(text, WORLD, NOW, box=True)
        return check_script(f"alertcondition(up, 't', '{text}')", WORLD, NOW)

    (finding,) = check(',"id":"{{timenow}}","t":"{{time}}"').findings
    assert (finding.level, finding.code) == ("error", "missing_timeframe")
    assert '"{{interval}}"' in finding.hint
    hints = {one.code: one.hint for one in check("").findings}
    assert "{{time}}" in hints["missing_id"]
    assert '"t": "{{time}}"' in hints["missing_bar_time"]
    assert '"tf": "{{interval}}"' in hints["missing_bar_time"]
    (constant,) = check(',"id":"x","t":"{{time}}","tf":"5"').findings
    assert "{{time}}" in constant.hint


def test_in_a_script_the_hint_for_a_missing_time_names_the_timeframe() -> None:
    hints = {one.code: one.hint for one in check_script(f"alert('{START}}}')", WORLD, NOW).findings}
    assert "str.tostring(time)" in hints["missing_bar_time"]
    assert "timeframe.period" in hints["missing_bar_time"]


def test_of_a_pasted_message_nobody_knows_what_its_time_is() -> None:
    (finding,) = check_message(START + ',"id":"7","t":1790000000}', WORLD, NOW).findings
    assert (finding.level, finding.code) == ("warning", "missing_timeframe")


def test_a_needed_timeframe_is_missed_once() -> None:
    text = '{"type":"exit_v3","signal_type":"Bullish_Exit","symbol":"EURUSD","t":1790000000,"id":"1"}'
    codes = [finding.code for finding in check_message(text, WORLD, NOW).findings]
    assert codes.count("missing_timeframe") == 1


@pytest.mark.parametrize(
    "time", ["str.tostring(time)", "str.tostring(timenow)", "'\"' + str.format_time(time) + '\"'"]
)
def test_the_time_of_a_sample_is_fresh(time: str) -> None:
    report = sent(time, ',"tf":"1"')
    assert report.sample is not None
    screened = screen(report.sample.encode(), frozenset())
    assert isinstance(screened, Screened)
    assert screened.bar_time_ns is not None
    assert not is_stale(screened.bar_time_ns, None, NOW)


@pytest.mark.parametrize(
    ("written", "sampled"),
    [
        ("1600000000", NOW // 10**6),
        ('"1600000000"', str(NOW // 10**6)),
        ('"2020-01-01"', "2026-09-21T14:13:20.000Z"),
    ],
)
def test_the_time_of_a_pasted_sample_is_now_written_as_it_was(written: str, sampled: object) -> None:
    report = check_message(START + ',"id":"7","t":' + written + ',"tf":"15"}', WORLD, NOW)
    assert json.loads(report.sample or "") == {
        "action": "close",
        "symbol": "EURUSD",
        "id": "7",
        "t": sampled,
        "tf": "15",
    }
