"""The plugin's rows: one for each pair, and no second effect of what comes twice."""

import json
import sqlite3
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from zepix_core import OrderResult, TradingDays, UpdateKind
from zepix_plugins_v3 import daily, store, trade_store
from zepix_plugins_v3.rules import from_short_names
from zepix_plugins_v3.store import SignalRow
from zepix_plugins_v3.trade import Trade, of_alert

from .messages import entry, read
from .rows import START, closing, database, table, update

RULES = from_short_names({})
NOW = "2026-01-12 10:00:01"
LATER = "2026-01-12 11:00:00"
DAYS = TradingDays(reset=time(3, 35), zone=ZoneInfo("Asia/Kolkata"))


@pytest.fixture
def db() -> sqlite3.Connection:
    connection = database()
    store.log(connection, signal())
    return connection


def signal(key: str = "key-1", **changes: Any) -> SignalRow:
    values: dict[str, Any] = {
        "received_at": START,
        "signal_type": "momentum_breakout",
        "symbol": "EURUSD",
        "alert_key": key,
        "body": json.dumps(entry(), default=float),
    }
    return SignalRow(**(values | changes))


def pair() -> Trade:
    return of_alert(read(entry()), RULES, START)


def describe(row: SignalRow) -> Trade | None:
    return pair()


def filled(ticket: int, leg: str) -> OrderResult:
    return OrderResult(ok=True, ticket=ticket, volume=0.02, price=1.1649, sl=1.1633, tp=1.1693, leg=leg)


NO = OrderResult(ok=False, code="BROKER_REJECT")


def place(db: sqlite3.Connection, a: OrderResult | None = None, b: OrderResult | None = None) -> Trade | None:
    return store.placed(db, "key-1", pair(), (a or filled(11, "A"), b or filled(12, "B")), NOW)


def trade_row(db: sqlite3.Connection) -> dict[str, Any]:
    (row,) = table(db, "combined_v3_trades")
    return row


def test_the_trade_table_has_the_columns_of_the_sheet() -> None:
    columns = {row[1] for row in database().execute("PRAGMA table_info(combined_v3_trades)")}
    assert len(columns) == 47
    assert "updated_at" in columns
    for name, count in (("v3_profit_bookings", 9), ("v3_signals_log", 14), ("v3_daily_stats", 10)):
        found = database().execute("SELECT count(*) FROM pragma_table_info(?)", (name,)).fetchone()[0]
        assert found == count, name


def test_every_table_is_strict() -> None:
    names = (
        database().execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict").fetchall()
    )
    wanted = {"combined_v3_trades", "v3_profit_bookings", "v3_signals_log", "v3_daily_stats"}
    assert wanted <= {name for (name,) in names}


def test_a_pair_is_one_row_with_its_signal_and_both_orders(db: sqlite3.Connection) -> None:
    place(db)
    row = trade_row(db)
    assert (row["order_a_ticket"], row["order_b_ticket"], row["mt5_parent_ticket"]) == (11, 12, 11)
    assert (row["direction"], row["status"], row["signal_type"]) == ("BUY", "OPEN", "momentum_breakout")
    assert (row["logic_route"], row["routing_reason"], row["position_multiplier"]) == (
        "LOGIC2",
        "timeframe",
        0.9,
    )
    assert [row[f"mtf_{name}"] for name in ("15m", "1h", "4h", "1d")] == [1, 1, 1, 1]
    assert (row["mtf_raw_string"], row["trend_bypass_used"], row["entry_price"]) == ("1,1,1,1,-1", 1, 1.1649)
    (logged,) = table(db, "v3_signals_log")
    assert (logged["trade_id"], logged["trade_placed"]) == (row["id"], 1)


def test_a_pair_of_which_b_was_refused_can_still_end(db: sqlite3.Connection) -> None:
    place(db, b=NO)
    row = trade_row(db)
    assert (row["order_b_ticket"], row["order_b_status"], row["order_b_profit_dollars"]) == (
        None,
        "CLOSED",
        0.0,
    )
    assert (row["status"], row["order_b_lot_size"]) == ("OPEN", None)
    store.apply(db, closing("A", 9.12, 45.6), describe, LATER)
    row = trade_row(db)
    assert (row["status"], row["total_profit_dollars"], row["total_profit_pips"]) == ("CLOSED", 9.12, 45.6)


def test_nothing_is_noted_when_neither_order_went_in(db: sqlite3.Connection) -> None:
    assert place(db, NO, NO) is None
    assert table(db, "combined_v3_trades") == []


def test_one_leg_closing_makes_the_pair_partial_and_the_last_one_closes_it(db: sqlite3.Connection) -> None:
    place(db)
    store.apply(db, closing("B", 4.1, 20.5, minutes=3, reason="TP1"), describe, LATER)
    row = trade_row(db)
    assert (row["status"], row["order_b_status"], row["order_a_status"]) == ("PARTIAL", "CLOSED", "OPEN")
    assert (row["exit_time"], row["total_profit_dollars"]) == (None, None)
    store.apply(db, closing("A", -3.04, -15.2, minutes=9, reason="SL"), describe, LATER)
    row = trade_row(db)
    assert (row["status"], row["close_reason"], row["exit_time"]) == ("CLOSED", "SL", "2026-01-12 10:09:00")
    assert (row["total_profit_dollars"], row["total_profit_pips"]) == (1.06, 5.3)


def test_totals_are_added_up_as_decimals(db: sqlite3.Connection) -> None:
    place(db)
    store.apply(db, closing("A", 0.1, 1.0), describe, LATER)
    store.apply(db, closing("B", 0.2, 2.0), describe, LATER)
    assert trade_row(db)["total_profit_dollars"] == 0.3


STORY = [
    update(UpdateKind.OPENED, "A", deal=1, commission=-0.07),
    update(UpdateKind.OPENED, "B", deal=2, commission=-0.07),
    update(UpdateKind.MODIFIED, "A", minutes=1, sl=1.16492, tp=0.0),
    update(
        UpdateKind.PARTLY_CLOSED,
        "B",
        minutes=2,
        volume=0.01,
        closed_volume=0.01,
        profit=2.0,
        profit_pips=20.0,
        reason="TP1",
        deal=3,
    ),
    closing("B", 2.3, 23.0, minutes=3, closed_volume=0.01, deal=4, swap=-0.11, commission=-0.07),
    closing("A", 9.12, 45.6, minutes=4, deal=5, commission=-0.07),
]


def test_what_comes_twice_changes_nothing(db: sqlite3.Connection) -> None:
    for one in STORY:
        store.apply(db, one, describe, NOW)
        once = [table(db, name) for name in ("combined_v3_trades", "v3_profit_bookings")]
        store.apply(db, one, describe, LATER)
        assert [table(db, name) for name in ("combined_v3_trades", "v3_profit_bookings")] == once
    finished = trade_row(db)
    for one in STORY[2:]:
        store.apply(db, one, describe, LATER)
    assert trade_row(db) | {"order_a_sl_price": 1.16492} == finished


def test_a_booking_counts_in_the_leg_it_was_taken_from(db: sqlite3.Connection) -> None:
    for one in STORY:
        store.apply(db, one, describe, NOW)
    row = trade_row(db)
    assert (row["order_b_profit_dollars"], row["order_b_profit_pips"]) == (4.3, 21.5)
    assert (row["total_profit_dollars"], row["status"]) == (13.42, "CLOSED")
    assert (row["commission"], row["swap"]) == (-0.28, -0.11)
    (booking,) = table(db, "v3_profit_bookings")
    assert (booking["order_type"], booking["closed_percentage"], booking["closed_volume"]) == (
        "ORDER_B",
        50.0,
        0.01,
    )
    assert (booking["profit_dollars"], booking["reason"]) == (2.0, "TP1")


def test_moved_stops_are_noted(db: sqlite3.Connection) -> None:
    place(db)
    store.apply(db, update(UpdateKind.MODIFIED, "A", sl=1.165, tp=0.0), describe, LATER)
    row = trade_row(db)
    assert (row["order_a_sl_price"], row["order_a_tp_price"], row["updated_at"]) == (1.165, None, LATER)


def test_an_order_first_known_from_its_update_gets_the_row_its_alert_led_to(db: sqlite3.Connection) -> None:
    store.apply(db, update(UpdateKind.OPENED, "A", price=1.165), describe, NOW)
    row = trade_row(db)
    assert (row["entry_price"], row["order_a_ticket"], row["logic_route"]) == (1.165, 11, "LOGIC2")
    place(db)
    row = trade_row(db)
    assert (row["order_a_ticket"], row["order_b_ticket"], row["entry_price"]) == (11, 12, 1.165)


def test_an_order_placed_late_reopens_the_pair_that_had_ended_without_it(db: sqlite3.Connection) -> None:
    place(db, b=OrderResult(ok=False, code="UNRESOLVED"))
    store.apply(db, closing("A", 1.0, 10.0), describe, LATER)
    store.apply(db, update(UpdateKind.OPENED, "B"), describe, LATER)
    row = trade_row(db)
    assert (row["status"], row["order_b_ticket"], row["exit_time"]) == ("PARTIAL", 12, None)


def test_a_position_without_an_alert_gets_a_row_too(db: sqlite3.Connection) -> None:
    adopted = update(UpdateKind.OPENED, "A", alert_key="", ticket=77)
    store.apply(db, adopted, describe, NOW)
    assert (trade_row(db)["signal_type"], trade_row(db)["order_a_ticket"]) == ("unknown", 77)


def test_a_refused_or_unresolved_order_is_no_trade(db: sqlite3.Connection) -> None:
    for kind in (UpdateKind.REJECTED, UpdateKind.UNRESOLVED):
        assert store.apply(db, update(kind), describe, NOW) is None
    assert table(db, "combined_v3_trades") == []


def test_a_trade_reads_back_as_it_was_stored(db: sqlite3.Connection) -> None:
    for one in STORY:
        store.apply(db, one, describe, NOW)
    stored = trade_store.find(db, 12, "")
    assert stored is not None
    assert trade_store.save(db, stored, LATER) == stored
    assert trade_row(db)["updated_at"] == NOW


def test_an_alert_delivered_again_keeps_its_row(db: sqlite3.Connection) -> None:
    store.handled(db, "key-1", "low_consensus_score")
    earlier = store.log(db, signal(symbol="GBPUSD"))
    assert earlier is not None
    assert (earlier.processed, earlier.skip_reason) == (True, "low_consensus_score")
    (row,) = table(db, "v3_signals_log")
    assert (row["symbol"], row["processed"], row["trade_placed"]) == ("EURUSD", 1, 0)


def test_alerts_since_a_moment_are_found_oldest_first(db: sqlite3.Connection) -> None:
    store.log(db, signal("key-2"))
    assert [row.alert_key for row in store.since(db, START)] == ["key-1", "key-2"]


def test_the_days_figures_come_from_the_rows(db: sqlite3.Connection) -> None:
    for one in STORY:
        store.apply(db, one, describe, NOW)
    daily.recompute(db, DAYS, date(2026, 1, 12))
    daily.recompute(db, DAYS, date(2026, 1, 12))
    assert table(db, "v3_daily_stats") == [
        {
            "date": "2026-01-12",
            "total_dual_entries": 1,
            "total_order_a_closed": 1,
            "total_order_b_closed": 1,
            "logic1_trades": 0,
            "logic2_trades": 1,
            "logic3_trades": 0,
            "total_profit_dollars": 13.42,
            "win_rate": 100.0,
            "profit_factor": None,
        }
    ]


def test_the_profit_factor_is_nought_on_an_empty_day(db: sqlite3.Connection) -> None:
    daily.recompute(db, DAYS, date(2026, 1, 10))
    (row,) = table(db, "v3_daily_stats")
    assert (row["win_rate"], row["profit_factor"], row["total_dual_entries"]) == (0.0, 0.0, 0)


def test_a_second_fill_of_an_order_adds_to_its_lots_and_moves_the_pairs_entry() -> None:
    connection = database()
    store.log(connection, signal())
    opened = update(UpdateKind.OPENED, "A", volume=0.01, price=1.1648, price_open=1.1648)
    more = update(UpdateKind.MODIFIED, "A", volume=0.02, price=1.1650, price_open=1.1649)
    for one in (opened, more, more):
        store.apply(connection, one, describe, NOW)
    row = trade_row(connection)
    assert (row["order_a_lot_size"], row["entry_price"]) == (0.02, 1.1649)


def test_an_order_that_is_taken_but_not_filled_yet_comes_with_its_update(db: sqlite3.Connection) -> None:
    waiting = OrderResult(ok=True, ticket=7, leg="B")
    place(db, b=waiting)
    assert (trade_row(db)["order_b_ticket"], trade_row(db)["order_b_status"]) == (None, "CLOSED")
    store.apply(db, update(UpdateKind.OPENED, "B"), describe, LATER)
    row = trade_row(db)
    assert (row["order_b_ticket"], row["order_b_lot_size"], row["order_b_status"]) == (12, 0.02, "OPEN")
    assert row["status"] == "OPEN"
