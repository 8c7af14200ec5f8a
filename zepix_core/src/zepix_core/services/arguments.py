"""Arguments of the ServiceAPI, checked once at its door: a wrong one is the author's mistake."""

import math
from typing import Any

from zepix_core.errors import BadArgument
from zepix_core.model.market import Side


def number(name: str, value: Any, *, least: float = -math.inf, above: float = -math.inf) -> float:
    """A finite number, at least ``least`` and more than ``above``.

    Raises:
        BadArgument: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadArgument(f"{name} must be a number, not {value!r}.", "Convert it before the call.")
    result = float(value)
    if not math.isfinite(result):
        raise BadArgument(
            f"{name} must be a finite number, not {result}.",
            "A missing number is None, or 0.0 for no target.",
        )
    if result < least or result <= above:
        bound = f"at least {least:g}" if math.isfinite(least) else f"above {above:g}"
        raise BadArgument(f"{name} must be {bound}, not {result:g}.", "Look up its unit in the docstring.")
    return result


def whole(name: str, value: Any, *, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``.

    Raises:
        BadArgument: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadArgument(f"{name} must be a whole number from {least} to {most}, not {value!r}.")
    return value


def price(name: str, value: Any) -> float:
    """A price; 0.0 and ``None`` mean that there is none."""
    return 0.0 if value is None else number(name, value, least=0.0)


def side(value: Any) -> Side:
    """``BUY`` or ``SELL`` in any case.

    Raises:
        BadArgument: It is neither.
    """
    text = value.upper() if isinstance(value, str) else ""
    if text not in ("BUY", "SELL"):
        raise BadArgument(f"direction must be BUY or SELL, not {value!r}.", "Bullish is BUY, bearish SELL.")
    return Side(text)


def text(name: str, value: Any, *, longest: int = 200) -> str:
    """A text that is not empty.

    Raises:
        BadArgument: It is empty, too long, or no text.
    """
    if not isinstance(value, str) or not value.strip():
        raise BadArgument(f"{name} must be a text that is not empty, not {value!r}.")
    if len(value) > longest:
        raise BadArgument(f"{name} has {len(value)} characters, at most {longest} are taken.")
    return value


def ticket(value: Any) -> int:
    """A ticket as the ServiceAPI gave it; tickets of the shadow book are negative.

    Raises:
        BadArgument: It is not a whole number other than 0.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value == 0:
        raise BadArgument(
            f"order_id must be a ticket, not {value!r}.",
            "A refused order has no ticket: test result.ok first.",
        )
    return value


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """One of a closed list of words.

    Raises:
        BadArgument: It is not.
    """
    if value not in choices:
        raise BadArgument(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return str(value)
