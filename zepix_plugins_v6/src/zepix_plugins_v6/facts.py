"""What is known at the moment of a decision: frozen values, handed in by whoever asks."""

import math
from datetime import datetime
from decimal import Decimal

import attrs

from zepix_core import Side, SymbolInfo, TrendPulseData, exact

UNKNOWN_SPREAD = Decimal("999.9")
"""What the host reports for a spread it does not know; nothing this wide is ever traded."""


def known(value: float | Decimal | None) -> Decimal | None:
    """A number as a decimal; ``None`` when there is none, or it is not finite."""
    return None if value is None or not math.isfinite(value) else exact(value)


@attrs.frozen(kw_only=True)
class SymbolFacts:
    """What sizes and prices of a symbol need.

    Attributes:
        pip_size: One pip in price; ``pip_value``: its money on 1.00 lot, account currency.
        min_lot, max_lot, step: Lots.
    """

    digits: int
    pip_size: Decimal
    pip_value: Decimal
    min_lot: Decimal = Decimal("0.01")
    max_lot: Decimal = Decimal(50)
    step: Decimal = Decimal("0.01")

    @classmethod
    def of(cls, info: SymbolInfo | None) -> "SymbolFacts | None":
        """The facts of a symbol, ``None`` when one is missing."""
        if info is None:
            return None
        numbers = (info.pip_size, info.pip_value, info.volume_step, info.volume_max)
        if info.digits < 0 or not all(math.isfinite(number) and number > 0 for number in numbers):
            return None
        return cls(
            digits=info.digits,
            pip_size=exact(info.pip_size),
            pip_value=exact(info.pip_value),
            min_lot=known(info.volume_min) or exact(info.volume_step),
            max_lot=exact(info.volume_max),
            step=exact(info.volume_step),
        )


@attrs.frozen(kw_only=True)
class OwnPosition:
    """An open position, of the broker's book or the shadow book (negative ticket).

    Attributes:
        plugin: Id of the plugin that opened it; those of others are left alone.
        profit: Floating money as the broker reports it.
        sl: Present stop, ``None`` for none.
        pair: What both legs of a pair have in common, "" outside one.
        runner: An exit left it to run until the pulse turns.
    """

    ticket: int
    plugin: str
    symbol: str
    side: Side
    volume: Decimal
    leg: str = ""
    profit: Decimal = Decimal(0)
    price_open: Decimal = Decimal(0)
    sl: Decimal | None = None
    pair: str = ""
    runner: bool = False


@attrs.frozen(kw_only=True)
class Counters:
    """The plugin's real trades: open ones (a pair is one), those of the trading day, money lost that day
    (positive). Shadow trades count in none."""

    open_trades: int = 0
    trades_today: int = 0
    daily_loss: Decimal = Decimal(0)


@attrs.frozen(kw_only=True)
class Facts:
    """Everything a decision depends on besides the message and the rules. What is not known is ``None``.

    Attributes:
        received_at: When the message came in, aware UTC.
        same_age: Seconds since an identical message was taken (`duplicates.Memory.age`).
        balance: Account currency.
        symbol: Of the message's symbol.
        spread_pips: Of the message's symbol, before rounding.
        rows: Trend rows that still count; rows of other symbols are left aside.
        momentum: Last word of a MOMENTUM_CHANGE of the symbol on the plugin's timeframe.
        positions: Open positions, in the order closes are wanted.
        counters: ``None``: the host judges the caps when the order comes.
    """

    received_at: datetime
    same_age: float | None = None
    balance: Decimal | None = None
    symbol: SymbolFacts | None = None
    spread_pips: Decimal | None = None
    rows: tuple[TrendPulseData, ...] = ()
    momentum: str | None = None
    positions: tuple[OwnPosition, ...] = ()
    counters: Counters | None = None

    def rows_of(self, symbol: str) -> tuple[TrendPulseData, ...]:
        """The trend rows of one symbol."""
        return tuple(row for row in self.rows if row.symbol == symbol)

    def row(self, symbol: str, timeframe: str) -> TrendPulseData | None:
        """One trend row."""
        return next((row for row in self.rows_of(symbol) if row.timeframe == timeframe), None)
