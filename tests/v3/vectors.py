"""Reading decision vectors and feeding them to the very functions the plugin runs."""

import json
import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from zepix_core import Side, read_object
from zepix_core.inbox.admission import Refusal as HostRefusal
from zepix_core.inbox.admission import screen
from zepix_plugins_v3.alert import Refusal, V3Alert, parse
from zepix_plugins_v3.decide import decide, refused
from zepix_plugins_v3.decision import PLUGIN_ID, Accepted, Action, OpenPosition, State, V3Decision
from zepix_plugins_v3.duplicates import meaning
from zepix_plugins_v3.rules import Rules, from_short_names
from zepix_plugins_v3.stops import SymbolFacts

HOME = Path(__file__).resolve().parent.parent / "vectors"
LIMITS = {
    "5000": (100, 500),
    "10000": (200, 1000),
    "25000": (500, 2500),
    "50000": (1000, 5000),
    "100000": (2000, 10000),
}
"""The host's daily and lifetime loss limits by tier."""


@attrs.frozen
class Vector:
    """One vector with the symbol table of its file."""

    name: str
    input: Mapping[str, Any]
    state: Mapping[str, Any]
    expected: Mapping[str, Any]
    symbols: Mapping[str, SymbolFacts]


def files() -> list[Path]:
    """The repository's vectors, and those of the folder that ZEPIX_VECTORS_DIR names."""
    found = sorted(HOME.glob("v3_*vectors.json"))
    other = os.environ.get("ZEPIX_VECTORS_DIR")
    more = sorted(Path(other).glob("v3_*vectors.json")) if other else []
    return found + [path for path in more if path.resolve() not in found]


def all_vectors() -> Iterator[tuple[str, Vector]]:
    """Every vector with an id of its own."""
    seen: dict[str, int] = {}
    for path in files():
        text = path.read_text(encoding="utf-8")
        data = json.loads(text, parse_float=Decimal, parse_constant=lambda _: None)
        symbols = {name: facts(row) for name, row in data["symbols"].items()}
        for row in data["vectors"]:
            name = row["name"]
            seen[name] = seen.get(name, 0) + 1
            label = name if seen[name] == 1 else f"{name}-{path.parent.name}-{seen[name]}"
            yield label, Vector(name, row["input"], row.get("state", {}), row["expected"], symbols)


def facts(row: Mapping[str, Any]) -> SymbolFacts:
    """A row of the vectors' symbol table."""
    return SymbolFacts(
        pip_size=Decimal(row["pip_size"]),
        pip_value=Decimal(row["pip_value_per_std_lot"]),
        digits=int(row["digits"]),
    )


def run(vector: Vector) -> dict[str, Any]:
    """The decision about a vector, the host's part before and after it included."""
    payload = vector.input.get("alert")
    if payload is None:
        screened = screen(str(vector.input["body"]).encode(), frozenset())
        if isinstance(screened, HostRefusal):
            # Pipe text may be another plugin's business; for V3 it is no JSON object.
            known = screened.family == "unresolved_placeholder"
            return {"action": "reject", "reason": screened.family if known else "malformed_json"}
        payload = read_object(screened.text)
    rules = from_short_names(vector.state.get("config") or {})
    alert = parse(payload, vector.symbols, enabled=rules.enabled)
    if isinstance(alert, Refusal):
        return refused(alert).facts()
    state = state_of(vector, rules)
    return limited(decide(alert, state, rules, vector.symbols), state)


def limited(decision: V3Decision, state: State) -> dict[str, Any]:
    """The host's loss limits, judged on an entry that would be placed."""
    if decision.entry is not None and decision.action in (Action.ENTER, Action.REVERSE):
        daily, lifetime = LIMITS[decision.entry.size.tier]
        for loss, limit, code in (
            (state.daily_loss, daily, "daily_loss_limit"),
            (state.lifetime_loss, lifetime, "lifetime_loss_limit"),
        ):
            if loss is not None and loss >= limit:
                return {"action": "reject", "reason": code}
    return decision.facts()


def state_of(vector: Vector, rules: Rules) -> State:
    """A vector's state as the decision takes it."""
    account = vector.state.get("account") or {}
    return State(
        balance=amount(account.get("balance")),
        daily_loss=amount(account.get("daily_loss")),
        lifetime_loss=amount(account.get("lifetime_loss")),
        positions=tuple(
            OpenPosition(
                ticket=row["ticket"],
                symbol=row["symbol"],
                side=Side(row["side"]),
                plugin=row.get("plugin", PLUGIN_ID),
            )
            for row in vector.state.get("positions") or ()
        ),
        accepted=tuple(accepted(vector, rules)),
        trends=vector.state.get("trends") or {},
    )


def accepted(vector: Vector, rules: Rules) -> Iterator[Accepted]:
    """Earlier alerts that passed."""
    for row in vector.state.get("recent_alerts") or ():
        earlier = parse(row["alert"], vector.symbols)
        if isinstance(earlier, V3Alert):
            yield Accepted(age=float(row["age_seconds"]), meaning=meaning(earlier))


def amount(value: Any) -> Decimal | None:
    """A money figure, ``None`` when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def differences(expected: Any, got: Any, path: str = "") -> list[str]:
    """Where ``got`` is not what is expected; keys that are not expected are not looked at."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return [
            line
            for key, value in expected.items()
            for line in differences(value, got.get(key, "(absent)"), f"{path}.{key}".lstrip("."))
        ]
    return [] if expected == got else [f"{path}: expected {expected!r}, got {got!r}"]
