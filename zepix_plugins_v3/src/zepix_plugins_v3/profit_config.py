"""The settings of what happens after an entry: trailing, profit chains, re-entry."""

import attrs

from zepix_core import setting
from zepix_plugins_v3 import checks


@attrs.frozen(kw_only=True)
class TrailingSettings:
    """How a stop follows the price. All in percent of the order's first stop distance."""

    start_percent: float = setting(50.0, doc="Profit at which the stop first moves", gt=0, le=1000)
    step_percent: float = setting(25.0, doc="Further profit for each further move", gt=0, le=1000)
    distance_percent: float = setting(
        50.0, doc="How far the stop stays behind the profit that moved it", gt=0, le=1000
    )


@attrs.frozen(kw_only=True)
class AfterOrderB:
    """What happens to order A when order B of its pair ended in profit."""

    book_percent_of_order_a: float = setting(0.0, doc="Percent of order A to close; 0: none", ge=0, le=100)
    move_order_a_to_breakeven: bool = setting(False, doc="Move the stop of order A to its entry")
    breakeven_buffer_pips: float = setting(2.0, doc="Profit that stop keeps, in pips", ge=0, le=1000)


@attrs.frozen(kw_only=True)
class ProfitBooking:
    """The profit chain behind order B."""

    enabled: bool = setting(True, doc="Start chains; those under way are led to their end when it is off")
    min_profit: float = setting(
        7.0, doc="Profit at which an order is closed, account currency", gt=0, le=1_000_000
    )
    max_level: int = setting(4, doc="Highest level; order B is level 0", ge=0, le=4)
    enabled_levels: tuple[int, ...] = setting(
        (0, 1, 2), doc="Levels that open; without 0 no chain starts", validator=checks.levels
    )
    orders_per_level: tuple[int, ...] = setting(
        (1, 2, 4, 8, 16),
        doc="Orders of each level; level 0 is order B alone",
        validator=checks.orders_of_levels,
    )
    sl_system: str = setting(
        "SL-2.1",
        doc="Stops of levels 1 and up. SL-2.1: fixed_sl_dollars; SL-1.1: sl_by_logic",
        choices=("SL-2.1", "SL-1.1"),
    )
    fixed_sl_dollars: float = setting(
        10.0, doc="Money at risk of one order, account currency", gt=0, le=1_000_000
    )
    sl_by_logic: dict[str, float] = setting(
        factory=lambda: {"LOGIC1": 20.0, "LOGIC2": 40.0, "LOGIC3": 50.0},
        doc="Money at risk of one order by logic, account currency",
        validator=checks.money_by_logic,
    )
    allow_partial_progression: bool = setting(
        False, doc="Off: one loss in a level ends the chain; on: partial_threshold decides"
    )
    partial_threshold: float = setting(0.75, doc="Share of a level's orders that must have won", gt=0, le=1)
    require_trend: bool = setting(
        True, doc="A level opens only while min_aligned_for_entry stored pillars agree"
    )
    next_level_within_seconds: float = setting(
        120.0, doc="A level opens only so soon after the one before has ended", ge=1, le=86_400
    )
    profit_targets: tuple[float, ...] = setting(
        (10.0, 20.0, 40.0, 80.0, 160.0), doc="Accepted without effect: an older ladder of targets"
    )
    sl_reductions: tuple[float, ...] = setting(
        (0.0, 10.0, 25.0, 40.0, 50.0), doc="Accepted without effect: older reductions of stops, percent"
    )


@attrs.frozen(kw_only=True)
class ReEntry:
    """Entering again after order A has ended. Trends are always checked, whatever the bypass says."""

    sl_hunt_enabled: bool = setting(False, doc="Enter again when the price comes back after order A's stop")
    tp_continuation_enabled: bool = setting(
        False, doc="Enter again when the price goes on after order A's target"
    )
    sl_hunt_window_minutes: dict[str, float] = setting(
        factory=lambda: {"XAUUSD": 15.0, "GBPJPY": 10.0, "AUDJPY": 10.0},
        doc="Minutes after a stop in which the price must be back, where not 30",
        validator=checks.by_symbol(10_080),
    )
    recovery_percent: float = setting(
        70.0, doc="How far back beyond the stop, in percent of the first stop distance", gt=0, le=1000
    )
    recovery_sl_percent: float = setting(
        50.0, doc="Stop distance of a recovery, in percent of the first", gt=0, le=1000
    )
    continuation_window_minutes: float = setting(
        30.0, doc="Minutes after a target in which the price must go on", gt=0, le=10_080
    )
    continuation_cooldown_seconds: float = setting(
        5.0, doc="Seconds without an entry after a target", ge=0, le=86_400
    )
    continuation_gap_pips: float = setting(2.0, doc="Pips beyond the target at which to enter", gt=0, le=1000)
    continuation_gap_by_symbol: dict[str, float] = setting(
        factory=lambda: {"XAUUSD": 0.2},
        doc="The same where it is another, pips",
        validator=checks.by_symbol(1000),
    )
    max_levels: int = setting(5, doc="Most re-entries of one pair", ge=1, le=20)
    sl_reduction_percent: float = setting(
        30.0, doc="How much nearer the stop of each further continuation is", ge=0, lt=100
    )
    rr_ratio: float = setting(1.5, doc="Target by stop distance", ge=0.1, le=20)
    lot_reduction_percent: float = setting(10.0, doc="How many lots less for each level", ge=0, lt=100)
    least_lot_percent: float = setting(50.0, doc="Never less than this share of the first", gt=0, le=100)
    max_per_day: int = setting(10, doc="Most re-entries in a trading day", ge=1)
    max_losses_per_day: int = setting(5, doc="Most re-entries that lost in a trading day", ge=1)
    max_open: int = setting(3, doc="Most re-entries open at once", ge=1)
    pause_hours: float = setting(
        6.0, doc="Hours without re-entries once one of the day's limits is reached", ge=0, le=168
    )
