"""The hooks a plugin may implement. An implementation may take fewer arguments, sync or async."""

from typing import TYPE_CHECKING

import pluggy

from zepix_core.model.alert import Alert
from zepix_core.model.change import Change
from zepix_core.model.decision import Decision
from zepix_core.model.market import Tick
from zepix_core.model.order import TradeUpdate
from zepix_core.model.wake import Wake

if TYPE_CHECKING:
    from zepix_core.api import ServiceAPI

PROJECT = "zepix"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def on_alert(alert: Alert, api: "ServiceAPI") -> Decision | None:
    """Decide about one alert of a declared kind; may come again after a crash with the same `key`."""


@hookspec
def on_tick(tick: Tick, api: "ServiceAPI") -> None:
    """See one tick of a declared symbol; slow plugins get the newest tick per symbol."""


@hookspec
def on_trade_update(update: TradeUpdate, api: "ServiceAPI") -> None:
    """Learn of a change of one of this plugin's positions; at least once, in order."""


@hookspec
def on_config_change(changes: tuple[Change, ...], api: "ServiceAPI") -> None:
    """Learn which settings changed, after the new ones are in force."""


@hookspec
def on_wake(wake: Wake, api: "ServiceAPI") -> None:
    """A price level or a time this plugin asked for has come; once per key, in order with its updates."""


@hookspec
def on_start(api: "ServiceAPI") -> None:
    """The database is open and the API bound; no other hook came before."""


@hookspec
def on_stop(api: "ServiceAPI") -> None:
    """The last call; positions stay open with their stops."""


HOOKS = ("on_alert", "on_tick", "on_trade_update", "on_config_change", "on_wake", "on_start", "on_stop")
EVENT_HOOKS = HOOKS[:5]
