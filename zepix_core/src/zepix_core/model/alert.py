"""An alert as it was taken at the webhook."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs


class AlertClass(StrEnum):
    """What an alert kind is about: it decides expiry, limits and who may act on it."""

    ENTRY = "entry"
    EXIT = "exit"
    INFO = "info"


@attrs.frozen(kw_only=True)
class Alert:
    """One alert, written down before anyone was asked.

    Attributes:
        id: Row of the inbox; grows by arrival.
        key: Identity of the delivery: the same body in the same window has the same key, and so has an
            alert that names its own id and bar time.
        kind: JSON: the text under ``type``, else under ``action``, else ``json``. Pipe text: its head.
        body: The text exactly as it was sent.
        received_at: Arrival, aware UTC.
        external_id: The alert's own ``id`` or ``alert_id``, if it has one.
        symbol, timeframe: As written in a JSON alert (``symbol``, ``tf``), for display; plugins parse
            the body themselves.
    """

    id: int
    key: str
    kind: str
    body: str
    received_at: datetime
    external_id: str | None = None
    symbol: str | None = None
    timeframe: str | None = None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object: numbers with a fraction are Decimal, bare ``NaN`` is ``None``.

        Raises:
            ValueError: The body is not a JSON object.
        """
        return read_object(self.body)


def _absent(_: str) -> None:
    """Pine prints an undefined value as bare NaN: it means that the value is absent."""


def read_object(text: str) -> dict[str, Any]:
    """Read the JSON object in ``text`` (see `Alert.json`). The last of two equal keys wins here; the
    webhook has refused such bodies before."""
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_absent)
    except (ArithmeticError, RecursionError) as error:
        raise ValueError("the alert holds a number or a nesting that cannot be read") from error
    if not isinstance(value, dict):
        raise ValueError("the alert is not a JSON object")
    return value


def text_field(fields: Mapping[str, Any], *names: str) -> str | None:
    """The first of ``names`` that holds a non-empty text or a whole number, as text."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None
