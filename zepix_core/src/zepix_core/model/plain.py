"""Values made fit for a decision's report: JSON values only, and always encodable."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

LONGEST = 200
_WHOLE = 2**53


def as_json(value: Any) -> Any:
    """A JSON value: decimals as numbers where none is lost, members of an enum as their values, texts that
    can be encoded."""
    if isinstance(value, Mapping):
        return {encodable(str(key)): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return number(value)
    return value


def shown(value: object) -> str | int | float | bool | None:
    """A value of a message or a computation for people, as a `Gate` takes it; long texts are cut."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return number(value)
    return encodable(str(value))[:LONGEST]


def number(value: int | float | Decimal) -> int | float | str:
    """A number that JSON can hold without loss, else its text."""
    if isinstance(value, int):
        return value if abs(value) <= _WHOLE else str(Decimal(value))[:LONGEST]
    as_float = float(value)
    if isinstance(value, float) or Decimal(repr(as_float)) == value:
        return as_float
    return str(value)[:LONGEST]


def encodable(text: str) -> str:
    """A text without lone surrogates, which neither a wire nor a database can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
