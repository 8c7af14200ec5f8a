"""Market orders on a hedging account."""

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, FakeAccount, Masks, forex
from zepix_core.testing.fake_mt5.symbols import FakeSymbol

BUY, SELL = MT5.ORDER_TYPE_BUY, MT5.ORDER_TYPE_SELL
FOK, IOC, RETURN, BOC = range(4)
REQUEST, INSTANT, MARKET, EXCHANGE = range(4)


def euro(**facts: object) -> Desk:
    return Desk(symbols=[forex("EURUSD", 1.085, **facts)])


@pytest.mark.parametrize(("side", "price"), [(BUY, 1.0851), (SELL, 1.085)])
def test_a_buy_fills_at_the_ask_and_a_sell_at_the_bid(desk: Desk, side: int, price: float) -> None:
    result = desk.deal(side)
    assert (result.retcode, result.price, result.volume) == (10009, price, 0.1)
    assert (result.bid, result.ask, result.comment) == (1.085, 1.0851, "Request executed")
    assert desk.position(result.order).price_open == price


def test_a_position_bears_its_orders_ticket_and_names(desk: Desk) -> None:
    result = desk.deal(sl=1.08, tp=1.09)
    position = desk.position(result.order)
    assert position.ticket == position.identifier == result.order
    assert (position.sl, position.tp, position.magic, position.comment) == (1.08, 1.09, 1_001_001, "t:1:A")
    assert position.reason == MT5.POSITION_REASON_EXPERT


def test_tickets_count_up_from_the_number_given() -> None:
    desk = Desk(first_ticket=7)
    assert [desk.deal().order for _ in range(3)] == [7, 8, 9]


def test_requests_are_numbered(desk: Desk) -> None:
    assert [desk.deal().request_id, desk.deal(volume=0.001).request_id] == [1, 2]


def test_the_opposite_side_without_a_position_opens_another_one(desk: Desk) -> None:
    desk.opened(BUY)
    desk.opened(SELL)
    assert [position.type for position in desk.positions()] == [BUY, SELL]


def test_with_a_position_it_closes_it(desk: Desk) -> None:
    position = desk.opened()
    desk.quote(1.09)
    result = desk.closed(position, magic=9, comment="bye")
    assert result.retcode == MT5.TRADE_RETCODE_DONE and desk.positions() == ()
    opening, closing = desk.deals(position.identifier)
    assert (opening.entry, closing.entry) == (MT5.DEAL_ENTRY_IN, MT5.DEAL_ENTRY_OUT)
    assert closing.position_id == position.identifier and closing.order == result.order
    assert (closing.profit, closing.type, closing.reason) == (49.0, SELL, MT5.DEAL_REASON_EXPERT)
    assert (closing.magic, closing.comment) == (9, "bye")
    account = desk.fake.account_info()
    assert account is not None and account.balance == 10_049.0


def test_a_part_can_be_closed_and_the_rest_keeps_its_names(desk: Desk) -> None:
    position = desk.opened(volume=0.30, sl=1.08)
    assert desk.closed(position, 0.1, magic=9).volume == 0.1
    rest = desk.position(position.ticket)
    assert (rest.volume, rest.sl, rest.magic, rest.comment) == (0.2, 1.08, 1_001_001, "t:1:A")
    assert [deal.volume for deal in desk.deals(position.identifier)] == [0.3, 0.1]


def test_more_than_it_holds_cannot_be_closed(desk: Desk) -> None:
    position = desk.opened()
    assert desk.closed(position, 0.2).retcode == MT5.TRADE_RETCODE_INVALID_CLOSE_VOLUME
    assert desk.closed(position, 0.015).retcode == MT5.TRADE_RETCODE_INVALID_VOLUME


def test_a_close_has_to_be_the_opposite_side_of_the_same_symbol(desk: Desk) -> None:
    position = desk.opened()
    assert desk.deal(BUY, position=position.ticket).retcode == MT5.TRADE_RETCODE_INVALID
    wrong = desk.deal(SELL, position=position.ticket, symbol="GBPUSD")
    assert wrong.retcode == MT5.TRADE_RETCODE_INVALID


def test_what_is_closed_already_cannot_be_closed_again(desk: Desk) -> None:
    position = desk.opened()
    desk.closed(position)
    assert desk.closed(position).retcode == MT5.TRADE_RETCODE_POSITION_CLOSED


@pytest.mark.parametrize(
    ("exemode", "mask", "allowed"),
    [
        (REQUEST, 3, {FOK}),
        (INSTANT, 3, {FOK}),
        (MARKET, 1, {FOK}),
        (MARKET, 2, {IOC}),
        (MARKET, 3, {FOK, IOC}),
        (EXCHANGE, 0, {RETURN}),
        (EXCHANGE, 7, {FOK, IOC, RETURN}),
    ],
)
def test_the_filling_follows_execution_and_mask(exemode: int, mask: int, allowed: set[int]) -> None:
    desk = euro(exemode=exemode, filling_mode=mask)
    taken = {
        filling
        for filling in (FOK, IOC, RETURN, BOC)
        if desk.deal(price=1.0851, type_filling=filling).retcode == MT5.TRADE_RETCODE_DONE
    }
    assert taken == allowed
    refused = desk.deal(price=1.0851, type_filling=BOC)
    assert refused.retcode == MT5.TRADE_RETCODE_INVALID_FILL


@pytest.mark.parametrize("volume", [0.0, 0.001, 0.015, 100.01, 1e9])
def test_volumes_off_the_step_or_out_of_range_are_refused(desk: Desk, volume: float) -> None:
    assert desk.deal(volume=volume).retcode == MT5.TRADE_RETCODE_INVALID_VOLUME


def test_the_volume_limit_counts_what_is_open_and_what_waits() -> None:
    desk = euro(volume_limit=0.3)
    desk.opened(volume=0.1)
    assert desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08, volume=0.1).retcode == MT5.TRADE_RETCODE_DONE
    assert desk.deal(volume=0.11).retcode == MT5.TRADE_RETCODE_LIMIT_VOLUME
    assert desk.deal(SELL, volume=0.3).retcode == MT5.TRADE_RETCODE_DONE


@pytest.mark.parametrize("exemode", [REQUEST, INSTANT])
def test_instant_execution_wants_a_price_within_the_deviation(exemode: int) -> None:
    desk = euro(exemode=exemode)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_INVALID_PRICE
    assert desk.deal(price=1.0849, deviation=10).retcode == MT5.TRADE_RETCODE_REQUOTE
    assert desk.deal(price=1.085001, deviation=10).retcode == MT5.TRADE_RETCODE_INVALID_PRICE
    done = desk.deal(price=1.0850, deviation=10)
    assert (done.retcode, done.price) == (MT5.TRADE_RETCODE_DONE, 1.0851)


def test_market_execution_does_not_look_at_the_price(desk: Desk) -> None:
    assert desk.deal(price=9.0).price == desk.deal().price == 1.0851


@pytest.mark.parametrize(
    ("mode", "buy", "sell", "close"),
    [(0, 10017, 10017, 10017), (1, 10009, 10042, 10009), (2, 10043, 10009, 10009), (3, 10044, 10044, 10009)],
)
def test_the_trade_mode_says_what_may_be_opened(
    desk: Desk, mode: int, buy: int, sell: int, close: int
) -> None:
    position = desk.opened()
    desk.fake.change_symbol("EURUSD", trade_mode=mode)
    assert (desk.deal(BUY).retcode, desk.deal(SELL).retcode) == (buy, sell)
    assert desk.closed(position).retcode == close


def test_a_closed_session_takes_nothing(desk: Desk) -> None:
    position = desk.opened()
    desk.fake.weekend()
    assert desk.deal().retcode == desk.closed(position).retcode == MT5.TRADE_RETCODE_MARKET_CLOSED
    assert desk.stops(position, sl=1.08).retcode == MT5.TRADE_RETCODE_MARKET_CLOSED
    assert desk.fake.push_quote("EURUSD", 1.0) is False
    desk.fake.open_session()
    assert desk.closed(position).retcode == MT5.TRADE_RETCODE_DONE


@pytest.mark.parametrize("side", [BUY, SELL])
def test_stops_keep_the_stops_level_from_the_closing_price(side: int) -> None:
    desk = euro(stops_level=50)
    sign = 1 if side == BUY else -1
    closing = 1.085 if side == BUY else 1.0851

    def asked(sl: int, tp: int) -> int:
        levels = {"sl": sl and closing - sign * sl * 1e-5, "tp": tp and closing + sign * tp * 1e-5}
        return desk.deal(side, **{name: round(level, 5) for name, level in levels.items()}).retcode

    assert asked(50, 50) == asked(0, 0) == MT5.TRADE_RETCODE_DONE
    assert asked(49, 0) == asked(0, 49) == asked(-50, 0) == asked(0, -50) == MT5.TRADE_RETCODE_INVALID_STOPS


def test_stops_have_the_symbols_digits(desk: Desk) -> None:
    assert desk.deal(sl=1.080001).retcode == MT5.TRADE_RETCODE_INVALID_STOPS


def test_some_brokers_take_no_stops_with_the_order() -> None:
    desk = euro(stops_on_open=False)
    assert desk.deal(sl=1.08).retcode == MT5.TRADE_RETCODE_INVALID_STOPS
    position = desk.opened()
    assert desk.stops(position, sl=1.08).retcode == MT5.TRADE_RETCODE_DONE


def test_order_modes_of_the_symbol_are_held() -> None:
    desk = euro(order_mode=Masks.ORDER_LIMIT | Masks.ORDER_TP)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_INVALID_ORDER
    assert desk.pending(MT5.ORDER_TYPE_BUY_STOP, 1.09).retcode == MT5.TRADE_RETCODE_INVALID_ORDER
    assert desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08, sl=1.07).retcode == MT5.TRADE_RETCODE_INVALID_STOPS
    assert desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08, tp=1.09).retcode == MT5.TRADE_RETCODE_DONE


def test_stops_overwrite_both(desk: Desk) -> None:
    position = desk.opened(sl=1.08, tp=1.09)
    assert desk.stops(position, sl=1.081, tp=1.09).retcode == MT5.TRADE_RETCODE_DONE
    assert desk.stops(position, sl=1.081).retcode == MT5.TRADE_RETCODE_DONE
    assert (desk.position(position.ticket).sl, desk.position(position.ticket).tp) == (1.081, 0.0)


def test_equal_stops_change_nothing(desk: Desk) -> None:
    position = desk.opened(sl=1.08, tp=1.09)
    assert desk.stops(position, sl=1.08, tp=1.09).retcode == MT5.TRADE_RETCODE_NO_CHANGES


def test_stops_of_a_closed_position_cannot_be_changed(desk: Desk) -> None:
    position = desk.opened()
    desk.closed(position)
    assert desk.stops(position, sl=1.08).retcode == MT5.TRADE_RETCODE_POSITION_CLOSED


def test_a_change_of_stops_wants_the_right_position(desk: Desk) -> None:
    position = desk.opened()
    wrong = desk.send(action=MT5.TRADE_ACTION_SLTP, symbol="GBPUSD", position=position.ticket, sl=1.08)
    nameless = desk.send(action=MT5.TRADE_ACTION_SLTP, symbol="EURUSD", sl=1.08)
    assert wrong.retcode == nameless.retcode == MT5.TRADE_RETCODE_INVALID
    assert desk.stops(position, sl=1.09).retcode == MT5.TRADE_RETCODE_INVALID_STOPS


def test_within_the_freeze_level_a_position_stays_as_it_is() -> None:
    desk = euro(freeze_level=20)
    position = desk.opened(sl=1.084)
    desk.quote(1.0842)
    frozen = MT5.TRADE_RETCODE_FROZEN
    assert desk.closed(position).retcode == desk.stops(position, sl=1.083).retcode == frozen
    desk.quote(1.08421)
    assert desk.stops(position, sl=1.083).retcode == MT5.TRADE_RETCODE_DONE


def test_the_oldest_goes_first_where_fifo_is_the_rule() -> None:
    desk = Desk(accounts=[FakeAccount(fifo_close=True)])
    first, second = desk.opened(), desk.opened()
    assert desk.closed(second).retcode == MT5.TRADE_RETCODE_FIFO_CLOSE
    assert desk.closed(first).retcode == desk.closed(second).retcode == MT5.TRADE_RETCODE_DONE


def test_limits_of_the_account_are_held() -> None:
    desk = Desk(accounts=[FakeAccount(limit_positions=1, limit_orders=1, hedge_prohibited=True)])
    desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08)
    again = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08)
    assert again.retcode == MT5.TRADE_RETCODE_LIMIT_ORDERS
    desk.opened()
    assert desk.deal(BUY).retcode == MT5.TRADE_RETCODE_LIMIT_POSITIONS
    assert desk.deal(SELL).retcode == Masks.RETCODE_HEDGE_PROHIBITED


@pytest.mark.parametrize("fields", [{"action": 9}, {"action": 0}, {"symbol": "NOSUCH"}, {"type": 2}])
def test_malformed_requests_are_refused(desk: Desk, fields: dict[str, object]) -> None:
    request = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0} | fields
    assert desk.send(**request).retcode == MT5.TRADE_RETCODE_INVALID


def test_commission_is_booked_with_each_deal() -> None:
    desk = Desk(symbols=[FakeSymbol(name="EURUSD", bid=1.085, commission=7.0)])
    position = desk.opened(volume=0.5)
    desk.closed(position)
    assert [deal.commission for deal in desk.deals(position.identifier)] == [-3.5, -3.5]
    account = desk.fake.account_info()
    assert account is not None and account.balance == 10_000.0 - 7.0 - 5.0


def test_a_part_that_is_closed_takes_its_share_of_the_swap(desk: Desk) -> None:
    position = desk.opened(volume=0.2)
    desk.fake.charge_swap(position.ticket, -4.0)
    assert desk.position(position.ticket).swap == -4.0
    desk.closed(position, 0.1)
    desk.closed(desk.position(position.ticket))
    assert [deal.swap for deal in desk.deals(position.identifier)] == [0.0, -2.0, -2.0]


def test_a_check_tells_what_would_be_and_does_nothing(desk: Desk) -> None:
    request = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": BUY}
    found = desk.fake.order_check(request)
    assert found is not None and (found.retcode, found.comment) == (0, "Done")
    assert (found.margin, found.margin_free, found.balance) == (108.51, 9891.49, 10_000.0)
    refused = desk.fake.order_check(request | {"volume": 0.001})
    assert refused is not None and refused.retcode == MT5.TRADE_RETCODE_INVALID_VOLUME
    assert desk.positions() == () and desk.fake.orders_total() == 0


def test_every_action_can_be_checked_without_being_done(desk: Desk) -> None:
    first, second = desk.opened(), desk.opened(SELL)
    order = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08).order
    requests: list[dict[str, object]] = [
        {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": SELL, "position": first.ticket},
        {"action": 5, "symbol": "EURUSD", "volume": 0.1, "type": 2, "price": 1.08, "type_filling": 2},
        {"action": 6, "symbol": "EURUSD", "position": first.ticket, "sl": 1.08},
        {"action": 7, "order": order, "price": 1.079},
        {"action": 8, "order": order},
        {"action": 10, "position": first.ticket, "position_by": second.ticket},
    ]
    before = desk.positions(), desk.fake.orders_get()
    for request in requests:
        found = desk.fake.order_check(request)
        assert found is not None and found.retcode == 0, request
    assert (desk.positions(), desk.fake.orders_get()) == before
