"""A plugin that does everything a plugin may do with orders; its alerts say what. For the simulator only."""

from datetime import timedelta
from typing import Any, ClassVar

from zepix_core.api import ServiceAPI
from zepix_core.hookspecs import hookimpl
from zepix_core.model.alert import Alert, AlertClass
from zepix_core.model.decision import Decision, Verdict
from zepix_core.model.market import Side
from zepix_core.model.order import OrderResult, TradeUpdate, UpdateKind
from zepix_core.model.wake import Wake
from zepix_core.plugin import Capability, LogicPlugin

PLUGIN_ID = "simulated"
NOTHING = Decision(verdict=Verdict.NOTHING, action="ignore")


class SimulatedPlugin(LogicPlugin):
    """Alerts: ``single``, ``pair`` and ``turn`` open; ``leave``, ``trim`` and ``tighten`` act on what is
    open; ``look`` asks to be woken at a time, ``watch`` at a price.

    Fields besides ``type`` and ``symbol``: ``side``, ``lots``, ``sl`` and ``tp`` (pips from the price),
    ``seconds`` (until the wake), ``then`` (what follows the opening of a position, or the wake at a price).
    """

    name = "Simulated"
    alerts: ClassVar = {
        "single": AlertClass.ENTRY,
        "pair": AlertClass.ENTRY,
        "turn": AlertClass.ENTRY,
        "leave": AlertClass.EXIT,
        "trim": AlertClass.EXIT,
        "tighten": AlertClass.EXIT,
        "look": AlertClass.INFO,
        "watch": AlertClass.INFO,
    }
    capabilities = frozenset({Capability.PLACE_ORDER, Capability.PLACE_DUAL_ORDERS_V6})
    symbols = ("EURUSD",)

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision:
        """Do what the alert says."""
        fields = alert.json()
        symbol = str(fields.get("symbol", "EURUSD"))
        await api.db.log_signal(
            {"signal_type": alert.kind, "symbol": symbol, "alert_key": alert.key, "direction": "BUY"}
        )
        if alert.kind in ("single", "pair", "turn"):
            return await self._enter(alert.kind, symbol, fields, api)
        if alert.kind == "look":
            at = api.clock.now() + timedelta(seconds=float(fields.get("seconds", 5)))
            await api.clock.at(at, key=f"look:{alert.id}:{symbol}")
            return Decision(verdict=Verdict.ACTED, action="look")
        if alert.kind == "watch":
            return await self._watch(alert.id, symbol, fields, api)
        return await self._manage(alert.kind, symbol, api, None)

    async def _watch(self, alert: int, symbol: str, fields: dict[str, Any], api: ServiceAPI) -> Decision:
        quote, pip = await api.market.get_current_price_data(symbol), await api.market.get_pip_size(symbol)
        if quote is None or pip is None:
            return Decision(verdict=Verdict.REJECTED, action="reject", reason="no_price")
        key = f"{fields.get('then') or 'leave'}:watch-{alert}:{symbol}"
        await api.market.when(symbol, above=round(quote.bid + 8 * pip, 5), key=key)
        return Decision(verdict=Verdict.ACTED, action="watch")

    async def _enter(self, kind: str, symbol: str, fields: dict[str, Any], api: ServiceAPI) -> Decision:
        quote, pip = await api.market.get_current_price_data(symbol), await api.market.get_pip_size(symbol)
        if quote is None or pip is None:
            return Decision(verdict=Verdict.REJECTED, action="reject", reason="no_price")
        side = Side.BUY if str(fields.get("side", "buy")) == "buy" else Side.SELL
        if kind == "turn":
            await api.close_positions_by_direction(symbol, side.opposite.value, "Reversal")
        price = quote.ask if side is Side.BUY else quote.bid
        sl = round(price - side.sign * float(fields.get("sl", 20)) * pip, 5)
        tp = round(price + side.sign * float(fields.get("tp", 20)) * pip, 5)
        far = round(price + side.sign * 2 * float(fields.get("tp", 20)) * pip, 5)
        lots, label = float(fields.get("lots", 0.1)), f"then={fields.get('then', '')}"
        results: tuple[OrderResult, ...]
        if kind == "single":
            results = (await api.place_order(symbol, side.value, lots, sl, tp, label),)
        else:
            pair = await api.place_dual_orders_v6(
                symbol, side.value, lots, sl, tp, far, labels=(label, label)
            )
            results = (pair.a, pair.b)
        done = [result for result in results if result.ok]
        if not done:
            reason = (results[0].code or "unresolved").lower()
            return Decision(verdict=Verdict.REJECTED, action="reject", reason=reason)
        tickets = tuple(result.ticket for result in done if result.ticket is not None)
        return Decision(verdict=Verdict.ACTED, action="enter", tickets=tickets)

    async def _manage(self, what: str, symbol: str, api: ServiceAPI, key: str | None) -> Decision:
        """Close, halve, or draw the stop nearer."""
        tickets = []
        for order in await api.get_plugin_orders(symbol):
            one = None if key is None else f"{key}:{order.ticket}"
            if what == "leave":
                acted = (await api.close_position(order.ticket, "Exit_Signal", key=one)).success
            elif what == "trim":
                acted = (await api.close_position_partial(order.ticket, 50.0, "Exit_Signal", key=one)).success
            else:
                nearer = round(order.sl + (order.price_open - order.sl) * 0.2, 5)
                acted = (await api.modify(order.ticket, nearer, key=one)).ok
            if acted:
                tickets.append(order.ticket)
        if not tickets:
            return NOTHING
        return Decision(verdict=Verdict.ACTED, action=what, tickets=tuple(tickets))

    @hookimpl
    async def on_trade_update(self, update: TradeUpdate, api: ServiceAPI) -> None:
        """Keep a table of trades; a position may have asked for something later."""
        if update.kind is UpdateKind.OPENED:
            await api.db.save_trade(
                {
                    "mt5_ticket": update.ticket,
                    "symbol": update.symbol,
                    "direction": update.side.value,
                    "lot_size": update.volume,
                    "entry_price": update.price,
                    "sl_price": update.sl,
                    "tp_price": update.tp,
                }
            )
            if update.label.startswith("then=") and (then := update.label.removeprefix("then=")):
                at = api.clock.now() + timedelta(seconds=3)
                await api.clock.at(at, key=f"{then}:{update.ticket}:{update.symbol}")
        elif update.kind is UpdateKind.CLOSED:
            trade = await api.db.get_trade_by_ticket(update.ticket)
            if trade is not None:
                await api.db.close_trade(trade["id"], update.price, update.profit, update.reason)

    @hookimpl
    async def on_wake(self, wake: Wake, api: ServiceAPI) -> None:
        """Do what was put off."""
        what, _, rest = wake.key.partition(":")
        symbol = rest.partition(":")[2]
        if what in ("leave", "trim", "tighten"):
            await self._manage(what, symbol, api, wake.key)

    @hookimpl
    async def on_tick(self, api: ServiceAPI) -> None:
        """See a tick."""
        api.now()
