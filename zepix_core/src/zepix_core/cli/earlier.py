"""A host that still runs an earlier version than its commands: what it does not say, and what to do."""

from collections.abc import Mapping
from typing import Any

import attrs

from zepix_core import __version__
from zepix_core.model.host import HostState

RESTART = "Restart the host, so that it runs what is installed."
_FIGURES = ("open_trades", "open_positions", "shadow_positions", "today_pnl", "total_pnl")
_UNSAID: dict[str, Any] = {
    **attrs.asdict(HostState(version="", pid=0, ready=False)),
    **dict.fromkeys(_FIGURES),
    "channels": [],
    "held": [],
    "home": "",
    "figures": {},
    "limits": [],
    "plugins": [],
    "reports": [],
}


def whole_status(told: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of ``GET /api/status``, completed by what says nothing where the host says nothing."""
    return {**_UNSAID, **told}


def version_note(version: str) -> str:
    """A sentence when the host runs another version than this command, else ``""``."""
    if version == __version__:
        return ""
    return f"The host runs version {version or 'unknown'}, this command is version {__version__}."


def status_note(told: Mapping[str, Any]) -> str:
    """The same from the answer of ``GET /api/status``, which tells another build of a version, too."""
    unsaid = [name for name in _UNSAID if name not in told]
    other = version_note(str(told.get("version", "")))
    if unsaid and not other:
        return f"The host runs an earlier build of version {__version__}: it says nothing of {unsaid[0]}."
    return other
