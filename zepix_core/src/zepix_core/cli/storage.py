"""Whether the running host can write its files, as people read it."""

from collections.abc import Mapping
from typing import Any

from zepix_core.clock import iso

WRITABLE = "writable"
NEXT = (
    "Make room on the disk and check owner and mode of the files in the home's data folder. Until then "
    "alerts are answered 503 and no entry goes out; the host tries again every 5 seconds."
)
NEXT_OTHERS = (
    "Make room on the disk and check owner and mode of that file. Until then no entry that needs it goes out;"
    " exits do, and it is tried again every 5 seconds."
)


def storage_state(status: Mapping[str, Any]) -> str:
    """`WRITABLE`, or since when (UTC) something is not and why; ``status`` is the answer of ``GET
    /api/status``."""
    if status["storage"]:
        return f"cannot be written since {iso(status['storage_since_ns'])}: {status['storage']}"
    faults = status.get("storage_faults") or ()
    return "; ".join(f"since {iso(one['since_ns'])}: {one['text']}" for one in faults) or WRITABLE


def storage_next(status: Mapping[str, Any]) -> str:
    """What to do about it, ``""`` while all can be written."""
    faults = status.get("storage_faults") or ()
    named = [one["hint"] for one in faults if one["lasting"] and one["hint"]]
    if named:
        return " ".join(named)
    return NEXT if status["storage"] else NEXT_OTHERS if faults else ""


def storage_stops(status: Mapping[str, Any]) -> list[str]:
    """What of the storage stops entries, each in a few words."""
    return [
        f"{one['file']} cannot be written{' (' + ', '.join(one['plugins']) + ')' if one['plugins'] else ''}"
        if not one["lasting"] and one["file"] != "disk"
        else f"{one['file']} is {'damaged' if one['lasting'] else 'nearly full'}"
        for one in status.get("storage_faults") or ()
    ]
