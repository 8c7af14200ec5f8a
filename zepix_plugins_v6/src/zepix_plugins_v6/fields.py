"""One field of a V6 message: ASCII only, stricter than Python's own `float()` and `\\d`."""

import re
from decimal import Decimal

_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?|\.[0-9]{1,10})")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_PAIR = re.compile(r"([0-6])/([0-6])")
_TICKER = re.compile(r"[A-Za-z0-9._!&-]{1,32}")
_TIMEFRAME = re.compile(r"[1-9][0-9]{0,3}|(?:[1-9][0-9]{0,2})?[STDWM]")
_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,31}")

MISSING = frozenset({"", "NA", "NaN"})
ALL_TIMEFRAMES = 6
MAX_CHANGES = 200


class Unreadable(Exception):
    """A message broke a rule of the wire grammar; ``code`` says which. Never leaves `parse`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def bad(name: str) -> Unreadable:
    """The refusal of one field."""
    return Unreadable(f"bad_field:{name}")


def is_number(text: str) -> bool:
    """True when ``text`` has the shape of a number, whatever its size."""
    return _NUMBER.fullmatch(text) is not None


def number(text: str, name: str) -> Decimal:
    """A signed number."""
    if not is_number(text):
        raise bad(name)
    return Decimal(text)


def price(text: str, name: str) -> Decimal:
    """A number above zero."""
    value = number(text, name)
    if value <= 0:
        raise bad(name)
    return value


def optional_price(text: str, name: str) -> Decimal | None:
    """A number above zero, or nothing."""
    return None if text in MISSING else price(text, name)


def adx(text: str, name: str) -> Decimal | None:
    """An ADX, 0..100, or nothing."""
    if text in MISSING:
        return None
    value = number(text, name)
    if not 0 <= value <= 100:
        raise bad(name)
    return value


def integer(text: str, name: str) -> int:
    """A signed whole number."""
    if _INTEGER.fullmatch(text) is None:
        raise bad(name)
    return int(text)


def bounded(text: str, name: str, most: int) -> int:
    """A whole number, 0..``most``."""
    value = integer(text, name)
    if not 0 <= value <= most:
        raise bad(name)
    return value


def pair(text: str, name: str) -> tuple[int, int]:
    """Bullish and bearish timeframes, ``bull/bear``, six at most together."""
    found = _PAIR.fullmatch(text)
    if found is None or int(found[1]) + int(found[2]) > ALL_TIMEFRAMES:
        raise bad(name)
    return int(found[1]), int(found[2])


def ticker(text: str, name: str) -> str:
    """A ticker without an exchange prefix, in upper case."""
    if _TICKER.fullmatch(text) is None:
        raise bad(name)
    return text.upper()


def timeframe(text: str, name: str) -> str:
    """A chart timeframe as TradingView names it; ``1M`` is a month."""
    if _TIMEFRAME.fullmatch(text) is None:
        raise bad(name)
    return text


def word(text: str, name: str) -> str:
    """An upper-case word."""
    if _WORD.fullmatch(text) is None:
        raise bad(name)
    return text


def one_of(text: str, name: str, words: frozenset[str]) -> str:
    """One of the words this field may hold."""
    if text not in words:
        raise bad(name)
    return text


def opaque(text: str, name: str) -> str:
    """Printable text, kept as it came."""
    if len(text) > MAX_CHANGES or not text.isprintable():
        raise bad(name)
    return text
