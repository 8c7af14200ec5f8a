"""One set of checks for the double and for a real demo terminal, so that the double stays honest.

On Windows, with a terminal that is logged in to a demo account::

    pytest -m mt5live tests/core/testing/fake_mt5/test_conformance.py

Each check passes, fails, or differs in a way that is known (`DIFFERS`).
"""

# ruff: noqa: S101 - these are checks

from collections.abc import Callable
from typing import Any

import attrs

from zepix_core.testing.fake_mt5.arrays import RATES, TICKS
from zepix_core.testing.fake_mt5.bench import Bench, OrderCap
from zepix_core.testing.fake_mt5.constants import MT5, constants
from zepix_core.testing.fake_mt5.structures import STRUCTURES

Check = Callable[[Bench], None]
CHECKS: dict[str, Check] = {}

DIFFERS: dict[str, str] = {
    "closing_by_leaves_the_rest_under_the_older_ticket": "not confirmed which ticket a real server keeps",
    "an_unknown_key_fails_the_call": "not confirmed what the compiled module does with it",
    "a_comment_of_32_characters_is_refused_or_cut": "it depends on the broker",
    "an_unknown_symbol_is_an_invalid_request": "servers answer with different codes",
}
"""Checks of which a real terminal may answer otherwise, and why."""


@attrs.frozen(kw_only=True)
class Verdict:
    """How one check ended: ``pass``, ``fail`` or ``differs, known``."""

    check: str
    verdict: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.verdict:<15} {self.check}{f': {self.detail}' if self.detail else ''}"


def check(function: Check) -> Check:
    """Add a function to `CHECKS`."""
    CHECKS[function.__name__] = function
    return function


def judge(name: str, bench: Bench, *, real: bool) -> Verdict:
    """Run one check and put away what it left.

    Args:
        real: Known differences count as such; at the double they are failures as all others.
    """
    try:
        CHECKS[name](bench)
    except OrderCap:
        raise
    except Exception as error:
        verdict = "differs, known" if real and name in DIFFERS else "fail"
        return Verdict(check=name, verdict=verdict, detail=f"{error}" or type(error).__name__)
    finally:
        bench.tidy()
    return Verdict(check=name, verdict="pass")


@check
def constants_have_their_values(bench: Bench) -> None:
    """All 223 of them."""
    wrong = {
        name: getattr(bench.mt5, name, None)
        for name, value in constants().items()
        if getattr(bench.mt5, name, None) != value
    }
    assert not wrong, wrong


@check
def structures_have_their_fields_in_order(bench: Bench) -> None:
    """Those that can be had without trading."""
    tick = bench.mt5.symbol_info_tick(bench.symbol)
    for found in (bench.mt5.account_info(), bench.mt5.terminal_info(), tick, bench.info):
        names = STRUCTURES[type(found).__name__].names
        assert tuple(found._asdict()) == names and len(found) == len(names)


@check
def a_good_call_resets_the_error(bench: Bench) -> None:
    bench.mt5.symbol_info("NOSUCHSYMBOL")
    assert bench.mt5.last_error()[0] != MT5.RES_S_OK
    assert bench.mt5.positions_total() is not None
    assert bench.mt5.last_error() == (MT5.RES_S_OK, "Success")


@check
def filters_have_to_be_named(bench: Bench) -> None:
    for function in (bench.mt5.positions_get, bench.mt5.orders_get):
        assert function(bench.symbol) is None
        assert bench.mt5.last_error()[0] == MT5.RES_E_INVALID_PARAMS


@check
def a_wrong_type_fails_the_call_and_names_the_field(bench: Bench) -> None:
    for name, value in (("volume", "0.01"), ("price", "1"), ("position", 1.5), ("comment", 5), ("sl", None)):
        assert bench.send(**bench.opening() | {name: value}) is None
        assert bench.mt5.last_error() == (MT5.RES_E_INVALID_PARAMS, f'Invalid "{name}" argument')


@check
def an_unknown_key_fails_the_call(bench: Bench) -> None:
    fields: dict[str, Any] = bench.opening(volume=0.0) | {"colour": 1}
    assert bench.send(**fields) is None


@check
def a_comment_of_32_characters_is_refused_or_cut(bench: Bench) -> None:
    result = bench.send(**bench.opening(comment="c" * 32))
    assert result is None and bench.mt5.last_error()[0] == MT5.RES_E_INVALID_PARAMS


@check
def an_unknown_symbol_is_an_invalid_request(bench: Bench) -> None:
    assert bench.mt5.symbol_info("NOSUCHSYMBOL") is None
    bench.expect(bench.send(**bench.opening(symbol="NOSUCHSYMBOL")), MT5.TRADE_RETCODE_INVALID)


@check
def the_version_is_500_a_build_and_a_date(bench: Bench) -> None:
    name, build, released = bench.mt5.version()
    assert name == 500 and build > 0 and len(released.split()) == 3


@check
def a_position_bears_its_orders_number(bench: Bench) -> None:
    position = bench.opened()
    deals = bench.mt5.history_deals_get(position=position.identifier)
    assert len(deals) >= 1 and deals[0].entry == MT5.DEAL_ENTRY_IN
    assert {deal.position_id for deal in deals} == {position.identifier}
    assert bench.mt5.history_deals_get(ticket=position.identifier) == deals
    assert position.magic == deals[0].magic and position.reason == MT5.POSITION_REASON_EXPERT


@check
def what_was_handed_out_does_not_change(bench: Bench) -> None:
    position = bench.opened()
    bench.send(action=MT5.TRADE_ACTION_SLTP, symbol=bench.symbol, position=position.ticket, sl=bench.far(1))
    assert position.sl == 0.0


@check
def stops_overwrite_both_and_equal_ones_change_nothing(bench: Bench) -> None:
    position = bench.opened()
    request = {"action": MT5.TRADE_ACTION_SLTP, "symbol": bench.symbol, "position": position.ticket}
    both = request | {"sl": bench.far(1), "tp": bench.far(-1)}
    bench.expect(bench.send(**both), MT5.TRADE_RETCODE_DONE)
    bench.expect(bench.send(**both), MT5.TRADE_RETCODE_NO_CHANGES)
    bench.expect(bench.send(**request | {"sl": both["sl"]}), MT5.TRADE_RETCODE_DONE)
    (now,) = bench.mt5.positions_get(ticket=position.ticket)
    assert (now.sl, now.tp) == (both["sl"], 0.0)


@check
def a_close_makes_an_out_deal_and_a_second_one_finds_nothing(bench: Bench) -> None:
    position = bench.opened()
    closing = bench.closing(position)
    bench.expect(bench.send(**closing), MT5.TRADE_RETCODE_DONE)
    last = bench.mt5.history_deals_get(position=position.identifier)[-1]
    assert (last.entry, last.reason) == (MT5.DEAL_ENTRY_OUT, MT5.DEAL_REASON_EXPERT)
    if bench.hedging:
        bench.expect(bench.send(**closing), MT5.TRADE_RETCODE_POSITION_CLOSED)


@check
def a_part_of_a_position_can_be_closed(bench: Bench) -> None:
    position = bench.opened(volume=round(2 * bench.lots, 8))
    part = bench.closing(position) | {"volume": bench.lots}
    bench.expect(bench.send(**part), MT5.TRADE_RETCODE_DONE)
    (rest,) = bench.mt5.positions_get(ticket=position.ticket)
    assert rest.volume == bench.lots and rest.identifier == position.identifier
    more = bench.closing(rest) | {"volume": round(3 * bench.lots, 8)}
    if bench.hedging:
        bench.expect(bench.send(**more), MT5.TRADE_RETCODE_INVALID_CLOSE_VOLUME)


@check
def the_opposite_side_opens_another_position_or_closes_the_one(bench: Bench) -> None:
    position = bench.opened()
    bench.expect(bench.send(**bench.opening(MT5.ORDER_TYPE_SELL)), MT5.TRADE_RETCODE_DONE)
    held = bench.mt5.positions_get(symbol=bench.symbol)
    ours = [one for one in held if one.magic == position.magic]
    assert len(ours) == (2 if bench.hedging else 0)


@check
def closing_by_leaves_the_rest_under_the_older_ticket(bench: Bench) -> None:
    if not bench.hedging:
        return
    older = bench.opened()
    newer = bench.opened(MT5.ORDER_TYPE_SELL, volume=round(2 * bench.lots, 8))
    request = {"action": MT5.TRADE_ACTION_CLOSE_BY, "position": older.ticket, "position_by": newer.ticket}
    bench.expect(bench.send(**request), MT5.TRADE_RETCODE_DONE)
    held = bench.mt5.positions_get(symbol=bench.symbol)
    (rest,) = [one for one in held if one.magic == older.magic]
    assert rest.volume == bench.lots
    assert rest.ticket == older.ticket, f"it is {rest.ticket} of {older.ticket} and {newer.ticket}"


@check
def stops_on_the_wrong_side_are_refused(bench: Bench) -> None:
    bench.expect(bench.send(**bench.opening(sl=bench.far(-1))), MT5.TRADE_RETCODE_INVALID_STOPS)


@check
def a_volume_off_the_step_is_refused(bench: Bench) -> None:
    volume = round(bench.info.volume_min + bench.info.volume_step / 2, 8)
    bench.expect(bench.send(**bench.opening(volume=volume)), MT5.TRADE_RETCODE_INVALID_VOLUME)


@check
def book_or_cancel_is_no_filling_of_a_market_order(bench: Bench) -> None:
    request = bench.opening(type_filling=MT5.ORDER_FILLING_BOC)
    bench.expect(bench.send(**request), MT5.TRADE_RETCODE_INVALID_FILL)


@check
def a_check_of_a_good_request_says_0(bench: Bench) -> None:
    found = bench.mt5.order_check(bench.opening())
    assert found is not None and found.retcode == 0 and found.margin > 0
    assert tuple(found._asdict()) == STRUCTURES["OrderCheckResult"].names
    assert tuple(found.request._asdict()) == STRUCTURES["TradeRequest"].names


@check
def a_waiting_order_can_be_placed_changed_and_deleted(bench: Bench) -> None:
    request = bench.opening(
        MT5.ORDER_TYPE_BUY_LIMIT, action=MT5.TRADE_ACTION_PENDING, price=bench.far(1),
        type_filling=MT5.ORDER_FILLING_RETURN,
    )  # fmt: skip
    placed = bench.expect(bench.send(**request), MT5.TRADE_RETCODE_DONE, MT5.TRADE_RETCODE_PLACED)
    (waiting,) = bench.mt5.orders_get(ticket=placed.order)
    assert waiting.state == MT5.ORDER_STATE_PLACED and waiting.price_open == request["price"]
    change = {"action": MT5.TRADE_ACTION_MODIFY, "order": placed.order, "price": bench.far(1, 3000)}
    bench.expect(bench.send(**change), MT5.TRADE_RETCODE_DONE)
    bench.expect(bench.send(action=MT5.TRADE_ACTION_REMOVE, order=placed.order), MT5.TRADE_RETCODE_DONE)
    (gone,) = bench.mt5.history_orders_get(ticket=placed.order)
    assert gone.state == MT5.ORDER_STATE_CANCELED


@check
def sums_have_their_signs(bench: Bench) -> None:
    price = bench.mt5.symbol_info_tick(bench.symbol).ask
    assert bench.mt5.order_calc_margin(MT5.ORDER_TYPE_BUY, bench.symbol, bench.lots, price) > 0
    higher = price + 100 * bench.info.point
    for side, sign in ((MT5.ORDER_TYPE_BUY, 1), (MT5.ORDER_TYPE_SELL, -1)):
        assert bench.mt5.order_calc_profit(side, bench.symbol, bench.lots, price, higher) * sign > 0


@check
def arrays_have_their_fields_the_oldest_first(bench: Bench) -> None:
    rates = bench.mt5.copy_rates_from_pos(bench.symbol, MT5.TIMEFRAME_M5, 0, 10)
    assert rates.dtype.names == tuple(name for name, _ in RATES)
    assert list(rates["time"]) == sorted(rates["time"]) and len(rates) == 10
    newest = int(rates[-1]["time"])
    ticks = bench.mt5.copy_ticks_from(bench.symbol, newest - 86_400, 10, MT5.COPY_TICKS_ALL)
    assert ticks.dtype.names == tuple(name for name, _ in TICKS)


@check
def the_newest_deal_is_in_a_window_up_to_a_day_after_its_time(bench: Bench) -> None:
    position = bench.opened()
    found = bench.mt5.history_deals_get(position.time - 60, position.time + 86_400)
    assert position.identifier in {deal.position_id for deal in found}
    narrowed = bench.mt5.history_deals_get(
        position.time - 60, position.time + 86_400, group=f"!*{bench.symbol}*"
    )
    assert position.identifier not in {deal.position_id for deal in narrowed}


@check
def a_dictionary_of_a_result_leaves_the_request_a_tuple(bench: Bench) -> None:
    result = bench.send(**bench.opening(volume=bench.info.volume_max * 2))
    bench.expect(result, MT5.TRADE_RETCODE_INVALID_VOLUME)
    written = result._asdict()
    assert tuple(written) == STRUCTURES["OrderSendResult"].names
    assert isinstance(written["request"], tuple)
