"""JSON Schema of a configuration model: types, defaults, bounds and documentation of every setting."""

import types
import typing
from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from zepix_core.config.secrets import Secret
from zepix_core.config.structure import to_plain

_PRIMITIVES: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Decimal: {"type": ["number", "string"]},
    datetime: {"type": "string", "format": "date-time"},
    Path: {"type": "string"},
    Secret: {"type": "string"},
    type(None): {"type": "null"},
    Any: {},
}
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def json_schema(model: type[Any]) -> dict[str, Any]:
    """Draft 2020-12 schema of ``model``; ``x-restart`` marks settings that need a restart."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_of_class(model)}


def _of_class(model: type[Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(model)
    properties: dict[str, Any] = {}
    required = []
    for field in attrs.fields(model):
        properties[field.name] = {**_of_type(hints[field.name]), **_of_field(field)}
        if field.default is attrs.NOTHING:
            required.append(field.name)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if model.__doc__:
        schema["description"] = model.__doc__.strip().splitlines()[0]
    if required:
        schema["required"] = required
    return schema


def _of_field(field: "attrs.Attribute[Any]") -> dict[str, Any]:
    told: dict[str, Any] = {}
    if field.metadata.get("doc"):
        told["description"] = field.metadata["doc"]
    for name, value in field.metadata.get("bounds", {}).items():
        told[_BOUNDS[name]] = value
    if field.metadata.get("choices"):
        told["enum"] = list(field.metadata["choices"])
        if field.default is None:
            told["enum"].append(None)
    if field.metadata.get("restart"):
        told["x-restart"] = True
    default: Any = field.default
    if isinstance(default, attrs.Factory) and not default.takes_self:  # type: ignore[arg-type]
        default = default.factory()
    if default is not attrs.NOTHING and not isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        told["default"] = to_plain(default)
    return told


def _of_type(kind: Any) -> dict[str, Any]:
    if kind in _PRIMITIVES:
        return dict(_PRIMITIVES[kind])
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of_type(argument) for argument in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (list, tuple, frozenset, set):
        return {"type": "array", "items": _of_type(arguments[0]) if arguments else {}}
    if origin is not None and len(arguments) == 2:
        return {"type": "object", "additionalProperties": _of_type(arguments[1])}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if attrs.has(kind):
        return _of_class(kind)
    return {}
