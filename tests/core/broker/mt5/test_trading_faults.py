"""What servers and terminals do to a request, and what the adapter makes of it."""

from collections.abc import Callable

import pytest
from tests.core.broker.mt5.asking import Heard, closing, opening, patiently, stops

from zepix_core.broker.mt5.broker import Mt5Broker
from zepix_core.broker.mt5.numbers import Filling
from zepix_core.broker.retcodes import Retcode
from zepix_core.errors import BrokerOffline, OutcomeUnknown
from zepix_core.model.market import Side
from zepix_core.model.order import DealEntry, DealReason
from zepix_core.testing.clock import VirtualClock
from zepix_core.testing.fake_mt5 import FakeMT5

Make = Callable[..., Mt5Broker]


async def test_a_lost_reply_is_unknown_and_sent_once_only(broker: Mt5Broker, fake: FakeMT5) -> None:
    heard = Heard(broker)
    fake.lose_reply()
    with pytest.raises(OutcomeUnknown):
        await broker.submit(opening())
    await broker.advance()
    (position,) = await broker.positions()
    assert position.comment == opening().comment
    assert [deal.position for deal in heard.deals] == [position.ticket]
    assert heard.changes == 1, "nobody was told by a reply, so the look tells"


async def test_a_lost_request_is_as_unknown_and_nothing_is_there(broker: Mt5Broker, fake: FakeMT5) -> None:
    fake.lose_request()
    with pytest.raises(OutcomeUnknown):
        await broker.submit(opening())
    assert await broker.positions() == ()


@pytest.mark.parametrize("code", [Retcode.ERROR, Retcode.TIMEOUT, Retcode.ORDER_CHANGED, Retcode.CONNECTION])
async def test_codes_that_say_nothing_come_through_as_they_are(
    broker: Mt5Broker, fake: FakeMT5, code: int
) -> None:
    fake.lose_reply(code=int(code))
    assert (await broker.submit(opening())).retcode == code
    assert len(await broker.positions()) == 1


async def test_a_reply_that_is_lost_in_a_close_or_a_change_is_unknown(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    opened = await broker.submit(opening())
    for request in (stops(opened, 1.08), closing(opened)):
        fake.lose_reply()
        with pytest.raises(OutcomeUnknown):
            await broker.submit(request)
    assert await broker.positions() == ()


async def test_a_requote_is_told_and_the_next_request_takes_the_new_price(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    fake.requote(by_points=10)
    assert (await broker.submit(opening())).retcode == Retcode.REQUOTE
    reply = await broker.submit(opening())
    assert (reply.retcode, reply.price) == (Retcode.DONE, 1.08520)


async def test_a_part_that_was_filled_is_told_with_its_own_volume(broker: Mt5Broker, fake: FakeMT5) -> None:
    fake.change_symbol("EURUSD", filling_mode=2)
    fake.partial(0.4)
    reply = await broker.submit(opening())
    assert (reply.retcode, reply.volume) == (Retcode.DONE_PARTIAL, 0.04)
    (position,) = await broker.positions()
    assert (position.ticket, position.volume) == (reply.position, 0.04)


async def test_a_result_without_a_price_is_completed_from_the_history(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    fake.sparse_results(2)
    opened = await broker.submit(opening())
    assert (opened.price, opened.volume, opened.deal > 0) == (1.0851, 0.1, True)
    closed = await broker.submit(closing(opened))
    assert (closed.price, closed.position) == (1.085, opened.position)


async def test_a_fill_in_parts_has_their_average(broker: Mt5Broker, fake: FakeMT5) -> None:
    heard = Heard(broker)
    fake.split_fills(2)
    reply = await broker.submit(opening())
    assert len(heard.deals) == 2 and heard.changes == 0
    assert reply.volume == 0.1
    low, high = sorted(deal.price for deal in heard.deals)
    assert low < reply.price < high


async def test_an_order_that_waits_is_placed_and_its_fill_is_told_later(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    fake.place_first()
    reply = await patiently(clock, broker, opening())
    assert reply.retcode == Retcode.PLACED
    (order,) = await broker.orders()
    assert (order.ticket, order.symbol, order.volume) == (reply.order, "EURUSD", 0.1)
    assert order.comment == opening().comment and order.side is Side.BUY
    clock.advance(1)
    fake.push_quote("EURUSD", 1.086)
    await broker.advance()
    assert await broker.orders() == ()
    assert [deal.order for deal in heard.deals] == [reply.order]


async def test_what_is_executed_and_not_shown_by_anything_is_only_placed(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    fake.sparse_results()
    fake.fail_reads(20, function="history_deals_get")
    reply = await patiently(clock, broker, opening())
    assert (reply.retcode, reply.position) == (Retcode.PLACED, reply.order)


async def test_what_the_reply_tells_whole_is_done_though_the_history_is_late(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    fake.fail_reads(20, function="history_deals_get")
    reply = await patiently(clock, broker, opening())
    assert (reply.retcode, reply.position, reply.price) == (Retcode.DONE, reply.order, 1.0851)


async def test_a_filling_policy_that_is_refused_is_followed_by_the_next_and_the_winner_kept(
    make: Make, fake: FakeMT5
) -> None:
    broker = make()
    await broker.start()
    fake.fail_next(Retcode.INVALID_FILL)
    opened = await broker.submit(opening())
    assert opened.retcode == Retcode.DONE
    (made,) = fake.ledger.past_orders
    assert made.type_filling == Filling.IOC
    await broker.submit(closing(opened))
    assert fake.ledger.past_orders[-1].type_filling == Filling.IOC, "closes do not forget it"
    again = make()
    await again.start()
    await again.submit(opening())
    assert fake.ledger.past_orders[-1].type_filling == Filling.IOC, "nor does the next gateway"


async def test_every_policy_is_tried_once_and_no_more(broker: Mt5Broker, fake: FakeMT5) -> None:
    fake.fail_next(Retcode.INVALID_FILL, 9)
    assert (await broker.submit(opening())).retcode == Retcode.INVALID_FILL
    assert fake.faults.waiting() == ("fail",) and fake._request_id == 3


async def test_a_symbol_that_allows_no_policy_takes_no_entry_but_closes(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    opened = await broker.submit(opening(symbol="GBPUSD"))
    fake.change_symbol("EURUSD", filling_mode=0)
    refused = await broker.submit(opening())
    assert refused.retcode == Retcode.INVALID_FILL and "no filling policy" in refused.comment
    fake.change_symbol("GBPUSD", filling_mode=0)
    assert (await broker.submit(closing(opened, symbol="GBPUSD"))).retcode == Retcode.INVALID_FILL
    fake.change_symbol("GBPUSD", filling_mode=2)
    assert (await broker.submit(closing(opened, symbol="GBPUSD"))).retcode == Retcode.DONE


async def test_the_button_of_the_terminal_is_named_and_nothing_is_sent(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    for switch in (fake.autotrading, fake.python_api):
        switch(False)
        reply = await broker.submit(opening())
        assert reply.retcode == Retcode.CLIENT_DISABLES_AT and "Algo Trading" in reply.comment
        switch(True)
    assert fake._request_id == 0
    assert (await broker.submit(opening())).retcode == Retcode.DONE


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ({"trade_allowed": False}, Retcode.TRADE_DISABLED),
        ({"trade_expert": False}, Retcode.SERVER_DISABLES_AT),
        ({"limit_positions": 1}, Retcode.LIMIT_POSITIONS),
        ({"hedge_prohibited": True}, Retcode.HEDGE_PROHIBITED),
    ],
)
async def test_what_the_account_forbids(
    broker: Mt5Broker, fake: FakeMT5, fact: dict[str, object], code: Retcode
) -> None:
    await broker.submit(opening())
    fake.change_account(None, **fact)
    assert (await broker.submit(opening(Side.SELL))).retcode == code


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ({"volume_limit": 0.1}, Retcode.LIMIT_VOLUME),
        ({"trade_mode": 3}, Retcode.CLOSE_ONLY),
        ({"trade_mode": 1}, Retcode.LONG_ONLY),
        ({"trade_mode": 0}, Retcode.TRADE_DISABLED),
        ({"stops_on_open": False}, Retcode.INVALID_STOPS),
        ({"stops_level": 1000}, Retcode.INVALID_STOPS),
    ],
)
async def test_what_the_symbol_forbids(
    broker: Mt5Broker, fake: FakeMT5, fact: dict[str, object], code: Retcode
) -> None:
    await broker.submit(opening(Side.SELL))
    fake.change_symbol("EURUSD", **fact)
    assert (await broker.submit(opening(Side.SELL, sl=1.09))).retcode == code
    assert len(await broker.positions()) == 1


async def test_a_closed_session_takes_nothing(broker: Mt5Broker, fake: FakeMT5) -> None:
    opened = await broker.submit(opening())
    fake.weekend()
    assert (await broker.submit(opening())).retcode == Retcode.MARKET_CLOSED
    assert (await broker.submit(closing(opened))).retcode == Retcode.MARKET_CLOSED
    fake.open_session()
    assert (await broker.submit(closing(opened))).retcode == Retcode.DONE


async def test_the_oldest_is_closed_first_where_the_account_says_so(broker: Mt5Broker, fake: FakeMT5) -> None:
    first, second = await broker.submit(opening()), await broker.submit(opening())
    fake.change_account(fifo_close=True)
    assert (await broker.submit(closing(second))).retcode == Retcode.FIFO_CLOSE
    assert (await broker.submit(closing(first))).retcode == Retcode.DONE


async def test_a_wide_spread_asks_for_more_room_where_there_is_no_level(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    assert (await broker.submit(opening(sl=1.08480))).retcode == Retcode.DONE
    fake.widen_spread(30)
    refused = await broker.submit(opening(sl=1.08480))
    assert refused.retcode == Retcode.INVALID_STOPS and "least is 40" in refused.comment


async def test_within_the_freeze_level_a_stop_waits_and_a_close_is_the_servers_matter(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    opened = await broker.submit(opening(sl=1.08460))
    fake.change_symbol("EURUSD", freeze_level=50)
    assert (await broker.submit(stops(opened, 1.08400))).retcode == Retcode.FROZEN
    assert fake._request_id == 1
    assert (await broker.submit(closing(opened))).retcode == Retcode.FROZEN
    assert fake._request_id == 2


async def test_moving_the_target_leaves_the_stop_where_it_is(broker: Mt5Broker, fake: FakeMT5) -> None:
    opened = await broker.submit(opening(sl=1.08460, tp=1.09))
    assert (await broker.submit(stops(opened, 1.08460, 1.10))).retcode == Retcode.DONE
    (position,) = await broker.positions()
    assert (position.sl, position.tp) == (1.08460, 1.10)


async def test_a_gap_fills_the_stop_where_the_market_is(
    broker: Mt5Broker, fake: FakeMT5, clock: VirtualClock
) -> None:
    heard = Heard(broker)
    opened = await broker.submit(opening(sl=1.08))
    clock.advance(1)
    fake.gap("EURUSD", 1.07)
    await broker.advance()
    deal = heard.deals[-1]
    assert (deal.position, deal.entry, deal.reason) == (opened.position, DealEntry.OUT, DealReason.SL)
    assert deal.price == 1.07 and deal.profit == pytest.approx(-151.0)
    assert heard.changes == 1


async def test_a_new_ticket_changes_nothing_for_who_knows_the_identifier(
    broker: Mt5Broker, fake: FakeMT5
) -> None:
    heard = Heard(broker)
    opened = await broker.submit(opening())
    fake.reticket_positions()
    await broker.advance()
    (position,) = await broker.positions()
    assert position.ticket == opened.position and heard.changes == 0
    assert (await broker.submit(stops(opened, 1.08))).retcode == Retcode.DONE
    closed = await broker.submit(closing(opened))
    assert (closed.retcode, closed.position) == (Retcode.DONE, opened.position)
    assert {deal.position for deal in await broker.deals()} == {opened.position}


async def test_a_comment_is_told_as_the_broker_keeps_it(broker: Mt5Broker, fake: FakeMT5) -> None:
    opened = await broker.submit(opening())
    fake.rewrite_comments(lambda comment: comment[:12])
    (position,) = await broker.positions()
    assert position.comment == opening().comment[:12]
    assert (await broker.submit(closing(opened))).retcode == Retcode.DONE


async def test_a_netting_account_holds_one_position_a_symbol(make: Make, fake: FakeMT5) -> None:
    fake.change_account(margin_mode=0)
    broker = make()
    hello = await broker.start()
    assert hello.account.margin_mode == "netting" and not hello.account.hedging
    opened = await broker.submit(opening())
    for side in Side:
        refused = await broker.submit(opening(side))
        assert refused.retcode == Retcode.HEDGE_PROHIBITED and "netting" in refused.comment
    assert (await broker.submit(opening(symbol="GBPUSD"))).retcode == Retcode.DONE
    assert (await broker.submit(stops(opened, 1.08))).retcode == Retcode.DONE
    assert (await broker.submit(closing(opened))).retcode == Retcode.DONE
    assert [position.symbol for position in await broker.positions()] == ["GBPUSD"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -0.1])
async def test_a_number_that_is_none_is_not_sent(broker: Mt5Broker, fake: FakeMT5, number: float) -> None:
    assert (await broker.submit(opening(sl=number))).retcode == Retcode.INVALID
    assert (await broker.submit(opening(lots=number))).retcode == Retcode.INVALID
    assert (await broker.submit(opening(comment="x" * 32))).retcode == Retcode.INVALID
    assert fake._request_id == 0


async def test_the_shadow_book_is_not_kept_here(broker: Mt5Broker) -> None:
    from zepix_core.model.order import Book

    with pytest.raises(BrokerOffline):
        await broker.submit(opening(book=Book.SHADOW))
    assert await broker.positions(Book.SHADOW) == () == await broker.orders(Book.SHADOW)
