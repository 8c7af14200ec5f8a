"""The feed of a database group in its worker: judged, and made to look like a plugin that takes alerts."""

from zepix_core.api import ServiceAPI
from zepix_core.errors import PluginError
from zepix_core.hookspecs import hookimpl
from zepix_core.model.alert import Alert, AlertClass
from zepix_core.model.decision import Decision
from zepix_core.plugin import GroupFeed, LogicPlugin
from zepix_core.plugins.hello import PluginHello
from zepix_core.plugins.names import RESERVED


class FeedHooks:
    """A feed as the dispatcher calls it."""

    def __init__(self, feed: GroupFeed) -> None:
        self._feed = feed

    @hookimpl
    async def on_start(self, api: ServiceAPI) -> None:
        await self._feed.on_start(api)

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision | None:
        return await self._feed.on_alert(alert, api)


def feed_of(plugin_id: str, kind: type[LogicPlugin]) -> type[GroupFeed] | None:
    """The feed that a plugin names.

    Raises:
        PluginError: It is none, takes nothing, or its group has no name of its own.
    """
    feed = kind.group_feed
    if feed is None:
        return None
    if not (isinstance(feed, type) and issubclass(feed, GroupFeed)):
        raise PluginError(f"group_feed of {plugin_id} is no subclass of GroupFeed.", "Derive from it.")
    group = kind.database_group or plugin_id
    if group == plugin_id or group in RESERVED:
        raise PluginError(
            f"{plugin_id} names a group feed, and its database group cannot be called {group}.",
            "Set database_group to a name that is no plugin's: the feed goes by it.",
        )
    if not _alerts(feed):
        raise PluginError(f"the group feed of {plugin_id} takes no alerts.", "Declare alerts in it.")
    return feed


def feed_hello(group: str, kind: type[GroupFeed]) -> PluginHello:
    """What is said of a feed."""
    return PluginHello(
        id=group,
        name=kind.__name__,
        feed=True,
        hooks=("on_alert",),
        alerts=_alerts(kind),
        database_group=group,
    )


def _alerts(kind: type[GroupFeed]) -> dict[str, AlertClass]:
    try:
        return {str(name): AlertClass(about) for name, about in kind.alerts.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise PluginError(f"the alerts of {kind.__name__} cannot be used: {error}.") from error
