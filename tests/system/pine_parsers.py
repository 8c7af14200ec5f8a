"""What the house and the plugins' own parsers think of a message, and sample messages of every format."""

import json
from pathlib import Path

from zepix_bracket.alert import Refusal as BracketRefusal
from zepix_bracket.alert import parse as parse_bracket
from zepix_core import read_object
from zepix_core.inbox.admission import Refusal, screen
from zepix_core.pine.formats import format_of
from zepix_core.pine.pipe_rules import is_number
from zepix_plugins_v3.alert import Refusal as V3Refusal
from zepix_plugins_v3.alert import parse as parse_v3
from zepix_plugins_v3.tables import SYMBOLS
from zepix_plugins_v6.alert import MESSAGE_TYPES
from zepix_plugins_v6.alert import parse as parse_v6
from zepix_plugins_v6.messages import Malformed, NotV6

ROOT = Path(__file__).parents[2]


def refusal(text: str) -> str | None:
    """The reason the webhook or the plugin refuses a message with, ``None`` when both take it."""
    screened = screen(text.encode(), frozenset(MESSAGE_TYPES))
    if isinstance(screened, Refusal):
        return screened.code
    if not text.lstrip().startswith("{"):
        message = parse_v6(text)
        return getattr(message, "code", "not_v6") if isinstance(message, Malformed | NotV6) else None
    fields = read_object(screened.text)
    if screened.kind in ("buy", "sell", "close"):
        bracket = parse_bracket(fields)
        return bracket.code if isinstance(bracket, BracketRefusal) else None
    v3 = parse_v3(fields, SYMBOLS)
    if isinstance(v3, V3Refusal):
        return v3.code
    # Of an entry, the plugin looks at the stops one step later.
    return "invalid_stops" if v3.stops.faulty and v3.type == "entry_v3" else None


def sample_of(kind: str, pipe: bool) -> str:
    """A message of a kind, made of the format's own values."""
    form = format_of(kind, pipe)
    assert form is not None
    fields = form.kinds[kind]
    direction = "sell" if kind in ("sell", "exit_v3", "BEARISH_ENTRY") else "buy"
    if pipe:
        tail = "|" if any(field.group for field in fields) else ""
        return "|".join([kind, *(field.sample(direction) for field in fields)]) + tail
    values = {
        field.key: direction if field.rule == "direction" else field.sample(direction)
        for field in fields
        if field.key not in form.exactly_one[1:]
    }
    bare = {field.key for field in fields if field.rule in ("number", "free")}
    written = [
        f"{json.dumps(key)}:{value if key in bare and is_bare(value) else json.dumps(value)}"
        for key, value in {"tf": "15", **values}.items()
    ]
    return "{" + ",".join([*written, '"id":"EURUSD-15-7"', '"t":1790000000000']) + "}"


def is_bare(value: str) -> bool:
    """A number or a flag: it stands without quotes."""
    return value in ("true", "false") or is_number(value)


def bodies() -> list[str]:
    """Every sample message: a simulated week of V3 and of V6, and the bracket's examples."""
    week = [
        json.loads(line)["body"]
        for name in ("v3", "v6")
        for line in (ROOT / f"tests/{name}/data/{name}_alerts.jsonl").read_text("utf-8").splitlines()
    ]
    brackets = sorted((ROOT / "examples/alerts").glob("bracket-*.json"))
    return week + [path.read_text("utf-8").strip() for path in brackets]


def shapes() -> list[str]:
    """Valid messages, one for each kind, signal and number of fields."""
    found: dict[object, str] = {}
    for body in bodies():
        if refusal(body) is None:
            fields = json.loads(body) if body.startswith("{") else {}
            key = (fields.get("type"), fields.get("signal_type"), fields.get("action"), len(fields))
            found.setdefault(key if fields else (body.split("|")[0], body.count("|")), body)
    return list(found.values())
