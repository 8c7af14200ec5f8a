"""What the pages of hooks and ServiceAPI must hold, read from the classes themselves."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs

import zepix_core
from tests.docs.completeness import Check
from zepix_core import hookspecs
from zepix_core.api import ServiceAPI
from zepix_core.model import alert, change, decision, market, order, trend_pulse, volatility, wake
from zepix_core.plugin import Capability, LogicPlugin
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

SERVICES = {
    "orders": Orders, "market": Market, "risk": Risk, "trend": Trend, "profit": Profit, "clock": Alarms,
    "old": Old,
}  # fmt: skip
OBJECTS = {"services": ServiceRegistry, "trading_days": TradingDays, "db": PluginDatabase}
TRADING = {"OrderResult", "DualResult", "CloseResult", "GroupResult"}
VALUES = {
    "reference/hooks.md": (
        alert.Alert, decision.Decision, decision.Gate, decision.Step, market.Tick, order.TradeUpdate,
        change.Change, wake.Wake,
    ),
    "reference/api.md": (
        order.OrderResult, order.DualResult, order.CloseResult, order.GroupResult,
        order.PluginOrder, market.Quote, market.SymbolInfo, market.TradingHours, market.Bar,
        volatility.PriceRange, volatility.VolatilityState, worker_old.LotSize,
        registry.ServiceMetrics, registry.ServicesHealth, calls.RiskState,
        calls.LimitState, calls.RiskVerdict, trends.Pillar, trends.LogicAlignment,
        trend_pulse.TrendPulseData, trend_pulse.HigherTrend,
        plugin_database.DatabaseStats, realised.Realised, order_row.OrderRow,
    ),
}  # fmt: skip


def contract_checks() -> Iterator[Check]:
    """Hooks, methods and values."""
    hooks = {name: _needed(getattr(hookspecs, name), name) for name in hookspecs.HOOKS}
    yield Check(name="hooks", page="reference/hooks.md", expected=hooks, rows=False)
    yield Check(
        name="methods of the ServiceAPI",
        page="reference/api.md",
        expected={name: _needed(function, name) for name, function in methods()},
        rows=False,
    )
    helpers = {
        name: (f"`{name}(", (inspect.getdoc(function) or "").split("\n")[0].split("`")[0])
        for name in zepix_core.__all__
        if inspect.isfunction(function := getattr(zepix_core, name))
        and name not in ("create_service_api", "setting")
    }
    yield Check(name="functions of zepix_core", page="reference/api.md", expected=helpers, rows=False)
    declared = tuple(f"`{name}`" for name in vars(LogicPlugin) if not name.startswith("_"))
    yield Check(
        name="what a plugin declares",
        page="reference/hooks.md",
        expected={
            "Capability": tuple(f"Capability.{one.name}" for one in Capability),
            "AlertClass": tuple(f"AlertClass.{one.name}" for one in alert.AlertClass),
        },
        rows=False,
    )
    yield Check(
        name="declarations of a plugin",
        page="reference/hooks.md",
        expected={"LogicPlugin": declared},
        rows=False,
    )
    for page, kinds in VALUES.items():
        yield Check(
            name=f"values in {page}",
            page=page,
            expected={kind.__name__: _fields(kind) for kind in kinds},
            rows=False,
        )


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public method a plugin can reach, by the shortest name it has."""
    source = inspect.getsource(ServiceAPI)
    for name, member in vars(ServiceAPI).items():
        if not name.startswith("_") and name[0].islower():
            yield name, getattr(member, "fget", member)
    for room, kind in {**SERVICES, **OBJECTS}.items():
        for name, member in vars(kind).items():
            if name.startswith("_") or not inspect.isfunction(member):
                continue
            short = room in SERVICES and re.search(rf"self\.{name} = {room}\.{name}$", source, re.MULTILINE)
            yield name if short else f"{room}.{name}", member


def _needed(function: Callable[..., Any], name: str) -> tuple[str, ...]:
    told = inspect.signature(function)
    parameters = [p for p in told.parameters.values() if p.name != "self"]
    shown = re.sub(r"<(\w+)\.(\w+): \d+>", r"\1/\2", str(told.replace(parameters=parameters)))
    shown = re.sub(r"(?:[A-Za-z_]\w*\.)+(\w+)", r"\1", shown).replace("/", ".")
    short = name.rpartition(".")[2]
    first = (inspect.getdoc(function) or "").split("\n")[0].replace("``", "")
    first = re.split(r"[(`]", first)[0]
    needed = [first, "```python", f"{short}"]
    if function.__module__ == PluginDatabase.__module__:  # its types have names of their own there
        needed += [f"{parameter.name}:" for parameter in parameters]
    else:
        needed.append(f"def {short}{shown}")
    if inspect.iscoroutinefunction(function):
        needed.append(f"async def {short}")
    if getattr(told.return_annotation, "__name__", "") in TRADING:
        needed.append("Outcome codes: ")
    return tuple(needed)


def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f"| `{field.name}` | " for field in attrs.fields(kind))
