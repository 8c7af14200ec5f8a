"""What one value of a JSON message may be: each rule answers with a complaint or ``None``."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from zepix_core.pine.formats import Field, Format

Complaint = tuple[str, str]
"""A reason code and a sentence."""


def complaint(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    """What is wrong with a value that is there; ``fields`` is the whole message."""
    return _RULES[field.rule](value, field, form, fields)


def _free(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    return None


def _kind(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    if isinstance(value, str) and value in form.kinds:
        return None
    return f"invalid_{field.key}", f"{field.key} must be one of {', '.join(form.kinds)}"


def _signal(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    about = form.signals.get(value) if isinstance(value, str) else None
    if about is None:
        return "unknown_signal", f"{_said(value)} is no signal of {form.name}"
    if about["type"] != fields.get(form.key):
        return (
            "type_signal_mismatch",
            f"{value} comes as {about['type']}, not as {_said(fields.get(form.key))}",
        )
    return None


def _listed_symbol(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    name = value.rpartition(":")[2].strip().upper() if isinstance(value, str) else None
    if name in form.symbols:
        return None
    return "unknown_symbol", f"{_said(value)} is none of {' '.join(form.symbols)}"


def _bracket_symbol(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    name = value.rsplit(":", 1)[-1].strip().upper() if isinstance(value, str) else ""
    return None if 1 <= len(name) <= 32 else ("invalid_symbol", "symbol must be a name such as EURUSD")


def _timeframe(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    if isinstance(value, str) and not value.strip():
        return "missing_timeframe", f"{field.key} is empty"
    text = value.strip() if isinstance(value, str) else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 240:
        text = str(value)
    if text in form.timeframes:
        return None
    return "invalid_timeframe", f"{_said(value)} is none of {' '.join(form.timeframes)}"


def _number(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    limits = field.limits
    if _is_number(value):
        # The range is tested before anything is computed: the exponent may be anything.
        inside = (
            limits.get("least", value) <= value <= limits.get("most", value)
            and ("above" not in limits or limits["above"] < value)
            and ("below" not in limits or value < limits["below"])
        )
        if inside and not (limits.get("whole") and value != int(value)):
            return None
    return _number_code(field), f"{field.key} must be {_range(limits)}, not {_said(value)}"


def _number_code(field: Field) -> str:
    return "invalid_stops" if field.key.startswith(("sl", "tp")) else f"invalid_{field.key}"


def _trends(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    tokens = [token.strip() for token in value.split(",")] if isinstance(value, str) else []
    if len(tokens) in field.limits["counts"] and all(token in ("-1", "0", "1") for token in tokens):
        return None
    counts = " or ".join(map(str, field.limits["counts"]))
    return "invalid_mtf_trends", f"{field.key} must be text of {counts} values -1, 0 or 1 with commas between"


def _direction(value: Any, field: Field, form: Format, fields: Mapping[str, Any]) -> Complaint | None:
    if value not in ("buy", "sell"):
        return "invalid_direction", f"{field.key} must be buy or sell, not {_said(value)}"
    name = fields.get("signal_type")
    wanted = form.signals.get(name, {}).get("direction") if isinstance(name, str) else None
    if wanted is not None and value != wanted:
        return "direction_mismatch", f"{name} is a {wanted}"
    return None


def _is_number(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def _range(limits: Mapping[str, Any]) -> str:
    words = {"least": "at least", "most": "at most", "above": "above", "below": "below"}
    said = [f"{word} {limits[name]}" for name, word in words.items() if name in limits]
    return " ".join([f"a {'whole ' if limits.get('whole') else ''}number", " and ".join(said)]).strip()


def _said(value: Any) -> str:
    return "null" if value is None else str(value)[:40] if isinstance(value, Decimal) else repr(value)[:40]


_RULES: dict[str, Callable[[Any, Field, Format, Mapping[str, Any]], Complaint | None]] = {
    "free": _free,
    "kind": _kind,
    "signal": _signal,
    "listed_symbol": _listed_symbol,
    "bracket_symbol": _bracket_symbol,
    "timeframe": _timeframe,
    "number": _number,
    "trends": _trends,
    "direction": _direction,
}
