"""What the pages of settings, commands, codes, notices and endpoints must hold, read from the code."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import click

import zepix_bracket
import zepix_core
import zepix_plugins_v3
import zepix_plugins_v6
from tests.docs.completeness import Check
from tests.docs.sources import calls, constants, strings_in
from zepix_bracket.config import BracketConfig
from zepix_core.broker.paper.faults import DISCONNECT, PROBABLE
from zepix_core.cli.tree import TREE, Branch
from zepix_core.config.home import Home
from zepix_core.config.json_schema import json_schema
from zepix_core.config.settings import HostSettings
from zepix_core.inbox.settlement import DeliveryState
from zepix_core.journal import anchors
from zepix_core.journal import commands as commands_room
from zepix_core.model.order import IntentState
from zepix_core.plugin import PluginConfig
from zepix_core.plugins.states import PluginState
from zepix_core.storage.journal_schema import TABLES
from zepix_core.web.rest.app import create_app
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v6.profiles import PROFILES

CORE, V3, V6, BRACKET = (
    Path(str(package.__file__)).parent
    for package in (zepix_core, zepix_plugins_v3, zepix_plugins_v6, zepix_bracket)
)
CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+|COOLDOWN|EXPIRED|SHADOW|UNRESOLVED")
REASON = re.compile(r"[a-z]+(?:_[a-z0-9]+)*")
LEGS = {"ORDER_A", "ORDER_B"}
LONGEST = 160
BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
V3_QUIET = {"not_v3", "plugin_disabled", "malformed_json", "unresolved_placeholder"}


def fact_checks() -> Iterator[Check]:
    """Everything that is a list."""
    yield from _settings_checks()
    yield Check(name="commands", page="reference/commands.md", expected=dict(_commands()), rows=False)
    yield from _state_checks()
    yield from _reason_checks()
    codes = strings_in([*CORE.glob("services/*.py"), *CORE.glob("journal/*.py")], CODE) - LEGS
    yield _named("outcome codes", "reference/outcomes.md", codes)
    yield _named("notice types", "reference/notices.md", _notices())
    yield _named("kinds of the chain", "audit.md", _kinds(), "## The kinds of records")
    yield _named("endpoints", "reference/http.md", _endpoints())
    yield _spoken("refusals of the API", "reference/http.md", _refusals())
    variables = strings_in(CORE.rglob("*.py"), re.compile(r"ZEPIX_[A-Z_]+"))
    yield _named("environment variables", "reference/environment.md", variables)
    yield _named("files of the home", "reference/home.md", _home())


def _named(name: str, page: str, items: set[str], within: str = "") -> Check:
    return Check(name=name, page=page, expected=dict.fromkeys(sorted(items), ()), within=within)


def _settings_checks() -> Iterator[Check]:
    yield Check(
        name="settings of the host",
        page="reference/settings.md",
        expected=dict(_keys(json_schema(HostSettings))),
    )
    common = dict(_keys(json_schema(PluginConfig)))
    page = "reference/plugin-settings.md"
    yield Check(name="settings of every plugin", page=page, expected=common, within="## Every plugin")
    v6 = [(profile.id, profile.config) for profile in PROFILES]
    for name, model in (("combined_v3", V3Config), *v6, ("bracket", BracketConfig)):
        own = {key: needed for key, needed in _keys(json_schema(model)) if common.get(key) != needed}
        yield Check(name=f"settings of {name}", page=page, expected=own, within=f"## {name}")


def _keys(
    schema: Mapping[str, Any], above: str = "", defaults: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Dotted key, and default, bounds, choices and documentation as the page must show them."""
    for name, told in schema["properties"].items():
        key = f"{above}{name}"
        default = told.get("default") if defaults is None else defaults.get(name, told.get("default"))
        if "properties" in told:
            yield from _keys(told, f"{key}.", default)
            continue
        needed = [told["description"].rstrip(".").replace("<", "&lt;")]
        if isinstance(default, dict) or default is None:
            needed += ["none"] if default is None and "default" in told else []
        elif len(text := json.dumps(default, ensure_ascii=False)) <= LONGEST:
            needed.append(f"| {text} |")
        needed += [f"{sign} {told[bound]}" for bound, sign in BOUNDS.items() if bound in told]
        needed += [str(choice) for choice in told.get("enum", ()) if choice is not None]
        yield key, tuple(needed)
        inner = told.get("additionalProperties")
        while isinstance(inner, dict):
            if "properties" in inner:
                yield from _keys(inner, f"{key}.<NAME>.")
            inner = inner.get("additionalProperties")


def commands() -> set[str]:
    """Paths of all commands and groups, such as ``alerts send`` and ``alerts``."""
    leaves = {name.removeprefix("zepix ") for name, _ in _commands()}
    return leaves | {leaf.split(" ")[0] for leaf in leaves}


def _commands(branch: Branch = TREE, above: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, entry in branch.items():
        path = f"{above} {name}".strip()
        if isinstance(entry, tuple):
            yield from _commands(entry[1], path)
            continue
        command = importlib.import_module(f"zepix_core.cli.{path.replace(' ', '.')}").command
        needed = [(command.help or "").strip().split("\n")[0], f"zepix {path} [OPTIONS]"]
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                needed += [*parameter.opts, " ".join((parameter.help or "").split())]
            else:
                needed.append(parameter.human_readable_name)
        yield f"zepix {path}", tuple(needed)


def _state_checks() -> Iterator[Check]:
    inbox = re.search(r"state TEXT NOT NULL CHECK \(state IN \((.*?)\)\)", TABLES)
    states = set(re.findall(r"'(\w+)'", inbox[1] if inbox else ""))
    yield _named("states of an alert", "alerts.md", states, "## States")
    decided = {state.value for state in DeliveryState} - states
    yield _named("states of a delivery", "alerts.md", decided, "## States")
    yield _named("states of an order", "order-life.md", {state.value for state in IntentState})
    yield _named("states of a plugin", "operations.md", {state.value for state in PluginState})
    yield _spoken("faults of the paper broker", "operations.md", {*PROBABLE, DISCONNECT})


def _spoken(name: str, page: str, items: set[str]) -> Check:
    """Items that need only be named somewhere on the page, not in a row of their own."""
    return Spoken(name=name, page=page, expected=dict.fromkeys(sorted(items), ()))


@attrs.frozen(kw_only=True)
class Spoken(Check):
    """Items are words of the text."""

    def entry(self, text: str, item: str) -> str:
        found = re.search(rf"`[^`\n]*\b{re.escape(item)}\b[^`\n]*`", text)
        return found[0] if found else ""

    def without(self, text: str, item: str) -> str:
        return re.sub(rf"\b{re.escape(item)}\b", "", text)


def _reason_checks() -> Iterator[Check]:
    connection, way = CORE / "web/webhook_connection.py", CORE / "web/route.py"
    at_door = {str(found) for found in calls(connection, "_refuse", 1) | calls(way, "Denied", 1)}
    at_door |= {str(found) for found in calls(connection, "_code", 0)}
    at_door |= {str(found) for found in calls(CORE / "inbox/admission.py", "Refusal", "code")}
    yield _named("codes of the webhook", "alerts.md", at_door, "## Sending")
    inbox = [CORE / "inbox" / name for name in ("store.py", "settlement.py", "rows.py")]
    host = constants(inbox[0], "_refusal_of", REASON) | constants(inbox[1], "settle", REASON)
    host |= constants(inbox[1], "failure", REASON) | calls(inbox[2], "Outcome", 1)
    host |= strings_in([inbox[1]], re.compile("plugin_unavailable"))
    yield _named(
        "reasons of the host", "alerts.md", host - {"refused", "done", "dead"}, "## Reasons of the host"
    )
    bracket = strings_in([BRACKET / "plugin.py"], re.compile("no_open_position|no_balance"))
    bracket |= calls(BRACKET / "alert.py", "Refusal", 0)
    bracket |= strings_in([BRACKET / "decide.py"], re.compile("(?:unknown|invalid|risk|no|symbol)_[a-z_]+"))
    bracket |= {f"invalid_{name}" for name in ("price", "lots", "risk_percent", "sl", "tp")}
    yield _named("reasons of bracket", "alerts.md", bracket - {"risk_percent"}, "## Reasons of bracket")
    v3: set[str] = set()
    for file in V3.glob("*.py"):
        v3 |= calls(file, "Refusal", "code") | calls(file, "_Refused", 0) | calls(file, "gate", 0)
    v3 |= strings_in([V3 / "trading.py"], re.compile("(?:daily|lifetime)_loss_limit"))
    v3 |= strings_in([V3 / "decide.py"], re.compile("no_open_position|duplicate"))
    yield _named("reasons of combined_v3", "alerts.md", v3 - V3_QUIET, "## Reasons of combined_v3")
    yield _named("reasons of price_action", "alerts.md", _v6_reasons(), "## Reasons of price_action")


def _v6_reasons() -> set[str]:
    filters = {code for profile in PROFILES for code in profile.filters}
    filters |= strings_in([V6 / "filters.py"], re.compile("cap_[a-z_]+"))
    decided = calls(V6 / "decide.py", "_ignored", 1) | calls(V6 / "decide.py", "Gate", 0)
    grammar = calls(V6 / "alert.py", "Malformed", 0) | calls(V6 / "alert.py", "Unreadable", 0)
    told = strings_in([V6 / "report.py", V6 / "feed.py"], re.compile("no_open_position|no_plugin"))
    told |= strings_in([V6 / "handling.py"], re.compile("shadow|unresolved")) | {"not_v6"}
    return (filters | decided | calls(V6 / "levels.py", "Gate", 0) | grammar | told) - {
        "message",
        "timeframe",
    }


def _notices() -> set[str]:
    found: set[str] = set()
    for file in CORE.rglob("*.py"):
        found |= calls(file, "Notice", "type") | calls(file, "_failed", 4)
    found |= calls(CORE / "api.py", "notify", 0)
    for package in (V3, V6, BRACKET):
        for file in package.glob("*.py"):
            found |= calls(file, "notify", 0)
    return found


def _kinds() -> set[str]:
    """Kinds of events: texts where a row is appended, and the constants that others name theirs by."""
    found = {commands_room.KIND, anchors.CUT}
    for file in CORE.rglob("*.py"):
        found |= calls(file, "append", 2) | calls(file, "_event", 1) | calls(file, "_note", 0)
    return found


def _endpoints() -> set[str]:
    app = create_app(None)  # type: ignore[arg-type]
    found = {"POST /webhook/{token}", "GET /health"}
    for route in app.routes:
        for method in getattr(route, "methods", ()):
            if method not in ("OPTIONS", "HEAD"):
                found.add(f"{method} {re.sub(r':[a-z]+', '', route.path_format)}")
    return found


def _refusals() -> set[str]:
    files = [CORE / "web/rest" / name for name in ("gate.py", "app.py", "actions.py")]
    return strings_in(files, re.compile(r"[A-Z]+(?:_[A-Z]+)*")) - {"POST", "GET"}


def _home() -> set[str]:
    home = Home(Path("/home-of-zepix"))
    paths = (getattr(home, name) for name, member in vars(Home).items() if isinstance(member, property))
    names = {path.relative_to(home.path).as_posix() for path in paths}
    folders = {"data", "logs", "plugins", "slots", "wheels", "backups"}
    return (names - folders) | {"plugins/<id>.toml", "data/zepix_<group>.db", "backups/", "slots/", "wheels/"}
