"""Which bodies may enter the inbox, and what can be read off them: a pure judgement."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs

from zepix_core.inbox.bar_time import bar_time_ns
from zepix_core.model.alert import text_field

MAX_DEPTH = 16
_SPACE = " \t\r\n"
_SHOWN = 64
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_ODD_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_TICKER = re.compile(r"[A-Za-z0-9._!&:\-]{1,64}")
_TIMEFRAME = re.compile(r"[0-9]{0,4}[A-Za-z]?")
_PRICE = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,10})?|\.[0-9]{1,10}")


@attrs.frozen(kw_only=True)
class Refusal:
    """A body that is not taken.

    Attributes:
        status: HTTP status, always 4xx.
        code: What is wrong, in one word.
        family: The wider code that a reader of alerts would use: an empty body is ``malformed_json`` too.
    """

    status: int
    code: str
    family: str


@attrs.frozen(kw_only=True)
class Screened:
    """A body that may be stored.

    Attributes:
        kind: JSON: the text under ``type``, else under ``action``, else ``json``; pipe text: its head.
        text: The body.
        symbol, timeframe: As written; of pipe text the second and third field where they look like it.
        price: JSON ``price``, finite and above 0.
        external_id: JSON ``id`` or ``alert_id``.
        bar_time_ns: JSON ``t``, UTC nanoseconds.
    """

    kind: str
    text: str
    symbol: str | None = None
    timeframe: str | None = None
    price: float | None = None
    external_id: str | None = None
    bar_time_ns: int | None = None

    @property
    def own_id(self) -> bool:
        """The sender gave the alert an id."""
        return self.external_id is not None

    @property
    def recognisable(self) -> bool:
        """The same body later is the same alert: it names its own id or time."""
        return self.own_id or self.bar_time_ns is not None


EMPTY = Refusal(status=400, code="empty", family="malformed_json")
UNRESOLVED = Refusal(status=422, code="unresolved_placeholder", family="unresolved_placeholder")
MALFORMED = Refusal(status=400, code="malformed_json", family="malformed_json")
UNKNOWN = Refusal(status=422, code="unknown_type", family="unknown_type")


BAD_TIME = Refusal(status=422, code="unreadable_time", family="unreadable_time")


def screen(body: bytes, heads: frozenset[str]) -> Screened | Refusal:
    """Judge a body; ``heads`` are the heads of pipe text that some plugin takes. Never raises."""
    if not body.strip():
        return EMPTY
    if b"{{" in body:
        return UNRESOLVED
    if b"\0" in body or _too_deep(body):
        return MALFORMED
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return MALFORMED
    start = text.lstrip(_SPACE)
    if start[:1] in ("{", "["):
        return _screen_json(text)
    if "|" not in start:
        return MALFORMED
    return _screen_pipe(text, heads)


def alert_key(token_id: str, screened: Screened) -> str:
    """Identity of a delivery: the body's hash, or the alert's own id when it comes with a bar time.

    Both depend on the token, so two sources never share an identity.
    """
    if screened.external_id is not None and screened.bar_time_ns is not None:
        return "id:" + hashlib.sha256((token_id + screened.external_id).encode()).hexdigest()
    return hashlib.sha256((token_id + screened.text).encode()).hexdigest()


def _too_deep(body: bytes) -> bool:
    """Counted before parsing, so that no parser recurses on a stranger's word."""
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _screen_pipe(text: str, heads: frozenset[str]) -> Screened | Refusal:
    head, *fields = (field.strip(_SPACE) for field in text.strip(_SPACE).split("|"))
    if head not in heads:
        return UNKNOWN
    symbol = fields[0] if fields and _TICKER.fullmatch(fields[0]) else None
    timeframe = fields[1] if len(fields) > 1 and _TIMEFRAME.fullmatch(fields[1]) else None
    return Screened(kind=head, text=text, symbol=symbol, timeframe=timeframe or None)


def pipe_price(text: str) -> float | None:
    """The price that pipe text of an entry or an exit names: its fourth field, after head, symbol and
    timeframe; ``None`` when there is none. What stands there in other messages only their plugin knows."""
    fields = text.strip(_SPACE).split("|", 4)
    if fields[0][:1] in ("{", "[") or len(fields) < 4:
        return None
    written = fields[3].strip(_SPACE)
    if not _PRICE.fullmatch(written):
        return None
    price = float(written)
    return price if math.isfinite(price) and price > 0 else None


def _screen_json(text: str) -> Screened | Refusal:
    try:
        fields = _READER.decode(text)
    except (ValueError, ArithmeticError, RecursionError):
        return MALFORMED
    if not isinstance(fields, dict) or (_ODD_ESCAPE.search(text) and not _writable(fields)):
        return MALFORMED
    time = fields.get("t")
    if (bar_ns := bar_time_ns(time)) is None and time is not None and time != "":
        return BAD_TIME  # taken without its time it would never be too old
    return Screened(
        kind=_kind(fields),
        text=text,
        symbol=_shown(text_field(fields, "symbol")),
        timeframe=_shown(text_field(fields, "tf")),
        price=_price(fields.get("price")),
        external_id=text_field(fields, "id", "alert_id"),
        bar_time_ns=bar_ns,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is repeated")
    return fields


def _absent(_: str) -> None:
    """Pine prints an undefined value as bare NaN."""


_READER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_absent)


def _writable(fields: dict[str, Any]) -> bool:
    """No text holds NUL or half a surrogate pair: neither could be stored or sent on."""
    return not any("\0" in text or any("\ud800" <= c <= "\udfff" for c in text) for text in _texts(fields))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _kind(fields: dict[str, Any]) -> str:
    for name in ("type", "action"):
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return value[:_SHOWN]
    return "json"


def _shown(text: str | None) -> str | None:
    return text if text is None else text[:_SHOWN]


def _price(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        price = float(value)
    except OverflowError:
        return None
    return price if math.isfinite(price) and price > 0 else None
