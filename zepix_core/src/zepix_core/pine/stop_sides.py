"""Whether the stop and the targets of a message stand on their sides of the price that it names."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from zepix_core.pine.fault import Fault
from zepix_core.pine.formats import is_entry
from zepix_core.pine.object_text import Entry, read_object_text

_STOPS = ("sl", "sl_price")
_TARGETS = ("tp", "tp1_price", "tp2_price")


def side_faults(text: str, kind: str | None) -> Iterator[Fault]:
    """What stands on the wrong side in a JSON message whose keys and values are all right."""
    if kind is None or not is_entry(kind) or not text.lstrip().startswith("{"):
        return
    entries = {entry.key: entry for entry in read_object_text(text).entries}
    price = _number(entries.get("price"))
    side = entries["direction"].value if "direction" in entries else kind
    if price is None or side not in ("buy", "sell"):
        return
    for key in (*_STOPS, *_TARGETS):
        entry = entries.get(key)
        value = _number(entry)
        if entry is None or value is None:
            continue
        below = (side == "buy") is (key in _STOPS)
        if value < price if below else value > price:
            continue
        wanted = "below" if below else "above"
        what = f"{key} of a {side} must be {wanted} its price {price}, it is {value}"
        yield Fault(entry.at, max(entry.end - entry.at, 1), "invalid_stops", what)


def _number(entry: Entry | None) -> Any:
    value = None if entry is None else entry.value
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
