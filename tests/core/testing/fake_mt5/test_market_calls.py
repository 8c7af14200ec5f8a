"""Symbols, Market Watch, ticks."""

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, FakeSymbol, forex


def test_symbols_are_listed_whole_or_by_group(desk: Desk) -> None:
    assert desk.fake.symbols_total() == 5
    found = desk.fake.symbols_get(group="*USD*,!*JPY*")
    assert found is not None and "USDJPY" not in {one.name for one in found} and len(found) == 4
    assert desk.fake.symbols_get("*USD*") is None
    assert desk.fake.last_error() == (-2, "Unnamed arguments not allowed")


def test_facts_of_a_symbol(desk: Desk) -> None:
    euro, gold = desk.fake.symbol_info("EURUSD"), desk.fake.symbol_info("XAUUSD")
    assert euro is not None and gold is not None
    assert (euro.digits, euro.point, euro.spread, euro.trade_tick_size) == (5, 0.00001, 10, 0.00001)
    assert euro.trade_tick_value == pytest.approx(1.0)
    assert (gold.digits, gold.trade_contract_size, gold.bid) == (2, 100.0, 2400.0)
    assert gold.trade_tick_value == pytest.approx(1.0)


def test_the_value_of_a_tick_is_in_the_accounts_currency(desk: Desk) -> None:
    yen = desk.fake.symbol_info("USDJPY")
    assert yen is not None and yen.trade_tick_value == pytest.approx(100 / 150, rel=1e-3)


def test_outside_market_watch_a_symbol_has_facts_and_no_tick(desk: Desk) -> None:
    info = desk.fake.symbol_info("AUDUSD")
    assert info is not None and not info.select and not info.visible
    assert desk.fake.symbol_info_tick("AUDUSD") is None and desk.fake.last_error()[0] == -4
    assert desk.deal(symbol="AUDUSD").retcode == MT5.TRADE_RETCODE_PRICE_OFF
    assert desk.fake.symbol_select("AUDUSD") is True
    tick = desk.fake.symbol_info_tick("AUDUSD")
    assert tick is not None and tick.bid == 0.65


def test_a_cold_symbol_has_zero_prices_until_its_next_quote() -> None:
    desk = Desk(symbols=[forex("EURUSD", 1.085, cold=True, selected=False)])
    desk.fake.symbol_select("EURUSD", True)
    tick = desk.fake.symbol_info_tick("EURUSD")
    assert tick is not None and (tick.bid, tick.ask, tick.time) == (0.0, 0.0, 0)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_PRICE_OFF
    desk.quote(1.086)
    assert desk.deal().retcode == MT5.TRADE_RETCODE_DONE


def test_a_symbol_without_any_price_cannot_be_traded() -> None:
    desk = Desk(symbols=[FakeSymbol(name="EURUSD")])
    assert desk.fake.symbol_info("EURUSD") is not None
    assert desk.deal().retcode == MT5.TRADE_RETCODE_PRICE_OFF


def test_an_unknown_symbol_is_found_nowhere(desk: Desk) -> None:
    assert desk.fake.symbol_info("NOSUCH") is None
    assert desk.fake.symbol_info_tick("NOSUCH") is None
    assert desk.fake.symbol_select("NOSUCH") is False and desk.fake.last_error()[0] == -4
    assert desk.fake.symbol_info(5) is None  # type: ignore[arg-type]
    assert desk.fake.last_error() == (-2, "Invalid 1st unnamed argument")


def test_a_symbol_with_a_position_or_an_order_stays_in_market_watch(desk: Desk) -> None:
    position = desk.opened()
    assert desk.fake.symbol_select("EURUSD", False) is False
    desk.closed(position)
    order = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08).order
    assert desk.fake.symbol_select("EURUSD", False) is False
    desk.fake.by_hand_remove(order)
    assert desk.fake.symbol_select("EURUSD", False) is True


def test_a_quote_moves_the_tick_and_the_days_range(desk: Desk) -> None:
    desk.clock.advance(1.5)
    desk.quote(1.09, 1.0902)
    tick, info = desk.fake.symbol_info_tick("EURUSD"), desk.fake.symbol_info("EURUSD")
    assert tick is not None and info is not None
    assert (tick.bid, tick.ask, tick.time_msc % 1000) == (1.09, 1.0902, 500)
    assert (info.bidhigh, info.bidlow, info.spread) == (1.09, 1.085, 20)


def test_flags_tell_which_side_moved(desk: Desk) -> None:
    desk.quote(1.085, 1.0852)
    tick = desk.fake.symbol_info_tick("EURUSD")
    assert tick is not None and tick.flags == MT5.TICK_FLAG_ASK


def test_a_quote_has_both_sides_the_right_way_round(desk: Desk) -> None:
    with pytest.raises(ValueError, match="no quote"):
        desk.fake.push_quote("EURUSD", 1.09, 1.08)


def test_the_depth_of_market_is_empty_once_asked_for(desk: Desk) -> None:
    assert desk.fake.market_book_get("EURUSD") is None
    assert desk.fake.market_book_add("EURUSD") is True
    assert desk.fake.market_book_get("EURUSD") == ()
    assert desk.fake.market_book_release("EURUSD") is True
    assert desk.fake.market_book_release("EURUSD") is False


def test_times_are_the_brokers_wall_clock() -> None:
    plain, ahead = Desk(), Desk(server_offset=3 * 3600)
    first, second = plain.fake.symbol_info_tick("EURUSD"), ahead.fake.symbol_info_tick("EURUSD")
    assert first is not None and second is not None
    assert second.time - first.time == 3 * 3600
    assert ahead.opened().time_msc - plain.opened().time_msc == 3 * 3600 * 1000


def test_the_servers_time_stands_still_without_quotes(desk: Desk) -> None:
    before = desk.fake.symbol_info_tick("EURUSD")
    desk.clock.advance(3600)
    assert desk.fake.symbol_info_tick("EURUSD") == before
    desk.quote(1.085)
    tick = desk.fake.symbol_info_tick("EURUSD")
    assert before is not None and tick is not None and tick.time - before.time == 3600


def test_a_step_of_the_computers_clock_does_not_move_the_brokers(desk: Desk) -> None:
    before = desk.fake.market.now_msc()
    desk.clock.jump(7200)
    assert desk.fake.market.now_msc() == before


def test_a_step_of_the_brokers_clock_moves_what_comes(desk: Desk) -> None:
    first = desk.opened()
    desk.fake.clock_jump(3600)
    assert desk.opened().time - first.time == 3600


def test_the_days_range_begins_anew_with_the_day(desk: Desk) -> None:
    desk.quote(1.2)
    desk.clock.advance(86_400)
    desk.quote(1.1)
    info = desk.fake.symbol_info("EURUSD")
    assert info is not None and (info.bidhigh, info.bidlow, info.session_open) == (1.1, 1.1, 1.1)


def test_first_quotes_can_be_given_for_the_usual_symbols() -> None:
    tick = Desk(quotes={"EURUSD": (1.2, 1.2003)}).fake.symbol_info_tick("EURUSD")
    assert tick is not None and (tick.bid, tick.ask) == (1.2, 1.2003)
