"""The three forms of asking for the past."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.core.testing.fake_mt5.desk import Desk

from zepix_core.testing.fake_mt5 import MT5

ALL = (0, 2**33)


@pytest.fixture
def past() -> Desk:
    """Three positions a minute apart, the first one closed, on a server three hours ahead."""
    desk = Desk(server_offset=3 * 3600)
    first = desk.opened()
    desk.clock.advance(60)
    desk.opened(symbol="GBPUSD")
    desk.clock.advance(60)
    desk.closed(first)
    return desk


def symbols(found: Any) -> list[str]:
    return [one.symbol for one in found]


def test_a_window_is_in_server_time_and_includes_its_ends(past: Desk) -> None:
    now = past.fake.market.now_msc() // 1000
    assert symbols(past.fake.history_deals_get(now - 60, now)) == ["GBPUSD", "EURUSD"]
    assert symbols(past.fake.history_deals_get(now - 59, now - 1)) == []
    utc_now = now - 3 * 3600
    assert past.fake.history_deals_get(utc_now - 3600, utc_now) == ()


def test_dates_may_be_datetimes(past: Desk) -> None:
    now = datetime.fromtimestamp(past.fake.market.now_msc() // 1000, UTC)
    assert symbols(past.fake.history_deals_get(now, now + timedelta(days=1))) == ["EURUSD"]
    assert past.fake.history_deals_total(now, now + timedelta(days=1)) == 1
    named = past.fake.history_orders_get(date_from=now, date_to=now + timedelta(days=1))
    assert symbols(named) == ["EURUSD"]
    assert past.fake.history_orders_total(*ALL) == 3


def test_a_window_may_be_narrowed_to_a_group(past: Desk) -> None:
    assert symbols(past.fake.history_deals_get(*ALL, group="GBP*")) == ["GBPUSD"]
    assert symbols(past.fake.history_orders_get(*ALL, group="!GBP*")) == ["EURUSD", "EURUSD"]


def test_deals_are_found_by_the_ticket_of_their_order(past: Desk) -> None:
    orders = past.fake.history_orders_get(*ALL)
    assert orders is not None
    deals = past.fake.history_deals_get(ticket=orders[1].ticket)
    assert deals is not None and [deal.order for deal in deals] == [orders[1].ticket]
    assert past.fake.history_orders_get(ticket=orders[1].ticket) == (orders[1],)
    assert past.fake.history_deals_get(ticket=5) == ()


def test_and_by_the_identifier_of_their_position(past: Desk) -> None:
    identifier = past.fake.history_orders_get(*ALL)[0].position_id  # type: ignore[index]
    deals = past.fake.history_deals_get(position=identifier)
    assert deals is not None and [deal.entry for deal in deals] == [MT5.DEAL_ENTRY_IN, MT5.DEAL_ENTRY_OUT]
    assert len(past.fake.history_orders_get(position=identifier) or ()) == 2
    assert past.fake.history_deals_get(position=0) == ()


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ((), {}),
        ((0,), {}),
        ((0, 1, 2), {}),
        (("0", 1), {}),
        ((0, 1), {"group": 5}),
        ((), {"ticket": "5"}),
        ((), {"position": "5"}),
        ((0, 1), {"symbol": "EURUSD"}),
    ],
)
def test_what_is_none_of_the_forms_fails(past: Desk, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    assert past.fake.history_deals_get(*args, **named) is None
    assert past.fake.last_error()[0] == -2


def test_what_is_open_is_not_in_the_past(desk: Desk) -> None:
    order = desk.pending(MT5.ORDER_TYPE_BUY_LIMIT, 1.08).order
    assert desk.fake.history_orders_get(ticket=order) == ()
    assert desk.fake.orders_get(group="*USD") == desk.fake.orders_get(ticket=order)


@pytest.mark.parametrize("name", ["positions_get", "orders_get", "symbols_get"])
def test_filters_have_to_be_named(desk: Desk, name: str) -> None:
    assert getattr(desk.fake, name)("EURUSD") is None
    assert desk.fake.last_error() == (-2, "Unnamed arguments not allowed")


def test_open_positions_are_filtered_too(desk: Desk) -> None:
    euro, pound = desk.opened(), desk.opened(symbol="GBPUSD")
    assert desk.positions(symbol="GBPUSD") == desk.positions(group="GBP*") == (pound,)
    assert desk.positions(ticket=euro.ticket) == (euro,)
    assert desk.positions(ticket=5) == desk.positions(symbol="NOSUCH") == ()
    assert desk.fake.positions_total() == 2
    assert desk.fake.positions_get(ticket="5") is None  # type: ignore[arg-type]
    assert desk.fake.last_error() == (-2, 'Invalid "ticket" argument')
