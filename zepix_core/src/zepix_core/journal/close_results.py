"""What a close came to, summed over its parts, as the caller gets it."""

import sqlite3
from collections.abc import Sequence

import attrs

from zepix_core.clock import moment
from zepix_core.journal import deal_rows
from zepix_core.journal.ledger import LEAST, closed_volume, unbooked_volume
from zepix_core.journal.line import OrderLine
from zepix_core.model.order import CloseResult, Deal, DealEntry, Intent
from zepix_core.rules.pips import profit_pips
from zepix_core.services.calls import CloseRequest

PARTLY = "PARTLY_CLOSED"
CLOSED_BEFORE = "it was closed already"


def refused(request: CloseRequest, code: str, message: str = "") -> CloseResult:
    """Nothing was closed."""
    return CloseResult(
        success=False, order_id=request.ticket, reason=request.reason, code=code, message=message
    )


@attrs.frozen(kw_only=True)
class CloseResults:
    """Sums the deals of a close as the journal has them."""

    line: OrderLine

    async def of_parts(self, entry: Intent, request: CloseRequest, parts: Sequence[Intent]) -> CloseResult:
        """What these parts have closed."""
        account, ticket = self.line.account, request.ticket

        def read(connection: sqlite3.Connection) -> tuple[tuple[Deal, ...], float]:
            gone = closed_volume(connection, account, ticket) + unbooked_volume(connection, account, ticket)
            return deal_rows.of_position(connection, account, ticket), gone

        deals, closed = await self.line.executor.read(read)
        filled = round(sum(part.fill_lots for part in parts), 8)
        mine = [deal for deal in deals if any(_by(part, deal) for part in parts)]
        left = round(entry.fill_lots - closed, 8)
        return self._summed(entry, request, mine, filled, left if left > LEAST else 0.0)

    async def of_gone(self, entry: Intent, request: CloseRequest) -> CloseResult:
        """What closed a position that is not there any more."""
        account, ticket = self.line.account, request.ticket
        deals = await self.line.executor.read(lambda c: deal_rows.of_position(c, account, ticket))
        outs = [deal for deal in deals if deal.entry is DealEntry.OUT]
        return attrs.evolve(self._summed(entry, request, outs, 0.0, 0.0), message=CLOSED_BEFORE)

    def _summed(
        self, entry: Intent, request: CloseRequest, deals: Sequence[Deal], filled: float, remaining: float
    ) -> CloseResult:
        info = self.line.quotes.symbol(entry.symbol)
        volume = round(sum(deal.volume for deal in deals), 8)
        pips = 0.0
        if info is not None and volume:
            mean = sum(deal.price * deal.volume for deal in deals) / volume
            pips = profit_pips(entry.side, entry.fill_price, mean, info.pip_size)
        return CloseResult(
            success=True,
            order_id=request.ticket,
            closed_volume=max(volume, filled),
            remaining_volume=remaining,
            profit_pips=pips,
            profit_dollars=round(sum(deal.profit for deal in deals), 2),
            reason=request.reason,
            closed_at=moment(deals[-1].time_ns) if deals else None,
        )


def _by(part: Intent, deal: Deal) -> bool:
    """Whether a part closed by that deal."""
    by_order = deal.order != 0 and deal.order == part.order_ticket
    return deal.entry is DealEntry.OUT and (deal.ticket == part.deal_ticket or by_order)
