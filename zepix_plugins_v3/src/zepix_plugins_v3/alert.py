"""From the wire to a frozen alert: the checks a V3 message must pass, in their order."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, TypeGuard

import attrs

from zepix_core import Side
from zepix_plugins_v3 import timeframes, trends
from zepix_plugins_v3.signals import BY_NAME, TYPES, Category, Signal

PRICE_LIMIT = 10**9
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}


@attrs.frozen(kw_only=True)
class Refusal:
    """A message that is not acted on.

    Attributes:
        code: Reason, lower case.
        ignored: True when it is none of this plugin's business now, rather than wrong.
        key: The key of the message that failed, ``value`` what stood there, ``rule`` what was asked.
    """

    code: str
    key: str
    value: Any
    rule: str
    ignored: bool = False


@attrs.frozen(kw_only=True)
class Stops:
    """Stop and targets as sent, in price; ``None`` when the alert has none.

    Attributes:
        faulty: Keys that hold something no price can be.
    """

    sl: Decimal | None = None
    tp1: Decimal | None = None
    tp2: Decimal | None = None
    faulty: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class V3Alert:
    """A message that passed every check of its own text.

    Attributes:
        symbol: TradingView name without exchange, upper case.
        price: Bar close.
        score: Bullish votes, 0..9.
        side: Direction; ``None`` for squeezes and pulses.
        trends: Five (reversed) or six (forward) values of -1, 0, 1, ``None`` when not sent.
        trends_text: The same as it was sent.
        changed: Pillars a pulse names as changed.
        position_multiplier: The script's own step, for the log alone.
    """

    signal: Signal
    symbol: str
    timeframe: str
    price: Decimal
    score: int
    side: Side | None = None
    stops: Stops = Stops()
    trends: tuple[int, ...] | None = None
    trends_text: str | None = None
    changed: tuple[str, ...] = ()
    position_multiplier: Decimal | None = None

    @property
    def type(self) -> str:
        """The message type."""
        return self.signal.type


def parse(payload: Mapping[str, Any], symbols: Collection[str], *, enabled: bool = True) -> V3Alert | Refusal:
    """Check a JSON object and read it. Numbers with a fraction are Decimal, bare ``NaN`` is ``None``.

    Args:
        symbols: The symbol table: TradingView names that are known.
        enabled: Whether the plugin is switched on.
    """
    type_ = payload.get("type")
    if not isinstance(type_, str) or type_ not in TYPES:
        return Refusal(
            code="not_v3", key="type", value=type_, rule=f"one of {', '.join(TYPES)}", ignored=True
        )
    if not enabled:
        return Refusal(code="plugin_disabled", key="type", value=type_, rule="plugin enabled", ignored=True)
    signal = _signal(payload, type_)
    if isinstance(signal, Refusal):
        return signal
    head = _head(payload, symbols)
    if isinstance(head, Refusal):
        return head
    multiplier = payload.get("position_multiplier")
    if multiplier is not None and not _within(multiplier, Decimal("0.1"), Decimal("2.0")):
        return Refusal(
            code="invalid_position_multiplier",
            key="position_multiplier",
            value=multiplier,
            rule="absent, or a number 0.1..2.0",
        )
    tail = _tail(payload, signal)
    if isinstance(tail, Refusal):
        return tail
    return V3Alert(
        signal=signal, position_multiplier=None if multiplier is None else Decimal(multiplier), **head, **tail
    )


def _signal(payload: Mapping[str, Any], type_: str) -> Signal | Refusal:
    name = payload.get("signal_type")
    signal = BY_NAME.get(name) if isinstance(name, str) else None
    if signal is None:
        return Refusal(code="unknown_signal", key="signal_type", value=name, rule="one of the twelve signals")
    if signal.type != type_:
        return Refusal(
            code="type_signal_mismatch",
            key="type",
            value=type_,
            rule=f"{signal.names[0]} comes as {signal.type}",
        )
    return signal


def _head(payload: Mapping[str, Any], symbols: Collection[str]) -> dict[str, Any] | Refusal:
    """What every message has: symbol, timeframe, price and score."""
    raw = payload.get("symbol")
    symbol = raw.rpartition(":")[2].strip().upper() if isinstance(raw, str) else None
    if symbol not in symbols:
        return Refusal(code="unknown_symbol", key="symbol", value=raw, rule="in the symbol table")
    tf = payload.get("tf")
    if tf is None or (isinstance(tf, str) and not tf.strip()):
        return Refusal(code="missing_timeframe", key="tf", value=tf, rule="given")
    timeframe = timeframes.normalise(tf)
    if timeframe is None:
        listed = " ".join(timeframes.TIMEFRAMES)
        return Refusal(code="invalid_timeframe", key="tf", value=tf, rule=f"one of {listed}")
    price = payload.get("price")
    if not (_is_number(price) and 0 < price < PRICE_LIMIT):
        return Refusal(code="invalid_price", key="price", value=price, rule="a number > 0 and < 1e9")
    score = payload.get("consensus_score")
    # The range is tested first: rounding 1e999999999 would compute a billion digits.
    if not _within(score, 0, 9) or score != int(score):
        return Refusal(
            code="invalid_consensus_score", key="consensus_score", value=score, rule="a whole number 0..9"
        )
    return {"symbol": symbol, "timeframe": timeframe, "price": Decimal(price), "score": int(score)}


def _tail(payload: Mapping[str, Any], signal: Signal) -> dict[str, Any] | Refusal:
    """What depends on the kind of message: trends, direction, stops."""
    key = "current_trends" if signal.type == "trend_pulse_v3" else "mtf_trends"
    text = payload.get(key)
    counts = (6,) if key == "current_trends" else (5, 6)
    values = trends.read_values(text)
    may_lack = key == "mtf_trends" and text is None
    if not may_lack and (values is None or len(values) not in counts):
        rule = f"{' or '.join(map(str, counts))} values of -1, 0, 1"
        return Refusal(code="invalid_mtf_trends", key=key, value=text, rule=rule)
    read: dict[str, Any] = {"trends": values, "trends_text": text}
    if signal.category is Category.INFO:
        return read | {"changed": trends.changed_pillars(payload.get("changed_timeframes"))}
    side = _side(payload, signal)
    if isinstance(side, Refusal):
        return side
    return read | {"side": side, "stops": _stops(payload)}


def _side(payload: Mapping[str, Any], signal: Signal) -> Side | Refusal:
    direction = payload.get("direction")
    if direction is None and signal.side is not None:
        return signal.side
    side = _SIDES.get(direction) if isinstance(direction, str) else None
    if side is None:
        return Refusal(code="invalid_direction", key="direction", value=direction, rule="buy or sell")
    if signal.side is not None and side is not signal.side:
        return Refusal(
            code="direction_mismatch",
            key="direction",
            value=direction,
            rule=f"{signal.names[0]} is a {signal.side.lower()}",
        )
    return side


def _stops(payload: Mapping[str, Any]) -> Stops:
    levels: dict[str, Decimal | None] = {}
    faulty = []
    for key, name in (("sl_price", "sl"), ("tp1_price", "tp1"), ("tp2_price", "tp2")):
        value = payload.get(key)
        levels[name] = None
        if value is None:
            continue
        if not (_is_number(value) and 0 <= value < PRICE_LIMIT):
            faulty.append(key)
        elif value != 0:
            levels[name] = Decimal(value)
    return Stops(**levels, faulty=tuple(faulty))


def _is_number(value: Any) -> TypeGuard[int | Decimal]:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def _within(value: Any, low: int | Decimal, high: int | Decimal) -> TypeGuard[int | Decimal]:
    return _is_number(value) and low <= value <= high
