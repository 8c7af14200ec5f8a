"""An order in a plugin's table, from its fill to its end."""

from zepix_core import OrderRow, Realised, Side, TradeUpdate, UpdateKind, stamp


def update(kind: UpdateKind, **changes: object) -> TradeUpdate:
    values = {
        "sequence": 9, "kind": kind, "plugin": "p", "intent_id": "i", "alert_key": "k", "alert_id": 1,
        "ticket": 7, "symbol": "EURUSD", "side": Side.BUY, "leg": "A", "label": "", "volume": 0.0,
        "price": 1.105, "time_ns": 1_700_000_000_000_000_000,
    }  # fmt: skip
    return TradeUpdate(**{**values, **changes})  # type: ignore[arg-type]


def test_an_order_that_was_never_placed_has_ended_with_nothing() -> None:
    never = OrderRow()
    assert (never.status, never.pips, never.dollars) == ("CLOSED", 0.0, 0.0)
    assert never.closed(update(UpdateKind.CLOSED, profit=5.0)) is never


def test_a_filled_order_has_no_result_yet_and_no_target_of_nothing() -> None:
    order = OrderRow.filled(7, 0.10, 1.09, 0.0)
    assert (order.status, order.sl, order.tp, order.pips, order.dollars) == ("OPEN", 1.09, None, None, None)


def test_a_second_fill_adds_lots_and_a_part_close_takes_none() -> None:
    order = OrderRow.filled(7, 0.04, 1.09, 1.11)
    grown = order.moved(update(UpdateKind.MODIFIED, volume=0.10, sl=1.095, tp=0.0))
    assert (grown.lots, grown.sl, grown.tp) == (0.10, 1.095, None)
    assert grown.moved(update(UpdateKind.MODIFIED, volume=0.05, sl=1.1)).lots == 0.10


def test_the_end_sums_what_was_booked_before_and_comes_once() -> None:
    order = OrderRow.filled(7, 0.04, 1.09, 1.11)
    end = update(UpdateKind.CLOSED, closed_volume=0.01, profit=3.0, profit_pips=30.0)
    closed = order.closed(end, [Realised(volume=0.03, pips=10.0, money=3.0)])
    assert (closed.status, closed.exit_price, closed.exit_time) == ("CLOSED", 1.105, stamp(end.at))
    assert (closed.pips, closed.dollars) == (15.0, 6.0)
    assert closed.closed(end) is closed
