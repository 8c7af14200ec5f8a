"""What quotes and time do by themselves."""

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, FakeAccount, forex

BUY, SELL = MT5.ORDER_TYPE_BUY, MT5.ORDER_TYPE_SELL
DAY = 86_400


def ended(desk: Desk, order: int) -> int:
    found = desk.fake.history_orders_get(ticket=order)
    assert found is not None
    return found[0].state if found else -1


def test_a_buys_stop_and_target_wait_for_the_bid(desk: Desk) -> None:
    position = desk.opened(BUY, sl=1.084, tp=1.086)
    desk.quote(1.08595, 1.0861)
    desk.quote(1.08401, 1.08411)
    assert len(desk.positions()) == 1
    desk.quote(1.086)
    deal = desk.deals(position.identifier)[-1]
    assert (deal.reason, deal.price, deal.comment) == (MT5.DEAL_REASON_TP, 1.086, "[tp 1.08600]")


def test_a_sells_stop_and_target_wait_for_the_ask(desk: Desk) -> None:
    position = desk.opened(SELL, sl=1.086, tp=1.084)
    desk.quote(1.08595, 1.08599)
    desk.quote(1.0839, 1.0841)
    assert len(desk.positions()) == 1
    desk.quote(1.0859, 1.086)
    deal = desk.deals(position.identifier)[-1]
    assert (deal.reason, deal.price, deal.comment) == (MT5.DEAL_REASON_SL, 1.086, "[sl 1.08600]")


def test_a_gap_through_the_stop_fills_at_the_gapped_price(desk: Desk) -> None:
    position = desk.opened(sl=1.084)
    desk.fake.gap("EURUSD", 1.07)
    deal = desk.deals(position.identifier)[-1]
    assert (deal.price, deal.profit) == (1.07, -151.0)


def test_the_stop_goes_before_the_target_when_one_quote_crosses_both(desk: Desk) -> None:
    position = desk.opened(SELL, sl=1.086, tp=1.084)
    desk.quote(1.08, 1.09)
    assert desk.deals(position.identifier)[-1].reason == MT5.DEAL_REASON_SL


def test_the_closing_deal_bears_the_positions_magic_and_the_order_its_reason(desk: Desk) -> None:
    position = desk.opened(sl=1.084)
    desk.quote(1.083)
    deal = desk.deals(position.identifier)[-1]
    order = desk.fake.history_orders_get(ticket=deal.order)
    assert deal.magic == position.magic and order is not None
    assert (order[0].reason, order[0].state) == (MT5.ORDER_REASON_SL, MT5.ORDER_STATE_FILLED)


@pytest.mark.parametrize(
    ("kind", "price", "ask", "filled"),
    [
        (MT5.ORDER_TYPE_BUY_LIMIT, 1.084, 1.0838, 1.084),
        (MT5.ORDER_TYPE_SELL_LIMIT, 1.086, 1.0864, 1.086),
        (MT5.ORDER_TYPE_BUY_STOP, 1.086, 1.0864, 1.0864),
        (MT5.ORDER_TYPE_SELL_STOP, 1.084, 1.0838, 1.0836),
    ],
)
def test_a_waiting_order_fills_when_its_price_comes(
    desk: Desk, kind: int, price: float, ask: float, filled: float
) -> None:
    order = desk.pending(kind, price, comment="wait").order
    waiting = desk.fake.orders_get(ticket=order)
    assert waiting is not None and waiting[0].state == MT5.ORDER_STATE_PLACED
    desk.quote(1.085, 1.08512)
    assert desk.fake.orders_total() == 1
    desk.quote(round(ask - 2e-4, 5), ask)
    position = desk.position(order)
    assert (position.price_open, position.type, position.comment) == (filled, kind % 2, "wait")
    assert desk.fake.orders_total() == 0 and ended(desk, order) == MT5.ORDER_STATE_FILLED


@pytest.mark.parametrize(
    ("kind", "price"),
    [
        (MT5.ORDER_TYPE_BUY_LIMIT, 1.0852),
        (MT5.ORDER_TYPE_SELL_LIMIT, 1.0849),
        (MT5.ORDER_TYPE_BUY_STOP, 1.0850),
        (MT5.ORDER_TYPE_SELL_STOP, 1.0851),
        (MT5.ORDER_TYPE_BUY_LIMIT, 0.0),
        (MT5.ORDER_TYPE_BUY_LIMIT, 1.084005),
    ],
)
def test_a_waiting_order_on_the_wrong_side_is_refused(desk: Desk, kind: int, price: float) -> None:
    assert desk.pending(kind, price).retcode == MT5.TRADE_RETCODE_INVALID_PRICE


def test_the_stops_level_holds_for_waiting_orders_too() -> None:
    desk = Desk(symbols=[forex("EURUSD", 1.085, stops_level=100)])
    kind, near = MT5.ORDER_TYPE_BUY_LIMIT, 1.0842
    assert desk.pending(kind, near).retcode == MT5.TRADE_RETCODE_INVALID_PRICE
    assert desk.pending(kind, 1.084, sl=1.0831).retcode == MT5.TRADE_RETCODE_INVALID_STOPS
    assert desk.pending(kind, 1.084, sl=1.083, tp=1.085).retcode == MT5.TRADE_RETCODE_DONE


def test_a_stop_limit_becomes_a_limit_and_then_fills(desk: Desk) -> None:
    wrong = desk.pending(MT5.ORDER_TYPE_BUY_STOP_LIMIT, 1.087, stoplimit=1.088)
    assert wrong.retcode == MT5.TRADE_RETCODE_INVALID_PRICE
    order = desk.pending(MT5.ORDER_TYPE_BUY_STOP_LIMIT, 1.087, stoplimit=1.086).order
    desk.quote(1.0870, 1.0871)
    waiting = desk.fake.orders_get(ticket=order)
    assert waiting is not None
    assert (waiting[0].type, waiting[0].price_open, waiting[0].price_stoplimit) == (
        MT5.ORDER_TYPE_BUY_LIMIT, 1.086, 0.0
    )  # fmt: skip
    desk.quote(1.0858, 1.0859)
    assert desk.position(order).price_open == 1.086


def test_orders_expire_by_their_time(desk: Desk) -> None:
    now = desk.fake.market.now_msc() // 1000
    kind, price = MT5.ORDER_TYPE_BUY_LIMIT, 1.08
    for_good = desk.pending(kind, price).order
    today = desk.pending(kind, price, type_time=MT5.ORDER_TIME_DAY).order
    specified = {"type_time": MT5.ORDER_TIME_SPECIFIED, "expiration": now + 60}
    minute = desk.pending(kind, price, **specified).order
    that_day = {"type_time": MT5.ORDER_TIME_SPECIFIED_DAY, "expiration": now + DAY}
    tomorrow = desk.pending(kind, price, **that_day).order

    def waiting() -> list[int]:
        desk.quote(1.085)
        found = desk.fake.orders_get()
        assert found is not None
        return [order.ticket for order in found]

    desk.clock.advance(59)
    assert waiting() == [for_good, today, minute, tomorrow]
    desk.clock.advance(1)
    assert waiting() == [for_good, today, tomorrow]
    desk.clock.advance(DAY - now % DAY - 60)
    assert waiting() == [for_good, tomorrow]
    desk.clock.advance(DAY)
    assert waiting() == [for_good]
    assert {ended(desk, order) for order in (today, minute, tomorrow)} == {MT5.ORDER_STATE_EXPIRED}


def test_a_lifetime_has_to_lie_ahead_and_be_known_to_the_symbol(desk: Desk) -> None:
    now = desk.fake.market.now_msc() // 1000
    kind, bad = MT5.ORDER_TYPE_BUY_LIMIT, MT5.TRADE_RETCODE_INVALID_EXPIRATION
    assert desk.pending(kind, 1.08, type_time=2, expiration=now).retcode == bad
    assert desk.pending(kind, 1.08, expiration=now + 60).retcode == bad
    assert desk.pending(kind, 1.08, type_time=7).retcode == bad
    desk.fake.change_symbol("EURUSD", expiration_mode=1)
    assert desk.pending(kind, 1.08, type_time=MT5.ORDER_TIME_DAY).retcode == bad


def test_a_waiting_order_can_be_changed_and_deleted(desk: Desk) -> None:
    order = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08, sl=1.07).order
    change = {"action": MT5.TRADE_ACTION_MODIFY, "order": order, "price": 1.079}
    assert desk.send(**change).retcode == MT5.TRADE_RETCODE_DONE
    assert desk.send(**change).retcode == MT5.TRADE_RETCODE_NO_CHANGES
    found = desk.fake.orders_get(symbol="EURUSD")
    assert found is not None and (found[0].price_open, found[0].sl) == (1.079, 0.0)
    assert desk.send(action=MT5.TRADE_ACTION_REMOVE, order=order).retcode == MT5.TRADE_RETCODE_DONE
    assert ended(desk, order) == MT5.ORDER_STATE_CANCELED
    assert desk.send(action=MT5.TRADE_ACTION_REMOVE, order=order).retcode == MT5.TRADE_RETCODE_INVALID


def test_within_the_freeze_level_an_order_stays_as_it_is() -> None:
    desk = Desk(symbols=[forex("EURUSD", 1.085, freeze_level=50)])
    order = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.0846).order
    frozen = MT5.TRADE_RETCODE_FROZEN
    assert desk.send(action=MT5.TRADE_ACTION_REMOVE, order=order).retcode == frozen
    assert desk.send(action=MT5.TRADE_ACTION_MODIFY, order=order, price=1.083).retcode == frozen


def test_a_waiting_order_without_the_money_is_cancelled(desk: Desk) -> None:
    order = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08, volume=100.0).order
    desk.quote(1.0798)
    assert desk.positions() == () and ended(desk, order) == MT5.ORDER_STATE_CANCELED


def test_a_waiting_order_nets_on_a_netting_account(netting: Desk) -> None:
    first = netting.opened(volume=0.1)
    netting.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08, volume=0.2)
    netting.quote(1.0798)
    (position,) = netting.positions()
    assert (position.identifier, position.volume) == (first.identifier, 0.3)


def test_without_margin_nothing_is_opened(desk: Desk) -> None:
    assert desk.deal(volume=20.0).retcode == MT5.TRADE_RETCODE_NO_MONEY
    assert desk.deal(volume=9.2).retcode == MT5.TRADE_RETCODE_DONE
    assert desk.deal(volume=0.1).retcode == MT5.TRADE_RETCODE_NO_MONEY


def test_what_reduces_a_netting_position_needs_no_margin(netting: Desk) -> None:
    netting.deal(volume=9.2)
    assert netting.deal(SELL, 9.2).retcode == MT5.TRADE_RETCODE_DONE
    netting.deal(volume=9.0)
    assert netting.deal(SELL, 18.0).retcode == MT5.TRADE_RETCODE_DONE
    assert netting.deal(SELL, 9.0).retcode == MT5.TRADE_RETCODE_NO_MONEY


def test_the_stop_out_takes_the_largest_loss_first(desk: Desk) -> None:
    small, large = desk.opened(volume=2.0), desk.opened(volume=5.0)
    desk.quote(1.0763)
    assert len(desk.positions()) == 2
    desk.quote(1.0762)
    assert [position.ticket for position in desk.positions()] == [small.ticket]
    deal = desk.deals(large.identifier)[-1]
    assert deal.reason == MT5.DEAL_REASON_SO and deal.comment.startswith("so: ")


def test_the_stop_out_can_be_an_amount_of_money() -> None:
    money = FakeAccount(so_mode=MT5.ACCOUNT_STOPOUT_MODE_MONEY, so_so=9_900.0)
    desk = Desk(accounts=[money])
    position = desk.opened(volume=0.1)
    desk.quote(1.0752)
    assert len(desk.positions()) == 1
    desk.quote(1.0751)
    assert desk.deals(position.identifier)[-1].reason == MT5.DEAL_REASON_SO


def test_what_cannot_be_closed_is_not_stopped_out(desk: Desk) -> None:
    desk.opened(volume=9.0)
    desk.fake.close_session("EURUSD")
    desk.fake.change_account(leverage=1)
    desk.quote(1.3, symbol="GBPUSD")
    assert len(desk.positions()) == 1


def test_every_accounts_stops_are_watched() -> None:
    desk = Desk(accounts=[FakeAccount(), FakeAccount(login=7)])
    desk.opened(sl=1.084)
    desk.fake.switch_account(7)
    desk.quote(1.083)
    desk.fake.switch_account(50_001_234)
    assert desk.positions() == ()
