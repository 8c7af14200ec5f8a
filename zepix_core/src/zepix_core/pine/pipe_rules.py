"""What one field of a pipe-separated message may be: each rule answers whether the text will do."""

import re
from collections.abc import Callable
from decimal import Decimal

from zepix_core.pine.formats import Field

_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?|\.[0-9]{1,10})")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_PAIR = re.compile(r"([0-6])/([0-6])")
_TICKER = re.compile(r"[A-Za-z0-9._!&-]{1,32}")
_TIMEFRAME = re.compile(r"[1-9][0-9]{0,3}|(?:[1-9][0-9]{0,2})?[STDWM]")
_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_MOST_CHANGES = 200
MISSING = frozenset({"", "NA", "NaN"})


def fits(text: str, field: Field) -> bool:
    """Whether the field may hold this text."""
    return _RULES[field.rule](text, field)


def wanted(field: Field) -> str:
    """What the field must be, for people."""
    if "of" in field.limits:
        return " or ".join(field.limits["of"])
    return _WANTED[field.rule].format(most=field.limits.get("most", ""))


def is_number(text: str) -> bool:
    """Whether the text has the shape of a number."""
    return _NUMBER.fullmatch(text) is not None


def _integer(text: str, field: Field) -> bool:
    return _INTEGER.fullmatch(text) is not None


def _bounded(text: str, field: Field) -> bool:
    return _integer(text, field) and 0 <= int(text) <= field.limits["most"]


def _price(text: str, field: Field) -> bool:
    return is_number(text) and Decimal(text) > 0


def _pair(text: str, field: Field) -> bool:
    found = _PAIR.fullmatch(text)
    return found is not None and int(found[1]) + int(found[2]) <= 6


def _names(text: str, field: Field) -> bool:
    return all(_WORD.fullmatch(name) for name in text.split(","))


_RULES: dict[str, Callable[[str, Field], bool]] = {
    "ticker": lambda text, _: _TICKER.fullmatch(text) is not None,
    "chart_timeframe": lambda text, _: _TIMEFRAME.fullmatch(text) is not None,
    "number": lambda text, _: is_number(text),
    "integer": _integer,
    "bounded": _bounded,
    "score": lambda text, field: text in MISSING or _bounded(text, field),
    "count": lambda text, field: _integer(text, field) and int(text) >= 1,
    "price": _price,
    "price_or_missing": lambda text, field: text in MISSING or _price(text, field),
    "adx": lambda text, _: text in MISSING or (is_number(text) and 0 <= Decimal(text) <= 100),
    "pair": _pair,
    "word": lambda text, _: _WORD.fullmatch(text) is not None,
    "word_or_empty": lambda text, _: not text or _WORD.fullmatch(text) is not None,
    "one_of": lambda text, field: text in field.limits["of"],
    "opaque": lambda text, _: len(text) <= _MOST_CHANGES and text.isprintable(),
    "names": _names,
}

_WANTED = {
    "ticker": "a ticker without its exchange, such as EURUSD",
    "chart_timeframe": "a timeframe as charts name it, such as 15 or 1D",
    "number": "a number",
    "integer": "a whole number",
    "bounded": "a whole number 0 to {most}",
    "score": "a whole number 0 to {most}, or NA",
    "count": "a whole number above 0",
    "price": "a number above 0",
    "price_or_missing": "a number above 0, or NA",
    "adx": "a number 0 to 100, or NA",
    "pair": "bullish/bearish timeframes such as 4/2, six at most together",
    "word": "a word in capitals",
    "word_or_empty": "a word in capitals",
    "opaque": "printable text, 200 characters at most",
    "names": "words in capitals with commas between",
}
