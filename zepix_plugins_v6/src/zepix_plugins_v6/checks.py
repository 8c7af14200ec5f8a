"""Validators of settings that need more than a range."""

from collections.abc import Callable
from typing import Any

import attrs

OFF = "off"
Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def number_or_off(_: Any, field: "attrs.Attribute[Any]", value: float | str | None) -> None:
    """A text can only be ``off``; the range of a number is the field's own."""
    if isinstance(value, str) and value != OFF:
        raise ValueError(f'{field.name} must be a number, or "{OFF}", not {value!r}')


def said(value: object) -> str:
    """A setting's value as its file spells it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(said, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def only(wanted: object) -> Validator:
    """The routing leaves no other value."""

    def check(_: Any, field: "attrs.Attribute[Any]", value: object) -> None:
        if value != wanted:
            raise ValueError(f"{field.name} must be {said(wanted)}: the routing of this plugin is fixed")

    return check
