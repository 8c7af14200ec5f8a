"""Reading decision vectors and feeding them to the very functions the plugins run."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from zepix_core import MarketState, Side, TrendPulseData
from zepix_core.config.structure import structure
from zepix_plugins_v6.alert import parse
from zepix_plugins_v6.breakeven import LegClosed, decide_breakeven
from zepix_plugins_v6.decide import decide, decide_shared, taken
from zepix_plugins_v6.decision import Action, V6Decision
from zepix_plugins_v6.duplicates import Memory
from zepix_plugins_v6.facts import Counters, Facts, OwnPosition, SymbolFacts
from zepix_plugins_v6.messages import MomentumChange, V6Message
from zepix_plugins_v6.profiles import BY_ID
from zepix_plugins_v6.pulse import rows_after
from zepix_plugins_v6.rules import Rules

HOME = Path(__file__).resolve().parent.parent / "vectors"
SHARED = "trend_pulse_manager"


@attrs.frozen
class Vector:
    """One vector of a file."""

    data: Mapping[str, Any]


def files() -> list[Path]:
    """The repository's vectors, and those of the folder that ZEPIX_VECTORS_DIR names."""
    found = sorted(HOME.glob("v6_*vectors.json"))
    other = os.environ.get("ZEPIX_VECTORS_DIR")
    more = sorted(Path(other).glob("v6_*vectors.json")) if other else []
    return found + [path for path in more if path.resolve() not in found]


def all_vectors() -> Iterator[tuple[str, Vector]]:
    """Every vector with an id of its own."""
    seen: dict[str, int] = {}
    for path in files():
        text = path.read_text(encoding="utf-8")
        data = json.loads(text, parse_float=Decimal, parse_constant=lambda _: None)
        for row in data["vectors"]:
            name = row["name"]
            seen[name] = seen.get(name, 0) + 1
            label = name if seen[name] == 1 else f"{name}-{path.parent.name}-{seen[name]}"
            yield label, Vector(row)


def rules_of(plugin: str, profile: str, changes: Mapping[str, Any]) -> Rules:
    """The rules of a plugin: its defaults, perhaps with the shipped file, and changes by short key."""
    found = BY_ID[plugin]
    plain = _copy(found.shipped) if profile == "shipped" else {}
    for key, value in changes.items():
        _put(plain, _path(found.config, key), _plain(value))
    return Rules.of(structure(plain, found.config))


def _copy(value: Any) -> Any:
    return {k: _copy(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _path(model: Any, key: str) -> tuple[str, ...]:
    """Where a short key lives: nearest to the top, sections in their order."""
    if "." in key:
        return ("settings", *key.split("."))
    if key in attrs.fields_dict(model):
        return (key,)
    settings: Any = attrs.fields_dict(model)["settings"].type
    if key in attrs.fields_dict(settings):
        return ("settings", key)
    for section in (
        "entry_conditions",
        "order_configuration",
        "risk_management",
        "exit_rules",
        "trend_pulse_integration",
    ):
        field = attrs.fields_dict(settings).get(section)
        inner: Any = None if field is None else field.type
        if inner is not None and key in attrs.fields_dict(inner):
            return ("settings", section, key)
    raise KeyError(f"{key!r} is no setting of {model.__name__}")


def _put(plain: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *tables, last = path
    for table in tables:
        plain = plain.setdefault(table, {})
    plain[last] = value


def run(vector: Vector) -> dict[str, Any]:
    """The decision about a vector, under the names of the sheet."""
    data, state = vector.data, vector.data["state"]
    plugin = data["plugin"]
    rules = None
    if plugin != SHARED:
        rules = rules_of(plugin, data["config_profile"], data["config"])
    profile = None if rules is None else rules.profile
    facts = facts_of(data, state)
    if "trade_update" in data:
        assert rules is not None
        symbol = state["positions"][0]["symbol"]
        facts = attrs.evolve(facts, symbol=symbol_of(state, symbol))
        return told(decide_breakeven(leg_closed(data["trade_update"], symbol), facts, rules))
    memory, rows = Memory(), facts.rows
    words = {(row["symbol"], row["timeframe"]): row["direction"] for row in state["momentum"]}
    for number, earlier in enumerate(data.get("before", ())):
        at = moment(earlier["received_at"])
        known = Facts(received_at=at, same_age=memory.age(str(number), at, earlier["body"]), rows=rows)
        decision = decide_shared(parse(earlier["body"]), known)
        if taken(decision):
            memory.take(str(number), at, earlier["body"])
        if decision.row is not None:
            rows = rows_after(rows, decision.row)
        if decision.momentum is not None and isinstance(decision.message, MomentumChange):
            words[decision.message.ticker, decision.message.timeframe] = decision.momentum
    body, at = data["alert"], facts.received_at
    message = parse(body)
    ticker = message.ticker if isinstance(message, V6Message) else ""
    facts = attrs.evolve(
        facts,
        rows=rows,
        same_age=memory.age("now", at, body),
        symbol=symbol_of(state, ticker),
        momentum=words.get((ticker, profile.timeframe)) if profile else None,
    )
    if rules is None:
        return told(decide_shared(message, facts))
    return told(decide(message, facts, rules))


def leg_closed(update: Mapping[str, Any], symbol: str) -> LegClosed:
    """A trade update of the vectors."""
    return LegClosed(symbol=symbol, pair=update["pair_id"], leg=update["leg"], reason=update["reason"])


def facts_of(data: Mapping[str, Any], state: Mapping[str, Any]) -> Facts:
    """A vector's state as the decision takes it. The caps are judged after the last filter."""
    return Facts(
        received_at=moment(data["received_at"]),
        balance=amount(state["balance"]),
        spread_pips=amount(state.get("spread_pips")),
        rows=tuple(row_of(row) for row in state["market_trends"]),
        positions=tuple(position_of(row) for row in state["positions"]),
        counters=Counters(
            open_trades=state["open_trades"],
            trades_today=state["trades_today"],
            daily_loss=Decimal(state["daily_loss"]),
        ),
    )


def symbol_of(state: Mapping[str, Any], symbol: str) -> SymbolFacts | None:
    """A row of the vectors' symbol table; one without a pip size, a pip value or a step is no row."""
    row = state["symbol_info"].get(symbol) or {}
    numbers = [amount(row.get(key)) for key in ("pip_size", "pip_value_per_lot", "lot_step")]
    if not all(number is not None and number > 0 for number in numbers):
        return None
    return SymbolFacts(
        digits=int(row["digits"]),
        pip_size=Decimal(row["pip_size"]),
        pip_value=Decimal(row["pip_value_per_lot"]),
        min_lot=Decimal(row["min_lot"]),
        max_lot=Decimal(row["max_lot"]),
        step=Decimal(row["lot_step"]),
    )


def row_of(row: Mapping[str, Any]) -> TrendPulseData:
    """A trend row of the vectors."""
    return TrendPulseData(
        symbol=row["symbol"],
        timeframe=row["timeframe"],
        bull_count=row["bull_count"],
        bear_count=row["bear_count"],
        market_state=MarketState(row["market_state"]),
        changes=row["changes"],
        last_updated=moment(row["last_updated"]),
    )


def position_of(row: Mapping[str, Any]) -> OwnPosition:
    """A position of the vectors."""
    return OwnPosition(
        ticket=row["ticket"],
        plugin=row["plugin"],
        symbol=row["symbol"],
        side=Side(row["direction"]),
        volume=Decimal(row["volume"]),
        leg=row.get("leg", ""),
        profit=Decimal(row.get("profit", 0)),
        price_open=Decimal(row.get("open_price", 0)),
        sl=amount(row.get("sl")),
        pair=row.get("pair_id", ""),
        runner=row.get("runner", False),
    )


def amount(value: Any) -> Decimal | None:
    """A figure, ``None`` when it is none."""
    return None if isinstance(value, bool) or not isinstance(value, int | Decimal) else Decimal(value)


def moment(text: str) -> datetime:
    """A moment of the vectors."""
    return datetime.fromisoformat(text)


def told(decision: V6Decision) -> dict[str, Any]:
    """The decision under the sheet's names."""
    facts = decision.facts()
    renamed = {Action.REJECT: "filter", Action.MALFORMED: "error"}.get(decision.action)
    if renamed is not None:
        facts[renamed] = facts.pop("reason")
    row = decision.row
    if row is not None:
        facts |= {
            "row": {
                "symbol": row.symbol,
                "timeframe": row.timeframe,
                "bull_count": row.bull_count,
                "bear_count": row.bear_count,
                "market_state": row.market_state.value,
                "changes": row.changes,
                "last_updated": row.last_updated.isoformat().replace("+00:00", "Z"),
            },
            "net_direction": row.net_direction,
            "strength": Decimal(str(round(row.strength, 6))),
        }
    if isinstance(decision.message, MomentumChange) and decision.momentum is not None:
        facts |= {
            "symbol": decision.message.ticker,
            "timeframe": decision.message.timeframe,
            "direction": decision.momentum,
        }
    return facts


def differences(expected: Any, got: Any, path: str = "") -> list[str]:
    """Where ``got`` is not what is expected; keys that are not expected are not looked at."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return [
            line
            for key, value in expected.items()
            for line in differences(value, got.get(key, "(absent)"), f"{path}.{key}".lstrip("."))
        ]
    return [] if expected == got else [f"{path}: expected {expected!r}, got {got!r}"]
