"""A settings model as a commented TOML file: every key with its meaning, defaults commented out."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from zepix_core.config.structure import to_plain

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def render(settings: Any, title: str) -> str:
    """The file for ``settings``: what differs from the defaults stands as a value, the rest as a comment."""
    lines = [f"# {line}".rstrip() for line in title.splitlines()]
    lines += [
        "# Behind # stand the defaults. To change one, take the # away, and the one of its [section] too.",
        "",
    ]
    lines += _table(settings, type(settings)(), ())
    return "\n".join(lines).rstrip() + "\n"


def render_plain(data: Mapping[str, Any]) -> str:
    """Plain nested values as TOML, without comments."""
    return "\n".join(_plain_table(data, ())).strip() + "\n"


def toml_value(value: Any) -> str:
    """One value as TOML writes it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(str(key))} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    # JSON leaves this one sign as it is, TOML does not take it.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _header(path: tuple[str, ...]) -> str:
    return f"[{'.'.join(_key(part) for part in path)}]"


def _section(path: tuple[str, ...], lines: list[str]) -> Iterator[str]:
    """A header and its lines; commented out when no line sets a value, so that it may be written below."""
    live = any(not line.startswith("#") for line in lines)
    yield f"{'' if live else '# '}{_header(path)}"
    yield from lines


def _table(value: Any, default: Any, path: tuple[str, ...]) -> Iterator[str]:
    scalars: list[str] = []
    tables: list[tuple[str, Any, Any, str]] = []
    for field in attrs.fields(type(value)):
        doc = field.metadata.get("doc", "").rstrip(".")
        mine, theirs = getattr(value, field.name), getattr(default, field.name, None)
        if attrs.has(type(mine)) or isinstance(mine, Mapping):
            tables.append((field.name, mine, theirs, doc))
            continue
        plain = to_plain(mine)
        shown = "" if plain is None else f" {toml_value(plain)}"
        scalars.append(f"# {doc}{_bounds(field)}.")
        scalars.append(f"{'# ' if mine == theirs else ''}{field.name} ={shown}")
    yield from _section(path, scalars) if path and scalars else scalars
    for name, mine, theirs, doc in tables:
        yield ""
        yield f"# {doc}."
        yield from _nested(mine, theirs, (*path, name))


def _nested(mine: Any, theirs: Any, path: tuple[str, ...]) -> Iterator[str]:
    if attrs.has(type(mine)):
        yield from _table(mine, theirs, path)
        return
    other = theirs if isinstance(theirs, Mapping) else {}
    scalars = [
        f"{'# ' if other.get(key) == item else ''}{_key(key)} = {toml_value(to_plain(item))}"
        for key, item in mine.items()
        if not (attrs.has(type(item)) or isinstance(item, Mapping))
    ]
    if scalars or not mine:
        yield from _section(path, scalars)
    for key, item in mine.items():
        if attrs.has(type(item)):
            yield from _short(item, other.get(key), (*path, key))
        elif isinstance(item, Mapping):
            yield from _nested(item, other.get(key), (*path, key))


def _short(mine: Any, theirs: Any, path: tuple[str, ...]) -> Iterator[str]:
    """A table of a map: its keys speak for themselves, so only the values stand."""
    scalars: list[str] = []
    for field in attrs.fields(type(mine)):
        value = to_plain(getattr(mine, field.name))
        if value is not None:
            same = theirs is not None and getattr(theirs, field.name) == getattr(mine, field.name)
            scalars.append(f"{'# ' if same else ''}{field.name} = {toml_value(value)}")
    yield from _section(path, scalars)


def _bounds(field: "attrs.Attribute[Any]") -> str:
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    bounds = [f"{signs[name]} {bound}" for name, bound in field.metadata.get("bounds", {}).items()]
    choices = [str(choice) for choice in field.metadata.get("choices", ())]
    notes = [*bounds, "one of " + ", ".join(choices)] if choices else bounds
    if field.metadata.get("restart"):
        notes.append("after a restart")
    return f" ({'; '.join(notes)})" if notes else ""


def _plain_table(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    scalars = {key: value for key, value in data.items() if not isinstance(value, Mapping)}
    if path and (scalars or not data):
        yield ""
        yield _header(path)
    for key, value in scalars.items():
        if value is not None:
            yield f"{_key(str(key))} = {toml_value(value)}"
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _plain_table(value, (*path, str(key)))
