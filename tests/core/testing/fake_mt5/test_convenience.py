"""Buy, Sell and Close, as the real module has them."""

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, forex


def test_they_send_a_deal_without_magic_and_filling(desk: Desk) -> None:
    result = desk.fake.Buy("EURUSD", 0.1, comment="hello")
    assert result is not None and result.retcode == MT5.TRADE_RETCODE_DONE
    asked = result.request
    assert (asked.price, asked.deviation, asked.magic, asked.type_filling) == (1.0851, 10, 0, 0)
    sold = desk.fake.Sell("EURUSD", 0.1, 1.08)
    assert sold is not None and (sold.request.price, sold.request.type) == (1.08, MT5.ORDER_TYPE_SELL)


def test_they_try_again_when_the_price_moved(desk: Desk) -> None:
    desk.fake.requote(9)
    result = desk.fake.Buy("EURUSD", 0.1)
    assert result is not None and result.retcode == MT5.TRADE_RETCODE_DONE
    desk.fake.requote(10)
    result = desk.fake.Buy("EURUSD", 0.1)
    assert result is not None and result.retcode == MT5.TRADE_RETCODE_REQUOTE
    desk.fake.requote()
    result = desk.fake.Buy("EURUSD", 0.1, 1.09)
    assert result is not None and result.retcode == MT5.TRADE_RETCODE_REQUOTE


def test_they_give_nothing_when_the_call_fails(desk: Desk) -> None:
    desk.fake.lose_reply()
    assert desk.fake.Buy("EURUSD", 0.1) is None
    assert desk.fake.Sell("NOSUCH", 0.1) is None


def test_close_tells_whether_all_some_or_none_were_closed(desk: Desk) -> None:
    assert desk.fake.Close("EURUSD") is False
    desk.opened()
    desk.opened(MT5.ORDER_TYPE_SELL)
    desk.fake.fail_next(MT5.TRADE_RETCODE_REJECT)
    assert desk.fake.Close("EURUSD") == "Partially"
    assert desk.fake.Close("EURUSD") is True


def test_close_can_be_told_one_position(desk: Desk) -> None:
    first, second = desk.opened(), desk.opened()
    assert desk.fake.Close("EURUSD", ticket=second.ticket) is True
    assert desk.positions() == (first,)
    desk.fake.lose_reply()
    assert desk.fake.Close("EURUSD") is None


def test_close_breaks_where_positions_cannot_be_read(desk: Desk) -> None:
    desk.fake.fail_reads(function="positions_get")
    with pytest.raises(TypeError):
        desk.fake.Close("EURUSD")


def test_without_a_filling_they_fail_where_fok_is_not_taken() -> None:
    desk = Desk(symbols=[forex("EURUSD", 1.085, filling_mode=2)])
    result = desk.fake.Buy("EURUSD", 0.1)
    assert result is not None and result.retcode == MT5.TRADE_RETCODE_INVALID_FILL
