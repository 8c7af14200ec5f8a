"""What the inbox asks of the plugins' room."""

from typing import Protocol

import attrs

from zepix_core.model.alert import Alert, AlertClass
from zepix_core.model.decision import Decision

UNAVAILABLE = "plugin_unavailable"
"""Reason when a plugin is not to be called, or cannot be."""


@attrs.frozen
class Route:
    """One plugin that takes an alert, or the feed of a database group.

    Attributes:
        alert_class: What the alert is about for it.
        feed: Who must be done with this alert and all before it first: the feed of the plugin's group, ``""``
            when it has none. A feed's own route names itself.
    """

    plugin: str
    alert_class: AlertClass
    feed: str = ""

    @property
    def is_feed(self) -> bool:
        """It is no plugin but takes the alert for its whole group."""
        return self.plugin == self.feed


class Plugins(Protocol):
    """The enabled plugins as the inbox sees them. What a worker declared stays valid while it is away."""

    def routes(self, kind: str, timeframe: str | None) -> tuple[Route, ...]:
        """The feeds and enabled plugins that take such an alert, first asked first, feeds before plugins;
        cheap and without waiting."""

    def absent(self, kind: str, timeframe: str | None) -> tuple[str, ...]:
        """Plugins that would take such an alert and cannot be asked; cheap and without waiting."""

    def heads(self) -> frozenset[str]:
        """Heads of pipe-separated text that some plugin declared; cheap and without waiting."""

    async def deliver(self, plugin: str, alert: Alert) -> Decision:
        """Ask one plugin for its decision; never called twice at once for one plugin.

        Raises:
            WorkerDied: The worker ended during the hook; the delivery will be repeated.
            PluginError: The plugin failed; its ``code`` becomes the reason.
        """
