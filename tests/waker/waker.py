"""A plugin that trades when it is woken: what its alerts ask for, it waits for."""

import json
from datetime import timedelta
from typing import Any, ClassVar

from zepix_core import (
    Alert,
    AlertClass,
    BadArgument,
    Capability,
    Decision,
    LogicPlugin,
    ServiceAPI,
    TradeUpdate,
    Verdict,
    Wake,
    hookimpl,
)


class Waker(LogicPlugin):
    """``watch`` waits for a level, ``alarm`` for seconds, ``forget`` cancels, ``look`` asks the price."""

    name = "Waker"
    alerts: ClassVar = dict.fromkeys(("watch", "alarm", "forget", "look"), AlertClass.ENTRY)
    capabilities = frozenset({Capability.PLACE_ORDER})

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision:
        told = json.loads(alert.body)
        try:
            answer: Any = await self._obey(alert.kind, told, api)
        except BadArgument as error:
            return Decision(
                verdict=Verdict.REJECTED, action=alert.kind, reason="bad", data={"why": str(error)}
            )
        return Decision(verdict=Verdict.ACTED, action=alert.kind, data={"answer": answer})

    async def _obey(self, kind: str, told: dict[str, Any], api: ServiceAPI) -> Any:
        if kind == "watch":
            side = {name: told[name] for name in ("above", "below", "quote") if name in told}
            return await api.market.when(told["symbol"], key=told["key"], **side)
        if kind == "alarm":
            return await api.clock.at(api.clock.now() + timedelta(seconds=told["seconds"]), key=told["key"])
        if kind == "forget":
            return await api.market.cancel(told["handle"])
        return (await api.get_current_spread(told["symbol"]), list(self.seen))

    @hookimpl
    async def on_wake(self, wake: Wake, api: ServiceAPI) -> None:
        self.seen.append(f"wake {wake.key} {wake.symbol} {wake.price}")
        try:
            await api.place_order("EURUSD", "BUY", 0.01, sl_price=1.10)
        except BadArgument:
            self.seen.append("needs a key")
        result = await api.place_order("EURUSD", "BUY", 0.01, sl_price=1.10, key=f"wake:{wake.key}")
        self.seen.append(f"order {result.code or 'ok'}")

    @hookimpl
    def on_trade_update(self, update: TradeUpdate) -> None:
        self.seen.append(update.kind.value)
