"""The twelve V3 signals: their names on the wire, what they are about, and what they may do."""

from collections.abc import Iterable
from enum import StrEnum

import attrs

from zepix_core import Side

TYPES = ("entry_v3", "exit_v3", "squeeze_v3", "trend_pulse_v3")


class Category(StrEnum):
    """What a signal is about."""

    ENTRY = "entry"
    EXIT = "exit"
    INFO = "info"


@attrs.frozen(kw_only=True)
class Signal:
    """One signal.

    Attributes:
        id: Canonical id, the one stored and shown.
        names: Spellings taken from the wire, exact; the first is what Pine sends.
        type: The message type that carries it.
        side: The only direction it can have, ``None`` when both or none are possible.
        aggressive: Closes opposite positions at any conviction.
    """

    id: str
    names: tuple[str, ...]
    category: Category
    type: str
    side: Side | None = None
    aggressive: bool = False


def _entry(id: str, *names: str, side: Side | None = None, aggressive: bool = False) -> Signal:
    return Signal(
        id=id, names=names, category=Category.ENTRY, type="entry_v3", side=side, aggressive=aggressive
    )


LAUNCHPAD = _entry("institutional_launchpad", "Institutional_Launchpad")
GOLDEN_POCKET = _entry("golden_pocket_flip", "Golden_Pocket_Flip", "Golden_Pocket", aggressive=True)
SIDEWAYS = _entry("sideways_breakout", "Sideways_Breakout")
SCREENERS = (
    _entry("screener_full_bullish", "Screener_Full_Bullish", side=Side.BUY, aggressive=True),
    _entry("screener_full_bearish", "Screener_Full_Bearish", side=Side.SELL, aggressive=True),
)

SIGNALS = (
    LAUNCHPAD,
    _entry("liquidity_trap", "Liquidity_Trap_Reversal", "Liquidity_Trap", aggressive=True),
    _entry("momentum_breakout", "Momentum_Breakout", "Momentum_Ignition"),
    _entry("mitigation_test", "Mitigation_Test_Entry", "Mitigation_Test", "Mitigation_Block"),
    GOLDEN_POCKET,
    *SCREENERS,
    SIDEWAYS,
    Signal(
        id="bullish_exit",
        names=("Bullish_Exit", "Exit_Bullish"),
        category=Category.EXIT,
        type="exit_v3",
        side=Side.SELL,
    ),
    Signal(
        id="bearish_exit",
        names=("Bearish_Exit", "Exit_Bearish"),
        category=Category.EXIT,
        type="exit_v3",
        side=Side.BUY,
    ),
    Signal(id="volatility_squeeze", names=("Volatility_Squeeze",), category=Category.INFO, type="squeeze_v3"),
    Signal(id="trend_pulse", names=("Trend_Pulse",), category=Category.INFO, type="trend_pulse_v3"),
)

BY_NAME = {name: signal for signal in SIGNALS for name in signal.names}
BY_ID = {signal.id: signal for signal in SIGNALS}


def named(name: str) -> tuple[Signal, ...]:
    """The signals that ``name`` in a settings file means: a wire spelling, a canonical id, ``Screener``
    for both screeners, or a message type for all it carries.

    Raises:
        ValueError: No signal has that name.
    """
    if name == "Screener":
        return SCREENERS
    if name in TYPES:
        return tuple(signal for signal in SIGNALS if signal.type == name)
    signal = BY_NAME.get(name) or BY_ID.get(name)
    if signal is None:
        raise ValueError(f"{name!r} is no V3 signal; known are {', '.join(BY_NAME)}")
    return (signal,)


def all_named(names: Iterable[str]) -> frozenset[str]:
    """Canonical ids of every signal that one of ``names`` means (see `named`)."""
    return frozenset(signal.id for name in names for signal in named(name))
