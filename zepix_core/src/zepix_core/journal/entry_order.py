"""One judged request as intents, and the first commit that holds all of it."""

import logging
import sqlite3
from typing import Any

import attrs

from zepix_core.journal import events, intent_rows, outbox
from zepix_core.journal.intents import comment_of, magic_of
from zepix_core.journal.line import OrderLine
from zepix_core.journal.numbers import PluginNumber
from zepix_core.journal.trade_notices import denied_notice
from zepix_core.model.order import Action, Book, Intent, IntentState
from zepix_core.services.calls import PlaceRequest
from zepix_core.services.context import CallContext
from zepix_core.services.gates import GateReport
from zepix_core.services.legs import FinalLeg

S = IntentState
log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Order:
    """A request with its judgement and its names.

    Attributes:
        price: The opening price at the judgement, 0.0 when there was none.
        ids: Intent ids, one a leg; the first names the trade.
    """

    ctx: CallContext
    request: PlaceRequest
    report: GateReport
    price: float
    key: str
    ids: tuple[str, ...]
    number: PluginNumber
    account: str
    host_id: int

    def intents(self) -> list[Intent]:
        """The first leg that goes out is `sending`, the second `planned`, what does not go is `denied`."""
        made: list[Intent] = []
        going = 0
        for leg, one in zip(legs_of(self.request, self.report), self.ids, strict=True):
            code = self.report.code or leg.code
            state = S.DENIED if code else S.PLANNED if going else S.SENDING
            going += not code
            made.append(self._intent(leg, one, state, code))
        return made

    def _intent(self, leg: FinalLeg, one: str, state: IntentState, reason: str) -> Intent:
        plugin, request = self.ctx.plugin, self.request
        return Intent(
            intent_id=one, alert_key=self.key, alert_id=self.ctx.alert_id, plugin=plugin.id, leg=leg.name,
            action=Action.OPEN, symbol=request.symbol, side=request.side, lots=leg.lots,
            price=request.price or self.price, sl=leg.sl, tp=leg.tp,
            magic=magic_of(self.host_id, self.number.number, leg.name),
            comment=comment_of(self.number.tag, one, leg.name), state=state, account=self.account,
            book=Book.SHADOW if plugin.shadow else Book.LIVE, label=leg.label, group=self.ids[0],
            reason=reason,
        )  # fmt: skip


def legs_of(request: PlaceRequest, report: GateReport) -> tuple[FinalLeg, ...]:
    """The report's legs; as asked when the judgement did not come to the volumes."""
    if report.legs:
        return report.legs
    return tuple(
        FinalLeg(name=leg.name, lots=leg.lots or request.total or 0.0, sl=leg.sl, tp=leg.tp, label=leg.label)
        for leg in request.legs
    )


def write_order(connection: sqlite3.Connection, line: OrderLine, order: Order, intents: list[Intent]) -> None:
    """The judgement with its numbers, every intent, and the request that is about to be sent."""
    ctx, request, report = order.ctx, order.request, order.report
    payload: dict[str, Any] = {
        "method": request.method, "symbol": request.symbol, "side": request.side.value,
        "logic": request.logic, "code": report.code, "shadow": ctx.plugin.shadow,
        "legs": [
            {"leg": i.leg, "lots": i.lots, "sl": i.sl, "tp": i.tp, "intent_id": i.intent_id} for i in intents
        ],
        "gates": [attrs.asdict(gate) for gate in report.gates],
    }  # fmt: skip
    if report.smart_lot is not None:
        payload["smart_lot"] = report.smart_lot
    events.append(
        connection, line.clock, "gate", payload,
        alert_id=ctx.alert_id, plugin=ctx.plugin.id, intent_id=order.ids[0],
    )  # fmt: skip
    if ctx.alert_id is None and report.code:
        notice = denied_notice(intents[0], report.message)
        log.warning(notice.text, extra={"fields": {"plugin": ctx.plugin.id, "intent_id": order.ids[0]}})
        outbox.put(connection, line.clock, notice)
    for intent in intents:
        written = intent_rows.add(connection, line.clock, intent)
        if written.state is S.SENDING:
            line.write_request(connection, written)
