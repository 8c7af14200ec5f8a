"""A person at the terminal."""

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5, Refused, forex

BUY, SELL = MT5.ORDER_TYPE_BUY, MT5.ORDER_TYPE_SELL


def test_a_person_opens_without_a_magic(desk: Desk) -> None:
    position = desk.position(desk.fake.by_hand_open("EURUSD", SELL, 0.2, sl=1.09, comment="mine"))
    assert (position.magic, position.reason, position.sl) == (0, MT5.POSITION_REASON_CLIENT, 1.09)
    assert desk.deals(position.identifier)[0].reason == MT5.DEAL_REASON_CLIENT


def test_a_person_closes_whole_or_in_part(desk: Desk) -> None:
    position = desk.opened(volume=0.3)
    desk.fake.by_hand_close(position.ticket, 0.1)
    assert desk.position(position.ticket).volume == 0.2
    deal = desk.fake.by_hand_close(position.ticket)
    last = desk.deals(position.identifier)[-1]
    assert (last.ticket, last.reason, last.magic) == (deal, MT5.DEAL_REASON_CLIENT, 0)
    assert desk.positions() == ()


def test_a_person_moves_and_removes_stops(desk: Desk) -> None:
    position = desk.opened(sl=1.08)
    desk.fake.by_hand_stops(position.ticket, 1.081, 1.09)
    changed = desk.position(position.ticket)
    assert (changed.sl, changed.tp) == (1.081, 1.09)
    desk.fake.by_hand_stops(position.ticket, 0.0, 0.0)
    assert desk.position(position.ticket).sl == 0.0


def test_a_person_places_and_deletes_orders(desk: Desk) -> None:
    order = desk.fake.by_hand_place("EURUSD", MT5.ORDER_TYPE_BUY_LIMIT, 0.1, 1.08, sl=1.07)
    waiting = desk.fake.orders_get(ticket=order)
    assert waiting is not None and (waiting[0].reason, waiting[0].sl) == (MT5.ORDER_REASON_CLIENT, 1.07)
    desk.fake.by_hand_remove(order)
    assert desk.fake.orders_get() == ()


def test_a_person_is_bound_by_the_brokers_rules_but_not_by_faults_and_buttons(desk: Desk) -> None:
    with pytest.raises(Refused, match="Invalid volume") as refused:
        desk.fake.by_hand_open("EURUSD", BUY, 0.001)
    assert refused.value.code == MT5.TRADE_RETCODE_INVALID_VOLUME
    desk.fake.autotrading(False)
    desk.fake.fail_next(MT5.TRADE_RETCODE_REJECT)
    assert desk.fake.by_hand_open("EURUSD", BUY, 0.1)


@pytest.mark.parametrize(("exemode", "mask"), [(0, 3), (2, 1), (2, 2), (3, 0)])
def test_the_terminal_picks_the_filling_itself(exemode: int, mask: int) -> None:
    desk = Desk(symbols=[forex("EURUSD", 1.085, exemode=exemode, filling_mode=mask)])
    assert desk.fake.by_hand_open("EURUSD", BUY, 0.1)


def test_stops_may_vanish_without_a_request(desk: Desk) -> None:
    position = desk.opened(sl=1.08, tp=1.09)
    desk.clock.advance(1)
    desk.fake.cancel_stops(position.ticket, tp=False)
    left = desk.position(position.ticket)
    assert (left.sl, left.tp) == (0.0, 1.09) and left.time_update_msc > position.time_update_msc
    desk.fake.cancel_stops(position.ticket)
    assert desk.position(position.ticket).tp == 0.0


def test_a_position_may_be_gone_without_a_deal(desk: Desk) -> None:
    position = desk.opened()
    desk.fake.forget_position(position.ticket)
    assert desk.positions() == () and len(desk.deals(position.identifier)) == 1
