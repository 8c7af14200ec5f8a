"""A week of V6 messages beside a week of V3's in one host: verdicts, routes, trades, whose is what."""

from collections import defaultdict
from typing import Any

import attrs
import pytest

from tests.system.both_weeks import LINES, V6_LINES, Both, Line, play
from zepix_core.model.order import DealEntry
from zepix_plugins_v6.alert import MESSAGE_TYPES
from zepix_plugins_v6.profiles import BY_TIMEFRAME, PROFILES

FEED = "price_action"
MALFORMED = ("empty", "field_count", "direction_mismatch", "bad_tail", "bad_field:")
AT_THE_BROKER = ("filled", "partly_filled", "closed")
SHARED = ("TREND_PULSE", "STATE_CHANGE", "MOMENTUM_CHANGE")
# What the market, the money or the operator's limits may still say to an entry that its plugin wants.
OF_THE_HOST = {
    "spread",
    "invalid_stops",
    "market_closed",
    "risk_too_large",
    "cap_open_trades",
    "cap_daily_trades",
    "cap_daily_loss",
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return play(tmp_path_factory.mktemp("both") / "home")


@attrs.define
class Rows:
    """The trend rows as the messages leave them, in order of receipt: the rules once more, by hand."""

    rows: dict[tuple[str, str], tuple[int, int, str]] = attrs.field(factory=dict)

    def take(self, body: str) -> None:
        fields = body.strip().split("|")
        key = (fields[1], {"1D": "1440", "D": "1440"}.get(fields[2], fields[2]))
        if fields[0] == "TREND_PULSE":
            row = (int(fields[3]), int(fields[4]), fields[6])
        elif fields[0] == "STATE_CHANGE":
            bull, bear = fields[5].split("/")
            row = (int(bull), int(bear), fields[3])
        else:
            return
        self.rows.pop(key, None)
        self.rows[key] = row

    def net(self, symbol: str, timeframe: str) -> int:
        bull, bear, _ = self.rows.get((symbol, timeframe), (0, 0, ""))
        return (bull > bear) - (bull < bear)

    def of(self, symbol: str) -> list[tuple[int, int, str]]:
        return [row for key, row in self.rows.items() if key[0] == symbol]


def refusal(fields: list[str], rows: Rows) -> str:
    """The filter that refuses a valid entry, "" when none does."""
    sign, symbol, score = (1 if fields[4] == "BUY" else -1), fields[1], int(fields[6] or 50)
    adx = None if fields[7] in ("NA", "NaN", "") else float(fields[7])
    has_levels = len(fields) >= 13 and "/" not in fields[9] and not fields[9].startswith("TL")
    mine = rows.of(symbol)
    state = mine[-1][2] if mine else ""
    word = "BULLISH" if sign > 0 else "BEARISH"
    lean = sum(row[0] - row[1] for row in mine) * sign
    tests = {
        "1": [("adx", adx is not None and adx > 20), ("confidence", score >= 80)],
        "5": [
            ("adx", adx is not None and adx >= 25),
            ("confidence", score >= 70),
            ("tf_alignment", rows.net(symbol, "15") == sign),
        ],
        "15": [("market_state", word in state), ("pulse", lean > 0), ("confidence", score >= 60)],
        "60": [("tf_alignment", rows.net(symbol, "240") == sign), ("confidence", score >= 60)],
    }
    if not has_levels:
        return "levels"
    return next((code for code, passed in tests[fields[2]] if not passed), "")


def expectations() -> dict[Line, str]:
    """The filter by valid entry of a chart with a plugin."""
    rows, found = Rows(), {}
    for line in V6_LINES:
        if not line.valid:
            continue
        fields = line.body.strip().split("|")
        if fields[0].endswith("_ENTRY") and fields[2] in BY_TIMEFRAME:
            found[line] = refusal(fields, rows)
        rows.take(line.body)
    return found


EXPECTED = expectations()


@pytest.mark.parametrize("line", V6_LINES, ids=lambda line: f"{line.number}-{line.body.split('|')[0][:24]}")
def test_a_message_ends_as_its_flag_and_the_rules_say(both: Both, line: Line) -> None:
    answer = both.answers[line]
    fields = line.body.strip().split("|")
    if fields[0] not in MESSAGE_TYPES:
        assert not line.valid
        assert 400 <= answer.status < 500
        return
    assert answer.status == 200
    alert = both.alert_of(line)
    if not line.valid:
        assert (alert.state, (alert.reason or "").startswith(MALFORMED)) == ("refused", True)
    elif line in EXPECTED:
        _judge_entry(alert, EXPECTED[line])
    elif fields[0].endswith("_ENTRY"):
        assert (alert.state, alert.reason) == ("refused", "no_plugin")
    elif fields[0].startswith("EXIT"):
        assert alert.state == "done" if fields[2] in BY_TIMEFRAME else alert.reason == "no_plugin"
    else:
        assert (alert.state, alert.reason) == ("done", None if fields[0] in SHARED else "info_only")


def _judge_entry(alert: Any, code: str) -> None:
    if code:
        assert (alert.state, alert.reason) == ("refused", code)
    elif alert.state != "done":
        assert (alert.state, alert.reason in OF_THE_HOST) == ("refused", True), alert.reason


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.family}-{line.number}")
def test_a_message_goes_to_its_family_and_an_entry_to_its_charts_plugin(both: Both, line: Line) -> None:
    answer = both.answers[line]
    if answer.status != 200:
        return
    alert = both.alert_of(line)
    routes = [delivery.plugin for delivery in alert.deliveries]
    if line.family == "v3":
        assert routes in ([], ["combined_v3"])
        return
    assert routes[0] == FEED
    kind, timeframe = alert.kind, alert.timeframe
    plugins = {profile.id for profile in PROFILES}
    if kind in SHARED:
        assert set(routes[1:]) == plugins
    elif kind.endswith("_ENTRY") or kind.startswith("EXIT"):
        expected = [BY_TIMEFRAME[timeframe].id] if timeframe in BY_TIMEFRAME else []
        assert routes[1:] == expected
    else:
        assert routes[1:] == []


def test_both_families_have_traded_and_every_alert_has_its_end(both: Both) -> None:
    traded = {trade.plugin for trade in both.trades}
    assert traded >= {"combined_v3", "price_action_5m", "price_action_15m", "price_action_1h"}
    assert {alert.state for alert in both.alerts.values()} == {"done", "refused"}


def test_every_order_was_executed_once_or_never(both: Both) -> None:
    executed: dict[str, list[Any]] = defaultdict(list)
    for deal in both.deals:
        if deal.entry is DealEntry.IN:
            executed[deal.comment].append(deal)
    for order in both.orders:
        if order.action != "open":
            continue
        deals = executed.pop(order.comment, [])
        assert len(deals) == (1 if order.state in AT_THE_BROKER else 0)
    assert executed == {}


def test_nobody_closes_or_moves_what_another_plugin_opened(both: Both) -> None:
    owner = {trade.ticket: trade.plugin for trade in both.trades}
    touching = [order for order in both.orders if order.action in ("close", "modify")]
    assert touching
    for order in touching:
        assert order.ticket is not None
        assert owner[order.ticket] == order.plugin
    prefixes = {"combined_v3": "c-v3", **{p.id: "pa-" + p.id.rpartition("_")[2] for p in PROFILES}}
    for trade in both.trades:
        assert trade.comment.split(":")[0] == prefixes[trade.plugin]


def test_the_broker_holds_what_the_journal_says_is_open(both: Both) -> None:
    journal = {
        trade.ticket: (trade.symbol, trade.side, round(trade.lots - trade.closed_lots, 2), trade.sl, trade.tp)
        for trade in both.trades
        if trade.status != "closed"
    }
    assert journal == {p.ticket: (p.symbol, p.side.value, p.volume, p.sl, p.tp) for p in both.positions}


def test_every_real_v6_trade_has_its_row_line_by_line(both: Both) -> None:
    trades = {trade.ticket: trade for trade in both.trades if trade.plugin != "combined_v3"}
    seen = []
    for profile in PROFILES:
        for row in both.tables[f"price_action.{profile.table}"]:
            for plan in profile.legs:
                ticket = row[f"order_{plan.leg.lower()}_ticket"]
                if ticket is not None:
                    seen.append(ticket)
                    _same(trades[ticket], row, profile, plan.leg)
    assert sorted(seen) == sorted(trades)


def _same(trade: Any, row: dict[str, Any], profile: Any, leg: str) -> None:
    mark = f"order_{leg.lower()}_" if len(profile.legs) > 1 else ""
    assert (trade.plugin, trade.leg) == (profile.id, leg)
    assert (row["symbol"], row["direction"]) == (trade.symbol, trade.side)
    assert row[f"{mark}lot_size"] == trade.lots
    assert (row[f"{mark}sl_price"], row[f"{mark}tp_price"]) == (trade.sl, trade.tp)
    assert row[f"{mark}status"] == ("CLOSED" if trade.status == "closed" else "OPEN")
    if trade.status == "closed":
        assert row[f"{mark}exit_price"] == trade.price_close
        assert row[f"{mark}profit_dollars"] == pytest.approx(trade.profit)


def test_the_logs_hold_each_message_once_each_in_its_own_file(both: Both) -> None:
    v6 = {row["alert_key"]: row for row in both.tables["price_action.v6_signals_log"]}
    v3 = {row["alert_key"] for row in both.tables["combined_v3.v3_signals_log"]}
    taken = {both.alert_of(line).key: line for line in LINES if both.answers[line].status == 200}
    assert set(v6) == {key for key, line in taken.items() if line.family == "v6"}
    assert v3 <= {key for key, line in taken.items() if line.family == "v3"}
    traded = {order.alert_key for order in both.orders if order.action == "open" and order.fill_lots}
    for alert in both.alerts.values():
        row = v6.get(alert.key)
        if row is not None:
            assert (row["processed"], row["skip_reason"]) == (1, alert.reason)
            assert bool(row["trade_placed"]) == (alert.key in traded)


def test_the_trends_are_those_of_the_messages_and_of_one_family_each(both: Both) -> None:
    rows = Rows()
    for line in V6_LINES:
        if line.valid:
            rows.take(line.body)
    stored = {
        (row["symbol"], row["timeframe"]): (row["bull_count"], row["bear_count"], row["market_state"])
        for row in both.tables["price_action.market_trends"]
    }
    assert stored == rows.rows
    assert both.tables["price_action.trend_pillars"] == []
    assert both.tables["combined_v3.trend_pillars"] != []
    assert "combined_v3.market_trends" not in both.tables
    assert not any(name.startswith("price_action.v3_") for name in both.tables)


def test_the_days_figures_are_those_of_the_rows(both: Both) -> None:
    days = both.tables["price_action.v6_daily_stats"]
    for profile in PROFILES:
        column = profile.table.replace("price_action", "plugin")
        assert sum(day[column] for day in days) == len(both.tables[f"price_action.{profile.table}"])
    pulses = {
        both.alert_of(line).id for line in V6_LINES if line.valid and line.body.startswith("TREND_PULSE")
    }
    assert sum(day["trend_pulse_updates"] for day in days) == len(pulses)
    closed = [
        row["total_profit_dollars" if profile.table == "price_action_5m_trades" else "profit_dollars"]
        for profile in PROFILES
        for row in both.tables[f"price_action.{profile.table}"]
        if row["status"] == "CLOSED"
    ]
    assert sum(day["total_profit_dollars"] for day in days) == pytest.approx(sum(closed))
