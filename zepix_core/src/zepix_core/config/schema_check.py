"""Plain values held against a JSON Schema of `json_schema`: for plugins' files while no worker runs."""

import difflib
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
_KINDS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list, tuple),
    "object": (Mapping,),
    "null": (type(None),),
}
_WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}
_BOUNDS: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("minimum", ">=", operator.ge),
    ("exclusiveMinimum", ">", operator.gt),
    ("maximum", "<=", operator.le),
    ("exclusiveMaximum", "<", operator.lt),
)


def schema_faults(value: Any, schema: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every fault of ``value``: unknown keys with the nearest name, types, bounds, choices."""
    choices = schema.get("anyOf")
    if choices:
        results = [list(schema_faults(value, {**choice, **_rest(schema)}, path)) for choice in choices]
        yield from min(results, key=len)
        return
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else list(kinds or ())
    if names and not any(_is(value, name) for name in names):
        yield path, f"must be {' or '.join(_WORDS[name] for name in names)}, not {value!r}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield path, f"must be one of {', '.join(map(str, schema['enum']))}, not {value!r}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        for name, sign, fine in _BOUNDS:
            if name in schema and not fine(value, schema[name]):
                yield path, f"must be {sign} {schema[name]:g}, not {value}"
    if isinstance(value, Mapping):
        yield from _table_faults(value, schema, path)
    if isinstance(value, list | tuple) and "items" in schema:
        for index, item in enumerate(value):
            yield from schema_faults(item, schema["items"], (*path, str(index)))


def _rest(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: schema[key] for key in ("enum", *(name for name, _, _ in _BOUNDS)) if key in schema}


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _KINDS[name])


def _one_table_down(key: str, known: Mapping[str, Any]) -> list[str]:
    """The key as it is called where it belongs, in a table of this one."""
    inner = {
        name: f"{table}.{name}" for table, schema in known.items() for name in schema.get("properties", {})
    }
    return [inner[name] for name in difflib.get_close_matches(key, list(inner), n=1, cutoff=0.8)]


def _table_faults(
    value: Mapping[str, Any], schema: Mapping[str, Any], path: Path
) -> Iterator[tuple[Path, str]]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", {})
    for key, item in value.items():
        here = (*path, str(key))
        if key in known:
            yield from schema_faults(item, known[key], here)
        elif others is False:
            near = difflib.get_close_matches(str(key), list(known), n=1) or _one_table_down(str(key), known)
            yield (
                here,
                f"unknown key; did you mean {near[0]!r}?" if near else "unknown key; it is not a setting",
            )
        elif isinstance(others, Mapping):
            yield from schema_faults(item, others, here)
