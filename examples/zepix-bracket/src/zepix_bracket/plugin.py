"""The plugin: what it declares, and the one hook that asks, places and explains."""

from decimal import Decimal
from typing import ClassVar

from zepix_bracket.alert import Close, Entry, Refusal, parse
from zepix_bracket.config import BracketConfig
from zepix_bracket.decide import Market, Order, Refused, decide
from zepix_core import (
    Alert,
    AlertClass,
    Capability,
    Decision,
    Gate,
    LogicPlugin,
    ServiceAPI,
    Side,
    Step,
    Verdict,
    hookimpl,
)

UNRESOLVED = "UNRESOLVED"


class Bracket(LogicPlugin):
    """Plain JSON alerts placed as orders with their stop and target."""

    name = "Bracket"
    alerts: ClassVar = {"buy": AlertClass.ENTRY, "sell": AlertClass.ENTRY, "close": AlertClass.EXIT}
    capabilities = frozenset({Capability.PLACE_ORDER})
    config_model = BracketConfig

    @hookimpl
    async def on_alert(self, alert: Alert, api: ServiceAPI) -> Decision:
        """Read, decide, act; the answer holds every reason and number."""
        wanted = parse(alert.json())
        if isinstance(wanted, Refusal):
            return Decision(
                verdict=Verdict.REJECTED,
                action="reject",
                reason=wanted.code,
                data={"detail": wanted.detail},
            )
        if isinstance(wanted, Close):
            return await self._close(wanted, api)
        decision = decide(wanted, await self._look(wanted, api), api.config.settings)
        if isinstance(decision, Refused):
            return Decision(
                verdict=Verdict.REJECTED,
                action="reject",
                reason=decision.refusal.code,
                fields=_shown(wanted),
                gates=decision.gates,
                data={"detail": decision.refusal.detail},
            )
        return await self._place(decision, api)

    async def _look(self, entry: Entry, api: ServiceAPI) -> Market:
        """Ask the market for what the alert does not say."""
        facts = await api.get_symbol_info(entry.symbol)
        price = None
        if entry.price is None:
            quote = await api.get_current_price_data(entry.symbol)
            if quote is not None:
                price = Decimal(str(quote.ask if entry.side is Side.BUY else quote.bid))
        pip_size = None if facts is None else Decimal(str(facts.pip_size))
        return Market(price=price, pip_size=pip_size)

    async def _place(self, order: Order, api: ServiceAPI) -> Decision:
        entry = order.entry
        lots, steps = await self._size(order, api)
        if lots <= 0:
            return Decision(
                verdict=Verdict.REJECTED,
                action="reject",
                reason="no_balance",
                fields=_shown(entry),
                gates=order.gates,
                steps=steps,
            )
        result = await api.place_order(
            entry.symbol,
            entry.side.value,
            lots,
            sl_price=float(entry.sl),
            tp_price=None if entry.tp is None else float(entry.tp),
            price=float(order.price),
            comment="BRACKET",
        )
        # An unresolved order may be at the broker: the host looks it up, so it counts as acted on.
        acted = result.ok or result.code == UNRESOLVED
        return Decision(
            verdict=Verdict.ACTED if acted else Verdict.REJECTED,
            action="enter",
            reason=result.code.lower() or None,
            fields=_shown(entry),
            gates=order.gates,
            steps=steps,
            data={"detail": result.message, "volume": result.volume, "fill_price": result.price},
            tickets=() if result.ticket is None else (result.ticket,),
        )

    async def _size(self, order: Order, api: ServiceAPI) -> tuple[float, tuple[Step, ...]]:
        """The alert's lots, or those that lose its risk at its stop."""
        entry = order.entry
        if entry.risk_percent is None or order.sl_pips is None:
            return float(entry.lots or 0), order.steps
        lots = await api.calculate_lot_size_async(
            entry.symbol, float(entry.risk_percent), float(order.sl_pips)
        )
        formula = f"{entry.risk_percent} % of the balance / {order.sl_pips:.1f} pips, rounded down"
        return lots, (*order.steps, Step("lots", formula, f"{lots:g}"))

    async def _close(self, close: Close, api: ServiceAPI) -> Decision:
        outcome = await api.close_positions(close.symbol, reason="Exit_Signal")
        if not outcome.results:
            if await api.get_symbol_info(close.symbol) is None:
                return Decision(
                    verdict=Verdict.REJECTED,
                    action="reject",
                    reason="unknown_symbol",
                    fields=_shown(close),
                    gates=(Gate("known", False, close.symbol, "is one of the host's symbols"),),
                )
            return Decision(
                verdict=Verdict.NOTHING, action="close", reason="no_open_position", fields=_shown(close)
            )
        failed = [result for result in outcome.results if not result.success]
        return Decision(
            verdict=Verdict.ACTED if outcome.closed_count else Verdict.REJECTED,
            action="close",
            reason=failed[0].code.lower() if failed else None,
            fields=_shown(close),
            data={"closed": outcome.closed_count, "failed": [result.order_id for result in failed]},
            tickets=tuple(result.order_id for result in outcome.results if result.success),
        )


def _shown(alert: Entry | Close) -> dict[str, str]:
    """The fields as text, for ``zepix why``."""
    fields = {"symbol": alert.symbol}
    if isinstance(alert, Entry):
        numbers = {
            "lots": alert.lots,
            "risk_percent": alert.risk_percent,
            "sl": alert.sl,
            "tp": alert.tp,
            "price": alert.price,
        }
        fields["side"] = alert.side.value
        fields |= {name: str(value) for name, value in numbers.items() if value is not None}
    return fields | {name: str(value)[:100] for name, value in alert.extra.items()}
