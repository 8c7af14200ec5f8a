"""Faults on demand, and what happens to terminal, link and broker."""

from typing import Any

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, FakeAccount, forex

BUY, SELL = MT5.ORDER_TYPE_BUY, MT5.ORDER_TYPE_SELL
OPENING: dict[str, Any] = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": BUY}
TIMEOUT = (-10005, "IPC timeout")


def test_the_next_requests_fail_and_then_it_is_over(desk: Desk) -> None:
    desk.fake.fail_next(MT5.TRADE_RETCODE_REJECT, 2)
    assert [desk.deal().retcode for _ in range(3)] == [10006, 10006, 10009]
    assert len(desk.positions()) == 1


def test_a_fault_can_wait_for_one_kind_of_request(desk: Desk) -> None:
    desk.fake.fail_next(MT5.TRADE_RETCODE_INVALID_STOPS, action=MT5.TRADE_ACTION_SLTP)
    position = desk.opened()
    assert desk.stops(position, sl=1.08).retcode == MT5.TRADE_RETCODE_INVALID_STOPS
    assert desk.stops(position, sl=1.08).retcode == MT5.TRADE_RETCODE_DONE


def test_faults_that_did_not_happen_can_be_seen_and_forgotten(desk: Desk) -> None:
    desk.fake.lose_reply()
    assert desk.fake.faults.waiting() == ("lose_reply",)
    desk.fake.faults.clear()
    assert desk.deal().retcode == MT5.TRADE_RETCODE_DONE
    with pytest.raises(ValueError, match="at least once"):
        desk.fake.lose_reply(0)


@pytest.mark.parametrize(("side", "bid"), [(BUY, 1.0852), (SELL, 1.0848)])
def test_a_requote_moves_the_price_away(desk: Desk, side: int, bid: float) -> None:
    desk.fake.requote(by_points=20)
    result = desk.deal(side)
    assert (result.retcode, result.bid, result.comment) == (MT5.TRADE_RETCODE_REQUOTE, bid, "Requote")
    assert desk.positions() == () and desk.deal(side).retcode == MT5.TRADE_RETCODE_DONE


def test_a_part_is_filled_and_the_result_says_how_much(desk: Desk) -> None:
    desk.fake.partial(0.5)
    result = desk.deal(volume=0.3, type_filling=MT5.ORDER_FILLING_IOC)
    assert (result.retcode, result.volume) == (MT5.TRADE_RETCODE_DONE_PARTIAL, 0.15)
    assert desk.position(result.order).volume == 0.15
    order = desk.fake.history_orders_get(ticket=result.order)
    assert order is not None and (order[0].state, order[0].volume_current) == (2, 0.15)


def test_fill_or_kill_takes_no_part(desk: Desk) -> None:
    desk.fake.partial(0.5)
    assert desk.deal(type_filling=MT5.ORDER_FILLING_FOK).retcode == MT5.TRADE_RETCODE_REJECT
    with pytest.raises(ValueError, match="a part"):
        desk.fake.partial(1.0)


def test_the_rest_of_a_returned_order_waits_for_the_next_quote() -> None:
    desk = Desk(symbols=[forex("EURUSD", 1.085, exemode=MT5.SYMBOL_TRADE_EXECUTION_EXCHANGE)])
    desk.fake.partial(0.5)
    result = desk.deal(volume=0.2, type_filling=MT5.ORDER_FILLING_RETURN)
    waiting = desk.fake.orders_get()
    assert waiting is not None
    assert (waiting[0].state, waiting[0].volume_current) == (MT5.ORDER_STATE_PARTIAL, 0.1)
    desk.quote(1.0860)
    position = desk.position(result.order)
    assert position.volume == 0.2 and position.price_open == pytest.approx((1.0851 + 1.0861) / 2)
    assert desk.fake.orders_total() == 0


def test_one_order_may_come_in_several_deals(desk: Desk) -> None:
    desk.fake.split_fills(3)
    result = desk.deal(volume=0.10)
    deals = desk.deals(result.order)
    assert [(deal.volume, deal.price) for deal in deals] == [(0.04, 1.0851), (0.03, 1.08511), (0.03, 1.08512)]
    assert {deal.order for deal in deals} == {result.order} and result.deal == deals[-1].ticket
    (position,) = desk.positions()
    assert position.volume == 0.1


def test_an_order_may_be_accepted_first_and_filled_later(desk: Desk) -> None:
    desk.fake.place_first()
    result = desk.deal(sl=1.08)
    assert (result.retcode, result.deal, result.price) == (MT5.TRADE_RETCODE_PLACED, 0, 0.0)
    assert desk.positions() == () and desk.fake.orders_total() == 1
    desk.quote(1.086)
    position = desk.position(result.order)
    assert (position.price_open, position.sl) == (1.0861, 1.08)


def test_while_a_close_waits_another_one_is_refused(desk: Desk) -> None:
    position = desk.opened()
    desk.fake.place_first()
    assert desk.closed(position).retcode == MT5.TRADE_RETCODE_PLACED
    assert desk.closed(position).retcode == MT5.TRADE_RETCODE_CLOSE_ORDER_EXIST
    desk.quote(1.086)
    assert desk.positions() == () and desk.fake.orders_total() == 0


def test_a_waiting_close_whose_position_went_is_given_up(desk: Desk) -> None:
    position = desk.opened()
    desk.fake.place_first()
    desk.closed(position)
    desk.fake.forget_position(position.ticket)
    desk.quote(1.086)
    assert desk.positions() == () and desk.fake.orders_total() == 0


def test_some_results_tell_neither_deal_nor_price(desk: Desk) -> None:
    desk.fake.sparse_results()
    result = desk.deal()
    assert (result.retcode, result.deal, result.price) == (MT5.TRADE_RETCODE_DONE, 0, 0.0)
    deals = desk.fake.history_deals_get(ticket=result.order)
    assert deals is not None and deals[0].price == 1.0851


def test_a_lost_reply_was_executed(desk: Desk) -> None:
    desk.fake.lose_reply()
    assert desk.fake.order_send(OPENING) is None and desk.fake.last_error() == TIMEOUT
    assert len(desk.positions()) == 1


def test_a_lost_request_looks_the_same_and_was_not(desk: Desk) -> None:
    desk.fake.lose_request()
    assert desk.fake.order_send(OPENING) is None and desk.fake.last_error() == TIMEOUT
    assert desk.positions() == ()


def test_a_lost_reply_may_be_a_return_code(desk: Desk) -> None:
    desk.fake.lose_reply(code=MT5.TRADE_RETCODE_TIMEOUT)
    result = desk.deal()
    assert (result.retcode, result.order, result.deal) == (MT5.TRADE_RETCODE_TIMEOUT, 0, 0)
    assert len(desk.positions()) == 1


def test_a_lost_request_may_be_executed_late(desk: Desk) -> None:
    desk.fake.lose_reply(late_seconds=5)
    assert desk.fake.order_send(OPENING) is None
    desk.clock.advance(4.9)
    assert desk.positions() == ()
    desk.clock.advance(0.1)
    assert len(desk.positions()) == 1
    desk.clock.advance(60)
    assert len(desk.positions()) == 1


def test_what_comes_late_may_be_refused(desk: Desk) -> None:
    desk.fake.lose_reply(late_seconds=5)
    desk.fake.order_send(OPENING)
    desk.fake.weekend()
    desk.clock.advance(5)
    assert desk.positions() == ()


def test_reads_may_fail_and_are_not_empty_then(desk: Desk) -> None:
    desk.fake.fail_reads(2, function="positions_get")
    assert desk.fake.account_info() is not None
    assert desk.fake.positions_get() is None and desk.fake.last_error() == TIMEOUT
    assert desk.fake.positions_get() is None and desk.fake.positions_get() == ()
    desk.fake.fail_reads(code=MT5.RES_E_FAIL)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_DONE
    assert desk.fake.symbols_total() is None and desk.fake.last_error() == (-1, "Terminal: Call failed")


def test_a_slow_call_takes_its_time_on_the_doubles_clock(desk: Desk) -> None:
    before = desk.clock.monotonic()
    desk.fake.delay(1500)
    desk.fake.account_info()
    assert desk.clock.monotonic() == before
    desk.deal()
    assert desk.clock.monotonic() - before == 1.5


def test_without_the_broker_requests_are_answered_by_the_terminal(desk: Desk) -> None:
    position = desk.opened()
    desk.fake.disconnect()
    assert desk.deal().retcode == MT5.TRADE_RETCODE_CONNECTION
    assert desk.positions() == (position,)
    assert desk.fake.initialize(login=50_001_234) is False and desk.fake.last_error() == TIMEOUT
    desk.fake.reconnect()
    assert desk.fake.initialize(login=50_001_234) and desk.deal().retcode == MT5.TRADE_RETCODE_DONE


def test_a_dead_terminal_answers_nothing_until_it_is_started(desk: Desk) -> None:
    position = desk.opened()
    desk.fake.kill_terminal()
    assert desk.fake.positions_get() is None
    assert desk.fake.order_send(OPENING) is None
    assert desk.fake.last_error() == (-10004, "No IPC connection")
    assert desk.fake.initialize() and desk.positions() == (position,)


def test_a_person_may_switch_the_account() -> None:
    desk = Desk(accounts=[FakeAccount(), FakeAccount(login=7)])
    desk.opened()
    desk.fake.switch_account(7)
    account = desk.fake.account_info()
    assert account is not None and account.login == 7 and desk.positions() == ()
    with pytest.raises(ValueError, match="no account 8"):
        desk.fake.switch_account(8)


def test_the_switches_of_terminal_account_and_server_have_their_codes(desk: Desk) -> None:
    desk.fake.autotrading(False)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_CLIENT_DISABLES_AT
    desk.fake.autotrading(True)
    desk.fake.change_account(trade_expert=False)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_SERVER_DISABLES_AT
    desk.fake.change_account(50_001_234, trade_expert=True, trade_allowed=False)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_TRADE_DISABLED


def test_with_the_api_switched_off_what_trades_fails(desk: Desk) -> None:
    desk.fake.python_api(False)
    off = (-8, "Auto-Trading using Python API disabled in Terminal")
    assert desk.fake.order_send(OPENING) is None and desk.fake.last_error() == off
    assert desk.fake.order_check(OPENING) is None and desk.fake.last_error() == off
    assert desk.positions() == ()
    desk.fake.python_api(True)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_DONE


def test_a_wider_spread_stays_and_reaches_the_stops_of_sells(desk: Desk) -> None:
    desk.opened(SELL, sl=1.086)
    desk.fake.widen_spread(50)
    tick = desk.fake.symbol_info_tick("EURUSD")
    assert tick is not None and (tick.bid, tick.ask) == (1.085, 1.0856)
    desk.fake.widen_spread(100, "EURUSD")
    assert desk.positions() == ()
    desk.quote(1.0850, 1.0851)
    tick = desk.fake.symbol_info_tick("EURUSD")
    assert tick is not None and tick.ask == 1.0861
    desk.fake.widen_spread(0, "EURUSD")
    tick = desk.fake.symbol_info_tick("EURUSD")
    assert tick is not None and tick.ask == 1.0851


def test_new_tickets_leave_the_identifiers(desk: Desk) -> None:
    first, second = desk.opened(), desk.opened()
    moved = desk.fake.reticket_positions()
    assert set(moved) == {first.ticket, second.ticket}
    now = desk.positions()
    assert [position.identifier for position in now] == [first.identifier, second.identifier]
    assert [position.ticket for position in now] == list(moved.values())
    desk.closed(now[0])
    assert len(desk.deals(first.identifier)) == 2


def test_comments_may_be_rewritten_now_and_later(desk: Desk) -> None:
    position = desk.opened()
    waiting = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08, comment="wait").order
    desk.fake.rewrite_comments(lambda comment: comment.upper())
    assert desk.position(position.ticket).comment == "T:1:A"
    orders = desk.fake.orders_get(ticket=waiting)
    assert orders is not None and orders[0].comment == "WAIT"
    assert desk.opened(comment="later").comment == "LATER"
    assert desk.deals(position.identifier)[0].comment == "T:1:A"


def test_one_session_can_be_closed_alone(desk: Desk) -> None:
    desk.fake.close_session("EURUSD")
    assert desk.deal().retcode == MT5.TRADE_RETCODE_MARKET_CLOSED
    assert desk.deal(symbol="GBPUSD").retcode == MT5.TRADE_RETCODE_DONE
    desk.fake.open_session("EURUSD")
    assert desk.deal().retcode == MT5.TRADE_RETCODE_DONE
