"""Who asks, and on whose behalf: what travels with every call into the host's services."""

import attrs

from zepix_core.errors import BadArgument
from zepix_core.model.alert import Alert
from zepix_core.services.facts import PluginFacts


@attrs.frozen(kw_only=True)
class CallContext:
    """One caller.

    Attributes:
        alert: The alert whose `on_alert` runs, ``None`` elsewhere.
        call_key: Key of what runs outside an alert, ``""`` when it has none; a request's own key wins.
    """

    plugin: PluginFacts
    alert: Alert | None = None
    call_key: str = ""

    @property
    def alert_id(self) -> int | None:
        return None if self.alert is None else self.alert.id

    def event_key(self, key: str | None) -> str:
        """What an order is keyed by besides plugin, leg and action.

        Raises:
            BadArgument: There is neither an alert nor a key.
        """
        if self.alert is not None:
            return self.alert.key if key is None else f"{self.alert.key}/{key}"
        found = key or self.call_key
        if not found:
            raise BadArgument(
                f"{self.plugin.id} asked for a trade outside on_alert without a key.",
                "Pass key=, a text that is the same when the same event comes again.",
            )
        return f"key:{found}"
