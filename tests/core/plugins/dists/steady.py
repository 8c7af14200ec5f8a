"""A plugin that does what it is told, and asks the host while doing it."""

from typing import ClassVar

import attrs

from zepix_core import (
    Alert,
    AlertClass,
    Capability,
    Change,
    Decision,
    LogicPlugin,
    PluginConfig,
    RiskSettings,
    ServiceAPI,
    Tick,
    TradeUpdate,
    Verdict,
    hookimpl,
    setting,
)


@attrs.frozen(kw_only=True)
class SteadyConfig(PluginConfig):
    lots: float = setting(0.1, doc="Lots.", gt=0, le=1)

    def symbols_allowed(self) -> tuple[str, ...]:
        return ("XAUUSD",)

    def risk_settings(self) -> RiskSettings:
        return RiskSettings(max_open_trades=2)


class Steady(LogicPlugin):
    name = "Steady"
    alerts: ClassVar = {"go": AlertClass.ENTRY, "note": AlertClass.INFO, "out": AlertClass.EXIT}
    timeframes = ("5",)
    symbols = ("XAUUSD",)
    capabilities = frozenset({Capability.PLACE_ORDER})
    config_model = SteadyConfig

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    async def on_start(self, api: ServiceAPI) -> None:
        self.seen.append(f"start with {api.config.lots}")

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision | None:
        if alert.kind == "note":
            return None
        result = await api.place_order("XAUUSD", "BUY", api.config.lots, 2000.0)
        await api.db.log_signal({"signal_type": alert.kind, "symbol": "XAUUSD", "alert_key": alert.key})
        return Decision(
            verdict=Verdict.ACTED,
            action="enter",
            tickets=(result.ticket or 0,),
            data={"seen": list(self.seen)},
        )

    @hookimpl
    def on_tick(self, tick: Tick) -> None:
        self.seen.append(f"tick {tick.bid}")

    @hookimpl
    async def on_trade_update(self, update: TradeUpdate, api: ServiceAPI) -> None:
        await api.close_position(update.ticket, key=f"close:{update.intent_id}")

    @hookimpl
    def on_config_change(self, changes: tuple[Change, ...], api: ServiceAPI) -> None:
        self.seen.append(f"{changes[0].key} is {api.config.lots}")
