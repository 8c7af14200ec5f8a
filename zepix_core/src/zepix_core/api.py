"""The ServiceAPI: the only door from a plugin to broker, risk, market, people and settings."""

import logging
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from zepix_core.clock import Clock, SystemClock, moment
from zepix_core.errors import BadArgument
from zepix_core.model.notice import Notice, Priority
from zepix_core.plugin import PluginConfig
from zepix_core.rules.trading_day import TradingDays, parse_reset_time
from zepix_core.services import arguments
from zepix_core.services.host_calls import HostCalls
from zepix_core.services.host_view import HostView, view_of
from zepix_core.services.registry import ServiceRegistry, ServicesHealth
from zepix_core.services.worker_clock import Alarms
from zepix_core.services.worker_market import Market
from zepix_core.services.worker_old import Old
from zepix_core.services.worker_orders import Orders
from zepix_core.services.worker_profit import Profit
from zepix_core.services.worker_reports import report_request
from zepix_core.services.worker_risk import Risk
from zepix_core.services.worker_trend import Trend

if TYPE_CHECKING:
    from zepix_core.storage.plugin_database import PluginDatabase
    from zepix_core.storage.pulse import PulseStore
    from zepix_core.storage.trends import TrendStore

VERSION = "2.0.0"
DEFAULT_ID = "core"
LEVELS = ("debug", "info", "warning", "error", "critical")
WORDS = {
    "critical": Priority.HIGH,
    "high": Priority.HIGH,
    "normal": Priority.MEDIUM,
    "low": Priority.LOW,
    "info": Priority.INFO,
}
LONGEST_TEXT = 4000


class ServiceAPI:
    """One per plugin. The functions of its services stand on the API itself, too, by the same names.

    Attributes:
        VERSION: Informative; what fits together is said by the distribution's requirement on zepix-core.
        plugin_id: The plugin this API is bound to: it sees and touches only that plugin's orders.
        orders, market, risk: The services; each method's docstring tells units, outcomes and errors.
        trend: Trends of the plugin's own database group.
        profit: Taking parts of a profit, and keeping what is reached.
        clock: The time, and being woken at a time.
        services: The services by name, with the figures of their calls.
        old: Names of earlier versions.
        db: The database of the plugin's group; only this plugin's worker writes it.
        log_to: The logger ``zepix.plugin.<id>``.
    """

    VERSION = VERSION

    def __init__(
        self,
        plugin_id: str,
        calls: HostCalls,
        clock: Clock,
        config: Callable[[], PluginConfig],
        host: Callable[[], HostView],
        db: "PluginDatabase",
        trends: "TrendStore",
        pulse: "PulseStore",
    ) -> None:
        self.plugin_id = plugin_id
        self.log_to = logging.getLogger(f"zepix.plugin.{plugin_id}")
        self._calls, self._clock, self._config, self._host = calls, clock, config, host
        self.db = db
        self.services = ServiceRegistry(clock.monotonic)
        market = Market(calls, clock.monotonic)
        risk = Risk(calls, market, lambda: host().rules, lambda: config().risk_settings().max_lot_size)
        trend = Trend(calls, trends, pulse, lambda: host().rules.trend_pulse.max_age_minutes)
        self.orders: Orders = self.services.add("orders", Orders(calls))
        self.market: Market = self.services.add("market", market)
        self.risk: Risk = self.services.add("risk", risk)
        self.trend: Trend = self.services.add("trend", trend)
        self.profit: Profit = self.services.add("profit", Profit(calls, self.orders, self.market))
        self.old = Old(self.orders, self.market, self.risk)
        self.clock = Alarms(calls, clock)
        self._by_name()

    def _by_name(self) -> None:
        """The names on the API itself."""
        orders, market, risk, trend = self.orders, self.market, self.risk, self.trend
        profit, old = self.profit, self.old
        self.place_dual_orders_v3 = orders.place_dual_orders_v3
        self.check_dual_orders_v3 = orders.check_dual_orders_v3
        self.place_dual_orders_v6 = orders.place_dual_orders_v6
        self.place_single_order_a = orders.place_single_order_a
        self.place_single_order_b = orders.place_single_order_b
        self.place_order = orders.place_order
        self.modify = orders.modify
        self.modify_order_async = orders.modify_order_async
        self.close_position = orders.close_position
        self.close_position_partial = orders.close_position_partial
        self.close_each = orders.close_each
        self.close_positions = orders.close_positions
        self.close_positions_by_direction = orders.close_positions_by_direction
        self.get_plugin_orders = orders.get_plugin_orders
        self.get_order_results = orders.get_order_results
        self.get_current_price_data = market.get_current_price_data
        self.get_current_spread = market.get_current_spread
        self.check_spread_acceptable = market.check_spread_acceptable
        self.is_market_open = market.is_market_open
        self.get_trading_hours = market.get_trading_hours
        self.get_symbol_info = market.get_symbol_info
        self.get_pip_size = market.get_pip_size
        self.calculate_pip_value = market.calculate_pip_value
        self.get_bars = market.get_bars
        self.get_price_range = market.get_price_range
        self.get_volatility_state = market.get_volatility_state
        self.get_atr = market.get_atr
        self.calculate_lot_size_async = risk.calculate_lot_size_async
        self.get_fixed_lot_size = risk.get_fixed_lot_size
        self.fixed_money_sl = risk.fixed_money_sl
        self.calculate_sl_pips = risk.calculate_sl_pips
        self.calculate_tp_pips = risk.calculate_tp_pips
        self.calculate_atr_sl = risk.calculate_atr_sl
        self.calculate_atr_tp = risk.calculate_atr_tp
        self.check_daily_limit = risk.check_daily_limit
        self.check_lifetime_limit = risk.check_lifetime_limit
        self.validate_trade_risk = risk.validate_trade_risk
        self.check_risk_limits = risk.check_risk_limits
        self.update_trend = trend.update_trend
        self.get_timeframe_trend = trend.get_timeframe_trend
        self.get_mtf_trends = trend.get_mtf_trends
        self.validate_v3_trend_alignment = trend.validate_v3_trend_alignment
        self.check_logic_alignment = trend.check_logic_alignment
        self.update_trend_pulse = trend.update_trend_pulse
        self.get_market_state = trend.get_market_state
        self.get_pulse_data = trend.get_pulse_data
        self.pulse_rows = trend.pulse_rows
        self.check_pulse_alignment = trend.check_pulse_alignment
        self.check_higher_tf_trend = trend.check_higher_tf_trend
        self.book_profit = profit.book_profit
        self.move_to_breakeven = profit.move_to_breakeven
        self.get_price = old.get_price
        self.get_balance = old.get_balance
        self.get_equity = old.get_equity
        self.close_trade = old.close_trade
        self.modify_order = old.modify_order
        self.get_open_trades = old.get_open_trades
        self.calculate_lot_size = old.calculate_lot_size
        self.calculate_sl_price = old.calculate_sl_price

    @property
    def config(self) -> Any:
        """The plugin's settings in force: a frozen value of its ``config_model``."""
        return self._config()

    def now(self) -> datetime:
        """The present moment, aware UTC; replay gives its own time."""
        return moment(self._clock.now_ns())

    @property
    def trading_days(self) -> TradingDays:
        """Where one trading day ends and the next begins, by the host's settings in force."""
        rules = self._host().rules
        return TradingDays(reset=parse_reset_time(rules.daily_reset_time), zone=ZoneInfo(rules.timezone))

    def check_health(self) -> ServicesHealth:
        """How the calls of each service went: how many, how many raised, how long they took.

        A service is unhealthy when more than 5 % of its last 100 calls (at least 20) raised.
        """
        return self.services.health()

    def get_config(self, key: str, default: Any = None) -> Any:
        """A setting of the host by its dotted key, such as ``rr_ratio`` or ``risk_config.max_lot_size``.

        A dot inside a key is written ``\\.``; what is not there gives ``default``. Values are copies.
        """
        return _look_up(self._host().plain, key, default)

    def get_plugin_config(self, key: str, default: Any = None) -> Any:
        """A setting of this plugin by its dotted key, as `get_config`; values are of the frozen model."""
        return _look_up(self._config(), key, default)

    async def notify(
        self,
        type: str,
        priority: Priority | str = Priority.MEDIUM,
        text: str = "",
        data: Mapping[str, Any] | None = None,
        *,
        symbol: str | None = None,
        key: str | None = None,
    ) -> None:
        """Tell people. The notice is written down by the host; sending never delays trading.

        Args:
            type: One of the notice types, such as ``trade_opened``.
            priority: A `Priority` or its word; more than HIGH is sent as HIGH.
            text: What to say, at most 4,000 characters.
            data: The type's fields, JSON values only.
            key: Two notices of equal type and key within 5 minutes are one.

        Raises:
            BadArgument: No such priority, or a text that is too long.
        """
        notice = Notice(
            type=arguments.text("type", type, longest=60),
            priority=_priority(priority),
            text=arguments.text("text", text, longest=LONGEST_TEXT) if text else "",
            data=dict(data or {}),
            plugin=self.plugin_id,
            symbol=symbol,
            key=key,
        )
        await self._calls.call("notice.send", notice)

    async def report(
        self,
        name: str,
        text: str,
        *,
        level: str = "info",
        until: datetime | None = None,
        next: str = "",
    ) -> None:
        """Show people something that holds for now: a line in ``zepix status`` until it is cleared.

        It survives a restart. Unlike a notice it is sent to nobody; told again unchanged it costs no write.

        Args:
            name: What it is about, at most 60 characters; the same name replaces what was told before.
            text: At most 300 characters; an empty one clears it.
            level: ``info``; ``warning`` or ``error`` are findings of ``zepix doctor``, too.
            until: Aware; it ends by itself then.
            next: What a person should do about it, at most 300 characters.

        Raises:
            BadArgument: A wrong argument, or this plugin reports 50 things already.
        """
        await self._calls.call("status.report", report_request(name, text, level, until, next))

    async def send_notification(self, message: str, priority: str = "normal") -> None:
        """Tell people a plain message; ``priority`` is critical, high, normal, low or info."""
        await self.notify(
            "plugin_message", priority, arguments.text("message", message, longest=LONGEST_TEXT)
        )

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Write a line to the plugin's log; ``fields`` are kept as values beside it.

        Raises:
            BadArgument: ``level`` is not debug, info, warning, error or critical.
        """
        name = arguments.one_of("level", level, LEVELS)
        number = logging.getLevelNamesMapping()[name.upper()]
        self.log_to.log(number, "%s", message, extra={"fields": fields})


def create_service_api(
    calls: HostCalls,
    db: "PluginDatabase",
    trends: "TrendStore",
    pulse: "PulseStore",
    *,
    plugin_id: str = DEFAULT_ID,
    clock: Clock | None = None,
    config: Callable[[], PluginConfig] | None = None,
    host: Callable[[], HostView] | None = None,
) -> ServiceAPI:
    """An API bound to a plugin, or to ``core``. Plugins are given theirs; nobody else needs one.

    Args:
        calls: The way to the host, which judges what the plugin may do.
        db, trends, pulse: The file of the plugin's database group, and what it holds of trends.
        clock: The machine's when not given.
        config: Gives the plugin's settings in force; those of every plugin at their defaults.
        host: Gives the host's settings in force; their defaults.
    """
    plain, view = PluginConfig(plugin_id=plugin_id), view_of({})
    return ServiceAPI(
        plugin_id,
        calls,
        clock or SystemClock(),
        config or (lambda: plain),
        host or (lambda: view),
        db,
        trends,
        pulse,
    )


def _priority(value: Priority | str) -> Priority:
    if isinstance(value, str):
        word = value.lower()
        if word in WORDS:
            return WORDS[word]
        names = {p.name.lower(): p for p in Priority}
        if word not in names:
            raise BadArgument(f"priority must be one of {', '.join(WORDS)}, not {value!r}.")
        value = names[word]
    if not isinstance(value, Priority):
        raise BadArgument(f"priority must be a Priority, not {value!r}.")
    return min(value, Priority.HIGH)


def _look_up(root: Any, key: str, default: Any) -> Any:
    value = root
    for part in key.replace("\\.", "\0").split("."):
        name = part.replace("\0", ".")
        if isinstance(value, Mapping):
            if name not in value:
                return default
            value = value[name]
        elif isinstance(value, list | tuple) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif hasattr(type(value), "__attrs_attrs__") and not name.startswith("_") and hasattr(value, name):
            value = getattr(value, name)
        else:
            return default
    return deepcopy(value)
