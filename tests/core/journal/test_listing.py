"""What the journal holds is listed as people and programs read it."""

from zepix_core.config.home import Home
from zepix_core.journal.listing import (
    find_alerts,
    list_alerts,
    list_orders,
    list_trades,
    open_trades,
    orders_of_alert,
)
from zepix_core.journal.money import counts, figures
from zepix_core.journal.positions import join_positions, positions_of
from zepix_core.model.market import Side
from zepix_core.model.order import Position
from zepix_core.storage.connection import open_reader

NOON = 1_767_614_400_000_000_000


def test_alerts_come_oldest_first_with_their_deliveries(traded_home: Home) -> None:
    alerts = list_alerts(open_reader(traded_home.journal_db))
    assert [alert.id for alert in alerts] == [1, 2, 3]
    first = alerts[0]
    assert (first.external_id, first.symbol, first.timeframe, first.state) == ("x-1", "XAUUSD", "15", "done")
    assert first.received_at == "2026-01-05T12:00:00.000Z"
    assert [(row.plugin, row.state) for row in first.deliveries] == [("combined_v3", "acted")]
    assert alerts[1].reason == "expired"


def test_a_limit_keeps_the_newest(traded_home: Home) -> None:
    connection = open_reader(traded_home.journal_db)
    assert [alert.id for alert in list_alerts(connection, 2)] == [2, 3]
    assert [order.leg for order in list_orders(connection, 1)] == ["B"]
    assert [trade.leg for trade in list_trades(connection, 1)] == ["B"]


def test_orders_name_the_alert_they_came_from(traded_home: Home) -> None:
    connection = open_reader(traded_home.journal_db)
    orders = list_orders(connection)
    assert [(order.intent_id, order.external_id, order.ticket) for order in orders] == [
        ("intent000a", "x-1", 11),
        ("intent000b", "x-1", 12),
    ]
    assert orders == orders_of_alert(connection, 1)
    assert orders_of_alert(connection, 2) == ()


def test_trades_are_positions_with_their_result(traded_home: Home) -> None:
    a, b = list_trades(open_reader(traded_home.journal_db))
    assert (a.status, a.closed_lots, a.price_close, a.profit, a.reason) == (
        "closed",
        0.05,
        2050.0,
        99.0,
        "TP2",
    )
    assert (b.status, b.closed_lots, b.price_close, b.closed_at) == ("open", 0, None, None)
    assert a.closed_at == "2026-01-05T12:01:00.000Z"


def test_open_trades_are_the_positions_of_a_stopped_host(traded_home: Home) -> None:
    trades = open_trades(open_reader(traded_home.journal_db))
    (row,) = positions_of(trades)
    assert (row.ticket, row.lots, row.price_current, row.profit) == (12, 0.05, None, None)


def test_the_brokers_positions_are_joined_with_what_we_know(traded_home: Home) -> None:
    trades = open_trades(open_reader(traded_home.journal_db))
    ours = Position(ticket=12, symbol="XAUUSD", side=Side.BUY, volume=0.03, price_open=2030.2, time_ns=NOON)
    foreign = Position(ticket=99, symbol="EURUSD", side=Side.SELL, volume=1.0, price_open=1.1, time_ns=NOON)
    known, unknown = join_positions((ours, foreign), trades)
    assert (known.plugin, known.leg, known.alert_id, known.lots) == ("combined_v3", "B", 1, 0.03)
    assert (unknown.plugin, unknown.alert_id, unknown.side) == ("", None, "SELL")


def test_an_alert_goes_by_number_own_id_key_and_the_keys_beginning(traded_home: Home) -> None:
    connection = open_reader(traded_home.journal_db)
    for name in ("2", "x-2", "bbbb2222key", "bbbb2222"):
        assert [alert.id for alert in find_alerts(connection, name)] == [2]
    for name in ("4", "bbbb", "", "9" * 30, "²", "%"):
        assert find_alerts(connection, name) == ()


def test_money_is_summed_in_all_and_of_a_day_by_plugin(traded_home: Home) -> None:
    connection = open_reader(traded_home.journal_db)
    told = figures(connection, NOON - 12 * 3600 * 10**9 - 115 * 60 * 10**9)
    assert (told.total_pnl, told.today_pnl, told.open_positions) == (99.0, 99.0, 1)
    assert told.plugins["combined_v3"].today_pnl == 99.0
    later = figures(connection, NOON + 86_400 * 10**9)
    assert (later.total_pnl, later.today_pnl) == (99.0, 0.0)
    assert counts(connection).alerts == {"done": 1, "refused": 1, "new": 1}
