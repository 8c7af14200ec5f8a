"""What a bracket alert says: the JSON text read once, into a frozen value or a refusal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from zepix_core import Side

_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_NUMBERS = {
    "lots": "invalid_lots",
    "risk_percent": "invalid_risk_percent",
    "sl": "invalid_stops",
    "tp": "invalid_stops",
    "price": "invalid_price",
}
_KNOWN = frozenset({"action", "symbol", *_NUMBERS})
_LEAST, _MOST = Decimal("1e-9"), Decimal("1e9")


@attrs.frozen(kw_only=True)
class Entry:
    """``buy`` or ``sell``.

    Attributes:
        symbol: TradingView's name without the exchange, upper case.
        lots, risk_percent: The size: exactly one of the two is given.
        sl: Price of the stop; ``tp``: price of the target, ``None`` for none.
        price: The price the sender saw, ``None`` when it does not say.
        extra: Every other key, as it was sent.
    """

    symbol: str
    side: Side
    sl: Decimal
    tp: Decimal | None = None
    lots: Decimal | None = None
    risk_percent: Decimal | None = None
    price: Decimal | None = None
    extra: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Close:
    """``close``: end this plugin's positions on the symbol, whichever way they point."""

    symbol: str
    extra: dict[str, Any] = attrs.field(factory=dict)


BracketAlert = Entry | Close


@attrs.frozen
class Refusal:
    """Why an alert is not acted on: ``code`` for machines, ``detail`` for people."""

    code: str
    detail: str


def parse(fields: Mapping[str, Any]) -> BracketAlert | Refusal:
    """Read an alert's fields. ``null`` and ``NaN`` count as absent; keys that are not ours are kept."""
    action, symbol = fields.get("action"), _symbol(fields.get("symbol"))
    extra = {key: value for key, value in fields.items() if key not in _KNOWN}
    if action not in ("buy", "sell", "close"):
        return Refusal("invalid_action", f"action must be buy, sell or close, not {action!r:.40}")
    if not 1 <= len(symbol) <= 32:
        return Refusal("invalid_symbol", "symbol must be a name such as EURUSD")
    if action == "close":
        return Close(symbol=symbol, extra=extra)

    numbers: dict[str, Decimal | None] = {}
    for key, code in _NUMBERS.items():
        value = fields.get(key)
        numbers[key] = _positive(value)
        if value is not None and numbers[key] is None:
            return Refusal(code, f"{key} must be a number above 0, not {value!r:.40}")
    lots, risk, sl = numbers["lots"], numbers["risk_percent"], numbers["sl"]
    if lots is None and risk is None:
        return Refusal("missing_volume", "an entry needs lots or risk_percent")
    if lots is not None and risk is not None:
        return Refusal("ambiguous_volume", "give lots or risk_percent, not both")
    if risk is not None and risk > 100:
        return Refusal("invalid_risk_percent", f"risk_percent cannot be above 100, it is {risk}")
    if sl is None:
        return Refusal("missing_stop", "an entry needs sl: no order goes out without its stop")
    return Entry(
        symbol=symbol,
        side=_SIDES[action],
        sl=sl,
        tp=numbers["tp"],
        lots=lots,
        risk_percent=risk,
        price=numbers["price"],
        extra=extra,
    )


def _symbol(value: Any) -> str:
    """``OANDA:eurusd`` becomes ``EURUSD``; anything that is no text becomes ``""``."""
    return value.rsplit(":", 1)[-1].strip().upper() if isinstance(value, str) else ""


def _positive(value: Any) -> Decimal | None:
    """A JSON number above 0 (10^-9 to 10^9), else ``None``. A text is not a number, a flag neither."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value) if _LEAST <= value <= _MOST else None
