"""What the order gates look at: everything is a value, so a judgement can be repeated."""

from datetime import datetime

import attrs

from zepix_core.clock import moment
from zepix_core.config.risk import TradingSettings
from zepix_core.model.limits import Latch
from zepix_core.model.market import SymbolInfo, Tick
from zepix_core.services.facts import PluginFacts


@attrs.frozen(kw_only=True)
class OpenTrade:
    """A trade of the asking plugin that is open or on its way; a pair is one trade.

    Attributes:
        tickets: Its positions; empty while none is known.
        lots: Lots of all its legs.
    """

    group: str
    symbol: str
    lots: float
    tickets: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class RiskFacts:
    """Money facts in account currency; a missing balance is ``None``, never 0.

    Attributes:
        daily_loss, lifetime_loss: Losses of the account, positive, profits not netted.
        plugin_daily_loss, plugin_lifetime_loss: Losses of the plugin, in this trading day and in all.
        open_risk, plugin_open_risk: What open and coming positions can still lose, at their stops or at their
            floating loss.
        unvalued: Symbols of open positions that nobody can value: the open risk is not known then.
        latched: Limits reached earlier that stay reached: ``daily``, ``lifetime``, ``plugin``,
            ``plugin_lifetime``; ``latches`` says since when and until when.
        day_end_ns: End of the trading day, UTC nanoseconds.
    """

    balance: float | None = None
    equity: float | None = None
    margin_free: float | None = None
    currency: str = "USD"
    daily_loss: float = 0.0
    lifetime_loss: float = 0.0
    plugin_daily_loss: float = 0.0
    plugin_lifetime_loss: float = 0.0
    open_risk: float = 0.0
    plugin_open_risk: float = 0.0
    unvalued: tuple[str, ...] = ()
    latched: frozenset[str] = frozenset()
    latches: tuple[Latch, ...] = ()
    day_end_ns: int = 0


@attrs.frozen(kw_only=True)
class GateFacts:
    """All that `zepix_core.services.gates.judge` needs.

    Attributes:
        paused: Why entries are stopped, ``""`` when they are not.
        link: False while the broker is away.
        tick: The newest quote, ``None`` when there is none.
        max_tick_age_seconds: Older quotes count as missing; ``None``: any age.
        hedging: False on an account that merges the positions of a symbol into one.
        synthetic_prices: The market follows the alert's price; the price band does not apply.
        atr: In price, ``None`` when unknown.
        rate_wait: Seconds until the rates allow another entry, 0 now.
        open_trades, trades_today: Of the asking plugin, in the book the order goes to.
        last_close_ns: Last close on the symbol in that book, 0 for none.
        stops_ns: Times of the plugin's recent stop losses, oldest first.
        closing: Tickets that count as gone; ``None``: those that the request names.
    """

    settings: TradingSettings
    plugin: PluginFacts
    now_ns: int
    info: SymbolInfo | None
    tick: Tick | None
    risk: RiskFacts
    paused: str = ""
    link: bool = True
    max_tick_age_seconds: float | None = None
    hedging: bool = True
    synthetic_prices: bool = False
    atr: float | None = None
    rate_wait: float = 0.0
    open_trades: tuple[OpenTrade, ...] = ()
    trades_today: int = 0
    last_close_ns: int = 0
    stops_ns: tuple[int, ...] = ()
    closing: frozenset[int] | None = None

    @property
    def now(self) -> datetime:
        return moment(self.now_ns)

    def known_symbol(self) -> SymbolInfo:
        """The symbol's facts, after the gate that asks for them.

        Raises:
            ValueError: There are none.
        """
        if self.info is None:
            raise ValueError("the symbol is not configured")
        return self.info

    def known_tick(self) -> Tick:
        """The quote, after the gate that asks for one.

        Raises:
            ValueError: There is none.
        """
        if self.tick is None:
            raise ValueError("there is no price")
        return self.tick
