"""A JSON object read with the place of every key and value, or with the place where it breaks."""

import json
import re
from decimal import Decimal
from typing import Any

import attrs

from zepix_core.pine.fault import Fault

_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[^\s,:{}\[\]\"]+|.", re.DOTALL)
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


@attrs.frozen(kw_only=True)
class Entry:
    """One key with its value and where each stands; ``end`` is behind the value."""

    key: str
    key_at: int
    value: Any
    at: int
    end: int


@attrs.frozen
class ObjectText:
    """What was read before the text ended or broke."""

    entries: tuple[Entry, ...]
    fault: Fault | None = None


class _Broken(Exception):
    def __init__(self, at: int, length: int, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.fault = Fault(at, max(length, 1), "malformed_json", text, hint)


def read_object_text(text: str) -> ObjectText:
    """Read the object in ``text``; never raises. Takes what the webhook takes: bare ``NaN``, no key twice."""
    entries: list[Entry] = []
    try:
        _read(text, entries)
    except _Broken as broken:
        return ObjectText(tuple(entries), broken.fault)
    return ObjectText(tuple(entries))


def readable(text: str) -> bool:
    """Whether the text is a JSON object the webhook takes: the same answer as `read_object_text`, sooner."""
    try:
        return isinstance(_READER.decode(text), dict)
    except (ValueError, ArithmeticError, RecursionError):
        return False


def _read(text: str, entries: list[Entry]) -> None:
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise _Broken(at, _word(text, at), "a JSON message begins with {")
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return _ended(text, at + 1)
    while True:
        entry = _entry(text, at)
        entries.append(entry)
        at = _skip(text, entry.end)
        if text[at : at + 1] == "}":
            return _ended(text, at + 1)
        if text[at : at + 1] != ",":
            raise _no_comma(text, entry, at)
        at = _skip(text, at + 1)


def _entry(text: str, at: int) -> Entry:
    if text[at : at + 1] != '"':
        raise _Broken(at, _word(text, at), f"a key in double quotes belongs here, not {_shown(text, at)}")
    key, end = _value(text, at)
    colon = _skip(text, end)
    if text[colon : colon + 1] != ":":
        raise _Broken(
            colon,
            _word(text, colon),
            f"a colon belongs behind the key {key[:30]!r}, not {_shown(text, colon)}",
            "A quote may be missing at the end of the key." if ":" in key else "",
        )
    start = _skip(text, colon + 1)
    value, end = _value(text, start)
    return Entry(key=key, key_at=at, value=value, at=start, end=end)


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        value, end = _READER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _unreadable(text, at, error) from None
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _Broken(at, _word(text, at), f"this value cannot be read: {error}") from None
    if isinstance(value, str) and (odd := _UNWRITABLE.search(value)):
        raise _Broken(at, end - at, f"the text holds {odd[0]!r}, which cannot be stored")
    return value, end


def _unreadable(text: str, at: int, error: json.JSONDecodeError) -> _Broken:
    begins = text[at : at + 1]
    if begins in ("{", "["):
        return _Broken(
            at, 1, f"the {begins} opened here goes wrong: {error.msg} at character {error.pos + 1}"
        )
    if begins == '"' and error.pos == at:
        return _Broken(at, len(text) - at, "the quote opened here is never closed")
    if begins == '"':
        return _Broken(error.pos, 1, f"the text that begins at character {at + 1} is broken: {error.msg}")
    # One more: what broke the word may stand right behind it.
    length = _word(text, at) + 1
    return _Broken(
        at, length, f"a value belongs here, not {_shown(text, at)}", "Text stands in double quotes."
    )


def _no_comma(text: str, entry: Entry, at: int) -> _Broken:
    if at == len(text):
        return _Broken(at, 1, "the message ends without its }")
    if at == entry.end and text[at] not in '"{}[]:,':
        return _Broken(at, _word(text, at) + 1, f"the value breaks off before {_shown(text, at)}")
    return _Broken(at, _word(text, at), f"a comma or }} belongs here, not {_shown(text, at)}")


def _ended(text: str, at: int) -> None:
    at = _skip(text, at)
    if at < len(text):
        raise _Broken(at, _word(text, at), f"the message has ended before {_shown(text, at)}")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _word(text: str, at: int) -> int:
    found = _WORD.match(text, at)
    return len(found[0]) if found else 1


def _shown(text: str, at: int) -> str:
    return repr(text[at : at + min(_word(text, at), 20)]) if at < len(text) else "the end of the text"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is repeated in it")
    return fields


def _absent(_: str) -> None:
    """Pine prints an undefined value as bare NaN."""


_READER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_absent)
