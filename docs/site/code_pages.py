"""The reference pages of the contract with plugins: hooks and the ServiceAPI."""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docstrings import markdown, signature, value_section

import zepix_core
from zepix_core import hookspecs, plugin
from zepix_core.api import ServiceAPI
from zepix_core.model import alert, change, decision, market, order, trend_pulse, volatility, wake
from zepix_core.rules import realised
from zepix_core.rules.trading_day import TradingDays
from zepix_core.services import calls, registry, worker_old
from zepix_core.services.registry import ServiceRegistry
from zepix_core.services.worker_clock import Alarms
from zepix_core.services.worker_market import Market
from zepix_core.services.worker_old import Old
from zepix_core.services.worker_orders import Orders
from zepix_core.services.worker_profit import Profit
from zepix_core.services.worker_risk import Risk
from zepix_core.services.worker_trend import Trend
from zepix_core.storage import order_row, plugin_database, trends
from zepix_core.storage.plugin_database import PluginDatabase

HOOK_VALUES = (
    alert.Alert,
    decision.Decision,
    decision.Gate,
    decision.Step,
    market.Tick,
    order.TradeUpdate,
    change.Change,
    wake.Wake,
)
API_VALUES = (
    order.OrderResult,
    order.DualResult,
    order.CloseResult,
    order.GroupResult,
    order.PluginOrder,
    market.Quote,
    market.SymbolInfo,
    market.TradingHours,
    market.Bar,
    volatility.PriceRange,
    volatility.VolatilityState,
    worker_old.LotSize,
    registry.ServiceMetrics,
    registry.ServicesHealth,
    calls.RiskState,
    calls.LimitState,
    calls.RiskVerdict,
    trends.Pillar,
    trends.LogicAlignment,
    trend_pulse.TrendPulseData,
    trend_pulse.HigherTrend,
    plugin_database.DatabaseStats,
    realised.Realised,
    order_row.OrderRow,
)
NO_HELPERS = ("create_service_api", "setting")  # they have pages of their own
ROOMS: tuple[tuple[str, str, type[Any], str], ...] = (
    ("Orders", "orders", Orders, "orders"),
    ("Market", "market", Market, "market"),
    ("Risk and sizes", "risk", Risk, "risk"),
    ("Trends", "trend", Trend, "trend"),
    ("Profit", "profit", Profit, "profit"),
    ("Time", "clock", Alarms, "clock"),
    ("Names of earlier versions", "old", Old, "old"),
    ("Services by name", "services", ServiceRegistry, ""),
    ("Trading days", "trading_days", TradingDays, ""),
    ("Database", "db", PluginDatabase, ""),
)


def hooks_page(texts: Mapping[str, Any]) -> str:
    """Every hook with its signature and an implementation."""
    parts = ["# Hooks", texts["intro"].strip()]
    for name in hookspecs.HOOKS:
        function = getattr(hookspecs, name)
        parts += [f"### {name}", _block(signature(function)), markdown(function)]
        parts += [texts["notes"][name].strip(), _block(texts["examples"][name])]
    parts += ["## What a plugin declares", "### LogicPlugin", markdown(plugin.LogicPlugin)]
    parts += ["### GroupFeed", markdown(plugin.GroupFeed)]
    for _, function in methods(plugin.GroupFeed):
        parts += [_block(signature(function)), markdown(function)]
    parts += ["### Capability", markdown(plugin.Capability), _members(plugin.Capability)]
    parts += ["### AlertClass", markdown(alert.AlertClass), _members(alert.AlertClass)]
    parts += ["## Values", *(value_section(kind) for kind in HOOK_VALUES)]
    return "\n\n".join(parts) + "\n"


def _members(kind: Any) -> str:
    return "\n".join(f"* `{kind.__name__}.{member.name}` = `{member.value}`" for member in kind)


def api_page(texts: Mapping[str, Any]) -> str:
    """Every method of the ServiceAPI, with units, outcomes, errors and an example."""
    examples = dict(texts["examples"])
    parts = ["# ServiceAPI", texts["intro"].strip()]
    for title, room, kind, shown in ROOMS:
        parts.append(f"## {title}")
        if doc := markdown(kind):
            parts.append(doc)
        for name, function in methods(kind):
            short = bool(shown) and name in shortcuts(room)
            parts += _method(f"{'' if short else room + '.'}{name}", function, examples, texts["codes"])
            if short:
                parts.append(f"Also `api.{room}.{name}`.")
    parts.append("## Settings, time, people, log")
    for name, member in own():
        parts += _method(name, member, examples, texts["codes"])
    if examples:
        raise ValueError(f"examples of methods that do not exist: {', '.join(examples)}")
    parts += ["## Values", *(value_section(kind) for kind in API_VALUES)]
    parts += ["## Functions", texts["functions"].strip(), *helpers()]
    return "\n\n".join(parts) + "\n"


def helpers() -> Iterator[str]:
    """Functions that `zepix_core` offers beside the ServiceAPI, with their signatures."""
    for name in zepix_core.__all__:
        function = getattr(zepix_core, name)
        if inspect.isfunction(function) and name not in NO_HELPERS:
            yield f"### {name}"
            line = " ".join(signature(function).removesuffix(": ...").removeprefix("def ").split())
            yield f"`{line.replace('( ', '(').replace(', )', ')')}`"
            yield markdown(function)


def _method(
    name: str, function: Callable[..., Any], examples: dict[str, str], codes: Mapping[str, str]
) -> Iterator[str]:
    yield f"### {name}"
    yield _block(signature(function, name.rpartition(".")[2]))
    yield markdown(function)
    if name in codes:
        yield f"Outcome codes: {codes[name]}"
    yield _block(examples.pop(name))


def methods(kind: type[Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Public methods of a class, as they are declared."""
    for name, member in vars(kind).items():
        if not name.startswith("_") and inspect.isfunction(member):
            yield name, member


def own() -> Iterator[tuple[str, Callable[..., Any]]]:
    """What stands on the API itself, properties included."""
    for name, member in vars(ServiceAPI).items():
        if name.startswith("_") or name == "VERSION":
            continue
        yield name, getattr(member, "fget", member)


def shortcuts(room: str) -> frozenset[str]:
    """Names of a room's methods that stand on the API, too."""
    source = inspect.getsource(ServiceAPI)
    return frozenset(re.findall(rf"self\.(\w+) = {room}\.\1$", source, re.MULTILINE))


def _block(code: str) -> str:
    return f"```python\n{textwrap.dedent(code).strip()}\n```"
