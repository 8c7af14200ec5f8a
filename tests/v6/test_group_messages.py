"""Messages that concern all four plugins, or none."""

from .desk import Desk, outcome


async def test_a_pulse_is_taken_in_once_also_when_four_plugins_get_it(live: Desk) -> None:
    await live.pulse("15", 5, 1)
    await live.pulse("1D", 4, 2)
    await live.send("STATE_CHANGE|XAUUSD|15|MIXED_BULLISH|TRENDING_BULLISH|4/2")
    rows = {row["timeframe"]: row for row in live.rows("SELECT * FROM market_trends")}
    assert (rows["15"]["bull_count"], rows["15"]["market_state"]) == (4, "MIXED_BULLISH")
    assert rows["15"]["changes"] == "15:SIDE→BULL"
    assert rows["1440"]["market_state"] == "MIXED_BULLISH"
    assert live.day()["trend_pulse_updates"] == 2


async def test_a_message_for_information_is_logged_on_any_chart(live: Desk) -> None:
    row = await live.send("BREAKOUT|XAUUSD|1M|2040.5|2|22729|22752")
    assert outcome(row) == ("done", "info_only")
    assert live.logged(row)["skip_reason"] == "info_only"


async def test_json_with_a_v6_type_is_not_v6(live: Desk) -> None:
    row = await live.send('{"type": "TREND_PULSE", "symbol": "XAUUSD"}')
    assert outcome(row) == ("done", "not_v6")
    assert live.rows("SELECT * FROM v6_signals_log") == []


async def test_a_state_nobody_knows_is_stored_as_unknown(live: Desk) -> None:
    await live.send("TREND_PULSE|XAUUSD|15|5|1||WEAK_BULLISH")
    (row,) = live.rows("SELECT * FROM market_trends")
    assert (row["market_state"], row["bull_count"]) == ("UNKNOWN", 5)
