"""What a worker asks of the host: one frozen request and one answer per call of the ServiceAPI."""

import attrs

from zepix_core.model.market import Bar, Quote, Side, SymbolInfo, TradingHours
from zepix_core.model.notice import Notice
from zepix_core.model.order import CloseResult, OrderResult, PluginOrder
from zepix_core.model.report import ReportLevel

LEG_NAMES = ("A", "B")
"""What orders of the ServiceAPI are called, A before B."""


@attrs.frozen(kw_only=True)
class Leg:
    """One order of a request. ``lots`` is ``None`` when the host splits a total; ``tp`` 0.0 is none."""

    name: str
    sl: float
    tp: float
    lots: float | None = None
    label: str = ""


@attrs.frozen(kw_only=True)
class PlaceRequest:
    """Place one order or a pair.

    Attributes:
        method: The ServiceAPI method, which is also the capability needed.
        total: Lots of all legs together, for the host to split; ``None`` when every leg has its lots.
        price: The price the decision was made at, 0.0 when it has none.
        key: Needed outside ``on_alert``; inside it tells two requests of one alert apart.
        closing: Tickets that will be closed first; the caps are judged as if they were gone.
        logic: Route of the decision, for the record.
    """

    method: str
    symbol: str
    side: Side
    legs: tuple[Leg, ...]
    total: float | None = None
    price: float = 0.0
    key: str | None = None
    closing: tuple[int, ...] = ()
    logic: str = ""


@attrs.frozen(kw_only=True)
class PlaceReply:
    """One result per leg, in order. For a check: what sending would have met."""

    results: tuple[OrderResult, ...]


@attrs.frozen(kw_only=True)
class ModifyRequest:
    """Change stops of an own position; ``None`` keeps the present value."""

    ticket: int
    sl: float | None = None
    tp: float | None = None
    key: str | None = None


@attrs.frozen(kw_only=True)
class CloseRequest:
    """Close an own position: all of it, ``percentage`` of it (0..100), or ``lots`` of it."""

    ticket: int
    percentage: float = 100.0
    reason: str = "Manual"
    key: str | None = None


@attrs.frozen(kw_only=True)
class KeyRequest:
    """A question about what was asked for under a key; ``None``: under the alert's own."""

    key: str | None = None


@attrs.frozen(kw_only=True)
class SymbolRequest:
    """A question about one symbol; ``None`` means all where that makes sense."""

    symbol: str | None = None


@attrs.frozen(kw_only=True)
class BarsRequest:
    """The newest ``count`` closed bars of a symbol; ``minutes`` is their width."""

    symbol: str
    minutes: int
    count: int


@attrs.frozen(kw_only=True)
class RiskState:
    """Money facts. A missing balance is ``None``, never 0.

    Attributes:
        daily_loss, lifetime_loss: Losses of the account as positive numbers.
        plugin_daily_loss: Losses of the asking plugin in this trading day.
        tier: Name of the account tier, ``None`` without a balance.
    """

    balance: float | None
    equity: float | None
    margin_free: float | None
    daily_loss: float | None
    lifetime_loss: float | None
    plugin_daily_loss: float | None
    tier: str | None
    currency: str = "USD"


@attrs.frozen(kw_only=True)
class LimitState:
    """``check_daily_limit`` and ``check_lifetime_limit``; money, losses positive.

    Attributes:
        scope: ``account``, or the plugin's id when its own limit was reached or is the tighter.
        remaining: 0.0 while the limit stops entries, also when it was raised since.
        until: When a daily limit that was reached ends, ISO 8601 UTC; ``None``: none was, or only a person
            ends it.
    """

    scope: str
    loss: float
    limit: float
    remaining: float
    can_trade: bool
    risk_tier: str | None
    error: str = ""
    until: str | None = None


@attrs.frozen(kw_only=True)
class RiskRequest:
    """``validate_trade_risk``: a volume and the distance of its stop in pips."""

    symbol: str
    lot_size: float
    sl_pips: float


@attrs.frozen(kw_only=True)
class RiskVerdict:
    """Answer of ``validate_trade_risk``; money in account currency."""

    valid: bool
    reason: str = ""
    potential_loss: float = 0.0
    open_risk: float = 0.0
    remaining_daily: float = 0.0
    remaining_lifetime: float = 0.0
    smart_lot: float | None = None


@attrs.frozen(kw_only=True)
class RiskCheckRequest:
    """``check_risk_limits``: a volume on a symbol; ``direction`` is ``None`` for either."""

    symbol: str
    lot_size: float
    direction: Side | None = None


@attrs.frozen(kw_only=True)
class RiskCheck:
    """Answer of ``check_risk_limits``.

    Attributes:
        violations: Outcome codes of what does not hold, with a sentence: ``NO_MARGIN: ...``.
        daily_limit_ok: Neither the account's nor the plugin's daily limit is reached.
        lot_size_ok: The volume is on a step between the minimum and every cap.
        margin_ok: Margin stays free after the trade.
    """

    allowed: bool
    violations: tuple[str, ...] = ()
    daily_limit_ok: bool = True
    lot_size_ok: bool = True
    margin_ok: bool = True


@attrs.frozen(kw_only=True)
class LimitRequest:
    """Which limit: ``daily`` or ``lifetime``."""

    which: str


@attrs.frozen(kw_only=True)
class LevelRequest:
    """``market.when``: a price level; ``quote`` is ``bid`` or ``ask``, ``above`` the side it is waited on."""

    symbol: str
    price: float
    above: bool
    quote: str
    key: str


@attrs.frozen(kw_only=True)
class AlarmRequest:
    """``clock.at``: a moment, UTC nanoseconds."""

    due_ns: int
    key: str


@attrs.frozen(kw_only=True)
class HandleRequest:
    """What `LevelRequest` and `AlarmRequest` were answered with."""

    handle: str


@attrs.frozen(kw_only=True)
class ReportRequest:
    """``api.report``: what to show people of the plugin until UTC nanoseconds; an empty text clears it."""

    name: str
    text: str
    level: ReportLevel = ReportLevel.INFO
    next: str = ""
    until_ns: int | None = None


@attrs.frozen(kw_only=True)
class Empty:
    """Nothing to say."""


CALLS: dict[str, tuple[type, object]] = {
    "orders.place": (PlaceRequest, PlaceReply),
    "orders.check": (PlaceRequest, PlaceReply),
    "orders.modify": (ModifyRequest, OrderResult),
    "orders.close": (CloseRequest, CloseResult),
    "orders.list": (SymbolRequest, tuple[PluginOrder, ...]),
    "orders.results": (KeyRequest, PlaceReply),
    "risk.state": (Empty, RiskState),
    "risk.limit": (LimitRequest, LimitState),
    "risk.validate": (RiskRequest, RiskVerdict),
    "risk.check": (RiskCheckRequest, RiskCheck),
    "market.quote": (SymbolRequest, Quote | None),
    "market.symbol": (SymbolRequest, SymbolInfo | None),
    "market.hours": (SymbolRequest, TradingHours | None),
    "market.bars": (BarsRequest, tuple[Bar, ...]),
    "market.when": (LevelRequest, str),
    "market.cancel": (HandleRequest, bool),
    "clock.at": (AlarmRequest, str),
    "clock.cancel": (HandleRequest, bool),
    "notice.send": (Notice, Empty),
    "status.report": (ReportRequest, Empty),
}
"""Name of each call: what goes to the host, and what comes back."""

BY_PRICE = frozenset(
    {"market.quote", "market.bars", "orders.place", "orders.check", "orders.modify", "orders.close"}
)
"""Calls whose answer depends on the market's price."""
