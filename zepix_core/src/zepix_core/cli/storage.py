"""Whether the running host can write its journal, as people read it."""

from collections.abc import Mapping
from typing import Any

from zepix_core.clock import iso

WRITABLE = "writable"
NEXT = (
    "Make room on the disk and check owner and mode of the files in the home's data folder. Until then "
    "alerts are answered 503 and no entry goes out; the host tries again every 5 seconds."
)


def storage_state(status: Mapping[str, Any]) -> str:
    """`WRITABLE`, or since when (UTC) it is not and why; ``status`` is the answer of ``GET /api/status``."""
    if not status["storage"]:
        return WRITABLE
    return f"cannot be written since {iso(status['storage_since_ns'])}: {status['storage']}"
