"""The message formats that are known, as data: what each kind of message holds (``formats.json``)."""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Field:
    """One key of a JSON message, or one field of a pipe-separated one.

    Attributes:
        rule: Name of the check (`zepix_core.pine.json_rules`, `zepix_core.pine.pipe_rules`).
        need: A message without it is refused.
        limits: What the check wants to know, by name: ``least``, ``most``, ``above``, ``below``, ``of``, …
        samples: A value that is taken, by direction (``buy``, ``sell``), or under ``""`` for both.
        group: Of a pipe-separated message: fields of one group come together or not at all.
        usual: How senders write it; used only to guess where a separator was lost.
    """

    key: str
    rule: str
    need: bool = True
    limits: Mapping[str, Any] = {}
    samples: Mapping[str, str] = {}
    group: str = ""
    usual: re.Pattern[str] | None = None

    def sample(self, direction: str = "buy") -> str:
        """A value that is taken."""
        return self.samples.get(direction) or self.samples.get("", "") or self.samples.get("buy", "")


@attrs.frozen(kw_only=True)
class Format:
    """A family of messages.

    Attributes:
        plugins: Ids of the plugins that take it.
        key: The key of a JSON message that names its kind; ``""`` for pipe-separated text.
        open: Keys that are not listed are the sender's own business.
        kinds: The fields of each kind, in wire order.
        symbols, timeframes, signals: What those keys may hold. A signal names its type and, when it can
            have only one, its direction.
        exactly_one: Of these keys an entry holds one.
        entries: Kinds that open trades.
    """

    name: str
    plugins: tuple[str, ...]
    key: str = ""
    open: bool = False
    kinds: Mapping[str, tuple[Field, ...]]
    symbols: tuple[str, ...] = ()
    timeframes: tuple[str, ...] = ()
    signals: Mapping[str, Mapping[str, str]] = {}
    exactly_one: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


@cache
def formats() -> tuple[Format, ...]:
    """Every format known."""
    text = (resources.files(__package__) / "formats.json").read_text("utf-8")
    told = json.loads(text, parse_float=Decimal)
    return tuple(_format(row) for shape in ("json", "pipe") for row in told[shape])


def format_of(kind: str, pipe: bool = False) -> Format | None:
    """The format that has this kind."""
    return next((form for form in formats() if kind in form.kinds and (not form.key) is pipe), None)


def is_entry(kind: str) -> bool:
    """Whether a message of this kind opens a trade."""
    return any(kind in form.entries for form in formats())


def known_kinds(plugins: Iterable[str] | None = None) -> frozenset[str]:
    """Kinds of every format, or of those that one of the ``plugins`` takes."""
    chosen = None if plugins is None else set(plugins)
    return frozenset(
        kind for form in formats() if chosen is None or chosen & set(form.plugins) for kind in form.kinds
    )


def _format(row: Mapping[str, Any]) -> Format:
    kinds = {kind: tuple(_field(field) for field in fields) for kind, fields in row["kinds"].items()}
    lists = ("plugins", "symbols", "timeframes", "exactly_one", "entries")
    listed = {name: tuple(row.get(name, ())) for name in lists}
    return Format(
        name=row["name"],
        key=row.get("key", ""),
        open=row.get("open", False),
        kinds=kinds,
        signals=row.get("signals", {}),
        **listed,
    )


def _field(row: dict[str, Any]) -> Field:
    own = {"key", "rule", "need", "sample", "group", "usual"}
    sample, usual = row["sample"], row.get("usual")
    limits = {
        name: Decimal(value) if name in _NUMBERS else value for name, value in row.items() if name not in own
    }
    return Field(
        key=row["key"],
        rule=row["rule"],
        need=row.get("need", True),
        limits=limits,
        samples=sample if isinstance(sample, dict) else {"": sample},
        group=row.get("group", ""),
        usual=re.compile(usual) if usual else None,
    )


_NUMBERS = frozenset({"least", "most", "above", "below"})
