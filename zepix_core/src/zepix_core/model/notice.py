"""Something that people should hear of."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import attrs

SWITCHES: Mapping[str, str] = {
    "entry": "notify_on_entry",
    **dict.fromkeys(("exit", "sl_hit", "tp_hit", "profit_booking"), "notify_on_exit"),
    **dict.fromkeys(("error", "order_failed", "plugin_error", "alert_error"), "notify_on_error"),
}
"""Notice types that a plugin's settings switch off, and the switch under ``notifications``."""


class Priority(IntEnum):
    """Urgency; only the core sends CRITICAL."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


@attrs.frozen(kw_only=True)
class Notice:
    """A notice; becomes an outbox row committed with what it tells.

    Attributes:
        type: One of the notice types, such as ``order_failed``.
        data: The type's fields, JSON values only.
        key: Two notices of equal type and key within 5 minutes are one.
    """

    type: str
    priority: Priority
    text: str = ""
    data: dict[str, Any] = attrs.field(factory=dict)
    plugin: str | None = None
    symbol: str | None = None
    alert_id: int | None = None
    key: str | None = None
