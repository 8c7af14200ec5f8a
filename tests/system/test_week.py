"""A week of real V3 messages through a running host: every one has its end, and all books agree."""

from collections import defaultdict
from typing import Any

import pytest

from tests.system.week import LINES, Week, play
from zepix_core.model.order import Deal, DealEntry
from zepix_plugins_v3.duplicates import NOT_ACCEPTED

HOSTS_WORK = ("unresolved_placeholder", "malformed_json")
REFUSED_AS_A_MESSAGE = NOT_ACCEPTED | {"no_plugin", "replayed", "stale", "expired", "rate_limited"}
AT_THE_BROKER = ("filled", "partly_filled", "closed")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return play(tmp_path_factory.mktemp("week") / "home")


def deals_of(week: Week, entry: DealEntry) -> dict[int, list[Deal]]:
    found: dict[int, list[Deal]] = defaultdict(list)
    for deal in week.deals:
        if deal.entry is entry:
            found[deal.position].append(deal)
    return found


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['id']}-{line['flag']}")
def test_a_message_ends_as_its_flag_says(week: Week, line: dict[str, Any]) -> None:
    answer = week.answers[line["id"]]
    if line["flag"] == "malformed" and line["note"] in HOSTS_WORK:
        assert 400 <= answer.status < 500
        assert answer.body["reason"] == line["note"]
        return
    assert answer.status == 200
    alert = week.alert_of(line)
    if line["flag"] == "malformed":
        assert (alert.state, alert.reason) == ("refused", line["note"])
    elif line["flag"] == "duplicate" and answer.body["status"] == "accepted":
        assert (alert.state, alert.reason) == ("refused", "duplicate")
    elif line["flag"] == "duplicate":
        assert answer.body["status"] == "duplicate"
    else:
        assert answer.body["status"] == "accepted"
        assert alert.reason not in REFUSED_AS_A_MESSAGE
        assert [delivery.plugin for delivery in alert.deliveries] == ["combined_v3"]


def test_every_alert_has_a_final_state_and_a_reason_unless_it_acted(week: Week) -> None:
    for alert in week.alerts.values():
        assert alert.state in ("done", "refused")
        assert alert.reason is not None or alert.state == "done"
        assert alert.finished_at is not None


def test_duplicates_are_recognised_by_the_host_within_a_minute_and_by_the_plugin_after(week: Week) -> None:
    ends = [week.answers[line["id"]].body["status"] for line in LINES if line["flag"] == "duplicate"]
    assert set(ends) == {"duplicate", "accepted"}


def test_the_week_has_traded_both_ways_and_closed_for_every_reason(week: Week) -> None:
    assert len(week.pairs) >= 20
    assert {order.side for order in week.orders} == {"BUY", "SELL"}
    assert {deal.reason.value for deal in week.deals if deal.entry is DealEntry.OUT} >= {"sl", "tp", "expert"}


def test_every_order_is_answered_and_was_executed_once_or_never(week: Week) -> None:
    entries = deals_of(week, DealEntry.IN)
    executed: dict[str, list[Deal]] = defaultdict(list)
    for deals in entries.values():
        for deal in deals:
            executed[deal.comment].append(deal)
    opened = [order for order in week.orders if order.action == "open"]
    assert {order.state for order in week.orders} <= {*AT_THE_BROKER, "denied", "rejected"}
    for order in opened:
        deals = executed.pop(order.comment, [])
        if order.state not in AT_THE_BROKER:
            assert deals == []
            continue
        (deal,) = deals
        assert (deal.position, deal.symbol, deal.side.value) == (order.ticket, order.symbol, order.side)
        assert (deal.volume, deal.price, deal.magic) == (order.fill_lots, order.fill_price, order.magic)
    assert executed == {}


def test_open_positions_are_the_same_at_the_broker_and_in_the_journal(week: Week) -> None:
    closed = {ticket: sum(d.volume for d in deals) for ticket, deals in deals_of(week, DealEntry.OUT).items()}
    journal = {
        trade.ticket: (
            trade.symbol,
            trade.side,
            round(trade.lots - trade.closed_lots, 2),
            trade.sl,
            trade.tp,
            trade.comment,
        )
        for trade in week.trades
        if trade.status != "closed"
    }
    broker = {p.ticket: (p.symbol, p.side.value, p.volume, p.sl, p.tp, p.comment) for p in week.positions}
    assert journal == broker
    for trade in week.trades:
        assert trade.closed_lots == pytest.approx(closed.get(trade.ticket, 0.0))


def test_every_position_carries_its_stop_and_its_target_on_the_right_sides(week: Week) -> None:
    """A stop that followed the price may be beyond the entry, never beyond the target."""
    followed = {order.ticket for order in week.orders if order.action == "modify"}
    for trade in week.trades:
        low, high = (trade.sl, trade.tp) if trade.side == "BUY" else (trade.tp, trade.sl)
        assert 0 < low < high
        assert trade.ticket in followed or low < trade.price_open < high


def test_the_plugins_rows_are_the_pairs_of_the_journal_line_by_line(week: Week) -> None:
    trades = {trade.ticket: trade for trade in week.trades}
    seen = []
    for pair in week.pairs:
        for leg, ticket in (("a", pair["order_a_ticket"]), ("b", pair["order_b_ticket"])):
            if ticket is None:
                continue
            trade = trades[ticket]
            seen.append(ticket)
            assert (trade.symbol, trade.side, trade.leg) == (pair["symbol"], pair["direction"], leg.upper())
            assert trade.lots == pair[f"order_{leg}_lot_size"]
            assert (trade.sl, trade.tp) == (pair[f"order_{leg}_sl_price"], pair[f"order_{leg}_tp_price"])
            assert pair[f"order_{leg}_status"] == ("CLOSED" if trade.status == "closed" else "OPEN")
            if trade.status == "closed":
                assert pair[f"order_{leg}_exit_price"] == trade.price_close
                assert pair[f"order_{leg}_profit_dollars"] == pytest.approx(trade.profit)
    assert sorted(seen) == sorted(trades)


def test_a_pair_is_open_partly_closed_or_closed_as_its_legs_are(week: Week) -> None:
    for pair in week.pairs:
        legs = {pair[f"order_{leg}_status"] for leg in "ab" if pair[f"order_{leg}_ticket"] is not None}
        assert pair["status"] == ("PARTIAL" if len(legs) == 2 else legs.pop())
        if pair["status"] == "CLOSED":
            money = sum(pair[f"order_{leg}_profit_dollars"] or 0.0 for leg in "ab")
            assert pair["total_profit_dollars"] == pytest.approx(money)


def test_the_plugins_log_holds_every_message_it_was_asked_about_with_its_reason(week: Week) -> None:
    logged = {row["alert_key"]: row for row in week.signals}
    assert set(logged) == {alert.key for alert in week.alerts.values()}
    traded = {order.alert_key for order in week.orders if order.action == "open" and order.fill_lots}
    for alert in week.alerts.values():
        row = logged[alert.key]
        assert row["processed"] == 1
        assert row["skip_reason"] == alert.reason
        assert bool(row["trade_placed"]) == (alert.key in traded)
