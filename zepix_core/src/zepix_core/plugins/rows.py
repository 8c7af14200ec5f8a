"""Plugins as people list them, and as a stopped host remembers them."""

from typing import Any

import attrs

from zepix_core.model.host import PluginRow
from zepix_core.plugins.states import PluginStatus


def plugin_row(status: PluginStatus) -> PluginRow:
    """One plugin for a listing."""
    hello = status.hello
    return PluginRow(
        id=status.id,
        name=hello.name if hello is not None else "",
        distribution=status.distribution,
        version=status.version,
        state=status.state.value,
        reason="; ".join((status.error, *status.faults)) if status.error else "; ".join(status.faults),
        enabled=status.enabled,
        shadow_mode=status.shadow,
        priority=status.priority,
        alerts={kind: about.value for kind, about in hello.alerts.items()} if hello is not None else {},
        timeframes=hello.timeframes if hello is not None else (),
        pid=status.pid or None,
    )


def remembered_row(status: PluginStatus) -> dict[str, Any]:
    """One plugin for `zepix_core.config.plugin_files.remember_plugins`, with the schema of its settings."""
    row = attrs.asdict(plugin_row(status))
    row["config_schema"] = status.hello.config_schema if status.hello is not None else {}
    return row
