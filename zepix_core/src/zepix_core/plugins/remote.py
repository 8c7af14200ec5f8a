"""A plugin that runs elsewhere, as the host's pluggy manager sees it."""

from collections.abc import Awaitable, Callable
from typing import Any

from zepix_core.hookspecs import EVENT_HOOKS, hookimpl
from zepix_core.model.alert import Alert
from zepix_core.model.change import Change
from zepix_core.model.decision import Decision
from zepix_core.model.market import Tick
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake

Send = Callable[..., Awaitable[Any]]


class RemotePlugin:
    """Exposes exactly the event hooks that a plugin declared; each sends a request to its worker.

    Args:
        send: ``await send(hook, **request_fields)`` runs the hook there.
    """

    def __init__(self, plugin_id: str, hooks: tuple[str, ...], send: Send) -> None:
        self.plugin_id = plugin_id

        def on_alert(alert: Alert) -> Awaitable[Decision]:
            return send("on_alert", alert=alert)

        def on_tick(tick: Tick) -> Awaitable[None]:
            return send("on_tick", ticks=(tick,))

        def on_trade_update(update: TradeUpdate) -> Awaitable[None]:
            return send("on_trade_update", update=update)

        def on_config_change(changes: tuple[Change, ...]) -> Awaitable[None]:
            return send("on_config_change", changes=changes)

        def on_wake(wake: Wake) -> Awaitable[None]:
            return send("on_wake", wake=wake)

        for function in (on_alert, on_tick, on_trade_update, on_config_change, on_wake):
            name = function.__name__
            if name in hooks and name in EVENT_HOOKS:
                setattr(self, name, hookimpl(function))
