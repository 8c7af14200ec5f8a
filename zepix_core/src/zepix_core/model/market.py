"""Symbols and their prices."""

from datetime import datetime
from enum import StrEnum

import attrs

from zepix_core.clock import moment


class Side(StrEnum):
    """Direction of an order or a position."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1


class TradeMode(StrEnum):
    """What the broker lets one do with a symbol (MT5 ``SYMBOL_TRADE_MODE_*``)."""

    DISABLED = "disabled"
    LONGONLY = "longonly"
    SHORTONLY = "shortonly"
    CLOSEONLY = "closeonly"
    FULL = "full"


@attrs.frozen(kw_only=True)
class Tick:
    """A quote. ``bid`` and ``ask`` are prices; ``time_ns`` is UTC nanoseconds."""

    symbol: str
    bid: float
    ask: float
    time_ns: int

    @property
    def at(self) -> datetime:
        """The tick's time, aware UTC."""
        return moment(self.time_ns)

    def opening(self, side: Side) -> float:
        """The price at which a market order of that side fills."""
        return self.ask if side is Side.BUY else self.bid

    def closing(self, side: Side) -> float:
        """The price at which a position of that side closes."""
        return self.bid if side is Side.BUY else self.ask


@attrs.frozen(kw_only=True)
class Bar:
    """One bar of bid prices.

    Attributes:
        timeframe: Its width, minutes as text: ``60``.
        time_ns: The moment it closed, UTC nanoseconds; a tick of that very moment is in the next bar.
        ticks: How many quotes it was made of; 0 where the paper market made up what came before it began.
    """

    symbol: str
    timeframe: str
    time_ns: int
    open: float
    high: float
    low: float
    close: float
    ticks: int = 0

    @property
    def at(self) -> datetime:
        """The moment it closed, aware UTC."""
        return moment(self.time_ns)


@attrs.frozen(kw_only=True)
class SymbolInfo:
    """Facts of one symbol under its TradingView name.

    Attributes:
        point: Least price step; ``pip_size``: one pip in price (gold 0.10).
        pip_value: Money of one pip on 1.00 lot, account currency.
        contract_size: Units in 1.00 lot.
        volume_min, volume_max, volume_step: Lots.
        stops_level: Least distance of stops from the quote, in points; 0 means the house minimum.
        min_sl_distance: Least stop distance in price set by the operator, 0 for none.
        max_spread_pips: Widest spread for entries, ``None`` for no limit.
        always_open: The market of this symbol never closes (bench profile).
    """

    name: str
    digits: int
    point: float
    pip_size: float
    pip_value: float
    contract_size: float
    volume_min: float = 0.01
    volume_max: float = 50.0
    volume_step: float = 0.01
    stops_level: int = 0
    freeze_level: int = 0
    trade_mode: TradeMode = TradeMode.FULL
    currency_base: str = ""
    currency_profit: str = "USD"
    min_sl_distance: float = 0.0
    max_spread_pips: float | None = None
    volatility: str = "MEDIUM"
    broker_name: str = ""
    always_open: bool = False

    @property
    def pip_value_per_std_lot(self) -> float:
        """The same as ``pip_value``."""
        return self.pip_value

    @property
    def min_lot(self) -> float:
        """The same as ``volume_min``."""
        return self.volume_min

    @property
    def max_lot(self) -> float:
        """The same as ``volume_max``."""
        return self.volume_max

    @property
    def lot_step(self) -> float:
        """The same as ``volume_step``."""
        return self.volume_step


@attrs.frozen(kw_only=True)
class Quote:
    """``get_current_price_data``: a tick with its spread in pips, one decimal.

    Attributes:
        last, volume: Of the last trade; 0.0 where the broker tells none (currencies, metals).
    """

    symbol: str
    bid: float
    ask: float
    spread_pips: float
    time_ns: int
    last: float = 0.0
    volume: float = 0.0

    @property
    def timestamp(self) -> datetime:
        """Aware UTC."""
        return moment(self.time_ns)


@attrs.frozen(kw_only=True)
class TradingHours:
    """``get_trading_hours``: times are aware UTC, ``None`` when a session has no end or start."""

    symbol: str
    is_open: bool
    session_start: datetime | None = None
    session_end: datetime | None = None
    next_session_start: datetime | None = None
