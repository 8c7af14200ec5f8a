"""Netting accounts, closing by the opposite, and books that add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5

BUY, SELL = MT5.ORDER_TYPE_BUY, MT5.ORDER_TYPE_SELL


def test_the_same_side_merges_at_the_weighted_price(netting: Desk) -> None:
    first = netting.opened(volume=0.1)
    netting.quote(1.0880)
    netting.deal(volume=0.3, sl=1.08)
    (position,) = netting.positions()
    assert position.ticket == first.ticket and position.volume == 0.4
    assert position.price_open == pytest.approx((1.0851 * 0.1 + 1.0881 * 0.3) / 0.4)
    assert position.sl == 1.08
    assert [deal.entry for deal in netting.deals(first.identifier)] == [MT5.DEAL_ENTRY_IN] * 2


def test_less_of_the_other_side_reduces_it(netting: Desk) -> None:
    first = netting.opened(volume=0.3)
    result = netting.deal(SELL, 0.1)
    (position,) = netting.positions()
    assert (position.volume, position.price_open, position.type) == (0.2, first.price_open, BUY)
    deal = netting.deals(first.identifier)[-1]
    assert (deal.entry, deal.order) == (MT5.DEAL_ENTRY_OUT, result.order)


def test_as_much_of_the_other_side_closes_it(netting: Desk) -> None:
    netting.opened(volume=0.3)
    netting.deal(SELL, 0.3)
    assert netting.positions() == ()


def test_more_of_the_other_side_reverses_it_in_one_deal(netting: Desk) -> None:
    first = netting.opened(volume=0.1, sl=1.08)
    netting.quote(1.0900)
    result = netting.deal(SELL, 0.3, sl=1.1)
    (position,) = netting.positions()
    assert (position.type, position.volume, position.price_open, position.sl) == (SELL, 0.2, 1.09, 1.1)
    assert (position.ticket, position.identifier) == (result.order, first.identifier)
    deal = netting.deals(first.identifier)[-1]
    assert (deal.entry, deal.volume, deal.profit) == (MT5.DEAL_ENTRY_INOUT, 0.3, 49.0)


def test_stops_may_name_the_symbol_alone(netting: Desk) -> None:
    netting.opened()
    assert netting.send(action=6, symbol="EURUSD", sl=1.08).retcode == MT5.TRADE_RETCODE_DONE
    assert netting.positions()[0].sl == 1.08
    gone = netting.send(action=6, symbol="GBPUSD", sl=1.08)
    assert gone.retcode == MT5.TRADE_RETCODE_POSITION_CLOSED


def test_a_position_that_is_named_has_to_be_the_symbols(netting: Desk) -> None:
    position = netting.opened()
    assert netting.deal(SELL, position=1).retcode == MT5.TRADE_RETCODE_POSITION_CLOSED
    wrong = netting.deal(SELL, position=position.ticket, symbol="GBPUSD")
    assert wrong.retcode == MT5.TRADE_RETCODE_INVALID


def test_there_is_nothing_to_close_by_on_a_netting_account(netting: Desk) -> None:
    first = netting.opened()
    second = netting.opened(SELL, symbol="GBPUSD")
    wrong = netting.send(action=10, position=first.ticket, position_by=second.ticket)
    assert wrong.retcode == MT5.TRADE_RETCODE_INVALID


def close_by(desk: Desk, position: int, other: int) -> int:
    return desk.send(action=MT5.TRADE_ACTION_CLOSE_BY, position=position, position_by=other).retcode


@pytest.mark.parametrize(("first", "second", "side"), [(0.3, 0.1, BUY), (0.1, 0.3, SELL)])
def test_closing_by_leaves_the_rest_under_the_older_ticket(
    desk: Desk, first: float, second: float, side: int
) -> None:
    older, newer = desk.opened(BUY, first), desk.opened(SELL, second)
    assert close_by(desk, older.ticket, newer.ticket) == MT5.TRADE_RETCODE_DONE
    (rest,) = desk.positions()
    assert (rest.ticket, rest.volume, rest.type) == (older.ticket, 0.2, side)
    assert rest.identifier == (older if side == BUY else newer).identifier


def test_closing_by_makes_a_deal_for_each_position(desk: Desk) -> None:
    older, newer = desk.opened(BUY), desk.opened(SELL)
    close_by(desk, older.ticket, newer.ticket)
    assert desk.positions() == ()
    out = [desk.deals(position.identifier)[-1] for position in (older, newer)]
    assert [deal.entry for deal in out] == [MT5.DEAL_ENTRY_OUT_BY] * 2
    assert [deal.type for deal in out] == [SELL, BUY]
    assert sum(deal.profit for deal in out) == pytest.approx(-1.0)
    order = desk.fake.history_orders_get(ticket=out[0].order)
    assert order is not None and order[0].type == MT5.ORDER_TYPE_CLOSE_BY
    assert (order[0].position_id, order[0].position_by_id) == (older.identifier, newer.identifier)


def test_only_opposite_positions_of_a_symbol_close_each_other(desk: Desk) -> None:
    first, same = desk.opened(BUY), desk.opened(BUY)
    other = desk.opened(SELL, symbol="GBPUSD")
    assert close_by(desk, first.ticket, same.ticket) == MT5.TRADE_RETCODE_INVALID
    assert close_by(desk, first.ticket, other.ticket) == MT5.TRADE_RETCODE_INVALID
    assert close_by(desk, first.ticket, 1) == MT5.TRADE_RETCODE_POSITION_CLOSED


trades = st.lists(
    st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 40), st.integers(-200, 200)), max_size=12
)


@given(trades=trades, hedging=st.booleans())
def test_the_books_add_up(trades: list[tuple[int, int, int]], hedging: bool) -> None:
    """Balance is the sum of the deals, and what is open is what the deals brought in and did not take out."""
    mode = MT5.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING if hedging else MT5.ACCOUNT_MARGIN_MODE_RETAIL_NETTING
    desk = Desk(margin_mode=mode)
    price = 1.085
    for side, steps, points in trades:
        price = round(price + points * 1e-5, 5)
        desk.quote(price)
        held = [position for position in desk.positions() if position.type != side]
        if hedging and held and steps % 2:
            desk.closed(held[0], min(held[0].volume, steps / 100))
        else:
            desk.deal(side, steps / 100)
    deals, account = desk.fake.history_deals_get(0, 2**33), desk.fake.account_info()
    assert deals is not None and account is not None
    assert account.balance == pytest.approx(sum(deal.profit + deal.commission + deal.swap for deal in deals))
    traded = sum(deal.volume if deal.type == BUY else -deal.volume for deal in deals if deal.symbol)
    held_now = sum(one.volume if one.type == BUY else -one.volume for one in desk.positions())
    assert held_now == pytest.approx(traded)
    assert account.equity == pytest.approx(account.balance + sum(one.profit for one in desk.positions()))
    assert hedging or len(desk.positions()) <= 1
