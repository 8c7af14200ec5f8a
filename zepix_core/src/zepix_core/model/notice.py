"""Something that people should hear of."""

from enum import IntEnum
from typing import Any

import attrs


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
