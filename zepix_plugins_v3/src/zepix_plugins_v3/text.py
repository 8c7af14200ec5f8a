"""Values made fit for a decision's report: JSON values only, short, and always encodable."""

from decimal import Decimal
from typing import Any

_LONGEST = 200
_WHOLE = 2**53


def shown(value: object) -> str | int | float | bool | None:
    """A value of a message or a computation as a plain value for people; texts are cut."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return number(value)
    return clean(str(value))[:_LONGEST]


def number(value: int | float | Decimal) -> int | float | str:
    """A number that JSON can hold without loss, else its text."""
    if isinstance(value, int):
        return value if abs(value) <= _WHOLE else str(Decimal(value))[:_LONGEST]
    as_float = float(value)
    if isinstance(value, float) or Decimal(repr(as_float)) == value:
        return as_float
    return str(value)[:_LONGEST]


def plain(value: Any) -> Any:
    """A JSON value with decimals as numbers and texts that can be encoded."""
    if isinstance(value, dict):
        return {clean(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return number(value)
    return value


def clean(text: str) -> str:
    """A text without lone surrogates, which neither a wire nor a database can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
