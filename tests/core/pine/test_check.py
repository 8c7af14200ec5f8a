"""What the check of a script or a message reports, and where."""

import json

import pytest

from zepix_core.pine.check import check_message, check_script, is_script
from zepix_core.pine.formats import known_kinds
from zepix_core.pine.report import Report, as_text
from zepix_core.pine.world import World, world_of

NOW = 1_790_000_000_000_000_000
WORLD = World(kinds=known_kinds())
BUY = '{"action":"buy","symbol":"EURUSD","lots":0.1,"sl":1.1,"id":"7","t":1790000000,"tf":"15"}'


def script(source: str, world: World = WORLD) -> Report:
    return check_script(source, world, NOW)


def found(report: Report) -> list[tuple[int, int, str]]:
    return [(finding.line, finding.column, finding.code) for finding in report.findings]


def test_a_placeholder_inside_alert_is_never_filled_in() -> None:
    report = script('//@version=6\nalert(\'{"action":"close","symbol":"{{ticker}}"}\')')
    assert (2, 36, "unresolved_placeholder") in found(report)
    assert not report.fine


@pytest.mark.parametrize(
    "call", ["alertcondition(up, 't', {})", "strategy.entry('L', strategy.long, alert_message = {})"]
)
def test_a_placeholder_is_filled_in_where_tradingview_does_so(call: str) -> None:
    text = (
        '\'{"action":"close","symbol":"{{ticker}}","id":"{{timenow}}","t":"{{time}}","tf":"{{interval}}"}\''
    )
    assert script(call.format(text)).findings == ()


def test_a_placeholder_that_tradingview_does_not_know_is_an_error_everywhere() -> None:
    report = script('alertcondition(up, "t", \'{"action":"close","symbol":"{{tickr}}"}\')')
    assert (1, 54, "unresolved_placeholder") in found(report)


def test_a_lost_quote_is_reported_where_it_was() -> None:
    source = 'alert(\'{"type":"exit_v3","signal_type":"Bullish_Exit,"symbol":"\' + syminfo.ticker + \'"}\')'
    assert (1, source.index(',"symbol') + 1, "malformed_json") in found(script(source))


def test_an_unknown_key_is_a_warning_with_the_key_that_is_meant() -> None:
    text = BUY.replace('"lots":0.1', '"lots":0.1,"prise":1.2')
    (finding,) = check_message(text, WORLD, NOW).findings
    assert (finding.level, finding.code, finding.column) == (
        "warning",
        "unknown_field",
        text.index('"prise"') + 1,
    )
    assert "price" in finding.hint


def test_an_unknown_key_is_a_warning_beside_what_is_missing() -> None:
    text = BUY.replace('"sl"', '"stop"')
    at, codes = text.index('"stop"') + 1, [code for _, _, code in found(check_message(text, WORLD, NOW))]
    assert codes == ["missing_stop", "unknown_field"]
    assert (1, at, "unknown_field") in found(check_message(text, WORLD, NOW))
    assert check_message(BUY.replace('"sl"', '"stop":1,"sl"'), WORLD, NOW).findings == ()


def test_a_missing_id_and_time_are_warnings() -> None:
    report = check_message('{"action":"close","symbol":"EURUSD"}', WORLD, NOW)
    assert {code for _, _, code in found(report)} == {"missing_id", "missing_bar_time"}
    assert report.fine


def test_an_id_that_never_changes_is_an_error() -> None:
    source = (
        'alert(\'{"action":"close","symbol":"EURUSD","id":"x","tf":"5","t":\' + str.tostring(time) + "}")'
    )
    assert [code for _, _, code in found(script(source))] == ["constant_id"]


def test_a_value_that_the_plugin_would_refuse_is_reported_at_the_value() -> None:
    text = BUY.replace("0.1", '"0.1"')
    assert found(check_message(text, WORLD, NOW)) == [(1, text.index('"0.1"') + 1, "invalid_lots")]


def test_a_message_may_have_several_lines() -> None:
    text = BUY.replace(",", ",\n").replace("0.1", "-1")
    assert found(check_message(text, WORLD, NOW)) == [(3, 8, "invalid_lots")]


def test_a_filled_in_message_is_refused_unless_it_stands_in_the_box() -> None:
    text = BUY.replace("EURUSD", "{{ticker}}").replace('"7"', '"{{timenow}}"')
    assert not check_message(text, WORLD, NOW).fine
    report = check_message(text, WORLD, NOW, box=True)
    assert report.findings == ()
    assert '"EURUSD"' in (report.sample or "")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('{"type":"exit_v3,"signal_type":"Bullish_Exit","symbol":"EURUSD"}', ["malformed_json"]),
        ('{"type":"exit_v3","symbol":"EURUSD,"tf":"15","price":1}', ["malformed_json"]),
        ('{"type":"{{kind}}","id":"1"}', ["unresolved_placeholder"]),
        ('{"type":"exit_v3","signal_type":"Bullish_Exit","symbol":"{{tickr}}","tf":"15","price":{{close}},'
         '"consensus_score":1}', ["unresolved_placeholder"] * 2),
        ('{"type":"exit_w3","symbol":"EURUSD,"tf":"15"}', ["unknown_type", "malformed_json"]),
    ],
)  # fmt: skip
def test_what_only_follows_from_a_fault_is_not_reported(text: str, codes: list[str]) -> None:
    report = check_message(text, WORLD, NOW)
    assert [finding.code for finding in report.findings if finding.level == "error"] == codes


def test_the_hint_for_a_placeholder_in_a_pasted_message_names_the_box() -> None:
    (finding,) = check_message(BUY.replace("EURUSD", "{{ticker}}"), WORLD, NOW).findings
    assert "--box" in finding.hint
    assert "syminfo.ticker" in finding.hint
    (finding,) = check_message(
        BUY.replace("EURUSD", "{{tickr}}").replace('"7"', '"{{time}}"'), WORLD, NOW, box=True
    ).findings
    assert "{{ticker}}" in finding.hint


def test_a_type_that_no_plugin_takes_is_an_error() -> None:
    report = check_message(BUY, World(kinds=frozenset({"entry_v3"})), NOW)
    assert found(report) == [(1, BUY.index('"buy"') + 1, "unknown_type")]


def test_an_unknown_type_is_a_warning_while_nobody_knows_what_is_taken() -> None:
    report = check_message('{"type":"mine","id":"1","t":1790000000,"tf":"15"}', World(), NOW)
    assert [(finding.level, finding.code) for finding in report.findings] == [("warning", "unknown_type")]


def test_a_type_of_another_plugin_is_taken_without_its_keys_being_known() -> None:
    world = World(kinds=frozenset({"mine"}))
    assert (
        check_message('{"type":"mine","any":1,"id":"1","t":1790000000,"tf":"15"}', world, NOW).findings == ()
    )


def test_a_sentence_in_a_script_is_a_warning_and_as_a_message_an_error() -> None:
    assert [code for _, _, code in found(script('alert("New signal")'))] == ["not_a_message"]
    assert script('alert("New signal")').fine
    assert not check_message("New signal", WORLD, NOW).fine


def test_a_script_without_alerts_says_so() -> None:
    assert found(script('indicator("x")')) == [(1, 1, "no_alert")]


def test_the_report_says_in_words_that_there_is_no_alert() -> None:
    assert "The script sends no alerts." in as_text(script('indicator("x")'), "x.pine")
    assert "No alert could be read." in as_text(script('x = "a'), "x.pine")
    assert "Read 1 place that sends alerts" in as_text(script('alert("x")'), "x.pine")


def test_a_message_made_elsewhere_is_said_to_be_unreadable() -> None:
    assert found(script("alert(array.get(messages, 0))")) == [(1, 7, "not_readable")]


def test_there_is_no_sample_of_what_would_fail() -> None:
    assert check_message(BUY.replace("0.1", "-1"), WORLD, NOW).sample is None
    good, bad = "alert('" + BUY + "')", "alert('" + BUY.replace("0.1", "-1") + "')"
    assert script(bad + "\n" + good.replace('"id":"7",', "")).sample is None


def test_a_sample_is_an_entry_where_there_is_one_and_its_time_is_now() -> None:
    other = '{"action":"close","symbol":"EURUSD","t":"2020-01-01T00:00:00Z","tf":"15"}'
    entry = BUY.replace('"id":"7",', "")
    sample = json.loads(script(f"alert('{other}')\nalert('{entry}')").sample or "")
    assert (sample["action"], sample["t"]) == ("buy", NOW // 1_000_000)
    sample = json.loads(check_message(other, WORLD, NOW).sample or "")
    assert sample["t"] == "2026-09-21T14:13:20.000Z"


@pytest.mark.parametrize("text", ["//@version=5\n", "strategy('x')", "if up\n    alert('x')"])
def test_a_script_is_told_from_a_message(text: str) -> None:
    assert is_script(text)
    assert not is_script(BUY)
    assert not is_script("EXIT_BULLISH|EURUSD|5|1.1|15")


def test_what_the_plugins_said_last_comes_before_what_is_installed() -> None:
    rows = [
        {"id": "mine", "state": "active", "alerts": {"x": "entry"}},
        {"id": "bracket", "state": "disabled", "alerts": {"buy": "entry"}},
    ]
    world = world_of(rows, ["mine", "bracket", "combined_v3"])
    assert world.kinds == frozenset({"x", *known_kinds(["combined_v3"])})
    assert world.off == {"buy"}


def test_a_plugin_nobody_knows_leaves_the_kinds_open() -> None:
    assert world_of([], ["bracket"]).kinds == frozenset({"buy", "sell", "close"})
    assert world_of([], ["bracket", "strange"]).kinds is None
    assert world_of([], []).kinds is None


def test_a_kind_that_only_a_plugin_of_somebody_else_takes_is_not_held_to_our_format() -> None:
    own = '{"action":"buy","symbol":"EURUSD","id":"1","t":1790000000,"tf":"15"}'
    mine = {"id": "mine", "state": "active", "enabled": True, "alerts": {"buy": "entry", "BREAKOUT": "info"}}
    world = world_of([mine], ["mine"])
    assert check_message(own, world, NOW).findings == ()
    assert check_message("BREAKOUT|EURUSD|any", world, NOW).findings == ()
    bracket = {**mine, "id": "bracket", "alerts": {"buy": "entry"}}
    assert not check_message(own, world_of([mine, bracket], ["mine", "bracket"]), NOW).fine
    off = world_of([mine, {**bracket, "state": "disabled"}], ["mine", "bracket"])
    assert check_message(own, off, NOW).fine


def test_a_head_that_a_plugin_takes_may_begin_like_one_of_ours() -> None:
    text = "BREAKOUT_FAST|EURUSD|15"
    assert check_message(text, World(kinds=frozenset({"BREAKOUT_FAST"})), NOW).findings == ()
    assert not check_message(text, World(kinds=frozenset({"BREAKOUT"})), NOW).fine


V6 = ("price_action_1m", "price_action_5m")
FEED = {"price_action": ("TREND_PULSE", "BREAKOUT")}
GROUPS = dict.fromkeys(V6, "price_action")


def v6_world(*rows: dict[str, object]) -> World:
    return world_of([{"alerts": {"EXIT_BULLISH": "exit"}, **row} for row in rows], V6, FEED, GROUPS)


def test_what_the_feed_of_a_group_takes_is_taken() -> None:
    world = v6_world(*({"id": plugin, "state": "active", "enabled": True} for plugin in V6))
    assert world.kinds == frozenset({"TREND_PULSE", "BREAKOUT", "EXIT_BULLISH"})
    assert world.foreign == frozenset()


def test_a_feed_runs_while_a_plugin_of_its_group_is_loaded_even_when_it_is_switched_off() -> None:
    world = v6_world(*({"id": plugin, "state": "disabled", "enabled": False} for plugin in V6))
    assert world.kinds == frozenset({"TREND_PULSE", "BREAKOUT"})
    assert world.off == {"EXIT_BULLISH"}


@pytest.mark.parametrize("state", ["failed", "quarantined", "discovered"])
def test_a_feed_without_a_loaded_plugin_does_not_run(state: str) -> None:
    world = v6_world(*({"id": plugin, "state": state, "enabled": False} for plugin in V6))
    assert world.kinds == frozenset()
    assert world.off == frozenset({"TREND_PULSE", "BREAKOUT", "EXIT_BULLISH"})


def test_a_strangers_feed_is_not_held_to_our_format() -> None:
    rows = [{"id": "mine", "state": "active", "enabled": True, "alerts": {"x": "entry"}}]
    world = world_of(rows, ["mine"], {"group": ("BREAKOUT",)}, {"mine": "group"})
    assert world.foreign == {"BREAKOUT"}


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ('{"action":"buy","symbol":"EURUSD","lots":0.1,"price":1.1,"sl":1.2}', ["1.2"]),
        ('{"action":"sell","symbol":"EURUSD","lots":0.1,"price":1.1,"sl":1.0,"tp":1.3}', ["1.0", "1.3"]),
        ('{"action":"buy","symbol":"EURUSD","lots":0.1,"price":1.1,"sl":1.1}', ["1.1}"]),
        ('{"action":"buy","symbol":"EURUSD","lots":0.1,"price":1.1,"sl":1.0,"tp":1.3}', []),
        ('{"action":"buy","symbol":"EURUSD","lots":0.1,"sl":1.2}', []),
    ],
)
def test_a_stop_or_a_target_on_the_wrong_side_of_a_pasted_price_is_an_error(
    text: str, bad: list[str]
) -> None:
    errors = [place for place in found(check_message(text, WORLD, NOW)) if not place[2].startswith("missing")]
    assert errors == [(1, text.index(value) + 1, "invalid_stops") for value in bad]


def test_of_a_key_that_stands_twice_only_that_is_told() -> None:
    text = BUY.replace('"lots":0.1', '"lots":0.1,"lots":-1')
    assert {code for _, _, code in found(check_message(text, WORLD, NOW))} == {"malformed_json"}


@pytest.mark.parametrize("text", ["plot(close)\n", "// nothing yet\n", "a = 1\nplot(a)"])
def test_a_script_without_alerts_is_a_script(text: str) -> None:
    assert is_script(text)


@pytest.mark.parametrize(
    "text", ["New signal", "buy EURUSD (now)", "BUY(EURUSD)|15", '"a":1}', "", "price = 5"]
)
def test_a_sentence_is_no_script(text: str) -> None:
    assert not is_script(text)


def test_a_price_that_nobody_filled_in_makes_no_stop_wrong() -> None:
    text = BUY.replace('"sl":1.1', '"price":{{close}},"sl":1.5').replace('"EURUSD"', '"{{ticker}}"')
    codes = [finding.code for finding in check_message(text, WORLD, NOW).findings]
    assert codes == ["unresolved_placeholder", "unresolved_placeholder"]


@pytest.mark.parametrize(("names", "at"), [("MACD,RsI,PSAR", 6), ("MACD,RSI;PSAR", 8), ("MACD,,PSAR", 4)])
def test_damage_in_a_list_of_names_is_reported_at_its_character(names: str, at: int) -> None:
    head = "SCREENER_FULL_BULLISH|EURUSD|15|3|"
    report = check_message(head + names, WORLD, NOW)
    assert (1, len(head) + at + 1, "bad_field:indicators") in found(report)
