"""Plugins that cannot be loaded, each for its own reason, and one that can."""

from typing import ClassVar

import pluggy

from zepix_core import Alert, AlertClass, Decision, LogicPlugin, PluginConfig, hookimpl


class NotAPlugin:
    alerts: ClassVar = {"go": AlertClass.ENTRY}


class NoHooks(LogicPlugin):
    pass


class WrongArgument(LogicPlugin):
    @hookimpl
    def on_alert(self, alarm: Alert) -> None:
        return None


class UnknownHook(LogicPlugin):
    @hookimpl
    def on_alert(self, alert: Alert) -> None:
        return None

    @hookimpl
    def on_alarm(self, alert: Alert) -> None:
        return None


class Wrapper(LogicPlugin):
    @pluggy.HookimplMarker("zepix")(wrapper=True)
    def on_alert(self, alert: Alert):
        return (yield)


class BadMetadata(LogicPlugin):
    alerts: ClassVar = {"go": "maybe"}

    @hookimpl
    def on_alert(self, alert: Alert) -> None:
        return None


class OneTimeframe(BadMetadata):
    alerts: ClassVar = {"go": AlertClass.ENTRY}
    timeframes = "15"


class Explodes(LogicPlugin):
    def __init__(self) -> None:
        raise SystemExit(5)


class FailsAtStart(LogicPlugin):
    @hookimpl
    async def on_start(self, api) -> None:
        raise RuntimeError("no fuel")

    @hookimpl
    def on_alert(self, alert: Alert) -> None:
        return None


class BadModel(LogicPlugin):
    class Config(PluginConfig):
        def risk_settings(self):
            raise KeyError("no risk")

    config_model = Config


class Fine(LogicPlugin):
    alerts: ClassVar = {"go": AlertClass.ENTRY}

    @hookimpl
    def on_alert(self, alert: Alert) -> Decision | None:
        return None
