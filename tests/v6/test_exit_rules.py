"""What an exit closes, and how much of it."""

from typing import Any

import attrs
import pytest

from zepix_core import Side
from zepix_plugins_v6 import exits
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.decide import decide
from zepix_plugins_v6.decision import Action, V6Decision
from zepix_plugins_v6.facts import Facts, SymbolFacts
from zepix_plugins_v6.profiles import INTRADAY, MOMENTUM, SCALPING, SWING, Profile

from .messages import AT, BUY, GOLD, SELL, SYMBOLS, D, decided, facts, position, rules


def closed(profile: Profile, *held: Any, side: Side = BUY, symbol: SymbolFacts | None = None) -> V6Decision:
    name = "EXIT_BULLISH" if side is BUY else "EXIT_BEARISH"
    known = facts(positions=held, symbol=symbol or SYMBOLS[GOLD])
    return decided(f"{name}|XAUUSD|{profile.timeframe}|2655.1|15", profile, known)


@pytest.mark.parametrize(
    ("profile", "volume", "profit", "wanted", "full"),
    [
        (MOMENTUM, "0.10", "25", "0.08", False),
        (MOMENTUM, "0.07", "0.01", "0.05", False),
        (MOMENTUM, "0.01", "9", "0.01", True),
        (MOMENTUM, "0.10", "0", "0.10", True),
        (MOMENTUM, "0.10", "-1", "0.10", True),
        (SWING, "0.09", "60", "0.04", False),
        (SWING, "0.09", "-60", "0.04", False),
        (SWING, "0.01", "5", "0.01", True),
        (SCALPING, "0.07", "5", "0.07", True),
        (INTRADAY, "0.25", "5", "0.25", True),
    ],
)
def test_the_share_an_exit_closes(
    profile: Profile, volume: str, profit: str, wanted: str, full: bool
) -> None:
    (close,) = closed(profile, position(profile, 1, volume, profit=D(profit))).closes
    assert (close.volume, close.full) == (D(wanted), full)
    assert close.runner is (profile is SWING and not full)


def test_an_exit_ends_its_own_side_of_its_own_positions() -> None:
    held = (
        position(SCALPING, 1, "0.05"),
        position(SCALPING, 2, "0.05", SELL),
        position(SCALPING, 3, "0.05", symbol="EURUSD"),
        position(SCALPING, 4, "0.05", plugin="combined_v3"),
        position(SCALPING, -5, "0.05"),
    )
    bullish = closed(SCALPING, *held)
    assert ([close.ticket for close in bullish.closes], bullish.close_reason) == ([1, -5], "Exit_Signal")
    assert [close.ticket for close in closed(SCALPING, *held, side=SELL).closes] == [2]


def test_an_exit_is_not_filtered_and_without_positions_is_still_an_exit() -> None:
    known = Facts(received_at=AT)
    for shadow, action in ((True, Action.SHADOW_EXIT), (False, Action.EXIT)):
        strict = attrs.evolve(
            rules(SCALPING), shadow=shadow, symbols=frozenset({"GBPUSD"}), max_open_trades=0
        )
        decision = decide(parse("EXIT_BULLISH|XAUUSD|1|2655.1|15"), known, strict)
        assert (decision.action, decision.closes, decision.close_reason) == (action, (), "")


def test_a_second_exit_leaves_the_runner() -> None:
    runner = position(SWING, 1, "0.05", runner=True)
    assert closed(SWING, runner).closes == ()
    assert [close.ticket for close in closed(SWING, runner, position(SWING, 2, "0.05")).closes] == [2]


def test_what_a_winner_keeps_on_5_minutes_is_ordinary() -> None:
    (close,) = closed(MOMENTUM, position(MOMENTUM, 1, "0.02", profit=D(1))).closes
    assert (close.volume, close.full, close.runner) == (D("0.01"), False, False)


def test_a_part_that_would_leave_less_than_the_least_lot_closes_all() -> None:
    coarse = attrs.evolve(SYMBOLS[GOLD], min_lot=D("0.10"))
    (close,) = closed(MOMENTUM, position(MOMENTUM, 1, "0.15", profit=D(1)), symbol=coarse).closes
    assert close.full


def test_without_lot_steps_an_exit_closes_whole_positions() -> None:
    held = (position(SWING, 1, "0.09"),)
    closes, _ = exits.signal_closes(held, BUY, None, rules(SWING))
    assert [close.full for close in closes] == [True]
